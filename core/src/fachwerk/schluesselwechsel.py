"""Change the site key while the service works: the key file holds the new and the old one until nothing needs the old.

Three steps, each safe to repeat: a new key is added, which nobody uses yet and every node must get; then it comes into
use and every case key is wrapped anew, in the database and in the mirror, some per commit; at last the old one goes.
"""

from __future__ import annotations

import base64
import json
import os
import secrets
import shutil
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import sqlalchemy as sa

from fachwerk import ablage, sicherung, spiegelkopie
from fachwerk.errors import FachwerkError
from fachwerk.schluessel import NEU, Schluesselbund, kennung_von, lies_schluessel, neuer_schluessel
from fachwerk.siegelschluessel import bewahre_siegel
from fachwerk.spiegel import Spiegel
from fachwerk.store import BETRIEB, Store
from fachwerk.tabellen import fallschluessel

_JE_TRANSAKTION = 200


class SchluesselError(FachwerkError):
    """The site key cannot be changed that way now."""


@dataclass
class Schluesselstand:
    """Which key wraps how much: case keys of the database, copies of the mirror, backups (by key id)."""

    kennungen: tuple[str, ...]
    wartet: str
    datenbank: Counter[str] = field(default_factory=Counter)
    spiegel: Counter[str] = field(default_factory=Counter)
    sicherungen: Counter[str] = field(default_factory=Counter)

    @property
    def braucht_alte(self) -> int:
        """How much in database and mirror only an older key opens."""
        alle = self.datenbank + self.spiegel
        return sum(anzahl for kennung, anzahl in alle.items() if kennung != self.kennungen[0])


def stand(store: Store, pfad: Path, spiegel: Spiegel | None, sicherungen: Path | None) -> Schluesselstand:
    """Look everywhere; nothing is changed."""
    bund = store.bund
    bund.frische_auf()
    ergebnis = Schluesselstand(bund.kennungen, _wartender(pfad))
    with store.lesend(in_bloecken=True) as verbindung:
        for zeile in verbindung.execution_options(yield_per=1000).execute(sa.select(fallschluessel)):
            ergebnis.datenbank[bund.welcher(zeile.vorgang_id, zeile.schluessel)] += 1
    for kopie in spiegelkopie.dateien(spiegel.ordner) if spiegel else ():
        ergebnis.spiegel[bund.welcher(kopie.stem, spiegelkopie.verpackter_schluessel(kopie))] += 1
    for ordner in sicherung.alle(sicherungen) if sicherungen else ():
        manifest = json.loads((ordner / sicherung.MANIFEST).read_text(encoding="utf-8"))
        ergebnis.sicherungen[str(manifest["hauptschluessel"])] += 1
    return ergebnis


def lege_neuen_an(store: Store, pfad: Path, wer: str) -> str:
    """Add a key that nobody uses yet; its id."""
    if _wartender(pfad):
        raise SchluesselError(
            "schluessel_wartet", "Ein neuer Schlüssel wartet schon. Weiter: fachwerk schluessel wechsle."
        )
    neuer = neuer_schluessel()
    alte = pfad.read_text(encoding="ascii").splitlines()
    _schreibe(pfad, [*alte, f"{base64.b64encode(neuer).decode()} {NEU}"])
    _vermerke(store, wer, "schluessel_neu", kennung_von(neuer))
    return kennung_von(neuer)


def wechsle(
    store: Store, pfad: Path, spiegel: Spiegel | None, wer: str, fortschritt: Callable[[int], object] = id
) -> int:
    """Bring the new key into use and wrap everything with it that is not yet; returns how much was."""
    if wartender := _wartender(pfad):
        with store.transaktion("schluessel_gewechselt") as verbindung:
            bewahre_siegel(verbindung, store.bund)
        _nimm_in_gebrauch(pfad)
        _vermerke(store, wer, "schluessel_gewechselt", wartender)
    elif len(lies_schluessel(pfad)) == 1:
        text = "Es gibt keinen neuen Schlüssel. Bitte zuerst: fachwerk schluessel neu."
        raise SchluesselError("schluessel_kein_neuer", text)
    store.bund.frische_auf()
    anzahl = _verpacke_datenbank(store, fortschritt)
    return anzahl + (_verpacke_spiegel(store, spiegel) if spiegel else 0)


def entferne_alte(
    store: Store, pfad: Path, spiegel: Spiegel | None, sicherungen: Path | None, wer: str, *, trotzdem: bool = False
) -> tuple[str, ...]:
    """Take the older keys out of the file; refused while database, mirror or backups need them.

    Backups do not count with ``trotzdem``: then somebody keeps the old key elsewhere.
    """
    wie = stand(store, pfad, spiegel, sicherungen)
    if wie.wartet or wie.braucht_alte:
        text = f"{wie.braucht_alte} Vorgänge brauchen den alten Schlüssel noch. Weiter: fachwerk schluessel wechsle."
        raise SchluesselError("schluessel_gebraucht", text)
    alte = wie.kennungen[1:]
    if alte and sicherungen is None and not trotzdem:
        text = (
            "Wo Sicherungen liegen, ist unbekannt ([sicherung].ordner ist leer). Die von vor dem Wechsel öffnet nur "
            "der alte Schlüssel: bitte ihn getrennt verwahren und mit --trotz-sicherungen bestätigen."
        )
        raise SchluesselError("schluessel_sicherungen", text)
    if (noch := sum(wie.sicherungen[kennung] for kennung in alte)) and not trotzdem:
        text = (
            f"{noch} Sicherungen lassen sich nur mit dem alten Schlüssel lesen. Bitte warten, bis sie gelöscht sind, "
            "oder ihn getrennt verwahren und mit --trotz-sicherungen bestätigen."
        )
        raise SchluesselError("schluessel_sicherungen", text)
    _schreibe(pfad, pfad.read_text(encoding="ascii").splitlines()[:1])
    store.bund.frische_auf()
    for kennung in alte:
        _vermerke(store, wer, "schluessel_entfernt", kennung)
    return alte


