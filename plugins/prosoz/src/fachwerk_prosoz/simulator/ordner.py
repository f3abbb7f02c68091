"""The folder partner: waits for triggers, takes cases, writes receipts as the profile describes them.

It only ever acts in :meth:`OrdnerSimulator.runde`, so that a test decides when. All state lies in the folder.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
from pathlib import Path
from typing import Any

from fachwerk.errors import ConfigError
from fachwerk_prosoz.profil import Ablageprofil, Rueckmeldung, lade
from fachwerk_prosoz.simulator.ablauf import Faelle, Launen

LAUNEN = frozenset({"normal", "langsam", "stumm", "ablehnend", "halb", "spurlos", "doppelt", "steht"})
"""langsam: first only the technical receipt; halb: takes, then dies before any receipt; spurlos: takes and deletes,
no receipt ever; doppelt: every receipt twice; steht: does nothing; stumm: takes, moves away, never confirms."""

EIGENES = ".simulator"


class OrdnerSimulator:
    """One partner on one folder; a new object on the same folder is the same partner after a restart."""

    def __init__(self, ordner: Path | str, profil: str = "beispiel", profilordner: Path | None = None) -> None:
        gelesen = lade(profil, "ordner", profilordner or Path())
        assert isinstance(gelesen, Ablageprofil)  # noqa: S101  the way says so
        self.profil = gelesen
        self.basis = Path(ordner).resolve()
        eigenes = self.basis / EIGENES
        for teil in (eigenes, self.basis / self.profil.eingang, *(self.basis / r.ordner for r in self._meldungen)):
            teil.mkdir(parents=True, exist_ok=True)
        self.launen = Launen(eigenes / "temperament.json", LAUNEN)
        self.faelle = Faelle(eigenes / "faelle.jsonl")
        self._weg = eigenes / "uebernommen"
        self._weg.mkdir(exist_ok=True)

    @property
    def _meldungen(self) -> tuple[Rueckmeldung, ...]:
        return self.profil.rueckmeldungen

    def runde(self) -> list[str]:
        """Look once; the stems that were worked on. Raises ``ConfigError`` where the mood file is broken."""
        bearbeitet = []
        for ausloeser, stamm in self.wartende():
            laune = self.launen.naechste()
            if laune != "steht":
                self._nimm(ausloeser, stamm, laune)
                bearbeitet.append(stamm)
        return bearbeitet

    def wartende(self) -> list[tuple[Path, str]]:
        """Triggers that wait, oldest name first, with their stem."""
        eingang = self.basis / self.profil.eingang
        rest = re.escape(self.profil.ausloeser.name).replace(r"\{stamm\}", "(?P<stamm>[A-Za-z0-9_-]+)", 1)
        muster = re.compile(re.sub(r"\\\{[a-z]+\\\}", "[A-Za-z0-9_.-]+", rest.replace(r"\{stamm\}", "(?P=stamm)")))
        dateien = sorted(pfad for pfad in eingang.rglob("*") if pfad.is_file())
        treffer = [(pfad, muster.fullmatch(pfad.relative_to(eingang).as_posix())) for pfad in dateien]
        return [(pfad, fund["stamm"]) for pfad, fund in treffer if fund]

    def melde(self, stamm: str, bedeutung: str, text: str = "", mal: int = 1) -> list[Path]:
        """Write the receipt of the profile for ``bedeutung``, as often as asked; nothing if it has none."""
        geschrieben = []
        for meldung in [m for m in self._meldungen if m.bedeutet == bedeutung][:1]:
            for nummer in range(mal):
                name = meldung.muster.replace("{stamm}", stamm).replace("*", f"{nummer}").replace("?", "x")
                name = name.replace("{schluessel}", stamm.rpartition("_")[2])
                pfad = self.basis / meldung.ordner / name
                vorlaeufig = pfad.with_name(f".{name}.neu")
                vorlaeufig.write_text(text or "ok\n", encoding="utf-8")
                os.replace(vorlaeufig, pfad)
                geschrieben.append(pfad)
        return geschrieben

    def bestaetige(self, stamm: str) -> None:
        """What a slow partner says in the end: taken over."""
        fall = self.faelle.finde(stamm) or {}
        self.melde(stamm, "uebernommen", f"Fallnummer={fall.get('fallnummer', '')}\n")

    def _nimm(self, ausloeser: Path, stamm: str, laune: str) -> None:
        if laune == "ablehnend":
            self._raeume(ausloeser, stamm)
            self.melde(stamm, "abgelehnt", "Grund=Erfundene Ablehnung des Simulators\n")
            return
        fall = self.faelle.nimm(stamm, dateien=self._dateien(ausloeser, stamm))
        self._raeume(ausloeser, stamm, loesche=laune == "spurlos")
        if laune in ("halb", "spurlos", "stumm"):
            return
        mal = 2 if laune == "doppelt" else 1
        self.melde(stamm, "technisch_bestaetigt", mal=mal)
        if laune != "langsam":
            self.melde(stamm, "uebernommen", f"Fallnummer={fall['fallnummer']}\n", mal=mal)

    def _inhalt(self, ausloeser: Path, stamm: str) -> list[Path]:
        eingang = self.basis / self.profil.eingang
        if self.profil.form == "ordner":
            return [pfad for pfad in [eingang / stamm] if pfad.exists()]
        return sorted(pfad for pfad in eingang.iterdir() if pfad.name.startswith(stamm) and pfad != ausloeser)

    def _dateien(self, ausloeser: Path, stamm: str) -> dict[str, Any]:
        """Names and checksums of what was taken."""
        summen = {}
        for oben in self._inhalt(ausloeser, stamm):
            for pfad in sorted(oben.rglob("*")) if oben.is_dir() else [oben]:
                if pfad.is_file():
                    summen[pfad.relative_to(oben.parent).as_posix()] = hashlib.sha256(pfad.read_bytes()).hexdigest()
        return summen

    def _raeume(self, ausloeser: Path, stamm: str, loesche: bool = False) -> None:
        """Move (or delete) what was taken; the trigger goes first, so that a kill in between takes nothing twice."""
        ausloeser.unlink()
        for pfad in self._inhalt(ausloeser, stamm):
            if loesche:
                shutil.rmtree(pfad) if pfad.is_dir() else pfad.unlink()
            else:
                ziel = self._weg / pfad.name
                if ziel.is_dir():
                    shutil.rmtree(ziel)
                os.replace(pfad, ziel)


def simulator(ordner: Path, profil: str) -> OrdnerSimulator:
    """A partner for the command line. Raises ``ConfigError`` where ``ordner`` is a file."""
    if ordner.exists() and not ordner.is_dir():
        raise ConfigError("simulator.ordner", f"{ordner} ist eine Datei. Mit --ordner einen Ordner angeben.")
    return OrdnerSimulator(ordner, profil, Path.cwd())
