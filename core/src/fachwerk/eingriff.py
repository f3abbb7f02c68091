"""What a person does with a held or waiting case: try again, or let it go on in spite of the reason.

Every action is audited: who, when, which reason; the free text is content of the case.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from fachwerk import alarm, erwartung, rueckfrage
from fachwerk.abruf import auftrag_id
from fachwerk.errors import FachwerkError
from fachwerk.modell import Vorgangstand
from fachwerk.tabellen import zielstand, zustellung
from fachwerk.zustellstand import diese, setze_stand

if TYPE_CHECKING:
    from fachwerk.betrieb import Betrieb

FREIGEBBAR = frozenset(
    {
        "befund_sperrt",
        "doppelsendung_abweichend",
        "doppelsendung_wiederhergestellt",
        "nachricht_id_abweichend",
        "weiterleiten",
        "ausgang_unbekannt",
        rueckfrage.WIDERSPRUCH,
    }
)
"""Reasons a person may overrule; malware, unreadable content or an unknown Leistung are not among them."""


class EingriffError(FachwerkError):
    """The action does not fit the state of the case."""


def wiederhole(betrieb: Betrieb, vorgang_id: str, wer: str, grund: str = "") -> None:
    """Try the step again at which the case is held or waiting; the cause should be removed first.

    What may have arrived already is not sent again by this: the target is asked, or the case is held once more. For
    a case that is handed over, but whose receipt is overdue, the target is only asked once more.
    """
    with betrieb.store.transaktion("wiederholt") as verbindung:
        zeile = _lies(betrieb, verbindung, vorgang_id)
        fragt = _ist_uebergeben(zeile) and rueckfrage.frage_erneut(betrieb, verbindung, vorgang_id)
        if not fragt and zeile.status not in (Vorgangstand.HELD, Vorgangstand.WAITING):
            raise EingriffError(
                "nicht_gehalten",
                f"Der Vorgang ist „{zeile.status}“ und wartet auf niemanden; es gibt nichts zu wiederholen.",
            )
        betrieb.store.vermerke(verbindung, vorgang_id, wer, "wiederholt", zeile.grund, grund or None)
        alarm.behebe(verbindung, alarm.des_vorgangs(vorgang_id))
        if not fragt:
            _setze_fort(betrieb, verbindung, zeile)


def gib_frei(betrieb: Betrieb, vorgang_id: str, wer: str, grund: str) -> None:
    """Let a held case go on in spite of its reason, which ``grund`` justifies.

    For a case that is handed over, but whose receipt is overdue, nobody waits or asks any more.
    """
    with betrieb.store.transaktion("freigegeben") as verbindung:
        zeile = _lies(betrieb, verbindung, vorgang_id)
        if _ist_uebergeben(zeile) and rueckfrage.verzichte(verbindung, vorgang_id):
            betrieb.store.vermerke(verbindung, vorgang_id, wer, "freigegeben", rueckfrage.FEHLT, grund)
            return
        if zeile.status != Vorgangstand.HELD:
            raise EingriffError("nicht_gehalten", f"Der Vorgang ist „{zeile.status}“, nicht gehalten.")
        if zeile.grund not in FREIGEBBAR:
            raise EingriffError(
                "nicht_freigebbar",
                f"Der Haltegrund „{zeile.grund}“ kann nicht überstimmt werden. Bitte die Ursache beheben und dann "
                "„fachwerk vorgang retry“ verwenden.",
            )
        betrieb.store.vermerke(verbindung, vorgang_id, wer, "freigegeben", zeile.grund, grund)
        alarm.behebe(verbindung, alarm.des_vorgangs(vorgang_id))
        _setze_fort(betrieb, verbindung, zeile, freigegeben=zeile.grund)


def _ist_uebergeben(zeile: Any) -> bool:
    return zeile.status in (Vorgangstand.DONE, Vorgangstand.FORWARDED)


def _lies(betrieb: Betrieb, verbindung: sa.Connection, vorgang_id: str) -> Any:
    betrieb.store.sperre(verbindung, vorgang_id)
    return betrieb.store.vorgang(vorgang_id, verbindung)


def _setze_fort(betrieb: Betrieb, verbindung: sa.Connection, zeile: Any, freigegeben: str = "") -> None:
    zustellungen = list(
        verbindung.execute(
            sa.select(zustellung).where(zustellung.c.vorgang_id == zeile.id, zustellung.c.fassung == zeile.fassung)
        )
    )
    if zustellungen:
        _stelle_erneut_zu(betrieb, verbindung, zeile, zustellungen, freigegeben)
    else:
        _beginne_neuen_lauf(betrieb, verbindung, zeile)


def _beginne_neuen_lauf(betrieb: Betrieb, verbindung: sa.Connection, zeile: Any) -> None:
    """The pure part once more, in a new branch of the journal; the old one stays."""
    lauf = zeile.lauf + 1
    betrieb.store.aendere(
        verbindung,
        zeile.id,
        status=Vorgangstand.READY.value,
        lauf=lauf,
        grund="",
        hinweis="",
        gehalten_fuer="",
        wartet_bis=None,
    )
    betrieb.auftraege.reihe_ein(verbindung, "bearbeite", "linie", auftrag_id(zeile.id, lauf), zeile.id)


def _stelle_erneut_zu(
    betrieb: Betrieb, verbindung: sa.Connection, zeile: Any, zustellungen: list[Any], freigegeben: str
) -> None:
    """Only the deliveries that did not arrive, with the same key and today's configuration, at once.

    Only a release of exactly this reason makes the outcome of an earlier attempt known.
    """
    marke = f"p{int(datetime.now(UTC).timestamp())}"
    for eintrag in zustellungen:
        if eintrag.status not in ("gehalten", "wartet"):
            continue
        werte = {"status": "offen", "naechster": None, "code": "", "hinweis": "", "seit": datetime.now(UTC)}
        werte |= erwartung.der_uebergabe(betrieb, eintrag.ziel)
        if freigegeben and eintrag.code == freigegeben:
            werte["absicht_von"] = ""
        erwartung.behebe(verbindung, zeile.id, eintrag.ziel)
        verbindung.execute(zustellung.update().where(*diese(zeile.id, eintrag.ziel, eintrag.fassung)).values(**werte))
        verbindung.execute(zielstand.update().where(zielstand.c.ziel == eintrag.ziel).values(offen_bis=None))
        betrieb.reihe_zustellung_ein(
            verbindung, zeile.id, eintrag.ziel, eintrag.fassung, eintrag.versuch + 1, marke=marke
        )
    setze_stand(betrieb, verbindung, zeile.id, zeile.fassung)