# -- the key file -----------------------------------------------------------------------------------------------------


def _wartender(pfad: Path) -> str:
    """Id of the key that waits for its use, empty if there is none."""
    lies_schluessel(pfad)
    for zeile in pfad.read_text(encoding="ascii").splitlines():
        if zeile.split()[1:] == [NEU]:
            return kennung_von(base64.b64decode(zeile.split()[0]))
    return ""


def _nimm_in_gebrauch(pfad: Path) -> None:
    zeilen = pfad.read_text(encoding="ascii").splitlines()
    neue = [zeile.split()[0] for zeile in zeilen if zeile.split()[1:] == [NEU]]
    _schreibe(pfad, [*neue, *(zeile for zeile in zeilen if zeile.split()[1:] != [NEU])])


def _schreibe(pfad: Path, zeilen: list[str]) -> None:
    """Replace the file at once, readable by its owner only; a crash leaves the old one or the new one."""
    entwurf = pfad.with_name(f"{pfad.name}.{secrets.token_hex(4)}.neu")
    griff = os.open(entwurf, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o600)
    with os.fdopen(griff, "wb") as datei:
        datei.write("".join(f"{zeile}\n" for zeile in zeilen).encode("ascii"))
        ablage.sichere_datei(datei)
    os.replace(entwurf, pfad)
    ablage.sichere_ordner(pfad.parent)


def _vermerke(store: Store, wer: str, was: str, kennung: str) -> None:
    with store.transaktion("schluessel") as verbindung:
        store.vermerke(verbindung, BETRIEB, wer, was, kennung)


# -- wrapping ---------------------------------------------------------------------------------------------------------


def _verpacke_datenbank(store: Store, fortschritt: Callable[[int], object]) -> int:
    anzahl, gesehen, letzter = 0, 0, ""
    while True:
        f = fallschluessel.c
        frage = sa.select(fallschluessel).where(f.vorgang_id > letzter).order_by(f.vorgang_id).limit(_JE_TRANSAKTION)
        with store.transaktion("schluessel_gewechselt") as verbindung:
            zeilen = list(verbindung.execute(frage))
            for zeile in zeilen:
                anzahl += _verpacke_einen(store.bund, verbindung, zeile.vorgang_id, zeile.schluessel)
        if not zeilen:
            return anzahl
        letzter, gesehen = zeilen[-1].vorgang_id, gesehen + len(zeilen)
        fortschritt(gesehen)


def _verpacke_einen(bund: Schluesselbund, verbindung: sa.Connection, vorgang_id: str, bisher: bytes) -> bool:
    """Unless it is gone or wrapped anew already."""
    if bund.welcher(vorgang_id, bisher) == bund.kennung:
        return False
    neu = bund.verpacke(vorgang_id, bund.entpacke(vorgang_id, bisher))
    hier = fallschluessel.c.vorgang_id == vorgang_id, fallschluessel.c.schluessel == bisher
    return bool(verbindung.execute(fallschluessel.update().where(*hier).values(schluessel=neu)).rowcount)


def _verpacke_spiegel(store: Store, spiegel: Spiegel) -> int:
    """A copy of each file with a new head takes its place; of a case shredded meanwhile nothing is left."""
    anzahl = 0
    for pfad in spiegelkopie.dateien(spiegel.ordner):
        verpackt = spiegelkopie.verpackter_schluessel(pfad)
        if store.bund.welcher(pfad.stem, verpackt) in ("", store.bund.kennung):
            continue
        _schreibe_kopf(pfad, store.bund.verpacke(pfad.stem, store.bund.entpacke(pfad.stem, verpackt)))
        anzahl += 1
        with store.lesend() as verbindung:
            noch = sa.select(fallschluessel.c.vorgang_id).where(fallschluessel.c.vorgang_id == pfad.stem)
            if verbindung.execute(noch).first() is None:
                spiegel.entferne(pfad.stem)
    return anzahl


def _schreibe_kopf(pfad: Path, schluessel: bytes) -> None:
    entwurf = pfad.with_name(f"{pfad.stem}.{secrets.token_hex(8)}.neu")
    try:
        with open(pfad, "rb") as alt, open(entwurf, "xb") as neu:
            kopf = json.loads(alt.readline()) | {"schluessel": base64.b64encode(schluessel).decode()}
            neu.write(json.dumps(kopf, separators=(",", ":")).encode() + b"\n")
            shutil.copyfileobj(alt, neu, 1 << 20)
            ablage.sichere_datei(neu)
        os.replace(entwurf, pfad)
        ablage.sichere_ordner(pfad.parent)
    finally:
        entwurf.unlink(missing_ok=True)
