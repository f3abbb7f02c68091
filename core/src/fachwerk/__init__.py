"""Fachwerk: from the mailbox of a municipality into its Fachverfahren, checked, explained and exactly once.

Plugin authors import :data:`hookimpl` from here and the types of the line from :mod:`fachwerk.modell`.
"""

from typing import Any

__version__ = "0.1.0"
__all__ = ["__version__", "hookimpl"]


def __getattr__(name: str) -> Any:
    """``hookimpl`` on first use, so that ``fachwerk --help`` does not import the whole contract."""
    if name == "hookimpl":
        from fachwerk.hookspecs import hookimpl

        return hookimpl
    raise AttributeError(name)
