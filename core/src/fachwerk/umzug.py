"""``fachwerk umzug``: a site moves from its SQLite file to PostgreSQL, with everything that is under way.

The file is read only and marked (:mod:`fachwerk.umzugszeichen`), so that nothing works on it while it moves and never
again afterwards; the database that is filled bears a table that keeps nodes away until everything is proven to be
there. Whatever is killed on the way goes on when it is begun again. Jobs do not move, they follow from the cases: an
attempt to deliver that was announced and has no result has an unknown outcome at the new place as at the old one.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import sqlalchemy as sa

from fachwerk import audit, umzugskopie, umzugszeichen
from fachwerk.audit import Bruch, Kopf
from fachwerk.datenbank import STOERUNGEN, aktualisiere, oeffne_datenbank, oeffne_lesend, schema_stand
from fachwerk.engine import lege_tabellen_an
from fachwerk.errors import FachwerkError
from fachwerk.platz import ist_belegt, versuche_sperre
from fachwerk.schluessel import Schluesselbund
from fachwerk.siegelschluessel import lade_siegel
from fachwerk.store import BETRIEB, Store
from fachwerk.tabellen import vorgang
from fachwerk.umzugsauftraege import reihe_alles_ein
from fachwerk.umzugskopie import FORTSCHRITT
from fachwerk.umzugszeichen import Zeichen

if TYPE_CHECKING:
    from fachwerk.betrieb import Betrieb


class UmzugError(FachwerkError):
    """A site cannot move, or has not moved yet; the file it comes from is as it was."""


@dataclass
class Umzugsbericht:
    """What has moved: rows by table, cases by state, audit lines, jobs; ``brueche`` were in the chains before."""

    nach: str
    zeilen: dict[str, int] = field(default_factory=dict)
    staende: dict[str, int] = field(default_factory=dict)
    ketten: int = 0
    ereignisse: int = 0
    brueche: list[Bruch] = field(default_factory=list)
    auftraege: int = 0
    war_fertig: bool = False


def ziehe_um(
    datei: Path,
    nach: str,
    bund: Schluesselbund,
    oeffne: Callable[[sa.Engine], Betrieb],
    *,
    wer: str,
    koepfe: Iterable[Kopf] = (),
    fortschritt: Callable[[int], object] = id,
) -> Umzugsbericht:
    """Move ``datei`` to the database ``nach``; ``oeffne`` makes the installation that will work there.

    Raises ``UmzugError`` where it does not fit, something is there already, or what arrived differs. Safe to repeat.
    """
    adresse = _pruefe_adresse(nach)
    ziel = oeffne_datenbank(nach)
    quelle = oeffne_lesend(datei)
    try:
        with _benannt(adresse), _allein(ziel):
            zeichen = _bereite_vor(datei, quelle, ziel, bund, adresse, wer)
            umzug = _Umzug(datei, quelle, ziel, bund, zeichen)
            return umzug.gehe(oeffne, wer, koepfe, fortschritt)
    finally:
        quelle.dispose()
        ziel.dispose()


def brich_ab(datei: Path) -> None:
    """Give up a move that is not at its end: the file may be worked on again, what it has filled stays behind."""
    zeichen = umzugszeichen.lies(datei)
    if zeichen is None:
        raise UmzugError("umzug_keiner", f"{datei} zieht nicht um; es gibt nichts abzubrechen.")
    if zeichen.fertig:
        raise UmzugError(
            "umzug_fertig",
            f"Der Umzug nach {zeichen.nach} ist zu Ende; dort wird vielleicht schon gearbeitet. Zurück geht es nur von "
            "Hand, siehe docs/betrieb.md, „Von einem Rechner zu mehreren“.",
        )
    umzugszeichen.entferne(datei)


# -- may it begin -----------------------------------------------------------------------------------------------------


def _pruefe_adresse(nach: str) -> str:
    """The address as it may be shown."""
    try:
        url = sa.make_url(nach)
        if url.drivername != "postgresql+psycopg" or not url.database:
            raise ValueError
    except (sa.exc.ArgumentError, ValueError):
        text = "Das Ziel des Umzugs ist keine PostgreSQL-Adresse. Erwartet: postgresql+psycopg://BENUTZER@RECHNER/NAME"
        raise UmzugError("umzug_ziel_art", text) from None
    return url.render_as_string(hide_password=True)


@contextmanager
def _benannt(adresse: str) -> Iterator[None]:
    """What a database says may hold values; all that is told is where it happened and how to go on."""
    try:
        yield
    except STOERUNGEN as fehler:
        text = (
            f"Die Verbindung zu {adresse} ist nicht möglich oder ist abgebrochen ({type(fehler).__name__}). Adresse, "
            "Netz und Anmeldung prüfen, dann denselben Befehl noch einmal: Er geht weiter, wo er war."
        )
        raise UmzugError("umzug_unterbrochen", text) from None


@contextmanager
def _allein(ziel: sa.Engine) -> Iterator[None]:
    sperre = versuche_sperre(ziel, "umzug")
    if sperre is None:
        raise UmzugError("umzug_laeuft", "In diese Datenbank zieht gerade schon jemand um. Bitte dessen Ende abwarten.")
    try:
        yield
    finally:
        sperre.loese()


def _bereite_vor(
    datei: Path, quelle: sa.Engine, ziel: sa.Engine, bund: Schluesselbund, adresse: str, wer: str
) -> Zeichen:
    """Everything that can be refused is refused before anything is written, but for the sign that is taken back."""
    bisher = _pruefe_quelle(datei, adresse)
    _pruefe_ziel(ziel, bisher)
    zeichen = bisher or Zeichen(secrets.token_hex(16), adresse, datetime.now(UTC).isoformat(), wer)
    umzugszeichen.setze(datei, zeichen)
    try:
        _pruefe_inhalt(datei, quelle, bund)
    except BaseException:
        if bisher is None:
            umzugszeichen.entferne(datei)
        raise
    return zeichen


def _pruefe_quelle(datei: Path, adresse: str) -> Zeichen | None:
    """The sign of an earlier attempt, None for the first."""
    if not datei.is_file():
        text = f"Die Datei {datei} gibt es nicht. Umgezogen wird, was [fachwerk].datenbank nennt, oder --von."
        raise UmzugError("umzug_quelle", text)
    zeichen = umzugszeichen.lies(datei)
    if zeichen is not None and zeichen.nach != adresse:
        raise UmzugError(
            "umzug_anderes_ziel",
            f"{datei} zieht schon nach {zeichen.nach or 'unbekannt'} um. Bitte diese Adresse nennen, oder den Umzug "
            "mit --abbrechen aufgeben.",
        )
    return zeichen


def _pruefe_ziel(ziel: sa.Engine, zeichen: Zeichen | None) -> None:
    """Empty, or filled by the same move."""
    with ziel.connect() as verbindung:
        kodierung = verbindung.execute(sa.text("SHOW server_encoding")).scalar_one()
        tabellen = sa.inspect(verbindung).get_table_names()
        frage = sa.select(FORTSCHRITT.c.stand).where(FORTSCHRITT.c.tabelle == "")
        kennung = verbindung.execute(frage).scalar_one_or_none() if FORTSCHRITT.name in tabellen else None
    if kodierung != "UTF8":
        text = f"Die Datenbank hat die Kodierung {kodierung}. Bitte eine mit UTF8 anlegen."
        raise UmzugError("umzug_ziel_kodierung", text)
    eigene = zeichen is not None and (zeichen.fertig or kennung == zeichen.kennung)
    if tabellen and not eigene:
        raise UmzugError(
            "umzug_ziel_nicht_leer",
            "In der Datenbank des Ziels steht schon etwas, und nichts wird überschrieben. Bitte prüfen, ob es die "
            "richtige ist, sonst eine neue, leere anlegen.",
        )


def _pruefe_inhalt(datei: Path, quelle: sa.Engine, bund: Schluesselbund) -> None:
    if ist_belegt(datei):
        text = f"An {datei} arbeitet noch ein Prozess von Fachwerk. Bitte den Dienst beenden und noch einmal beginnen."
        raise UmzugError("umzug_dienst_laeuft", text)
    if schema_stand(quelle) != "aktuell":
        text = "Die Datei ist nicht auf dem Stand dieser Fassung. Bitte erst „fachwerk datenbank aktualisieren“."
        raise UmzugError("umzug_schema", text)
    _pruefe_schluessel(quelle, bund)
    if unpassende := [f"{ort} ({anzahl} Zeilen)" for ort, anzahl in umzugskopie.unpassende(quelle)]:
        text = f"PostgreSQL nimmt diese Werte nicht, weil sie zu lang oder zu groß sind: {', '.join(unpassende)}."
        raise UmzugError("umzug_wert", f"{text} Bitte an die Entwicklung melden.")


def _pruefe_schluessel(quelle: sa.Engine, bund: Schluesselbund) -> None:
    from fachwerk.betrieb import pruefe_schluessel

    pruefe_schluessel(Store(quelle, bund))


# -- the move ---------------------------------------------------------------------------------------------------------


class _Umzug:
    def __init__(self, datei: Path, quelle: sa.Engine, ziel: sa.Engine, bund: Schluesselbund, zeichen: Zeichen) -> None:
        self._datei, self._quelle, self._ziel = datei, quelle, ziel
        self._bund, self._zeichen = bund, zeichen

    def gehe(
        self,
        oeffne: Callable[[sa.Engine], Betrieb],
        wer: str,
        koepfe: Iterable[Kopf],
        fortschritt: Callable[[int], object],
    ) -> Umzugsbericht:
        bericht = Umzugsbericht(self._zeichen.nach, war_fertig=self._zeichen.fertig)
        if not self._zeichen.fertig:
            self._lege_an()
            umzugskopie.kopiere(self._quelle, self._ziel, fortschritt)
            self._vergleiche(bericht)
            self._pruefe_ketten(bericht, list(koepfe))
            bericht.auftraege = self._reihe_ein(oeffne(self._ziel))
            self._zeichen = replace(self._zeichen, fertig=True)
            umzugszeichen.setze(self._datei, self._zeichen)
        self._gib_frei(wer)
        return bericht

    def _lege_an(self) -> None:
        """First the table that keeps nodes away, then the others."""
        with self._ziel.begin() as verbindung:
            FORTSCHRITT.create(verbindung, checkfirst=True)
            if verbindung.execute(sa.select(FORTSCHRITT).where(FORTSCHRITT.c.tabelle == "")).first() is None:
                verbindung.execute(FORTSCHRITT.insert().values(tabelle="", stand=self._zeichen.kennung, fertig=False))
        aktualisiere(self._ziel)
        lege_tabellen_an(self._ziel)

    def _vergleiche(self, bericht: Umzugsbericht) -> None:
        """Every row of every table that moves, chunks of content byte by byte."""
        for tabelle in umzugskopie.tabellen():
            hier, dort = (umzugskopie.summe(wo, tabelle) for wo in (self._quelle, self._ziel))
            if hier != dort:
                raise UmzugError(
                    "umzug_abweichung",
                    f"Die Tabelle {tabelle.name} ist am neuen Ort eine andere ({hier.zeilen} Zeilen hier, "
                    f"{dort.zeilen} dort). Bitte mit --abbrechen aufgeben und in eine neue, leere Datenbank umziehen; "
                    "wiederholt es sich, die Datenträger prüfen.",
                )
            bericht.zeilen[tabelle.name] = dort.zeilen
        staende = sa.select(vorgang.c.status, sa.func.count()).group_by(vorgang.c.status)
        with self._ziel.connect() as verbindung:
            bericht.staende = {status: int(anzahl) for status, anzahl in verbindung.execute(staende)}

    def _pruefe_ketten(self, bericht: Umzugsbericht, koepfe: list[Kopf]) -> None:
        """A chain that was broken before moves as it is, and is reported."""
        with self._ziel.connect() as verbindung:
            lade_siegel(verbindung, self._bund)
        dort = audit.pruefe(Store(self._ziel, self._bund), koepfe)
        bericht.ketten, bericht.ereignisse, bericht.brueche = dort.ketten, dort.zeilen, dort.brueche
        if dort.brueche and audit.pruefe(Store(self._quelle, self._bund), koepfe).brueche != dort.brueche:
            text = (
                "Eine Ereigniskette, die hier unversehrt ist, passt am neuen Ort nicht. Bitte mit --abbrechen aufgeben."
            )
            raise UmzugError("umzug_kette", text)

    def _reihe_ein(self, betrieb: Betrieb) -> int:
        try:
            return reihe_alles_ein(betrieb)
        finally:
            betrieb.auftraege.schliesse()

    def _gib_frei(self, wer: str) -> None:
        """The last commit: from here on nodes may work at the new place."""
        with self._ziel.begin() as verbindung:
            if not sa.inspect(verbindung).has_table(FORTSCHRITT.name):
                return
            FORTSCHRITT.drop(verbindung)
            lade_siegel(verbindung, self._bund)
            Store(self._ziel, self._bund).vermerke(verbindung, BETRIEB, wer, "umgezogen", self._zeichen.kennung)
        with self._ziel.connect().execution_options(isolation_level="AUTOCOMMIT") as verbindung:
            verbindung.exec_driver_sql("ANALYZE")
