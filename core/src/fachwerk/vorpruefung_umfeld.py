"""The part of the preflight that looks at the machine: site key, database, clock, mirror, virus scanner."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from fachwerk.errors import ConfigError, FachwerkError
from fachwerk.modell import Schwere
from fachwerk.settings import Einstellungen, datenbank_url
from fachwerk.vorpruefung import Meldung

if TYPE_CHECKING:
    import sqlalchemy as sa

UHR_ABWEICHUNG = timedelta(seconds=5)
"""From here on the clocks of this machine and of the database server are said to differ."""


def umfeld(einstellungen: Einstellungen) -> Iterator[Meldung]:
    """All findings about the machine."""
    yield from _schluessel(einstellungen.schluesselpfad)
    yield from _datenbank(einstellungen)
    yield from _spiegel(einstellungen)
    yield from _viren(einstellungen)
    yield from _aufbewahrung(einstellungen)


def _schluessel(pfad: Path) -> Iterator[Meldung]:
    from fachwerk.schluessel import lies_schluesseldatei

    ort = "fachwerk.schluesseldatei"
    try:
        lies_schluesseldatei(pfad)
    except FachwerkError as fehler:
        yield Meldung(fehler.code, Schwere.FEHLER, fehler.hint, ort)
        return
    rechte = stat.S_IMODE(pfad.stat().st_mode)
    gereicht = str(pfad.parent) == os.environ.get("CREDENTIALS_DIRECTORY")  # by systemd, which guards the folder
    if os.name == "posix" and rechte & 0o077 and not gereicht:
        text = f"Die Schlüsseldatei {pfad} dürfen auch andere lesen (Rechte {rechte:o}). Abhilfe: chmod 600 {pfad}"
        yield Meldung("schluessel_offen", Schwere.FEHLER, text, ort)


def _datenbank(einstellungen: Einstellungen) -> Iterator[Meldung]:
    ort, url = "fachwerk.datenbank", datenbank_url(einstellungen)
    datei = _sqlite_datei(url)
    if datei is not None and not datei.exists():
        yield _neue_datei(datei, ort)
        return
    from sqlalchemy.exc import ArgumentError, SQLAlchemyError

    from fachwerk.datenbank import oeffne_datenbank

    try:
        datenbank = oeffne_datenbank(url)
    except (ArgumentError, ImportError):
        text = "Das ist keine brauchbare Datenbank-Adresse. Erwartet: sqlite:///DATEI oder postgresql+psycopg://…"
        yield Meldung("datenbank_adresse", Schwere.FEHLER, text, ort)
        return
    except FachwerkError as fehler:
        yield Meldung(fehler.code, Schwere.FEHLER, fehler.hint, ort)
        return
    try:
        yield from _stand(datenbank, ort, einstellungen.schluesselpfad)
    except SQLAlchemyError:
        text = "Die Datenbank ist nicht erreichbar oder keine. Adresse, Netz, Anmeldung und Rechte der Datei prüfen."
        yield Meldung("datenbank_nicht_erreichbar", Schwere.FEHLER, text, ort)
    finally:
        datenbank.dispose()


def _sqlite_datei(url: str) -> Path | None:
    vor, _, rest = url.partition(":///")
    datei = rest.partition("?")[0]
    return Path(datei) if vor.startswith("sqlite") and datei and datei != ":memory:" else None


def _neue_datei(datei: Path, ort: str) -> Meldung:
    """A database that does not exist yet: the nearest folder above must take files."""
    oben = next((ordner for ordner in datei.parents if ordner.exists()), datei.parent)
    if oben.is_dir() and os.access(oben, os.W_OK | os.X_OK):
        text = f"Die Datenbank {datei} gibt es noch nicht; „fachwerk run“ oder „fachwerk poll“ legt sie an."
        return Meldung("datenbank_leer", Schwere.HINWEIS, text, ort)
    text = f"Die Datenbank {datei} lässt sich nicht anlegen: {oben} ist nicht beschreibbar. Rechte oder Pfad ändern."
    return Meldung("datenbank_ordner", Schwere.FEHLER, text, ort)


_STAND = {
    "leer": (Schwere.HINWEIS, "Die Datenbank ist noch leer; „fachwerk run“ oder „fachwerk poll“ richtet sie ein."),
    "alt": (
        Schwere.FEHLER,
        "Die Datenbank stammt von einer älteren Fassung. Sichern, dann „fachwerk datenbank aktualisieren“.",
    ),
    "fremd": (
        Schwere.FEHLER,
        "Die Datenbank stammt von einer neueren Fassung oder einem anderen Programm. Adresse oder Fassung prüfen.",
    ),
    "umzug": (
        Schwere.FEHLER,
        "Der Umzug dieser Datenbank ist nicht zu Ende. „fachwerk umzug“ noch einmal starten: Er geht weiter.",
    ),
    "umgezogen": (
        Schwere.FEHLER,
        "Diese Datenbank ist auf einen Server umgezogen. Dessen Adresse gehört in [fachwerk].datenbank.",
    ),
}


def _stand(datenbank: sa.Engine, ort: str, schluesselpfad: Path) -> Iterator[Meldung]:
    from fachwerk.datenbank import datenbankzeit, schema_stand
    from fachwerk.platz import pruefe_sitzungen
    from fachwerk.vorpruefung_lage import lage

    if datenbank.dialect.name == "postgresql":
        try:
            pruefe_sitzungen(datenbank)
        except ConfigError as fehler:
            yield Meldung(fehler.code, Schwere.FEHLER, fehler.hint, ort)
            return
    stand = schema_stand(datenbank)
    if stand in _STAND:
        schwere, text = _STAND[stand]
        yield Meldung(f"datenbank_{stand}", schwere, text, ort)
    if stand == "aktuell":
        yield from _schluessel_passt(datenbank, schluesselpfad)
        yield from lage(datenbank)
    with datenbank.connect() as verbindung:
        abweichung = abs(datenbankzeit(verbindung) - datetime.now(UTC))
    if abweichung > UHR_ABWEICHUNG:
        text = (
            f"Die Uhren dieses Rechners und der Datenbank weichen um {abweichung.total_seconds():.0f} Sekunden "
            "voneinander ab. Zeitabgleich (NTP) auf beiden einrichten."
        )
        yield Meldung("uhr_abweichung", Schwere.WARNUNG, text, ort)


def _schluessel_passt(datenbank: sa.Engine, pfad: Path) -> Iterator[Meldung]:
    """The site key must open what is stored; a missing or damaged file is reported elsewhere."""
    from fachwerk.betrieb import pruefe_schluessel
    from fachwerk.schluessel import Schluesselbund
    from fachwerk.store import Store

    try:
        bund = Schluesselbund.aus_datei(pfad)
    except ConfigError:
        return
    try:
        pruefe_schluessel(Store(datenbank, bund))
    except ConfigError as fehler:
        yield Meldung(fehler.code, Schwere.FEHLER, fehler.hint, "fachwerk.schluesseldatei")


def _spiegel(einstellungen: Einstellungen) -> Iterator[Meldung]:
    ort, angabe = "sicherung.spiegel", einstellungen.sicherung.spiegel
    if not angabe:
        return
    pfad = einstellungen.pfad(angabe)
    if not pfad.is_dir() or not os.access(pfad, os.W_OK | os.X_OK):
        text = f"Der Spiegelordner {pfad} fehlt oder ist nicht beschreibbar. Laufwerk einhängen oder Rechte ändern."
        yield Meldung("spiegel_fehlt", Schwere.FEHLER, text, ort)
        return
    datei = _sqlite_datei(datenbank_url(einstellungen))
    daneben = next((ordner for ordner in datei.parents if ordner.exists()), None) if datei else None
    if daneben is not None and daneben.stat().st_dev == pfad.stat().st_dev:
        text = (
            f"Der Spiegelordner {pfad} liegt auf demselben Laufwerk wie die Datenbank und hilft bei dessen Ausfall "
            "nicht. Ein anderes Laufwerk wählen."
        )
        yield Meldung("spiegel_gleiches_laufwerk", Schwere.WARNUNG, text, ort)


def _aufbewahrung(einstellungen: Einstellungen) -> Iterator[Meldung]:
    """Which cases are kept for another time than the rest."""
    for regel in einstellungen.aufbewahrung.regeln:
        wofuer = " in ".join(filter(None, [regel.wort or "alle Leistungen", regel.land]))
        tage, sonst = regel.inhalt_tage, einstellungen.aufbewahrung.inhalt_tage
        text = f"Inhalte werden {tage} Tage nach dem Ende des Vorgangs gelöscht ({wofuer}; sonst nach {sonst})."
        yield Meldung("aufbewahrung_abweichend", Schwere.HINWEIS, text, "aufbewahrung.fuer")


def _viren(einstellungen: Einstellungen) -> Iterator[Meldung]:
    from fachwerk.viren import pruefer

    try:
        scanner = pruefer(einstellungen.virenpruefung)
        if scanner is not None:
            scanner.erreichbar()
            return
    except FachwerkError as fehler:
        adresse = einstellungen.virenpruefung.adresse
        text = f"Der Prüfdienst {adresse} antwortet nicht. Läuft er, und stimmt die Adresse?"
        hinweis = fehler.hint if isinstance(fehler, ConfigError) else text
        yield Meldung(fehler.code, Schwere.FEHLER, hinweis, "virenpruefung.adresse")
        return
    text = 'Nachrichten werden nicht auf Schadsoftware geprüft. Mit art = "clamd" oder "icap" einen Prüfdienst nennen.'
    yield Meldung("viren_keine_pruefung", Schwere.WARNUNG, text, "virenpruefung.art")
