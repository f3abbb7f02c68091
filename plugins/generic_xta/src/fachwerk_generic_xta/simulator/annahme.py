"""Arriving content goes through memory in pieces and to disk at once: one staging folder per request."""

from __future__ import annotations

import binascii
import hashlib
import shutil
import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from fachwerk_generic_xta.simulator.fehler import SoapFehler

TESTMUSTER = b"".join((rb"X5O!P%@AP[4\PZX54(P^)7CC)7}", b"$EICAR-STANDARD-", b"ANTIVIRUS-TEST-FILE!", b"$H+H*"))


@dataclass(frozen=True)
class Teildatei:
    """A stored part: its file in the staging folder, its size in bytes and the SHA-256 of its content (hex)."""

    datei: str
    groesse: int
    sha256: str


class Annahme:
    """The staging folder of one request, made with its first part and gone at the end unless it was taken over."""

    def __init__(self, ablage: Path, grenze: int) -> None:
        """``grenze`` is the total size in bytes; what comes beyond it is counted but not stored."""
        self.ordner = ablage / uuid.uuid4().hex
        self._grenze = grenze
        self._groesse = 0
        self._anzahl = 0
        self.schadhaft = False
        """Whether a part holds the harmless test pattern every virus scanner knows."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        shutil.rmtree(self.ordner, ignore_errors=True)

    @property
    def zu_gross(self) -> bool:
        """Whether the parts together exceed the limit."""
        return self._groesse > self._grenze

    def nimm(self, stuecke: Iterable[bytes]) -> Teildatei:
        """Stream one part to disk."""
        schreiber = self.neuer_teil()
        try:
            for stueck in stuecke:
                schreiber.schreibe(stueck)
            return schreiber.fertig()
        finally:
            schreiber.schliesse()

    def neuer_teil(self) -> Teilschreiber:
        """A part that is written piece by piece."""
        self.ordner.mkdir(parents=True, exist_ok=True)
        self._anzahl += 1
        return Teilschreiber(self, self.ordner / f"teil-{self._anzahl:04d}")

    def verwirf(self, teil: Teildatei) -> None:
        """Remove a part that does not belong to the message."""
        (self.ordner / teil.datei).unlink(missing_ok=True)

    def zaehle(self, groesse: int) -> bool:
        """Count bytes; False says that they are too many to be stored."""
        self._groesse += groesse
        return not self.zu_gross


class Teilschreiber:
    """One part on its way to disk."""

    def __init__(self, annahme: Annahme, pfad: Path) -> None:
        self._annahme = annahme
        self._pfad = pfad
        self._datei = pfad.open("xb")
        self._pruefsumme = hashlib.sha256()
        self._groesse = 0
        self._ende = b""

    def schreibe(self, stueck: bytes) -> None:
        """Append content."""
        self._groesse += len(stueck)
        if TESTMUSTER in self._ende + stueck[: len(TESTMUSTER)] or TESTMUSTER in stueck:
            self._annahme.schadhaft = True
        self._ende = (self._ende + stueck[-len(TESTMUSTER) :])[-len(TESTMUSTER) :]
        if self._annahme.zaehle(len(stueck)):
            self._pruefsumme.update(stueck)
            self._datei.write(stueck)

    def fertig(self) -> Teildatei:
        """The whole part."""
        self._datei.close()
        return Teildatei(self._pfad.name, self._groesse, self._pruefsumme.hexdigest())

    def schliesse(self) -> None:
        """Close the file, whatever became of it."""
        self._datei.close()


class Base64Leser:
    """Decodes base64 text that arrives in pieces; white space is allowed, everything else foreign is refused."""

    def __init__(self, ziel: Teilschreiber) -> None:
        self._ziel = ziel
        self._rest = ""
        self._am_ende = False

    def weiter(self, text: str) -> None:
        """Decode whole groups of four and keep the rest."""
        text = self._rest + "".join(text.split())
        ganz = len(text) - len(text) % 4
        self._rest = text[ganz:]
        if not ganz:
            return
        if self._am_ende:
            raise SoapFehler("Hinter dem Ende eines base64-Inhalts stehen weitere Zeichen.")
        self._am_ende = text[ganz - 1] == "="
        try:
            self._ziel.schreibe(binascii.a2b_base64(text[:ganz].encode("ascii"), strict_mode=True))
        except ValueError as fehler:
            raise SoapFehler("Ein Inhalt ist kein gültiges base64.") from fehler

    def fertig(self) -> Teildatei:
        """The whole part; an incomplete group is refused."""
        if self._rest:
            raise SoapFehler("Ein base64-Inhalt ist unvollständig.")
        return self._ziel.fertig()
