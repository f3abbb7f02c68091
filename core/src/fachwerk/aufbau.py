"""From checked settings and loaded plugins to what the line works with: Kanäle, Ziele, formats and routes.

Each plugin's own keys are validated with the model its manifest gives for that kind; a key the model does not know
is an error even if the model would accept it. All problems are reported together.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from fachwerk.abschnitte import EigeneSchluessel, Einstellungen
from fachwerk.errors import ConfigError, ConfigErrors
from fachwerk.konfigfehler import meinten_sie, probleme_aus, unbekannt
from fachwerk.konfigfehler import problem as neues_problem
from fachwerk.modell import Art, Kanal, Stufe, Ziel
from fachwerk.plugins import Plugins
from fachwerk.routen import Route, pruefe_routen
from fachwerk.stufen import erwartungen, mit_stufen

Abschnitt = TypeVar("Abschnitt", Kanal, Ziel)


@dataclass(frozen=True)
class Umfeld:
    """What a settings model may see besides its own keys, if it has a method ``im_umfeld(name, umfeld)``.

    The method returns the settings as they shall hold, perhaps with what it took from another section, or raises
    ``ValueError`` with a German sentence: what cannot work together, and what to do. ``ordner`` is the folder of
    ``fachwerk.toml``, ``klaerung`` the Ziel of ``[klaerung]``; sections that are wrong themselves are left out.

    A Ziel that takes cases of some Kanäle only has a method ``aus_kanal(kanal)`` besides, which raises likewise: it is
    asked for each case before it is rendered, because a case may be older than the routes, or be sent by hand.
    """

    ordner: Path
    kanaele: Mapping[str, Kanal]
    ziele: Mapping[str, Ziel]
    routen: tuple[Route, ...]
    klaerung: str = ""


@dataclass(frozen=True)
class Format:
    """A format plugin as configured: ``bestaetigt`` as :func:`fachwerk.pipeline.bestaetige` takes it."""

    name: str
    bestaetigt: tuple[str | Mapping[str, Any], ...] = ()
    einstellungen: Any = None


@dataclass(frozen=True)
class Aufbau:
    """Everything the configuration describes, by name."""

    kanaele: dict[str, Kanal]
    ziele: dict[str, Ziel]
    routen: tuple[Route, ...]
    formate: dict[str, Format]


def aufbau(einstellungen: Einstellungen, plugins: Plugins) -> Aufbau:
    """Validate the plugins' own keys and the routes; raises ``ConfigErrors`` with all problems."""
    ergebnis, probleme = aufbau_soweit(einstellungen, plugins)
    if probleme:
        raise ConfigErrors(probleme)
    return ergebnis


def aufbau_soweit(einstellungen: Einstellungen, plugins: Plugins) -> tuple[Aufbau, list[ConfigError]]:
    """Like :func:`aufbau`, but give what works together with the problems of the rest."""
    probleme: list[ConfigError] = []
    bau = _Bau(einstellungen, plugins, probleme)
    ergebnis = Aufbau(bau.kanaele(), bau.ziele(), einstellungen.routen, bau.formate())
    formate = {*ergebnis.formate, *plugins.mit_art(Art.FORMAT)}
    genannte = _genannte_kanaele(einstellungen, ergebnis.kanaele)
    for fund in pruefe_routen(ergebnis.routen, genannte, set(einstellungen.ziel), formate):
        fund.details["datei"] = str(einstellungen.datei or "")
        probleme.append(fund)
    bau.klaerung()
    umfeld = Umfeld(
        einstellungen.ordner, ergebnis.kanaele, ergebnis.ziele, ergebnis.routen, einstellungen.klaerung.ziel
    )
    kanaele = bau.im_umfeld("kanal", ergebnis.kanaele, umfeld)
    ziele = bau.mit_stufen(bau.im_umfeld("ziel", ergebnis.ziele, umfeld))
    return replace(ergebnis, kanaele=kanaele, ziele=ziele), probleme


def _genannte_kanaele(einstellungen: Einstellungen, fertige: Mapping[str, Kanal]) -> dict[str, Kanal]:
    """All Kanäle of the configuration, also those whose own keys are wrong: a route may name them."""
    return {
        name: fertige.get(name) or Kanal(name=name, plugin=abschnitt.plugin, land=abschnitt.land)
        for name, abschnitt in einstellungen.kanal.items()
    }


