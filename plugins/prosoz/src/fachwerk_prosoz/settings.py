"""The keys of a prosoz Ziel in ``fachwerk.toml``."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from fachwerk.modell import Stufe
from fachwerk.transport import Verbindung

if TYPE_CHECKING:
    from fachwerk.host import Host
    from fachwerk.modell import Ziel

MB = 1_000_000


def _https(url: str) -> str:
    teile = urlsplit(url)
    if url and (teile.scheme != "https" or not teile.hostname or teile.username or re.search(r"\s", url)):
        raise ValueError("muss eine https-Adresse ohne Benutzernamen sein, z. B. https://prosoz.example/dienst")
    return url


def _geheimnis(verweis: str) -> str:
    if verweis and not verweis.startswith(("env:", "datei:")):
        raise ValueError("ist ein Geheimnis und steht nicht in der Datei: env:NAME oder datei:PFAD angeben")
    return verweis


Adresse = Annotated[str, AfterValidator(_https)]
Geheimnis = Annotated[str, AfterValidator(_geheimnis)]
Sekunden = Annotated[float, Field(gt=0, le=3600)]

_NUR_SOAP = ("wsdl", "url", "zertifikat", "privatschluessel", "passphrase", "ca", "proxy", "benutzer", "kennwort")


class Zieleinstellungen(BaseModel):
    """Paths are relative to the folder of ``fachwerk.toml``; times are seconds per network operation.

    ``profil`` is a YAML file of the site; ``beispiel`` takes the shipped example, which is nobody's real format.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    weg: Literal["ordner", "soap"]
    profil: str = Field(min_length=1)
    verzeichnis: str = ""
    wsdl: str = ""
    url: Adresse = ""
    anmeldung: Literal["keine", "basic", "wsse"] = "keine"
    benutzer: str = Field(default="", max_length=200)
    kennwort: Geheimnis = ""
    zertifikat: Path | None = None
    privatschluessel: Path | None = None
    passphrase: Geheimnis = ""
    ca: Path | None = None
    proxy: str | None = Field(default=None, repr=False)
    verbinden_s: Sekunden = 10.0
    lesen_s: Sekunden = 60.0
    schreiben_s: Sekunden = 60.0
    warnung_tage: int = Field(default=30, ge=0)
    hoechstgroesse_mb: int = Field(default=20, ge=1, le=500)

    @model_validator(mode="after")
    def _passt_zum_weg(self) -> Self:
        if self.weg == "ordner":
            if not self.verzeichnis:
                raise ValueError('weg = "ordner" braucht den Schlüssel „verzeichnis“')
            if fremd := [name for name in _NUR_SOAP if getattr(self, name)]:
                raise ValueError(f'„{fremd[0]}“ gehört zu weg = "soap", nicht zu weg = "ordner"')
            return self
        if not self.wsdl or not self.url:
            raise ValueError('weg = "soap" braucht die Schlüssel „wsdl“ (Datei) und „url“ (https-Adresse)')
        if self.verzeichnis:
            raise ValueError('„verzeichnis“ gehört zu weg = "ordner", nicht zu weg = "soap"')
        if self.wsdl.lower().startswith(("http:", "https:", "file:")):
            raise ValueError("„wsdl“ ist ein Dateipfad: Die WSDL vom Hersteller als Datei ablegen, nichts wird geladen")
        if (self.anmeldung != "keine") != bool(self.benutzer and self.kennwort):
            raise ValueError('„benutzer“ und „kennwort“ gehören zu anmeldung = "basic" oder "wsse", und umgekehrt')
        return self

    def quittungsstufen(self, ordner: Path) -> tuple[Stufe, ...]:
        """What can still be learnt after the hand-over. Raises ``ConfigError`` where the profile cannot be read."""
        from fachwerk_prosoz.profil import lade

        bedeutungen = lade(self.profil, self.weg, ordner).spaetere_bedeutungen
        stufen = tuple(stufe for stufe in Stufe if stufe is not Stufe.UEBERGEBEN and stufe.value in bedeutungen)
        return stufen or ((Stufe.UEBERGEBEN,) if "abgelehnt" in bedeutungen else ())

    def verbindung(self, host: Host) -> Verbindung:
        """The connection of the SOAP way, with paths and passphrase resolved."""
        return Verbindung(
            zertifikat=None if self.zertifikat is None else host.ordner / self.zertifikat,
            privatschluessel=None if self.privatschluessel is None else host.ordner / self.privatschluessel,
            passphrase=host.secret(self.passphrase) if self.passphrase else None,
            ca=None if self.ca is None else host.ordner / self.ca,
            proxy=self.proxy,
            verbinden_s=self.verbinden_s,
            lesen_s=self.lesen_s,
            schreiben_s=self.schreiben_s,
        )


def zieleinstellungen(ziel: Ziel) -> Zieleinstellungen:
    """The validated settings of ``ziel``."""
    gegeben = ziel.einstellungen
    return gegeben if isinstance(gegeben, Zieleinstellungen) else Zieleinstellungen.model_validate(gegeben or {})
