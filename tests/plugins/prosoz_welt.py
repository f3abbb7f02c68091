"""A case of invented people, a host whose notes survive the process, and both ways against their simulators."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import yaml

import fachwerk_prosoz as plugin
from fachwerk.modell import (
    Antrag,
    Dokument,
    Empfehlung,
    Entscheidung,
    Name,
    Person,
    Quittung,
    Sendung,
    Ziel,
)
from fachwerk.testkit.wirt import FakeHost
from fachwerk.transport import oeffne
from fachwerk_prosoz.settings import Zieleinstellungen

SCHLUESSEL = "v-0001:sozialamt:1"
JETZT = datetime(2026, 3, 2, 8, 30, tzinfo=UTC)
XML = b"<?xml version='1.0'?><nachricht><name>Erfunden</name></nachricht>"
PDF = b"%PDF-1.4 erfunden"
BEISPIELE = Path(plugin.__file__).parent / "profile"


@dataclass
class Dateihost(FakeHost):
    """Notes in a file beside the folder, so that a killed process leaves them to the next."""

    merkdatei: Path = field(default=Path("notizen.json"))

    def notiz(self, schluessel: str, name: str) -> str:
        return str(self._alle().get(f"{schluessel}|{name}", ""))

    def notiere(self, schluessel: str, name: str, wert: str) -> None:
        assert len(wert) <= 300, "a note is an id, not content"
        neu = self.merkdatei.with_suffix(".neu")
        neu.write_text(json.dumps(self._alle() | {f"{schluessel}|{name}": wert}))
        neu.replace(self.merkdatei)

    def _alle(self) -> dict[str, str]:
        return json.loads(self.merkdatei.read_text()) if self.merkdatei.exists() else {}


def antrag(host: FakeHost, **mehr: Any) -> Antrag:
    original = host.inhalt.schreibe([XML], "antrag.xml", "text/xml")
    pdf = host.inhalt.schreibe([PDF], "Antrag Mücke.pdf", "application/pdf")
    bild = host.inhalt.schreibe([b"\x89PNG"], "Mietvertrag Mücke.png", "image/png")
    grund: dict[str, Any] = {
        "leistung": "mietrueckstaende",
        "nachrichten_uuid": "1a2b3c4d-0000-4000-8000-0123456789ab",
        "antragsdatum": date(2026, 3, 1),
        "empfangen": JETZT,
        "personen": (
            Person(
                id="p1",
                name=Name(familienname="Mücke-Żółć", vorname="Änne"),
                geburtsdatum=date(1980, 1, 2),
                antragsteller=True,
            ),
        ),
        "dokumente": (
            Dokument(id="d1", name="Antrag", typ="1010", teil=pdf),
            Dokument(id="d2", name="Mietvertrag", typ="7010", teil=bild),
        ),
        "original": original,
        "anlagen": (pdf, bild),
        "felder": {"nachricht/fall.nummer": "4711"},
    }
    return Antrag(**grund | mehr)


def rendere(ein_antrag: Antrag, ziel: Ziel) -> Sendung:
    entscheidung = Entscheidung(empfehlung=Empfehlung.VORLEGEN, stichtag=date(2026, 3, 2))
    fertig: Sendung = plugin.render(ein_antrag, entscheidung, ziel)
    return fertig


def beispielprofil(weg: str) -> dict[str, Any]:
    profil: dict[str, Any] = yaml.safe_load((BEISPIELE / f"{weg}-beispiel.yaml").read_text(encoding="utf-8"))
    return profil


@dataclass
class Lieferwelt:
    """One Ziel, its host, and what a test does with it."""

    host: FakeHost
    einstellungen: dict[str, Any]

    @property
    def ziel(self) -> Ziel:
        return Ziel(
            name="sozialamt", plugin="prosoz", einstellungen=Zieleinstellungen.model_validate(self.einstellungen)
        )

    def sendung(self, **mehr: Any) -> Sendung:
        return rendere(antrag(self.host, **mehr), self.ziel)

    def liefere(self, sendung: Sendung | None = None, schluessel: str = SCHLUESSEL) -> Quittung:
        quittung: Quittung = plugin.deliver(sendung or self.sendung(), self.ziel, schluessel, self.host)
        return quittung

    def finde(self, schluessel: str = SCHLUESSEL) -> Quittung | None:
        gefunden: Quittung | None = plugin.find_delivered(self.ziel, schluessel, self.host)
        return gefunden

    def pruefe(self) -> dict[str, str]:
        return {befund.code: befund.text for befund in plugin.check(self.ziel, self.host)}

    def profil(self, profil: dict[str, Any]) -> None:
        """Use this profile from now on."""
        datei = self.host.ordner / f"profil-{len(list(self.host.ordner.glob('profil-*')))}.yaml"
        datei.write_text(yaml.safe_dump(profil, allow_unicode=True), encoding="utf-8")
        self.einstellungen["profil"] = datei.name


def ordnerwelt(ordner: Path, host: FakeHost | None = None) -> Lieferwelt:
    einstellungen = {"weg": "ordner", "profil": "beispiel", "verzeichnis": "prosoz"}
    return Lieferwelt(host or FakeHost(ordner=ordner), einstellungen)


def soapwelt(ordner: Path, einstellungen: dict[str, Any]) -> Lieferwelt:
    return Lieferwelt(FakeHost(ordner=ordner, http_fabrik=oeffne), dict(einstellungen))
