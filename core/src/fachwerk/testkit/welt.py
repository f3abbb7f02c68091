"""A small fictitious world for tests: one installation in one thread, without engine, network or waiting.

``Welt(url, ordner)`` is a :class:`fachwerk.betrieb.Betrieb` on an empty database with the plugins of
:mod:`fachwerk.testkit.mitspieler`; :meth:`Welt.lege_ein` puts a message into its mailbox, :meth:`Welt.rufe_ab` polls,
:meth:`Welt.arbeite` runs what is due until nothing is. Jobs stand in a table of the same database, so that they exist
exactly if the transaction that enqueued them committed – as with the real engine. :meth:`Welt.vergehe` lets time pass
by moving all stored times into the past. A vendor hands in the own plugin::

    welt = Welt(url, ordner, plugins={"meinziel": fachwerk_meinziel}, ziel={"amt": {"plugin": "meinziel", …}})
    welt.lege_ein("n-1", antrag_xml(uuid="1"))
    assert welt.durchlauf() == ["done"]
"""

from __future__ import annotations

import base64
import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from fachwerk import abruf, kanalprobe, klaerung, line, rueckfrage, settings, zustellung
from fachwerk.abschnitte import Einstellungen
from fachwerk.betrieb import Betrieb
from fachwerk.datenbank import aktualisiere, fuege_neu_ein, oeffne_datenbank, schema_stand
from fachwerk.modell import Idempotenz, utc
from fachwerk.plugins import Plugins
from fachwerk.spalten import Zeitpunkt
from fachwerk.tabellen import METADATA, knoten, vorgang
from fachwerk.testkit.mitspieler import (
    Auskunftsziel,
    Beobachter,
    Datei,
    Kleinformat,
    Nachricht,
    Postfach,
    Regelwerk,
    Zielsystem,
    antrag_xml,
)

__all__ = ["Auftragsbuch", "Welt", "antrag_xml"]

SCHLUESSEL = bytes(range(32))
"""The site key of every world: no secret."""

