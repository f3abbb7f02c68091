"""What a fault of the mailbox, of HTTP, TLS or the network means: one table from codes to our error classes.

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

    STOPP = "our account, certificate or address: the route stops with an alarm, no message is dead"
    STOPP_TECHNIK = "our request is wrong whatever the message: the route stops, the Technik looks"
    DAUERHAFT = "this message will never work: held"
    SPAETER = "the server, or the way to it: again later, no limit but an alarm"
    FUENFMAL = "this message on its way behind the server: again later, five times, then held"
    DREIMAL = "nobody says what it is: again later, three times, then held"
    NACHFRAGEN = "perhaps already accepted: ask with getTransportReport, never send anew"
    UNBEKANNT = "no such message"


@dataclass(frozen=True)
class Zeile:
    """One row: behaviour while sending and at the mailbox, the German hint, and who is alarmed besides.

    ``alarm`` stands in the details of the error: ``sicherheit`` (malware) or ``dienst`` (a service, not a message).
    Rows of the transport have no hint of their own, the one of the core stays.
    """

    senden: Verhalten
    postfach: Verhalten
    hinweis: str = ""
    alarm: str = ""


_STOPP, _TECHNIK, _D, _S = Verhalten.STOPP, Verhalten.STOPP_TECHNIK, Verhalten.DAUERHAFT, Verhalten.SPAETER
_3, _5, _FRAGE, _9070 = Verhalten.DREIMAL, Verhalten.FUENFMAL, Verhalten.NACHFRAGEN, Verhalten.UNBEKANNT
_VIRUS = "Der Transport hat Schadsoftware gemeldet. Nicht erneut senden; IT-Sicherheit informieren."
_SCHEMA = "Die Nachricht entspricht nicht ihrem Schema. Den Ersteller der Nachricht informieren."

TABELLE: dict[str, Zeile] = {
    "9010": Zeile(_STOPP, _STOPP, "Unser Zertifikat ist für das Postfach abgelaufen. Wurde ein neues hinterlegt?"),
    "9011": Zeile(_STOPP, _STOPP, "Das Konto ist gesperrt. Hat der Betreiber des Postfachs es wieder freigeschaltet?"),
    "9012": Zeile(
        _STOPP, _STOPP, "Zu unserem Zertifikat gibt es kein Konto. Ist es beim Betreiber des Postfachs eingetragen?"
    ),
    "9013": Zeile(
        _D, _STOPP, "Der Dienst ist für unser Konto nicht freigeschaltet. Beim Betreiber beantragen.", alarm="dienst"
    ),
    "9014": Zeile(_D, _STOPP, "Die „kennung“ gehört nicht zu unserem Zertifikat. Stimmt sie, ist sie eingetragen?"),
    "9020": Zeile(_D, _TECHNIK, "Dem Postfach fehlt eine Angabe in unserer Anfrage."),
    "9021": Zeile(_D, _TECHNIK, "Das Postfach kennt eine Adresse oder Kennung unserer Anfrage nicht."),
    "9022": Zeile(_D, _TECHNIK, "Das Postfach lässt diese Kombination von Angaben nicht zu."),
    "9023": Zeile(_D, _D, "Die Sendung ist dem Transport zu groß. Kleinere Anlagen verwenden; nicht wiederholen."),
    "9024": Zeile(_FRAGE, _D, "Diese Nachrichtenkennung ist verbraucht; die Sendung kam vermutlich schon an."),
    "9030": Zeile(_S, _S, "Das Postfach hat eine technische Störung."),
    "9031": Zeile(_S, _S, "Das Verzeichnis hinter dem Postfach (DVDV) ist gestört."),
    "9032": Zeile(_5, _5, "Das Postfach konnte die Nachricht nicht zustellen."),
    "9050": Zeile(_D, _D, _SCHEMA),
    "9051": Zeile(_D, _D, "Die Zeichenkodierung der Nachricht ist falsch. Den Ersteller der Nachricht informieren."),
    "9052": Zeile(_D, _D, "Die Nachricht passt nicht zum Profil des Dienstes. Den Ersteller informieren."),
    "9060": Zeile(_D, _D, _VIRUS, alarm="sicherheit"),
    "9070": Zeile(_9070, _9070, "Das Postfach kennt diese Nachricht nicht (mehr)."),
    "9080": Zeile(_D, _D, "Dieser Dienst nimmt nur asynchrone Nachrichten an. Konfiguration prüfen."),
    "9081": Zeile(_D, _D, "Dieser Dienst nimmt nur synchrone Nachrichten an. Konfiguration prüfen."),
    "9100": Zeile(_D, _D, "Die Nachricht ist schon unterwegs und kann nicht mehr zurückgezogen werden."),
    "9101": Zeile(_D, _D, "Die Nachricht wurde ohne Wartezeit gesendet und kann nicht zurückgezogen werden."),
}
"""The numbers of XTA."""

NACH_AUSNAHME: dict[str, Zeile] = {
    "PermissionDeniedException": Zeile(_STOPP, _STOPP, "Das Postfach verweigert uns den Zugriff. Warum?"),
    "ParameterIsNotValidException": Zeile(_D, _TECHNIK, "Das Postfach lehnt eine Angabe unserer Anfrage ab."),
    "XTAWSTechnicalProblemException": Zeile(_3, _3, "Das Postfach hat eine technische Störung."),
    "MessageSchemaViolationException": Zeile(_D, _D, _SCHEMA),
    "MessageVirusDetectionException": Zeile(_D, _D, _VIRUS, alarm="sicherheit"),
    "InvalidMessageIDException": TABELLE["9070"],
    "SyncAsyncException": Zeile(_D, _D, "Der Dienst erwartet eine andere Art des Versands."),
    "CancelDeniedException": Zeile(_D, _D, "Die Nachricht kann nicht zurückgezogen werden."),
}
"""9000 and every number that is not in the table."""

OHNE_AUSNAHME: dict[str, Zeile] = {
    "9000": Zeile(_3, _3, "Das Postfach meldet einen Fehler, ohne seine Art zu nennen."),
    "Receiver": Zeile(_3, _3, "Das Postfach meldet einen eigenen Fehler."),
    "Sender": Zeile(_D, _TECHNIK, "Das Postfach versteht unsere Anfrage nicht; das muss die Technik ansehen."),
}
"""A number without a known exception, and faults without detail by their SOAP code (any other: as Sender)."""

UEBERTRAGUNG: dict[str, Zeile] = {
    "transport.nicht_erreichbar": Zeile(_S, _S),
    "transport.abgebrochen": Zeile(_S, _S),
    "transport.zu_langsam": Zeile(_S, _S),
    "transport.antwort_fehlt": Zeile(_FRAGE, _S),
    "transport.http_spaeter": Zeile(_S, _S),
    "transport.http_abgelehnt": Zeile(_STOPP, _STOPP),
    "transport.http_fehler": Zeile(_D, _TECHNIK),
    "transport.zu_gross": Zeile(_D, _D),
    "transport.server_zertifikat": Zeile(_STOPP, _STOPP),
    "transport.client_zertifikat": Zeile(_STOPP, _STOPP),
    "transport.tls_version": Zeile(_STOPP, _STOPP),
    "transport.url_ungueltig": Zeile(_STOPP, _STOPP),
    "transport.unerwartet": Zeile(_FRAGE, _TECHNIK),
}
"""What the core's ``classify`` found: HTTP without SOAP, TLS, network."""


