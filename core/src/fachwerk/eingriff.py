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
from fachwerk.modell import Stufe, Vorgangstand
from fachwerk.store import Schrittangabe
from fachwerk.tabellen import quittung, zielstand, zustellung
from fachwerk.zustellstand import ANGEKOMMEN, diese, setze_stand

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


def gib_frei(betrieb: Betrieb, vorgang_id: str, wer: str, grund: str, ziel: str = "") -> None:
    """Let a held case go on in spite of its reason, which ``grund`` justifies.

    Where that is an unknown outcome, it is handed over once more, to ``ziel`` only; that may be left out where there is
    one such delivery. For a case that is handed over, but whose receipt is overdue, nobody waits or asks any more.
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
        offene = _gehaltene(verbindung, zeile, zustellung.c.code == zeile.grund)
        if ziel or (offene and zeile.grund in rueckfrage.UNGEWISS):
            ziel = _eine(offene, ziel).ziel
        betrieb.store.vermerke(verbindung, vorgang_id, wer, "freigegeben", zeile.grund, grund)
        alarm.behebe(verbindung, alarm.des_vorgangs(vorgang_id))
        _setze_fort(betrieb, verbindung, zeile, freigegeben=zeile.grund, ziel=ziel)


def melde_angekommen(betrieb: Betrieb, vorgang_id: str, wer: str, grund: str, ziel: str = "") -> str:
    """A person has found at the Ziel what was sent with an unknown outcome: it is handed over, and nothing is sent.

    ``ziel`` may be left out where the outcome of one delivery only is open; gives its name. These words prove the
    hand-over alone: receipts of earlier attempts go, and nobody waits or asks for others.
    """
    begonnen = datetime.now(UTC)
    with betrieb.store.transaktion("angekommen") as verbindung:
        zeile = _lies(betrieb, verbindung, vorgang_id)
        if zeile.status != Vorgangstand.HELD:
            raise EingriffError("nicht_gehalten", f"Der Vorgang ist „{zeile.status}“, nicht gehalten.")
        eintrag = _eine(_gehaltene(verbindung, zeile, zustellung.c.absicht_von != ""), ziel)
        werte = {"status": "zugestellt", "absicht_von": "", "code": "", "hinweis": "", "gehalten_fuer": ""}
        hier = zustellung.update().where(*diese(zeile.id, eintrag.ziel, eintrag.fassung))
        verbindung.execute(hier.values(**werte, naechster=None, frage_faellig=None, **erwartung.NICHTS))
        wo = {"vorgang_id": zeile.id, "ziel": eintrag.ziel, "fassung": eintrag.fassung}
        verbindung.execute(quittung.delete().where(*(quittung.c[spalte] == wert for spalte, wert in wo.items())))
        verbindung.execute(quittung.insert().values(**wo, stufe=Stufe.UEBERGEBEN.value, kennung="", zeit=begonnen))
        plugins, plugin = betrieb.plugins, eintrag.plugin
        version = plugins.version(plugin) if plugin in plugins.namen else ""
        ort = f"{eintrag.ziel}:{eintrag.fassung}"
        angabe = Schrittangabe(ANGEKOMMEN, begonnen, ort, eintrag.versuch, plugin, version)
        betrieb.store.schreibe_schritt(verbindung, zeile.id, zeile.lauf, angabe)
        betrieb.store.vermerke(verbindung, zeile.id, wer, ANGEKOMMEN, eintrag.ziel, grund)
        erwartung.behebe(verbindung, zeile.id, eintrag.ziel)
        alarm.behebe(verbindung, alarm.des_vorgangs(zeile.id))
        setze_stand(betrieb, verbindung, zeile.id, zeile.fassung)
    betrieb.melde_schritt(vorgang_id, ANGEKOMMEN)
    return str(eintrag.ziel)


def _gehaltene(verbindung: sa.Connection, zeile: Any, wenn: sa.ColumnElement[bool]) -> dict[str, Any]:
    """Held deliveries of the case as it is now, by Ziel."""
    z = zustellung.c
    hier = z.vorgang_id == zeile.id, z.fassung == zeile.fassung, z.status == "gehalten", wenn
    return {eine.ziel: eine for eine in verbindung.execute(sa.select(zustellung).where(*hier).order_by(z.ziel))}


def _eine(offene: dict[str, Any], ziel: str) -> Any:
    """The one that is meant, of deliveries of which nobody knows whether they arrived."""
    if not offene or (ziel and ziel not in offene):
        wo = f" bei „{ziel}“" if ziel else ""
        raise EingriffError(
            "ankunft_nicht_offen",
            f"Von keiner gehaltenen Zustellung dieses Vorgangs{wo} ist offen, ob sie ankam: Es wurde nichts übergeben, "
            "oder das Ziel hat abgelehnt. Bitte die Ursache beheben und dann „fachwerk vorgang retry“ verwenden.",
        )
    if not ziel and len(offene) > 1:
        text = f"Bei mehreren Zielen ist offen, ob etwas ankam: {', '.join(offene)}. Bitte eines mit --ziel nennen."
        raise EingriffError("ankunft_mehrere", text)
    return offene[ziel] if ziel else next(iter(offene.values()))


def _ist_uebergeben(zeile: Any) -> bool:
    return zeile.status in (Vorgangstand.DONE, Vorgangstand.FORWARDED)


def _lies(betrieb: Betrieb, verbindung: sa.Connection, vorgang_id: str) -> Any:
    betrieb.store.sperre(verbindung, vorgang_id)
    return betrieb.store.vorgang(vorgang_id, verbindung)


def _setze_fort(betrieb: Betrieb, verbindung: sa.Connection, zeile: Any, freigegeben: str = "", ziel: str = "") -> None:
    zustellungen = list(
        verbindung.execute(
            sa.select(zustellung).where(zustellung.c.vorgang_id == zeile.id, zustellung.c.fassung == zeile.fassung)
        )
    )
    if zustellungen:
        gemeint = [eine for eine in zustellungen if not ziel or eine.ziel == ziel or eine.code != freigegeben]
        _stelle_erneut_zu(betrieb, verbindung, zeile, gemeint, freigegeben)
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
