"""What a fault of the mailbox means: one table from XTA's error numbers to our error classes.

The same number means different things while sending (one message is at fault) and at the mailbox (the account is):
each row says both. A number that is not in the table is judged by its exception type, as XTA demands for 9000.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from fachwerk.errors import NeedsHumanError, OutcomeUnknownError, PermanentError, RetryableError, StepError
from fachwerk.modell import GehaltenFuer
from fachwerk_generic_xta.nachricht import XtaFault


class AntwortFehler(RetryableError):
    """The answer came and cannot be read: cut, contradictory, no SOAP. Nothing of it was kept; ask again."""

    def __init__(self, grund: str) -> None:
        super().__init__(
            "xta.antwort_unlesbar",
            f"Die Antwort des Postfachs ist unvollständig oder nicht lesbar ({grund}). Der Abruf wird wiederholt; "
            "bleibt es dabei, den Betreiber des Postfachs mit dieser Kennung ansprechen.",
            {"grund": grund},
            routenfehler=False,
        )
        self.grund = grund


class NachrichtUnbekannt(PermanentError):
    """9070: the account does not know this message id (any more). What that means depends on who asks."""


class Verhalten(Enum):
    """What has to happen: who acts next, and whether the message or the route is at fault."""

    BETRIEB = "the account or its configuration: stop, a person of the Betrieb acts"
    DAUERHAFT = "this request will never work: held"
    SPAETER = "the server, or the way behind it: again later, no limit but an alarm"
    SPAETER_BEGRENZT = "this message on the server: again later, a few times"
    NACHFRAGEN = "perhaps already accepted: ask with getTransportReport, never send anew"
    UNBEKANNT = "no such message"


@dataclass(frozen=True)
class Zeile:
    """One row of the table: behaviour while sending and at the mailbox, and the German hint."""

    senden: Verhalten
    postfach: Verhalten
    hinweis: str


_B, _D, _S = Verhalten.BETRIEB, Verhalten.DAUERHAFT, Verhalten.SPAETER

TABELLE: dict[str, Zeile] = {
    "9010": Zeile(_B, _B, "Unser Zertifikat ist für das Postfach abgelaufen. Wurde ein neues hinterlegt?"),
    "9011": Zeile(_B, _B, "Das Konto ist gesperrt. Hat der Betreiber des Postfachs es wieder freigeschaltet?"),
    "9012": Zeile(_B, _B, "Zu unserem Zertifikat gibt es kein Konto. Ist es beim Betreiber des Postfachs eingetragen?"),
    "9013": Zeile(_D, _B, "Der Dienst ist für unser Konto nicht freigeschaltet. Beim Betreiber beantragen."),
    "9014": Zeile(_D, _B, "Die „kennung“ gehört nicht zu unserem Zertifikat. Stimmt sie, ist sie eingetragen?"),
    "9020": Zeile(_D, _D, "Dem Postfach fehlt eine Angabe in unserer Anfrage."),
    "9021": Zeile(_D, _D, "Das Postfach kennt eine Adresse oder Kennung unserer Anfrage nicht."),
    "9022": Zeile(_D, _D, "Das Postfach lässt diese Kombination von Angaben nicht zu."),
    "9023": Zeile(_D, _D, "Die Sendung ist dem Transport zu groß. Kleinere Anlagen verwenden; nicht wiederholen."),
    "9024": Zeile(
        Verhalten.NACHFRAGEN, _D, "Diese Nachrichtenkennung ist verbraucht; die Sendung kam vermutlich schon an."
    ),
    "9030": Zeile(_S, _S, "Das Postfach hat eine technische Störung."),
    "9031": Zeile(_S, _S, "Das Verzeichnis hinter dem Postfach (DVDV) ist gestört."),
    "9032": Zeile(
        Verhalten.SPAETER_BEGRENZT, Verhalten.SPAETER_BEGRENZT, "Das Postfach konnte die Nachricht nicht zustellen."
    ),
    "9050": Zeile(_D, _D, "Die Nachricht entspricht nicht ihrem Schema. Den Ersteller der Nachricht informieren."),
    "9051": Zeile(_D, _D, "Die Zeichenkodierung der Nachricht ist falsch. Den Ersteller der Nachricht informieren."),
    "9052": Zeile(_D, _D, "Die Nachricht passt nicht zum Profil des Dienstes. Den Ersteller informieren."),
    "9060": Zeile(_D, _D, "Der Transport hat Schadsoftware gemeldet. Nicht erneut senden; IT-Sicherheit informieren."),
    "9070": Zeile(Verhalten.UNBEKANNT, Verhalten.UNBEKANNT, "Das Postfach kennt diese Nachricht nicht (mehr)."),
    "9080": Zeile(_D, _D, "Dieser Dienst nimmt nur asynchrone Nachrichten an. Konfiguration prüfen."),
    "9081": Zeile(_D, _D, "Dieser Dienst nimmt nur synchrone Nachrichten an. Konfiguration prüfen."),
    "9100": Zeile(_D, _D, "Die Nachricht ist schon unterwegs und kann nicht mehr zurückgezogen werden."),
    "9101": Zeile(_D, _D, "Die Nachricht wurde ohne Wartezeit gesendet und kann nicht zurückgezogen werden."),
}

_NACH_AUSNAHME: dict[str, Zeile] = {
    "PermissionDeniedException": Zeile(_B, _B, "Das Postfach verweigert uns den Zugriff. Was sagt sein Betreiber?"),
    "ParameterIsNotValidException": Zeile(_D, _D, "Das Postfach lehnt eine Angabe unserer Anfrage ab."),
    "XTAWSTechnicalProblemException": Zeile(_S, _S, "Das Postfach hat eine technische Störung."),
    "MessageSchemaViolationException": Zeile(_D, _D, "Die Nachricht entspricht nicht ihrem Schema."),
    "MessageVirusDetectionException": Zeile(_D, _D, "Der Transport hat Schadsoftware gemeldet."),
    "InvalidMessageIDException": TABELLE["9070"],
    "SyncAsyncException": Zeile(_D, _D, "Der Dienst erwartet eine andere Art des Versands."),
    "CancelDeniedException": Zeile(_D, _D, "Die Nachricht kann nicht zurückgezogen werden."),
}
_OHNE_DETAIL = {
    "Sender": Zeile(_D, _D, "Das Postfach versteht unsere Anfrage nicht; das muss die Technik ansehen."),
    "Receiver": Zeile(
        Verhalten.SPAETER_BEGRENZT, Verhalten.SPAETER_BEGRENZT, "Das Postfach meldet einen eigenen Fehler."
    ),
}


def zeile(fault: XtaFault) -> Zeile:
    """The row for a fault: by number, else by exception, else by SOAP code (unknown: as Sender, a person looks)."""
    if fault.code in TABELLE:
        return TABELLE[fault.code]
    if fault.ausnahme in _NACH_AUSNAHME:
        return _NACH_AUSNAHME[fault.ausnahme]
    return _OHNE_DETAIL.get(fault.soap_code, _OHNE_DETAIL["Sender"])


def deute(fault: XtaFault, *, senden: bool) -> StepError:
    """The error to raise for a fault. The server's free text stays out of it: it may quote the message."""
    gefunden = zeile(fault)
    verhalten = gefunden.senden if senden else gefunden.postfach
    code = f"xta.{fault.code}" if fault.code.isascii() and fault.code.isdigit() else "xta.fault"
    einzelheiten = {"ausnahme": fault.ausnahme, "xta_code": fault.code, "soap_code": fault.soap_code}
    hinweis = f"{gefunden.hinweis} (XTA {fault.code or fault.ausnahme or fault.soap_code})"
    return _fehler(verhalten, code, hinweis, {name: wert[:80] for name, wert in einzelheiten.items() if wert})


def _fehler(verhalten: Verhalten, code: str, hinweis: str, einzelheiten: dict[str, str]) -> StepError:
    match verhalten:
        case Verhalten.BETRIEB:
            return NeedsHumanError(code, hinweis, einzelheiten, fuer=GehaltenFuer.BETRIEB)
        case Verhalten.SPAETER:
            return RetryableError(code, hinweis, einzelheiten)
        case Verhalten.SPAETER_BEGRENZT:
            return RetryableError(code, hinweis, einzelheiten, routenfehler=False)
        case Verhalten.NACHFRAGEN:
            return OutcomeUnknownError(code, hinweis, einzelheiten)
        case Verhalten.UNBEKANNT:
            return NachrichtUnbekannt(code, hinweis, einzelheiten)
        case Verhalten.DAUERHAFT:
            return PermanentError(code, hinweis, einzelheiten)
