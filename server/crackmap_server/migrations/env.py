"""Alembic's environment: it always runs inside `crackmap_server.upgrade`, on the connection given there."""

from alembic import context

from crackmap_server.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_as_batch=True,
    compare_type=True,
)
context.run_migrations()
