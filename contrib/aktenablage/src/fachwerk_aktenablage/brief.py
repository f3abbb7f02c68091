"""Sets a letter of ``fachwerk anbindung`` on A4, with the parts where an office looks for them.

The core finds this by the entry point group ``fachwerk.brief``; the text comes from there word for word.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from fachwerk.anbindung.schreiben import Brief
from fachwerk_aktenablage.blatt import HOEHE, LINKS, NUTZ, PUNKT, WURZEL, Blatt, Flaeche, Text
from fachwerk_aktenablage.blattsatz import Satzergebnis
from fachwerk_aktenablage.pdf import aus_satz
from fachwerk_aktenablage.schrift import Schnitt, Setzer, passender_satz
from fachwerk_aktenablage.texte import bereinigt

KOPF, ANSCHRIFT, BETREFF = 22.0, 50.0, 98.0
"""Where the sender, the address field and the subject begin, in millimetres from the upper edge (as in DIN 5008)."""

ANSCHRIFT_BREITE = 85.0
_TEXT, _KLEIN = 11.0, 8.5
_ABSTAND = 4.2
_UNTERSCHRIFT = 12.0
"""Room for a signature by hand."""


def als_pdf(brief: Brief, zeit: datetime) -> bytes:
    """The letter as tagged PDF/A with embedded fonts; ``zeit`` becomes its creation date."""
    absaetze = [bereinigt(absatz) for absatz in brief.absaetze]
    kopf = [bereinigt(text) for text in (brief.absender, brief.empfaenger, brief.mail, brief.betreff)]
    satz = passender_satz([*absaetze, *kopf, f"{brief.datum:%d.%m.%Y}"])
    blatt = Blatt(satz, Setzer(satz), y=KOPF)
    absender, empfaenger, mail, betreff = kopf
    _zeilen(blatt, absender, 14.0, "B")
    blatt.zeichne(Flaeche(LINKS, blatt.y + 1.5, NUTZ, 0.35, 60))
    blatt.y = max(ANSCHRIFT, blatt.y + 8)
    _zeilen(blatt, f"{empfaenger}\nper E-Mail: {mail}", _TEXT, breite=ANSCHRIFT_BREITE)
    blatt.y = max(BETREFF - 10, blatt.y + 8)
    _rechts(blatt, f"{brief.datum:%d.%m.%Y}")
    blatt.y = max(BETREFF, blatt.y + 8)
    _zeilen(blatt, betreff, 12.0, "B", art="H1")
    blatt.y += _ABSTAND
    _text(blatt, absaetze)
    _seitenzahlen(blatt)
    return aus_satz(Satzergebnis(blatt.seiten, blatt.struktur, vollstaendig=True), betreff, satz, zeit)


def _text(blatt: Blatt, absaetze: Sequence[str]) -> None:
    """The paragraphs; between the greeting and the name below it there is room to sign, on the same page."""
    for absatz in absaetze[:-1]:
        _zeilen(blatt, absatz, _TEXT)
        blatt.y += _ABSTAND
    gruss, _, name = absaetze[-1].partition("\n")
    blatt.platz_fuer(_UNTERSCHRIFT + (2 + name.count("\n")) * _TEXT * PUNKT * 1.32)
    _zeilen(blatt, gruss, _TEXT)
    if name:
        blatt.y += _UNTERSCHRIFT
        _zeilen(blatt, name, _TEXT)


def _zeilen(
    blatt: Blatt, text: str, groesse: float, schnitt: Schnitt = "", breite: float = NUTZ, art: str = "P"
) -> None:
    blatt.schreibe(blatt.zeilen(text, breite, groesse, schnitt), groesse, blatt.element(art, WURZEL), schnitt)


def _rechts(blatt: Blatt, text: str) -> None:
    breite = blatt.satz.breite(text, "") / 1000 * _TEXT * PUNKT
    blatt.schreibe([text], _TEXT, blatt.element("P", WURZEL), x=LINKS + NUTZ - breite)


def _seitenzahlen(blatt: Blatt) -> None:
    """Only where there are several pages."""
    for nummer, seite in enumerate(blatt.seiten if len(blatt.seiten) > 1 else [], 1):
        text = f"Seite {nummer} von {len(blatt.seiten)}"
        breite = blatt.satz.breite(text, "") / 1000 * _KLEIN * PUNKT
        seite.append(Text(LINKS + NUTZ - breite, HOEHE - 12, text, _KLEIN, "", 95))
