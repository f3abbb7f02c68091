"""Puts messages into the export folder and takes hand-overs out of the import folder, as a layout profile says.

Nothing waits and nothing runs by itself: a test calls :meth:`ComVibilia.runde` as often as it likes, the command calls
it every second. What was taken is kept with its content, so that a test can count what arrived, and how often.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from lxml import etree

from fachwerk_comvibilia.muster import STAMM, passt, stamm_von
from fachwerk_comvibilia.plan import ist_schalter
from fachwerk_comvibilia.profil import AusgangProfil, EingangProfil, Profil, lade
from fachwerk_comvibilia.simulator.temperament import Temperament

_KENNUNG = re.compile(r"fw[0-9a-f]{16}")
_UNMOEGLICH = re.compile(r"[/\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff]")
_STAND = {"uebernommen": "uebernommen", "angenommen": "angenommen", "abgelehnt": "abgelehnt"}


@dataclass(frozen=True)
class Nachricht:
    """What comes out of the mailbox: the XML and its attachments by name, the id and whether it is a test."""

    xml: bytes
    anlagen: Sequence[tuple[str, bytes]] = ()
    nachricht_id: str = ""
    name: str = ""
    test: bool = False


@dataclass(frozen=True)
class Uebergeben:
    """One hand-over as taken from the import folder: its name, its id, and every file with its content."""

    name: str
    kennung: str
    dateien: dict[str, bytes]


@dataclass
class ComVibilia:
    """``export`` is what Fachwerk reads, ``importordner`` what it fills, ``quittungen`` where receipts go."""

    ordner: Path
    profil: Profil = field(default_factory=lambda: lade("ordner", Path()))
    temperament: Temperament = field(default_factory=Temperament)
    uebergeben: list[Uebergeben] = field(default_factory=list)
    runden: int = 0
    _laufende: list[Iterator[None]] = field(default_factory=list, repr=False)
    _faellig: list[tuple[int, str]] = field(default_factory=list, repr=False)
    _gezaehlt: int = 0

    def __post_init__(self) -> None:
        for ordner in (self.export, self.importordner, self.quittungen):
            ordner.mkdir(parents=True, exist_ok=True)

    @property
    def export(self) -> Path:
        """The export folder."""
        return self.ordner / "export"

    @property
    def importordner(self) -> Path:
        """The import folder."""
        return self.ordner / "import"

    @property
    def quittungen(self) -> Path:
        """The folder of the receipts."""
        return self.ordner / "quittungen"

    @property
    def schreibt(self) -> bool:
        """Whether an export is still being written."""
        return bool(self._laufende)

    # -- what a round does --------------------------------------------------------------------------------------

    def lege_ab(self, nachricht: Nachricht) -> None:
        """Begin to export; with one piece per file it is complete at once, else one piece per round.

        Raises ``ValueError`` for a name no file can have.
        """
        for anlage, _ in nachricht.anlagen:
            if anlage in ("", ".", "..") or _UNMOEGLICH.search(anlage) or len(anlage.encode()) > 200:
                raise ValueError("Einen solchen Namen kann eine Datei nicht haben.")
        self._gezaehlt += 1
        name = nachricht.name or f"nachricht-{self._gezaehlt:05d}"
        schreiber = self._exportiere(nachricht, "nachricht" if self.temperament.gleiche_namen else name)
        if self.temperament.schritte == 1:
            for _ in schreiber:
                pass
        else:
            self._laufende.append(schreiber)
            next(schreiber, None)

    def runde(self) -> None:
        """Write on, take what is handed over, give the receipts that are due."""
        self.runden += 1
        if self.temperament.laufwerk_weg_nach is not None and self.runden > self.temperament.laufwerk_weg_nach:
            self.laufwerk_weg()
        if not self.export.is_dir():
            return
        self._laufende = [schreiber for schreiber in self._laufende if next(schreiber, self) is not self]
        if not self.temperament.holt_nicht:
            self.hole_ab()
        faellige = [kennung for runde, kennung in self._faellig if runde <= self.runden]
        self._faellig = [(runde, kennung) for runde, kennung in self._faellig if runde > self.runden]
        for kennung in faellige:
            self.quittiere(kennung)

    def laufwerk_weg(self) -> None:
        """The network drive is gone."""
        if self.export.is_dir():
            for ordner in (self.export, self.importordner, self.quittungen):
                os.rename(ordner, ordner.with_name(f"{ordner.name}.getrennt"))

    def laufwerk_da(self) -> None:
        """The network drive is back, with everything on it."""
        for ordner in (self.export, self.importordner, self.quittungen):
            getrennt = ordner.with_name(f"{ordner.name}.getrennt")
            if getrennt.is_dir():
                os.rename(getrennt, ordner)

    # -- towards Fachwerk ---------------------------------------------------------------------------------------

    def _exportiere(self, nachricht: Nachricht, stamm: str) -> Iterator[None]:
        """Write file after file, piece after piece, the marker last; a folder that is there is written into."""
        eingang = self._eingang()
        basis = self.export if eingang.aufbau == "flach" else self.export / stamm
        for pfad, inhalt in self._dateien(eingang, nachricht, stamm):
            ziel = basis / pfad
            ziel.parent.mkdir(parents=True, exist_ok=True)
            ziel.write_bytes(b"")
            for stueck in _stuecke(inhalt, self.temperament.schritte):
                with open(ziel, "ab") as datei:
                    datei.write(stueck)
                if self.temperament.schritte > 1:
                    yield
        marke = eingang.fertig.marke
        if marke and not self.temperament.ohne_marke:
            daneben = self.export if STAMM in marke else basis
            (daneben / dateiname(marke, stamm, "fertig")).write_bytes(b"")

    def _dateien(self, eingang: EingangProfil, nachricht: Nachricht, stamm: str) -> Iterator[tuple[str, bytes]]:
        yield dateiname(eingang.nachricht[0], stamm, "nachricht.xml"), nachricht.xml
        muster = eingang.anlagen[0] if eingang.anlagen else "*"
        anlagen = [(dateiname(muster, stamm, name), inhalt) for name, inhalt in nachricht.anlagen]
        yield from anlagen
        if eingang.metadaten:
            werte = {
                eingang.metadaten.nachricht_id: nachricht.nachricht_id,
                eingang.metadaten.test: "true" if nachricht.test else "",
            }
            liste = [pfad.rsplit("/", 1)[-1] for pfad, _ in anlagen]
            yield dateiname(eingang.metadaten.datei, stamm, "x"), _xml(werte, eingang.metadaten.dateien, liste)

    # -- from Fachwerk ------------------------------------------------------------------------------------------

    def hole_ab(self) -> list[Uebergeben]:
        """Take every complete hand-over out of the import folder and give its receipt, at once or later."""
        ausgang = self._ausgang()
        neue = [
            self._nimm(ausgang, name)
            for name in sorted(os.listdir(self.importordner))
            if ist_schalter(ausgang, name, "fw") and not name.endswith(".laufzettel.xml")
        ]
        for eine in neue:
            self.uebergeben.append(eine)
            if self.temperament.quittung != "keine":
                for _ in range(self.temperament.quittung_anzahl):
                    self._faellig.append((self.runden + self.temperament.quittung_nach, eine.kennung))
        return neue

    def quittiere(self, kennung: str, stand: str = "") -> Path:
        """Write one receipt, under a new name each time."""
        angaben = self.profil.quittungen
        if angaben is None:
            raise ValueError("Das Layoutprofil kennt keine Quittungen.")
        wort = stand or _STAND.get(self.temperament.quittung, "was-auch-immer")
        nummer = len(os.listdir(self.quittungen)) + 1
        name = angaben.muster[0].replace("{kennung}", kennung).replace("*", f"{nummer}-", 1).replace("*", "")
        werte = {angaben.bezug: kennung, angaben.stand: wort, angaben.grund: "Prüfung"}
        vorlaeufig = self.quittungen / f".{name}"
        vorlaeufig.write_bytes(_xml(werte, "", []))
        os.replace(vorlaeufig, self.quittungen / name)
        return self.quittungen / name

    def _nimm(self, ausgang: AusgangProfil, schalter: str) -> Uebergeben:
        stamm = schalter
        for muster in (ausgang.marke, ausgang.nachricht):
            if STAMM in muster and passt(muster, schalter, stamm_von(muster, schalter)):
                stamm = stamm_von(muster, schalter)
                break
        wege = [weg for weg in sorted(self.importordner.iterdir()) if weg.name == stamm or _gehoert(weg.name, stamm)]
        dateien: dict[str, bytes] = {}
        for weg in wege:
            for datei in [weg] if weg.is_file() else sorted(d for d in weg.rglob("*") if d.is_file()):
                dateien[datei.relative_to(self.importordner).as_posix()] = datei.read_bytes()
        for weg in wege:
            shutil.rmtree(weg) if weg.is_dir() else weg.unlink()
        treffer = _KENNUNG.search(stamm)
        return Uebergeben(stamm, treffer.group() if treffer else hashlib.sha256(stamm.encode()).hexdigest(), dateien)

    def _eingang(self) -> EingangProfil:
        if self.profil.eingang is None:
            raise ValueError("Das Layoutprofil beschreibt keinen Eingang.")
        return self.profil.eingang

    def _ausgang(self) -> AusgangProfil:
        if self.profil.ausgang is None:
            raise ValueError("Das Layoutprofil beschreibt keinen Ausgang.")
        return self.profil.ausgang


def dateiname(muster: str, stamm: str, name: str) -> str:
    """A concrete name for a pattern: ``*`` stands for ``name``, without its extension where the pattern has one."""
    text = muster.replace(STAMM, stamm)
    if "*" not in text:
        return text.replace("?", "x")
    nach = text.partition("*")[2]
    ohne = name.removesuffix(nach) if nach else name
    return text.replace("*", ohne, 1).replace("*", "").replace("?", "x")


def _gehoert(name: str, stamm: str) -> bool:
    return name.startswith(f"{stamm}.")


def _stuecke(inhalt: bytes, anzahl: int) -> list[bytes]:
    laenge = max(-(-len(inhalt) // anzahl), 1)
    return [inhalt[stelle : stelle + laenge] for stelle in range(0, len(inhalt), laenge)]


def _xml(werte: dict[str, str], listenpfad: str, liste: list[str]) -> bytes:
    wurzel = etree.Element("Angaben")
    for pfad, wert in [*((p, w) for p, w in werte.items() if p and w), *((listenpfad, w) for w in liste if listenpfad)]:
        element = wurzel
        *oben, letzter = pfad.split("/")
        for name in oben:
            element = etree.SubElement(element, name)
        if letzter.startswith("@"):
            element.set(letzter[1:], wert)
        else:
            etree.SubElement(element, letzter).text = wert
    return bytes(etree.tostring(wurzel, xml_declaration=True, encoding="UTF-8"))
