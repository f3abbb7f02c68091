"""Why an address cannot be used, for the operator: one code and one German text for each cause.

The core asks the preflight also for the words of an alarm, so that both say the same.
"""

from __future__ import annotations

from pathlib import Path

from fachwerk.errors import StepError
from fachwerk.modell import Befund, Schwere
from fachwerk.transport import Verbindung
from fachwerk_generic_xta.anschluss import ist_bekannt
from fachwerk_generic_xta.gegenzertifikat import Gegenzertifikat, aussteller_in, sieh_an

_TEXTE = {
    "transport.nicht_erreichbar": (
        "xta.nicht_erreichbar",
        "Die Adresse {url} antwortet nicht. Läuft der Server? Port, Firewall und gegebenenfalls „proxy“ prüfen.",
    ),
    "transport.client_zertifikat": (
        "xta.zertifikat_abgelehnt",
        "Der Server {url} lehnt unser Zertifikat ab. Beim Betreiber genau dieses Zertifikat hinterlegen lassen; "
        "prüfen, ob es abgelaufen oder widerrufen ist.",
    ),
    "transport.abgebrochen": (
        "xta.verbindung_abgebrochen",
        "{url} bricht die Verbindung ohne Antwort ab. Das kann ein abgelehntes Zertifikat sein (manche Server sagen es "
        "nicht) oder eine Störung: beim Betreiber des Postfachs nachfragen.",
    ),
    "transport.http_abgelehnt": (
        "xta.adresse_falsch",
        "Unter {url} nimmt niemand XTA-Anfragen an. Die Adresse beim Betreiber erfragen.",
    ),
    "xta.9010": (
        "xta.konto_zertifikat_abgelaufen",
        "Für das Postfach ist unser Zertifikat abgelaufen. Ein neues dort hinterlegen und „zertifikat“ und "
        "„privatschluessel“ umstellen.",
    ),
    "xta.9011": ("xta.konto_gesperrt", "Das Konto ist gesperrt. Den Betreiber des Postfachs um Freischaltung bitten."),
    "xta.9012": (
        "xta.konto_fehlt",
        "Zu unserem Zertifikat gibt es kein Konto. Beim Betreiber beantragen, mit Zertifikat und Kennung.",
    ),
    "xta.9013": (
        "xta.konto_nicht_freigeschaltet",
        "Unser Konto ist für diesen Dienst nicht freigeschaltet (gebucht). Beim Betreiber des Postfachs beantragen.",
    ),
    "xta.9014": (
        "xta.kennung_falsch",
        "Die „kennung“ gehört nicht zu unserem Zertifikat. Schreibweise prüfen oder die Kennung beim Betreiber "
        "eintragen lassen.",
    ),
}
_NAME = "Den Rechnernamen in {url} kennt dieser Rechner nicht (DNS). Schreibweise und Namensauflösung prüfen."
_SERVER = {
    "9": (
        "xta.uhr_falsch",
        "Das Zertifikat von {url} gilt nach der Uhr dieses Rechners noch nicht. Uhrzeit und Zeitabgleich (NTP) prüfen.",
    ),
    "10": (
        "xta.server_zertifikat_abgelaufen",
        "Das Zertifikat von {url} ist abgelaufen. Stimmt die Uhrzeit dieses Rechners, den Betreiber ansprechen.",
    ),
    "62": (
        "xta.server_name",
        "Das Zertifikat von {url} ist auf einen anderen Rechnernamen ausgestellt. Die Adresse so eintragen, wie der "
        "Betreiber sie nennt; ein Alias oder eine IP-Adresse genügt nicht.",
    ),
}
_SERVER["64"] = _SERVER["62"]
_CA = (
    "Dem Zertifikat von {url} wird nicht vertraut. Sein Aussteller ist „{aussteller}“, in „ca“ steht {ca}. Die "
    "Zertifizierungsstelle des Postfachs in „ca“ eintragen. Ist der Aussteller nicht die des Betreibers, bricht "
    "vielleicht ein Proxy dazwischen TLS auf."
)
_GLEICHNAMIG = (
    "Dem Zertifikat von {url} wird nicht vertraut: „{aussteller}“ steht zwar in „ca“, aber mit anderem Schlüssel. "
    "Beim Betreiber die heutige Fassung dieser Zertifizierungsstelle holen und in „ca“ eintragen."
)
_AUFGEBROCHEN = (
    "Zwischen diesem Rechner und {url} bricht offenbar ein Proxy TLS auf: Das gezeigte Zertifikat hat „{aussteller}“ "
    "ausgestellt, in „ca“ steht {ca}. XTA braucht die Verbindung ungeöffnet; bei der eigenen IT eine Ausnahme von der "
    "TLS-Prüfung für diese Adresse veranlassen."
)


def erklaere(fehler: StepError, url: str, schluessel: str, verbindung: Verbindung) -> Befund:
    """The finding for what went wrong at ``url``; certificates and names are looked at again to say it exactly."""
    code, text = _TEXTE.get(fehler.code, ("xta.konto_nicht_pruefbar", "{url}: " + _klartext(fehler.hint)))
    werte = {"url": url}
    if fehler.code == "transport.nicht_erreichbar" and verbindung.proxy is None and not ist_bekannt(url):
        code, text = "xta.name_unbekannt", _NAME
    elif fehler.code == "transport.server_zertifikat":
        code, text, werte = _server(fehler.details.get("verify_code", ""), url, verbindung)
    return sperre(code, f"{text.format(**werte)} [{fehler.code}]", schluessel)


def _server(verify_code: str, url: str, verbindung: Verbindung) -> tuple[str, str, dict[str, str]]:
    gezeigt = sieh_an(url, verbindung)
    aussteller = gezeigt.aussteller if gezeigt else "unbekannt"
    werte = {"url": url, "aussteller": aussteller, "ca": _ca(verbindung.ca)}
    if _ist_aufgebrochen(gezeigt, verbindung):
        return "xta.tls_aufgebrochen", _AUFGEBROCHEN, werte
    if verify_code in _SERVER:
        return *_SERVER[verify_code], werte
    return "xta.server_zertifikat", _GLEICHNAMIG if aussteller in _namen(verbindung.ca) else _CA, werte


def _ist_aufgebrochen(gezeigt: Gegenzertifikat | None, verbindung: Verbindung) -> bool:
    """Not if the issuer is one of ours: then the certificate itself is at fault."""
    if gezeigt is None or gezeigt.aussteller in _namen(verbindung.ca):
        return False
    return gezeigt.sieht_nach_aufbrechen_aus


def _ca(ca: Path | None) -> str:
    namen = _namen(ca)
    if ca is None:
        return "nichts (es gelten die Stellen des Betriebssystems)"
    return ", ".join(f"„{name}“" for name in namen[:3]) if namen else f"der Ordner {ca}"


def _namen(ca: Path | None) -> tuple[str, ...]:
    return aussteller_in(ca.read_bytes()) if ca is not None and ca.is_file() else ()


def _klartext(hinweis: str) -> str:
    return hinweis.replace("{", "(").replace("}", ")")


def sperre(code: str, text: str, pfad: str) -> Befund:
    """A finding with which nothing can be fetched or sent."""
    return Befund(code=code, schwere=Schwere.SPERRE, text=text, pfad=pfad)
