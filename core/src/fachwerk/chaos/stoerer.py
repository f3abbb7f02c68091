"""What each kind of fault does to the scenery, and how it ends. Every function returns what ends it, or nothing."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING

from fachwerk.chaos import szene as s
from fachwerk.chaos.knoten import libfaketime

if TYPE_CHECKING:
    from fachwerk.chaos.plan import Stoerung
    from fachwerk.chaos.szene import Szene
    from fachwerk.chaos.versand import Versand

Ende = Callable[[], bool | None]
"""Ends a fault; False: not yet, ask again."""

ANLAUF_S = 90.0
"""So long a node may take to start."""
LANGSAM_S = 0.03
BREMSE_S = 0.15
TLS_BYTES = 6000
"""More than a handshake with a client certificate sends, less than anything with an application in it."""

_STRAENGE = {
    "netz_postfach": (s.POSTFACH,),
    "netz_ziel": (s.ZIEL, s.ZIEL_2),
    "netz_viren": (s.VIREN,),
    "netz_datenbank": (s.DATENBANK,),
}


def ungeprueft(szene: Szene) -> dict[str, str]:
    """The kinds of fault that cannot be made here, each with the reason; they are not tested, and that is said."""
    warum = {}
    if szene.datenbank.ist_sqlite:
        warum["netz_datenbank"] = "SQLite hat keine Leitung"
    if szene.platte is None:
        warum["platte_voll"] = "einen kleinen Datenträger kann hier nur root einhängen (tmpfs)"
    if libfaketime() is None:
        warum["uhr"] = "die Bibliothek libfaketime fehlt (Debian: apt-get install libfaketime)"
    if szene.datenbank.server is None and not szene.datenbank.ist_sqlite:
        warum["datenbank"] = (
            "diesen PostgreSQL-Server darf nur sein Betreiber neu starten; getrennt wurden Verbindungen"
        )
    arten = {*szene.plan.umfang.arten}
    return {
        art: text for art, text in warum.items() if art in arten or (art == "netz_datenbank" and "datenbank" in arten)
    }


class Stoerer:
    """Begins faults; each kind has a method of its name."""

    def __init__(self, szene: Szene, versand: Versand) -> None:
        self._szene = szene
        self._versand = versand
        self._postfach_ist_weg = False
        self.funde: list[str] = []

    def beginne(self, stoerung: Stoerung) -> Ende | None:
        """Do it; what is returned has to be called when it is over."""
        if stoerung.art.startswith("netz_"):
            return self._netz(stoerung)
        ende: Ende | None = getattr(self, f"_{stoerung.art}")(stoerung)
        return ende

    # -- nodes --------------------------------------------------------------------------------------------------

    def _abschuss(self, stoerung: Stoerung) -> Ende:
        knoten = self._szene.knoten[stoerung.wen]
        knoten.toete()
        return knoten.starte

    def _anhalten(self, stoerung: Stoerung) -> Ende:
        knoten = self._szene.knoten[stoerung.wen]
        knoten.halte_an()
        return knoten.lass_weiter

    def _uhr(self, stoerung: Stoerung) -> Ende:
        """Not over before the node has really worked with the wrong clock for as long as was ordered."""
        knoten = self._szene.knoten[stoerung.wen]
        knoten.toete()
        knoten.starte(stoerung.wie)
        bereit, spaetestens = 0.0, time.monotonic() + stoerung.dauer_s + ANLAUF_S

        def ende() -> bool:
            nonlocal bereit
            jetzt = time.monotonic()
            bereit = bereit or (jetzt if knoten.arbeitet else 0.0)
            if jetzt < spaetestens and not (bereit and jetzt - bereit > stoerung.dauer_s):
                return False
            knoten.toete()
            knoten.starte()
            return True

        return ende

    # -- lines --------------------------------------------------------------------------------------------------

    def _netz(self, stoerung: Stoerung) -> Ende | None:
        netze = [self._szene.netze[name] for name in _STRAENGE[stoerung.art]]
        tls = 0 if stoerung.art in ("netz_datenbank", "netz_viren") else TLS_BYTES
        for netz in netze:
            netz.stoere(stoerung.wie, anzahl=stoerung.anzahl or None, ab_bytes=tls, verzoegerung_s=BREMSE_S)

        def ende() -> None:
            for netz in netze:
                netz.heile()

        return None if stoerung.anzahl else ende

    def _langsam(self, stoerung: Stoerung) -> Ende:
        netze = list(self._szene.netze.values())
        for netz in netze:
            netz.stoere("bremse", verzoegerung_s=LANGSAM_S)

        def ende() -> None:
            for netz in netze:
                netz.heile()

        return ende

    # -- the other sides ----------------------------------------------------------------------------------------

    def _postfach_weg(self, stoerung: Stoerung) -> Ende:
        """Only between two messages of the sender, so that nobody has to guess what was accepted."""
        if self._postfach_ist_weg:
            return lambda: None
        self._postfach_ist_weg = True
        self._versand.pausiere()
        self._szene.toete_postfach()

        def ende() -> None:
            self._szene.starte_postfach()
            self._versand.fahre_fort()
            self._postfach_ist_weg = False

        return ende

    def _datenbank(self, stoerung: Stoerung) -> Ende:
        return self._szene.datenbank.stoere(stoerung.wie)

    def _ziel(self, stoerung: Stoerung) -> None:
        for name in (s.ZIEL, s.ZIEL_2):
            datei = self._szene.ordner / name / "temperament.json"
            neu = datei.with_suffix(".chaos")
            neu.write_text(json.dumps({"art": stoerung.wie, "anzahl": stoerung.anzahl}), encoding="utf-8")
            os.replace(neu, datei)

    def _ordner_weg(self, stoerung: Stoerung) -> Ende:
        """As if a network drive were gone: a folder that appears in its place would be lost when it returns."""
        ordner = self._szene.akten
        beiseite = ordner.with_name(f"{ordner.name}.getrennt")
        if beiseite.exists():
            return lambda: None
        ordner.rename(beiseite)

        def ende() -> None:
            if ordner.exists():
                self.funde.append("Das Ziel „akte“ hat seinen fehlenden Ordner selbst angelegt.")
                ordner.rename(ordner.with_name(f"{ordner.name}.daneben-{stoerung.nummer}"))
            beiseite.rename(ordner)

        return ende

    def _platte_voll(self, stoerung: Stoerung) -> Ende | None:
        platte = self._szene.platte
        if platte is None:
            return None
        platte.fuelle()
        return platte.leere


def heile(szene: Szene) -> None:
    """The end of everything that only counts: no line is disturbed any more, every node runs."""
    for netz in szene.netze.values():
        netz.heile()
    for name in (s.ZIEL, s.ZIEL_2):
        with suppress(FileNotFoundError):
            (szene.ordner / name / "temperament.json").unlink()
    for knoten in szene.knoten.values():
        knoten.lass_weiter()
        knoten.starte()
