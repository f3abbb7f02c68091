"""The Host that the core hands to I/O hooks: clock, HTTP, log, secrets, content, and nothing else."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from copy import copy
from datetime import UTC, datetime
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any

from fachwerk.protokoll import logger
from fachwerk.settings import secret

if TYPE_CHECKING:
    import httpx
    import sqlalchemy as sa

    from fachwerk.host import InhaltSchreiber
    from fachwerk.notizen import Notizen
    from fachwerk.transport import Verbindung


def _jetzt() -> datetime:
    return datetime.now(UTC)


def _nie(nachricht_id: str) -> bool:
    return False


class Wirt:
    """A :class:`fachwerk.host.Host` for one plugin.

    HTTP clients are kept per Verbindung and shared with every Wirt made from it; :meth:`schliesse` ends them.
    """

    def __init__(
        self,
        name: str,
        ordner: Path,
        inhalt: InhaltSchreiber | None = None,
        umgebung: Mapping[str, str] | None = None,
        uhr: Callable[[], datetime] = _jetzt,
        gespeichert: Callable[[str], bool] = _nie,
        notizen: Notizen | None = None,
    ) -> None:
        self._name = name
        self._ordner = ordner
        self._inhalt = inhalt
        self._umgebung = os.environ if umgebung is None else umgebung
        self._uhr = uhr
        self._gespeichert = gespeichert
        self._notizen = notizen
        self._log = logger("plugin", plugin=name)
        self._clients: dict[Verbindung, httpx.Client] = {}
        self._schloss = Lock()

    def mit(self, inhalt: InhaltSchreiber | None, gespeichert: Callable[[str], bool] | None = None) -> Wirt:
        """The same Wirt with another content store and memory; clients stay shared."""
        neu = copy(self)
        neu._inhalt, neu._gespeichert = inhalt, gespeichert or self._gespeichert
        return neu

    def solange(self, darf: Callable[[sa.Connection], None]) -> Wirt:
        """The same Wirt, whose notes are kept only while ``darf`` does not raise; clients stay shared."""
        neu = copy(self)
        neu._notizen = self._notizen and self._notizen.solange(darf)
        return neu

    @property
    def inhalt(self) -> InhaltSchreiber:
        """Where arriving content goes. Raises ``LookupError`` where nothing may arrive (deliver, check)."""
        if self._inhalt is None:
            raise LookupError("this hook has no content store")
        return self._inhalt

    @property
    def log(self) -> Any:
        """A structlog logger bound to the plugin."""
        return self._log

    @property
    def ordner(self) -> Path:
        """The folder of ``fachwerk.toml``."""
        return self._ordner

    def now(self) -> datetime:
        """The current time, aware, UTC."""
        return self._uhr()

    def http(self, verbindung: Verbindung) -> httpx.Client:
        """The kept-alive client for ``verbindung``."""
        from fachwerk.transport import oeffne

        with self._schloss:
            client = self._clients.get(verbindung)
            if client is None or client.is_closed:
                client = self._clients[verbindung] = oeffne(verbindung)
            return client

    def secret(self, verweis: str) -> str:
        """The secret behind ``env:NAME`` or ``datei:PFAD``."""
        return secret(verweis, self._ordner, self._umgebung)

    def gespeichert(self, nachricht_id: str) -> bool:
        """Whether this Kanal's message is already durably stored."""
        return self._gespeichert(nachricht_id)

    def notiz(self, schluessel: str, name: str) -> str:
        """What :meth:`notiere` kept, empty if nothing."""
        return "" if self._notizen is None else self._notizen.lies(self._name, schluessel, name)

    def notiere(self, schluessel: str, name: str, wert: str) -> None:
        """Keep an id of a delivery, committed when it returns. Raises ``LookupError`` in a preflight."""
        if self._notizen is None:
            raise LookupError("this hook delivers nothing and so keeps nothing")
        self._notizen.schreibe(self._name, schluessel, name, wert)

    def schliesse(self) -> None:
        """Close the HTTP clients, also those of every Wirt that shares them."""
        with self._schloss:
            for client in self._clients.values():
                client.close()
            self._clients.clear()
