"""How the simulator says no: XTA error numbers, SOAP faults without one, and plain HTTP."""

from __future__ import annotations

from typing import Final

_BERECHTIGUNG: Final = "PermissionDeniedException"
_PARAMETER: Final = "ParameterIsNotValidException"
_TECHNIK: Final = "XTAWSTechnicalProblemException"
_SCHEMA: Final = "MessageSchemaViolationException"

FEHLERNUMMERN: Final = {
    "9000": (_TECHNIK, "Fehler ohne eigene Nummer"),
    "9010": (_BERECHTIGUNG, "Zertifikat abgelaufen"),
    "9011": (_BERECHTIGUNG, "Konto gesperrt"),
    "9012": (_BERECHTIGUNG, "Kein Konto für dieses Zertifikat"),
    "9013": (_BERECHTIGUNG, "Dienst nicht freigeschaltet"),
    "9014": (_BERECHTIGUNG, "Kennung gehört nicht zum Zertifikat"),
    "9020": (_PARAMETER, "Angaben fehlen"),
    "9021": (_PARAMETER, "Keine URI"),
    "9022": (_PARAMETER, "Angaben passen nicht zusammen"),
    "9023": (_PARAMETER, "Nachricht zu groß"),
    "9024": (_PARAMETER, "Nachrichtenkennung schon verwendet"),
    "9030": (_TECHNIK, "Störung im XTA-Server"),
    "9031": (_TECHNIK, "Störung im Verzeichnisdienst"),
    "9032": (_TECHNIK, "Zustellung nicht möglich"),
    "9050": (_SCHEMA, "Fachnachricht verletzt ihr Schema"),
    "9051": (_SCHEMA, "Fachnachricht falsch kodiert"),
    "9052": (_SCHEMA, "Nachricht verletzt ihr Dienstprofil"),
    "9060": ("MessageVirusDetectionException", "Schadsoftware gefunden"),
    "9070": ("InvalidMessageIDException", "Nachrichtenkennung hier unbekannt"),
    "9080": ("SyncAsyncException", "Dienst nur asynchron"),
    "9081": ("SyncAsyncException", "Dienst nur synchron"),
    "9100": ("CancelDeniedException", "Rückruf zu spät"),
    "9101": ("CancelDeniedException", "Rückruf nicht vorgesehen"),
}


class XtaFehler(Exception):
    """A fault with an XTA error number; ``text`` may say more than the number, but never content.

    ``ausnahme`` is another exception than the usual one: 9000 exists in each.
    """

    def __init__(self, nummer: str, text: str = "", ausnahme: str = "") -> None:
        super().__init__(nummer)
        self.nummer = nummer
        uebliche, name = FEHLERNUMMERN[nummer]
        self.ausnahme = ausnahme or uebliche
        self.text = text or name

    @property
    def ist_serverfehler(self) -> bool:
        """Whether the fault is the server's (``s:Receiver``)."""
        return self.ausnahme == _TECHNIK


class SoapFehler(Exception):
    """A fault below XTA: ``kode`` is a local name of the SOAP namespace, ``unterkode`` one of WS-Addressing."""

    def __init__(self, text: str, *, kode: str = "Sender", unterkode: str = "", action: str = "") -> None:
        super().__init__(unterkode or kode)
        self.text = text
        self.kode = kode
        self.unterkode = unterkode
        self.action = action


class HttpFehler(Exception):
    """An answer that is no SOAP at all: wrong path, method or media type. ``retry_after`` is in seconds."""

    def __init__(self, status: int, text: str, retry_after: int | None = None) -> None:
        super().__init__(str(status))
        self.status = status
        self.text = text
        self.retry_after = retry_after


class VerbindungAbgebrochen(Exception):
    """The request ended before its announced end: nobody is there to be answered."""
