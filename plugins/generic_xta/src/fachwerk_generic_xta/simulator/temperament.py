"""Moods of the server: faults injected per operation, for tests of clients. Switchable while it runs."""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from fachwerk.errors import ConfigError
from fachwerk_generic_xta.simulator.fehler import FEHLERNUMMERN

ARTEN: Final = {
    "abgeschnitten": "letzter Teil 10 Bytes kürzer, keine Schlussgrenze, HTTP vollständig",
    "ohne_schlussgrenze": "nur die Schlussgrenze fehlt",
    "ohne_teil": "der letzte MIME-Teil fehlt",
    "falsche_cid": "der letzte MIME-Teil heißt anders als sein Verweis",
    "falsche_groesse": "das Attribut size des letzten Inhalts ist um eins zu groß",
    "doctype": "der Umschlag beginnt mit einem DOCTYPE",
    "cid_prozent": "erlaubt: Verweise sind prozentkodiert",
    "wurzel_zuletzt": "erlaubt: der Umschlag kommt als letzter Teil",
    "inline_base64": "erlaubt: kein MTOM, Inhalte als base64 im Umschlag",
    "gestueckelt": "erlaubt: Transfer-Encoding chunked statt Content-Length",
    "fehler": "XTA-Fehler mit der Nummer aus „fehler“, ohne etwas zu tun",
    "http": "HTTP-Status aus „http“ mit HTML, ohne etwas zu tun",
    "abbruch_vorher": "Verbindung endet ohne Antwort, ohne etwas zu tun",
    "abbruch_nach_senden": "der Vorgang wird ausgeführt, die Verbindung endet ohne Antwort",
    "abbruch_im_rumpf": "der Vorgang wird ausgeführt, die Antwort bricht in der Mitte ab",
}


@dataclass(frozen=True)
class Laune:
    """One injected fault; ``mal`` counts down, None means for ever."""

    art: str
    mal: int | None = 1
    fehler: str = ""
    http: int = 0


KEINE: Final = Laune("", None)


class Temperament:
    """The table of moods: set from Python, or from a file that is looked at before each request."""

    def __init__(self, datei: Path | None = None) -> None:
        self._datei = datei
        self._stand: tuple[int, int] | None = None
        self._launen: dict[str, Laune] = {}
        self._schloss = threading.Lock()

    def setze(self, vorgang: str, art: str, *, mal: int | None = 1, fehler: str = "", http: int = 0) -> None:
        """Inject a fault into the next ``mal`` calls of an operation (``*`` means any operation)."""
        laune = pruefe_laune({"art": art, "mal": mal, **({"fehler": fehler} if fehler else {}), "http": http})
        with self._schloss:
            self._launen[vorgang] = laune

    def beruhige(self) -> None:
        """Forget all faults."""
        with self._schloss:
            self._launen.clear()

    def naechste(self, vorgang: str) -> Laune:
        """The mood for this call; counts it."""
        with self._schloss:
            self._lies_datei()
            schluessel = vorgang if vorgang in self._launen else "*"
            laune = self._launen.get(schluessel, KEINE)
            if laune.mal is not None:
                self._launen[schluessel] = Laune(laune.art, laune.mal - 1, laune.fehler, laune.http)
                if laune.mal <= 1:
                    del self._launen[schluessel]
            return laune

    def _lies_datei(self) -> None:
        """A changed file replaces the whole table, counters included; an unchanged one is not read again."""
        if self._datei is None:
            return
        try:
            angaben = self._datei.stat()
        except FileNotFoundError:
            stand = None
        else:
            stand = (angaben.st_mtime_ns, angaben.st_size)
        if stand != self._stand:
            self._launen = {} if stand is None else lies_temperament(self._datei)
            self._stand = stand


def lies_temperament(datei: Path) -> dict[str, Laune]:
    """Read ``temperament.json``; a :class:`ConfigError` names what is wrong."""
    try:
        roh = json.loads(datei.read_text(encoding="utf-8"))
        return {str(vorgang): pruefe_laune(angaben) for vorgang, angaben in roh.items()}
    except (ValueError, AttributeError) as fehler:
        raise ConfigError("simulator.temperament", f"{datei} ist kein JSON-Objekt.", datei=str(datei)) from fehler


def pruefe_laune(angaben: Mapping[str, Any]) -> Laune:
    """``{"art": …, "mal": n}``; ``art`` may be left out where ``fehler`` or ``http`` says it."""
    if not isinstance(angaben, Mapping) or not set(angaben) <= {"art", "mal", "fehler", "http"}:
        raise _falsch("Eine Laune kennt art, mal, fehler und http.")
    fehler, http, mal = str(angaben.get("fehler", "")), angaben.get("http", 0), angaben.get("mal", 1)
    art = angaben.get("art") or ("fehler" if fehler else "http")
    if art not in ARTEN:
        raise _falsch(f"Die Art ist eine von: {', '.join(ARTEN)}.")
    if art == "fehler" and fehler not in FEHLERNUMMERN:
        raise _falsch(f"Die Fehlernummer ist eine von: {', '.join(FEHLERNUMMERN)}.")
    if art == "http" and not (isinstance(http, int) and 400 <= http <= 599):
        raise _falsch("Der HTTP-Status liegt zwischen 400 und 599.")
    if mal is not None and not (isinstance(mal, int) and mal >= 1):
        raise _falsch("mal ist eine Zahl ab 1 oder null (immer).")
    return Laune(str(art), mal, fehler, http)


def _falsch(text: str) -> ConfigError:
    return ConfigError("simulator.temperament", text)
