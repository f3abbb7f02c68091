"""Keys of a Ziel with ``plugin = "aktenablage"``."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field


class Zieleinstellungen(BaseModel):
    """``verzeichnis`` is the folder of all case folders; a relative one is meant from the folder of fachwerk.toml."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    verzeichnis: str = Field(min_length=1, description="Ordner, in dem je Vorgang ein Aktenordner entsteht")
    behoerde: str = Field(default="", max_length=200, description="Name der Behörde im Kopf der Schriftstücke")
