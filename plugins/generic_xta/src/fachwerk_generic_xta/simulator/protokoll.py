"""The request log for people: one German line per request in ``anfragen.log``. Ids, sizes, results, never content."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from datetime import datetime
from pathlib import Path

from fachwerk_generic_xta.simulator.nachricht import kern

HOECHSTENS = 20_000_000
_WORTE = {
    "bytes": "{} Bytes",
    "teile": "{} Teile",
    "anzahl": "{} Einträge",
    "weitere": "{} weitere",
    "stand": "Stand {}",
    "grund": "{}",
    "antwort": "Antwort {}",
}


class Protokoll:
    """Appends lines; a file that has become too long is put aside as ``anfragen.log.1``."""

    def __init__(self, datei: Path, jetzt: Callable[[], datetime]) -> None:
        self._pfad = datei
        self._jetzt = jetzt
        self._schloss = threading.Lock()

    def notiere(
        self, konto: str, vorgang: str, ergebnis: str, *, nachrichten: Iterable[str] = (), stoerung: str = ""
    ) -> None:
        """One request: who, what, about which messages, how it ended, and which fault was injected."""
        ids = ",".join(kennung for kennung in nachrichten if kern(kennung)) or "-"
        zeit = self._jetzt().astimezone().isoformat(sep=" ", timespec="milliseconds")
        felder = [zeit, konto or "-", vorgang, ids, ergebnis, *([f"Störung: {stoerung}"] if stoerung else [])]
        self._schreibe(" | ".join(" ".join(feld.split()) for feld in felder) + "\n")

    def _schreibe(self, zeile: str) -> None:
        with self._schloss:
            if self._pfad.exists() and self._pfad.stat().st_size > HOECHSTENS:
                self._pfad.replace(self._pfad.with_name(self._pfad.name + ".1"))
            with self._pfad.open("a", encoding="utf-8") as datei:
                datei.write(zeile)


def in_worten(vermerk: str) -> str:
    """``bytes=8 teile=2`` as people say it; ids have a column of their own."""
    paare = (teil.partition("=") for teil in vermerk.split())
    worte = [_WORTE[name].format(wert) for name, _, wert in paare if name in _WORTE]
    return ", ".join(["in Ordnung", *worte])
