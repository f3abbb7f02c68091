"""The pre-check: competence, deadline, urgency, amounts, missing facts and proofs. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

from fachwerk.modell import Dringlichkeit, OffenerPunkt, Rechenschritt
from fachwerk.regeln import Rechnung
from fachwerk_mietrueckstaende import angaben, betraege, gefahr, nachweise
from fachwerk_mietrueckstaende.fall import Fall
from fachwerk_mietrueckstaende.gefahr import Heilung, Schonfrist
from fachwerk_mietrueckstaende.punkte import hinweis
from fachwerk_mietrueckstaende.regelwerk import SCHWELLEN, TITEL, regelwerk
from fachwerk_mietrueckstaende.zustaendigkeit import Zustaendigkeit, bestimme


@dataclass(frozen=True, slots=True)
class Vorpruefung:
    """What the office should see first; ``eilig`` before everything else, ``ergaenzend`` last."""

    zustaendigkeit: Zustaendigkeit | None
    dringlichkeit: Dringlichkeit
    frist: date | None
    schonfrist: Schonfrist | None
    heilung: Heilung | None
    schritte: tuple[Rechenschritt, ...]
    eilig: tuple[OffenerPunkt, ...]
    fragen: tuple[OffenerPunkt, ...]
    fehlend: tuple[str, ...]
    ergaenzend: tuple[str, ...]
    nachweise: tuple[str, ...]

    def als_json(self) -> dict[str, Any]:
        """The published result."""
        wer = self.zustaendigkeit
        return {
            "zustaendig": wer.traeger if wer and wer.sicher else None,
            "norm": wer.norm if wer else None,
            "dringlichkeit": self.dringlichkeit.value,
            "frist": _iso(self.frist),
            "schonfrist_ende": _iso(self.schonfrist.ende if self.schonfrist else None),
            "schonfrist_ende_nach_193": _iso(self.schonfrist.verschoben if self.schonfrist else None),
            "schonfrist_hilft": self.heilung,
            "begruendung": [{"name": s.name, "wert": s.wert, "fundstelle": s.fundstelle} for s in self.schritte],
            "fehlend": list(self.fehlend),
            "ergaenzend": list(self.ergaenzend),
        }


def _iso(tag: date | None) -> str | None:
    return tag.isoformat() if tag else None


def pruefe(fall: Fall, stichtag: date, staaten: Collection[str] = ()) -> Vorpruefung:
    """Check ``fall`` as of ``stichtag``; decides nothing of the substance. ``staaten``: the applicant's citizenship."""
    wer = bestimme(fall)
    rechnung = Rechnung(regelwerk(), _eingaben(fall), stichtag)
    schonfrist = gefahr.bestimme_schonfrist(fall, rechnung)
    heilung = gefahr.bestimme_heilung(fall, rechnung)
    if fall.rueckstand.betrag is not None and fall.miete.gesamt:
        for name in SCHWELLEN:
            rechnung.hole(name)
    dringlich, grund = gefahr.dringlichkeit(fall, schonfrist, stichtag)
    gerechnet = [s.zeile(titel=TITEL.get(s.name, "")) for s in rechnung.schritte]
    zeilen = [
        _zeile("Dringlichkeit", f"{dringlich.value}: {grund}"),
        *_zustaendig(wer),
        *_tage(fall, stichtag),
        *gerechnet,
    ]
    bemerkt = [*gefahr.hinweise(fall, schonfrist, heilung), *betraege.hinweise(fall), *_aussicht(fall)]
    return Vorpruefung(
        zustaendigkeit=wer,
        dringlichkeit=dringlich,
        frist=min(gefahr.fristen(fall, schonfrist, stichtag).values(), default=None),
        schonfrist=schonfrist,
        heilung=heilung,
        schritte=(*zeilen, *bemerkt),
        eilig=tuple(gefahr.eilpunkte(fall, schonfrist, stichtag)),
        fragen=(*gefahr.unstimmiges(fall.gefahr, stichtag), *betraege.fragen(fall)),
        fehlend=tuple(angaben.fehlende(fall)),
        ergaenzend=tuple(angaben.ergaenzende(fall)),
        nachweise=tuple(nachweise.verlangte(fall, staaten)),
    )


def _eingaben(fall: Fall) -> dict[str, Any]:
    return {
        "klage_zugestellt": fall.gefahr.klage_zugestellt,
        "klage_eingegangen": fall.gefahr.klage_eingegangen,
        "frueheres_ereignis": fall.fruehere_kuendigung or fall.frueher_uebernommen_am,
        "rueckstand_betrag": fall.rueckstand.betrag,
        "monatsmiete": fall.miete.gesamt,
    }


def _zeile(name: str, wert: str, fundstelle: str = "", beleg: str = "") -> Rechenschritt:
    return Rechenschritt(name=name, wert=wert, fundstelle=fundstelle, beleg=beleg)


def _zustaendig(wer: Zustaendigkeit | None) -> Iterator[Rechenschritt]:
    if wer is not None:
        yield _zeile("Zuständigkeit", wer.grund, wer.norm, "A")


def _tage(fall: Fall, stichtag: date) -> Iterator[Rechenschritt]:
    """Which days are known, and how long ago or how far off they are."""
    g = fall.gefahr
    tage = {"Kündigung": g.kuendigung, "Gerichtstermin": g.termin, "Räumungsurteil": g.urteil}
    tage["Räumungstermin"] = g.raeumungstermin
    for name, tag in tage.items():
        if tag is not None:
            yield _zeile(name, f"{tag:%d.%m.%Y} ({_abstand((tag - stichtag).days)})")


def _abstand(tage: int) -> str:
    if tage == 0:
        return "heute"
    einheit = "Tag" if abs(tage) == 1 else "Tage" if tage < 0 else "Tagen"
    return f"in {tage} {einheit}" if tage > 0 else f"{-tage} {einheit} her"


def _aussicht(fall: Fall) -> Iterator[Rechenschritt]:
    """Whether a takeover would keep the flat at all."""
    norm = "§ 36 Abs. 1 SGB XII, § 22 Abs. 8 SGB II"
    if fall.verbleib_gewollt is False:
        yield hinweis("Die Wohnung soll nicht behalten werden: Dann sichert eine Übernahme die Unterkunft nicht.", norm)
    if fall.aussicht.vermieter_setzt_fort is False:
        text = "Der Vermieter will nicht fortsetzen: Sichert die Zahlung die Wohnung trotzdem (Schonfrist), oder nicht?"
        yield hinweis(text, norm)
    if fall.selbsthilfe.vermoegen:
        yield hinweis("Vermögen ist angegeben: Beim Jobcenter ist es zuerst einzusetzen.", "§ 22 Abs. 8 SGB II")
