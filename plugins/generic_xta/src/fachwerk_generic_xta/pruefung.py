"""The preflight of a Kanal or Ziel: files, certificate, addresses, account, service, clock.

Every finding says in German what is wrong and what to do; nothing is changed anywhere.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from fachwerk.errors import ConfigError, FachwerkError, StepError
from fachwerk.modell import Befund, Kanal, Schwere, Ziel
from fachwerk.transport import Verbindung, pruefe_schluessel, zertifikatsangaben
from fachwerk_generic_xta import anschluss
from fachwerk_generic_xta.anschluss import Anblick, sieh_nach
from fachwerk_generic_xta.erklaerung import erklaere, sperre
from fachwerk_generic_xta.nachricht import Dienstfrage
from fachwerk_generic_xta.settings import Anschluss, zieleinstellungen

if TYPE_CHECKING:
    from fachwerk.host import Host

UHR = timedelta(minutes=5)
"""So much our clock may differ from the server's."""


def pruefe(stelle: Kanal | Ziel, host: Host) -> list[Befund]:
    """All findings of ``stelle``; an empty list means that messages can be fetched, or sent, now."""
    werte, _ = anschluss.angaben(stelle)
    try:
        verbindung = werte.verbindung(host)
    except FachwerkError as fehler:
        return [sperre("xta.konfiguration", fehler.hint, "passphrase")]
    befunde = [*_zertifikat(werte, verbindung, host.now())]
    if not _gesperrt(befunde):
        befunde += _konto(stelle, werte, verbindung, host)
    if not _gesperrt(befunde):
        befunde += _adressen(werte, verbindung, host)
    if not _gesperrt(befunde):
        befunde += _dienst(stelle, host) if isinstance(stelle, Ziel) else _postfach(stelle, werte, verbindung, host)
    return befunde


def _gesperrt(befunde: list[Befund]) -> bool:
    return any(befund.schwere is Schwere.SPERRE for befund in befunde)


def _zertifikat(werte: Anschluss, verbindung: Verbindung, now: datetime) -> Iterator[Befund]:
    if verbindung.zertifikat is None:
        return
    try:
        angaben = zertifikatsangaben(verbindung.zertifikat, verbindung.passphrase)
        pruefe_schluessel(verbindung)
    except ConfigError as fehler:
        yield _aus_config(fehler)
        return
    rest = angaben.restlaufzeit(now)
    if zeit := _ausser_frist(verbindung.zertifikat, angaben.gueltig_ab, angaben.gueltig_bis, now):
        yield sperre(*zeit, "zertifikat")
    elif rest < timedelta(days=werte.warnung_tage):
        text = (
            f"Das Zertifikat {verbindung.zertifikat} läuft am {angaben.gueltig_bis:%d.%m.%Y} ab (in {rest.days} "
            "Tagen). Jetzt ein neues beantragen; die Hinterlegung beim Postfach dauert."
        )
        yield _warnung("xta.zertifikat_laeuft_ab", text, "zertifikat")


def _ausser_frist(pfad: Path, ab: datetime, bis: datetime, now: datetime) -> tuple[str, str] | None:
    """Code and text for a certificate of ours that is not valid now; None if it is."""
    if ab > now:
        return (
            "xta.zertifikat_noch_nicht_gueltig",
            f"Das Zertifikat {pfad} gilt erst ab {ab:%d.%m.%Y}. Uhrzeit des Rechners prüfen oder das bisherige "
            "Zertifikat verwenden.",
        )
    if bis <= now:
        return (
            "xta.zertifikat_abgelaufen",
            f"Das Zertifikat {pfad} ist am {bis:%d.%m.%Y} abgelaufen. Ein neues beantragen, beim Betreiber des "
            "Postfachs hinterlegen lassen und hier eintragen.",
        )
    return None


def _konto(stelle: Kanal | Ziel, werte: Anschluss, verbindung: Verbindung, host: Host) -> Iterator[Befund]:
    """Connect and ask for the account: the only honest proof that anything will work."""
    try:
        anschluss.client(stelle, host).check()
    except ConfigError as fehler:
        yield _aus_config(fehler)
    except StepError as fehler:
        yield erklaere(fehler, werte.management_url, "management_url", verbindung)


def _adressen(werte: Anschluss, verbindung: Verbindung, host: Host) -> Iterator[Befund]:
    """The ports that no harmless call reaches, each looked at once; hosts and clocks may differ."""
    uhr: datetime | None = None
    for schluessel, url in (("msgbox_url", werte.msgbox_url), ("send_url", werte.send_url)):
        if not url:
            continue
        try:
            anblick = sieh_nach(url, host.http(verbindung))
        except StepError as fehler:
            yield erklaere(fehler, url, schluessel, verbindung)
            continue
        uhr = uhr or anblick.uhr
        yield from _falsche_adresse(anblick, url, schluessel)
    yield from _uhr(uhr, host.now())


def _falsche_adresse(anblick: Anblick, url: str, schluessel: str) -> Iterator[Befund]:
    if anblick.status in (404, 410):
        text = f"Unter {url} gibt es nichts (HTTP {anblick.status}). Die Adresse beim Betreiber erfragen."
        yield sperre("xta.adresse_falsch", text, schluessel)


def _uhr(server: datetime | None, now: datetime) -> Iterator[Befund]:
    if server is not None and abs(server - now) > UHR:
        minuten = int(abs(server - now) / timedelta(minutes=1))
        wohin = "vor" if now > server else "nach"
        text = (
            f"Die Uhr dieses Rechners geht gegenüber dem XTA-Server um {minuten} Minuten {wohin}. Zeitabgleich (NTP) "
            "einrichten: Zertifikate und der Tag des Eingangs hängen daran."
        )
        yield _warnung("xta.uhr_abweichung", text, "")


def _postfach(kanal: Kanal, werte: Anschluss, verbindung: Verbindung, host: Host) -> Iterator[Befund]:
    """Whether the mailbox shows its list; a list changes nothing there."""
    try:
        anschluss.client(kanal, host).list(1)
    except StepError as fehler:
        yield erklaere(fehler, werte.msgbox_url, "msgbox_url", verbindung)


def _dienst(ziel: Ziel, host: Host) -> Iterator[Befund]:
    """Whether the directory says that the reader takes this service; a server that cannot say is no finding."""
    werte = zieleinstellungen(ziel)
    frage = Dienstfrage(werte.empfaenger.partei, werte.dienst)
    if not werte.dienst:
        return
    try:
        auskunft = anschluss.client(ziel, host).lookup([frage])
    except StepError:
        return
    if any(antwort.verfuegbar is False for antwort in auskunft):
        text = (
            f"Nach Auskunft des Verzeichnisses nimmt {werte.empfaenger.kennung} den Dienst „{werte.dienst}“ nicht an. "
            "Beide Angaben mit dem Empfänger und dem Betreiber des XTA-Servers (DVDV) abgleichen."
        )
        yield _warnung("xta.dienst_nicht_verfuegbar", text, "dienst")


def _aus_config(fehler: ConfigError) -> Befund:
    code = fehler.code.replace("transport.", "xta.")
    return sperre(code, fehler.hint, fehler.details.get("schluessel", ""))


def _warnung(code: str, text: str, pfad: str) -> Befund:
    return Befund(code=code, schwere=Schwere.WARNUNG, text=text, pfad=pfad)