def zeile(fault: XtaFault) -> Zeile:
    """The row for a fault: by number, else by exception, else by SOAP code (unknown: as Sender, a person looks)."""
    if fault.code in TABELLE:
        return TABELLE[fault.code]
    if fault.ausnahme in NACH_AUSNAHME:
        return NACH_AUSNAHME[fault.ausnahme]
    return OHNE_AUSNAHME.get("9000" if fault.code else fault.soap_code, OHNE_AUSNAHME["Sender"])


def deute(fault: XtaFault, *, senden: bool) -> StepError:
    """The error to raise for a fault. The server's free text stays out of it: it may quote the message."""
    gefunden = zeile(fault)
    code = f"xta.{fault.code}" if fault.code.isascii() and fault.code.isdigit() else "xta.fault"
    angaben = {"ausnahme": fault.ausnahme, "xta_code": fault.code, "soap_code": fault.soap_code}
    einzelheiten = {name: wert[:80] for name, wert in angaben.items() if wert}
    if gefunden.alarm:
        einzelheiten["alarm"] = gefunden.alarm
    hinweis = f"{gefunden.hinweis} (XTA {fault.code or fault.ausnahme or fault.soap_code})"
    fehler = _fehler(gefunden.senden if senden else gefunden.postfach, code, hinweis, einzelheiten)
    fehler.vom_ziel = isinstance(fehler, PermanentError) and bool(fault.code or fault.ausnahme)
    return fehler


def deute_uebertragung(fehler: StepError, *, senden: bool) -> StepError:
    """The error of the core's ``classify`` with the behaviour of its row; ``senden``: not to be repeated blindly."""
    gefunden = UEBERTRAGUNG.get(fehler.code)
    if gefunden is None:
        return fehler
    nach = fehler.retry_after if isinstance(fehler, RetryableError) else None
    return _fehler(gefunden.senden if senden else gefunden.postfach, fehler.code, fehler.hint, fehler.details, nach)


def _fehler(
    verhalten: Verhalten, code: str, hinweis: str, einzelheiten: dict[str, str], nach: float | None = None
) -> StepError:
    match verhalten:
        case Verhalten.STOPP:
            return NeedsHumanError(code, hinweis, einzelheiten, fuer=GehaltenFuer.BETRIEB, routenfehler=True)
        case Verhalten.STOPP_TECHNIK:
            return NeedsHumanError(code, hinweis, einzelheiten, fuer=GehaltenFuer.TECHNIK, routenfehler=True)
        case Verhalten.SPAETER:
            return RetryableError(code, hinweis, einzelheiten, retry_after=nach)
        case Verhalten.FUENFMAL:
            return RetryableError(code, hinweis, einzelheiten, routenfehler=False, hoechstens=5)
        case Verhalten.DREIMAL:
            return RetryableError(code, hinweis, einzelheiten, routenfehler=False, hoechstens=3)
        case Verhalten.NACHFRAGEN:
            return OutcomeUnknownError(code, hinweis, einzelheiten)
        case Verhalten.UNBEKANNT:
            return NachrichtUnbekannt(code, hinweis, einzelheiten)
        case Verhalten.DAUERHAFT:
            return PermanentError(code, hinweis, einzelheiten)
