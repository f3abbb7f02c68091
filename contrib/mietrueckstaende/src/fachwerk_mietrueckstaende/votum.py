"""From an application to a Votum: ``vorlegen`` or ``nachfordern``, never anything about the substance.

Another office may be competent: the Votum says so first, but never recommends ``weiterleiten``, because that would
hold the case here while a deadline runs (docs/entscheidungen/0012-mietrueckstaende-nie-weiterleiten.md).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date
from typing import Any

from fachwerk.modell import Antrag, Befund, Dringlichkeit, Empfehlung, OffenerPunkt, Schwere, Votum
from fachwerk.unterlagen import Beleg, fehlende
from fachwerk_mietrueckstaende import nachweise
from fachwerk_mietrueckstaende.fall import Fall, lies_fall
from fachwerk_mietrueckstaende.gefahr import SCHONFRIST
from fachwerk_mietrueckstaende.punkte import HINWEIS, punkt
from fachwerk_mietrueckstaende.vorpruefung import Vorpruefung, pruefe
from fachwerk_mietrueckstaende.zustaendigkeit import Zustaendigkeit

SOZIALAMT_PRAEFIX = "mrh"
"""Mailboxes of this prefix belong to the Sozialämter (DVDV category of the service)."""

ABGABE = "§ 16 Abs. 2 SGB I"
_TRAEGER = {"jobcenter": "Jobcenter", "sozialamt": "Sozialamt"}


def entscheide(antrag: Antrag, befunde: Iterable[Befund], stichtag: date) -> Votum:
    """The recommendation for ``antrag`` as of ``stichtag``; pure, and never about the substance."""
    if antrag.fall is None:
        return _ohne_fall(tuple(befunde))
    fall, unlesbar = lies_fall(antrag.fall)
    ergebnis = pruefe(fall, stichtag, _staaten(antrag))
    vorbehalte = [*_unlesbar(unlesbar), *_annahmen(antrag), *_schwere(tuple(befunde))]
    empfehlung = _empfehlung(antrag, ergebnis, bool(vorbehalte))
    wer = _antragsteller(fall)
    gefunden = nachweise.belege(ergebnis.nachweise, antrag)
    return Votum(
        empfehlung=empfehlung,
        dringlichkeit=ergebnis.dringlichkeit,
        frist=ergebnis.frist,
        begruendung=ergebnis.schritte,
        offen=(*_abgabe(antrag, ergebnis, bool(vorbehalte)), *ergebnis.eilig, *vorbehalte, *_offen(ergebnis, wer)),
        nachweise=fehlende(gefunden),
        ergebnis=ergebnis.als_json() | _zum_votum(ergebnis, empfehlung, gefunden, wer),
        quelle="mietrueckstaende",
    )


def _antragsteller(fall: Fall) -> str:
    return next((p.name for p in fall.haushalt if p.rolle == "antragsteller" and p.name), "Antragstellende Person")


def _zum_votum(
    ergebnis: Vorpruefung, empfehlung: Empfehlung, gefunden: Iterable[Beleg], wer: str
) -> dict[str, list[dict[str, Any]]]:
    """What the result offers people besides: hints, what to ask the applicant, and which proofs may be there."""
    fragen = ergebnis.fehlend if empfehlung is Empfehlung.NACHFORDERN else ()
    return {
        "hinweise": [
            {"name": s.name, "text": s.wert, "fundstelle": s.fundstelle} for s in ergebnis.schritte if s.name == HINWEIS
        ],
        "nachfragen": [{"person": wer, "angaben": [text]} for text in fragen],
        "nachweise": [{"titel": beleg.titel, "vermutlich": list(beleg.vermutlich)} for beleg in gefunden],
    }


def _ohne_fall(befunde: tuple[Befund, ...]) -> Votum:
    """Nothing is known, so the worst is assumed of its urgency."""
    text = "Die Nachricht enthält keine auswertbaren Angaben; maßgeblich sind die Dokumente. Fristen sofort prüfen."
    return Votum(
        empfehlung=Empfehlung.VORLEGEN,
        dringlichkeit=Dringlichkeit.HOCH,
        offen=(punkt("keine_falldaten", text, SCHONFRIST), *_schwere(befunde)),
        quelle="mietrueckstaende",
    )


def _empfehlung(antrag: Antrag, ergebnis: Vorpruefung, vorbehalt: bool) -> Empfehlung:
    """Asking the applicant only helps the office that will decide, on facts somebody stands for."""
    if vorbehalt or not ergebnis.fehlend or _andere_stelle(antrag, ergebnis.zustaendigkeit):
        return Empfehlung.VORLEGEN
    return Empfehlung.NACHFORDERN


def _andere_stelle(antrag: Antrag, wer: Zustaendigkeit | None) -> str:
    """The office that is certainly competent and certainly not the one that was written to."""
    if wer is None or not wer.sicher or _angeschrieben(antrag) in ("", wer.traeger):
        return ""
    return wer.traeger


def _angeschrieben(antrag: Antrag) -> str:
    return "sozialamt" if antrag.leser.partition(":")[0] == SOZIALAMT_PRAEFIX else ""


def _abgabe(antrag: Antrag, ergebnis: Vorpruefung, vorbehalt: bool) -> Iterator[OffenerPunkt]:
    """Who is competent, if that is not simply the one who reads this; the first point of all."""
    wer = ergebnis.zustaendigkeit
    if wer is None:
        return
    if wer.frage:
        yield punkt("zustaendigkeit", f"Zuständigkeit unklar: {wer.frage}", f"{wer.norm}; {ABGABE}")
    elif andere := _andere_stelle(antrag, wer):
        wann = "Bitte prüfen und dann unverzüglich" if vorbehalt else "Bitte heute"
        text = (
            f"Nach den Angaben ist das {_TRAEGER[andere]} zuständig. {wann} dorthin weiterleiten und die Frist nennen. "
            "Der Antrag gilt als an dem Tag gestellt, an dem er hier eingegangen ist."
        )
        yield punkt("abgabe", text, f"{wer.norm}; {ABGABE}")
    elif wer.traeger == "jobcenter":
        text = "Nach den Angaben ist das Jobcenter zuständig. Ist dies nicht das Jobcenter, unverzüglich weiterleiten."
        yield punkt("zustaendigkeit", text, f"{wer.norm}; {ABGABE}")


def _offen(ergebnis: Vorpruefung, wer: str) -> Iterator[OffenerPunkt]:
    yield from ergebnis.fragen
    if ergebnis.fehlend and ergebnis.dringlichkeit is Dringlichkeit.SOFORT:
        text = "Nicht auf Unterlagen warten: Fehlendes heute telefonisch klären. Eine Verpflichtung gegenüber dem "
        text += "Vermieter wahrt die Schonfrist wie eine Zahlung."
        yield punkt("nicht_warten", text, SCHONFRIST)
    for text in ergebnis.fehlend:
        yield punkt("angabe_offen", f"Es fehlt: {text}.").model_copy(update={"person": wer})
    if ergebnis.ergaenzend:
        yield punkt("ergaenzend", f"Für die Entscheidung außerdem nötig: {'; '.join(ergebnis.ergaenzend)}.")


def _unlesbar(orte: tuple[str, ...]) -> Iterator[OffenerPunkt]:
    if orte:
        text = (
            f"Diese Angaben sind nicht auswertbar und blieben unberücksichtigt: {', '.join(orte)}. Im Original ansehen."
        )
        yield punkt("fall_unlesbar", text)


def _annahmen(antrag: Antrag) -> Iterator[OffenerPunkt]:
    if antrag.fall_annahmen:
        namen = ", ".join(antrag.fall_annahmen)
        text = f"Die Angaben beruhen auf einer Zuordnung, die diese Stelle noch nicht bestätigt hat ({namen})."
        yield punkt("annahme_unbestaetigt", f"{text} Bitte mit dem Original vergleichen, zuerst die Fristen.")


def _schwere(befunde: tuple[Befund, ...]) -> list[OffenerPunkt]:
    schwere = [b for b in befunde if b.schwere in (Schwere.FEHLER, Schwere.SPERRE)]
    return [punkt("befund", f"Befund {b.code}: {b.text}") for b in schwere]


def _staaten(antrag: Antrag) -> tuple[str, ...]:
    return next((p.staatsangehoerigkeit for p in antrag.personen if p.antragsteller), ())
