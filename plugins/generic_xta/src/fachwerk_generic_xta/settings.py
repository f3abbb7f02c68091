"""The keys of a generic_xta Kanal in ``fachwerk.toml``."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from fachwerk.transport import Verbindung
from fachwerk_generic_xta.client import MIB, Adressen, Groessen
from fachwerk_generic_xta.nachricht import Partei

if TYPE_CHECKING:
    from fachwerk.host import Host
    from fachwerk.modell import Kanal


def _https(url: str) -> str:
    teile = urlsplit(url)
    if url and (teile.scheme != "https" or not teile.hostname or teile.username or re.search(r"\s", url)):
        raise ValueError("muss eine https-Adresse ohne Benutzernamen sein, z. B. https://xta.example/ManagementPort")
    return url


def _geheimnis(verweis: str) -> str:
    if verweis and not verweis.startswith(("env:", "datei:")):
        raise ValueError("ist ein Geheimnis und steht nicht in der Datei: env:NAME oder datei:PFAD angeben")
    return verweis


Adresse = Annotated[str, AfterValidator(_https)]
Geheimnis = Annotated[str, AfterValidator(_geheimnis)]
Sekunden = Annotated[float, Field(gt=0, le=3600)]


class Einstellungen(BaseModel):
    """Paths are relative to the folder of ``fachwerk.toml``; times are seconds per network operation."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    management_url: Annotated[Adresse, Field(min_length=1)]
    msgbox_url: Annotated[Adresse, Field(min_length=1)]
    send_url: Adresse = ""
    zertifikat: Path
    privatschluessel: Path | None = None
    passphrase: Geheimnis = ""
    ca: Path | None = None
    proxy: str | None = Field(default=None, repr=False)
    typ: str = "xoev"
    kategorie: str = ""
    seiten_groesse: int = Field(default=50, ge=1, le=1000)
    verbinden_s: Sekunden = 10.0
    lesen_s: Sekunden = 60.0
    schreiben_s: Sekunden = 60.0
    inline_mib: int = Field(default=64, ge=1, le=1024)
    hoechstgroesse_mib: int = Field(default=4096, ge=1)
    warnung_tage: int = Field(default=30, ge=0)

    @property
    def adressen(self) -> Adressen:
        """The three ports."""
        return Adressen(self.management_url, self.msgbox_url, self.send_url)

    @property
    def groessen(self) -> Groessen:
        """The limits of answers."""
        return Groessen(inline=self.inline_mib * MIB, antwort=self.hoechstgroesse_mib * MIB)

    def partei(self, kennung: str) -> Partei:
        """Who we are at the mailbox; ``*`` means every identity of our certificate."""
        return Partei(kennung or "*", self.typ, self.kategorie)

    def verbindung(self, host: Host) -> Verbindung:
        """The connection, with paths and passphrase resolved."""
        return Verbindung(
            zertifikat=host.ordner / self.zertifikat,
            privatschluessel=None if self.privatschluessel is None else host.ordner / self.privatschluessel,
            passphrase=host.secret(self.passphrase) if self.passphrase else None,
            ca=None if self.ca is None else host.ordner / self.ca,
            proxy=self.proxy,
            verbinden_s=self.verbinden_s,
            lesen_s=self.lesen_s,
            schreiben_s=self.schreiben_s,
        )


def einstellungen(kanal: Kanal) -> Einstellungen:
    """The validated settings of ``kanal``."""
    gegeben = kanal.einstellungen
    return gegeben if isinstance(gegeben, Einstellungen) else Einstellungen.model_validate(gegeben or {})
