"""The sections of the configuration as frozen models: what each key is called, means and may be.

They are read by :mod:`fachwerk.settings`; the keys of a plugin are checked by its own model in
:mod:`fachwerk.aufbau`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, PrivateAttr, model_validator

from fachwerk.alarmeinstellungen import AlarmEinstellungen as AlarmEinstellungen
from fachwerk.anbindung.einstellungen import AnbindungEinstellungen
from fachwerk.dauer import als_dauer, als_takt, takt_sekunden
from fachwerk.katalog import LAENDER, leistung, leistungen
from fachwerk.konfigfehler import meinten_sie
from fachwerk.modell import Schwere, Stufe
from fachwerk.routen import ALLE, Route, Zustand

DATEI = "fachwerk.toml"
"""Name of the configuration file."""


def _cron(text: str) -> str:
    from apscheduler.triggers.cron import CronTrigger

    try:
        CronTrigger.from_crontab(text)
    except ValueError:
        raise ValueError(
            "Ein cron hat fünf Felder: Minute Stunde Tag Monat Wochentag, z. B. */5 6-20 * * mon-fri."
        ) from None
    return text


def _land(text: str) -> str:
    if text and text not in LAENDER.values():
        raise ValueError(f"Dieses Land gibt es nicht. Erlaubt sind {', '.join(sorted(LAENDER.values()))}.")
    return text


def _leistung(text: str) -> str:
    if text in ("", ALLE) or leistung(text):
        return text
    rat = meinten_sie(text, [eintrag.wort for eintrag in leistungen()])
    raise ValueError(f"Diese Leistung steht nicht im Katalog („fachwerk leistungen list“ zeigt ihn).{rat}")


def ist_eigener_rechner(rechner: str) -> bool:
    """Whether an address, with or without brackets, is a loopback one."""
    try:
        return ip_address(rechner.strip("[]")).is_loopback
    except ValueError:
        return rechner == "localhost"


def _adresse(text: str) -> str:
    rechner, trenner, port = text.strip().rpartition(":")
    if text and not (trenner and rechner and re.fullmatch(r"[0-9]{1,5}", port, re.ASCII) and int(port) < 65536):
        raise ValueError("Eine Adresse ist Rechner und Port: 127.0.0.1:8443 (IPv6 in Klammern: [::1]:8443).")
    return text.strip()


def _mindestens_eines(ziel: str | tuple[str, ...]) -> str | tuple[str, ...]:
    if not ziel:
        raise ValueError("Hier muss mindestens ein Ziel stehen.")
    return ziel


Land = Annotated[str, AfterValidator(_land)]
LeistungName = Annotated[str, AfterValidator(_leistung)]
Name = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,62}$")]
PluginWort = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]


class Abschnitt(BaseModel):
    """Base of the sections whose keys the core knows."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class EigeneSchluessel(BaseModel):
    """Base of the sections that carry keys of a plugin beside those of the core."""

    model_config = ConfigDict(frozen=True, extra="allow")

    @property
    def eigene(self) -> dict[str, Any]:
        """The plugin's own keys as they stand in the configuration."""
        return dict(self.model_extra or {})


class FachwerkEinstellungen(Abschnitt):
    """``[fachwerk]``: the site. ``arbeiter`` is the number of cases worked on at the same time.

    ``knoten`` names this machine among several at one database; empty: the host name.
    """

    datenbank: str = "sqlite:///fachwerk.db"
    schluesseldatei: str = "fachwerk.key"
    land: Land = ""
    betreiber: str = ""
    plugins: tuple[PluginWort, ...] = ()
    arbeiter: int = Field(default=8, ge=1, le=256)
    knoten: Annotated[str, Field(pattern=r"^([A-Za-z0-9][A-Za-z0-9_.-]{0,62})?$")] = ""


class KanalEinstellungen(EigeneSchluessel):
    """``[kanal.NAME]``: a source, polled every ``takt`` or at the times of ``cron``."""

    plugin: PluginWort
    takt: Annotated[str, AfterValidator(als_takt)] = "5m"
    cron: Annotated[str, AfterValidator(_cron)] = ""
    kennung: str = ""
    leistung: LeistungName = ""
    land: Land = ""

    @property
    def takt_s(self) -> int:
        """``takt`` in seconds."""
        return takt_sekunden(self.takt)

    @model_validator(mode="after")
    def _takt_oder_cron(self) -> Self:
        if {"takt", "cron"} <= self.model_fields_set and self.cron:
            raise ValueError("takt und cron schließen einander aus; einen der beiden streichen.")
        return self


class Bestaetigung(Abschnitt):
    """A confirmed mapping, for certain products only (patterns with ``*`` and ``?``)."""

    abbildung: str
    produkt: tuple[str, ...] | str = ("*",)


class FormatEinstellungen(EigeneSchluessel):
    """``[format.PLUGIN]``: ``bestaetigt`` names the mappings resting on assumptions that this site has checked."""

    bestaetigt: tuple[str | Bestaetigung, ...] = ()


