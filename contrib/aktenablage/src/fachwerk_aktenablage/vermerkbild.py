"""The Prüfvermerk as a document: what a machine recommends, why, and what a person still has to clear up."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import accumulate

from fachwerk.modell import Antrag, Befund, Dringlichkeit, Empfehlung, Entscheidung, Schwere, Votum
from fachwerk_aktenablage.antragsbild import leistungstitel, testhinweis
from fachwerk_aktenablage.gliederung import Absatz, Abschnitt, Block, Schriftstueck, Tabelle, angaben
from fachwerk_aktenablage.texte import bereinigt, datum, zeitpunkt
from fachwerk_aktenablage.vermerkangaben import ergaenzungen, nachfragen, nachweise, offen, offene_punkte
from fachwerk_aktenablage.vermerkrechnung import hinweise, rechnung

KEIN_VERWALTUNGSAKT = (
    "Empfehlung einer Maschine, kein Verwaltungsakt und kein Bescheid. Über den Antrag entscheidet die zuständige "
    "Sachbearbeitung; sie ist an diese Empfehlung nicht gebunden."
)
EMPFEHLUNGEN = {
    Empfehlung.BEWILLIGEN: "Bewilligen",
    Empfehlung.ABLEHNEN: "Ablehnen",
    Empfehlung.NACHFORDERN: "Angaben oder Nachweise nachfordern",
    Empfehlung.WEITERLEITEN: "An eine andere Stelle weiterleiten",
    Empfehlung.VORLEGEN: "Zur Entscheidung vorlegen",
}
_DRINGLICHKEITEN = {
    Dringlichkeit.NORMAL: "normal",
    Dringlichkeit.HOCH: "hoch: zügig bearbeiten",
    Dringlichkeit.SOFORT: "SOFORT: heute bearbeiten",
}
_HINWEISE_ZEICHEN = 1200
_SCHWERE = {Schwere.HINWEIS: "Hinweis", Schwere.WARNUNG: "Warnung", Schwere.FEHLER: "Fehler", Schwere.SPERRE: "Sperre"}


def vermerkbild(antrag: Antrag, entscheidung: Entscheidung, behoerde: str, kennzeichen: str) -> Schriftstueck:
    """The recommendation: first what a person has to do, then the calculation, then hints and findings."""
    voten = entscheidung.voten
    befunde = tuple(dict.fromkeys((*entscheidung.befunde, *antrag.befunde)))
    saetze = list(dict.fromkeys(satz for votum in voten for satz in hinweise(votum)))
    abschnitte = (
        Abschnitt("Empfehlung", tuple(_empfehlung(antrag, entscheidung))),
        Abschnitt("Offene Punkte", offen(offene_punkte(entscheidung), voten)),
        Abschnitt("Von der antragstellenden Person zu erfragen", nachfragen(voten)),
        Abschnitt("Nachweise", nachweise(voten)),
        Abschnitt("Ergänzte Angaben", tuple(ergaenzungen(antrag))),
        *(Abschnitt(_votumtitel(votum, entscheidung), tuple(_votum(votum, entscheidung))) for votum in voten),
        Abschnitt("Hinweise", (Absatz(_gekuerzt(saetze), "fussnote"),) if saetze else ()),
        Abschnitt("Befunde beim Lesen und Prüfen", _befunde(befunde)),
    )
    return Schriftstueck(
        art="Prüfvermerk",
        titel=leistungstitel(antrag),
        behoerde=bereinigt(behoerde),
        kennzeichen=kennzeichen,
        vorspann=(*_eile(entscheidung), Absatz(KEIN_VERWALTUNGSAKT, "warnung"), *testhinweis(antrag)),
        abschnitte=tuple(abschnitt for abschnitt in abschnitte if abschnitt.bloecke),
        fusszeile="Empfehlung einer Maschine, kein Verwaltungsakt",
        dicht=True,
    )


def _gekuerzt(saetze: list[str]) -> str:
    """The first hints, as whole sentences; nothing depends on them, and all are in the data beside the page."""
    laengen = accumulate(len(satz) + 1 for satz in saetze)
    gezeigt = max(1, sum(laenge <= _HINWEISE_ZEICHEN for laenge in laengen))
    rest = len(saetze) - gezeigt
    weitere = [f"Weitere Hinweise ({rest}) stehen in pruefvermerk.json."] if rest else []
    return " ".join((*saetze[:gezeigt], *weitere))


def _eile(entscheidung: Entscheidung) -> tuple[Absatz, ...]:
    """Urgency and deadline, before anything else; nothing where the case can wait and has no deadline."""
    if entscheidung.dringlichkeit is Dringlichkeit.NORMAL and entscheidung.frist is None:
        return ()
    frist = f" Nächste Frist: {datum(entscheidung.frist)}." if entscheidung.frist else ""
    return (Absatz(f"Dringlichkeit {_DRINGLICHKEITEN[entscheidung.dringlichkeit]}.{frist}", "warnung"),)


def _empfehlung(antrag: Antrag, entscheidung: Entscheidung) -> Iterator[Block]:
    yield angaben(
        [
            ("Empfehlung", EMPFEHLUNGEN[entscheidung.empfehlung]),
            ("Stichtag der Prüfung", datum(entscheidung.stichtag)),
            ("Zugestellt / empfangen", f"{zeitpunkt(antrag.zugestellt)} / {zeitpunkt(antrag.empfangen)}"),
        ]
    )
    if not entscheidung.voten:
        yield Absatz("Keine Regel hat diesen Antrag geprüft. Er ist deshalb vollständig von Hand zu prüfen.", "warnung")
    elif not entscheidung.einig:
        yield Absatz("Die geprüften Regeln empfehlen Verschiedenes; deshalb wird der Antrag vorgelegt.", "warnung")
    if not all(any(annahme in punkt.text for punkt in offene_punkte(entscheidung)) for annahme in antrag.fall_annahmen):
        yield Absatz(
            "Die Prüfung beruht auf einer nicht bestätigten Zuordnung von Feldern der Nachricht: "
            + ", ".join(bereinigt(annahme) for annahme in antrag.fall_annahmen),
            "warnung",
        )


def _votumtitel(votum: Votum, entscheidung: Entscheidung) -> str:
    quelle = bereinigt(votum.quelle)
    return f"Rechenweg ({quelle})" if quelle else "Rechenweg"


def _votum(votum: Votum, entscheidung: Entscheidung) -> Iterator[Block]:
    kopf = []
    if len(entscheidung.voten) > 1:
        kopf.append(("Empfehlung dieser Regeln", EMPFEHLUNGEN[votum.empfehlung]))
    if votum.weiterleiten_an:
        kopf.append(("Weiterleiten an", bereinigt(votum.weiterleiten_an)))
    if kopf:
        yield angaben(kopf)
    yield from rechnung(votum)


def _befunde(befunde: tuple[Befund, ...]) -> tuple[Block, ...]:
    if not befunde:
        return ()
    rang = list(_SCHWERE)[::-1]
    zeilen = tuple(
        (
            _SCHWERE[befund.schwere],
            bereinigt(befund.text) + (f"\nFeld: {bereinigt(befund.pfad)}" if befund.pfad else ""),
            " / ".join(filter(None, (befund.code, bereinigt(befund.quelle)))),
        )
        for befund in sorted(befunde, key=lambda befund: rang.index(befund.schwere))
    )
    return (Tabelle(kopf=("Schwere", "Befund", "Code und Quelle"), zeilen=zeilen, anteile=(12, 60, 28), klein=True),)
