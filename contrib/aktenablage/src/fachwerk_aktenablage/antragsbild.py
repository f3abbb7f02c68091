"""The application as a document: who applies for what, when it arrived, and every single field of the message."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from fachwerk.modell import Anschrift, Antrag, Dritter, Kommunikation, Name, Person
from fachwerk_aktenablage.fallblatt import LAENDER, fallabschnitte
from fachwerk_aktenablage.gliederung import Absatz, Abschnitt, Block, Schriftstueck, Tabelle, Zwischentitel, angaben
from fachwerk_aktenablage.seite import Datei
from fachwerk_aktenablage.texte import UNBEKANNT, bereinigt, datum, groesse, ja_nein, oder_unbekannt, zeitpunkt

LEISTUNGEN = {"wbs": "Wohnberechtigungsschein", "mietrueckstaende": "Übernahme von Mietrückständen"}
"""Titles of the words of the Leistungskatalog; a word that is not here is shown as it is."""

_KANAELE = {"01": "E-Mail", "02": "Telefon", "03": "Mobiltelefon", "04": "Telefax"}
_TESTHINWEIS = (
    "TESTNACHRICHT: Dieser Antrag ist als Test gekennzeichnet und kein Antrag einer Bürgerin oder eines Bürgers."
)


def antragsbild(
    antrag: Antrag, behoerde: str, kennzeichen: str, dateien: dict[int, str], eingaenge: Sequence[Datei] = ()
) -> Schriftstueck:
    """The readable application.

    ``dateien`` maps the position of a Dokument to its file in the folder; ``eingaenge`` are all files of the message.
    """
    abschnitte = (
        Abschnitt("Antrag und Eingang", tuple(_kopf(antrag))),
        Abschnitt("Personen", _personen(antrag.personen)),
        *([Abschnitt("Dritte", _dritte(antrag.dritte))] if antrag.dritte else []),
        *(_fall(antrag) if antrag.fall else ()),
        Abschnitt("Dokumente", (*_dokumente(antrag, dateien), *_anlagenverzeichnis(eingaenge))),
        Abschnitt("Weitere Angaben: alle Felder der Nachricht", tuple(_felder(antrag))),
    )
    return Schriftstueck(
        art="Antrag",
        titel=leistungstitel(antrag),
        behoerde=bereinigt(behoerde),
        kennzeichen=kennzeichen,
        vorspann=testhinweis(antrag),
        abschnitte=abschnitte,
    )


def testhinweis(antrag: Antrag) -> tuple[Absatz, ...]:
    """What every document of a test message starts with."""
    return (Absatz(_TESTHINWEIS, "warnung"),) if antrag.test else ()


def leistungstitel(antrag: Antrag) -> str:
    """The name of the Leistung as a person says it."""
    return LEISTUNGEN.get(antrag.leistung, bereinigt(antrag.leistung))


def _kopf(antrag: Antrag) -> Iterator[Block]:
    yield angaben(
        [
            ("Leistung", leistungstitel(antrag)),
            ("LeiKa-Schlüssel", oder_unbekannt(antrag.leika)),
            ("Antragsdatum", datum(antrag.antragsdatum)),
            ("Im Postfach zugestellt", zeitpunkt(antrag.zugestellt)),
            ("Von Fachwerk empfangen", zeitpunkt(antrag.empfangen)),
            ("Nachricht erstellt", zeitpunkt(antrag.erstellt)),
            ("Land", LAENDER.get(antrag.land, oder_unbekannt(antrag.land))),
            ("Empfangende Stelle", _stelle(antrag.leser_name, antrag.leser)),
            ("Absendende Stelle", _stelle(antrag.autor_name, antrag.autor)),
            ("Nachricht-UUID", oder_unbekannt(antrag.nachrichten_uuid)),
            ("Vorgangs-ID der Nachricht", oder_unbekannt(antrag.vorgangs_id)),
            (
                "Format",
                " ".join(filter(None, (bereinigt(antrag.format), bereinigt(antrag.format_version)))) or UNBEKANNT,
            ),
            ("Erzeugt von", oder_unbekannt(antrag.produkt)),
        ]
    )
    yield Absatz(
        "Die Zeitpunkte der Zustellung und des Empfangs können den Beginn einer Leistung bestimmen "
        "(§ 16 Abs. 2 SGB I). Sie sind unverändert übernommen.",
        "hinweis",
    )


def _stelle(name: str, kennung: str) -> str:
    name, kennung = bereinigt(name).strip(), bereinigt(kennung).strip()
    return f"{name} ({kennung})" if name and kennung else name or kennung or UNBEKANNT


def _personen(personen: tuple[Person, ...]) -> tuple[Block, ...]:
    if not personen:
        return (Absatz("Die Nachricht nennt keine Person in lesbarer Form. Bitte das Original ansehen."),)
    bloecke: list[Block] = []
    for nummer, person in enumerate(personen, 1):
        rolle = ", antragstellend" if person.antragsteller else ""
        bloecke += [Zwischentitel(f"Person {nummer}{rolle}"), angaben(list(_person(person)))]
    return tuple(bloecke)


def _person(person: Person) -> Iterator[tuple[str, str]]:
    yield from _name(person.name)
    yield "Geburtsdatum", datum(person.geburtsdatum)
    yield "Geschlecht (Code)", oder_unbekannt(person.geschlecht)
    yield "Staatsangehörigkeit", _liste(person.staatsangehoerigkeit)
    yield "Familienstand (Code)", oder_unbekannt(person.familienstand)
    yield "Personentyp (Code)", oder_unbekannt(person.typ)
    yield "Antragstellend", ja_nein(person.antragsteller)
    yield "Erhält Schriftgut", ja_nein(person.schriftgutempfaenger)
    yield from _erreichbarkeit(person.anschriften, person.kommunikation)


def _dritte(dritte: tuple[Dritter, ...]) -> tuple[Block, ...]:
    bloecke: list[Block] = []
    for nummer, dritter in enumerate(dritte, 1):
        bloecke += [Zwischentitel(f"Dritte Stelle oder Person {nummer}"), angaben(list(_dritter(dritter)))]
    return tuple(bloecke)


def _dritter(dritter: Dritter) -> Iterator[tuple[str, str]]:
    yield "Art (Code)", oder_unbekannt(dritter.typ)
    if dritter.organisation:
        yield "Organisation", oder_unbekannt(dritter.organisation)
    if dritter.name != Name():
        yield from _name(dritter.name)
    if dritter.geburtsdatum:
        yield "Geburtsdatum", datum(dritter.geburtsdatum)
    if dritter.staatsangehoerigkeit:
        yield "Staatsangehörigkeit", _liste(dritter.staatsangehoerigkeit)
    if dritter.schriftgutempfaenger is not None:
        yield "Erhält Schriftgut", ja_nein(dritter.schriftgutempfaenger)
    if dritter.postfach:
        yield "Postfach", oder_unbekannt(dritter.postfach)
    yield from _erreichbarkeit(dritter.anschriften, dritter.kommunikation)


def _name(name: Name) -> Iterator[tuple[str, str]]:
    yield "Familienname", oder_unbekannt(name.familienname)
    yield "Vorname", oder_unbekannt(name.vorname)
    if name.titel:
        yield "Titel", oder_unbekannt(name.titel)
    if name.geburtsname:
        yield "Geburtsname", oder_unbekannt(name.geburtsname)


def _erreichbarkeit(
    anschriften: tuple[Anschrift, ...], kommunikation: tuple[Kommunikation, ...]
) -> Iterator[tuple[str, str]]:
    for anschrift in anschriften or (Anschrift(),):
        yield "Anschrift", anschrift_text(anschrift) or UNBEKANNT
    for weg in kommunikation:
        art = _KANAELE.get(weg.kanal, f"Kontakt (Code {bereinigt(weg.kanal) or '?'})")
        yield art, oder_unbekannt(weg.kennung)


def anschrift_text(anschrift: Anschrift) -> str:
    """An address on lines of its own; empty where nothing was sent."""
    zeilen = (
        f"{anschrift.strasse} {anschrift.hausnummer}",
        anschrift.zusatz,
        f"Postfach {anschrift.postfach}" if anschrift.postfach else "",
        f"{anschrift.postleitzahl} {anschrift.wohnort}",
        anschrift.staat,
    )
    return "\n".join(zeile for zeile in (bereinigt(roh).strip() for roh in zeilen) if zeile)


def _liste(werte: Iterable[str]) -> str:
    return ", ".join(filter(None, (bereinigt(wert).strip() for wert in werte))) or UNBEKANNT


def _fall(antrag: Antrag) -> tuple[Abschnitt, ...]:
    """The facts of the case; what rests on an assumption says so before the first of them."""
    abschnitte = fallabschnitte(antrag.fall or {}, antrag.leistung)
    if not abschnitte or not antrag.fall_annahmen:
        return abschnitte
    namen = ", ".join(bereinigt(annahme) for annahme in antrag.fall_annahmen)
    warnung = Absatz(
        f"Diese Angaben zu Haushalt, Einkommen und Wohnung beruhen auf einer nicht bestätigten Zuordnung von Feldern "
        f"({namen}). Bitte mit den Feldern der Nachricht und den Dokumenten vergleichen.",
        "warnung",
    )
    return (replace(abschnitte[0], bloecke=(warnung, *abschnitte[0].bloecke)), *abschnitte[1:])


def _dokumente(antrag: Antrag, dateien: dict[int, str]) -> Iterator[Block]:
    if not antrag.dokumente:
        yield Absatz("Die Nachricht nennt keine Dokumente.")
        return
    yield Tabelle(
        kopf=("Nr.", "Bezeichnung", "Art (Code)", "Datei in dieser Akte"),
        zeilen=tuple(
            (
                str(nummer + 1),
                oder_unbekannt(dokument.name or (dokument.teil.name if dokument.teil else "")),
                bereinigt(dokument.typ) or "–",
                dateien.get(nummer, "genannt, aber nicht mitgesandt"),
            )
            for nummer, dokument in enumerate(antrag.dokumente)
        ),
        anteile=(6, 42, 14, 38),
    )


def _anlagenverzeichnis(eingaenge: Sequence[Datei]) -> Iterator[Block]:
    """Every file that came with the message, in its order, whether a document refers to it or not."""
    if eingaenge:
        yield Zwischentitel("Verzeichnis der Dateien in der Reihenfolge der Nachricht")
        yield Tabelle(
            kopf=("Datei in dieser Akte", "Name beim Absenden", "Art", "Größe"),
            zeilen=tuple(
                (
                    datei.pfad,
                    bereinigt(datei.originalname) or "–",
                    bereinigt(datei.teil.medientyp) or "–",
                    groesse(datei.teil.laenge),
                )
                for datei in eingaenge
            ),
            anteile=(36, 34, 18, 12),
            klein=True,
        )


def _felder(antrag: Antrag) -> Iterator[Block]:
    """All leaves in the order of the message, grouped by the element they lie in."""
    if not antrag.felder:
        yield Absatz("Die Nachricht enthält keine einzelnen Felder. Alle Angaben stehen in den Dokumenten.")
        return
    yield Absatz("Zum Nachschlagen: jedes Feld, wie es gesendet wurde, mit dem Namen, den die Nachricht ihm gibt.")
    gruppen: dict[str, list[tuple[str, str]]] = {}
    for pfad, wert in antrag.felder.items():
        ueber, _, blatt = bereinigt(pfad).rpartition("/")
        gruppen.setdefault(ueber, []).append((blatt or "(ohne Namen)", oder_unbekannt(wert)))
    for ueber, zeilen in gruppen.items():
        yield Zwischentitel(" › ".join(stueck for stueck in ueber.split("/") if stueck) or "Nachricht")
        yield Tabelle(zeilen=tuple(zeilen), anteile=(38, 62), klein=True)
