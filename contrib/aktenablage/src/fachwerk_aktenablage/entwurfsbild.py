"""A draft of the Wohnberechtigungsschein: the recommended content on one sheet, with gaps for what a person decides.

It is a sheet to copy from, not the form of a Land: those differ, and nobody but the office issues a certificate.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from fachwerk.modell import Antrag, Entscheidung, Votum
from fachwerk_aktenablage.antragsbild import anschrift_text, leistungstitel, testhinweis
from fachwerk_aktenablage.entwurfsdaten import geltungsgebiet, grenze, massgeblich, mitglieder, stufentitel
from fachwerk_aktenablage.fallblatt import WORTE
from fachwerk_aktenablage.gliederung import Absatz, Abschnitt, Block, Schriftstueck, Tabelle, angaben
from fachwerk_aktenablage.texte import UNBEKANNT, bereinigt, betrag, datum, oder_unbekannt, wort
from fachwerk_aktenablage.vermerkrechnung import abbildungen, eintraege

_LUECKE = "____________________________"
_VERBINDUNGEN = {"oder": "oder Räume", "und": "und höchstens Räume"}
_HINWEIS = (
    "Entwurf nach einer maschinellen Empfehlung, keine Bescheinigung: ohne Unterschrift, ohne Rechtswirkung. "
    "Vor der Ausstellung bitte Angaben und Fundstellen prüfen und den Vordruck des Landes verwenden."
)


def entwurfsbild(antrag: Antrag, entscheidung: Entscheidung, behoerde: str, kennzeichen: str) -> Schriftstueck | None:
    """The draft, or None unless one undisputed vote recommends to grant a WBS and names the tier."""
    votum = massgeblich(antrag, entscheidung)
    if votum is None:
        return None
    return Schriftstueck(
        art="Entwurf",
        titel=leistungstitel(antrag),
        behoerde=bereinigt(behoerde),
        kennzeichen=kennzeichen,
        vorspann=(Absatz(_HINWEIS, "warnung"), *testhinweis(antrag)),
        abschnitte=(
            Abschnitt("Berechtigte Person", tuple(_berechtigte(antrag))),
            Abschnitt("Haushalt", tuple(_haushalt(antrag))),
            Abschnitt("Empfohlener Inhalt", tuple(_inhalt(antrag, votum, entscheidung))),
            Abschnitt("Von der Sachbearbeitung zu ergänzen", (_luecken(),)),
        ),
        fusszeile="Entwurf, keine Bescheinigung",
        dicht=True,
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


def _haushalt(antrag: Antrag) -> Iterator[Block]:
    personen = mitglieder(antrag.fall)
    if not personen:
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
            for nummer, m in enumerate(personen, 1)
        ),
        anteile=(6, 44, 28, 22),
        klein=True,
    )


def _inhalt(antrag: Antrag, votum: Votum, entscheidung: Entscheidung) -> Iterator[Block]:
    ergebnis = votum.ergebnis or {}
    yield angaben(
        [
            ("Zahl der Personen", str(len(mitglieder(antrag.fall)) or UNBEKANNT)),
            ("Eingehaltene Grenze", _stufe(ergebnis)),
            ("Angemessene Wohnfläche", _mit(ergebnis.get("wohnflaeche_m2"), "m²")),
            (_VERBINDUNGEN.get(str(ergebnis.get("verbindung")), "Räume"), wort(ergebnis.get("raeume"))),
            ("Personengruppen", _gruppen(ergebnis.get("personengruppen"))),
            ("Gültigkeit", _mit(ergebnis.get("gueltig_monate"), "Monate ab Ausstellung")),
            ("Gilt nur in", geltungsgebiet(antrag, ergebnis) or UNBEKANNT),
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


def _stufe(ergebnis: Mapping[str, Any]) -> str:
    """The tier by its title (and word), with its limit."""
    kennung, titel, hoehe = wort(ergebnis.get("stufe")), stufentitel(ergebnis), grenze(ergebnis)
    name = f"{wort(titel)} [{kennung}]" if titel else kennung
    return f"{name}, {betrag(hoehe)} im Jahr" if hoehe else name


def _gruppen(gruppen: Any) -> str:
    return ", ".join(map(wort, gruppen)) if isinstance(gruppen, list) and gruppen else "keine"


def _fundstellen(votum: Votum) -> str:
    """Those of the short calculation where there is one, else of every step."""
    zeilen = [z for g in eintraege(votum, "rechenweg") for z in abbildungen(g.get("zeilen"))]
    alle = [str(z.get("fundstelle") or "") for z in zeilen] or [schritt.fundstelle for schritt in votum.begruendung]
    return "; ".join(dict.fromkeys(bereinigt(stelle) for stelle in alle if stelle)) or UNBEKANNT


def _mit(wert: Any, einheit: str) -> str:
    return UNBEKANNT if wert is None else f"{wort(wert)} {einheit}"


def _luecken() -> Tabelle:
    return angaben((was, _LUECKE) for was in ("Aktenzeichen", "Ausgestellt am", "Gültig bis", "Unterschrift, Siegel"))
