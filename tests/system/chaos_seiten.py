"""The other side of each target: its settings, its moods, and what has arrived there, read without the adapter."""

from __future__ import annotations

import hashlib
import os
import socket
from abc import ABC, abstractmethod
from pathlib import Path
from typing import Any, ClassVar

import yaml

import fachwerk_aktenablage as aktenablage
import fachwerk_comvibilia as comvibilia
import fachwerk_generic_xta as generic_xta
import fachwerk_laemmerzahl as laemmerzahl
import fachwerk_prosoz as prosoz
from fachwerk.testkit.welt import Welt
from fachwerk_comvibilia.profil import lade as lade_layout
from fachwerk_comvibilia.simulator import ComVibilia, Nachricht, Temperament
from fachwerk_generic_xta.simulator import XtaSimulator, bestand
from fachwerk_laemmerzahl.mapping import layout as laemmerzahl_layout
from fachwerk_prosoz.simulator import OrdnerSimulator, SoapSimulator

Ankunft = frozenset[str]
"""SHA-256 of everything that belongs to one case that arrived."""

ZIEL = "amt"


def summe(inhalt: bytes) -> str:
    return hashlib.sha256(inhalt).hexdigest()


def ordnerinhalt(fall: Path) -> Ankunft:
    return frozenset(summe(pfad.read_bytes()) for pfad in fall.rglob("*") if pfad.is_file())


class Seite(ABC):
    """The other side of one target. ``ordner`` is what can be disturbed, ``stufen`` what it confirms in the end."""

    plugin: Any
    ordner: Path
    stufen: frozenset[str] = frozenset({"uebergeben"})
    codes: ClassVar[dict[str, str]]
    """What the case waits for while the folder is full, read-only, gone or broken."""

    def __init__(self, basis: Path) -> None:
        self.basis = basis
        self.plugins = {self.plugin.manifest().name: self.plugin}

    @abstractmethod
    def ziel(self) -> dict[str, Any]:
        """The section of the target."""

    def abschnitte(self) -> dict[str, Any]:
        """All sections it needs."""
        return {"ziel": {ZIEL: {"plugin": self.plugin.manifest().name, **self.ziel()}}}

    def sende(self, welt: Welt, nummer: int, xml: bytes, anlage: bytes) -> None:
        """One message for this target, and its receipt."""
        welt.lege_ein(f"n-{nummer}", xml, ("anlage.pdf", "application/pdf", anlage))
        welt.rufe_ab()

    def runde(self) -> None:  # noqa: B027  most sides do nothing
        """Whatever the other side does by itself, once."""

    def lehne_ab(self) -> None:  # noqa: B027  most sides do nothing
        """The next case is refused."""

    def antworte_mehrfach(self) -> None:  # noqa: B027  most sides do nothing
        """Every receipt comes several times."""

    @abstractmethod
    def angekommen(self) -> list[Ankunft]:
        """What was taken over or lies there complete."""

    def reste(self) -> list[str]:
        """What lies where nothing should lie when everything has arrived."""
        return []

    def schliesse(self) -> None:  # noqa: B027  most sides do nothing
        """Stop what runs."""


class Aktenablage(Seite):
    plugin = aktenablage
    codes: ClassVar = {
        "voll": "ablage.voll",
        "nur_lesen": "ablage.verboten",
        "weg": "ablage.fehlt",
        "gestoert": "ablage.gestoert",
    }

    def __init__(self, basis: Path) -> None:
        super().__init__(basis)
        self.ordner = basis / "akten"
        self.ordner.mkdir()

    def ziel(self) -> dict[str, Any]:
        return {"verzeichnis": str(self.ordner)}

    def angekommen(self) -> list[Ankunft]:
        return [ordnerinhalt(fall) for fall in self.ordner.iterdir() if not fall.name.startswith(".")]

    def reste(self) -> list[str]:
        return [name for name in os.listdir(self.ordner) if name.startswith(".")]