class ZielEinstellungen(EigeneSchluessel):
    """``[ziel.NAME]``: a target; ``je_minute`` 0 is without limit.

    So long (``nachfrage``) after a hand-over the target is asked for a higher receipt for the first time. ``erwartet``
    says per stage after which time it is overdue.
    """

    plugin: PluginWort
    gleichzeitig: int = Field(default=1, ge=1, le=64)
    je_minute: int = Field(default=0, ge=0)
    nachfrage: Annotated[str, AfterValidator(als_takt)] = "1m"
    erwartet: dict[Stufe, Annotated[str, AfterValidator(als_dauer)]] = Field(default_factory=dict)

    @property
    def nachfrage_s(self) -> int:
        """``nachfrage`` in seconds."""
        return takt_sekunden(self.nachfrage)

    @property
    def erwartet_s(self) -> dict[Stufe, int]:
        """``erwartet`` in seconds."""
        return {stufe: takt_sekunden(dauer) for stufe, dauer in self.erwartet.items()}


class RouteEinstellungen(Abschnitt):
    """``[[route]]``: where the cases of a Leistung go."""

    leistung: LeistungName = Field(min_length=1)
    kanal: str = ""
    land: Land = ""
    ags: Annotated[str, Field(pattern=r"^\d{0,12}$")] = ""
    format: str = ""
    ziel: Annotated[str | tuple[str, ...], AfterValidator(_mindestens_eines)]
    zustand: Zustand = Zustand.LIVE
    grund: str = ""
    bis: date | None = None
    sperre_ab: Schwere = Schwere.SPERRE
    name: str = ""

    def als_route(self, nummer: int) -> Route:
        """The Route of this section; ``nummer`` counts from 1."""
        ziele = (self.ziel,) if isinstance(self.ziel, str) else self.ziel
        return Route(**self.model_dump(exclude={"ziel"}), ziele=ziele, nummer=nummer)


class KonsoleEinstellungen(Abschnitt):
    """``[konsole]``: the web console; without ``listen`` there is none.

    ``namen`` are the host names browsers may use beside the address itself. With ``anmeldung = "proxy"`` a reverse
    proxy at one of ``proxy_adressen`` names the logged-in account in the header ``proxy_kopfzeile``. ``url`` is how
    people reach it, for links in messages; ``metriken_schluessel`` refers to the secret that opens ``/metrics`` from
    elsewhere. ``blaetter`` is the folder with the conformance sheets of the plugins.
    """

    listen: Annotated[str, AfterValidator(_adresse)] = ""
    blaetter: str = ""
    url: Annotated[str, Field(pattern=r"^(https?://[^\s\x00-\x1f<>\"]+)?$")] = ""
    metriken_schluessel: str = ""
    zertifikat: str = ""
    privatschluessel: str = ""
    namen: tuple[str, ...] = ()
    anmeldung: Literal["konto", "proxy"] = "konto"
    proxy_kopfzeile: Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9-]*$")] = "X-Remote-User"
    proxy_adressen: tuple[str, ...] = ("127.0.0.1", "::1")
    sitzung_minuten: int = Field(default=30, ge=1, le=1440)
    sitzung_stunden: int = Field(default=10, ge=1, le=24)

    @model_validator(mode="after")
    def _nur_verschluesselt(self) -> Self:
        if bool(self.zertifikat) != bool(self.privatschluessel):
            raise ValueError("zertifikat und privatschluessel gehören zusammen; bitte beide angeben oder keines.")
        if self.listen and not self.zertifikat and not ist_eigener_rechner(self.listen.rpartition(":")[0]):
            raise ValueError(
                "Ohne zertifikat und privatschluessel lauscht die Konsole nur auf diesem Rechner (127.0.0.1:8443)."
            )
        return self


class Aufbewahrungsregel(Abschnitt):
    """``[[aufbewahrung.fuer]]``: other days for the cases of a Leistung, of a Land, or of both together."""

    leistung: LeistungName = ""
    land: Land = ""
    inhalt_tage: int = Field(ge=1)

    @model_validator(mode="after")
    def _nennt_etwas(self) -> Self:
        if not self.land and self.leistung in ("", ALLE):
            raise ValueError("Bitte leistung oder land nennen; für alles übrige gilt [aufbewahrung].inhalt_tage.")
        return self

    @property
    def wort(self) -> str:
        """The Leistung as cases name it; empty: any."""
        eintrag = leistung(self.leistung) if self.leistung not in ("", ALLE) else None
        return eintrag.wort if eintrag else ""


class AufbewahrungEinstellungen(Abschnitt):
    """``[aufbewahrung]``: content is deleted ``inhalt_tage`` after take-over, ids and times stay ``nachweis_jahre``.

    Of ``fuer`` the most exact holds: Leistung and Land, then Leistung, then Land.
    """

    inhalt_tage: int = Field(default=30, ge=1)
    nachweis_jahre: int = Field(default=10, ge=1)
    fuer: tuple[Aufbewahrungsregel, ...] = ()

    @property
    def regeln(self) -> tuple[Aufbewahrungsregel, ...]:
        """The exceptions, the most exact first."""
        return tuple(sorted(self.fuer, key=lambda regel: (not regel.wort, not regel.land)))

    @model_validator(mode="after")
    def _eindeutig(self) -> Self:
        genannte = [(regel.wort, regel.land) for regel in self.fuer]
        if len(set(genannte)) < len(genannte):
            raise ValueError("Unter [[aufbewahrung.fuer]] darf es je Leistung und Land nur eine Angabe geben.")
        return self


