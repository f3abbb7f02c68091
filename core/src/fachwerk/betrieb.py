"""One installation in one process: configuration, plugins, store and job queue put together.

Commands that only look or enqueue need no more than this; :mod:`fachwerk.dienst` adds the workers.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
import structlog

from fachwerk import belegung, settings
from fachwerk.datenbank import aktualisiere, oeffne_datenbank, schema_stand
from fachwerk.errors import ConfigError, PermanentError
from fachwerk.notizen import Notizen
from fachwerk.plugins import Plugins, lade
from fachwerk.schluessel import Schluesselbund
from fachwerk.siegelschluessel import lade_siegel
from fachwerk.spiegel import Spiegel
from fachwerk.store import Store
from fachwerk.wirt import Wirt

if TYPE_CHECKING:
    from fachwerk.engine import Auftraege, Schlange
    from fachwerk.modell import Kanal, Ziel
    from fachwerk.routen import Route
    from fachwerk.settings import Aufbau, Einstellungen
    from fachwerk.viren import Pruefer

log = structlog.get_logger("fachwerk.betrieb")


def zielschlange(ziel: str) -> str:
    """Name of the engine queue of a Ziel."""
    return f"ziel.{ziel}"


class Betrieb:
    """What the line needs to know about its installation."""

    def __init__(self, einstellungen: Einstellungen, plugins: Plugins, aufbau: Aufbau, datenbank: sa.Engine) -> None:
        self.einstellungen = einstellungen
        self.plugins = plugins
        self.kanaele: dict[str, Kanal] = aufbau.kanaele
        self.ziele: dict[str, Ziel] = aufbau.ziele
        self.routen: Sequence[Route] = aufbau.routen
        self._formate = aufbau.formate
        self.land: str = einstellungen.fachwerk.land
        self.store = _store(einstellungen, datenbank)
        self.pruefer = self._pruefer()
        spiegel = einstellungen.sicherung.spiegel
        self.spiegel = Spiegel(einstellungen.ordner / spiegel) if spiegel else None
        self._wirte: dict[str, Wirt] = {}
        self.wartende = belegung.Wartende()

    @cached_property
    def auftraege(self) -> Auftraege:
        """The job queue; made when it is asked for, because commands that only look need no engine.

        Impatient: who asks comes again in seconds. The engine's own patience grows to a minute and more, for which a
        node would be silent and taken for dead, long after its database is back.
        """
        from fachwerk.engine import Auftraege

        return Auftraege(self.store.datenbank, geduldig=False)

    def _pruefer(self) -> Pruefer | None:
        from fachwerk.viren import pruefer

        return pruefer(self.einstellungen.virenpruefung)

    def wirt(self, plugin: str, inhalt: Any = None, gespeichert: Callable[[str], bool] | None = None) -> Wirt:
        """The host for I/O hooks of ``plugin``; HTTP clients are kept alive between calls."""
        if plugin not in self._wirte:
            eigener = Wirt(plugin, self.einstellungen.ordner, None, os.environ, notizen=Notizen(self.store))
            self._wirte.setdefault(plugin, eigener)
        stamm = self._wirte[plugin]
        return stamm if inhalt is None and gespeichert is None else stamm.mit(inhalt, gespeichert)

    def bestaetigt(self, formatplugin: str) -> Sequence[Any]:
        """Mappings of a format that this site has confirmed (``[format.x] bestaetigt``)."""
        angaben = self._formate.get(formatplugin)
        return () if angaben is None else tuple(angaben.bestaetigt)

    def melde_schritt(self, vorgang_id: str, schritt: str) -> None:
        """Tell the plugins about a committed step; what they do with it never disturbs the line."""
        for name in self.plugins.namen:
            if self.plugins.hat(name, "on_step"):
                try:
                    self.plugins.sammle("on_step", [name], vorgang_id=vorgang_id, schritt=schritt)
                except Exception as fehler:
                    log.warning("on_step_gescheitert", plugin=name, klasse=type(fehler).__name__)

    def reihe_zustellung_ein(
        self,
        verbindung: sa.Connection,
        vorgang_id: str,
        ziel: str,
        fassung: int,
        versuch: int,
        verzoegerung: float = 0,
        marke: str = "",
    ) -> None:
        """Enqueue one delivery attempt in the caller's transaction."""
        kennung = f"zustellung:{vorgang_id}:{ziel}:{fassung}:{versuch}{marke}"
        self.auftraege.reihe_ein(
            verbindung,
            "stelle_zu",
            zielschlange(ziel),
            kennung,
            vorgang_id,
            ziel,
            str(fassung),
            str(versuch),
            verzoegerung=verzoegerung,
        )

    def schlangen(self) -> list[Schlange]:
        """The queues of this installation: the line, the polls, one per Ziel."""
        from fachwerk.engine import Schlange

        arbeiter = self.einstellungen.fachwerk.arbeiter
        ziele = [
            Schlange(zielschlange(ziel.name), belegung.je_knoten(ziel.gleichzeitig, ziel.je_minute), ziel.je_minute)
            for ziel in self.ziele.values()
        ]
        return [Schlange("linie", arbeiter), Schlange("abruf", max(len(self.kanaele), 1)), *ziele]

    def schliesse(self) -> None:
        """Release connections."""
        if "auftraege" in vars(self):
            with suppress(Exception):
                self.auftraege.schliesse()
        for wirt in self._wirte.values():
            wirt.schliesse()
        self.store.datenbank.dispose()


