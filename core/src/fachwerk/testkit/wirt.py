"""A Host in memory for tests of I/O hooks: a clock that stands still, content in a dictionary, a captured log."""

from __future__ import annotations

import base64
import hashlib
import io
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from fachwerk.errors import ConfigError, PermanentError
from fachwerk.modell import Teil

if TYPE_CHECKING:
    import httpx

    from fachwerk.transport import Verbindung

ANFANG = datetime(2026, 3, 2, 8, 30, tzinfo=UTC)
"""Where the clock of a new FakeHost stands: a Monday morning."""


class SpeicherInhalt:
    """The content store in memory: writes like the store, reads like the store, keeps everything.

    ``bytes_von[id]`` is the content of a part; ``entferne`` makes it unreadable, as shredding does.
    """

    def __init__(self) -> None:
        self.bytes_von: dict[str, bytes] = {}

    def schreibe(
        self,
        strom: Iterable[bytes],
        name: str = "",
        medientyp: str = "application/octet-stream",
        beschreibung: str = "",
    ) -> Teil:
        """Read ``strom`` to its end and return a Teil bound to this store."""
        inhalt = b"".join(strom)
        teil = Teil(
            id=f"teil-{len(self.bytes_von) + 1}",
            name=name,
            medientyp=medientyp,
            laenge=len(inhalt),
            sha256=hashlib.sha256(inhalt).hexdigest(),
            beschreibung=beschreibung,
        )
        self.bytes_von[teil.id] = inhalt
        return teil.gebunden(self)

    def oeffne(self, teil: Teil) -> BinaryIO:
        """The content of ``teil``, also of an Ausschnitt. Raises ``PermanentError`` where there is none."""
        stelle = teil.ausschnitt
        inhalt = self.bytes_von.get(teil.id if stelle is None else stelle.teil_id)
        if inhalt is None:
            raise PermanentError("inhalt.fehlt", "Der Inhalt ist gelöscht oder nicht lesbar.", {"teil": teil.id})
        if stelle is None:
            return io.BytesIO(inhalt)
        return io.BytesIO(base64.b64decode(inhalt[stelle.von : stelle.bis]))

    def entferne(self, teil: Teil) -> None:
        """Make the content of ``teil`` unreadable."""
        self.bytes_von.pop(teil.id, None)


def _kein_http(verbindung: Verbindung) -> httpx.Client:
    raise AssertionError("this test did not say how to reach the network: set host.http_fabrik")


def _log_in(eintraege: list[dict[str, Any]]) -> Any:
    import structlog
    from structlog.testing import LogCapture

    sammler = LogCapture()
    sammler.entries = eintraege  # type: ignore[assignment]
    return structlog.wrap_logger(structlog.PrintLogger(), processors=[sammler])


@dataclass
class FakeHost:
    """A :class:`fachwerk.host.Host` under the control of a test.

    ``zeit`` moves only by ``vergehe``; ``geheimnisse`` maps references (``env:NAME``) to values; ``http_fabrik``
    makes the client for a connection, e.g. ``lambda v: httpx.Client(transport=httpx.MockTransport(f))``, or
    ``fachwerk.transport.oeffne`` against a simulator on loopback;
    ``nachrichten`` are the ids for which ``gespeichert`` is true; ``protokoll`` is what was logged; ``notizen`` is
    what was kept, by delivery key and name.
    """

    ordner: Path
    inhalt: SpeicherInhalt = field(default_factory=SpeicherInhalt)
    zeit: datetime = ANFANG
    geheimnisse: dict[str, str] = field(default_factory=dict)
    nachrichten: set[str] = field(default_factory=set)
    http_fabrik: Callable[[Verbindung], httpx.Client] = _kein_http
    protokoll: list[dict[str, Any]] = field(default_factory=list)
    notizen: dict[tuple[str, str], str] = field(default_factory=dict)
    log: Any = field(init=False)

    def __post_init__(self) -> None:
        self.log = _log_in(self.protokoll)

    def now(self) -> datetime:
        """``zeit``: the same until the test lets time pass."""
        return self.zeit

    def vergehe(self, **dauer: float) -> None:
        """Let time pass: ``vergehe(hours=2)``; the words are those of ``timedelta``."""
        self.zeit += timedelta(**dauer)

    def http(self, verbindung: Verbindung) -> httpx.Client:
        """The client that the test's ``http_fabrik`` makes."""
        return self.http_fabrik(verbindung)

    def secret(self, verweis: str) -> str:
        """The test's value for ``verweis``. Raises ``ConfigError`` where the test named none."""
        if verweis not in self.geheimnisse:
            raise ConfigError("geheimnis.fehlt", f"Das Geheimnis {verweis} ist in diesem Test nicht hinterlegt.")
        return self.geheimnisse[verweis]

    def gespeichert(self, nachricht_id: str) -> bool:
        """Whether the test said that this message is stored."""
        return nachricht_id in self.nachrichten

    def notiz(self, schluessel: str, name: str) -> str:
        """What was kept, or empty."""
        return self.notizen.get((schluessel, name), "")

    def notiere(self, schluessel: str, name: str, wert: str) -> None:
        """Keep an id; more than 300 characters break the contract."""
        assert len(wert) <= 300, "a note is an id, not content"
        self.notizen[schluessel, name] = wert
