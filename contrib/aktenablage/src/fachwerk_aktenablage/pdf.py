"""Draws a document as PDF/A-2u with embedded fonts; same document and time, same bytes."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from fachwerk_aktenablage.blattsatz import MAX_SEITEN, Flaeche, Seite, Text, setze
from fachwerk_aktenablage.gliederung import Absatz, Schriftstueck
from fachwerk_aktenablage.schrift import Satz, Setzer, passender_satz

if TYPE_CHECKING:
    from fpdf import FPDF

KONFORMITAET = "PDF/A-2u"
"""What the library promises to keep; no validator has confirmed it for these documents."""

_FAMILIE = "notosans"
_GENANNT = 20


def als_pdf(schriftstueck: Schriftstueck, zeit: datetime) -> bytes:
    """The document as PDF; ``zeit`` becomes its creation date."""
    satz = passender_satz(schriftstueck.texte())
    gesamt = _mit_hinweis_auf_zeichen(schriftstueck, satz)
    seiten, vollstaendig = setze(gesamt, satz, Setzer(satz))
    if not vollstaendig:
        seiten, _ = setze(_mit_vorspann(gesamt, _GEKUERZT), satz, Setzer(satz))
    return _gezeichnet(seiten, schriftstueck, satz, zeit)


_GEKUERZT = (
    f"Dieses Dokument endet nach {MAX_SEITEN} Seiten. Die übrigen Angaben stehen vollständig in index.html "
    "und im Original der Nachricht."
)


def _mit_vorspann(schriftstueck: Schriftstueck, text: str) -> Schriftstueck:
    return replace(schriftstueck, vorspann=(*schriftstueck.vorspann, Absatz(text, "warnung")))


def _mit_hinweis_auf_zeichen(schriftstueck: Schriftstueck, satz: Satz) -> Schriftstueck:
    setzer = Setzer(satz)
    for text in schriftstueck.texte():
        setzer.druckbar(text)
    if not setzer.ersetzt:
        return schriftstueck
    genannt = ", ".join(f"U+{ord(zeichen):04X}" for zeichen in sorted(setzer.ersetzt)[:_GENANNT])
    mehr = " und weitere" if len(setzer.ersetzt) > _GENANNT else ""
    return _mit_vorspann(
        schriftstueck,
        f"Zeichen ersetzt, siehe Original: Die Schrift dieses Dokuments kennt nicht alle gesendeten Zeichen. "
        f"Sie stehen hier als Nummer in eckigen Klammern ({genannt}{mehr}); index.html zeigt sie unverändert.",
    )


def _gezeichnet(seiten: list[Seite], schriftstueck: Schriftstueck, satz: Satz, zeit: datetime) -> bytes:
    pdf = _leer(schriftstueck, satz, zeit)
    for seite in seiten:
        pdf.add_page()
        schrift: tuple[str, float] | None = None
        for ding in seite:
            if isinstance(ding, Flaeche):
                _male(pdf, ding)
                continue
            if schrift != (ding.schnitt, ding.groesse):
                schrift = (ding.schnitt, ding.groesse)
                pdf.set_font(_FAMILIE, ding.schnitt, ding.groesse)
            _schreibe(pdf, ding)
    return bytes(pdf.output())


def _leer(schriftstueck: Schriftstueck, satz: Satz, zeit: datetime) -> FPDF:
    """A document without pages; the title names the case by its number, not by a person."""
    from fpdf import FPDF

    pdf = FPDF(unit="mm", format="A4", enforce_compliance=KONFORMITAET)
    pdf.set_auto_page_break(False)
    pdf.set_creation_date(zeit.astimezone(UTC))
    pdf.set_lang("de-DE")
    pdf.set_title(f"{schriftstueck.art} {schriftstueck.kennzeichen}")
    pdf.set_creator("Fachwerk Aktenablage")
    for schnitt in ("", "B"):
        pdf.add_font(_FAMILIE, schnitt, satz.datei(schnitt))
    return pdf


def _male(pdf: FPDF, flaeche: Flaeche) -> None:
    if flaeche.rahmen:
        pdf.set_draw_color(flaeche.grau)
        pdf.set_line_width(0.4)
        pdf.rect(flaeche.x, flaeche.y, flaeche.b, flaeche.h, style="D")
    else:
        pdf.set_fill_color(flaeche.grau)
        pdf.rect(flaeche.x, flaeche.y, flaeche.b, flaeche.h, style="F")


def _schreibe(pdf: FPDF, text: Text) -> None:
    if text.text:
        pdf.set_text_color(text.grau)
        pdf.text(text.x, text.y, text.text)
