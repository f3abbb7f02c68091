"""The mailbox on disk: a message is a folder that appears complete, and a close is one more file in it.

``kennungen/<uuid>.json`` holds ids handed out but not yet used, ``annahme/`` what is just arriving,
``nachrichten/<uuid>/`` the accepted messages. Everything is fsynced before it is acknowledged, so that the state
survives a kill at any moment; the index in memory is rebuilt from the folders at start.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import threading
import uuid
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from fachwerk_generic_xta.simulator.annahme import Annahme, Teildatei
from fachwerk_generic_xta.simulator.fehler import XtaFehler

_ID = re.compile(r"urn:de:xta:messageid:[^:]{1,41}:([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})")
NACHRICHT = "nachricht.json"
METADATEN = "metadaten.xml"
BEHAELTER = "behaelter.xml"
GESCHLOSSEN = "geschlossen.json"


@dataclass(frozen=True)
class Nachricht:
    """An accepted message; times are aware, sizes in bytes, ``konto`` is the account that sent it."""

    id: str
    konto: str
    autor: str
    leser: str
    gesendet: datetime
    zugestellt: datetime
    test: bool
    bezug: tuple[str, ...]
    groesse: int
    teile: tuple[Teildatei, ...]
    geschlossen: datetime | None = None

    @property
    def schluessel(self) -> str:
        """Ids compare without regard to case."""
        return self.id.lower()


class Postfach:
    """All mailboxes of the simulator; safe to use from several threads."""

    def __init__(self, ordner: Path, jetzt: Callable[[], datetime]) -> None:
        """Open the mailboxes in ``ordner``; what was arriving when the last run ended was never acknowledged."""
        self.jetzt = jetzt
        self.annahme = ordner / "annahme"
        self._kennungen = ordner / "kennungen"
        self._nachrichten = ordner / "nachrichten"
        shutil.rmtree(self.annahme, ignore_errors=True)
        for unterordner in (self.annahme, self._kennungen, self._nachrichten):
            unterordner.mkdir(parents=True, exist_ok=True)
        self._schloss = threading.Lock()
        self._alle: dict[str, Nachricht] = {}
        self._offen: dict[str, dict[str, Nachricht]] = {}
        for datei in sorted(self._nachrichten.glob(f"*/{NACHRICHT}")):
            self._nimm_auf(_lies_nachricht(datei.parent))

    def reserviere(self, konto: str) -> str:
        """A new message id for ``konto``, remembered durably."""
        kern = str(uuid.uuid4())
        kennung = f"urn:de:xta:messageid:{konto}:{kern}"
        angaben = {"id": kennung, "konto": konto, "zeit": self.jetzt().isoformat()}
        schreibe_dauerhaft(self._kennungen / f"{kern}.json", _json(angaben))
        return kennung

    def pruefe_kennung(self, kennung: str, konto: str) -> None:
        """Refuse an id that was used (9024) or not handed out to ``konto`` (9022)."""
        if kennung.lower() in self._alle:
            raise XtaFehler("9024")
        kern = _kern(kennung)
        pfad = self._kennungen / f"{kern}.json"
        try:
            angaben = json.loads(pfad.read_bytes()) if kern else {}
        except FileNotFoundError:
            angaben = {}
        if kennung.lower() in self._alle:  # sent by somebody else between the two looks
            raise XtaFehler("9024")
        if angaben.get("konto") != konto or str(angaben.get("id")).lower() != kennung.lower():
            raise XtaFehler("9022", "Die Nachrichtenkennung stammt nicht aus createMessageId dieses Kontos.")

    def stelle_zu(self, nachricht: Nachricht, dateien: Mapping[str, bytes], annahme: Annahme) -> None:
        """Make the message durable and visible: its folder is moved into place as a whole."""
        annahme.ordner.mkdir(parents=True, exist_ok=True)
        for name, inhalt in {**dateien, NACHRICHT: _json(_als_json(nachricht))}.items():
            _schreibe(annahme.ordner / name, inhalt)
        _fsync_ordner(annahme.ordner)
        ziel = self._ordner(nachricht)
        with self._schloss:
            if nachricht.schluessel in self._alle:
                raise XtaFehler("9024")
            os.rename(annahme.ordner, ziel)
            _fsync_ordner(self._nachrichten)
            self._nimm_auf(nachricht)
        (self._kennungen / f"{ziel.name}.json").unlink(missing_ok=True)

    def offene(self, leser: Iterable[str]) -> list[Nachricht]:
        """Messages waiting for any of ``leser``, oldest entry first."""
        jetzt = self.jetzt()
        with self._schloss:
            gefunden = [nachricht for eines in leser for nachricht in self._offen.get(eines, {}).values()]
        sichtbar = [nachricht for nachricht in gefunden if nachricht.zugestellt <= jetzt]
        return sorted(sichtbar, key=lambda nachricht: (nachricht.zugestellt, nachricht.id))

    def finde(self, kennung: str) -> Nachricht | None:
        """A message by id, whoever it belongs to."""
        return self._alle.get(kennung.lower())

    def schliesse(self, kennungen: Collection[str], leser: Collection[str], inhalt_behalten: bool) -> None:
        """Close all messages or, if one is not open for ``leser``, none (9070)."""
        with self._schloss:
            nachrichten = [self._alle.get(kennung.lower()) for kennung in dict.fromkeys(kennungen)]
            if any(not self._ist_offen(nachricht, leser) for nachricht in nachrichten):
                raise XtaFehler("9070")
            for nachricht in filter(None, nachrichten):
                self._schliesse(nachricht)
        if not inhalt_behalten:
            for nachricht in filter(None, nachrichten):
                self._leere(nachricht)

    def lies(self, nachricht: Nachricht, datei: str) -> bytes:
        """One of the small files of a message."""
        return (self._ordner(nachricht) / datei).read_bytes()

    def teil(self, nachricht: Nachricht, teil: Teildatei) -> Path:
        """Where the content of a part lies."""
        return self._ordner(nachricht) / teil.datei

    def _ist_offen(self, nachricht: Nachricht | None, leser: Collection[str]) -> bool:
        return (
            nachricht is not None
            and nachricht.geschlossen is None
            and nachricht.leser in leser
            and nachricht.zugestellt <= self.jetzt()
        )

    def _schliesse(self, nachricht: Nachricht) -> None:
        zeit = self.jetzt()
        schreibe_dauerhaft(self._ordner(nachricht) / GESCHLOSSEN, _json({"zeit": zeit.isoformat()}))
        self._alle[nachricht.schluessel] = replace(nachricht, geschlossen=zeit)
        del self._offen[nachricht.leser][nachricht.schluessel]

    def _leere(self, nachricht: Nachricht) -> None:
        for datei in (BEHAELTER, *(teil.datei for teil in nachricht.teile)):
            (self._ordner(nachricht) / datei).unlink(missing_ok=True)

    def _nimm_auf(self, nachricht: Nachricht) -> None:
        self._alle[nachricht.schluessel] = nachricht
        if nachricht.geschlossen is None:
            self._offen.setdefault(nachricht.leser, {})[nachricht.schluessel] = nachricht

    def _ordner(self, nachricht: Nachricht) -> Path:
        return self._nachrichten / _kern(nachricht.id)


def schreibe_dauerhaft(pfad: Path, inhalt: bytes) -> None:
    """Write a file so that after a crash it is there whole or not at all."""
    vorlaeufig = pfad.with_name(pfad.name + ".neu")
    _schreibe(vorlaeufig, inhalt)
    os.replace(vorlaeufig, pfad)
    _fsync_ordner(pfad.parent)


def _schreibe(pfad: Path, inhalt: bytes) -> None:
    with pfad.open("wb") as datei:
        datei.write(inhalt)
        datei.flush()
        os.fsync(datei.fileno())


def _fsync_ordner(ordner: Path) -> None:
    deskriptor = os.open(ordner, os.O_RDONLY)
    try:
        os.fsync(deskriptor)
    finally:
        os.close(deskriptor)


def _kern(kennung: str) -> str:
    treffer = _ID.fullmatch(kennung.lower())
    return treffer.group(1) if treffer else ""


def _json(wert: Mapping[str, Any]) -> bytes:
    return json.dumps(wert, ensure_ascii=False, indent=1).encode()


def _als_json(nachricht: Nachricht) -> dict[str, Any]:
    werte = asdict(nachricht)
    del werte["geschlossen"]
    return {**werte, "gesendet": nachricht.gesendet.isoformat(), "zugestellt": nachricht.zugestellt.isoformat()}


def _lies_nachricht(ordner: Path) -> Nachricht:
    werte = json.loads((ordner / NACHRICHT).read_bytes())
    werte["teile"] = tuple(Teildatei(**teil) for teil in werte["teile"])
    werte["bezug"] = tuple(werte["bezug"])
    for name in ("gesendet", "zugestellt"):
        werte[name] = datetime.fromisoformat(werte[name])
    try:
        werte["geschlossen"] = datetime.fromisoformat(json.loads((ordner / GESCHLOSSEN).read_bytes())["zeit"])
    except FileNotFoundError:
        werte["geschlossen"] = None
    return Nachricht(**werte)
