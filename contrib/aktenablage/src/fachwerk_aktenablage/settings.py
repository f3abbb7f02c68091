"""Keys of a Ziel with ``plugin = "aktenablage"``."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated, Any, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationInfo, model_validator

from fachwerk_aktenablage.bild import GROESSTE_DATEI, Bild, lies_bild


def _lade_logo(wert: Any, info: ValidationInfo) -> Any:
    """Read the file once, at the start: ``render`` touches no disk, and a wrong logo is said before the first case."""
    if not isinstance(wert, str):
        return wert
    if not wert:
        return None
    pfad = Path((info.context or {}).get("ordner", ".")) / wert
    try:
        with open(pfad, "rb") as datei:
            return lies_bild(datei.read(GROESSTE_DATEI + 1))
    except OSError as fehler:
        grund = "fehlt" if isinstance(fehler, FileNotFoundError) else "lässt sich nicht lesen"
        raise ValueError(f"Die Bilddatei {pfad} {grund}. Bitte Pfad und Rechte prüfen.") from fehler
    except ValueError as fehler:
        raise ValueError(f"Die Bilddatei {pfad} {fehler}") from fehler


class Zieleinstellungen(BaseModel):
    """``verzeichnis`` is the folder of all case folders; a relative one is meant from the folder of fachwerk.toml.

    ``logo`` names a file in the configuration and holds the image it was read into; ``spiegel`` is a second folder
    that gets everything ``verzeichnis`` gets.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    verzeichnis: str = Field(min_length=1, description="Ordner, in dem je Vorgang ein Aktenordner entsteht")
    behoerde: str = Field(default="", max_length=200, description="Name der Behörde im Kopf der Schriftstücke")
    logo: Annotated[Bild | None, BeforeValidator(_lade_logo)] = Field(
        default=None, description="PNG- oder JPEG-Datei für den Kopf der PDF-Schriftstücke"
    )
    zip: bool = Field(default=False, description="Neben jeden Ordner dieselben Dateien als ZIP-Archiv legen")
    spiegel: str = Field(default="", description="Zweiter Ordner, der dasselbe noch einmal erhält")
    aufbewahren_tage: int | None = Field(
        default=None, ge=1, le=36_500, description="Akte so viele Tage nach Abschluss löschen; ohne Angabe nie"
    )

    @model_validator(mode="after")
    def _zwei_ordner(self) -> Self:
        if self.spiegel and os.path.normpath(self.spiegel) == os.path.normpath(self.verzeichnis):
            raise ValueError("spiegel ist derselbe Ordner wie verzeichnis; bitte einen anderen angeben oder weglassen")
        return self