def oeffne_betrieb(konfig: Path | None, *, anlegen: bool = False, nur_genannte: bool = False) -> Betrieb:
    """Read the configuration, load the plugins and open the database; ``ConfigErrors`` with every problem.

    ``anlegen`` makes the tables of an empty database; any other state than the newest is refused. With
    ``nur_genannte`` no plugin is imported that the configuration does not name: for commands that handle no message.
    """
    einstellungen = settings.lade(konfig)
    genannte = settings.plugins_der_konfiguration(einstellungen)
    plugins = lade(genannte, nur=settings.formate_der_routen(einstellungen)) if nur_genannte else lade(genannte)
    aufbau = settings.aufbau(einstellungen, plugins)
    datenbank = oeffne_datenbank(settings.datenbank_url(einstellungen))
    pruefe_schema(datenbank, anlegen=anlegen)
    betrieb = Betrieb(einstellungen, plugins, aufbau, datenbank)
    pruefe_schluessel(betrieb.store)
    return betrieb


@contextmanager
def offener_store(konfig: Path | None) -> Iterator[Store]:
    """The store of an installation alone, for commands that only read it: no plugin is loaded, no key of one checked.

    Raises ``ConfigErrors`` for what is wrong in the core's own keys, and like :func:`oeffne_betrieb` for the database.
    """
    einstellungen = settings.lade(konfig)
    datenbank = oeffne_datenbank(settings.datenbank_url(einstellungen))
    try:
        pruefe_schema(datenbank, anlegen=False)
        store = _store(einstellungen, datenbank)
        pruefe_schluessel(store)
        yield store
    finally:
        datenbank.dispose()


def _store(einstellungen: Einstellungen, datenbank: sa.Engine) -> Store:
    schluesseldatei = einstellungen.ordner / einstellungen.fachwerk.schluesseldatei
    return Store(datenbank, Schluesselbund.aus_datei(schluesseldatei))


def pruefe_schluessel(store: Store) -> None:
    """Refuse to work with a site key that does not open what is stored: new cases would be lost with it."""
    try:
        store.inhalt.pruefe_hauptschluessel()
        with store.lesend() as verbindung:
            lade_siegel(verbindung, store.bund)
    except PermanentError as fehler:
        raise ConfigError(
            fehler.code,
            "Die Schlüsseldatei gehört nicht zu dieser Datenbank: Gespeicherte Vorgänge wurden mit einem anderen "
            "Hauptschlüssel verschlüsselt. Bitte die richtige Datei aus der Sicherung zurückholen.",
            schluessel="fachwerk.schluesseldatei",
            umgebung="FACHWERK_SCHLUESSELDATEI",
        ) from None


def pruefe_schema(datenbank: sa.Engine, *, anlegen: bool) -> None:
    """Refuse a database that this version does not understand."""
    try:
        stand = schema_stand(datenbank)
    except sa.exc.OperationalError:
        raise ConfigError(
            "datenbank_nicht_erreichbar",
            "Die Datenbank ist nicht erreichbar. Bitte Adresse, Netz und Anmeldung prüfen ([fachwerk].datenbank).",
            schluessel="fachwerk.datenbank",
            umgebung="FACHWERK_DATENBANK",
        ) from None
    if stand == "leer" and anlegen:
        aktualisiere(datenbank)
    elif stand != "aktuell":
        was = {
            "leer": "Die Datenbank ist noch leer. Sie wird mit „fachwerk run“ oder „fachwerk poll“ angelegt.",
            "alt": "Die Datenbank stammt von einer älteren Fassung. Sichern, dann „fachwerk datenbank aktualisieren“.",
            "fremd": "Die Datenbank stammt von einer neueren Fassung oder von einem anderen Programm.",
            "umzug": "Der Umzug dieser Datenbank ist nicht zu Ende: „fachwerk umzug“ noch einmal starten.",
            "umgezogen": "Diese Datei ist auf einen Server umgezogen. Dessen Adresse gehört in [fachwerk].datenbank.",
        }
        raise ConfigError("datenbank_" + stand, was[stand], schluessel="fachwerk.datenbank")
