"""What both simulators share: moods with a count, kept in a file, and what was taken, one JSON line each."""

from __future__ import annotations

import json
import os
import threading
from pathlib import Path
from typing import Any

from fachwerk.errors import ConfigError


class Launen:
    """The moods of a simulator: ``temperament.json`` in its folder, read before every use, so it can be edited.

    ``{"art": "halb", "anzahl": 1}``: once, then normal again; without ``anzahl`` until it is changed.
    """

    def __init__(self, datei: Path, erlaubt: frozenset[str]) -> None:
        self._datei = datei
        self._erlaubt = erlaubt
        self._schloss = threading.Lock()

    def setze(self, art: str, anzahl: int | None = None) -> None:
        """From now on ``art``. Raises ``ConfigError`` for a mood that does not exist."""
        if art not in self._erlaubt:
            worte = ", ".join(sorted(self._erlaubt))
            raise ConfigError("simulator.temperament", f"Die Laune „{art}“ gibt es nicht. Es gibt: {worte}.")
        with self._schloss:
            schreibe_ganz(self._datei, {"art": art, "anzahl": anzahl})

    def naechste(self) -> str:
        """The mood for one act; a counted one is used up."""
        with self._schloss:
            stand = self._lies()
            anzahl = stand.get("anzahl")
            if anzahl is not None:
                rest = {"art": stand["art"], "anzahl": anzahl - 1} if anzahl > 1 else {"art": "normal", "anzahl": None}
                schreibe_ganz(self._datei, rest)
        return str(stand["art"])

    def _lies(self) -> dict[str, Any]:
        try:
            stand = json.loads(self._datei.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return {"art": "normal", "anzahl": None}
        except ValueError:
            raise ConfigError(
                "simulator.temperament", f"{self._datei} ist kein JSON. Löschen oder berichtigen."
            ) from None
        if not isinstance(stand, dict) or stand.get("art") not in self._erlaubt:
            worte = ", ".join(sorted(self._erlaubt))
            raise ConfigError("simulator.temperament", f"{self._datei} nennt keine bekannte Laune. Es gibt: {worte}.")
        return stand


class Faelle:
    """The cases a simulator took, on disk, so that a restart knows them; counts what came twice."""

    def __init__(self, datei: Path) -> None:
        self._datei = datei
        self._schloss = threading.Lock()

    def alle(self) -> list[dict[str, Any]]:
        """Every take-over in its order."""
        try:
            zeilen = self._datei.read_text(encoding="utf-8").splitlines()
        except FileNotFoundError:
            return []
        return [json.loads(zeile) for zeile in zeilen]

    def finde(self, schluessel: str) -> dict[str, Any] | None:
        """The first take-over of a key."""
        return next((fall for fall in self.alle() if fall["schluessel"] == schluessel), None)

    def nimm(self, schluessel: str, **angaben: Any) -> dict[str, Any]:
        """Take a case; on disk when this returns. It gets a number of its own."""
        with self._schloss:
            fall = {"schluessel": schluessel, "fallnummer": f"F-{len(self.alle()) + 1:06d}", **angaben}
            with open(self._datei, "a", encoding="utf-8") as datei:
                datei.write(json.dumps(fall, ensure_ascii=True) + "\n")
                datei.flush()
                os.fsync(datei.fileno())
        return fall


def schreibe_ganz(pfad: Path, wert: Any) -> None:
    """JSON that is there whole or not at all."""
    neu = pfad.with_name(pfad.name + ".neu")
    neu.write_text(json.dumps(wert, ensure_ascii=False, indent=1), encoding="utf-8")
    os.replace(neu, pfad)
