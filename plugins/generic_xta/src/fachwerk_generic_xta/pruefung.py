"""The preflight of a Kanal: files, certificate, connection, account. Every finding says what to do, in German."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from fachwerk.errors import ConfigError, FachwerkError
from fachwerk.modell import Befund, Kanal, Schwere
from fachwerk.transport import Verbindung, pruefe_schluessel, zertifikatsangaben
from fachwerk_generic_xta.client import XtaClient
from fachwerk_generic_xta.settings import Einstellungen, einstellungen

if TYPE_CHECKING:
    from fachwerk.host import Host

_ANSCHLUSS = {
    "transport.nicht_erreichbar": (
        "xta.nicht_erreichbar",
        "Die Adresse {url} antwortet nicht. Name, Port, Firewall und gegebenenfalls „proxy“ prüfen.",
    ),
    "transport.server_zertifikat": (
        "xta.server_zertifikat",
        "Dem Zertifikat von {url} wird nicht vertraut. In „ca“ muss die Zertifizierungsstelle des Postfachs stehen, "
        "und der Rechnername der Adresse muss im Zertifikat vorkommen.",
    ),
    "transport.client_zertifikat": (
        "xta.zertifikat_abgelehnt",
        "Das Postfach {url} lehnt unser Zertifikat ab. Beim Betreiber des Postfachs genau dieses Zertifikat "
        "hinterlegen lassen; prüfen, ob es abgelaufen ist.",
    ),
    "transport.abgebrochen": (
        "xta.verbindung_abgebrochen",
        "{url} bricht die Verbindung ohne Antwort ab. Das kann ein abgelehntes Zertifikat sein (manche Server sagen es "
        "nicht) oder eine Störung: beim Betreiber des Postfachs nachfragen.",
    ),
    "transport.http_abgelehnt": (
        "xta.adresse_falsch",
        "Unter {url} nimmt niemand XTA-Anfragen an. Adresse des ManagementPort beim Betreiber erfragen.",
    ),
    "xta.9010": (
        "xta.konto_zertifikat_abgelaufen",
        "Für das Postfach ist unser Zertifikat abgelaufen. Ein neues dort "
        "hinterlegen und „zertifikat“ und „privatschluessel“ umstellen.",
    ),
    "xta.9011": ("xta.konto_gesperrt", "Das Konto ist gesperrt. Den Betreiber des Postfachs um Freischaltung bitten."),
    "xta.9012": (
        "xta.konto_fehlt",
        "Zu unserem Zertifikat gibt es kein Konto. Beim Betreiber des Postfachs beantragen, "
        "mit Zertifikat und Kennung.",
    ),
    "xta.9014": (
        "xta.kennung_falsch",
        "Die „kennung“ gehört nicht zu unserem Zertifikat. Schreibweise prüfen oder die "
        "Kennung beim Betreiber eintragen lassen.",
    ),
}


def pruefe(kanal: Kanal, host: Host) -> list[Befund]:
    """All findings of ``kanal``; an empty list means that messages can be fetched now."""
    werte = einstellungen(kanal)
    try:
        verbindung = werte.verbindung(host)
    except FachwerkError as fehler:
        return [_sperre("xta.konfiguration", fehler.hint, "passphrase")]
    befunde = [*_zertifikat(werte, verbindung, host.now())]
    if not any(befund.schwere is Schwere.SPERRE for befund in befunde):
        befunde += _konto(kanal, werte, verbindung, host)
    return befunde


def _zertifikat(werte: Einstellungen, verbindung: Verbindung, now: datetime) -> Iterator[Befund]:
    if verbindung.zertifikat is None:
        return
    try:
        angaben = zertifikatsangaben(verbindung.zertifikat, verbindung.passphrase)
        pruefe_schluessel(verbindung)
    except ConfigError as fehler:
        yield _aus_config(fehler)
        return
    rest, bis = angaben.restlaufzeit(now), f"{angaben.gueltig_bis:%d.%m.%Y}"
    if angaben.gueltig_ab > now:
        yield _sperre(
            "xta.zertifikat_noch_nicht_gueltig",
            f"Das Zertifikat {verbindung.zertifikat} gilt erst ab {angaben.gueltig_ab:%d.%m.%Y}. Uhrzeit des Rechners "
            "prüfen oder das bisherige Zertifikat verwenden.",
            "zertifikat",
        )
    elif rest <= timedelta():
        yield _sperre(
            "xta.zertifikat_abgelaufen",
            f"Das Zertifikat {verbindung.zertifikat} ist am {bis} abgelaufen. Ein neues beantragen, beim Betreiber des "
            "Postfachs hinterlegen lassen und hier eintragen.",
            "zertifikat",
        )
    elif rest < timedelta(days=werte.warnung_tage):
        yield Befund(
            code="xta.zertifikat_laeuft_ab",
            schwere=Schwere.WARNUNG,
            text=f"Das Zertifikat {verbindung.zertifikat} läuft am {bis} ab (in {rest.days} Tagen). Jetzt ein neues "
            "beantragen; die Hinterlegung beim Postfach dauert.",
            pfad="zertifikat",
        )


def _konto(kanal: Kanal, werte: Einstellungen, verbindung: Verbindung, host: Host) -> list[Befund]:
    """Connect and ask for the account: the only honest proof that fetching will work."""
    url = werte.management_url
    try:
        XtaClient(werte.adressen, werte.partei(kanal.kennung), host.http(verbindung), werte.groessen).check()
    except ConfigError as fehler:
        return [_aus_config(fehler)]
    except FachwerkError as fehler:
        code, text = _ANSCHLUSS.get(fehler.code, ("xta.konto_nicht_pruefbar", "{url}: " + _klartext(fehler.hint)))
        return [_sperre(code, f"{text.format(url=url)} [{fehler.code}]", "management_url")]
    return []


def _klartext(hinweis: str) -> str:
    return hinweis.replace("{", "(").replace("}", ")")


def _aus_config(fehler: ConfigError) -> Befund:
    code = fehler.code.replace("transport.", "xta.")
    return _sperre(code, fehler.hint, fehler.details.get("schluessel", ""))


def _sperre(code: str, text: str, pfad: str) -> Befund:
    return Befund(code=code, schwere=Schwere.SPERRE, text=text, pfad=pfad)
