"""How near the loss of the flat is: deadlines, whether payment can still undo the termination, and the urgency. Pure.

The deadline shown is always the earliest possible one. § 193 BGB may move it, but nobody should rely on that before a
person has looked.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise
from typing import Literal

from fachwerk.modell import Dringlichkeit, OffenerPunkt, Rechenschritt
from fachwerk.regeln import Rechnung
from fachwerk_mietrueckstaende.fall import Fall, Gefahr
from fachwerk_mietrueckstaende.fristen import ist_feiertag, ist_feiertag_mancher, ist_wochenende, naechster_werktag
from fachwerk_mietrueckstaende.punkte import hinweis, punkt

Heilung = Literal["ja", "teilweise", "nein", "zu_pruefen"]
"""Whether payment within the Schonfrist undoes the termination. ``teilweise``: the one without notice only."""

NAHE = timedelta(days=14)
"""A deadline or date this close is acted on at once."""

SCHONFRIST = "§ 569 Abs. 3 Nr. 2 BGB"


@dataclass(frozen=True, slots=True)
class Schonfrist:
    """``ende`` by the calendar; ``verschoben`` the same under § 193 BGB; ``sicher``: the day of service is known."""

    ende: date
    verschoben: date
    sicher: bool


def bestimme_schonfrist(fall: Fall, rechnung: Rechnung) -> Schonfrist | None:
    """The Schonfrist from the service of the action, else its earliest end from the filing; None if neither is known.

    An ordinary termination alone has none.
    """
    gefahr = fall.gefahr
    if gefahr.kuendigung_art == "ordentlich":
        return None
    if gefahr.klage_zugestellt is not None:
        return _schonfrist(rechnung.hole("schonfrist_ende"), sicher=True)
    if gefahr.klage_eingegangen is not None:
        return _schonfrist(rechnung.hole("schonfrist_fruehestens"), sicher=False)
    return None


def _schonfrist(ende: object, *, sicher: bool) -> Schonfrist | None:
    """None where the law of the day is unknown."""
    return Schonfrist(ende, naechster_werktag(ende), sicher) if isinstance(ende, date) else None


def bestimme_heilung(fall: Fall, rechnung: Rechnung) -> Heilung | None:
    """Whether payment helps; None as long as nothing was terminated."""
    gefahr = fall.gefahr
    if gefahr.kuendigung is None and not gefahr.raeumungsklage:
        return None
    if gefahr.kuendigung_art == "ordentlich":
        return "nein"
    if gefahr.kuendigung_art is None:
        return "zu_pruefen"
    if (wiederholt := _wiederholt(fall, rechnung)) != "nein":
        return "nein" if wiederholt == "ja" else "zu_pruefen"
    return "teilweise" if gefahr.kuendigung_art == "fristlos_und_ordentlich" else "ja"


def _wiederholt(fall: Fall, rechnung: Rechnung) -> Literal["ja", "nein", "zu_pruefen"]:
    """Whether an earlier termination was undone within two years before this one.

    The earlier termination counts. A takeover comes after it: two years since the takeover are two years since both.
    """
    if fall.frueher_uebernommen is False:
        return "nein"
    bezug = fall.fruehere_kuendigung or fall.frueher_uebernommen_am
    if bezug is None or fall.gefahr.kuendigung is None:
        return "zu_pruefen"
    bis = rechnung.hole("wiederholung_bis")
    if not isinstance(bis, date):
        return "zu_pruefen"
    if fall.gefahr.kuendigung > bis:
        return "nein"
    return "ja" if fall.fruehere_kuendigung else "zu_pruefen"


def fristen(fall: Fall, schonfrist: Schonfrist | None, stichtag: date) -> dict[str, date]:
    """What lies ahead on ``stichtag``, by name."""
    gefahr = fall.gefahr
    tage = {
        "Ende der Schonfrist": _massgeblich(schonfrist, stichtag),
        "Gerichtstermin": gefahr.termin,
        "Räumungstermin": gefahr.raeumungstermin,
        "Ende des Mietverhältnisses": gefahr.kuendigung_zum,
    }
    return {name: tag for name, tag in tage.items() if tag is not None and tag >= stichtag}


def _massgeblich(schonfrist: Schonfrist | None, stichtag: date) -> date | None:
    """The earliest day that may be the last one; the moved one only where the other is over already."""
    if schonfrist is None:
        return None
    return schonfrist.ende if schonfrist.ende >= stichtag else schonfrist.verschoben


def dringlichkeit(fall: Fall, schonfrist: Schonfrist | None, stichtag: date) -> tuple[Dringlichkeit, str]:
    """The urgency and what it rests on."""
    for stufe, gruende in (
        (Dringlichkeit.SOFORT, _sofort(fall, schonfrist, stichtag)),
        (Dringlichkeit.HOCH, _hoch(fall.gefahr)),
    ):
        if alle := list(gruende):
            return stufe, "; ".join(alle)
    return Dringlichkeit.NORMAL, "keine Kündigung und keine Klage angegeben"


def _sofort(fall: Fall, schonfrist: Schonfrist | None, stichtag: date) -> Iterator[str]:
    gefahr = fall.gefahr
    if gefahr.raeumungstermin is not None:
        yield f"Räumungstermin am {gefahr.raeumungstermin:%d.%m.%Y}"
    if gefahr.urteil is not None:
        yield f"Räumungsurteil vom {gefahr.urteil:%d.%m.%Y}"
    for name, tag in fristen(fall, schonfrist, stichtag).items():
        if name in ("Ende der Schonfrist", "Gerichtstermin") and tag <= stichtag + NAHE:
            yield f"{name} am {tag:%d.%m.%Y}"
    if _laeuft_unbekannt(gefahr, schonfrist, stichtag):
        yield "Räumungsklage erhoben, Tag der Zustellung unbekannt: Die Schonfrist kann jeden Tag enden"


def _laeuft_unbekannt(gefahr: Gefahr, schonfrist: Schonfrist | None, stichtag: date) -> bool:
    """A claim is pending, and no day is known before which the Schonfrist cannot end."""
    if gefahr.kuendigung_art == "ordentlich" or not (gefahr.raeumungsklage or gefahr.klage_eingegangen):
        return False
    return schonfrist is None or (not schonfrist.sicher and schonfrist.ende < stichtag)


def _hoch(gefahr: Gefahr) -> Iterator[str]:
    if gefahr.raeumungsklage or gefahr.klage_eingegangen or gefahr.klage_zugestellt:
        yield "Räumungsklage erhoben"
    if gefahr.kuendigung is not None or gefahr.kuendigung_art is not None:
        yield "Mietverhältnis gekündigt"
    if gefahr.termin is not None:
        yield f"Gerichtstermin am {gefahr.termin:%d.%m.%Y}"


def eilpunkte(fall: Fall, schonfrist: Schonfrist | None, stichtag: date) -> Iterator[OffenerPunkt]:
    """What a person has to act on in time."""
    gefahr = fall.gefahr
    if gefahr.raeumungstermin is not None:
        wann = "steht bevor" if gefahr.raeumungstermin >= stichtag else "ist vorbei: Ist die Wohnung schon geräumt?"
        text = f"Räumungstermin {gefahr.raeumungstermin:%d.%m.%Y} {wann}"
        yield punkt("raeumungstermin", text if text.endswith("?") else f"{text}.", "§ 36 Abs. 1 SGB XII")
    if schonfrist is not None:
        yield from _zur_schonfrist(schonfrist, stichtag)
    elif _laeuft_unbekannt(gefahr, schonfrist, stichtag):
        text = "Räumungsklage erhoben, Tag der Zustellung unbekannt: heute beim Gericht oder beim Mieter erfragen."
        yield punkt("zustellung_unbekannt", text, SCHONFRIST)
    if gefahr.termin is not None:
        vorbei = "" if gefahr.termin >= stichtag else " ist vorbei: Wie ist er ausgegangen?"
        yield punkt("gerichtstermin", f"Gerichtstermin {gefahr.termin:%d.%m.%Y}{vorbei or '.'}")


def _zur_schonfrist(schonfrist: Schonfrist, stichtag: date) -> Iterator[OffenerPunkt]:
    tag = f"{schonfrist.ende:%d.%m.%Y}"
    if not schonfrist.sicher:
        rest = "Sie kann schon abgelaufen sein" if schonfrist.ende < stichtag else f"Vorsichtshalber gilt der {tag}"
        text = f"Schonfrist: gezählt vom Eingang der Klage endet sie nicht vor dem {tag}. {rest}; Zustellung erfragen."
        yield punkt("schonfrist", text, SCHONFRIST)
    elif max(schonfrist.ende, schonfrist.verschoben) < stichtag:
        text = f"Die Schonfrist ist seit dem {tag} abgelaufen: Setzt der Vermieter das Mietverhältnis trotzdem fort?"
        yield punkt("schonfrist_abgelaufen", text, SCHONFRIST)
    else:
        text = (
            f"Schonfrist: Bis zum {tag} müssen Miete und Entschädigung ganz gezahlt sein, oder die Stelle hat sich "
            "gegenüber dem Vermieter dazu verpflichtet."
        )
        yield punkt("schonfrist", text, SCHONFRIST)


HEILUNG: dict[Heilung, str] = {
    "ja": "nach den Angaben ja",
    "teilweise": "nach den Angaben nur die fristlose",
    "nein": "nach den Angaben nein",
    "zu_pruefen": "zu prüfen",
}


def hinweise(fall: Fall, schonfrist: Schonfrist | None, heilung: Heilung | None) -> Iterator[Rechenschritt]:
    """What the office should weigh about termination and deadline."""
    if heilung is not None:
        name = "Zahlung in der Schonfrist macht die Kündigung unwirksam"
        yield Rechenschritt(name=name, wert=HEILUNG[heilung], fundstelle=SCHONFRIST)
    if schonfrist is not None:
        yield from _zum_wochentag(schonfrist)
    if fall.gefahr.kuendigung_art in ("ordentlich", "fristlos_und_ordentlich"):
        text = (
            "Die Schonfrist heilt nur die fristlose Kündigung, nicht die ordentliche: Mit dem Vermieter eine Rücknahme "
            "vereinbaren, bevor gezahlt wird. Eine Änderung des Gesetzes (Bundestagsdrucksache 21/6807) war im Herbst "
            "2026 noch im Ausschuss; bitte nachsehen, ob sie gilt."
        )
        yield hinweis(text, "§ 569 Abs. 3 Nr. 2, § 573 Abs. 2 BGB; BGH vom 13.10.2021, VIII ZR 91/20", "B")
    if fall.frueher_uebernommen:
        yield hinweis(_WIEDERHOLUNG[heilung or "zu_pruefen"], "§ 569 Abs. 3 Nr. 2 Satz 2 BGB")
    if fall.gefahr.mahnung is not None and fall.gefahr.kuendigung is None and not fall.gefahr.raeumungsklage:
        text = "Noch ist keine Kündigung angegeben: Wird der Rückstand vorher ganz gezahlt, ist sie ausgeschlossen."
        yield hinweis(text, "§ 543 Abs. 2 Satz 2 BGB")


_FRUEHER = "Schulden wurden schon einmal übernommen. "
_WIEDERHOLUNG: dict[str, str] = {
    "nein": _FRUEHER
    + "Nach den Angaben hilft die Schonfrist nicht: Die geheilte Kündigung liegt nicht länger als zwei "
    "Jahre vor dieser, oder es ist ordentlich gekündigt.",
    "zu_pruefen": _FRUEHER + "Liegt eine dadurch unwirksam gewordene Kündigung nicht länger als zwei Jahre vor dieser, "
    "hilft die Schonfrist nicht: Wann war sie?",
    "ja": _FRUEHER + "Das liegt länger als zwei Jahre vor dieser Kündigung und schließt die Schonfrist nicht aus.",
}
_WIEDERHOLUNG["teilweise"] = _WIEDERHOLUNG["ja"]


def _zum_wochentag(schonfrist: Schonfrist) -> Iterator[Rechenschritt]:
    ende, verschoben = schonfrist.ende, schonfrist.verschoben
    if ende != verschoben:
        art = "ein Wochenende" if ist_wochenende(ende) else "einen Feiertag"
        text = (
            f"Der {ende:%d.%m.%Y} fällt auf {art}. Nach § 193 BGB träte der {verschoben:%d.%m.%Y} an seine Stelle; ob "
            "das hier gilt, ist zu prüfen. Bis dahin gilt der frühere Tag."
        )
        yield hinweis(text, "§ 193 BGB", "B" if ist_feiertag(ende) else "A")
    if ist_feiertag_mancher(verschoben):
        text = f"Der {verschoben:%d.%m.%Y} ist in manchen Ländern ein Feiertag; ob er das hier ist, ist zu prüfen."
        yield hinweis(text, "§ 193 BGB", "B")


def unstimmiges(gefahr: Gefahr, stichtag: date) -> Iterator[OffenerPunkt]:
    """Days that cannot be right, or not all of them."""
    folge = [(name, tag) for name, tag in _geschehen(gefahr).items() if tag is not None]
    for name, tag in [*folge, *([("Mahnung", gefahr.mahnung)] if gefahr.mahnung else [])]:
        if tag > stichtag:
            text = f"{name} am {tag:%d.%m.%Y} liegt nach dem Eingang des Antrags. Stimmt der Tag?"
            yield punkt("tag_in_zukunft", text)
    for (frueher, a), (spaeter, b) in pairwise(folge):
        if a > b:
            text = f"{frueher} ({a:%d.%m.%Y}) liegt nach {spaeter} ({b:%d.%m.%Y}). Welcher Tag stimmt?"
            yield punkt("reihenfolge", text)
    if gefahr.raeumungsklage is False and (gefahr.klage_zugestellt or gefahr.klage_eingegangen):
        text = "Es heißt, Räumungsklage sei nicht erhoben; zugleich ist ein Tag der Klage genannt. Was gilt?"
        yield punkt("klage_widerspruch", text)


def _geschehen(gefahr: Gefahr) -> dict[str, date | None]:
    """What must have happened already, in the order in which it happens."""
    return {
        "Kündigung": gefahr.kuendigung,
        "Eingang der Klage": gefahr.klage_eingegangen,
        "Zustellung der Klage": gefahr.klage_zugestellt,
        "Urteil": gefahr.urteil,
    }
