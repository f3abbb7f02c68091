"""Keys of a Ziel with ``plugin = "muster_fachverfahren"``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from fachwerk.transport import Verbindung

if TYPE_CHECKING:
    from fachwerk.host import Host


def _adresse(url: str) -> str:
    teile = urlsplit(url)
    sicher = teile.scheme == "https" or (teile.scheme == "http" and teile.hostname == "127.0.0.1")
    if not sicher or not teile.hostname or teile.username:
        raise ValueError("muss eine https-Adresse ohne Benutzernamen sein (http nur auf 127.0.0.1)")
    return url.rstrip("/")


def _geheimnis(verweis: str) -> str:
    if not verweis.startswith(("env:", "datei:")):
        raise ValueError("ist ein Geheimnis und steht nicht in der Datei: env:NAME oder datei:PFAD angeben")
    return verweis


class Zieleinstellungen(BaseModel):
    """``kennwort`` is a reference (``env:NAME``), never the secret itself; ``mandant`` is our name over there."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    adresse: Annotated[str, AfterValidator(_adresse)]
    kennwort: Annotated[str, AfterValidator(_geheimnis)]
    mandant: str = Field(pattern=r"^[a-z0-9-]{1,40}$")
    ca: Path | None = None
    lesen_s: float = Field(default=60.0, gt=0, le=3600)

    def verbindung(self, host: Host) -> Verbindung:
        """How to reach it; relative paths are meant from the folder of fachwerk.toml."""
        return Verbindung(ca=None if self.ca is None else host.ordner / self.ca, lesen_s=self.lesen_s)
