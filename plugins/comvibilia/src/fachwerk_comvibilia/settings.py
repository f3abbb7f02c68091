"""Keys of a Kanal and of a Ziel with ``plugin = "comvibilia"``. Relative folders are meant from fachwerk.toml."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, field_validator

from fachwerk.errors import ConfigError
from fachwerk.modell import Kanal, Stufe, Ziel
from fachwerk_comvibilia.profil import Nachher, Profil, ist_pfad, lade

if TYPE_CHECKING:
    from fachwerk.aufbau import Umfeld

Fertigzeichen = Literal["marke", "sperren", "zweimal_gleich"]


class _Ordner(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    verzeichnis: str = Field(min_length=1, max_length=400)
    profil: str = Field(default="ordner", min_length=1, max_length=400)
    ankerdatei: str = Field(default="", max_length=200, pattern=r"^[^/\\]*$")
    alarm_minuten: int = Field(default=60, ge=1, le=100_000)

    @field_validator("profil")
    @classmethod
    def _gibt_es(cls, wert: str) -> str:
        if not ist_pfad(wert):
            _lade(wert, Path())
        return wert

    def layout(self, ordner: Path) -> Profil:
        """The layout profile; a site's own file is read anew when it changes. Raises ``ConfigError``."""
        return lade(self.profil, ordner)


class Kanaleinstellungen(_Ordner):
    """The export folder of COM Vibilia.

    ``fertig`` replaces what the profile says about complete messages; ``nachher`` likewise. ``verarbeitet`` is below
    ``verzeichnis`` unless absolute, and must be on the same volume; what lies there is deleted after
    ``aufbewahren_tage``. ``ankerdatei`` must be in ``verzeichnis``, else the drive counts as gone.
    """

    fertig: tuple[Fertigzeichen, ...] | None = None
    nachher: Nachher | None = None
    verarbeitet: str = Field(default="verarbeitet", min_length=1, max_length=400)
    aufbewahren_tage: int = Field(default=30, ge=1, le=3650)
    hoechstens_dateien: int = Field(default=500, ge=1, le=10_000)
    hoechstens_mb: int = Field(default=2000, ge=1, le=100_000)

    def im_umfeld(self, name: str, umfeld: Umfeld) -> Self:
        """Refuse a profile that cannot receive, and two Kanäle that would take each other's messages."""
        profil = _lade(self.profil, umfeld.ordner)
        if profil.eingang is None:
            raise ValueError(f"Das Layoutprofil „{self.profil}“ beschreibt keinen Eingang; dort „eingang“ ergänzen.")
        if self.fertig is not None and "marke" in self.fertig and not profil.eingang.fertig.marke:
            raise ValueError("fertig nennt „marke“, aber das Layoutprofil hat keine; dort fertig.marke eintragen.")
        _einzig(self, name, umfeld.ordner, umfeld.kanaele.values(), Kanaleinstellungen)
        return self


class Zieleinstellungen(_Ordner):
    """The import folder of COM Vibilia.

    ``quittungen`` is where receipts come (empty: ``verzeichnis``); ``auch_suchen`` are further folders in which a
    hand-over may be found again, such as that of what was sent. ``arbeitsverzeichnis`` takes what is being written, on
    the same volume (empty: inside ``verzeichnis``, under a name that starts with a dot).
    """

    quittungen: str = Field(default="", max_length=400)
    auch_suchen: tuple[str, ...] = Field(default=(), max_length=20)
    arbeitsverzeichnis: str = Field(default="", max_length=400)
    quittung_minuten: int = Field(default=60, ge=1, le=100_000)

    def ohne_anker(self) -> Self:
        """The same for the folders beside ``verzeichnis``, which need no anchor of their own."""
        return self.model_copy(update={"ankerdatei": ""})

    def quittungsstufen(self, ordner: Path) -> tuple[Stufe, ...]:
        """What the receipts of the layout can say: nothing where it describes none."""
        return self.layout(ordner).quittungsstufen

    def im_umfeld(self, name: str, umfeld: Umfeld) -> Self:
        """Refuse a profile that cannot hand over."""
        if _lade(self.profil, umfeld.ordner).ausgang is None:
            raise ValueError(f"Das Layoutprofil „{self.profil}“ beschreibt keinen Ausgang; dort „ausgang“ ergänzen.")
        return self


def kanaleinstellungen(kanal: Kanal) -> Kanaleinstellungen:
    """The validated keys of a Kanal."""
    return Kanaleinstellungen.model_validate(kanal.einstellungen)


def zieleinstellungen(ziel: Ziel) -> Zieleinstellungen:
    """The validated keys of a Ziel."""
    return Zieleinstellungen.model_validate(ziel.einstellungen)


def _lade(profil: str, ordner: Path) -> Profil:
    try:
        return lade(profil, ordner)
    except ConfigError as fehler:
        raise ValueError(fehler.hint) from fehler


def _einzig(eigene: _Ordner, name: str, ordner: Path, alle: Iterable[Any], art: type[_Ordner]) -> None:
    hier = (ordner / eigene.verzeichnis).resolve()
    for andere in alle:
        werte = andere.einstellungen
        if andere.name != name and isinstance(werte, art) and (ordner / werte.verzeichnis).resolve() == hier:
            raise ValueError(
                f"„{andere.name}“ liest denselben Ordner {hier}. Jeder Kanal braucht einen eigenen; einen streichen."
            )
