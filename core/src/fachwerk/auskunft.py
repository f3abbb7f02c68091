"""What commands and console tell about cases: ids, codes and times, never content."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa

from fachwerk import erwartung
from fachwerk.modell import Stufe, utc
from fachwerk.store import Store
from fachwerk.stufen import WORT
from fachwerk.tabellen import eingang, quittung, zustellung


def _einfach(wert: Any) -> Any:
    if isinstance(wert, datetime):
        return utc(wert).isoformat()
    return wert.isoformat() if isinstance(wert, date) else wert


def _zeile(zeile: Any, *felder: str) -> dict[str, Any]:
    return {feld: _einfach(getattr(zeile, feld)) for feld in felder}


_LISTE = (
    "kanal",
    "status",
    "grund",
    "gehalten_fuer",
    "wartet_bis",
    "leistung",
    "land",
    "empfehlung",
    "dringlichkeit",
    "frist",
    "test",
    "doppelt_zu",
)


_ZUSTELLUNG = ("ziel", "fassung", "status", "versuch", "naechster", "code", "frage_faellig", "erwartet", "erwartet_bis")


def vorgangsliste(
    store: Store,
    status: Sequence[str] = (),
    grenze: int = 50,
    nur_dringende: bool = False,
    nur_ueberfaellige: bool = False,
) -> list[dict[str, Any]]:
    """The newest cases as plain data, before them the urgent unfinished ones; overdue ones by the age of that."""
    zeilen = None if nur_ueberfaellige else store.liste(status, grenze, nur_dringende)
    with store.lesend() as verbindung:
        if zeilen is None:
            zeilen = erwartung.vorgaenge(verbindung, status, grenze)
        zu_spaet = erwartung.der_vorgaenge(verbindung, (zeile.id for zeile in zeilen))
    return [
        {
            "vorgang_id": z.id,
            **_zeile(z, *_LISTE, "angelegt", "geaendert"),
            "ueberfaellig": [_ueberfaellig(lieferung) for lieferung in zu_spaet.get(z.id, ())],
        }
        for z in zeilen
    ]


def _ueberfaellig(lieferung: Any) -> dict[str, Any]:
    return {"ziel": lieferung.ziel, "stufe": lieferung.erwartet, "seit": _einfach(lieferung.erwartet_bis)}


def vorgangsauskunft(store: Store, vorgang_id: str) -> dict[str, Any]:
    """Everything about one case but its content."""
    z = store.vorgang(vorgang_id)
    with store.lesend() as verbindung:
        herkunft = verbindung.execute(sa.select(eingang).where(eingang.c.vorgang_id == vorgang_id)).one()
        zustellungen = verbindung.execute(sa.select(zustellung).where(zustellung.c.vorgang_id == vorgang_id)).all()
        quittungen = verbindung.execute(sa.select(quittung).where(quittung.c.vorgang_id == vorgang_id)).all()
        zu_spaet = {(s.ziel, s.fassung) for s in erwartung.der_vorgaenge(verbindung, [vorgang_id]).get(vorgang_id, ())}
    return {
        "vorgang_id": vorgang_id,
        **_zeile(z, *_LISTE, "hinweis", "leika", "leser", "nachrichten_uuid", "fassung", "lauf"),
        "eingang": _zeile(herkunft, "nachricht_id", "empfangen", "zugestellt", "bestaetigt", "sha256"),
        "journal": [
            _zeile(s, "lauf", "name", "ziel", "versuch", "plugin", "plugin_version", "code", "beginn", "ende")
            for s in store.schritte(vorgang_id)
        ],
        "zustellungen": [
            {
                **_zeile(s, *_ZUSTELLUNG),
                "ueberfaellig": (s.ziel, s.fassung) in zu_spaet,
                "ausgang_offen": s.status == "gehalten" and s.absicht_von != "",
            }
            for s in zustellungen
        ],
        "quittungen": [_zeile(q, "ziel", "fassung", "stufe", "kennung", "zeit") for q in quittungen],
    }


def _status(a: dict[str, Any]) -> str:
    fuer = f" für {a['gehalten_fuer']}" if a["gehalten_fuer"] else ""
    bis = f" bis {a['wartet_bis'][:19]}" if a["wartet_bis"] else ""
    return f"{a['status']}{fuer}{bis}" + (f": {a['grund']}" if a["grund"] else "")


def dringlichkeitstext(a: dict[str, Any]) -> str:
    """Urgency and deadline in one: ``sofort bis 03.01.2027``, ``–`` where nobody has judged."""
    bis = f" bis {date.fromisoformat(a['frist']):%d.%m.%Y}" if a["frist"] else ""
    return (a["dringlichkeit"] or "–") + bis


def ueberfaelligtext(a: dict[str, Any]) -> str:
    """What is overdue of a case in a list: ``überfällig: akte (übernommen)``, empty if nothing is."""
    teile = [f"{eine['ziel']} ({WORT[Stufe(eine['stufe'])]})" for eine in a["ueberfaellig"]]
    return f"überfällig: {', '.join(teile)}" if teile else ""


def _rest(zustellung: dict[str, Any]) -> str:
    """Why a delivery is not done, and what is still to come of it, and when."""
    teile, frage, bis = [zustellung["code"]], zustellung["frage_faellig"], zustellung["erwartet_bis"]
    if zustellung["ausgang_offen"]:
        teile.append("ob sie ankam, ist offen")
    if frage:
        teile.append(f"nächste Frage nach der Quittung {frage[:19]}")
    if bis:
        was = "ÜBERFÄLLIG seit" if zustellung["ueberfaellig"] else "erwartet bis"
        teile.append(f"{WORT[Stufe(zustellung['erwartet'])]} {was} {bis[:19]}")
    return ", ".join(filter(None, teile))


def vorgangstext(auskunft: dict[str, Any]) -> str:
    """The same for a person."""
    a, e = auskunft, auskunft["eingang"]
    zeilen = [
        f"Vorgang {a['vorgang_id']}",
        f"  Status       {_status(a)}",
        *([f"               {a['hinweis']}"] if a["hinweis"] else []),
        f"  Leistung     {a['leistung'] or 'unbekannt'}  Land {a['land'] or '?'}   Empfehlung {a['empfehlung'] or '-'}",
        *([f"  Dringlich    {dringlichkeitstext(a)}"] if a["dringlichkeit"] else []),
        f"  Nachricht    {e['nachricht_id']}  (Kanal {a['kanal']})",
        f"  Zugestellt   {e['zugestellt'] or 'unbekannt'}",
        f"  Empfangen    {e['empfangen']}   dem Postfach bestätigt {e['bestaetigt'] or 'noch nicht'}",
        *([f"  Doppelsendung von {a['doppelt_zu']}"] if a["doppelt_zu"] else []),
        "  Journal",
        *(
            f"    {s['beginn'][:19]}  {s['name']:<18} {s['ziel']:<14} {s['plugin']:<16} {s['code'] or 'ok'}"
            for s in a["journal"]
        ),
        "  Zustellungen" if a["zustellungen"] else "  Noch keine Zustellung",
        *(
            f"    {s['ziel']:<16} Fassung {s['fassung']}  {s['status']}  Versuch {s['versuch']}  {_rest(s)}"
            for s in a["zustellungen"]
        ),
        *(f"    Quittung {q['stufe']} {q['zeit'][:19]} {q['kennung']}" for q in a["quittungen"]),
    ]
    return "\n".join(zeilen)
