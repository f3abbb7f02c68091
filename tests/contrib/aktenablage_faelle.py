"""Invented applications for the tests of the Aktenablage; nobody in here exists."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

from fachwerk.modell import (
    Anschrift,
    Antrag,
    Befund,
    Dokument,
    Dritter,
    Empfehlung,
    Entscheidung,
    Kommunikation,
    Name,
    OffenerPunkt,
    Person,
    Rechenschritt,
    Schwere,
    Votum,
    Ziel,
)
from fachwerk.testkit.wirt import SpeicherInhalt

ORIGINAL = b'<?xml version="1.0"?><vorgang><name>Gr\xc3\xbcnwald</name></vorgang>'
FALL: dict[str, Any] = {
    "land": "nw",
    "stichtag": "2026-03-01",
    "alleinerziehend": False,
    "haushalt": [
        {
            "name": "Jürgen Grünwald-Löß",
            "rolle": "antragsteller",
            "geburtsdatum": "1990-05-01",
            "einkuenfte": [{"art": "nichtselbstaendig", "betrag": 33136}, {"art": "kapital", "betrag": "120.50"}],
            "zahlt": {"einkommensteuer": True, "rentenversicherung": None},
            "kindergeld": False,
        },
        {"name": "Şirin Grünwald", "rolle": "kind", "einkuenfte": []},
    ],
}
ERGEBNIS: dict[str, Any] = {
    "land": "nw",
    "stichtag": "2026-03-01",
    "gesamteinkommen": "20419.84",
    "stufen": [{"id": "gruppe_A", "grenze": "23540.00", "eingehalten": True, "ermessen": False}],
    "stufe": "gruppe_A",
    "empfehlung": "bewilligen",
    "wohnflaeche_m2": "50",
    "raeume": None,
    "begruendung": [],
    "offen": [],
}


def ziel(verzeichnis: str = "ausgang/akte", behoerde: str = "Stadt Musterow – Wohnungsamt", **mehr: Any) -> Ziel:
    """A configured Ziel."""
    einstellungen = {"verzeichnis": verzeichnis, "behoerde": behoerde, **mehr}
    return Ziel(name="akte", plugin="aktenablage", einstellungen=einstellungen)


def antrag(inhalt: SpeicherInhalt, **anders: Any) -> Antrag:
    """An application for a WBS with an original, two documents, one of them missing, and a loose attachment."""
    vertrag = inhalt.schreibe([b"%PDF-1.4 Mietvertrag"], "Mietvertrag Größe.pdf", "application/pdf")
    werte: dict[str, Any] = {
        "leistung": "wbs",
        "leika": "99107022012000",
        "format": "xsozial_basis",
        "format_version": "2.4.0",
        "land": "nw",
        "nachrichten_uuid": "3f0c8a52-77aa-4d11-9d0b-0a1b2c3d4e5f",
        "vorgangs_id": "SOP-2026-000123",
        "antragsdatum": date(2026, 3, 1),
        "empfangen": datetime(2026, 3, 1, 23, 5, 9, tzinfo=UTC),
        "zugestellt": datetime(2026, 3, 1, 23, 1, tzinfo=UTC),
        "personen": (
            Person(
                id="1",
                name=Name(familienname="Grünwald-Löß", vorname="Jürgen"),
                geburtsdatum=date(1990, 5, 1),
                antragsteller=True,
                anschriften=(Anschrift(strasse="Am Königsgraben", hausnummer="12 a", wohnort="Musterow"),),
                kommunikation=(Kommunikation(kanal="01", kennung="juergen@musterow.example"),),
            ),
        ),
        "dritte": (Dritter(id="9", organisation="Wohnbau Musterow eG"),),
        "dokumente": (Dokument(id="d1", name="Mietvertrag", teil=vertrag), Dokument(id="d2", name="Lohnzettel")),
        "felder": {
            "xsozial/vorgang/person[1]/familienname": "Grünwald-Löß",
            "xsozial/vorgang/person[1]/bemerkung": "Bitte vor dem Umzug am Fünften.",
            "xsozial/vorgang/unbekannt/ganzNeu": "Wert-4711",
        },
        "fall": FALL,
        "original": inhalt.schreibe([ORIGINAL], "nachricht.xml", "application/xml"),
        "anlagen": (vertrag, inhalt.schreibe([b"\xff\xd8 Foto"], "Foto.JPG", "image/jpeg")),
    }
    return Antrag(**{**werte, **anders})


def entscheidung(**anders: Any) -> Entscheidung:
    """A recommendation with reason, an open point, a missing proof and a finding."""
    votum = Votum(
        empfehlung=Empfehlung.BEWILLIGEN,
        begruendung=(Rechenschritt(name="Gesamteinkommen", wert="20419.84", fundstelle="§ 20 WoFG", beleg="A"),),
        offen=(OffenerPunkt(code="wbs.kindergeld", text="Wird Kindergeld gezahlt?", fundstelle="§ 32 EStG"),),
        nachweise=("Meldebescheinigung",),
        ergebnis=ERGEBNIS,
        quelle="wbs_nw",
    )
    befund = Befund(code="xsozial.leerraum", schwere=Schwere.HINWEIS, text="Die Dienstkennung enthielt Leerraum.")
    werte: dict[str, Any] = {
        "empfehlung": Empfehlung.BEWILLIGEN,
        "voten": (votum,),
        "befunde": (befund,),
        "stichtag": date(2026, 3, 2),
    }
    return Entscheidung(**{**werte, **anders})
