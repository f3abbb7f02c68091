"""Messages nobody should send, as a mailbox may hand them out all the same; each says how it has to end.

For the tests of the line, and for vendors who want to know what their adapter does with them. ``erwartet`` is the
reason for which the case is held, empty where it is delivered; ``weil`` says why that is right.
"""

from __future__ import annotations

import base64
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

LESER = "wbs:051110000000"
PDF = b"%PDF-1.4\n% erfunden\n"
NAMEN = (
    "../../entkommen.pdf",
    "/entkommen.pdf",
    "..\\..\\entkommen.pdf",
    "C:\\entkommen.pdf",
    "CON",
    "nul.pdf",
    "..",
    ".",
    "",
    "x" * 300 + ".pdf",
    "\u202efdp.exe",
    "a\u0085b\u200bc\u0007d.pdf".replace("\u0007", ""),
    "zeile\tmit tab.pdf",
    "Nachweis.pdf",
    "Nachweis.pdf",
    "NACHWEIS.PDF",
    "nachweis.pdf ",
    "na\u0308chweis.pdf",
    "n\u00e4chweis.pdf",
    "<img src=x onerror=alert(1)>.pdf",
)
"""Names of attachments, as a hostile or careless sender writes them."""


@dataclass(frozen=True)
class Stueck:
    """One part of a message on the wire."""

    inhalt: bytes
    name: str = "xsozial.xml"
    medientyp: str = "application/xml"


@dataclass(frozen=True)
class Fall:
    """One message: its parts, the message first."""

    name: str
    teile: tuple[Stueck, ...]
    erwartet: str
    weil: str


def antrag(**angaben: Any) -> bytes:
    """An ordinary application for a Wohnberechtigungsschein, with a nachrichtenUUID of its own."""
    from fachwerk_xsozial_basis.erzeuger import nachricht

    angaben = {"uuid": str(uuid.uuid4()), "vorgangs_id": str(uuid.uuid4()), "leser": LESER} | angaben
    return nachricht("wbs", angaben.pop("fall", None), **angaben)


def faelle(geheimnis: str, netz: str) -> Iterator[Fall]:
    """All of them; ``geheimnis`` (a ``file:`` URL) and ``netz`` (an ``http:`` URL) are what must never be read."""
    yield from _doctypes(geheimnis, netz)
    yield from _unlesbare()
    yield from _masslose()
    yield from _schraege()
    yield from _namen(geheimnis)


def _fall(name: str, inhalt: bytes, erwartet: str, weil: str, /, *weitere: Stueck, **angaben: str) -> Fall:
    return Fall(name, (Stueck(inhalt, **angaben), *weitere), erwartet, weil)


def _mit_kopf(angabe: str, alt: str = "", neu: str = "") -> bytes:
    kopf, _, rumpf = antrag().partition(b"\n")
    return kopf + b"\n" + angabe.encode() + rumpf.replace(alt.encode(), neu.encode(), 1)


def _mit_text(neu: str, element: str = "wohnort") -> bytes:
    """An application whose first ``element`` says ``neu`` (escaped already)."""
    roh = antrag().decode()
    vorn, _, rest = roh.partition(f"<{element}>")
    return (vorn + f"<{element}>" + neu + rest[rest.index("</") :]).encode()


def _doctypes(geheimnis: str, netz: str) -> Iterator[Fall]:
    weil = "Ein DOCTYPE hat in einer Nachricht nichts zu suchen; nichts wird ersetzt oder geholt."
    lachen = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 12))
    for name, angabe in (
        ("xxe_datei", f'<!DOCTYPE x [<!ENTITY e SYSTEM "{geheimnis}">]>'),
        ("xxe_netz", f'<!DOCTYPE x [<!ENTITY e SYSTEM "{netz}">]>'),
        ("xxe_dtd", f'<!DOCTYPE x SYSTEM "{netz}/x.dtd">'),
        ("xxe_parameter", f'<!DOCTYPE x [<!ENTITY % e SYSTEM "{netz}"> %e;]>'),
        ("billion_laughs", f'<!DOCTYPE x [<!ENTITY l0 "ha">{lachen}<!ENTITY e "&l11;">]>'),
    ):
        yield _fall(name, _mit_kopf(angabe, "Musterow</", "&e;</"), "inhalt_doctype", weil)


