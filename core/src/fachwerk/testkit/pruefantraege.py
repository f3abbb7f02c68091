"""Invented applications for conformance tests: one ordinary, full of canary values, and those nobody expects."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from typing import Any

from fachwerk.modell import (
    Anschrift,
    Antrag,
    Befund,
    Dokument,
    Empfehlung,
    Entscheidung,
    Name,
    OffenerPunkt,
    Person,
    Rechenschritt,
    Schwere,
    Teil,
    Votum,
)
from fachwerk.testkit.feindlich import NAMEN, PDF
from fachwerk.testkit.wirt import SpeicherInhalt

EINGANG = datetime(2026, 1, 15, 9, 30, tzinfo=UTC)
KANARIEN = (
    "Zeisigmannskron",
    "Quendolina-Ruth",
    "Wipfelkanarigasse",
    "DE02KANARI47110815",
    "kanari.zeisig@example.org",
    "Stieglitznachweis",
)
"""Values nobody could write by chance; one that shows up in a log, an error or a repr is a leak."""

_NAME, _VORNAME, _STRASSE, _KONTO, _MAIL, _DATEI = KANARIEN
UNGLUECKLICH = (
    "",
    " ",
    "../../entkommen",
    "C:\\entkommen",
    "a" * 4000,
    "CON",
    "\u202efdp",
    "<x>&amp;\"'",
    "😀王Žđ\u0301",
)
"""Text in fields that an adapter may be tempted to use as a name or to put into a format unescaped."""

ANZAHL_SELTSAME = 10 + len(UNGLUECKLICH)
"""How many :func:`seltsame` gives."""


def nachricht(nummer: int = 1, text: str = "") -> bytes:
    """The original message: a small XML of no standard, with the canary values in it."""
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<antrag xmlns="urn:example:pruefantrag" nummer="{nummer}">\n'
        f" <name>{_NAME}</name><vorname>{_VORNAME}</vorname><strasse>{_STRASSE} 4b</strasse>\n"
        f" <konto>{_KONTO}</konto><mail>{_MAIL}</mail><zusatz>{text}</zusatz>\n</antrag>\n"
    ).encode()


def antrag(inhalt: SpeicherInhalt, nummer: int = 1, **angaben: Any) -> Antrag:
    """An ordinary application: one person, the original, two attachments. The same number gives the same bytes."""
    original = inhalt.schreibe([nachricht(nummer)], "antrag.xml", "application/xml", "Der Antrag")
    teile = (
        inhalt.schreibe([PDF + b"%d" % nummer], f"{_DATEI} {_NAME}.pdf", "application/pdf", "Einkommensnachweis"),
        inhalt.schreibe(
            [b"\x89PNG\r\n\x1a\n", bytes(range(256))], "Mietvertrag (Foto).png", "image/png", "Mietvertrag"
        ),
    )
    grund: dict[str, Any] = {
        "leistung": "wbs",
        "format": "pruefantrag",
        "format_version": "1",
        "land": "nw",
        "ags": "051110000000",
        "nachrichten_uuid": f"1a2b3c4d-0000-4000-8000-{nummer:012d}",
        "vorgangs_id": f"2b3c4d5e-0000-4000-8000-{nummer:012d}",
        "leser": "wbs:051110000000",
        "leser_name": "Amt für Wohnen Musterow",
        "antragsdatum": date(2026, 1, 14),
        "empfangen": EINGANG,
        "personen": (_person(),),
        "dokumente": tuple(Dokument(id=f"D{n}", name=t.beschreibung, teil=t) for n, t in enumerate(teile, 1)),
        "felder": {"antrag/name": _NAME, "antrag/konto": _KONTO, "antrag/mail": _MAIL, "antrag/frage": "Äpfel & <Öl>"},
        "original": original,
        "anlagen": teile,
    }
    return Antrag(**grund | angaben)


def _person() -> Person:
    return Person(
        id="P1",
        name=Name(familienname=_NAME, vorname=_VORNAME),
        geburtsdatum=date(1984, 5, 1),
        antragsteller=True,
        anschriften=(Anschrift(strasse=_STRASSE, hausnummer="4b", postleitzahl="40213", wohnort="Musterow"),),
    )


def entscheidung(empfehlung: Empfehlung = Empfehlung.VORLEGEN) -> Entscheidung:
    """A recommendation with a reason, an open point and a Befund."""
    punkt = OffenerPunkt(code="probe.einkommen", text=f"Einkommen von {_NAME} fehlt.", fundstelle="§ 9 WoFG")
    schritt = Rechenschritt(name="Einkommensgrenze", wert="12000.00", fundstelle="§ 9 Abs. 2 WoFG", beleg="A")
    votum = Votum(empfehlung=empfehlung, begruendung=(schritt,), offen=(punkt,), quelle="probe")
    befund = Befund(code="probe.hinweis", schwere=Schwere.HINWEIS, text=f"{_VORNAME}: Bitte nachsehen.", quelle="probe")
    return Entscheidung(
        empfehlung=empfehlung, voten=(votum,), befunde=(befund,), offen=(punkt,), stichtag=date(2026, 1, 15)
    )


def seltsame(inhalt: SpeicherInhalt, ab: int = 1000) -> Iterator[tuple[str, Antrag]]:
    """Applications that are valid by type, but that nobody expects: names, sizes, empty parts, odd characters."""
    nummer = iter(range(ab, ab + 1000))

    def neu(**angaben: Any) -> Antrag:
        return antrag(inhalt, next(nummer), **angaben)

    def teil(stueck: bytes, name: str = "Nachweis.pdf", typ: str = "application/pdf") -> Teil:
        return inhalt.schreibe([stueck], name, typ)

    namen = tuple(teil(PDF + b"%d" % n, name) for n, name in enumerate(NAMEN))
    yield "mit bösen Dateinamen", neu(anlagen=namen, dokumente=())
    yield "mit leeren Anlagen", neu(anlagen=(teil(b""), teil(b"", "")), dokumente=())
    yield "mit einer großen Anlage", neu(anlagen=(teil(bytes(range(256)) * 12_289),), dokumente=())
    yield "mit achtzig Anlagen gleichen Namens", neu(anlagen=tuple(teil(b"%d" % n) for n in range(80)), dokumente=())
    yield "mit unsinnigem Medientyp", neu(anlagen=(teil(b"x", "x.pdf", "kein typ\r\nX-Kopf: 1"),), dokumente=())
    yield "ohne Anlagen", neu(anlagen=(), dokumente=())
    yield "nur mit einem PDF", neu(original=teil(PDF, "antrag.pdf"), anlagen=(), dokumente=(), personen=(), felder={})
    yield "ohne alles", Antrag(leistung="wbs", empfangen=EINGANG)
    yield "mit sehr langem Feld", neu(felder={"antrag/text": "ä" * 30_000})
    yield "mit zweitausend Feldern", neu(felder={f"antrag/feld{n}": str(n) for n in range(2000)})
    for text in UNGLUECKLICH:
        yield f"mit {text[:12]!r} in den Feldern", neu(**_ueberall(text))


def _ueberall(text: str) -> dict[str, Any]:
    person = Person(id=text, name=Name(familienname=text, vorname=text), anschriften=(Anschrift(strasse=text),))
    felder = {f"antrag/{text[:40]}": text}
    gleiche = ("nachrichten_uuid", "vorgangs_id", "leser", "leser_name", "autor", "produkt", "dienstkennung", "ags")
    return {"personen": (person,), "felder": felder, **dict.fromkeys(gleiche, text)}
