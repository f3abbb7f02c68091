"""From an application to a Votum: forwarded only where the addressed office is certainly not competent."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from pydantic import ValidationError

from fachwerk.modell import Antrag, Befund, Empfehlung, OffenerPunkt, Rechenschritt, Schwere, Votum
from fachwerk_mietrueckstaende.fall import Fall
from fachwerk_mietrueckstaende.vorpruefung import Vorpruefung, fehlende_nachweise, pruefe

SOZIALAMT_PRAEFIX = "mrh"
"""Mailboxes of this prefix belong to the Sozialämter (DVDV category of the service)."""

ABGABE = Rechenschritt(
    name="Abgabe",
    wert="Der Antrag ist unverzüglich weiterzuleiten; er gilt als an dem Tag gestellt, an dem er hier eingegangen ist.",
    fundstelle="§ 16 Abs. 2 SGB I",
    beleg="A",
)


def entscheide(antrag: Antrag, befunde: Iterable[Befund], stichtag: date) -> Votum:
    """The recommendation for ``antrag`` as of ``stichtag``; pure, and never about the substance."""
    if antrag.fall is None:
        text = "Die Nachricht enthält keine auswertbaren Angaben; maßgeblich sind die Dokumente. Fristen sofort prüfen."
        return _vorlage([_punkt("keine_falldaten", text, "§ 569 Abs. 3 Nr. 2 BGB")])
    try:
        fall = Fall.model_validate(antrag.fall)
    except ValidationError as fehler:
        orte = sorted({".".join(str(t) for t in m["loc"]) or "Fall" for m in fehler.errors(include_url=False)})
        return _vorlage([_punkt("fall_unlesbar", f"Diese Angaben sind nicht auswertbar: {', '.join(orte)}.")])
    return _votum(antrag, fall, pruefe(fall, stichtag), tuple(befunde))


def _vorlage(offen: list[OffenerPunkt]) -> Votum:
    return Votum(empfehlung=Empfehlung.VORLEGEN, offen=tuple(offen), quelle="mietrueckstaende")


def _punkt(code: str, text: str, fundstelle: str = "") -> OffenerPunkt:
    return OffenerPunkt(code=f"mietrueckstaende.{code}", text=text, fundstelle=fundstelle)


def _votum(antrag: Antrag, fall: Fall, ergebnis: Vorpruefung, befunde: tuple[Befund, ...]) -> Votum:
    vorbehalte = _vorbehalte(antrag, befunde)
    fehlen = fehlende_nachweise(ergebnis.nachweise, _dokumente(antrag))
    an = "" if vorbehalte else _weiterleiten_an(antrag, ergebnis)
    return Votum(
        empfehlung=_empfehlung(ergebnis, an),
        begruendung=(*ergebnis.schritte, *((ABGABE,) if an else ())),
        offen=(*vorbehalte, *_offen(antrag, ergebnis, an)),
        nachweise=fehlen,
        ergebnis=ergebnis.als_json(),
        weiterleiten_an=an,
        quelle="mietrueckstaende",
    )


def _weiterleiten_an(antrag: Antrag, ergebnis: Vorpruefung) -> str:
    """The other office, if both the competence and the addressed office are certain and differ."""
    wer = ergebnis.zustaendigkeit
    if wer is None or not wer.sicher or _angeschrieben(antrag) in ("", wer.traeger):
        return ""
    return wer.traeger


def _angeschrieben(antrag: Antrag) -> str:
    return "sozialamt" if antrag.leser.partition(":")[0] == SOZIALAMT_PRAEFIX else ""


def _empfehlung(ergebnis: Vorpruefung, an: str) -> Empfehlung:
    if an:
        return Empfehlung.WEITERLEITEN
    return Empfehlung.NACHFORDERN if ergebnis.fehlend else Empfehlung.VORLEGEN


def _offen(antrag: Antrag, ergebnis: Vorpruefung, an: str) -> list[OffenerPunkt]:
    punkte = [_punkt("angabe_offen", f"Es fehlt: {text}.") for text in ergebnis.fehlend]
    wer = ergebnis.zustaendigkeit
    if wer is not None and wer.frage:
        punkte.append(_punkt("zustaendigkeit", wer.frage, wer.norm))
    elif wer is not None and wer.traeger == "jobcenter" and not an:
        text = "Nach den Angaben ist das Jobcenter zuständig; bitte prüfen und den Antrag dann weiterleiten."
        punkte.append(_punkt("zustaendigkeit", text, f"{wer.norm}, § 16 Abs. 2 SGB I"))
    if ergebnis.schonfrist_ende is not None:
        tag = f"{ergebnis.schonfrist_ende:%d.%m.%Y}"
        text = f"Schonfrist: Zahlung oder Verpflichtungserklärung muss dem Vermieter bis zum {tag} vorliegen."
        punkte.append(_punkt("schonfrist", text, "§ 569 Abs. 3 Nr. 2 BGB"))
    return punkte


def _vorbehalte(antrag: Antrag, befunde: tuple[Befund, ...]) -> list[OffenerPunkt]:
    punkte = []
    if antrag.fall_annahmen:
        namen = ", ".join(antrag.fall_annahmen)
        text = f"Die Angaben beruhen auf einer Zuordnung, die diese Stelle noch nicht bestätigt hat ({namen})."
        punkte.append(_punkt("annahme_unbestaetigt", text))
    schwere = [b for b in befunde if b.schwere in (Schwere.FEHLER, Schwere.SPERRE)]
    return punkte + [_punkt("befund", f"Befund {b.code}: {b.text}") for b in schwere]


def _dokumente(antrag: Antrag) -> str:
    namen = [f"{d.name} {d.typ} {d.teil.beschreibung if d.teil else ''}" for d in antrag.dokumente]
    return " ".join(namen + [f"{t.name} {t.beschreibung}" for t in antrag.anlagen]).lower()
