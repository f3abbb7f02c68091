"""The folder way: files under a temporary name, one rename, the trigger last; receipts are read back.

How a kill leaves it: before the note ``bereit`` nothing was shown. After it the staged trigger tells: still there means
not handed over, gone while its staging folder is still there means handed over, because only our rename takes it away.
If the staging folder is gone too and the note ``abgegeben`` is missing, somebody else cleaned up: a person must look.
"""

from __future__ import annotations

import contextlib
import fnmatch
import os
import re
import secrets
import shutil
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from fachwerk.errors import OutcomeUnknownError
from fachwerk.modell import Quittung, Sendung
from fachwerk_prosoz import dateien
from fachwerk_prosoz.merk import Merk
from fachwerk_prosoz.namen import fuelle, kopfwerte, kurzschluessel
from fachwerk_prosoz.profil import Ablageprofil, Profil, Rueckmeldung
from fachwerk_prosoz.settings import Zieleinstellungen
from fachwerk_prosoz.stuecke import Stueck, stuecke

_INHALT, _AUSLOESER = "inhalt", "ausloeser"
_RANG = {"technisch_bestaetigt": 1, "uebernommen": 2, "abgelehnt": 3}


class Ablage:
    """One delivery by folder."""

    def __init__(self, werte: Zieleinstellungen, profil: Profil, merk: Merk) -> None:
        assert isinstance(profil, Ablageprofil)  # noqa: S101  chosen by the caller
        self._profil = profil
        self._merk = merk
        self.basis = merk.host.ordner / werte.verzeichnis
        self._ist_absolut = Path(werte.verzeichnis).is_absolute()
        self.eingang = self.basis / profil.eingang
        self.zwischen = self.basis / profil.zwischenordner

    def liefere(self, sendung: Sendung, werte: dict[str, Any]) -> Quittung:
        """Write, rename, trigger. Raises ``RetryableError`` before the trigger is shown, never after."""
        lauf = self._merk.beginne()
        self.oeffne()
        if fertig := self._spur():
            return fertig
        kopf = kopfwerte(werte, self._merk.schluessel, lauf)
        stamm = (self._merk.lies("stamm") if self._merk.lies("bereit") else "") or fuelle(self._profil.stamm, kopf)
        plan = stuecke(self._profil, sendung, werte, kopf | {"stamm": stamm})
        self._merk.setze("bereit", "")
        self._merk.setze("stamm", stamm)
        self._merk.setze("ausloeser", plan[-1].pfad)
        eigen = self._bereite_vor(plan, lauf)
        self._merk.setze("bereit", eigen.name)
        return self._gib_ab(eigen, stamm, plan[-1].pfad)

    def finde(self) -> Quittung | None:
        """What the folders say. None: nothing was handed over. Raises where nobody but a person can know."""
        self._pruefe_erreichbar()
        gefunden = self._spur()
        if self._merk.ist_verworfen:
            raise self._merk.abgelehnt(None)
        if gefunden is None and self._ist_unklar():
            raise self._merk.unklar(
                "Der Zwischenordner von Fachwerk ist nicht mehr da, und PROSOZ hat keine Spur hinterlassen: Ob der "
                "Fall abgegeben wurde, lässt sich nicht feststellen."
            )
        if gefunden is not None:
            self._raeume_nach(gefunden)
        return gefunden

    def _raeume_nach(self, gefunden: Quittung) -> None:
        """What a killed process or a lost drive left of a finished hand-over; the note is the proof from now on."""
        if not self._merk.lies("abgegeben"):
            self._merk.setze("abgegeben", gefunden.zeit.isoformat())
        with contextlib.suppress(OSError):
            dateien.raeume_versuche(self.zwischen, kurzschluessel(self._merk.schluessel, self._merk.lauf))

    def oeffne(self) -> None:
        """Folders that lie below a relative path are made; an absolute one is the site's to make."""
        with dateien.wiederholbar(self.basis):
            if self._ist_absolut:
                os.listdir(self.basis)
            for ordner in (self.eingang, self.zwischen):
                if self._ist_absolut and ordner == self.eingang:
                    os.listdir(ordner)
                ordner.mkdir(parents=not self._ist_absolut, exist_ok=True)

    # -- writing ------------------------------------------------------------------------------------------------

    def _bereite_vor(self, plan: list[Stueck], lauf: int) -> Path:
        """Everything on the disk in a staging folder of its own; what earlier attempts left is taken away."""
        anfang = kurzschluessel(self._merk.schluessel, lauf)
        with dateien.wiederholbar(self.zwischen):
            dateien.raeume_versuche(self.zwischen, anfang)
            eigen = self.zwischen / f"{anfang}-{secrets.token_hex(4)}"
            (eigen / _INHALT).mkdir(parents=True)
        try:
            self._schreibe(plan, eigen)
        except BaseException:
            shutil.rmtree(eigen, ignore_errors=True)
            raise
        return eigen

    def _schreibe(self, plan: list[Stueck], eigen: Path) -> None:
        summen: dict[str, tuple[str, int]] = {}
        for stueck in plan:
            ziel = eigen / _AUSLOESER if stueck.ist_ausloeser else eigen / _INHALT / stueck.pfad
            strom = [_liste(summen)] if stueck.mit_summen else stueck.strom(summen)
            summen[stueck.pfad] = dateien.schreibe(ziel, strom)
        with dateien.wiederholbar(eigen):
            for ordner in (*(p for p in (eigen / _INHALT).iterdir() if p.is_dir()), eigen / _INHALT, eigen):
                dateien.sichere_ordner(ordner)

    def _gib_ab(self, eigen: Path, stamm: str, ausloeser: str) -> Quittung:
        with dateien.wiederholbar(self.eingang):
            self._zeige_inhalt(eigen, stamm)
        ziel = self.eingang / ausloeser
        try:
            os.rename(eigen / _AUSLOESER, ziel)
        except OSError as fehler:
            if self._liegt_noch(eigen / _AUSLOESER):
                raise dateien.uebersetzt(fehler, self.eingang) from None
        zeit = self._merk.host.now()
        self._merk.setze("abgegeben", zeit.isoformat())
        with contextlib.suppress(OSError):
            dateien.sichere_ordner(ziel.parent)
        shutil.rmtree(eigen, ignore_errors=True)
        return self._merk.quittung("uebergeben", zeit, stamm)

    def _zeige_inhalt(self, eigen: Path, stamm: str) -> None:
        """Data under their final names; what an attempt without trigger left there is replaced."""
        inhalt = eigen / _INHALT
        if self._profil.form == "flach":
            for datei in inhalt.iterdir():
                os.replace(datei, self.eingang / datei.name)
        else:
            if (self.eingang / stamm).exists():
                os.rename(self.eingang / stamm, eigen / "alt")
            os.rename(inhalt, self.eingang / stamm)
        dateien.sichere_ordner(self.eingang)

    @staticmethod
    def _liegt_noch(staged: Path) -> bool:
        """Whether a rename that failed left its source. Raises where not even that can be seen."""
        try:
            os.stat(staged)
        except FileNotFoundError:
            return not staged.parent.exists()
        except OSError:
            text = "Beim Abgeben des Auslösers ist das Laufwerk ausgefallen; ob PROSOZ ihn sieht, klärt sich danach."
            raise OutcomeUnknownError("prosoz.ablage_unklar", text) from None
        return True

    # -- looking ------------------------------------------------------------------------------------------------

    def _pruefe_erreichbar(self) -> None:
        if not self._ist_absolut and not self.basis.exists():
            return
        with dateien.wiederholbar(self.basis):
            os.listdir(self.basis)

    def _spur(self) -> Quittung | None:
        """Evidence of this lauf, strongest first."""
        stamm = self._merk.lies("stamm")
        if not stamm:
            return None
        with dateien.wiederholbar(self.basis):
            funde = sorted(self._rueckmeldungen(stamm), key=lambda fund: _RANG[fund[0].bedeutet])
        if funde:
            return self._aus_rueckmeldung(funde)
        if (self.eingang / self._merk.lies("ausloeser")).is_file():
            return self._merk.quittung("uebergeben", self._zeit(), stamm)
        if self._merk.lies("abgegeben") or self._ist_umbenannt():
            return self._merk.quittung(self._profil.abgeholt, self._zeit(), stamm)
        return None

    def _rueckmeldungen(self, stamm: str) -> Iterator[tuple[Rueckmeldung, Path]]:
        for rueckmeldung in self._profil.rueckmeldungen:
            ordner = self.basis / rueckmeldung.ordner
            for name in _passende(ordner, rueckmeldung.muster, stamm, self._schluessel):
                if (ordner / name).stat().st_size or not (rueckmeldung.kennung or rueckmeldung.grund):
                    yield rueckmeldung, ordner / name

    def _aus_rueckmeldung(self, funde: list[tuple[Rueckmeldung, Path]]) -> Quittung:
        if {"abgelehnt", "uebernommen"} <= {fund[0].bedeutet for fund in funde}:
            raise self._merk.strittig()
        kennungen = [_entnimm(rueckmeldung.kennung, pfad) for rueckmeldung, pfad in funde]
        kennung = next(filter(None, reversed(kennungen)), "")
        rueckmeldung, pfad = funde[-1]
        if rueckmeldung.bedeutet == "abgelehnt":
            raise self._merk.abgelehnt(_entnimm(rueckmeldung.grund, pfad), kennung)
        zeit = datetime.fromtimestamp(pfad.stat().st_mtime).astimezone()
        return self._merk.quittung(rueckmeldung.bedeutet, zeit, kennung or self._merk.lies("stamm"))

    def _ist_umbenannt(self) -> bool:
        eigen = self._merk.lies("bereit")
        return bool(eigen) and (self.zwischen / eigen).is_dir() and not (self.zwischen / eigen / _AUSLOESER).exists()

    def _ist_unklar(self) -> bool:
        eigen = self._merk.lies("bereit")
        return bool(eigen) and not (self.zwischen / eigen).is_dir()

    @property
    def _schluessel(self) -> str:
        return kurzschluessel(self._merk.schluessel, self._merk.lauf)

    def _zeit(self) -> datetime:
        notiert = self._merk.lies("abgegeben")
        return datetime.fromisoformat(notiert) if notiert else self._merk.host.now()


def _passende(ordner: Path, muster: str, stamm: str, schluessel: str) -> list[str]:
    """Names in ``ordner`` that fit; a folder that is not there has none."""
    name = muster.replace("{stamm}", stamm).replace("{schluessel}", schluessel)
    if not re.search(r"[*?]", name):
        return [name] if (ordner / name).is_file() else []
    if not ordner.is_dir():
        return []
    return sorted(n for n in os.listdir(ordner) if fnmatch.fnmatchcase(n, name) and (ordner / n).is_file())


def _entnimm(muster: str, pfad: Path) -> str:
    """Group 1 of ``muster`` in the receipt; empty without pattern or match."""
    if not muster:
        return ""
    with dateien.wiederholbar(pfad.parent):
        treffer = re.search(muster, dateien.lies_anfang(pfad))
    return treffer.group(1) or "" if treffer else ""


def _liste(summen: dict[str, tuple[str, int]]) -> bytes:
    """``sha256  name`` per line, as the usual tools read it."""
    return "".join(f"{summe}  {name}\n" for name, (summe, _) in sorted(summen.items())).encode("ascii")
