"""A message about alarms in words: subject and text, from ids, codes and hints. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from urllib.parse import quote

from fachwerk.lage import zeit_text

Eintrag = Mapping[str, str]
"""One change: ``art`` (``neu``, ``geaendert``, ``behoben``, ``probe``), ``anlass``, ``wort``, ``gegenstand``, ``code``,
``hinweis``, ``seit``, and ``behoben`` for what is over."""

HOECHSTENS = 50
"""So many changes of a kind are written out; the rest is counted."""

_TITEL = {"neu": "Neu", "geaendert": "Dringender geworden", "behoben": "Vorbei", "probe": "Probe"}
_ZAHL = {
    "neu": ("ein neuer Alarm", "{} neue Alarme"),
    "geaendert": ("ein Alarm dringender", "{} Alarme dringender"),
    "behoben": ("eine Entwarnung", "{} Entwarnungen"),
    "probe": ("Probe der Alarme", "{} Proben der Alarme"),
}


def betreff(eintraege: Sequence[Eintrag], betreiber: str) -> str:
    """How many changes of which kind, and whose installation it is."""
    zahlen = []
    for art, (einer, mehrere) in _ZAHL.items():
        if anzahl := sum(eintrag["art"] == art for eintrag in eintraege):
            zahlen.append(einer if anzahl == 1 else mehrere.format(anzahl))
    einziger = f": {eintraege[0]['wort']}, {eintraege[0]['gegenstand']}" if len(eintraege) == 1 else ""
    wer = f" ({betreiber})" if betreiber else ""
    return f"[Fachwerk] {', '.join(zahlen)}{einziger}{wer}"


def als_text(eintraege: Sequence[Eintrag], konsole: str) -> str:
    """All changes, what is new first; with links where the console has an address."""
    bloecke = []
    for art, titel in _TITEL.items():
        gleiche = [eintrag for eintrag in eintraege if eintrag["art"] == art]
        if gleiche:
            bloecke.append("\n\n".join([f"== {titel} ==", *_absaetze(gleiche, konsole)]))
    bloecke.append("\n".join(_schluss(konsole)))
    return "\n\n".join(bloecke) + "\n"


def _absaetze(eintraege: Sequence[Eintrag], konsole: str) -> Iterator[str]:
    for eintrag in eintraege[:HOECHSTENS]:
        yield "\n".join(_zeilen(eintrag, konsole))
    if len(eintraege) > HOECHSTENS:
        yield f"… und {len(eintraege) - HOECHSTENS} weitere; alle zeigt „fachwerk alarm list“."


def _zeilen(eintrag: Eintrag, konsole: str) -> Iterator[str]:
    yield f"{eintrag['wort']}: {eintrag['gegenstand']} [{eintrag['code']}]"
    if eintrag["art"] == "behoben":
        yield f"  vorbei am {_zeit(eintrag['behoben'])}, offen seit {_zeit(eintrag['seit'])}"
        return
    yield f"  seit {_zeit(eintrag['seit'])}"
    yield f"  {eintrag['hinweis']}"
    if konsole and (ort := _ort(eintrag["gegenstand"])):
        yield f"  {konsole.rstrip('/')}{ort}"


def _zeit(iso: str) -> str:
    return zeit_text(datetime.fromisoformat(iso))


def _ort(gegenstand: str) -> str:
    """Where the console shows it."""
    art, _, name = gegenstand.partition(":")
    if art == "vorgang":
        return f"/vorgang/{quote(name.partition(':')[0], safe='')}"
    return {"kanal": "/kanaele", "ziel": "/ziele"}.get(art, "")


def _schluss(konsole: str) -> Iterator[str]:
    yield "-- "
    yield "Diese Meldung enthält Kennungen und Codes, keine Inhalte eines Antrags. Was offen ist, zeigen"
    ort = f"{konsole.rstrip('/')}/alarme und " if konsole else ""
    yield f"{ort}„fachwerk alarm list“."
