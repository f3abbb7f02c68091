"""The letters as values: the Interessensbekundung in its prescribed wording, the notice of leave, and its duties.

Pure: what goes in are checked settings, a service of the catalogue and local dates. Whom a letter is for and what it
says is never guessed: a missing key is an error that names it and where to ask.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any, Literal

from fachwerk.anbindung.einstellungen import AnbindungAngaben
from fachwerk.anbindung.frist import ende_der_nutzung
from fachwerk.errors import ConfigError, ConfigErrors, FachwerkError
from fachwerk.katalog import Leistung
from fachwerk.konfigfehler import problem

_LUECKE = re.compile(r"\[(zuständige Stelle|Name des Dienstes|Datum|Kontakt|Signatur)\]")
_WAS: Mapping[str, str] = {
    "zustaendige_stelle": "Wer den Dienst nachnutzt, etwa „Hansestadt Musterow, Wohngeldstelle“",
    "kontakt": "Name und Mail-Adresse der Ansprechperson der Anbindung",
    "signatur": "Womit das Schreiben unterschrieben ist (mehrere Zeilen: drei Anführungszeichen)",
    "ab": "Der Tag, ab dem nachgenutzt werden soll (JJJJ-MM-TT, oder --ab)",
    "mik_mail": "Die Mail-Adresse des Mitnutzungsverantwortlichen (MiK)",
}


class Art(StrEnum):
    """How a service is left."""

    DAUERHAFT = "dauerhaft"
    TEMPORAER = "temporaer"


class AnbindungError(FachwerkError):
    """A letter cannot be written like this, or a step not be noted."""


@dataclass(frozen=True)
class Brief:
    """A letter; the last of ``absaetze`` is greeting and signature, lines in one are separated by ``\\n``."""

    name: str
    absender: str
    empfaenger: str
    mail: str
    betreff: str
    absaetze: tuple[str, ...]
    datum: date

    @property
    def text(self) -> str:
        """The paragraphs with an empty line between."""
        return "\n\n".join(self.absaetze) + "\n"


@dataclass(frozen=True)
class Koordinierung:
    """The coordinating body of a Land; None is unknown. ``auskunft`` may be asked instead."""

    stelle: str | None
    mail: str | None
    vorlage: str | None
    auskunft: str


@dataclass(frozen=True)
class Pflicht:
    """One thing to do when leaving; ``quelle`` says where it comes from (``Merkblatt`` or ``Fachwerk``)."""

    text: str
    quelle: Literal["Merkblatt", "Fachwerk"]


@dataclass(frozen=True)
class Abmeldung:
    """What is to be told to the MiK: ``beginn`` is the day the notice arrives, or the first day of the break.

    ``bis`` is the last day of use, or of the break; ``grund`` stands only in the letter of a temporary leave.
    """

    art: Art
    beginn: date
    bis: date
    grund: str = ""


def dauerhafte(zugang: date) -> Abmeldung:
    """A permanent leave whose notice arrives on ``zugang``: three months to the end of a month."""
    return Abmeldung(Art.DAUERHAFT, zugang, ende_der_nutzung(zugang))


def temporaere(beginn: date, bis: date, grund: str) -> Abmeldung:
    """A break from ``beginn`` to ``bis``, both included; no deadline, but a reason."""
    if bis < beginn:
        raise AnbindungError("anbindung_dauer", f"Der letzte Tag {_tag(bis)} liegt vor dem ersten {_tag(beginn)}.")
    if not grund.strip():
        raise AnbindungError("anbindung_grund", "Eine temporäre Abmeldung braucht eine Begründung (--grund).")
    return Abmeldung(Art.TEMPORAER, beginn, bis, grund.strip())


@cache
def koordinierung(land: str) -> Koordinierung | None:
    """Whom to write to in ``land``, None if no public source says."""
    import yaml

    text = resources.files("fachwerk").joinpath("daten/koordinierung.yaml").read_text(encoding="utf-8")
    angaben: Mapping[str, Any] = yaml.safe_load(text)
    return Koordinierung(**angaben[land]) if land in angaben else None


def interessensbekundung(
    leistung: Leistung, angaben: AnbindungAngaben, land: str, datum: date, datei: Path | None = None
) -> Brief:
    """The Interessensbekundung with the acceptance of the terms, in exactly the wording the Land prescribes.

    ``datei`` is the configuration, for saying where a key is missing.
    """
    stelle = _koordinierende(land)
    pruefe_angaben(leistung, angaben, ("zustaendige_stelle", "kontakt", "signatur", "ab"), land, datei)
    vorlage = resources.files("fachwerk").joinpath(f"daten/{stelle.vorlage}").read_text(encoding="utf-8")
    werte = {
        "zuständige Stelle": angaben.zustaendige_stelle.strip(),
        "Name des Dienstes": leistung.titel,
        "Datum": _tag(angaben.ab) if angaben.ab else "",
        "Kontakt": angaben.kontakt.strip(),
        "Signatur": angaben.signatur.strip(),
    }
    return Brief(
        name=f"interessensbekundung_{leistung.wort}",
        absender=angaben.zustaendige_stelle.strip(),
        empfaenger=stelle.stelle or "",
        mail=stelle.mail or "",
        betreff=f"Interessensbekundung für den EfA-Onlinedienst „{leistung.titel}“",
        absaetze=tuple(
            _LUECKE.sub(lambda luecke: werte[luecke[1]], absatz) for absatz in vorlage.strip().split("\n\n")
        ),
        datum=datum,
    )


def abmeldebrief(
    leistung: Leistung,
    angaben: AnbindungAngaben,
    abmeldung: Abmeldung,
    land: str,
    datum: date,
    datei: Path | None = None,
) -> Brief:
    """The notice to the MiK; its wording is our own, because none is prescribed."""
    pruefe_angaben(leistung, angaben, ("zustaendige_stelle", "kontakt", "signatur", "mik_mail"), land, datei)
    dauerhaft = abmeldung.art is Art.DAUERHAFT
    absaetze = _dauerhaft(leistung, angaben, abmeldung) if dauerhaft else _temporaer(leistung, angaben, abmeldung)
    return Brief(
        name=f"abmeldung_{leistung.wort}_{abmeldung.art.value}",
        absender=angaben.zustaendige_stelle.strip(),
        empfaenger="Mitnutzungsverantwortliche (MiK)",
        mail=angaben.mik_mail,
        betreff=f"{'Dauerhafte' if dauerhaft else 'Temporäre'} Abmeldung des EfA-Onlinedienstes „{leistung.titel}“",
        absaetze=(
            "Guten Tag,",
            *absaetze,
            f"Ansprechperson bei uns ist {angaben.kontakt.strip()}.",
            f"Mit freundlichen Grüßen\n{angaben.signatur.strip()}",
        ),
        datum=datum,
    )


def _dauerhaft(leistung: Leistung, angaben: AnbindungAngaben, abmeldung: Abmeldung) -> tuple[str, ...]:
    return (
        f"{angaben.zustaendige_stelle.strip()} wird den EfA-Onlinedienst „{leistung.titel}“ dauerhaft nicht weiter "
        "nutzen. Die vertragliche Kündigung kündigen wir Ihnen hiermit an.",
        f"Bei Zugang dieses Schreibens am {_tag(abmeldung.beginn)} endet die Nutzung mit der Frist von drei Monaten "
        f"zum Monatsende nach unserer Rechnung mit Ablauf des {_tag(abmeldung.bis)}. Bitte bestätigen Sie uns den "
        "Zugang und diesen Tag.",
        "Die technische Entkoppelung möchten wir mit Ihnen und dem TFF abstimmen. Bitte nennen Sie uns dafür einen "
        "Termin; bis dahin rufen wir eingehende Anträge weiter ab.",
    )


def _temporaer(leistung: Leistung, angaben: AnbindungAngaben, abmeldung: Abmeldung) -> tuple[str, ...]:
    dauer = f"vom {_tag(abmeldung.beginn)} bis voraussichtlich {_tag(abmeldung.bis)}"
    return (
        f"{angaben.zustaendige_stelle.strip()} wird den EfA-Onlinedienst „{leistung.titel}“ {dauer} vorübergehend "
        "nicht nutzen.",
        f"Begründung: {abmeldung.grund}",
        f"Die Wiederaufnahme ist für den {_tag(abmeldung.bis + timedelta(days=1))} vorgesehen. Ändert sich das, "
        "melden wir uns. Auf unserer Internetseite weisen wir darauf hin, dass der Dienst vorübergehend nicht zur "
        "Verfügung steht; eingehende Anträge rufen wir weiter ab.",
    )


def pflichten(abmeldung: Abmeldung) -> tuple[Pflicht, ...]:
    """What is to be done besides sending the letter, in this order."""
    return tuple(_pflichten(abmeldung))


def _pflichten(abmeldung: Abmeldung) -> Iterator[Pflicht]:
    yield Pflicht("Vor der Abmeldung mit dem MiK sprechen und Schritte und Einzelheiten abstimmen.", "Merkblatt")
    if abmeldung.art is Art.DAUERHAFT:
        yield Pflicht("Die vertragliche Kündigung beim MiK ankündigen (dieses Schreiben).", "Merkblatt")
        yield Pflicht(
            f"Frist: drei Monate zum Monatsende; bei Zugang am {_tag(abmeldung.beginn)} ist der letzte Tag der "
            f"{_tag(abmeldung.bis)}. Vom MiK bestätigen lassen.",
            "Merkblatt",
        )
        yield Pflicht("Die technische Entkoppelung mit dem MiK und dem TFF abstimmen.", "Merkblatt")
        yield Pflicht("Auf der Seite der Behörde sagen, dass und wann der Onlinedienst endet.", "Fachwerk")
        yield Pflicht(
            "Den Kanal erst nach der Entkoppelung aus fachwerk.toml nehmen, wenn das Postfach leer ist; dann "
            "„fachwerk anbindung zustand beendet“.",
            "Fachwerk",
        )
        return
    yield Pflicht("Dem MiK Dauer, Begründung und Wiederaufnahme mitteilen (dieses Schreiben).", "Merkblatt")
    yield Pflicht("Auf der Seite der Behörde melden, dass der Dienst vorübergehend nicht verfügbar ist.", "Merkblatt")
    yield Pflicht("Eine Frist gibt es nicht; so schnell wie möglich melden.", "Merkblatt")
    yield Pflicht(
        f"Nach dem {_tag(abmeldung.bis)} läuft nichts von selbst wieder an: „fachwerk anbindung zustand live“.",
        "Fachwerk",
    )


def pruefe_angaben(
    leistung: Leistung, angaben: AnbindungAngaben, noetig: tuple[str, ...], land: str, datei: Path | None
) -> None:
    """``ConfigErrors`` with each key of ``[anbindung]`` that the letter needs and nobody has filled in."""
    fehlend = [_fehlt(name, leistung, land, datei) for name in noetig if not getattr(angaben, name)]
    if fehlend:
        raise ConfigErrors(fehlend)


def _fehlt(name: str, leistung: Leistung, land: str, datei: Path | None) -> ConfigError:
    wen = koordinierung(land)
    rat = f" Fragen Sie danach {wen.auskunft}." if name == "mik_mail" and wen else ""
    if name == "mik_mail" and not wen:
        rat = " Fragen Sie danach die koordinierende Stelle Ihres Landes."
    if name == "zustaendige_stelle" and leistung.anbindung:
        rat = f" Nach dem Merkblatt zuständig: {leistung.anbindung.zustaendige_stelle}."
    text = f"{_WAS[name]}. Ohne diese Angabe lässt sich das Schreiben nicht verfassen.{rat}"
    return problem("anbindung_angabe_fehlt", text, ("anbindung", name), datei)


def _koordinierende(land: str) -> Koordinierung:
    gefunden = koordinierung(land)
    if gefunden and gefunden.vorlage and gefunden.mail:
        return gefunden
    if not land:
        text = "Welche Stelle die Interessensbekundung bekommt, hängt vom Land ab. Bitte land setzen."
        raise problem("anbindung_land_fehlt", text, ("fachwerk", "land"))
    wen = gefunden.auskunft if gefunden else "die koordinierende Stelle dieses Landes"
    raise AnbindungError(
        "anbindung_land_unbekannt",
        f"Wie in diesem Land ({land}) Interesse zu bekunden ist und an wen, ist nicht bekannt; die vorgeschriebene "
        f"Vorlage aus Mecklenburg-Vorpommern gilt hier nicht. Bitte fragen Sie {wen}.",
    )


def _tag(tag: date) -> str:
    return f"{tag:%d.%m.%Y}"
