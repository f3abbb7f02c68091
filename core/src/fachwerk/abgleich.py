"""The daily reconciliation: what came in a day, where it is now, and whether mailbox, store and Ziele agree.

``fachwerk bilanz`` prints it, the service draws it up every morning for the day before. It counts in the tables, asks
the mailboxes what still lies there (optional hook ``list_waiting``) and, if told to, the Ziele whether they have what
they took (``find_delivered``). A gap is an alarm.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from fachwerk import alarm, pausen
from fachwerk.errors import FachwerkError
from fachwerk.lage import ZEITZONE, mitternacht
from fachwerk.modell import Vorgangstand
from fachwerk.tabellen import eingang, kanal_lauf, quittung, vorgang, zustellung

if TYPE_CHECKING:
    from fachwerk.betrieb import Betrieb
    from fachwerk.modell import Kanal

BESTAETIGT_NACH = timedelta(hours=1)
"""A message stored for longer should be closed in its mailbox."""

VERBLEIB = {
    "done": "zugestellt",
    "held": "gehalten",
    "waiting": "wartend",
    "running": "in Zustellung",
    "ready": "in Bearbeitung",
    "forwarded": "abgegeben",
    "returned": "zurückgegeben",
    "doppelsendung": "Doppelsendung",
}
"""Where a case can be, as people call it."""

_JE_FRAGE = 500
GENANNTE = 100
"""So many gaps are named; all are counted."""


@dataclass(frozen=True)
class Luecke:
    """Something that does not add up: a stable code, a German sentence, and the case where it is about one."""

    code: str
    text: str
    vorgang_id: str = ""


@dataclass
class Kanalbilanz:
    """One Kanal on one day. ``verbleib`` counts the cases of the day by where they are now.

    ``wartend`` is what lies in the mailbox and was never fetched (None: not asked, ``warum`` says why).
    """

    kanal: str
    empfangen: int = 0
    bestaetigt: int = 0
    verbleib: dict[str, int] = field(default_factory=dict)
    wartend: int | None = None
    warum: str = ""


@dataclass
class Tagesbilanz:
    """The day as a whole; it balances if there is no gap."""

    tag: date
    kanaele: list[Kanalbilanz]
    luecken: list[Luecke] = field(default_factory=list)
    gefragte_ziele: int = 0

    @property
    def geht_auf(self) -> bool:
        """Count in is count out: every message of the day is a case, and every case is somewhere."""
        return not self.luecken and all(sum(k.verbleib.values()) == k.empfangen for k in self.kanaele)

    def als_json(self) -> dict[str, Any]:
        """The published shape of ``fachwerk bilanz --json``."""
        return {
            "tag": self.tag.isoformat(),
            "geht_auf": self.geht_auf,
            "kanaele": [dict(k.__dict__) for k in self.kanaele],
            "gefragte_ziele": self.gefragte_ziele,
            "luecken": [dict(eine.__dict__) for eine in self.luecken[:GENANNTE]],
            "anzahl_luecken": len(self.luecken),
        }


def ziehe(betrieb: Betrieb, tag: date, *, frage_postfaecher: bool = True, frage_ziele: bool = False) -> Tagesbilanz:
    """The balance of a local day, as things stand now."""
    von, bis = mitternacht(tag), mitternacht(tag, danach=1)
    with betrieb.store.lesend() as verbindung:
        namen = {*betrieb.kanaele, *_kanaele_des_tages(verbindung, von, bis)}
        bilanz = Tagesbilanz(tag, [_zaehle(verbindung, name, von, bis) for name in sorted(namen)])
        bilanz.luecken += _nicht_uebergeben(verbindung, von, bis)
        bilanz.luecken += _nicht_bestaetigt(verbindung, von, bis)
        bilanz.luecken += _mehr_gezaehlt(verbindung, bilanz, von, bis)
    if frage_postfaecher:
        for kanal in bilanz.kanaele:
            bilanz.luecken += _frage_postfach(betrieb, kanal)
    if frage_ziele:
        _frage_ziele(betrieb, bilanz, von, bis)
    return bilanz


def melde(betrieb: Betrieb, bilanz: Tagesbilanz) -> None:
    """Open or close the alarm of the day."""
    from fachwerk import alarmwache

    anzahl = 0 if bilanz.geht_auf else max(len(bilanz.luecken), 1)
    with betrieb.store.transaktion("bilanz") as verbindung:
        alarmwache.melde_bilanz(verbindung, bilanz.tag.isoformat(), anzahl)


def melde_gestern(betrieb: Betrieb) -> None:
    """What the service does every morning: the balance of the day before, with its alarm; harmless to repeat."""
    gestern = datetime.now(ZEITZONE).date() - timedelta(days=1)
    melde(betrieb, ziehe(betrieb, gestern))


# -- counting ---------------------------------------------------------------------------------------------------------


def _kanaele_des_tages(verbindung: sa.Connection, von: datetime, bis: datetime) -> set[str]:
    v = vorgang.c
    return set(verbindung.execute(sa.select(v.kanal).where(v.angelegt >= von, v.angelegt < bis).distinct()).scalars())


def _zaehle(verbindung: sa.Connection, kanal: str, von: datetime, bis: datetime) -> Kanalbilanz:
    v, e = vorgang.c, eingang.c
    tag = v.kanal == kanal, v.angelegt >= von, v.angelegt < bis
    doppelt = sa.case((v.doppelt_zu != "", "doppelsendung"), else_=v.status)
    verbleib = sa.select(doppelt.label("wo"), sa.func.count()).where(*tag).group_by(doppelt)
    belege = sa.select(sa.func.count(), sa.func.count(e.bestaetigt)).select_from(eingang.join(vorgang)).where(*tag)
    empfangen, bestaetigt = verbindung.execute(belege).one()
    staende = {wo: int(anzahl) for wo, anzahl in verbindung.execute(verbleib)}
    return Kanalbilanz(kanal, int(empfangen), int(bestaetigt), staende)


def _nicht_uebergeben(verbindung: sa.Connection, von: datetime, bis: datetime) -> Iterator[Luecke]:
    """Cases that are called delivered without a delivery, or whose delivery has no receipt."""
    v, z, q = vorgang.c, zustellung.c, quittung.c
    ohne_lieferung = ~sa.exists().where(z.vorgang_id == v.id, z.fassung == v.fassung, z.status == "zugestellt")
    ohne_quittung = sa.exists().where(
        z.vorgang_id == v.id,
        z.fassung == v.fassung,
        z.status == "zugestellt",
        ~sa.exists().where(q.vorgang_id == z.vorgang_id, q.ziel == z.ziel, q.fassung == z.fassung),
    )
    fertig = v.status == Vorgangstand.DONE.value, v.doppelt_zu == "", v.angelegt >= von, v.angelegt < bis
    for bedingung, code, text in (
        (ohne_lieferung, "ohne_zustellung", "gilt als zugestellt, aber keine Zustellung ist vermerkt"),
        (ohne_quittung, "ohne_quittung", "ist zugestellt, aber die Quittung der Übergabe fehlt"),
    ):
        for kennung in verbindung.execute(sa.select(v.id).where(*fertig, bedingung)).scalars():
            yield Luecke(code, f"Der Vorgang {kennung[:12]} {text}.", kennung)


def _nicht_bestaetigt(verbindung: sa.Connection, von: datetime, bis: datetime) -> Iterator[Luecke]:
    v, e = vorgang.c, eingang.c
    alt = v.angelegt >= von, v.angelegt < min(bis, datetime.now(UTC) - BESTAETIGT_NACH), e.bestaetigt.is_(None)
    for kennung in verbindung.execute(sa.select(v.id).select_from(vorgang.join(eingang)).where(*alt)).scalars():
        text = f"Der Vorgang {kennung[:12]} ist gespeichert, aber dem Postfach noch nicht bestätigt."
        yield Luecke("nicht_bestaetigt", text, kennung)


def _mehr_gezaehlt(verbindung: sa.Connection, bilanz: Tagesbilanz, von: datetime, bis: datetime) -> Iterator[Luecke]:
    """The polls kept their own count; it may be lower (a poll that was killed), never higher than what is stored."""
    lauf = kanal_lauf.c
    frage = sa.select(lauf.kanal, sa.func.sum(lauf.neu)).where(lauf.beginn >= von, lauf.ende < bis)
    gezaehlt = {kanal: int(neu) for kanal, neu in verbindung.execute(frage.group_by(lauf.kanal))}
    for kanal in bilanz.kanaele:
        if gezaehlt.get(kanal.kanal, 0) > kanal.empfangen:
            text = (
                f"Die Abrufe von „{kanal.kanal}“ haben {gezaehlt[kanal.kanal]} neue Nachrichten gezählt, gespeichert "
                f"sind {kanal.empfangen}."
            )
            yield Luecke("abruf_mehr_als_gespeichert", text)


# -- asking -----------------------------------------------------------------------------------------------------------


def _frage_postfach(betrieb: Betrieb, bilanz: Kanalbilanz) -> Iterator[Luecke]:
    """What lies in the mailbox: never fetched it only waits, closed it should be gone."""
    kanal = betrieb.kanaele.get(bilanz.kanal)
    bilanz.warum = _warum_nicht(betrieb, kanal)
    if bilanz.warum or kanal is None:
        return
    try:
        wirt = betrieb.wirt(kanal.plugin)
        ids = betrieb.plugins.rufe(kanal.plugin, "list_waiting", kanal=kanal, host=wirt)
    except FachwerkError as fehler:
        bilanz.warum = f"nicht erreicht [{fehler.code}]"
        return
    bekannte = _bekannte(betrieb, kanal.name, ids)
    bilanz.wartend = len({kennung for kennung in ids if kennung not in bekannte})
    for kennung, vorgang_id in sorted(bekannte.items()):
        if vorgang_id:
            text = f"Die Nachricht {kennung} ist bestätigt, liegt aber noch im Postfach „{kanal.name}“."
            yield Luecke("noch_im_postfach", text, vorgang_id)


def _warum_nicht(betrieb: Betrieb, kanal: Kanal | None) -> str:
    if kanal is None:
        return "nicht mehr eingerichtet"
    if pausen.ist_pausiert(betrieb.store, alarm.des_kanals(kanal.name)):
        return "angehalten"
    return "" if betrieb.plugins.hat(kanal.plugin, "list_waiting") else "kann nicht gefragt werden"


def _bekannte(betrieb: Betrieb, kanal: str, ids: list[str]) -> dict[str, str]:
    """By message id: the case if it was confirmed for a while, else empty (stored, and closed by the next poll)."""
    e = eingang.c
    vorhin = datetime.now(UTC) - BESTAETIGT_NACH
    bekannte: dict[str, str] = {}
    with betrieb.store.lesend() as verbindung:
        for anfang in range(0, len(ids), _JE_FRAGE):
            einige = ids[anfang : anfang + _JE_FRAGE]
            alt = sa.case((e.bestaetigt < vorhin, e.vorgang_id), else_="")
            frage = sa.select(e.nachricht_id, alt).where(e.kanal == kanal, e.nachricht_id.in_(einige))
            bekannte.update((zeile.nachricht_id, zeile[1]) for zeile in verbindung.execute(frage))
    return bekannte


def _frage_ziele(betrieb: Betrieb, bilanz: Tagesbilanz, von: datetime, bis: datetime) -> None:
    """Ask for every delivery of the day whose Ziel can be asked."""
    v, z = vorgang.c, zustellung.c
    frage = sa.select(zustellung).select_from(zustellung.join(vorgang))
    tag = v.angelegt >= von, v.angelegt < bis, z.status == "zugestellt", z.fassung == v.fassung
    with betrieb.store.lesend() as verbindung:
        lieferungen = list(verbindung.execute(frage.where(*tag)))
    for eine in lieferungen:
        ziel = betrieb.ziele.get(eine.ziel)
        if ziel is None or not betrieb.plugins.hat(ziel.plugin, "find_delivered"):
            continue
        bilanz.gefragte_ziele += 1
        schluessel = f"{eine.vorgang_id}:{eine.ziel}:{eine.fassung}"
        wo = f"Ziel „{ziel.name}“, Vorgang {eine.vorgang_id[:12]}"
        try:
            wirt = betrieb.wirt(ziel.plugin)
            gefunden = betrieb.plugins.rufe(ziel.plugin, "find_delivered", ziel=ziel, schluessel=schluessel, host=wirt)
        except FachwerkError as fehler:
            text = f"{wo}: Die Frage ließ sich nicht klären [{fehler.code}]."
            bilanz.luecken.append(Luecke("ziel_ungeklaert", text, eine.vorgang_id))
            continue
        if gefunden is None:
            text = f"{wo}: Das Ziel kennt die Sendung nicht, die es angenommen hat."
            bilanz.luecken.append(Luecke("nicht_im_ziel", text, eine.vorgang_id))
