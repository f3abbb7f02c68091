"""What the demo prints: where every message came from, where it went, how far its receipt is, and where to look."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from shlex import quote
from textwrap import wrap
from typing import TYPE_CHECKING

from fachwerk.demo.konfiguration import POST

if TYPE_CHECKING:
    from fachwerk.demo.ablauf import Demo
    from fachwerk.demo.bilanz import Bilanz
    from fachwerk.demo.versand import Gesendet

BREITE = 100
_KEIN_UMBRUCH = "\N{NO-BREAK SPACE}"
ZIEL = {
    "akte": "Aktenablage",
    "prosoz-nw": "PROSOZ (SOAP)",
    "prosoz-mv": "PROSOZ (Ordner)",
    "laemmkom": "LÄMMkom",
    "laemmkom-post": "COM Vibilia → LÄMMkom",
    "landkreis": "Landkreis (XTA)",
    "klaerung": "Klärung",
}
STUFE = {"uebergeben": "übergeben", "technisch_bestaetigt": "bestätigt", "uebernommen": "übernommen"}
GRUPPEN = (
    ("wbs", "Wohnberechtigungsschein: kein Fachverfahren ist anschließbar, also eine lesbare Akte"),
    ("mietrueckstaende", "Übernahme von Mietrückständen: in das Fachverfahren der Stelle, oder an die zuständige"),
    ("held", "Gehalten: Das muss sich ein Mensch ansehen"),
)
ORTE = (
    ("ausgang/akte", "je Fall ein Ordner; index.html zuerst öffnen"),
    ("ausgang/klaerung", "dasselbe für das, was ein Mensch klären muss"),
    ("prosoz-nw/faelle.jsonl", "was der SOAP-Dienst angenommen hat, mit Prüfsummen der Dokumente"),
    ("prosoz-mv", "angenommen/ und quittung/; die Fälle selbst in .simulator/uebernommen/"),
    ("comvibilia", "export/verarbeitet/ (so kam es), uebernommen/ (so ging es), quittungen/"),
    ("laemmkom", "uebernommen/ und quittungen/"),
    ("landkreis", "was der Landkreis aus seinem XTA-Postfach geholt hat"),
    ("gesendet.json", "was gesendet wurde, mit Prüfsummen, und wohin es gehört"),
    ("fachwerk.toml", "welche Postfächer, Ziele und Routen es gibt, mit Erklärungen"),
    ("protokolle", "was die Prozesse dabei gemeldet haben"),
)


def bericht(gesendet: Sequence[Gesendet], bilanz: Bilanz, demo: Demo) -> Iterator[str]:
    """All lines behind the course of the demo."""
    yield from tafel(gesendet, bilanz)
    yield ""
    yield from _summe(bilanz, demo.ausstehende)
    yield ""
    yield f"Zum Nachsehen in {demo.ordner}:"
    yield from (f"  {ort:<24}{was}" for ort, was in ORTE)
    yield f"Und jeder Vorgang mit Kennung: fachwerk --konfig {quote(str(demo.konfig))} vorgang list"


def tafel(gesendet: Sequence[Gesendet], bilanz: Bilanz) -> Iterator[str]:
    """The table, in groups, each in the order of sending."""
    zeilen = {zeile["nachricht_id"]: zeile for zeile in bilanz.vorgaenge}
    yield ""
    yield _spalten("Antrag", "kam über", "Empfehlung", "ging an", "Stand")
    yield "-" * BREITE
    for gruppe, titel in GRUPPEN:
        yield titel
        for eine in gesendet:
            zeile = zeilen[eine.nachricht_id]
            if gruppe == (zeile["leistung"] if zeile["status"] == "done" else "held"):
                yield _zeile(eine.beispiel.zeigt, zeile)


def _zeile(zeigt: str, zeile: dict[str, str]) -> str:
    land = zeile["land"].upper() or "–"
    weg = f"{land:<3}{'COM Vibilia' if zeile['kanal'] == POST else 'XTA'}"
    stand = zeile["grund"].replace("doppelsendung", "doppelt, schon da") or STUFE.get(zeile["stufe"], zeile["status"])
    return _spalten(f"  {zeigt}", weg, zeile["empfehlung"] or "–", ZIEL.get(zeile["an"], "–"), stand)


def _spalten(antrag: str, kam: str, empfehlung: str, ging: str, stand: str) -> str:
    return f"{antrag:<37}{kam:<15}{empfehlung:<13}{ging:<23}{stand}".rstrip()


def _summe(b: Bilanz, ausstehende: Sequence[str]) -> Iterator[str]:
    gezaehlt = ", ".join(_fest(f"{b.ziele[ziel]} {name}") for ziel, name in ZIEL.items() if ziel in b.ziele)
    enden = {
        "zugestellt": b.zugestellt,
        "weitergeleitet": b.weitergeleitet,
        "zurückgegeben": b.zurueckgegeben,
        "gehalten": b.gehalten,
        "Doppelsendung(en)": b.doppelsendungen,
    }
    summe = " + ".join(_fest(f"{anzahl} {wort}") for wort, anzahl in enden.items())
    absaetze = (
        f"Bilanz:  {b.gesendet} gesendet = {b.geschlossen} im Postfach geschlossen = {b.gespeichert} gespeichert = "
        f"{summe}; " + _fest(f"{b.verloren} verloren, {b.doppelt} doppelt, {b.falsch_zugestellt} im falschen Ziel"),
        f"Gezählt: {gezaehlt}",
        "Stand:   übergeben = liegt dort; bestätigt = Empfang quittiert; übernommen = Fall ist angelegt; "
        "alles andere ist der Grund, aus dem Fachwerk anhält (docs/fehler.md erklärt jeden)",
    )
    for absatz in absaetze:
        yield from (zeile.replace(_KEIN_UMBRUCH, " ") for zeile in wrap(absatz, BREITE, subsequent_indent=" " * 9))
    for ziel, anzahl in Counter(ausstehende).items():
        yield f"Offen:   {anzahl} Quittung(en) von {ZIEL.get(ziel, ziel)} sind nicht rechtzeitig gekommen"
    if (offen := b.offene_quittungen) and not ausstehende:
        yield f"Offen:   {offen} Übernahme, nach der Fachwerk weiter fragt: Der Laufzettel bestätigt nur den Versand"
    yield from (f"Mangel: {mangel}" for mangel in b.maengel)


def _fest(text: str) -> str:
    """What is never broken over two lines."""
    return text.replace(" ", _KEIN_UMBRUCH)
