"""After the commit: move what was stored to ``verarbeitet/``, or delete it, and nothing else.

Between commit and acknowledgement anything can happen: we may have moved it before a crash, and somebody may have put
a new message under the same name. So only files that are still as they were stored are touched. The marker goes
first: whatever stays behind then no longer looks like a message.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote_from_bytes, unquote_to_bytes

from fachwerk.modell import Eingang, Kanal
from fachwerk_comvibilia import client
from fachwerk_comvibilia.client import Ordner, oeffne_ordner, profilfehler, verschiebe
from fachwerk_comvibilia.mapping import Eintrag, Kandidat
from fachwerk_comvibilia.muster import passt
from fachwerk_comvibilia.namen import MAX_PFAD, frei, gekuerzt, kurz, verglichen
from fachwerk_comvibilia.profil import EingangProfil
from fachwerk_comvibilia.settings import Kanaleinstellungen, kanaleinstellungen

if TYPE_CHECKING:
    from fachwerk.host import Host

_ORT, _ABDRUCK, _DATEIEN = "comvibilia.ort", "comvibilia.abdruck", "comvibilia.dateien"
_MERKMAL = 24
_KUERZESTER_NAME = 20


def merkmale(eingang: EingangProfil, kandidat: Kandidat) -> dict[str, str]:
    """What ``erledige`` must know later: the name, how the folder looked, and which single files were beside it."""
    einzelne = kandidat.eintraege if eingang.aufbau == "flach" else kandidat.daneben
    return {
        _ORT: quote_from_bytes(kandidat.stamm.encode("utf-8", "surrogateescape"), safe=""),
        _ABDRUCK: Kandidat(kandidat.stamm, kandidat.eintraege).abdruck,
        _DATEIEN: "".join(_merkmal(eintrag) for eintrag in einzelne),
    }


def erledige(kanal: Kanal, eingang: Eingang, host: Host) -> None:
    """Take the stored message away. Repeatable; what is gone or was replaced is left alone."""
    if _ORT not in eingang.metadaten:
        return  # shredded meanwhile: nobody knows any more what it was
    werte = kanaleinstellungen(kanal)
    profil = werte.layout(host.ordner).eingang
    if profil is None:
        raise profilfehler("Eingang", werte.profil)
    stamm = unquote_to_bytes(eingang.metadaten[_ORT]).decode("utf-8", "surrogateescape")
    _Erledigung(host, werte, profil, stamm, eingang).gehe()


class _Erledigung:
    def __init__(
        self, host: Host, werte: Kanaleinstellungen, profil: EingangProfil, stamm: str, eingang: Eingang
    ) -> None:
        self._host = host
        self._werte = werte
        self._profil = profil
        self._stamm = stamm
        self._abdruck = eingang.metadaten.get(_ABDRUCK, "")
        self._einzelne = frozenset(_zerteilt(eingang.metadaten.get(_DATEIEN, "")))
        self._ordner = oeffne_ordner(host.ordner, werte.verzeichnis, werte)
        self._ablage: Path | None = None

    def gehe(self) -> None:
        self._ordner.erreichbar()
        flach = self._profil.aufbau == "flach"
        for eintrag in self._noch_da():
            self._weg(eintrag.pfad, f"{gekuerzt(self._stamm, 60)}~{self._abdruck[:8]}" if flach else "")
        if not flach and self._ordner_noch_da():
            self._weg(self._stamm, "")
        client.sichere_ordner(self._ordner.pfad)

    def _noch_da(self) -> list[Eintrag]:
        """The single files as they were stored, the marker first."""
        alle = [self._ordner.datei(name) for name in client.namen(self._ordner.pfad)] if self._einzelne else []
        meine = [eintrag for eintrag in alle if eintrag and _merkmal(eintrag) in self._einzelne]
        marke = self._profil.fertig.marke
        return sorted(meine, key=lambda eintrag: (not passt(marke, eintrag.pfad, self._stamm), eintrag.pfad))

    def _ordner_noch_da(self) -> bool:
        inhalt = self._ordner.inhalt(self._stamm, self._werte.hoechstens_dateien)
        return bool(inhalt) and Kandidat(self._stamm, inhalt).abdruck == self._abdruck

    def _weg(self, name: str, unterordner: str) -> None:
        if (self._werte.nachher or self._profil.nachher) == "loeschen":
            self._ordner.loesche(name)
            return
        ablage = Ordner(self._tag()).lege_an(unterordner) if unterordner else self._tag()
        vergeben = {verglichen(vorhanden) for vorhanden in client.namen(ablage)}
        platz = max(MAX_PFAD - len(str(ablage)) - 1 - self._laengster(name), _KUERZESTER_NAME)
        verschiebe(self._ordner.pfad / name, ablage / frei(gekuerzt(name, platz), vergeben, platz))

    def _tag(self) -> Path:
        """Today's folder below ``verarbeitet``, made when it is first needed."""
        if self._ablage is None:
            oben = _verarbeitet(self._host, self._werte)
            if not Path(self._werte.verarbeitet).is_absolute():
                Ordner(self._ordner.pfad).lege_an(self._werte.verarbeitet)
            self._ablage = Ordner(oben).lege_an(self._host.now().date().isoformat())
        return self._ablage

    def _laengster(self, name: str) -> int:
        """Characters of the longest path inside, with its separator."""
        innen = self._ordner.inhalt(name, self._werte.hoechstens_dateien) if name == self._stamm else ()
        return max((len(eintrag.pfad) + 1 for eintrag in innen), default=0)


def loesche_alte(host: Host, werte: Kanaleinstellungen) -> None:
    """Delete the days in ``verarbeitet`` that are over: what lies there is unencrypted."""
    oben = _verarbeitet(host, werte)
    if not client.gibt_es(oben):
        return
    grenze = host.now().date() - timedelta(days=werte.aufbewahren_tage)
    for name in client.namen(oben):
        if (tag := _als_tag(name)) is not None and tag < grenze:
            Ordner(oben).loesche(name)
    Ordner(oben).raeume_auf()


def _verarbeitet(host: Host, werte: Kanaleinstellungen) -> Path:
    return host.ordner / werte.verzeichnis / werte.verarbeitet


def _als_tag(name: str) -> date | None:
    try:
        return date.fromisoformat(name) if len(name) == len("2026-03-02") else None
    except ValueError:
        return None


def _merkmal(eintrag: Eintrag) -> str:
    """Stands for one file as it was stored: name, size and time."""
    return kurz(eintrag.pfad, _MERKMAL // 2) + kurz(f"{eintrag.groesse}\0{eintrag.zeit_ns}", _MERKMAL // 2)


def _zerteilt(text: str) -> Iterator[str]:
    for stelle in range(0, len(text), _MERKMAL):
        yield text[stelle : stelle + _MERKMAL]
