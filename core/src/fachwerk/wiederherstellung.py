"""The first half of a restore: a backup becomes the database, and nobody can work on it before every Ziel is paused.

Never over a database that holds something. What the backup does not know is said in the same step: each Ziel is
paused with the reason, and each delivery that may have been made since becomes an attempt with unknown outcome
(:mod:`fachwerk.altbestand`). The second half is :mod:`fachwerk.einspielung`.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from fachwerk import ablage, abzug, alarm, altbestand, pausen, umzugszeichen
from fachwerk.datenbank import (
    SCHEMA_KOPF,
    aktualisiere,
    bekannte_staende,
    fuege_neu_ein,
    oeffne_datenbank,
    schema_stand,
)
from fachwerk.platz import ist_belegt
from fachwerk.schluessel import Schluesselbund
from fachwerk.sicherung import Sicherung, SicherungError
from fachwerk.siegelschluessel import lade_siegel
from fachwerk.store import BETRIEB, Store
from fachwerk.tabellen import knoten, pause, sitzung, vorgang, zustellung

_NEBEN = ("", "-wal", "-shm", umzugszeichen.ENDUNG)
"""What belongs to a SQLite file: a forgotten ``-wal`` would be taken for that of the restored one."""


def stelle_her(
    url: str, sicherung: Sicherung, bund: Schluesselbund, ziele: Iterable[str], *, wer: str, grund: str, ersetze: bool
) -> list[Path]:
    """Make the database of ``url`` from a backup; returns where a replaced SQLite database lies now.

    Raises ``SicherungError`` where it does not fit, or something is there (``ersetze``: move that aside).
    """
    _pruefe(url, sicherung, bund)
    vermerk = _Vermerk(sicherung, bund, tuple(ziele), wer, grund)
    if sicherung.manifest["art"] == "sqlite":
        return _stelle_datei_her(Path(str(sa.make_url(url).database)), vermerk, ersetze)
    if ersetze:
        text = "Eine PostgreSQL-Datenbank wird nicht ersetzt. Bitte eine neue, leere anlegen und eintragen."
        raise SicherungError("wiederherstellung_ersetzt_nicht", text)
    _stelle_server_her(url, vermerk)
    return []


class _Vermerk:
    """What the database says from its first moment on about where it comes from."""

    def __init__(
        self, sicherung: Sicherung, bund: Schluesselbund, ziele: tuple[str, ...], wer: str, grund: str
    ) -> None:
        self.sicherung, self._bund, self._ziele, self._wer, self._grund = sicherung, bund, ziele, wer, grund

    def schreibe(self, datenbank: sa.Engine, verbindung: sa.Connection) -> None:
        """In the transaction that makes the content visible, or before the file gets its name."""
        store, jetzt = Store(datenbank, self._bund), datetime.now(UTC)
        lade_siegel(verbindung, self._bund)
        for tabelle in (knoten, sitzung):
            verbindung.execute(tabelle.delete())
        altbestand.merke(verbindung, jetzt, self.sicherung.ordner.name)
        store.vermerke(
            verbindung, BETRIEB, self._wer, "wiederhergestellt", self.sicherung.ordner.name[:200], self._grund or None
        )
        wer = f"{pausen.NACH_WIEDERHERSTELLUNG} ({self._wer})"[:200]
        for ziel in self._ziele:
            gegenstand = alarm.des_ziels(ziel)
            if not fuege_neu_ein(verbindung, pause, gegenstand=gegenstand, seit=jetzt, wer=wer):
                verbindung.execute(pause.update().where(pause.c.gegenstand == gegenstand).values(seit=jetzt, wer=wer))
            store.vermerke(verbindung, BETRIEB, self._wer, "pausiert", gegenstand)
        _lass_warten(verbindung, jetzt)


def _lass_warten(verbindung: sa.Connection, jetzt: datetime) -> None:
    """Open deliveries wait for the end of the pause; their jobs are not part of a backup."""
    z, v = zustellung.c, vorgang.c
    bis = jetzt + pausen.NACHSEHEN
    offen = z.status.in_(["offen", "absicht", "wartet"])
    werte: dict[str, Any] = {"status": "wartet", "naechster": bis, "code": pausen.CODE, "hinweis": pausen.HINWEIS}
    verbindung.execute(zustellung.update().where(offen).values(**werte))
    wartend = sa.exists().where(z.vorgang_id == v.id, z.fassung == v.fassung, z.status == "wartet")
    unterwegs = vorgang.update().where(v.status.in_(["running", "waiting"]), wartend)
    stand = {"status": "waiting", "grund": pausen.CODE, "hinweis": pausen.HINWEIS, "wartet_bis": bis}
    verbindung.execute(unterwegs.values(**stand))


def _pruefe(url: str, sicherung: Sicherung, bund: Schluesselbund) -> None:
    manifest = sicherung.manifest
    art = sa.make_url(url).get_backend_name()
    if manifest["art"] != art:
        text = f"Das ist eine Sicherung von {manifest['art']}, [fachwerk].datenbank nennt aber {art}. Bitte anpassen."
        raise SicherungError("wiederherstellung_art", text)
    if manifest["datenbankschema"] not in bekannte_staende():
        version = manifest["version"]
        text = f"Die Sicherung stammt von einer neueren Fassung ({version}). Bitte erst Fachwerk aktualisieren."
        raise SicherungError("wiederherstellung_neuer", text)
    if manifest["hauptschluessel"] not in bund.kennungen:
        raise SicherungError(
            "wiederherstellung_schluessel",
            f"Die Sicherung gehört zum Hauptschlüssel {manifest['hauptschluessel']}, hier liegt {bund.kennung}. Bitte "
            "die Schlüsseldatei aus der getrennten Verwahrung zurückholen ([fachwerk].schluesseldatei).",
        )


# -- SQLite -----------------------------------------------------------------------------------------------------------


def _stelle_datei_her(datei: Path, vermerk: _Vermerk, ersetze: bool) -> list[Path]:
    if ist_belegt(datei):
        raise SicherungError(
            "wiederherstellung_dienst_laeuft",
            f"An {datei} arbeitet noch ein Prozess von Fachwerk. Bitte den Dienst beenden und noch einmal beginnen.",
        )
    if not ersetze and datei.exists() and _ist_gefuellt(f"sqlite:///{datei}"):
        raise _nicht_leer(f"{datei}", " oder mit --ersetze zur Seite legen lassen")
    entwurf = datei.with_name(f"{datei.name}.wiederherstellung")
    _entferne(entwurf)
    try:
        ablage.lege_ordner_an(datei.parent)
        shutil.copyfile(vermerk.sicherung.ordner / abzug.DATEI, entwurf)
        _bereite_vor(entwurf, vermerk)
        alte = _lege_beiseite(datei)
        entwurf.rename(datei)
        ablage.sichere_ordner(datei.parent)
    finally:
        _entferne(entwurf)
    return alte


def _bereite_vor(entwurf: Path, vermerk: _Vermerk) -> None:
    """Everything that must be true before the file gets its name, all of it on the disk and nothing in a ``-wal``."""
    datenbank = oeffne_datenbank(f"sqlite:///{entwurf}")
    aktualisiere(datenbank)
    abzug.entferne_auftraege(datenbank)
    with datenbank.begin() as verbindung:
        vermerk.schreibe(datenbank, verbindung)
    with datenbank.connect() as verbindung:
        verbindung.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    datenbank.dispose()
    with open(entwurf, "r+b") as griff:
        ablage.sichere_datei(griff)


def _lege_beiseite(datei: Path) -> list[Path]:
    """What is at the place of the database, also what a deleted one has left, gets another name."""
    zeichen = f".vor-{datetime.now(UTC):%Y%m%dT%H%M%SZ}"
    alte = []
    for neben in _NEBEN:
        alt = datei.with_name(datei.name + neben)
        if alt.exists():
            neu = datei.with_name(f"{datei.name}{zeichen}{neben}")
            alt.rename(neu)
            alte.append(neu)
    return alte


def _entferne(entwurf: Path) -> None:
    for neben in _NEBEN:
        entwurf.with_name(entwurf.name + neben).unlink(missing_ok=True)


# -- PostgreSQL -------------------------------------------------------------------------------------------------------


def _stelle_server_her(url: str, vermerk: _Vermerk) -> None:
    if _ist_gefuellt(url):
        raise _nicht_leer("Die Datenbank", "; am einfachsten eine neue anlegen und in [fachwerk].datenbank eintragen")
    manifest, datenbank = vermerk.sicherung.manifest, oeffne_datenbank(url)
    von_hier = manifest["datenbankschema"] == SCHEMA_KOPF
    aktualisiere(datenbank, manifest["datenbankschema"])
    with datenbank.begin() as verbindung:
        abzug.lade(verbindung, vermerk.sicherung.ordner, list(manifest["anzahlen"]))
        if von_hier:
            vermerk.schreibe(datenbank, verbindung)
    if not von_hier:
        aktualisiere(datenbank)
        with datenbank.begin() as verbindung:
            vermerk.schreibe(datenbank, verbindung)
    datenbank.dispose()


def _ist_gefuellt(url: str) -> bool:
    """Whether there are tables with something in them, of ours or of somebody else's."""
    datenbank = oeffne_datenbank(url)
    try:
        stand = schema_stand(datenbank)
        if stand == "aktuell":
            with datenbank.connect() as verbindung:
                return verbindung.execute(sa.select(vorgang.c.id).limit(1)).first() is not None
        return stand != "leer"
    finally:
        datenbank.dispose()


def _nicht_leer(was: str, rat: str) -> SicherungError:
    return SicherungError(
        "wiederherstellung_nicht_leer",
        f"{was} enthält schon etwas und wird nicht überschrieben. Bitte prüfen, ob es die richtige ist{rat}.",
    )
