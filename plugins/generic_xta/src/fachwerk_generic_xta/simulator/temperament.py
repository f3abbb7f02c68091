"""Moods of the server: faults injected into calls, for tests of clients. Switchable while it runs."""

from __future__ import annotations

import json
import random
import threading
from collections.abc import Collection, Iterable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from fachwerk.errors import ConfigError
from fachwerk_generic_xta.simulator.launen import ARTEN, KEINE, Laune, pruefe_laune, pruefe_tabelle

__all__ = ["ARTEN", "KEINE", "Laune", "Temperament", "lies_temperament", "pruefe_laune"]


class _Regel:
    """A fault with what is left of it."""

    def __init__(self, laune: Laune, *, aus_datei: bool = False) -> None:
        self.laune = laune
        self.aus_datei = aus_datei
        self.rest = laune.mal
        self._verschont = laune.ab - 1
        self._zufall = random.Random(laune.samen)  # noqa: S311  the same faults for the same seed

    def faellt(self) -> bool:
        """Whether a call that is meant is struck; counts it."""
        if self._verschont:
            self._verschont -= 1
            return False
        if self.laune.wahrscheinlichkeit < 1 and self._zufall.random() >= self.laune.wahrscheinlichkeit:
            return False
        self.rest = None if self.rest is None else self.rest - 1
        return True

    def als_werte(self) -> dict[str, Any]:
        """For display: what was ordered, without what was left as it is, and what remains."""
        ueblich = asdict(KEINE)
        werte = {name: wert for name, wert in asdict(self.laune).items() if wert != ueblich[name]}
        return {"vorgang": ", ".join(self.laune.vorgaenge), **werte, "rest": self.rest}


class Temperament:
    """The faults in force: set from Python or by the control command, or in a file looked at before each request."""

    def __init__(self, datei: Path | None = None) -> None:
        self._datei = datei
        self._stand: tuple[int, int] | None = None
        self._regeln: list[_Regel] = []
        self._schloss = threading.Lock()

    def setze(self, vorgang: str, art: str, **worte: Any) -> None:
        """Inject one fault into an operation (``*``: any) instead of all it had; ``worte`` as in the JSON."""
        laune = pruefe_laune(
            {"art": art, **{name: wert for name, wert in worte.items() if wert or name == "mal"}}, vorgang
        )
        with self._schloss:
            self._regeln = [regel for regel in self._regeln if regel.laune.vorgaenge != laune.vorgaenge]
            self._regeln.append(_Regel(laune))

    def ergaenze(self, launen: Iterable[Laune]) -> None:
        """Add faults behind those in force; of several for a call the first that still counts wins."""
        with self._schloss:
            self._regeln += [_Regel(laune) for laune in launen]

    def beruhige(self, vorgang: str = "") -> None:
        """Forget all faults, or those of one operation."""
        with self._schloss:
            self._regeln = [regel for regel in self._regeln if vorgang and regel.laune.vorgaenge != (vorgang,)]

    def uebersicht(self) -> list[dict[str, Any]]:
        """The faults in force, in order."""
        with self._schloss:
            self._lies_datei()
            return [regel.als_werte() for regel in self._regeln]

    def naechste(self, vorgang: str, konto: str = "", nachrichten: Collection[str] = ()) -> Laune:
        """The mood for this call; counts it. What names the operation goes before ``*``."""
        with self._schloss:
            self._lies_datei()
            gemeint = [regel for regel in self._regeln if regel.laune.trifft(vorgang, konto, nachrichten)]
            for regel in sorted(gemeint, key=lambda regel: "*" in regel.laune.vorgaenge):
                if regel.faellt():
                    if regel.rest == 0:
                        self._regeln.remove(regel)
                    return regel.laune
            return KEINE

    def _lies_datei(self) -> None:
        """A changed file replaces what came from it, counters included; an unchanged one is not read again."""
        if self._datei is None:
            return
        try:
            angaben = self._datei.stat()
        except FileNotFoundError:
            stand = None
        else:
            stand = (angaben.st_mtime_ns, angaben.st_size)
        if stand != self._stand:
            launen = [] if stand is None else lies_temperament(self._datei)
            andere = [regel for regel in self._regeln if not regel.aus_datei]
            self._regeln = [_Regel(laune, aus_datei=True) for laune in launen] + andere
            self._stand = stand


def lies_temperament(datei: Path) -> list[Laune]:
    """Read ``temperament.json``; a :class:`ConfigError` names what is wrong."""
    try:
        return pruefe_tabelle(json.loads(datei.read_text(encoding="utf-8")))
    except ValueError as fehler:
        raise ConfigError("simulator.temperament", f"{datei} ist kein JSON-Objekt.", datei=str(datei)) from fehler
    except ConfigError as fehler:
        raise ConfigError(fehler.code, f"{datei}: {fehler.hint}", datei=str(datei)) from fehler