@dataclass(frozen=True)
class _Bau:
    einstellungen: Einstellungen
    plugins: Plugins
    probleme: list[ConfigError]

    def kanaele(self) -> dict[str, Kanal]:
        fertig: dict[str, Kanal] = {}
        for name, abschnitt in self.einstellungen.kanal.items():
            geprueft, eigene = self._eigene(("kanal", name), abschnitt.plugin, Art.KANAL, abschnitt)
            if geprueft:
                felder = abschnitt.model_dump(include={"plugin", "kennung", "leistung", "land"})
                fertig[name] = Kanal(name=name, einstellungen=eigene, **felder)
        return fertig

    def ziele(self) -> dict[str, Ziel]:
        fertig: dict[str, Ziel] = {}
        for name, abschnitt in self.einstellungen.ziel.items():
            geprueft, eigene = self._eigene(("ziel", name), abschnitt.plugin, Art.ZIEL, abschnitt)
            if geprueft:
                felder = abschnitt.model_dump(include={"plugin", "gleichzeitig", "je_minute"})
                fertig[name] = Ziel(name=name, einstellungen=eigene, **felder)
        return fertig

    def formate(self) -> dict[str, Format]:
        fertig: dict[str, Format] = {}
        for name, abschnitt in self.einstellungen.format.items():
            geprueft, eigene = self._eigene(("format", name), name, Art.FORMAT, abschnitt)
            if geprueft:
                bestaetigt = tuple(
                    eintrag if isinstance(eintrag, str) else eintrag.model_dump() for eintrag in abschnitt.bestaetigt
                )
                fertig[name] = Format(name, bestaetigt, eigene)
        for name in self.plugins.mit_art(Art.FORMAT):
            if name not in self.einstellungen.format:
                fertig[name] = Format(name, (), self._vorgaben(name))
        return fertig

    def _vorgaben(self, name: str) -> BaseModel | None:
        """The defaults of a format plugin nobody configured, None where it has keys without default."""
        modell = self.plugins.manifest(name).einstellungen.get(Art.FORMAT)
        try:
            return modell.model_validate({}) if modell else None
        except ValidationError:
            return None

    def klaerung(self) -> None:
        ziel = self.einstellungen.klaerung.ziel
        if ziel and ziel not in self.einstellungen.ziel:
            text = f"Das Ziel „{ziel}“ gibt es nicht.{meinten_sie(ziel, self.einstellungen.ziel)}"
            self.probleme.append(neues_problem("ziel_unbekannt", text, ("klaerung", "ziel"), self.einstellungen.datei))

    def im_umfeld(self, art: str, abschnitte: Mapping[str, Abschnitt], umfeld: Umfeld) -> dict[str, Abschnitt]:
        """The sections that hold beside all others; a model without ``im_umfeld`` looks at nothing but itself."""
        fertig: dict[str, Abschnitt] = {}
        for name, abschnitt in abschnitte.items():
            pruefe = getattr(abschnitt.einstellungen, "im_umfeld", None)
            try:
                eigene = pruefe(name, umfeld) if pruefe else abschnitt.einstellungen
            except ValueError as fehler:
                text = str(fehler)
                self.probleme.append(neues_problem("zusammenhang", text, (art, name), self.einstellungen.datei))
            else:
                fertig[name] = abschnitt.model_copy(update={"einstellungen": eigene})
        return fertig

    def mit_stufen(self, ziele: Mapping[str, Ziel]) -> dict[str, Ziel]:
        """Each Ziel with the receipts it can give as it is configured, and when they are expected."""
        return {name: self._mit_stufen(ziel) for name, ziel in ziele.items()}

    def _erwartet_s(self, ziel: Ziel) -> dict[Stufe, int]:
        """What its section says; for the technical receipt else ``[alarm].unbestaetigt_stunden``."""
        eigene, stufe = self.einstellungen.ziel[ziel.name].erwartet_s, Stufe.TECHNISCH_BESTAETIGT
        vorgabe = {stufe: self.einstellungen.alarm.unbestaetigt_stunden * 3600} if stufe in ziel.stufen else {}
        return {**vorgabe, **eigene}

    def _mit_stufen(self, ziel: Ziel) -> Ziel:
        code, ort = "stufen_unzulaessig", ["ziel", ziel.name]
        try:
            ziel = mit_stufen(self.plugins, ziel, self.einstellungen.ordner)
            code, ort = "stufe_unerreichbar", [*ort, "erwartet"]
            erwartet = erwartungen(ziel.stufen, self._erwartet_s(ziel))
        except ValueError as fehler:
            self.probleme.append(neues_problem(code, str(fehler), ort, self.einstellungen.datei))
            return ziel
        return ziel.model_copy(update={"erwartet": erwartet})

    def _eigene(
        self, ort: tuple[str, str], plugin: str, art: Art, abschnitt: EigeneSchluessel
    ) -> tuple[bool, BaseModel | None]:
        """Whether the section can be used, and the plugin's validated model (None if it has none).

        A key too many is a problem, but hides nothing else: the rest is checked and can be used in a preflight.
        """
        datei = self.einstellungen.datei
        if plugin not in self.plugins.namen:
            return False, None  # reported when the plugins were loaded
        manifest = self.plugins.manifest(plugin)
        if art not in manifest.arten:
            text = f"Das Plugin „{plugin}“ ist kein Plugin der Art {art.value} ({', '.join(sorted(manifest.arten))})."
            self.probleme.append(neues_problem("plugin_art", text, (*ort, "plugin"), datei))
            return False, None
        modell = manifest.einstellungen.get(art)
        self.probleme.extend(_unbekannte(ort, abschnitt, modell, datei))
        bekannte = {name: wert for name, wert in abschnitt.eigene.items() if name in _felder(modell)}
        return self._validiere(ort, bekannte, modell)

    def _validiere(
        self, ort: tuple[str, str], eigene: Mapping[str, Any], modell: type[BaseModel] | None
    ) -> tuple[bool, BaseModel | None]:
        try:
            umfeld = {"ordner": self.einstellungen.ordner}  # relative paths are meant from here
            return True, modell.model_validate(eigene, context=umfeld) if modell else None
        except ValidationError as fehler:
            self.probleme.extend(probleme_aus(fehler, eigene, vor=ort, datei=self.einstellungen.datei))
            return False, None


def _felder(modell: type[BaseModel] | None) -> set[str]:
    return {feld.alias or name for name, feld in modell.model_fields.items()} if modell else set()


def _unbekannte(
    ort: tuple[str, str], abschnitt: EigeneSchluessel, modell: type[BaseModel] | None, datei: Path | None
) -> Iterator[ConfigError]:
    bekannte = _felder(modell) | set(type(abschnitt).model_fields)
    for name in sorted(set(abschnitt.eigene) - _felder(modell)):
        yield neues_problem("schluessel_unbekannt", unbekannt(name, bekannte), (*ort, name), datei)
