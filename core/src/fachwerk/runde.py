"""One round: poll once, work until nothing is due, say what happened. Used by ``fachwerk poll`` and the demo."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fachwerk.betrieb import Betrieb, oeffne_betrieb
from fachwerk.dienst import Dienst, Kanalfehler
from fachwerk.errors import ConfigError
from fachwerk.erwartung import mahne
from fachwerk.modell import Vorgangstand
from fachwerk.polling import raeume_auf


@dataclass(frozen=True)
class Rundenbericht:
    """What a round changed: new cases, cases newly held, number of cases per state, Kanäle that failed."""

    neu: int
    neu_gehalten: int
    stand: dict[str, int]
    fehler: dict[str, Kanalfehler]

    @property
    def endcode(self) -> int:
        """Exit code: 1 only for newly held cases, 3 where a Kanal needs somebody's hand, else 0."""
        if any(not fehler.vergeht for fehler in self.fehler.values()):
            return 3
        return 1 if self.neu_gehalten else 0

    def als_json(self) -> dict[str, Any]:
        """The published shape of ``fachwerk poll --json``."""
        return {
            "neu": self.neu,
            "neu_gehalten": self.neu_gehalten,
            "stand": self.stand,
            "fehler": {kanal: fehler.text for kanal, fehler in self.fehler.items()},
        }

    def als_text(self) -> list[str]:
        """Lines for a person."""
        zeilen = [f"Neu: {self.neu}   davon oder seither neu gehalten: {self.neu_gehalten}"]
        zeilen += [f"  {status:<10} {anzahl:>6}" for status, anzahl in sorted(self.stand.items())]
        zeilen += [f"Kanal {kanal}: {fehler.text}" for kanal, fehler in sorted(self.fehler.items())]
        return zeilen


def eine_runde(konfig: Path | None, kanaele: Sequence[str] = ()) -> Rundenbericht:
    """Open the installation, do one round and close it again."""
    betrieb = oeffne_betrieb(konfig, anlegen=True)
    try:
        return _arbeite(betrieb, _gewaehlte(betrieb, kanaele))
    finally:
        betrieb.schliesse()


def _gewaehlte(betrieb: Betrieb, kanaele: Sequence[str]) -> list[str]:
    if unbekannt := [name for name in kanaele if name not in betrieb.kanaele]:
        raise ConfigError(
            "kanal_unbekannt",
            f"Unbekannter Kanal: {', '.join(unbekannt)}. Es gibt: {', '.join(sorted(betrieb.kanaele)) or 'keinen'}.",
        )
    return list(kanaele) or sorted(betrieb.kanaele)


def _arbeite(betrieb: Betrieb, kanaele: list[str]) -> Rundenbericht:
    vorher = betrieb.store.anzahlen()
    dienst = Dienst(betrieb)
    dienst.starte(ruft_ab=False)
    try:
        fehler = dienst.eine_runde(kanaele)
    finally:
        dienst.stoppe()
    raeume_auf(betrieb)
    mahne(betrieb)
    nachher = betrieb.store.anzahlen()
    gehalten = Vorgangstand.HELD.value
    return Rundenbericht(
        neu=sum(nachher.values()) - sum(vorher.values()),
        neu_gehalten=max(nachher.get(gehalten, 0) - vorher.get(gehalten, 0), 0),
        stand=nachher,
        fehler=fehler,
    )