class SicherungEinstellungen(Abschnitt):
    """``[sicherung]``: ``spiegel`` is a folder on a second volume for what arrives.

    With ``ordner`` the service makes a backup there every day at ``taeglich`` (local time); so many stay.
    """

    spiegel: str = ""
    ordner: str = ""
    taeglich: Annotated[str, Field(pattern=r"^([01]\d|2[0-3]):[0-5]\d$")] = "02:30"
    behalten: int = Field(default=14, ge=1, le=3650)


class AuditEinstellungen(Abschnitt):
    """``[audit]``: the folder into which the heads of the audit chains go daily; empty: nowhere but the log."""

    ordner: str = ""


class VirenpruefungEinstellungen(Abschnitt):
    """``[virenpruefung]``: ``adresse`` is ``tcp://HOST:PORT``, ``unix:/PFAD`` (clamd) or ``icap://HOST:PORT/DIENST``."""

    art: Literal["clamd", "icap", "keine"] = "keine"
    adresse: str = ""
    zeitgrenze_s: float = Field(default=60.0, gt=0, le=3600)

    @model_validator(mode="after")
    def _passende_adresse(self) -> Self:
        erlaubt = {"clamd": ("tcp://", "unix:"), "icap": ("icap://",), "keine": ("",)}[self.art]
        if not self.adresse.startswith(erlaubt):
            raise ValueError(f"Zu art = „{self.art}“ gehört eine adresse, die mit {' oder '.join(erlaubt)} beginnt.")
        return self


class KlaerungEinstellungen(Abschnitt):
    """``[klaerung]``: the Ziel that also gets what is held for the Sachbearbeitung."""

    ziel: str = ""
    alarm_stunden: int = Field(default=4, ge=1)


class Einstellungen(BaseModel):
    """The whole configuration. ``ordner`` is the folder of the file: relative paths are meant from there."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    fachwerk: FachwerkEinstellungen = FachwerkEinstellungen()
    kanal: dict[Name, KanalEinstellungen] = Field(default_factory=dict)
    format: dict[PluginWort, FormatEinstellungen] = Field(default_factory=dict)
    ziel: dict[Name, ZielEinstellungen] = Field(default_factory=dict)
    route: tuple[RouteEinstellungen, ...] = ()
    alarm: AlarmEinstellungen = AlarmEinstellungen()
    konsole: KonsoleEinstellungen = KonsoleEinstellungen()
    aufbewahrung: AufbewahrungEinstellungen = AufbewahrungEinstellungen()
    sicherung: SicherungEinstellungen = SicherungEinstellungen()
    audit: AuditEinstellungen = AuditEinstellungen()
    virenpruefung: VirenpruefungEinstellungen = VirenpruefungEinstellungen()
    klaerung: KlaerungEinstellungen = KlaerungEinstellungen()
    anbindung: AnbindungEinstellungen = AnbindungEinstellungen()

    _ordner: Path = PrivateAttr(default_factory=Path.cwd)
    _datei: Path | None = PrivateAttr(default=None)
    _nummern: tuple[int, ...] | None = PrivateAttr(default=None)

    @property
    def ordner(self) -> Path:
        """Absolute folder of ``fachwerk.toml``; the working folder if there is no file."""
        return self._ordner

    @property
    def datei(self) -> Path | None:
        """The file these settings came from, None for environment and defaults only."""
        return self._datei

    def pfad(self, text: str) -> Path:
        """A path of the configuration, relative ones from :attr:`ordner`."""
        return self._ordner / text

    @property
    def schluesselpfad(self) -> Path:
        """Where the site key lies."""
        return self.pfad(self.fachwerk.schluesseldatei)

    @property
    def routen(self) -> tuple[Route, ...]:
        """The routes in the order of the file, numbered from 1."""
        nummern = self._nummern or range(1, len(self.route) + 1)
        return tuple(abschnitt.als_route(nummer) for nummer, abschnitt in zip(nummern, self.route, strict=True))


def datenbank_url(einstellungen: Einstellungen) -> str:
    """The database URL, a relative SQLite file resolved against the folder of the configuration."""
    url = einstellungen.fachwerk.datenbank
    vor, trenner, rest = url.partition(":///")
    if not trenner or vor.split("+")[0] != "sqlite" or rest.startswith((":memory:", "file:")) or not rest:
        return url
    datei, frage, angaben = rest.partition("?")
    return f"{vor}:///{einstellungen.pfad(datei).as_posix()}{frage}{angaben}"


BEKANNTE: Mapping[str, frozenset[str] | None] = {
    name: None if name in ("kanal", "format", "ziel") else frozenset(type(feld.default).model_fields)
    for name, feld in Einstellungen.model_fields.items()
    if name != "route"
}
"""Sections and their keys, as the environment may name them."""
