"""index.html: the whole case on one page that needs nothing but a browser, prints well and runs no code.

Strict escaping of everything, a content security policy that allows only the page's own style, and every value
isolated in its writing direction, so that no sent text can disguise what stands beside it.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from html import escape
from urllib.parse import quote

from fachwerk.modell import Teil
from fachwerk_aktenablage.dateinamen import ist_gesperrt
from fachwerk_aktenablage.gliederung import Absatz, Abschnitt, Block, Schriftstueck, Tabelle, Zwischentitel
from fachwerk_aktenablage.texte import bereinigt, groesse

WBS_ENTWURF = "wbs_entwurf.pdf"


@dataclass(frozen=True)
class Datei:
    """A file of the folder that came with the message; ``originalname`` is hostile data."""

    pfad: str
    teil: Teil
    zweck: str
    originalname: str


@dataclass(frozen=True)
class Akte:
    """Everything the page shows."""

    antrag: Schriftstueck
    vermerk: Schriftstueck
    dateien: tuple[Datei, ...]
    entwurf: Schriftstueck | None = None


_STIL = """
:root{color-scheme:light}*{box-sizing:border-box}
body{font:16px/1.5 "Segoe UI","Noto Sans",Roboto,Arial,sans-serif;color:#1a1a1a;background:#f3f3f1;margin:0}
main{max-width:62rem;margin:0 auto;padding:2rem 2.5rem 4rem;background:#fff}
h1{font-size:1.8rem;line-height:1.2;margin:.2rem 0 .4rem}h2{font-size:1.45rem;margin:3rem 0 .5rem;
border-bottom:3px solid #1a1a1a;padding-bottom:.2rem}
h3{font-size:1.12rem;margin:1.8rem 0 .5rem;border-bottom:1px solid #777;padding-bottom:.15rem}
h4{font-size:1rem;margin:1.3rem 0 .3rem;overflow-wrap:anywhere}
p{margin:.5rem 0}.amt{color:#444}.hinweis{color:#444;font-size:.93rem}.fussnote{font-size:.85rem}
.warnung{border:2px solid #1a1a1a;padding:.6rem .9rem;font-weight:600;margin:1rem 0}
table{border-collapse:collapse;width:100%;table-layout:fixed;margin:.3rem 0 1rem}
th,td{text-align:left;vertical-align:top;padding:.28rem .6rem .28rem 0;border-bottom:1px solid #d5d5d0;
overflow-wrap:anywhere;white-space:pre-line;font-weight:400}
thead th{background:#e9e9e4;font-weight:600;padding-left:.4rem}thead+tbody td,thead+tbody th{padding-left:.4rem}
tbody th{color:#555}.klein{font-size:.9rem}
nav ul{list-style:none;padding:0;margin:.6rem 0;display:flex;flex-wrap:wrap;gap:.3rem 1.4rem}
a{color:#0b4a8f}a:focus{outline:3px solid #0b4a8f;outline-offset:2px}
@media print{body{background:#fff;font-size:10pt}main{max-width:none;padding:0}nav{display:none}
h2{break-before:page}h2.erste{break-before:auto}h3,h4{break-after:avoid}tr{break-inside:avoid}
thead{display:table-header-group}a{color:inherit;text-decoration:none}@page{size:A4;margin:18mm 16mm 18mm 22mm}}
"""
_PRUEFSUMME = base64.b64encode(hashlib.sha256(_STIL.encode()).digest()).decode()
_RICHTLINIE = f"default-src 'none'; style-src 'sha256-{_PRUEFSUMME}'; base-uri 'none'; form-action 'none'"


def index_html(akte: Akte) -> str:
    """The page."""
    return "\n".join(_zeilen(akte)) + "\n"


def _zeilen(akte: Akte) -> Iterator[str]:
    antrag, vermerk = akte.antrag, akte.vermerk
    yield "<!doctype html>"
    yield '<html lang="de"><head><meta charset="utf-8">'
    yield f'<meta http-equiv="Content-Security-Policy" content="{_RICHTLINIE}">'
    yield '<meta name="viewport" content="width=device-width,initial-scale=1">'
    yield '<meta name="referrer" content="no-referrer">'
    yield f"<title>{_text(antrag.kennzeichen)}</title><style>{_STIL}</style></head><body><main><header>"
    if antrag.behoerde:
        yield f'<p class="amt">{_text(antrag.behoerde)}</p>'
    yield f'<h1>{_text(antrag.titel)}</h1><p class="amt">Vorgang {_text(antrag.kennzeichen)}</p>'
    yield from map(_absatz, antrag.vorspann)
    yield '<nav aria-label="Inhalt"><ul><li><a href="#dateien">Dateien</a></li>'
    yield '<li><a href="#vermerk">Prüfvermerk</a></li><li><a href="#antrag">Antrag</a></li></ul></nav></header>'
    yield from _dateien(akte)
    yield '<h2 id="vermerk">Prüfvermerk</h2>'
    yield from map(_absatz, vermerk.vorspann)
    yield from _abschnitte(vermerk)
    yield '<h2 id="antrag">Antrag</h2>'
    yield from _abschnitte(antrag)
    yield "</main></body></html>"


def _dateien(akte: Akte) -> Iterator[str]:
    yield '<h2 id="dateien" class="erste">Dateien</h2>'
    yield '<table><colgroup><col width="36%"><col width="32%"><col width="32%"></colgroup>'
    yield "<thead><tr><th>Datei</th><th>Inhalt</th><th>Name beim Absenden</th></tr></thead><tbody>"
    yield _dateizeile("antrag.pdf", "Antrag, lesbar und zum Drucken", "")
    yield _dateizeile("pruefvermerk.pdf", "Prüfvermerk mit Fundstellen (Empfehlung)", "")
    yield _dateizeile("pruefvermerk.json", "Prüfvermerk als Daten, mit jedem einzelnen Schritt", "")
    if akte.entwurf:
        yield _dateizeile(WBS_ENTWURF, "Entwurf des Wohnberechtigungsscheins (keine Bescheinigung)", "")
    for datei in akte.dateien:
        yield _dateizeile(datei.pfad, _zweck(datei), datei.originalname)
    yield "</tbody></table>"
    if any(ist_gesperrt(datei.pfad) for datei in akte.dateien):
        yield _absatz(
            Absatz(
                "Dateien mit der Endung .gesperrt könnten beim Öffnen Programme ausführen und sind deshalb umbenannt. "
                "Ihr Inhalt ist unverändert. Bitte nur nach Rücksprache mit der IT öffnen.",
                "warnung",
            )
        )


def _dateizeile(pfad: str, zweck: str, originalname: str) -> str:
    verweis = f'<a href="{escape(quote(pfad))}">{_text(pfad)}</a>'
    if ist_gesperrt(pfad):
        verweis = _text(pfad)
    return f"<tr><td>{verweis}</td><td>{_text(zweck)}</td><td>{_wert(originalname or '–')}</td></tr>"


def _zweck(datei: Datei) -> str:
    return datei.zweck if datei.teil.laenge is None else f"{datei.zweck} ({groesse(datei.teil.laenge)})"


def _abschnitte(schriftstueck: Schriftstueck) -> Iterator[str]:
    for abschnitt in schriftstueck.abschnitte:
        yield from _abschnitt(abschnitt)


def _abschnitt(abschnitt: Abschnitt) -> Iterator[str]:
    yield f"<section><h3>{_text(abschnitt.titel)}</h3>"
    yield from map(_block, abschnitt.bloecke)
    yield "</section>"


def _block(block: Block) -> str:
    if isinstance(block, Tabelle):
        return _tabelle(block)
    if isinstance(block, Zwischentitel):
        return f"<h4>{_wert(block.text)}</h4>"
    return _absatz(block)


def _absatz(absatz: Absatz) -> str:
    return f'<p class="{absatz.ton}">{_wert(absatz.text)}</p>'


def _tabelle(tabelle: Tabelle) -> str:
    """A label column becomes row headings, so that a screen reader can name every value."""
    kopf = "".join(f'<th scope="col">{_text(text)}</th>' for text in tabelle.kopf)
    erste = "th" if not tabelle.kopf else "td"
    zeilen = "".join(
        f"<tr><{erste}{' scope=row' if erste == 'th' else ''}>{_wert(zeile[0])}</{erste}>"
        + "".join(f"<td>{_wert(zelle)}</td>" for zelle in zeile[1:])
        + "</tr>\n"
        for zeile in tabelle.zeilen
    )
    klasse = ' class="klein"' if tabelle.klein else ""
    spalten = "".join(f'<col width="{round(100 * anteil / sum(tabelle.anteile))}%">' for anteil in tabelle.anteile)
    return (
        f"<table{klasse}><colgroup>{spalten}</colgroup>"
        + (f"<thead><tr>{kopf}</tr></thead>" if kopf else "")
        + f"<tbody>\n{zeilen}</tbody></table>"
    )


def _text(text: str) -> str:
    return escape(bereinigt(text))


def _wert(text: str) -> str:
    """Sent text in its own writing direction."""
    return f"<bdi>{escape(bereinigt(text))}</bdi>"
