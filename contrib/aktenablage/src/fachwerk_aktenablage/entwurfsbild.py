"""A draft of the Wohnberechtigungsschein: the recommended content on one sheet, with gaps for what a person decides.

It is a sheet to copy from, not the form of a Land: those differ, and nobody but the office issues a certificate.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from fachwerk.modell import Antrag, Empfehlung, Entscheidung, Votum
from fachwerk_aktenablage.antragsbild import anschrift_text, leistungstitel, testhinweis
from fachwerk_aktenablage.fallblatt import WORTE
from fachwerk_aktenablage.gliederung import Absatz, Abschnitt, Block, Schriftstueck, Tabelle, angaben
from fachwerk_aktenablage.texte import UNBEKANNT, bereinigt, betrag, datum, oder_unbekannt, wort

_LUECKE = "____________________________"
_HINWEIS = (
    "Entwurf nach einer maschinellen Empfehlung, keine Bescheinigung: ohne Unterschrift, ohne Rechtswirkung. "
    "Vor der Ausstellung bitte Angaben und Fundstellen prüfen und den Vordruck des Landes verwenden."
)


def entwurfsbild(antrag: Antrag, entscheidung: Entscheidung, behoerde: str, kennzeichen: str) -> Schriftstueck | None:
    """The draft, or None unless one undisputed vote recommends to grant a WBS and names the tier."""
    voten = [votum for votum in entscheidung.voten if votum.ergebnis and votum.ergebnis.get("stufe")]
    if antrag.leistung != "wbs" or entscheidung.empfehlung != Empfehlung.BEWILLIGEN or len(voten) != 1:
        return None
    return Schriftstueck(
        art="Entwurf",
        titel=leistungstitel(antrag),
        behoerde=bereinigt(behoerde),
        kennzeichen=kennzeichen,
        vorspann=(Absatz(_HINWEIS, "warnung"), *testhinweis(antrag)),
        abschnitte=(
            Abschnitt("Berechtigte Person", tuple(_berechtigte(antrag))),
            Abschnitt("Haushalt", tuple(_haushalt(antrag.fall or {}))),
            Abschnitt("Empfohlener Inhalt", tuple(_inhalt(voten[0], entscheidung))),
            Abschnitt("Von der Sachbearbeitung zu ergänzen", (_luecken(),)),
        ),
        fusszeile="Entwurf, keine Bescheinigung",
    )


def _berechtigte(antrag: Antrag) -> Iterator[Block]:
    """Only who is marked as applicant; nobody is guessed."""
    personen = [person for person in antrag.personen if person.antragsteller]
    if not personen:
        yield Absatz("Die Nachricht kennzeichnet keine Person als antragstellend. Bitte von Hand eintragen.")
    for person in personen:
        anschriften = "\n".join(filter(None, map(anschrift_text, person.anschriften)))
        yield angaben(
            [
                ("Name", oder_unbekannt(person.name.anzeige)),
                ("Geburtsdatum", datum(person.geburtsdatum)),
                ("Anschrift", anschriften or UNBEKANNT),
            ]
        )


def _haushalt(fall: Mapping[str, Any]) -> Iterator[Block]:
    mitglieder = [mitglied for mitglied in fall.get("haushalt") or () if isinstance(mitglied, Mapping)]
    if not mitglieder:
        yield Absatz("Die Angaben zum Haushalt fehlen in lesbarer Form. Bitte dem Antrag entnehmen.")
        return
    yield Tabelle(
        kopf=("Nr.", "Name", "Rolle", "Geburtsdatum"),
        zeilen=tuple(
            (
                str(nummer),
                wort(m.get("name")),
                WORTE.get(str(m.get("rolle")), wort(m.get("rolle"))),
                wort(m.get("geburtsdatum")),
            )
            for nummer, m in enumerate(mitglieder, 1)
        ),
        anteile=(6, 44, 28, 22),
    )


def _rolle(mitglied: Mapping[str, Any]) -> str:
    rolle = mitglied.get("rolle")
    return WORTE.get(str(rolle), wort(rolle))


def _inhalt(votum: Votum, entscheidung: Entscheidung) -> Iterator[Block]:
    ergebnis = votum.ergebnis or {}
    yield angaben(
        [
            ("Stufe", wort(ergebnis.get("stufe"))),
            ("Angemessene Wohnfläche", _mit(ergebnis.get("wohnflaeche_m2"), "m²")),
            ("Räume", wort(ergebnis.get("raeume"))),
            ("Gültigkeit", _mit(ergebnis.get("gueltig_monate"), "Monate ab Ausstellung")),
            ("Gebühr", UNBEKANNT if ergebnis.get("gebuehr") is None else betrag(ergebnis["gebuehr"])),
            ("Stichtag der Prüfung", datum(entscheidung.stichtag)),
            ("Fundstellen", _fundstellen(votum)),
        ]
    )
    offen = len(dict.fromkeys((*entscheidung.offen, *votum.offen)))
    if offen or votum.nachweise:
        yield Absatz(
            f"Vor der Ausstellung zu klären: offene Punkte: {offen}, fehlende Nachweise: {len(votum.nachweise)}. "
            "Sie stehen im Prüfvermerk.",
            "warnung",
        )


def _fundstellen(votum: Votum) -> str:
    stellen = dict.fromkeys(bereinigt(schritt.fundstelle) for schritt in votum.begruendung if schritt.fundstelle)
    return "\n".join(stellen) or UNBEKANNT


def _mit(wert: Any, einheit: str) -> str:
    return UNBEKANNT if wert is None else f"{wort(wert)} {einheit}"


def _luecken() -> Tabelle:
    return angaben((was, _LUECKE) for was in ("Aktenzeichen", "Ausgestellt am", "Gültig bis", "Unterschrift, Siegel"))
