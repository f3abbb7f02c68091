"""Deliveries with children that are killed at every point; run as a program, writes JSON to stdout.

``prosoz_kind.py ordner FOLDER FORM MOOD`` or ``prosoz_kind.py soap FOLDER SETTINGS MODE``. A point is every call
that touches the folder, every fsync, every note and every request, before and after. After each kill the partner acts
first, then the recovery asks ``find_delivered`` and delivers only if it says that nothing arrived.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))

import yaml
from prosoz_welt import Dateihost, Lieferwelt, beispielprofil

from fachwerk.errors import NeedsHumanError, OutcomeUnknownError, RetryableError
from fachwerk.transport import oeffne
from fachwerk_prosoz.simulator import OrdnerSimulator
from fachwerk_prosoz.transportweg import Transportweg


class Zaehler:
    """Counts points while armed, and kills the process at the one it was given."""

    scharf, stand, ende = False, 0, -1

    def punkt(self) -> None:
        if self.scharf:
            self.stand += 1
            if self.stand == self.ende:
                os.kill(os.getpid(), signal.SIGKILL)

    def lauf(self, ende: int, tat: Callable[[], object]) -> int:
        self.scharf, self.stand, self.ende = True, 0, ende
        try:
            tat()
        finally:
            self.scharf = False
        return self.stand

    def umschliesse(self, ort: Any, name: str) -> None:
        echt = getattr(ort, name)

        def gezaehlt(*argumente: Any, **mehr: Any) -> Any:
            self.punkt()
            ergebnis = echt(*argumente, **mehr)
            self.punkt()
            return ergebnis

        setattr(ort, name, gezaehlt)


ZAEHLER = Zaehler()


def stirb_bei(punkt: int, tat: Callable[[], object]) -> bool:
    """Run ``tat`` in a child that is killed at ``punkt``; whether it was."""
    if (kind := os.fork()) == 0:
        ZAEHLER.lauf(punkt, tat)
        os._exit(0)
    _, status = os.waitpid(kind, 0)
    return os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL


def main_ordner(basis: Path, form: str, laune: str) -> dict[str, Any]:
    def haken(ereignis: str, argumente: tuple[Any, ...]) -> None:
        if ZAEHLER.scharf and ereignis.startswith(("open", "os.", "shutil.")) and argumente:
            ziel = argumente[0]
            if isinstance(ziel, str | os.PathLike) and str(ziel).startswith(str(basis)):
                ZAEHLER.punkt()

    profil = beispielprofil("ordner") | {"form": form}
    if form == "flach":
        profil["teile"] = {"original": "{stamm}.{endung}", "anlagen": "{stamm}_{nr}.{endung}"}
    if laune == "spurlos":
        profil["rueckmeldungen"] = []
    (basis / "profil.yaml").write_text(yaml.safe_dump(profil), encoding="utf-8")
    sys.addaudithook(haken)
    for name in ("fsync", "rename", "replace"):
        ZAEHLER.umschliesse(os, name)

    def neue(name: str) -> Lieferwelt:
        host = Dateihost(ordner=basis, merkdatei=basis / f"{name}.json")
        return Lieferwelt(host, {"weg": "ordner", "profil": "profil.yaml", "verzeichnis": name})

    probe = neue("probe")
    probesendung = probe.sendung()
    punkte = ZAEHLER.lauf(-1, lambda: probe.liefere(probesendung))
    zahlen, fehler = {"nichts": 0, "alles": 0}, []
    for punkt in range(1, punkte + 1):
        lieferwelt = neue(f"n{punkt}")
        sendung = lieferwelt.sendung()
        if not stirb_bei(punkt, lambda w=lieferwelt, s=sendung: w.liefere(s)):  # type: ignore[misc]
            fehler.append(f"{punkt}: not killed")
        partner = OrdnerSimulator(basis / f"n{punkt}", "profil.yaml", basis)
        partner.launen.setze(laune)
        partner.runde()
        gefunden = lieferwelt.finde()
        zahlen["alles" if gefunden else "nichts"] += 1
        if bool(gefunden) != bool(partner.faelle.alle()):
            fehler.append(f"{punkt}: found {bool(gefunden)}, partner has {len(partner.faelle.alle())}")
        if gefunden is None:
            lieferwelt.liefere(sendung)
            partner.runde()
        faelle = partner.faelle.alle()
        erwartet = 3 if form == "flach" else 4
        if len(faelle) != 1 or len(faelle[0]["dateien"]) != erwartet:
            fehler.append(f"{punkt}: {faelle}")
        if any((basis / f"n{punkt}" / "eingang").iterdir()):
            fehler.append(f"{punkt}: something is left")
    return {"punkte": punkte, **zahlen, "fehler": fehler}


def main_soap(basis: Path, einstellungen: dict[str, Any], modus: str) -> dict[str, Any]:
    profil = beispielprofil("soap")
    profil["uebergabe"]["schluessel_wirkt"] = modus == "schluessel"
    if modus != "abfrage":
        del profil["nachfrage"]
    else:
        profil["nachfrage"]["frist_s"] = 0
    (basis / "profil.yaml").write_text(yaml.safe_dump(profil), encoding="utf-8")
    ZAEHLER.umschliesse(Transportweg, "post")
    ZAEHLER.umschliesse(Dateihost, "notiere")

    def neue(name: str) -> Lieferwelt:
        host = Dateihost(ordner=basis, merkdatei=basis / f"{name}.json", http_fabrik=oeffne)
        return Lieferwelt(host, einstellungen | {"profil": "profil.yaml"})

    probe = neue("probe")
    probesendung = probe.sendung()
    punkte = ZAEHLER.lauf(-1, lambda: probe.liefere(probesendung, "probe:x:1"))
    verlauf: list[str] = []
    for punkt in range(1, punkte + 1):
        lieferwelt, schluessel = neue(f"n{punkt}"), f"n{punkt}:x:1"
        sendung = lieferwelt.sendung()
        getoetet = stirb_bei(punkt, lambda w=lieferwelt, s=sendung, k=schluessel: w.liefere(s, k))  # type: ignore[misc]
        try:
            gefunden = lieferwelt.finde(schluessel)
            if gefunden is None:
                lieferwelt.liefere(sendung, schluessel)
            verlauf.append("da" if gefunden else "wiederholt")
        except (NeedsHumanError, OutcomeUnknownError, RetryableError) as fehler:
            verlauf.append(fehler.code)
        if not getoetet:
            verlauf.append("not killed")
    return {"punkte": punkte, "verlauf": verlauf}


if __name__ == "__main__":
    weg, ordner, drittes, viertes = sys.argv[1:]
    if weg == "ordner":
        ergebnis = main_ordner(Path(ordner), drittes, viertes)
    else:
        ergebnis = main_soap(Path(ordner), json.loads(drittes), viertes)
    sys.stdout.write(json.dumps(ergebnis))
