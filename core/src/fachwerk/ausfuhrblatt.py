"""The page one opens first in an export: when the case was received, what happened, which files there are."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from html import escape
from typing import Any
from urllib.parse import quote

_RAHMEN = """<!doctype html>
<html lang="de"><head><meta charset="utf-8"><title>Vorgang {kennung}</title>
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<style>body{{font:16px/1.5 system-ui,sans-serif;max-width:70em;margin:2em auto;padding:0 1em}}
table{{border-collapse:collapse;width:100%}}td,th{{border:1px solid #888;padding:.3em .6em;text-align:left;
vertical-align:top;overflow-wrap:anywhere}}th{{background:#eee}}</style></head>
<body><h1>Vorgang {kennung}</h1>
{inhalt}
</body></html>
"""
_GELOESCHT = (
    "<p><strong>Der Inhalt dieses Vorgangs ist gelöscht</strong>, nach Ablauf der Frist oder auf Anordnung. Geblieben "
    "sind Kennungen, Codes und Zeiten.</p>"
)


def blatt(
    auskunft: Mapping[str, Any],
    nachweis: Mapping[str, Any],
    ereignisse: Sequence[Mapping[str, Any]],
    dateien: Sequence[Mapping[str, Any]],
    mit_inhalt: bool,
) -> str:
    """The page as HTML; every value is escaped."""
    stuecke = [
        "" if mit_inhalt else _GELOESCHT,
        _tabelle("Nachweis des Eingangs", ("Angabe", "Wert"), _nachweis(nachweis)),
        _tabelle("Stand", ("Angabe", "Wert"), [(n, auskunft[n]) for n in ("status", "grund", "leistung", "land")]),
        _felder("Übergaben", auskunft["zustellungen"], ziel="Ziel", fassung="Fassung", status="Stand"),
        _felder("Quittungen", auskunft["quittungen"], ziel="Ziel", stufe="Stufe", zeit="Zeit", kennung="Kennung"),
        _felder("Ereignisse", ereignisse, nr="Nr.", zeit="Zeit", wer="Wer", was="Was", code="Code", grund="Grund"),
        _tabelle("Dateien", ("Datei", "Name in der Nachricht", "Bytes", "SHA-256"), _dateien(dateien)),
        "<p>Ob alles unverändert ist, prüft „fachwerk vorgang export --pruefe DATEI.zip“ mit manifest.json.</p>",
    ]
    return _RAHMEN.format(kennung=escape(str(auskunft["vorgang_id"])), inhalt="\n".join(filter(None, stuecke)))


class _Roh(str):
    """Markup that is to stay."""


def _nachweis(nachweis: Mapping[str, Any]) -> list[tuple[str, Any]]:
    worte = {
        "betreiber": "Betreiber", "kanal": "Kanal", "nachricht_id": "Kennung der Nachricht",
        "zugestellt": "Im Postfach seit (UTC)", "empfangen": "Hier gespeichert (UTC)",
        "bestaetigt": "Dem Postfach bestätigt (UTC)", "sha256": "SHA-256 der Nachricht",
    }  # fmt: skip
    zeilen = [(wort, nachweis[name] or "unbekannt") for name, wort in worte.items()]
    return [*zeilen, ("Kette der Ereignisse", "unversehrt" if nachweis["kette_unversehrt"] else "BESCHÄDIGT")]


def _dateien(dateien: Sequence[Mapping[str, Any]]) -> list[tuple[Any, ...]]:
    return [
        (_Roh(f'<a href="{quote(d["pfad"])}">{escape(d["pfad"])}</a>'), d["name"], d["laenge"], d["sha256"])
        for d in dateien
    ]


def _felder(titel: str, zeilen: Iterable[Mapping[str, Any]], **worte: str) -> str:
    return _tabelle(titel, [*worte.values()], [[zeile[name] for name in worte] for zeile in zeilen])


def _tabelle(titel: str, kopf: Sequence[str], zeilen: Sequence[Sequence[Any]]) -> str:
    if not zeilen:
        return ""
    oben = "".join(f"<th>{escape(wort)}</th>" for wort in kopf)
    rumpf = "\n".join("<tr>" + "".join(f"<td>{_text(wert)}</td>" for wert in zeile) + "</tr>" for zeile in zeilen)
    return f"<h2>{escape(titel)}</h2>\n<table><tr>{oben}</tr>\n{rumpf}</table>"


def _text(wert: Any) -> str:
    return wert if isinstance(wert, _Roh) else escape("" if wert is None else str(wert))
