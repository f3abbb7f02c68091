"""Reading the mirror: one file back into the head and the encrypted chunks that :mod:`fachwerk.spiegel` wrote."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import IO

from cryptography.exceptions import InvalidTag

from fachwerk.errors import FachwerkError
from fachwerk.inhalt import bindung
from fachwerk.schluessel import Schluesselbund, entschluessle
from fachwerk.stuecke import STUECK

SCHEMA = 1
_LAENGSTER_KOPF = 16 << 20
_BEIGABE = 28
"""Bytes that nonce and tag add to a chunk."""


class KopieError(FachwerkError):
    """A file of the mirror cannot be used."""


@dataclass(frozen=True)
class Teilkopie:
    """A part of the message as the head names it."""

    id: str
    laenge: int
    sha256: str
    stuecke: int


@dataclass(frozen=True)
class Kopie:
    """The head of one mirrored case; ``schluessel`` is its key, in the clear."""

    pfad: Path
    vorgang_id: str
    kanal: str
    nachricht_id: str
    sha256: str
    empfangen: datetime
    eingang: str
    teile: tuple[Teilkopie, ...]
    schluessel: bytes
    _beginn: int

    def stuecke(self) -> Iterator[tuple[Teilkopie, int, bytes]]:
        """Every chunk as it was stored: part, number, encrypted bytes. ``KopieError`` where the file is damaged."""
        with open(self.pfad, "rb") as datei:
            datei.seek(self._beginn)
            for teil in self.teile:
                yield from self._stuecke_des_teils(teil, datei)
            if datei.read(1):
                raise _beschaedigt(self.pfad)

    def _stuecke_des_teils(self, teil: Teilkopie, datei: IO[bytes]) -> Iterator[tuple[Teilkopie, int, bytes]]:
        summe, laenge = hashlib.sha256(), 0
        for nr in range(teil.stuecke):
            daten = _naechstes(datei, self.pfad)
            klartext = self._klartext(teil, nr, daten)
            summe.update(klartext)
            laenge += len(klartext)
            yield teil, nr, daten
        if (summe.hexdigest(), laenge) != (teil.sha256, teil.laenge):
            raise _beschaedigt(self.pfad)

    def _klartext(self, teil: Teilkopie, nr: int, daten: bytes) -> bytes:
        try:
            gebunden = bindung(self.vorgang_id, teil.id, nr, nr == teil.stuecke - 1)
            return entschluessle(self.schluessel, daten, gebunden)
        except InvalidTag:
            raise _beschaedigt(self.pfad) from None


def dateien(ordner: Path) -> Sequence[Path]:
    """Every complete file of a mirror."""
    return sorted(ordner.glob("??/*.eingang"))


def lies(pfad: Path, bund: Schluesselbund) -> Kopie:
    """The head of a file, its key opened with ``bund``; ``KopieError`` for a damaged one, or another site's."""
    try:
        with open(pfad, "rb") as datei:
            zeile = datei.readline(_LAENGSTER_KOPF)
        kopf = json.loads(zeile)
        if kopf["schema"] != SCHEMA or kopf["vorgang_id"] != pfad.stem:
            raise ValueError
        teile = tuple(Teilkopie(t["id"], int(t["laenge"]), t["sha256"], int(t["stuecke"])) for t in kopf["teile"])
        werte = {name: str(kopf[name]) for name in ("vorgang_id", "kanal", "nachricht_id", "sha256", "eingang")}
        empfangen = datetime.fromisoformat(kopf["empfangen"])
        verpackt = base64.b64decode(kopf["schluessel"], validate=True)
    except (OSError, ValueError, KeyError, TypeError):
        raise _beschaedigt(pfad) from None
    schluessel = bund.entpacke(werte["vorgang_id"], verpackt)
    return Kopie(pfad, empfangen=empfangen, teile=teile, schluessel=schluessel, _beginn=len(zeile), **werte)


def _naechstes(datei: IO[bytes], pfad: Path) -> bytes:
    laenge = int.from_bytes(datei.read(4), "big")
    daten = datei.read(laenge) if _BEIGABE <= laenge <= STUECK + _BEIGABE else b""
    if not daten or len(daten) != laenge:
        raise _beschaedigt(pfad)
    return daten


def _beschaedigt(pfad: Path) -> KopieError:
    return KopieError(
        "spiegel_beschaedigt",
        f"Die Kopie {pfad.name} im Spiegel ist beschädigt oder nicht vollständig. Der Vorgang fehlt; bitte eine "
        "Kopie des Spiegels suchen oder den Absender bitten, noch einmal zu senden.",
    )


def verpackter_schluessel(pfad: Path) -> bytes:
    """The wrapped case key of a file; empty where it cannot be read."""
    try:
        with open(pfad, "rb") as datei:
            return base64.b64decode(json.loads(datei.readline(_LAENGSTER_KOPF))["schluessel"], validate=True)
    except (OSError, ValueError, KeyError, TypeError):
        return b""