def _unlesbare() -> Iterator[Fall]:
    weil = "Was nicht zu lesen ist, klärt eine Person mit dem Original vor sich."
    gut = antrag()
    yield _fall("leer", b"", "inhalt_unlesbar", weil)
    yield _fall("abgeschnitten", gut[:-300], "inhalt_unlesbar", weil)
    yield _fall("nullbytes", gut.replace(b"Musterow", b"Mus\0erow", 1), "inhalt_unlesbar", weil)
    yield _fall("kein_utf8", gut.replace(b"Musterow", b"M\xfcsterow", 1), "inhalt_unlesbar", weil)
    yield _fall("kodierung_unbekannt", gut.replace(b"UTF-8", b"X-KLINGON", 1), "inhalt_unlesbar", weil)
    yield _fall("kein_xml", b"\x89PNG\r\n\x1a\n" + bytes(1000), "inhalt_unlesbar", weil)
    yield _fall("nur_leerraum", b" \n" * 5000, "inhalt_unlesbar", weil)
    zip_ = Stueck(b"PK\x03\x04" + bytes(100), "antrag.zip", "application/zip")
    yield Fall("nur_zip", (zip_,), "format_unbekannt", "Weder ein Antrag noch ein PDF: eine Person sieht nach.")


def _masslose() -> Iterator[Fall]:
    weil = "Über den Grenzen wird nicht weitergelesen; das Original bleibt."
    ende = b"</xsb:vorgang>"
    gut = antrag()
    tief = b"<a>" * 1000 + b"</a>" * 1000
    yield _fall("tausend_tief", gut.replace(ende, tief + ende), "inhalt_unlesbar", weil)
    yield _fall("zu_viele_elemente", gut.replace(ende, b"<a/>" * 300_000 + ende), "inhalt_unlesbar", weil)
    yield _fall(
        "riesiges_attribut",
        gut.replace(b"<xsb:vorgang", b'<xsb:vorgang x="' + b"y" * 2_000_000 + b'"', 1),
        "inhalt_unlesbar",
        weil,
    )
    viele = b" ".join(b'a%d="1"' % n for n in range(5000))
    yield _fall(
        "viele_attribute", gut.replace(b"<xsb:vorgang>", b"<xsb:vorgang " + viele + b">"), "inhalt_unlesbar", weil
    )
    zugestellt = "Lesbar und in den Grenzen: Das Amt bekommt es, mit Befund, wo etwas nicht passt."
    yield _fall("langer_text", _mit_text("W" * 3_000_000), "", zugestellt)
    yield _fall("langer_name_ohne_luecke", _mit_text("W" * 60_000), "", zugestellt)
    ende = b"</xsb:xsozial>"
    yield _fall("zweihundert_dokumente", gut.replace(ende, _dokumente(200) + ende), "", zugestellt)
    weil = "Mehr als 500 eingebettete Dokumente in einem Antrag sind keiner; das Original bleibt."
    yield _fall("fuenftausend_dokumente", antrag().replace(ende, _dokumente(5000) + ende), "inhalt_unlesbar", weil)


def _dokumente(anzahl: int, inhalt: bytes = base64.b64encode(PDF)) -> bytes:
    muster = (
        b"<xsb:dokument><xsb:dokumentID>D%d</xsb:dokumentID><xsb:name>Nachweis</xsb:name><xsb:dokumentRepraesentation>"
        b"<xsb:mimeType>application/pdf</xsb:mimeType><xsb:inhalt>%b</xsb:inhalt><xsb:dateiname>Nachweis.pdf"
        b"</xsb:dateiname></xsb:dokumentRepraesentation></xsb:dokument>"
    )
    return b"".join(muster % (nummer, inhalt) for nummer in range(anzahl))


