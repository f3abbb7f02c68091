"""The Prüfvermerk as a document: what a machine recommends, why, and what a person still has to clear up."""

from __future__ import annotations

from collections.abc import Iterator

from fachwerk.modell import (
    Antrag,
    Befund,
    Dringlichkeit,
    Empfehlung,
    Entscheidung,
    OffenerPunkt,
    Rechenschritt,
    Schwere,
    Votum,
)
from fachwerk_aktenablage.antragsbild import leistungstitel, testhinweis
from fachwerk_aktenablage.fallblatt import ergebnisblatt
from fachwerk_aktenablage.gliederung import Absatz, Abschnitt, Block, Schriftstueck, Tabelle, Zwischentitel, angaben
from fachwerk_aktenablage.texte import bereinigt, datum, oder_unbekannt, zahl, zeitpunkt

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
_SCHWERE = {Schwere.HINWEIS: "Hinweis", Schwere.WARNUNG: "Warnung", Schwere.FEHLER: "Fehler", Schwere.SPERRE: "Sperre"}
_BELEGE = {"A": "amtlich", "B": "zweite Hand", "C": "ungeprüft"}


def vermerkbild(antrag: Antrag, entscheidung: Entscheidung, behoerde: str, kennzeichen: str) -> Schriftstueck:
    """The recommendation with its reasons, open points, missing proofs and findings."""
    offen = _offene_punkte(entscheidung)
    nachweise = list(dict.fromkeys(bereinigt(n) for votum in entscheidung.voten for n in votum.nachweise))
    befunde = tuple(dict.fromkeys((*entscheidung.befunde, *antrag.befunde)))
    abschnitte = [Abschnitt("Empfehlung", tuple(_empfehlung(antrag, entscheidung)))]
    abschnitte.append(Abschnitt("Offene Punkte", _offen(offen)))
    if nachweise:
        abschnitte.append(Abschnitt("Fehlende Nachweise", (_nummeriert("Nachweis", nachweise),)))
    abschnitte += [Abschnitt(_votumtitel(votum, entscheidung), tuple(_votum(votum))) for votum in entscheidung.voten]
    abschnitte.append(Abschnitt("Befunde beim Lesen und Prüfen", _befunde(befunde)))
    return Schriftstueck(
        art="Prüfvermerk",
        titel=leistungstitel(antrag),
        behoerde=bereinigt(behoerde),
        kennzeichen=kennzeichen,
        vorspann=(*_eile(entscheidung), Absatz(KEIN_VERWALTUNGSAKT, "warnung"), *testhinweis(antrag)),
        abschnitte=tuple(abschnitte),
        fusszeile="Empfehlung einer Maschine, kein Verwaltungsakt",
    )


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
            ("Im Postfach zugestellt", zeitpunkt(antrag.zugestellt)),
            ("Von Fachwerk empfangen", zeitpunkt(antrag.empfangen)),
            ("Nachricht-UUID", oder_unbekannt(antrag.nachrichten_uuid)),
        ]
    )
    if not entscheidung.voten:
        yield Absatz("Keine Regel hat diesen Antrag geprüft. Er ist deshalb vollständig von Hand zu prüfen.", "warnung")
    elif not entscheidung.einig:
        yield Absatz("Die geprüften Regeln empfehlen Verschiedenes; deshalb wird der Antrag vorgelegt.", "warnung")
    if antrag.fall_annahmen:
        yield Absatz(
            "Die Prüfung beruht auf einer nicht bestätigten Zuordnung von Feldern der Nachricht: "
            + ", ".join(bereinigt(annahme) for annahme in antrag.fall_annahmen),
            "warnung",
        )


def _offene_punkte(entscheidung: Entscheidung) -> tuple[OffenerPunkt, ...]:
    return tuple(dict.fromkeys((*entscheidung.offen, *(p for votum in entscheidung.voten for p in votum.offen))))


def _offen(offen: tuple[OffenerPunkt, ...]) -> tuple[Block, ...]:
    if not offen:
        return (Absatz("Keine."),)
    zeilen = tuple(
        (
            str(nummer),
            bereinigt(punkt.text) + (f"\n(Person: {bereinigt(punkt.person)})" if punkt.person else ""),
            bereinigt(punkt.fundstelle) or "–",
        )
        for nummer, punkt in enumerate(offen, 1)
    )
    return (Tabelle(kopf=("Nr.", "Was ist zu klären?", "Fundstelle"), zeilen=zeilen, anteile=(6, 66, 28)),)


def _nummeriert(kopf: str, texte: list[str]) -> Tabelle:
    zeilen = tuple((str(nummer), text) for nummer, text in enumerate(texte, 1))
    return Tabelle(kopf=("Nr.", kopf), zeilen=zeilen, anteile=(6, 94))


def _votumtitel(votum: Votum, entscheidung: Entscheidung) -> str:
    quelle = bereinigt(votum.quelle)
    return f"Rechenweg ({quelle})" if quelle and len(entscheidung.voten) > 1 else "Rechenweg"


def _votum(votum: Votum) -> Iterator[Block]:
    kopf = [("Empfehlung dieser Regeln", EMPFEHLUNGEN[votum.empfehlung]), ("Regelwerk", oder_unbekannt(votum.quelle))]
    if votum.weiterleiten_an:
        kopf.append(("Weiterleiten an", bereinigt(votum.weiterleiten_an)))
    yield angaben(kopf)
    if votum.begruendung:
        yield _rechenweg(votum.begruendung)
    else:
        yield Absatz("Die Regeln nennen keine einzelnen Schritte.")
    if votum.ergebnis:
        yield Zwischentitel("Ergebnis der Prüfung")
        yield from ergebnisblatt(votum.ergebnis)


def _rechenweg(schritte: tuple[Rechenschritt, ...]) -> Tabelle:
    return Tabelle(
        kopf=("Nr.", "Schritt", "Wert", "Fundstelle", "Beleg"),
        zeilen=tuple(
            (
                str(nummer),
                bereinigt(schritt.name),
                zahl(schritt.wert),
                bereinigt(schritt.fundstelle) or "–",
                _BELEGE.get(schritt.beleg, bereinigt(schritt.beleg) or "–"),
            )
            for nummer, schritt in enumerate(schritte, 1)
        ),
        anteile=(6, 35, 17, 29, 13),
    )


def _befunde(befunde: tuple[Befund, ...]) -> tuple[Block, ...]:
    if not befunde:
        return (Absatz("Keine."),)
    rang = list(_SCHWERE)[::-1]
    zeilen = tuple(
        (
            _SCHWERE[befund.schwere],
            bereinigt(befund.text) + (f"\nFeld: {bereinigt(befund.pfad)}" if befund.pfad else ""),
            " / ".join(filter(None, (befund.code, bereinigt(befund.quelle)))),
        )
        for befund in sorted(befunde, key=lambda befund: rang.index(befund.schwere))
    )
    return (Tabelle(kopf=("Schwere", "Befund", "Code und Quelle"), zeilen=zeilen, anteile=(12, 60, 28)),)
