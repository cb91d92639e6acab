"""Who may do what: robots and their keys, users and their sessions, roles, the audit log.

    request ─▶ loopback.OnlyOwnNames ─▶ guard.Guard ─▶ route
               (host, origin)           (who: recognition · may they: route_roles · what they wrote: audit)

Until a key or a user exists nothing here is asked, and only this machine is served.
"""
