"""`crackmap server user …`, `key …` and `scan …`: on the database itself, whether the server runs or not."""

from typing import Annotated, Literal
from uuid import UUID

import typer

from crackmap_server.options import Database

user_app = typer.Typer(help="Who may sign in, and what they may do.", no_args_is_help=True)
key_app = typer.Typer(help="Keys of robots, and of users for their scripts.", no_args_is_help=True)
scan_app = typer.Typer(help="Whose a scan is.", no_args_is_help=True)

UserName = Annotated[str, typer.Argument(metavar="NAME", show_default=False)]
KeyId = Annotated[UUID, typer.Argument(metavar="KEY_ID", help="As `key list` shows it.", show_default=False)]
UserRole = Literal["worker", "viewer", "inspector", "admin"]
PasswordFromInput = Annotated[
    bool, typer.Option("--password-stdin", help="Read the password from standard input instead of asking for it.")
]


@user_app.command("add")
def add_user(
    name: UserName,
    *,
    role: Annotated[
        UserRole,
        typer.Option(
            help="A worker scores again, by key only; a viewer reads, an inspector also judges, an admin also manages."
        ),
    ],
    password_stdin: PasswordFromInput = False,
    database: Database = None,
) -> None:
    """Let somebody in, with a password that is asked for twice; a worker has none.

    From the first user or key on every request to the server needs one, also on this machine, and the server may listen
    on addresses that others reach.
    """
    from crackmap_server.people.manage import make_user
    from crackmap_server.settings import read_settings

    if role == "worker":
        make_user(read_settings(database=database), name, role, None)
        print(f"{name} may score frames again, with a key: crackmap server key add --user {name}")
        return
    make_user(read_settings(database=database), name, role, _password(password_stdin))
    print(f"{name} may sign in as {role}.")


@user_app.command("change")
def change_user(
    name: UserName,
    *,
    role: Annotated[UserRole | None, typer.Option(help="The new role.")] = None,
    password: Annotated[bool, typer.Option("--password", help="Ask for a new password; ends the sessions.")] = False,
    password_stdin: PasswordFromInput = False,
    disable: Annotated[
        bool | None, typer.Option("--disable/--enable", help="Let them in no more: ends sessions and keys.")
    ] = None,
    database: Database = None,
) -> None:
    """Change a role or a password, or let somebody in no more. Nobody is deleted: the audit log names them."""
    from crackmap_server.people.manage import alter_user
    from crackmap_server.settings import read_settings

    new = _password(password_stdin) if password or password_stdin else None
    alter_user(read_settings(database=database), name, role=role, password=new, disabled=disable)
    print(f"{name} is changed.")


@user_app.command("list")
def list_users(database: Database = None) -> None:
    """Show the users."""
    from crackmap_server.people.manage import user_lines
    from crackmap_server.settings import read_settings

    for line in user_lines(read_settings(database=database)):
        print(line)


@key_app.command("add")
def add_key(
    *,
    robot: Annotated[
        str | None, typer.Option(metavar="NAME", help="For this robot; a new one where there is none of that name.")
    ] = None,
    user: Annotated[
        str | None, typer.Option(metavar="NAME", help="For this user's scripts, with the user's role.")
    ] = None,
    database: Database = None,
) -> None:
    """Make a key and print it, alone on a line. It is shown this once: the server keeps only its hash.

    For a robot:

        (umask 077; crackmap server key add --robot "crawler 1" > crawler-1.key)

    Then `key_file = "crawler-1.key"` under [keep] in its robot.toml.
    """
    from crackmap_server.people.manage import make_key
    from crackmap_server.settings import read_settings

    print(make_key(read_settings(database=database), robot=robot, user=user))


@key_app.command("list")
def list_keys(database: Database = None) -> None:
    """Show the keys: whose they are, when they were used last, and which have ended."""
    from crackmap_server.people.manage import key_lines
    from crackmap_server.settings import read_settings

    for line in key_lines(read_settings(database=database)):
        print(line)


@key_app.command("revoke")
def revoke_key(key_id: KeyId, database: Database = None) -> None:
    """End a key, from the next request on."""
    from crackmap_server.people.manage import end_key
    from crackmap_server.settings import read_settings

    end_key(read_settings(database=database), key_id)
    print(f"Key {key_id} is revoked.")


@key_app.command("rotate")
def rotate_key(
    key_id: KeyId,
    *,
    overlap_hours: Annotated[
        float, typer.Option(min=0, max=720, metavar="H", help="That the old key stays valid, so that no robot waits.")
    ] = 0,
    database: Database = None,
) -> None:
    """Replace a key: prints the new one, once. The old one ends at once, or after the overlap."""
    from crackmap_server.people.manage import replace_key
    from crackmap_server.settings import read_settings

    print(replace_key(read_settings(database=database), key_id, overlap_hours))


@scan_app.callback()
def scan() -> None:
    """Whose a scan is."""


@scan_app.command("give")
def give_scan(
    scan_id: Annotated[UUID, typer.Argument(metavar="SCAN_ID", help="As `/v1/scans` shows it.", show_default=False)],
    *,
    robot: Annotated[str, typer.Option(metavar="NAME", help="One that has, or had, a key.")],
    database: Database = None,
) -> None:
    """Give a scan to a robot, which alone may add to it from then on.

    For a scan that another robot, or whoever had a stolen key, delivered first.
    """
    from crackmap_server.people.manage import hand_over
    from crackmap_server.settings import read_settings

    hand_over(read_settings(database=database), scan_id, robot)
    print(f"Scan {scan_id} belongs to robot {robot}.")


def _password(from_input: bool) -> str:
    import sys

    if from_input:
        return sys.stdin.readline().rstrip("\r\n")
    return str(typer.prompt("Password", hide_input=True, confirmation_prompt=True))
