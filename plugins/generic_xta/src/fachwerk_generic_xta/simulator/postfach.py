"""The mailbox on disk: a message is a folder that appears complete, and a close is one more file in it.

``kennungen/<uuid>.json`` holds ids handed out but not yet used, ``annahme/`` what is just arriving,
``nachrichten/<uuid>/`` the accepted messages. Everything is written before it is acknowledged, so that the state
survives a kill at any moment; the index in memory is rebuilt from the folders at start.
"""

from __future__ import annotations

import json
import os
import shutil
import threading
import uuid
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from fachwerk_generic_xta.simulator.annahme import Annahme, Teildatei
from fachwerk_generic_xta.simulator.dateien import als_json, schreibe_ganz
from fachwerk_generic_xta.simulator.fehler import XtaFehler
from fachwerk_generic_xta.simulator.nachricht import (
    ABGERUFEN,
    BEHAELTER,
    ENTFERNT,
    GESCHLOSSEN,
    NACHRICHT,
    STORNIERT,
    VERFALLEN,
    Nachricht,
    Platz,
    als_werte,
    kern,
    lies_nachricht,
)
from fachwerk_generic_xta.simulator.verzeichnis import Verzeichnis


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
        self._schloss = threading.RLock()
        self._alle: dict[str, Nachricht] = {}
        self._verzeichnis = Verzeichnis()
        self._abgerufen: set[str] = set()
        for eintrag in os.scandir(self._nachrichten):
            self._lies(Path(eintrag.path))

    def reserviere(self, konto: str) -> str:
        """A new message id for ``konto``, remembered on disk."""
        nummer = str(uuid.uuid4())
        kennung = f"urn:de:xta:messageid:{konto}:{nummer}"
        angaben = {"id": kennung, "konto": konto, "zeit": self.jetzt().isoformat()}
        schreibe_ganz(self._kennungen / f"{nummer}.json", als_json(angaben))
        return kennung

    def pruefe_kennung(self, kennung: str, konto: str) -> None:
        """Refuse an id that was used (9024) or not handed out to ``konto`` (9022)."""
        if kennung.lower() in self._alle:
            raise XtaFehler("9024")
        nummer = kern(kennung)
        pfad = self._kennungen / f"{nummer}.json"
        try:
            angaben = json.loads(pfad.read_bytes()) if nummer else {}
        except FileNotFoundError:
            angaben = {}
        if kennung.lower() in self._alle:  # sent by somebody else between the two looks
            raise XtaFehler("9024")
        if angaben.get("konto") != konto or str(angaben.get("id")).lower() != kennung.lower():
            raise XtaFehler("9022", "Die Nachrichtenkennung stammt nicht aus createMessageId dieses Kontos.")

    def stelle_zu(self, nachricht: Nachricht, dateien: Mapping[str, bytes], annahme: Annahme) -> None:
        """Make the message visible: its folder is moved into place as a whole.

        A message that is closed already (answered at once) is remembered, but never lies in a mailbox.
        """
        annahme.ordner.mkdir(parents=True, exist_ok=True)
        alle = {**dateien, NACHRICHT: als_json(als_werte(nachricht))}
        if nachricht.geschlossen is not None:
            alle[GESCHLOSSEN] = als_json({"zeit": nachricht.geschlossen.isoformat()})
        for name, inhalt in alle.items():
            (annahme.ordner / name).write_bytes(inhalt)
        ziel = self._ordner(nachricht)
        with self._schloss:
            if nachricht.schluessel in self._alle:
                raise XtaFehler("9024")
            os.rename(annahme.ordner, ziel)
            self._nimm_auf(nachricht)
        (self._kennungen / f"{ziel.name}.json").unlink(missing_ok=True)

    def lege_ab(self, nachricht: Nachricht, dateien: Mapping[str, bytes]) -> None:
        """Put a message in without HTTP."""
        vorlaeufig = self.annahme / kern(nachricht.id)
        vorlaeufig.mkdir()
        for name, inhalt in dateien.items():
            (vorlaeufig / name).write_bytes(inhalt)
        with self._schloss:
            os.rename(vorlaeufig, self._ordner(nachricht))
            self._nimm_auf(nachricht)

    def seite(
        self, leser: Collection[str], hoechstens: int | None = None, nach: Platz | None = None
    ) -> tuple[list[Nachricht], int]:
        """Messages waiting for any of ``leser``, oldest entry first, from behind ``nach``; and how many follow."""
        with self._schloss:
            self._raeume()
            schluessel, weitere = self._verzeichnis.seite(leser, self.jetzt(), nach, hoechstens)
            return [self._alle[einer] for einer in schluessel], weitere

    def offene(self, leser: Collection[str]) -> list[Nachricht]:
        """All messages waiting for any of ``leser``, oldest entry first."""
        return self.seite(leser)[0]

    def finde(self, kennung: str) -> Nachricht | None:
        """A message by id, whoever it belongs to and whatever became of it."""
        with self._schloss:
            self._raeume()
            return self._alle.get(kennung.lower())

    def wartende(self, kennungen: Iterable[str], leser: Collection[str]) -> list[Nachricht]:
        """Those of ``kennungen`` that wait for one of ``leser``, in the order of the mailbox."""
        gefunden = (self.finde(kennung) for kennung in frozenset(kennungen))
        offen = [nachricht for nachricht in gefunden if nachricht is not None and self._ist_offen(nachricht, leser)]
        return sorted(offen, key=lambda nachricht: nachricht.platz)

    def schliesse(self, kennungen: Collection[str], leser: Collection[str], inhalt_behalten: bool) -> None:
        """Close all messages or, if one is not open for ``leser``, none (9070)."""
        with self._schloss:
            gefunden = [self.finde(kennung) for kennung in dict.fromkeys(kennungen)]
            nachrichten = [n for n in gefunden if n is not None and self._ist_offen(n, leser)]
            if len(nachrichten) < len(gefunden):
                raise XtaFehler("9070")
            for nachricht in nachrichten:
                self._schliesse(nachricht)
        if not inhalt_behalten:
            for nachricht in nachrichten:
                self.leere(nachricht)

    def storniere(self, nachricht: Nachricht) -> None:
        """Take back a message that is still held; 9100 if its time has come, 9101 if it was never to be held."""
        with self._schloss:
            stand = self._alle[nachricht.schluessel]
            if stand.nicht_vor is None:
                raise XtaFehler("9101")
            if not stand.wartet or stand.zugestellt <= self.jetzt():
                raise XtaFehler("9100")
            self._entferne(stand, STORNIERT)

    def merke_abruf(self, nachricht: Nachricht) -> None:
        """Remember that a message was fetched, also over a restart."""
        if nachricht.schluessel not in self._abgerufen:
            self._abgerufen.add(nachricht.schluessel)
            (self._ordner(nachricht) / ABGERUFEN).touch()

    def war_abgerufen(self, nachricht: Nachricht) -> bool:
        """Whether a message was fetched before."""
        return nachricht.schluessel in self._abgerufen

    def lies(self, nachricht: Nachricht, datei: str) -> bytes:
        """One of the small files of a message."""
        return (self._ordner(nachricht) / datei).read_bytes()

    def schreibe(self, nachricht: Nachricht, datei: str, inhalt: bytes) -> None:
        """Put a small file to a message."""
        schreibe_ganz(self._ordner(nachricht) / datei, inhalt)

    def teil(self, nachricht: Nachricht, teil: Teildatei) -> Path:
        """Where the content of a part lies."""
        return self._ordner(nachricht) / teil.datei

    def leere(self, nachricht: Nachricht) -> None:
        """Delete the content of a message; what is known of it stays."""
        for datei in (BEHAELTER, *(teil.datei for teil in nachricht.teile)):
            (self._ordner(nachricht) / datei).unlink(missing_ok=True)

    def _ist_offen(self, nachricht: Nachricht, leser: Collection[str]) -> bool:
        return nachricht.wartet and nachricht.leser in leser and nachricht.zugestellt <= self.jetzt()

    def _schliesse(self, nachricht: Nachricht) -> None:
        zeit = self.jetzt()
        self.schreibe(nachricht, GESCHLOSSEN, als_json({"zeit": zeit.isoformat()}))
        self._alle[nachricht.schluessel] = replace(nachricht, geschlossen=zeit)
        self._verzeichnis.streiche(nachricht)

    def _entferne(self, nachricht: Nachricht, grund: str) -> None:
        zeit = self.jetzt()
        self.schreibe(nachricht, ENTFERNT, als_json({"zeit": zeit.isoformat(), "grund": grund}))
        self._alle[nachricht.schluessel] = replace(nachricht, entfernt=grund, entfernt_am=zeit)
        self._verzeichnis.streiche(nachricht)
        self.leere(nachricht)

    def _raeume(self) -> None:
        """Drop what nobody fetched in time (ObsoleteAfter)."""
        for schluessel in self._verzeichnis.verfallene(self.jetzt().date()):
            if self._alle[schluessel].wartet:
                self._entferne(self._alle[schluessel], VERFALLEN)

    def _lies(self, ordner: Path) -> None:
        if not (ordner / NACHRICHT).exists():
            return
        nachricht = lies_nachricht(ordner)
        self._nimm_auf(nachricht)
        if nachricht.wartet and (ordner / ABGERUFEN).exists():
            self._abgerufen.add(nachricht.schluessel)

    def _nimm_auf(self, nachricht: Nachricht) -> None:
        self._alle[nachricht.schluessel] = nachricht
        if nachricht.wartet:
            self._verzeichnis.nimm_auf(nachricht)

    def _ordner(self, nachricht: Nachricht) -> Path:
        return self._nachrichten / kern(nachricht.id)