_EIGENE = sa.MetaData()
_AUFTRAG = sa.Table(
    "welt_auftrag",
    _EIGENE,
    sa.Column("nr", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("kennung", sa.String(400), unique=True),
    sa.Column("einzig", sa.String(200)),
    sa.Column("aufgabe", sa.String(40)),
    sa.Column("schlange", sa.String(200)),
    sa.Column("argumente", sa.Text),
    sa.Column("faellig", Zeitpunkt()),
    sa.Column("erledigt", sa.Boolean, default=False),
)


class Auftragsbuch:
    """Stands in for :class:`fachwerk.engine.Auftraege`: the same promises about ids and commits, no workers."""

    def __init__(self, datenbank: sa.Engine, *, geduldig: bool = True) -> None:
        """``geduldig`` is for the likeness: here nothing is waited for."""
        self._datenbank = datenbank
        self.toedliche: set[str] = set()
        _EIGENE.create_all(datenbank)

    def reihe_ein(
        self,
        verbindung: sa.Connection,
        aufgabe: str,
        schlange: str,
        auftrag_id: str,
        *argumente: str,
        verzoegerung: float = 0,
    ) -> None:
        """Enqueue in the caller's transaction; the same id twice is one job."""
        self._schreibe(verbindung, aufgabe, schlange, auftrag_id, argumente, verzoegerung)

    def reihe_einmal_ein(
        self, aufgabe: str, schlange: str, auftrag_id: str, einzig: str, *argumente: str, verzoegerung: float = 0
    ) -> bool:
        """Enqueue unless a job with the same ``einzig`` waits."""
        offen = sa.select(_AUFTRAG.c.nr).where(_AUFTRAG.c.einzig == einzig, _AUFTRAG.c.erledigt.is_(False))
        with self._datenbank.begin() as verbindung:
            if verbindung.execute(offen).first() is not None:
                return False
            self._schreibe(verbindung, aufgabe, schlange, auftrag_id, argumente, verzoegerung, einzig)
        return True

    def _schreibe(
        self,
        verbindung: sa.Connection,
        aufgabe: str,
        schlange: str,
        kennung: str,
        argumente: Sequence[str],
        verzoegerung: float,
        einzig: str = "",
    ) -> None:
        fuege_neu_ein(
            verbindung,
            _AUFTRAG,
            kennung=kennung,
            einzig=einzig,
            aufgabe=aufgabe,
            schlange=schlange,
            argumente="\n".join(argumente),
            faellig=datetime.now(UTC) + timedelta(seconds=verzoegerung),
            erledigt=False,
        )

    def naechster(self) -> Any:
        """The oldest due job, None if nothing is due."""
        frage = sa.select(_AUFTRAG).where(_AUFTRAG.c.erledigt.is_(False)).order_by(_AUFTRAG.c.faellig, _AUFTRAG.c.nr)
        with self._datenbank.connect() as verbindung:
            zeile = verbindung.execute(frage.limit(1)).one_or_none()
        return zeile if zeile is not None and utc(zeile.faellig) <= datetime.now(UTC) else None

    def erledige(self, nr: int) -> None:
        """Mark a job as done."""
        with self._datenbank.begin() as verbindung:
            verbindung.execute(_AUFTRAG.update().where(_AUFTRAG.c.nr == nr).values(erledigt=True))

    def alle(self) -> list[Any]:
        """Every job ever enqueued, oldest first."""
        with self._datenbank.connect() as verbindung:
            return list(verbindung.execute(sa.select(_AUFTRAG).order_by(_AUFTRAG.c.nr)))

    def offene(self) -> set[str]:
        """Ids of the jobs that wait."""
        return {zeile.kennung for zeile in self.alle() if not zeile.erledigt}

    def loesche(self, auftrag_ids: Iterable[str]) -> None:
        """Remove jobs; the real engine does so with finished ones only."""
        with self._datenbank.begin() as verbindung:
            verbindung.execute(_AUFTRAG.delete().where(_AUFTRAG.c.kennung.in_(list(auftrag_ids))))

    def aufgegebene(self) -> list[tuple[str, str]]:
        """Jobs that killed their process too often: those the test put into ``toedliche``."""
        return [
            (zeile.kennung, zeile.argumente.split("\n")[0]) for zeile in self.alle() if zeile.kennung in self.toedliche
        ]

    def uebernimm(self, lebende: set[str], melde: object = None) -> int:
        """There is nobody else's work here."""
        return 0

    def nimm_auf(self, platz: str, verlassene: object) -> int:
        """Nothing runs here that nobody works on."""
        return 0

    def setze_takt(self, takte: Mapping[str, float] | None = None) -> None:
        """Nothing is polled here."""

    def schliesse(self) -> None:
        """Nothing to release."""


class Absturz(BaseException):
    """The process is gone: nothing catches this. A real kill is a signal to a process; this leaves the same behind."""


class Welt:
    """One installation; ``postfach``, ``format``, ``regeln``, ``beobachter`` and the targets are its plugins."""

    def __init__(
        self,
        url: str,
        ordner: Path,
        *,
        plugins: Mapping[str, object] | None = None,
        ziel: Mapping[str, Mapping[str, Any] | str] | None = None,
        route: Sequence[Mapping[str, Any]] = ({"leistung": "*", "ziel": "akte"},),
        **abschnitte: Any,
    ) -> None:
        """``ziel`` maps names to a plugin or a section; ``abschnitte`` are further sections of the configuration."""
        self.postfach, self.format, self.regeln = Postfach(), Kleinformat(), Regelwerk()
        self.beobachter = Beobachter()
        self.mit_schluessel = Zielsystem("mit_schluessel", Idempotenz.SCHLUESSEL)
        self.mit_abfrage = Auskunftsziel("mit_abfrage", Idempotenz.ABFRAGE)
        self.ohne_schutz = Zielsystem("ohne_schutz", Idempotenz.KEINE)
        eigene = [self.postfach, self.format, self.regeln, self.beobachter]
        ziele: list[Zielsystem] = [self.mit_schluessel, self.mit_abfrage, self.ohne_schutz]
        self.plugins = Plugins.aus_modulen({plugin.name: plugin for plugin in [*eigene, *ziele]} | dict(plugins or {}))  # type: ignore[attr-defined]
        self._baum = {
            "fachwerk": {"land": "mv"},
            "kanal": {"postfach": {"plugin": "postfach"}},
            "ziel": {name: _abschnitt(wert) for name, wert in (ziel or {"akte": "mit_schluessel"}).items()},
            "route": list(route),
        } | abschnitte
        self._url, self._ordner = url, ordner
        ordner.mkdir(parents=True, exist_ok=True)
        (ordner / "fachwerk.key").write_bytes(base64.b64encode(SCHLUESSEL))
        self.betrieb = self._oeffne()
        if schema_stand(self.betrieb.store.datenbank) != "aktuell":
            aktualisiere(self.betrieb.store.datenbank)
        self.auftraege = self._stelle_auftragsbuch()

    def _oeffne(self) -> Betrieb:
        einstellungen = Einstellungen.model_validate(self._baum)
        einstellungen._ordner = self._ordner
        aufbau = settings.aufbau(einstellungen, self.plugins)
        return Betrieb(einstellungen, self.plugins, aufbau, oeffne_datenbank(self._url))

    def _stelle_auftragsbuch(self) -> Auftragsbuch:
        buch = Auftragsbuch(self.betrieb.store.datenbank)
        self.betrieb.auftraege = buch  # type: ignore[assignment]
        return buch

    # -- the outside ----------------------------------------------------------------------------------------------

    def lege_ein(
        self, nachricht_id: str, xml: bytes | None = None, *dateien: Datei, kanal: str = "postfach", **angaben: Any
    ) -> None:
        """Put a message into a mailbox: ``xml`` and further files; ``angaben`` as in :class:`Nachricht`."""
        erste = () if xml is None else (("antrag.xml", "application/xml", xml),)
        nachricht = Nachricht(nachricht_id, (*erste, *dateien), **angaben)
        self.postfach.inhalt.setdefault(kanal, {})[nachricht_id] = nachricht

    def neuer_prozess(self, **abschnitte: Any) -> None:
        """A restart: another process id, jobs and data as they were; ``abschnitte`` replace configuration."""
        self._baum |= abschnitte
        self.schliesse()
        self.betrieb = self._oeffne()
        self.auftraege = self._stelle_auftragsbuch()

    def nachbar(self) -> Welt:
        """Another living process at the same database, with the same plugins."""
        andere = object.__new__(Welt)
        andere.__dict__.update(self.__dict__)
        andere.betrieb = self._oeffne()
        andere.auftraege = andere._stelle_auftragsbuch()
        andere.lebe()
        return andere

    def lebe(self) -> None:
        """Announce this process as alive, as its slot does every few seconds."""
        jetzt = datetime.now(UTC)
        with self.betrieb.store.datenbank.begin() as verbindung:
            prozess = self.betrieb.store.prozess
            verbindung.execute(knoten.delete().where(knoten.c.prozess == prozess))
            verbindung.execute(
                knoten.insert().values(platz=uuid.uuid4().hex, prozess=prozess, gestartet=jetzt, herzschlag=jetzt)
            )

    def vergehe(self, **dauer: float) -> None:
        """Let time pass (``vergehe(hours=2)``): every stored time but those of the audit moves into the past."""
        spanne = timedelta(**dauer)
        with self.betrieb.store.datenbank.begin() as verbindung:
            for tabelle in [*METADATA.sorted_tables, _AUFTRAG]:
                if tabelle.name != "ereignis":
                    _verschiebe(verbindung, tabelle, spanne)

    def schliesse(self) -> None:
        """Release the database."""
        self.betrieb.schliesse()

    # -- the work -------------------------------------------------------------------------------------------------

    def rufe_ab(self, kanal: str = "postfach") -> int:
        """Poll once; see :func:`fachwerk.abruf.rufe_ab`."""
        return abruf.rufe_ab(self.betrieb, kanal)

    def arbeite(self) -> int:
        """Run due jobs until none is; returns how many. What a job raises passes on, and the job stays."""
        anzahl = 0
        while (auftrag := self.auftraege.naechster()) is not None:
            self._aufgaben()[auftrag.aufgabe](self.betrieb, *auftrag.argumente.split("\n"))
            self.auftraege.erledige(auftrag.nr)
            anzahl += 1
        return anzahl

    def _aufgaben(self) -> dict[str, Callable[..., Any]]:
        return {
            "bearbeite": line.bearbeite,
            "klaere": klaerung.klaere,
            "stelle_zu": zustellung.stelle_zu,
            "frage_nach": rueckfrage.frage_nach,
            "rufe_ab": kanalprobe.rufe_ab,
        }

    def durchlauf(self) -> list[str]:
        """Poll, work, and say the states of all cases, oldest first."""
        self.rufe_ab()
        self.arbeite()
        return [zeile.status for zeile in self.vorgaenge()]

    # -- questions ------------------------------------------------------------------------------------------------

    def vorgaenge(self) -> list[Any]:
        """The rows of all cases, oldest first."""
        with self.betrieb.store.lesend() as verbindung:
            return list(verbindung.execute(sa.select(vorgang).order_by(vorgang.c.angelegt, vorgang.c.id)))

    def der_vorgang(self) -> Any:
        """The row of the only case."""
        (zeile,) = self.vorgaenge()
        return zeile

    def zeilen(self, tabelle: sa.Table) -> list[Any]:
        """All rows of a table, by primary key."""
        with self.betrieb.store.lesend() as verbindung:
            return list(verbindung.execute(sa.select(tabelle).order_by(*tabelle.primary_key.columns)))

    def journal(self, vorgang_id: str | None = None) -> list[tuple[str, str]]:
        """(step, code) of a case, of the only one unless named."""
        kennung = vorgang_id or self.der_vorgang().id
        return [(zeile.name, zeile.code) for zeile in self.betrieb.store.schritte(kennung)]


def _abschnitt(wert: Mapping[str, Any] | str) -> dict[str, Any]:
    return {"plugin": wert} if isinstance(wert, str) else dict(wert)


def _verschiebe(verbindung: sa.Connection, tabelle: sa.Table, spanne: timedelta) -> None:
    zeiten = [spalte for spalte in tabelle.columns if isinstance(spalte.type, Zeitpunkt)]
    schluessel = list(tabelle.primary_key.columns)
    if not zeiten:
        return
    frage = sa.select(*schluessel, *(spalte for spalte in zeiten if spalte not in schluessel))
    werte = [
        {f"pk_{spalte.name}": zeile[spalte.name] for spalte in schluessel}
        | {spalte.name: zeile[spalte.name] and utc(zeile[spalte.name]) - spanne for spalte in zeiten}
        for zeile in verbindung.execute(frage).mappings().all()
    ]
    if werte:
        hier = [spalte == sa.bindparam(f"pk_{spalte.name}") for spalte in schluessel]
        verbindung.execute(tabelle.update().where(*hier), werte)
