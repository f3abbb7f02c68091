"""What an I/O hook may use: clock, HTTP, log, secrets and the content store. Nothing else is promised.

A plugin receives a :class:`Host`; the core builds it per call (:class:`fachwerk.line` and polling), tests build
one with :mod:`fachwerk.testkit`.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from fachwerk.modell import Teil

if TYPE_CHECKING:
    import httpx

    from fachwerk.transport import Verbindung


class InhaltSchreiber(Protocol):
    """The content store as a plugin sees it."""

    def schreibe(
        self,
        strom: Iterable[bytes],
        name: str = "",
        medientyp: str = "application/octet-stream",
        beschreibung: str = "",
    ) -> Teil:
        """Stream content in: chunked, hashed, encrypted, durable before the call returns.

        What is written but never yielded in an Eingang is swept later. An exception from ``strom`` discards the part.
        """
        ...


class Host(Protocol):
    """The world of an I/O hook."""

    @property
    def inhalt(self) -> InhaltSchreiber:
        """Where arriving content goes."""
        ...

    @property
    def log(self) -> Any:
        """A structlog logger bound to the plugin; ids and codes only, never field values."""
        ...

    @property
    def ordner(self) -> Path:
        """The folder of ``fachwerk.toml``: relative paths of the configuration are meant from here."""
        ...

    def now(self) -> datetime:
        """The current time, aware, UTC."""
        ...

    def http(self, verbindung: Verbindung) -> httpx.Client:
        """A kept-alive client for ``verbindung`` (mandatory timeouts, mTLS, never unverified); do not close it."""
        ...

    def secret(self, verweis: str) -> str:
        """Resolve ``env:NAME`` or ``datei:PFAD``; any other text is refused, because secrets do not stand in files."""
        ...

    def gespeichert(self, nachricht_id: str) -> bool:
        """Whether this Kanal's message is already durably stored (so that it only needs to be acknowledged)."""
        ...

    def notiz(self, schluessel: str, name: str) -> str:
        """What :meth:`notiere` kept for a delivery key under ``name``; empty if nothing."""
        ...

    def notiere(self, schluessel: str, name: str, wert: str) -> None:
        """Keep an id of a delivery durably before it is used: committed when the call returns, replaced by the next.

        ``wert`` has at most 300 characters and is an id or a code, never a field value; XTA keeps its message id here.
        Raises ``RetryableError`` if another node has taken the delivery over meanwhile, because this one was silent for
        too long. So who notes that something leaves before it leaves, and says in ``find_delivered`` that nothing was
        sent only if nothing was noted, sends nothing twice.
        """
        ...