class Ordneruebergabe(Seite):
    """COM Vibilia in one of its shipped layouts."""

    plugin = comvibilia
    stufen = frozenset({"uebernommen"})
    layout = "ordner"
    codes: ClassVar = {
        "voll": "comvibilia.voll",
        "nur_lesen": "comvibilia.verboten",
        "weg": "comvibilia.nicht_erreichbar",
        "gestoert": "comvibilia.gestoert",
    }

    def __init__(self, basis: Path) -> None:
        super().__init__(basis)
        self.cv = ComVibilia(basis / "cv", lade_layout(self.layout, basis))
        self.ordner = self.cv.importordner
        self._abgelehnt: set[str] = set()

    def ziel(self) -> dict[str, Any]:
        ordner = {"verzeichnis": str(self.ordner), "quittungen": str(self.cv.quittungen)}
        return {"profil": self.layout, "quittung_minuten": 60, **ordner}

    def runde(self) -> None:
        ablehnend = self.cv.temperament.quittung == "abgelehnt"
        vorher = len(self.cv.uebergeben)
        self.cv.runde()
        neue = {eine.kennung for eine in self.cv.uebergeben[vorher:]}
        self.cv.runde()
        if ablehnend and neue:
            self._abgelehnt |= neue
            self.cv.temperament = Temperament()

    def lehne_ab(self) -> None:
        self.cv.temperament = Temperament(quittung="abgelehnt")

    def antworte_mehrfach(self) -> None:
        self.cv.temperament = Temperament(quittung_anzahl=3)

    def angekommen(self) -> list[Ankunft]:
        self.runde()
        angenommene = [eine for eine in self.cv.uebergeben if eine.kennung not in self._abgelehnt]
        return [frozenset(map(summe, eine.dateien.values())) for eine in angenommene]

    def reste(self) -> list[str]:
        return os.listdir(self.ordner)


class Flach(Ordneruebergabe):
    layout = "flach"


class LaemmerzahlUeberZiel(Ordneruebergabe):
    """The case goes out by COM Vibilia."""

    plugin = laemmerzahl

    def abschnitte(self) -> dict[str, Any]:
        self.plugins["comvibilia"] = comvibilia
        weg = {"plugin": "comvibilia", **self.ziel()}
        return {"ziel": {"weg": weg, ZIEL: {"plugin": "laemmerzahl", "ueber": "weg"}}}


class LaemmerzahlUeberKanal(Ordneruebergabe):
    """The case came by COM Vibilia; LÄMMkom reads a folder of its own, in the shipped layout."""

    plugin = laemmerzahl

    def __init__(self, basis: Path) -> None:
        super().__init__(basis)
        self.export = self.cv
        self.cv = ComVibilia(basis / "laemmkom", laemmerzahl_layout("", basis))
        self.ordner = self.cv.importordner

    def abschnitte(self) -> dict[str, Any]:
        self.plugins["comvibilia"] = comvibilia
        ordner = {"verzeichnis": str(self.ordner), "quittungen": str(self.cv.quittungen)}
        return {
            "kanal": {"cv": {"plugin": "comvibilia", "verzeichnis": str(self.export.export)}},
            "ziel": {ZIEL: {"plugin": "laemmerzahl", "ueber": "cv", **ordner}},
        }

    def sende(self, welt: Welt, nummer: int, xml: bytes, anlage: bytes) -> None:
        self.export.lege_ab(Nachricht(xml, [("anlage.pdf", anlage)], f"n-{nummer}"))
        welt.rufe_ab("cv")


def prosozprofil(ordner: Path, weg: str, **uebergabe: Any) -> str:
    """The shipped example, for the small format of the world; None takes a key away."""
    profil = yaml.safe_load((Path(prosoz.__file__).parent / f"profile/{weg}-beispiel.yaml").read_text(encoding="utf-8"))
    felder = profil["uebergabe"]["felder"] if weg == "soap" else profil["teile"]["falldatei"]["felder"]
    for feld in felder.values():
        feld.pop("umsetzen", None)
    if weg == "soap":
        nachfrage = uebergabe.pop("nachfrage", True)
        profil["uebergabe"] |= uebergabe
        profil["nachfrage"]["frist_s"] = 0  # the world moves what is stored, not what an adapter has noted
        if not nachfrage:
            del profil["nachfrage"]
    (ordner / "profil.yaml").write_text(yaml.safe_dump(profil, allow_unicode=True), encoding="utf-8")
    return "profil.yaml"


class ProsozOrdner(Seite):
    plugin = prosoz
    stufen = frozenset({"uebernommen"})
    codes: ClassVar = {
        "voll": "prosoz.voll",
        "nur_lesen": "prosoz.verboten",
        "weg": "prosoz.ordner_fehlt",
        "gestoert": "prosoz.gestoert",
    }

    def __init__(self, basis: Path) -> None:
        super().__init__(basis)
        self.ordner = basis / "prosoz"
        prosozprofil(basis, "ordner")
        self.partner = OrdnerSimulator(self.ordner, "profil.yaml", basis)

    def ziel(self) -> dict[str, Any]:
        return {"weg": "ordner", "profil": "profil.yaml", "verzeichnis": str(self.ordner)}

    def runde(self) -> None:
        if self.ordner.is_dir():
            self.partner.runde()

    def lehne_ab(self) -> None:
        self.partner.launen.setze("ablehnend", 1)

    def antworte_mehrfach(self) -> None:
        self.partner.launen.setze("doppelt")

    def angekommen(self) -> list[Ankunft]:
        self.runde()
        return [frozenset(fall["dateien"].values()) for fall in self.partner.faelle.alle()]

    def reste(self) -> list[str]:
        return [*os.listdir(self.ordner / "eingang"), *os.listdir(self.ordner / ".fachwerk-neu")]


