"""The pre-check: competence, deadline, thresholds, urgency, missing facts and proofs. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from functools import lru_cache
from importlib import resources
from typing import Any, Literal

from fachwerk.modell import Rechenschritt
from fachwerk.regeln import Rechnung, lies_yaml
from fachwerk_mietrueckstaende.fall import Fall
from fachwerk_mietrueckstaende.regelwerk import TITEL, regelwerk
from fachwerk_mietrueckstaende.zustaendigkeit import Zustaendigkeit, bestimme

Dringlichkeit = Literal["sofort", "hoch", "normal"]
NAHE = timedelta(days=14)
"""A deadline or date this close is acted on at once."""


@dataclass(slots=True)
class Vorpruefung:
    """What the office should see first."""

    zustaendigkeit: Zustaendigkeit | None
    dringlichkeit: Dringlichkeit = "normal"
    schonfrist_ende: date | None = None
    schritte: list[Rechenschritt] = field(default_factory=list)
    fehlend: list[str] = field(default_factory=list)
    nachweise: list[str] = field(default_factory=list)

    def als_json(self) -> dict[str, Any]:
        """The published result."""
        wer = self.zustaendigkeit
        return {
            "zustaendig": wer.traeger if wer and wer.sicher else None,
            "norm": wer.norm if wer else None,
            "dringlichkeit": self.dringlichkeit,
            "schonfrist_ende": self.schonfrist_ende.isoformat() if self.schonfrist_ende else None,
            "begruendung": [{"name": s.name, "wert": s.wert, "fundstelle": s.fundstelle} for s in self.schritte],
            "fehlend": self.fehlend,
        }


def pruefe(fall: Fall, stichtag: date) -> Vorpruefung:
    """Check ``fall`` as of ``stichtag``; decides nothing of the substance."""
    ergebnis = Vorpruefung(bestimme(fall))
    if ergebnis.zustaendigkeit is not None:
        wer = ergebnis.zustaendigkeit
        ergebnis.schritte.append(Rechenschritt(name="Zuständigkeit", wert=wer.grund, fundstelle=wer.norm, beleg="A"))
    rechnung = Rechnung(regelwerk(), _eingaben(fall), stichtag)
    _schonfrist(ergebnis, fall, rechnung)
    _schwellen(fall, rechnung)
    ergebnis.schritte += [replace(s, titel=s.titel or TITEL[s.name]).zeile() for s in rechnung.schritte]
    ergebnis.schritte += _hinweise(fall, ergebnis.schonfrist_ende)
    ergebnis.dringlichkeit = _dringlichkeit(fall, ergebnis.schonfrist_ende, stichtag)
    ergebnis.fehlend = [text for text, fehlt in _angaben(fall).items() if fehlt]
    ergebnis.nachweise = [regel["titel"] for regel in _nachweise() if _verlangt(regel, fall)]
    return ergebnis


def _eingaben(fall: Fall) -> dict[str, Any]:
    return {
        "klage_zugestellt": fall.gefahr.klage_zugestellt,
        "rueckstand_betrag": fall.rueckstand.betrag,
        "monatsmiete": fall.miete.gesamt,
    }


def _schonfrist(ergebnis: Vorpruefung, fall: Fall, rechnung: Rechnung) -> None:
    if fall.gefahr.klage_zugestellt is not None:
        ergebnis.schonfrist_ende = rechnung.hole("schonfrist_ende")


def _schwellen(fall: Fall, rechnung: Rechnung) -> None:
    if fall.rueckstand.betrag is not None and fall.miete.gesamt:
        for name in ("rueckstand_in_monatsmieten", "schwelle_a_erreicht", "schwelle_b_erreicht"):
            rechnung.hole(name)


def _dringlichkeit(fall: Fall, frist: date | None, stichtag: date) -> Dringlichkeit:
    gefahr = fall.gefahr
    tage = [tag for tag in (frist, gefahr.termin) if tag is not None]
    if gefahr.raeumungstermin or any(stichtag <= tag <= stichtag + NAHE for tag in tage):
        return "sofort"
    return "hoch" if gefahr.kuendigung or gefahr.raeumungsklage else "normal"


def _hinweise(fall: Fall, frist: date | None) -> list[Rechenschritt]:
    zeilen = []
    if frist is not None and frist.weekday() >= 5:
        text = "Die Frist endet an einem Wochenende; ob sie sich verlängert, ist zu prüfen."
        zeilen.append(_hinweis(text, "§ 193 BGB"))
    if frist is not None and fall.gefahr.kuendigung_art == "ordentlich":
        text = "Die Schonfrist betrifft die fristlose Kündigung; hier ist ordentlich gekündigt."
        zeilen.append(_hinweis(text, "§ 569 Abs. 3 Nr. 2 BGB"))
    if fall.frueher_uebernommen:
        text = (
            "Schulden wurden schon einmal übernommen: Liegt eine so geheilte Kündigung nicht länger als zwei Jahre "
            "zurück, hilft die Schonfrist nicht."
        )
        zeilen.append(_hinweis(text, "§ 569 Abs. 3 Nr. 2 Satz 2 BGB"))
    if fall.rueckstand.energie:
        text = "Auch Energieschulden sind angegeben: Übernahme zur Behebung einer vergleichbaren Notlage prüfen."
        zeilen.append(_hinweis(text, "§ 36 Abs. 1 SGB XII, § 22 Abs. 8 SGB II"))
    if fall.verbleib_gewollt is False:
        text = "Die Wohnung soll nicht behalten werden: Dann sichert eine Übernahme die Unterkunft nicht."
        zeilen.append(_hinweis(text, "§ 36 Abs. 1 SGB XII, § 22 Abs. 8 SGB II"))
    return zeilen


def _hinweis(text: str, fundstelle: str) -> Rechenschritt:
    return Rechenschritt(name="Hinweis", wert=text, fundstelle=fundstelle, beleg="A")


def _angaben(fall: Fall) -> Mapping[str, bool]:
    """What the office cannot do without, and whether it is missing."""
    gefahr = fall.gefahr
    return {
        "laufende Leistungen (SGB II, SGB XII, AsylbLG oder keine)": fall.leistungsbezug is None,
        "Personen im Haushalt": not fall.haushalt,
        "monatliche Miete": fall.miete.gesamt is None,
        "Vermieter": not fall.miete.vermieter,
        "Höhe des Mietrückstands": fall.rueckstand.betrag is None,
        "Monate, aus denen der Rückstand stammt": fall.rueckstand.monate is None,
        "Mahnung oder Kündigung (Datum)": gefahr.mahnung is None and gefahr.kuendigung is None,
        "Art der Kündigung (fristlos oder ordentlich)": gefahr.kuendigung is not None and gefahr.kuendigung_art is None,
        "ob Räumungsklage erhoben ist": gefahr.raeumungsklage is None,
        "Tag der Zustellung der Räumungsklage": gefahr.raeumungsklage is True and gefahr.klage_zugestellt is None,
        "ob die Wohnung behalten werden soll": fall.verbleib_gewollt is None,
    }


@lru_cache(maxsize=1)
def _nachweise() -> tuple[Mapping[str, Any], ...]:
    datei = resources.files("fachwerk_mietrueckstaende") / "daten" / "nachweise.yaml"
    return tuple(lies_yaml(datei.read_text(encoding="utf-8"), "nachweise.yaml"))


def _verlangt(regel: Mapping[str, Any], fall: Fall) -> bool:
    gefahr = fall.gefahr
    lage = {
        "mahnung": gefahr.mahnung is not None,
        "kuendigung": gefahr.kuendigung is not None,
        "raeumungsklage": gefahr.raeumungsklage is True,
        "raeumungstermin": gefahr.raeumungstermin is not None,
        "energie": bool(fall.rueckstand.energie),
    }
    return lage[regel["wenn"]] if "wenn" in regel else True


def fehlende_nachweise(titel: Iterable[str], dokumente: str) -> tuple[str, ...]:
    """Those proofs for which no document name gives a sign; only a hint."""
    muster = {regel["titel"]: regel["muster"] for regel in _nachweise()}
    return tuple(t for t in titel if not any(m in dokumente for m in muster[t]))
