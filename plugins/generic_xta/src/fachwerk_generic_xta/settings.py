"""The keys of a generic_xta Kanal and Ziel in ``fachwerk.toml``."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from fachwerk.transport import Verbindung
from fachwerk_generic_xta.masse import MIB, Groessen
from fachwerk_generic_xta.nachricht import Listenwert, Partei

if TYPE_CHECKING:
    from fachwerk.host import Host
    from fachwerk.modell import Kanal, Ziel
    from fachwerk_generic_xta.codec import Adressen

MB = 1_000_000
"""A decimal megabyte: XTA says "40 MB" and not which, so the smaller one."""


def _https(url: str) -> str:
    teile = urlsplit(url)
    if url and (teile.scheme != "https" or not teile.hostname or teile.username or re.search(r"\s", url)):
        raise ValueError("muss eine https-Adresse ohne Benutzernamen sein, z. B. https://xta.example/ManagementPort")
    return url


def _geheimnis(verweis: str) -> str:
    if verweis and not verweis.startswith(("env:", "datei:")):
        raise ValueError("ist ein Geheimnis und steht nicht in der Datei: env:NAME oder datei:PFAD angeben")
    return verweis


def _einzelne(kennung: str) -> str:
    if kennung.strip() in ("", "*"):
        raise ValueError("muss genau eine Kennung sein, nicht „*“: Als wer Fachwerk sendet, wird nicht geraten")
    return kennung.strip()


def _medientyp(typ: str) -> str:
    if not re.fullmatch(r"[\w.+-]+/[\w.+*-]+", typ):
        raise ValueError("muss ein Medientyp sein, z. B. application/pdf")
    return typ.lower()


Adresse = Annotated[str, AfterValidator(_https)]
Pflichtadresse = Annotated[Adresse, Field(min_length=1)]
Geheimnis = Annotated[str, AfterValidator(_geheimnis)]
Kennung = Annotated[str, AfterValidator(_einzelne), Field(max_length=140)]
Medientyp = Annotated[str, AfterValidator(_medientyp)]
Sekunden = Annotated[float, Field(gt=0, le=3600)]
Angabe = Annotated[str, Field(min_length=1, max_length=1000)]


class _Abschnitt(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Anschluss(_Abschnitt):
    """How to reach the XTA server. Paths are relative to the folder of ``fachwerk.toml``; times are seconds per
    network operation.
    """

    management_url: Pflichtadresse
    msgbox_url: Adresse = ""
    send_url: Adresse = ""
    zertifikat: Path
    privatschluessel: Path | None = None
    passphrase: Geheimnis = ""
    ca: Path | None = None
    proxy: str | None = Field(default=None, repr=False)
    typ: str = "xoev"
    kategorie: str = ""
    verbinden_s: Sekunden = 10.0
    lesen_s: Sekunden = 60.0
    schreiben_s: Sekunden = 60.0
    warnung_tage: int = Field(default=30, ge=0)

    @property
    def adressen(self) -> Adressen:
        """The three ports."""
        from fachwerk_generic_xta.codec import Adressen

        return Adressen(self.management_url, self.msgbox_url, self.send_url)

    @property
    def groessen(self) -> Groessen:
        """The limits of answers."""
        return Groessen()

    def partei(self, kennung: str) -> Partei:
        """Who we are; ``*`` means every identity of our certificate."""
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


class Einstellungen(Anschluss):
    """A Kanal: the mailbox that is read."""

    msgbox_url: Pflichtadresse
    seiten_groesse: int = Field(default=50, ge=1, le=1000)
    inline_mib: int = Field(default=64, ge=1, le=1024)
    hoechstgroesse_mib: int = Field(default=4096, ge=1)

    @property
    def groessen(self) -> Groessen:
        """The limits of answers."""
        return Groessen(inline=self.inline_mib * MIB, antwort=self.hoechstgroesse_mib * MIB)


class Empfaenger(_Abschnitt):
    """The reader, as the directory (DVDV) names it."""

    kennung: Kennung
    typ: str = "xoev"
    kategorie: str = ""
    name: str = ""

    @property
    def partei(self) -> Partei:
        """As the metadata want it."""
        return Partei(self.kennung, self.typ, self.kategorie, self.name)


class Szenario(_Abschnitt):
    """The business scenario: ``code`` of a code list (``liste``, ``version``), or the free ``text`` agreed upon."""

    code: str = ""
    liste: str = ""
    version: str = ""
    text: str = ""

    @model_validator(mode="after")
    def _eines_von_beiden(self) -> Self:
        definiert = [bool(self.code), bool(self.liste), bool(self.version)]
        if any(definiert) if self.text else not all(definiert):
            raise ValueError("braucht entweder code, liste und version, oder nur text")
        return self

    @property
    def wert(self) -> Listenwert:
        """As the metadata want it."""
        return Listenwert(self.text) if self.text else Listenwert(self.code, self.liste, self.version)


class Nachrichtentyp(_Abschnitt):
    """The message type: code, its list and the schema of the payload; XTA demands all four."""

    code: Angabe
    liste: Angabe
    version: Angabe
    payload_schema: Angabe

    @property
    def wert(self) -> Listenwert:
        """As the metadata want it."""
        return Listenwert(self.code, self.liste, self.version)


class Zieleinstellungen(Anschluss):
    """A Ziel: the party that is sent to. What the process defines has no default, because nobody may guess it."""

    send_url: Pflichtadresse
    kennung: Kennung
    empfaenger: Empfaenger
    dienst: str = Field(max_length=1000, pattern=r"^\S*$")
    szenario: Szenario
    nachrichtentyp: Nachrichtentyp
    betreff: str = Field(default="", max_length=200)
    gueltig_tage: int | None = Field(default=None, ge=1, le=3650)
    hoechstgroesse_mb: int = Field(default=40, ge=1)
    erlaubte_medientypen: tuple[Medientyp, ...] | None = None


def einstellungen(kanal: Kanal) -> Einstellungen:
    """The validated settings of ``kanal``."""
    gegeben = kanal.einstellungen
    return gegeben if isinstance(gegeben, Einstellungen) else Einstellungen.model_validate(gegeben or {})


def zieleinstellungen(ziel: Ziel) -> Zieleinstellungen:
    """The validated settings of ``ziel``."""
    gegeben = ziel.einstellungen
    return gegeben if isinstance(gegeben, Zieleinstellungen) else Zieleinstellungen.model_validate(gegeben or {})
