"""Which office and which law, as far as the facts make it certain."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from fachwerk_mietrueckstaende.fall import Fall, Leistungsbezug

Traeger = Literal["jobcenter", "sozialamt", ""]


@dataclass(frozen=True, slots=True)
class Zustaendigkeit:
    """The competent body (empty: not certain), the law it acts on, and why; ``frage`` is what a person must clear."""

    traeger: Traeger
    norm: str
    grund: str
    frage: str = ""

    @property
    def sicher(self) -> bool:
        """Whether the facts leave no doubt."""
        return bool(self.traeger) and not self.frage


JOBCENTER = "§ 22 Abs. 8 SGB II"
SOZIALAMT = "§ 36 Abs. 1 SGB XII"


def bestimme(fall: Fall) -> Zustaendigkeit | None:
    """The competence; None if the running benefit is not stated."""
    if fall.leistungsbezug is None:
        return None
    return _JE_BEZUG[fall.leistungsbezug](fall)


def _sgb2(fall: Fall) -> Zustaendigkeit:
    grund = (
        "Es werden laufende Leistungen nach dem SGB II bezogen; soweit sie auch für die Unterkunft sind, übernimmt "
        "Mietschulden das Jobcenter."
    )
    if fall.altersrente:
        frage = "Altersrente und laufende Leistungen nach SGB II schließen sich aus: Welcher Bezug besteht?"
        return Zustaendigkeit("", JOBCENTER, grund, frage)
    if fall.leistung_unterkunft is False:
        frage = (
            "Laufende Leistungen nach SGB II, aber nicht für die Unterkunft: Dann übernimmt das Jobcenter keine "
            "Mietschulden. Ist der Anspruch dort zu klären, oder kommt das Sozialamt in Betracht?"
        )
        return Zustaendigkeit("", f"{JOBCENTER} oder {SOZIALAMT}", grund, frage)
    return Zustaendigkeit("jobcenter", f"{JOBCENTER}, § 21 Satz 1 SGB XII", grund)


def _sgb12(fall: Fall) -> Zustaendigkeit:
    grund = "Es werden laufende Leistungen nach dem SGB XII bezogen."
    if fall.erwerbsfaehig and not fall.altersrente:
        frage = "Leistungen nach SGB XII und erwerbsfähig: Für Erwerbsfähige gilt das SGB II. Welcher Bezug besteht?"
        return Zustaendigkeit("", f"{SOZIALAMT} oder {JOBCENTER}", grund, frage)
    return Zustaendigkeit("sozialamt", SOZIALAMT, grund)


def _keiner(fall: Fall) -> Zustaendigkeit:
    if fall.altersrente:
        grund = "Wer Altersrente bezieht, erhält keine Leistungen nach dem SGB II."
        return Zustaendigkeit("sozialamt", f"{SOZIALAMT}, § 7 Abs. 4 SGB II", grund)
    if fall.erwerbsfaehig is False:
        return Zustaendigkeit("sozialamt", SOZIALAMT, "Niemand bezieht Leistungen nach SGB II; nicht erwerbsfähig.")
    grund = "Ohne laufende Leistungen für die Unterkunft übernimmt das Jobcenter keine Mietschulden."
    frage = (
        "Besteht Hilfebedürftigkeit nach § 9 SGB II? Dann zuerst Leistungen beim Jobcenter beantragen; sonst kommt "
        "eine Übernahme durch das Sozialamt in Betracht (§ 21 Satz 2, § 36 SGB XII)."
    )
    return Zustaendigkeit("", f"{JOBCENTER} oder {SOZIALAMT}", grund, frage)


def _asylblg(fall: Fall) -> Zustaendigkeit:
    frage = "Übernahme nach dem AsylbLG oder entsprechend § 36 SGB XII? Das hängt von der Dauer des Bezugs ab."
    return Zustaendigkeit("", "AsylbLG", "Es werden Leistungen nach dem AsylbLG bezogen.", frage)


_JE_BEZUG = {
    Leistungsbezug.SGB2: _sgb2,
    Leistungsbezug.SGB12: _sgb12,
    Leistungsbezug.KEINER: _keiner,
    Leistungsbezug.ASYLBLG: _asylblg,
}