class Netzseite(Seite):
    """A target behind a network. ``server`` can be stopped and started on the same port, or replaced by silence."""

    server: Any

    def stumm(self) -> socket.socket:
        """A port that takes connections and never says a word."""
        self.server.stop()
        lauscher = socket.socket()
        lauscher.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        lauscher.bind(("127.0.0.1", self.server.port))
        lauscher.listen(16)
        return lauscher

    @abstractmethod
    def stirb_nach_dem_schreiben(self) -> None:
        """The next case is taken, then the connection breaks off."""

    def schliesse(self) -> None:
        self.server.stop()


class ProsozSoap(Netzseite):
    """The key makes a repetition harmless, and the service can be asked."""

    plugin = prosoz
    stufen = frozenset({"uebernommen"})
    uebergabe: ClassVar[dict[str, Any]] = {}
    eindeutig = True

    def __init__(self, basis: Path) -> None:
        super().__init__(basis)
        prosozprofil(basis, "soap", **self.uebergabe)
        self.server = SoapSimulator(basis / "dienst", eindeutig=self.eindeutig)
        self.server.start()

    def ziel(self) -> dict[str, Any]:
        return self.server.einstellungen() | {"profil": "profil.yaml", "verbinden_s": 1.0, "lesen_s": 20.0}

    def stirb_nach_dem_schreiben(self) -> None:
        self.server.launen.setze("halb", 1)

    def lehne_ab(self) -> None:
        self.server.launen.setze("ablehnend", 1)

    def angekommen(self) -> list[Ankunft]:
        return [frozenset(eins["sha256"] for eins in fall["dokumente"]) for fall in self.server.faelle.alle()]


class ProsozSoapAbfrage(ProsozSoap):
    """The same key makes two cases; the service can be asked."""

    uebergabe: ClassVar = {"schluessel_wirkt": False}
    eindeutig = False


class ProsozSoapOhneAlles(ProsozSoap):
    """The same key makes two cases, and nobody can be asked."""

    stufen = frozenset({"uebergeben"})
    uebergabe: ClassVar = {"schluessel_wirkt": False, "nachfrage": False}
    eindeutig = False


AMT, KREIS = "wbs:130030000000", "wgb:130730000000"


class Xta(Netzseite):
    plugin = generic_xta

    def __init__(self, basis: Path) -> None:
        super().__init__(basis)
        konten = {"konten": {"amt": {"kennungen": [AMT]}, "kreis": {"kennungen": [KREIS]}}}
        self.server = XtaSimulator(basis / "xta", konten)
        self.server.start()

    def ziel(self) -> dict[str, Any]:
        zugang, urls = self.server.zugang("amt"), self.server.urls
        dateien = {"zertifikat": zugang.zertifikat, "privatschluessel": zugang.privatschluessel, "ca": zugang.ca}
        return {
            **{name: str(datei) for name, datei in dateien.items()},
            "management_url": urls["management"],
            "send_url": urls["send"],
            "kennung": AMT,
            "empfaenger": {"kennung": KREIS},
            "dienst": "urn:test:dienst",
            "szenario": {"text": "nach Absprache"},
            "nachrichtentyp": {"code": "a.1", "liste": "urn:test:l", "version": "1", "payload_schema": "urn:test:s"},
            "verbinden_s": 1.0,
            "lesen_s": 20.0,
        }

    def stirb_nach_dem_schreiben(self) -> None:
        self.server.temperament.setze("sendMessage", art="abbruch_nach_senden", mal=1)

    def angekommen(self) -> list[Ankunft]:
        return [frozenset(zeile.sha256) for zeile in bestand(self.basis / "xta") if zeile.leser == KREIS]


ORDNERSEITEN = (Aktenablage, Ordneruebergabe, Flach, LaemmerzahlUeberZiel, LaemmerzahlUeberKanal, ProsozOrdner)
NETZSEITEN = (ProsozSoap, ProsozSoapAbfrage, ProsozSoapOhneAlles, Xta)
