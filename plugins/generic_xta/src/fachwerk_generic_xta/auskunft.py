"""What the commands for operators show, as JSON fields and as lines; ids, times and codes. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from fachwerk.cli.ausgabe import tabelle
from fachwerk.modell import Befund, Schwere
from fachwerk_generic_xta.nachricht import Dienstauskunft, Metadaten, StatusListe, TransportBericht

_STAND = {0: "offen", 1: "grün (abgeholt)", 2: "gelb (mit Warnungen)", 3: "rot (gescheitert)"}
_STUFEN = {"error": "Fehler", "warning": "Warnung", "info": "Hinweis"}
_WORTE = {Schwere.HINWEIS: "Hinweis", Schwere.WARNUNG: "WARNUNG"}
_VERFUEGBAR = {True: "ja", False: "nein", None: "unbekannt"}


def befunde_json(befunde: Sequence[Befund]) -> dict[str, Any]:
    """The findings of a check."""
    zeilen = [{"code": b.code, "schwere": b.schwere.value, "text": b.text, "ort": b.pfad} for b in befunde]
    return {"ok": not befunde, "befunde": zeilen}


def befunde_text(befunde: Sequence[Befund]) -> str:
    """The same for people."""
    if not befunde:
        return "In Ordnung."
    zeilen = [(_WORTE.get(b.schwere, "FEHLER"), b.pfad or "–", b.text) for b in befunde]
    return tabelle(("", "Wo", "Was"), zeilen)


def liste_json(seite: StatusListe) -> dict[str, Any]:
    """One page of a mailbox. The subject stays out: it may speak of a person."""
    return {
        "nachrichten": [_eintrag(eintrag) for eintrag in seite.eintraege],
        "weitere": seite.offen,
        "grund": seite.grund,
        "ohne_kennung": seite.unlesbar,
    }


def _eintrag(eintrag: Metadaten) -> dict[str, Any]:
    return {
        "nachricht_id": eintrag.nachricht_id,
        "zugestellt": _json_zeit(eintrag.zugestellt),
        "zuerst_abgeholt": _json_zeit(eintrag.zuerst_abgeholt),
        "absender": eintrag.autor.kennung,
        "leser": eintrag.leser.kennung,
        "nachrichtentyp": eintrag.nachrichtentyp.code,
        "bytes": eintrag.groesse,
        "test": eintrag.test,
    }


def liste_text(seite: StatusListe) -> str:
    """The same for people."""
    if not seite.eintraege and not seite.unlesbar:
        return "Das Postfach ist leer."
    zeilen = [
        (
            _zeit(eintrag.zugestellt),
            "Test" if eintrag.test else "",
            _wort(eintrag.autor.kennung),
            _wort(eintrag.leser.kennung),
            "?" if eintrag.groesse is None else str(eintrag.groesse),
            _wort(eintrag.nachricht_id),
        )
        for eintrag in seite.eintraege
    ]
    schluss = [f"{len(zeilen)} gezeigt, weitere: {'unbekannt' if seite.offen is None else seite.offen}."]
    schluss += [f"{seite.unlesbar} Einträge ohne lesbare Kennung."] if seite.unlesbar else []
    kopf = ("Zugestellt (UTC)", "", "Absender", "Leser", "Bytes", "Nachricht")
    return "\n".join([tabelle(kopf, zeilen), "", *schluss])


def bericht_json(bericht: TransportBericht) -> dict[str, Any]:
    """A transport report."""
    kopf = bericht.metadaten
    return {
        **_eintrag(kopf),
        "gesendet": _json_zeit(kopf.gesendet),
        "stand": bericht.status,
        "server": bericht.server,
        "berichtet": _json_zeit(bericht.zeit),
        "eintraege": [
            {"stufe": e.stufe, "zeit": _json_zeit(e.zeit), "code": e.code, "text": e.text} for e in bericht.eintraege
        ],
    }


def bericht_text(bericht: TransportBericht) -> str:
    """The same for people."""
    kopf = bericht.metadaten
    paare = [
        ("Nachricht", kopf.nachricht_id),
        ("Stand", _STAND.get(bericht.status, f"unbekannt ({bericht.status})")),
        ("Absender", kopf.autor.kennung),
        ("Leser", kopf.leser.kennung),
        ("Test", "ja" if kopf.test else "nein"),
        ("Gesendet", _zeit(kopf.gesendet)),
        ("Zugestellt", _zeit(kopf.zugestellt)),
        ("Abgeholt", _zeit(kopf.zuerst_abgeholt)),
        ("Server", bericht.server),
    ]
    zeilen = [f"{name:<11}{_wort(wert) if name != 'Stand' else wert}" for name, wert in paare]
    eintraege = [(_zeit(e.zeit), _STUFEN.get(e.stufe, "?"), _wort(e.code), _wort(e.text)) for e in bericht.eintraege]
    return "\n".join([*zeilen, *(["", tabelle(("Zeit (UTC)", "", "Code", "Text"), eintraege)] if eintraege else [])])


def dienste_json(auskuenfte: Sequence[Dienstauskunft]) -> dict[str, Any]:
    """Answers of the directory; null is unknown."""
    zeilen = [
        {"leser": a.frage.leser.kennung, "dienst": a.frage.dienst, "verfuegbar": a.verfuegbar} for a in auskuenfte
    ]
    return {"dienste": zeilen}


def dienste_text(auskuenfte: Sequence[Dienstauskunft]) -> str:
    """The same for people."""
    if not auskuenfte:
        return "Das Verzeichnis hat nicht geantwortet."
    zeilen = [(_wort(a.frage.leser.kennung), _VERFUEGBAR[a.verfuegbar], _wort(a.frage.dienst)) for a in auskuenfte]
    return tabelle(("Leser", "verfügbar", "Dienst"), zeilen)


def _json_zeit(zeit: datetime | None) -> str | None:
    return None if zeit is None else zeit.isoformat()


def _zeit(zeit: datetime | None) -> str:
    return "–" if zeit is None else f"{zeit.astimezone(UTC):%d.%m.%Y %H:%M:%S}"


def _wort(text: str) -> str:
    """A server's word without anything a terminal would obey."""
    return "".join(zeichen if zeichen.isprintable() else "?" for zeichen in text)
