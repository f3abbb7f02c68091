"""Who sits at the command line, for the audit line."""

from __future__ import annotations


def benutzer() -> str:
    """The name of the logged-in user; ``unbekannt`` where the system gives none."""
    import getpass

    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return "unbekannt"