def _schraege() -> Iterator[Fall]:
    weil = "Ungewöhnlich, aber lesbar: zugestellt; was keinen Sinn hat, gilt als unbekannt und steht im Befund."
    gut = antrag()
    yield _fall("utf16", gut.decode().replace("UTF-8", "UTF-16", 1).encode("utf-16"), "", weil)
    yield _fall("stylesheet", _mit_kopf('<?xml-stylesheet href="http://127.0.0.1:9/x.xsl"?>\n'), "", weil)
    yield _fall("leerer_anhang", antrag(), "", weil, Stueck(b"", "leer.pdf", "application/pdf"))
    yield _fall("xml_als_pdf", antrag(), "", weil, name="antrag.pdf", medientyp="application/pdf")
    yield _fall("xml_als_irgendwas", antrag(), "", weil, name="", medientyp="application/octet-stream")
    yield _fall(
        "nur_pdf",
        PDF,
        "",
        "Nur ein PDF: Die Leistung steht beim Kanal, alles andere im PDF.",
        name="antrag.pdf",
        medientyp="application/pdf",
    )
    kaputt = _dokumente(1, b"das ist kein base64 !!! \xc3\xa4")
    yield _fall("base64_ungueltig", antrag().replace(b"</xsb:xsozial>", kaputt + b"</xsb:xsozial>"), "", weil)
    yield _fall("html_im_namen", _mit_text("&lt;img src=x onerror=alert(1)>&lt;/td>"), "", weil)
    yield _fall("zalgo", _mit_text("Z" + "\u0335\u0321" * 2000), "", weil)
    for name, betrag in (
        ("betrag_riesig", "1e999999999"),
        ("betrag_nan", "NaN"),
        ("betrag_lang", "9" * 5000),
        ("betrag_negativ", "-1"),
    ):
        yield _fall(name, antrag(fall=_haushalt(betrag=betrag)), "", weil)
    for tag in ("9999-12-31", "0001-01-01", "2026-02-30", "-0001-01-01"):
        yield _fall(f"geboren_{tag}", antrag(fall=_haushalt(geboren=tag)), "", weil)
        yield _fall(f"antrag_am_{tag}", _mit_datum(tag), "", weil)
    yield _fall("hundert_personen", antrag(fall=_haushalt(anzahl=100)), "", weil)


def _mit_datum(tag: str) -> bytes:
    roh = antrag(fall=_haushalt()).decode()
    vorn, _, rest = roh.partition("<xsb:antragsDatum>")
    return (f"{vorn}<xsb:antragsDatum>{tag}" + rest[rest.index("</") :]).encode()


def _haushalt(betrag: str = "28000.00", geboren: str = "1984-05-01", anzahl: int = 1) -> dict[str, Any]:
    person = {
        "name": "Erika Beispiel",
        "rolle": "antragsteller",
        "geburtsdatum": geboren,
        "einkuenfte": [{"art": "nichtselbstaendig", "betrag": betrag}],
        "zahlt": {"einkommensteuer": True, "kranken_pflegeversicherung": True, "rentenversicherung": True},
    }
    weitere = [person | {"name": f"Kind{n} Beispiel", "rolle": "angehoeriger"} for n in range(anzahl - 1)]
    return {"alleinerziehend": False, "haushalt": [person, *weitere], "unterhalt": []}


def _namen(geheimnis: str) -> Iterator[Fall]:
    weil = "Namen sind Text des Absenders: Sie werden unschädlich gemacht, der Inhalt bleibt unverändert."
    anhaenge = [Stueck(PDF + str(nummer).encode(), name, "application/pdf") for nummer, name in enumerate(NAMEN)]
    yield _fall("boese_namen", antrag(), "", weil, *anhaenge)
    einbinden = f'<xi:include xmlns:xi="http://www.w3.org/2001/XInclude" href="{geheimnis}" parse="text"/>'
    yield _fall("xinclude", antrag().replace(b"</xsb:vorgang>", einbinden.encode() + b"</xsb:vorgang>"), "", weil)
