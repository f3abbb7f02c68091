"""What a delivery should reach next, and until when. What is overdue raises one alarm, which ends by itself.

The row of a delivery says which stage is expected and until when: ``uebergeben`` since it began, a higher one since the
last hand-over; a receipt, a resend and a new Fassung set it anew. So it outlives any process, and any number of nodes
may look. There is one alarm per case and Ziel, from the first look after the time has passed until that stage or a
higher one comes, the case goes another way, or a person acts. While a Ziel is paused, by its circuit or by a person,
what waits for it is shown as overdue but raises no alarms of its own.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from fachwerk import alarm, stufen
from fachwerk.modell import Stufe, Vorgangstand
from fachwerk.tabellen import alarm as alarme
from fachwerk.tabellen import pause, vorgang, zustellung
from fachwerk.zustellstand import ERSETZT, diese

if TYPE_CHECKING:
    from fachwerk.betrieb import Betrieb

TAKT_S = 60
"""Seconds between two looks of a service."""

GLEICH = timedelta(minutes=10)
"""What is about to be tried or asked, or was so lately, may yet come: it is not reported before."""

UEBERFAELLIG = "quittung_ueberfaellig"
"""Code of the alarm; a question given up after a month has its own."""

NICHTS: dict[str, Any] = {"erwartet": "", "erwartet_bis": None, "mahnen_ab": None}
"""Columns of a delivery of which nothing more is expected."""

KLAERUNG = 0
"""The Fassung of :mod:`fachwerk.klaerung`: it goes to its Ziel whatever becomes of the case, and nobody confirms it."""

_RUHT = ("gehalten", ERSETZT)
"""States in which nothing comes by itself; asked for by exclusion, so that no index of states is preferred."""
_AUF_EINMAL = 500

Bedingung = tuple[sa.ColumnElement[bool], ...]


# -- columns ----------------------------------------------------------------------------------------------------------


def der_uebergabe(betrieb: Betrieb, ziel: str) -> dict[str, Any]:
    """Columns of a delivery that begins now, or anew."""
    return _bis(betrieb, ziel, Stufe.UEBERGEBEN, datetime.now(UTC))


def nach(betrieb: Betrieb, zeile: Any, stufe: Stufe, uebergeben: datetime) -> dict[str, Any]:
    """Columns of the delivery ``zeile`` that has reached ``stufe``, handed over at ``uebergeben``."""
    ziel = betrieb.ziele.get(zeile.ziel)
    folgt = stufen.naechste(ziel, stufe) if ziel is not None and zeile.fassung > KLAERUNG else None
    return dict(NICHTS) if folgt is None else _bis(betrieb, zeile.ziel, folgt, uebergeben)


def noch_einmal(betrieb: Betrieb, zeile: Any) -> dict[str, Any]:
    """Columns of a delivery that a person has looked after: the time for the same stage begins again."""
    return _bis(betrieb, zeile.ziel, Stufe(zeile.erwartet), datetime.now(UTC)) if zeile.erwartet else dict(NICHTS)


def beende(verbindung: sa.Connection, vorgang_id: str) -> None:
    """Nothing more is expected of this case."""
    hier = zustellung.c.vorgang_id == vorgang_id, zustellung.c.erwartet != ""
    verbindung.execute(zustellung.update().where(*hier).values(**NICHTS))


def _bis(betrieb: Betrieb, ziel: str, stufe: Stufe, seit: datetime) -> dict[str, Any]:
    sekunden = betrieb.ziele[ziel].erwartet.get(stufe) if ziel in betrieb.ziele else None
    if sekunden is None:
        return dict(NICHTS)
    bis = seit + timedelta(seconds=sekunden)
    return {"erwartet": stufe.value, "erwartet_bis": bis, "mahnen_ab": bis}


# -- questions --------------------------------------------------------------------------------------------------------


def ist_ueberfaellig(jetzt: datetime) -> Bedingung:
    """Of a delivery joined with its case: the expected stage has not come in time, and still could."""
    return zustellung.c.erwartet_bis <= jetzt, *_gilt()


def _gilt() -> Bedingung:
    z, v = zustellung.c, vorgang.c
    return (
        z.vorgang_id == v.id,
        z.status.not_in(_RUHT),
        sa.or_(z.fassung == v.fassung, z.fassung == KLAERUNG),
        v.status != Vorgangstand.RETURNED.value,
    )


def anzahlen(verbindung: sa.Connection) -> dict[str, tuple[int, datetime]]:
    """Per Ziel how many deliveries are overdue, and since when the oldest is."""
    z = zustellung.c
    frage = sa.select(z.ziel, sa.func.count(), sa.func.min(z.erwartet_bis)).where(*ist_ueberfaellig(datetime.now(UTC)))
    return {ziel: (int(anzahl), seit) for ziel, anzahl, seit in verbindung.execute(frage.group_by(z.ziel))}


def der_vorgaenge(verbindung: sa.Connection, ids: Iterable[str]) -> dict[str, list[Any]]:
    """Per case the rows of its overdue deliveries, by Ziel."""
    z, jetzt = zustellung.c, datetime.now(UTC)
    gefunden: dict[str, list[Any]] = {}
    for teil in _je(ids, _AUF_EINMAL):
        frage = sa.select(zustellung).where(z.vorgang_id.in_(teil), *ist_ueberfaellig(jetzt))
        for zeile in verbindung.execute(frage.order_by(z.ziel)):
            gefunden.setdefault(zeile.vorgang_id, []).append(zeile)
    return gefunden


def vorgaenge(verbindung: sa.Connection, status: Sequence[str], grenze: int) -> list[Any]:
    """The rows of cases with overdue deliveries, longest overdue first, in these states (all, if none are named)."""
    z = zustellung.c
    frage = sa.select(z.vorgang_id).where(*ist_ueberfaellig(datetime.now(UTC)))
    if status:
        frage = frage.where(vorgang.c.status.in_(status))
    ids: dict[str, int] = {}
    with verbindung.execute(frage.order_by(z.erwartet_bis, z.vorgang_id)) as zeilen:
        for vorgang_id in zeilen.scalars():
            ids.setdefault(vorgang_id, len(ids))
            if len(ids) == grenze:
                break
    faelle: list[Any] = []
    for teil in _je(ids, _AUF_EINMAL):
        faelle += verbindung.execute(sa.select(vorgang).where(vorgang.c.id.in_(teil)))
    return sorted(faelle, key=lambda fall: ids[fall.id])


def _je(werte: Iterable[str], je: int) -> Iterator[list[str]]:
    """At most ``je`` at a time: databases limit how many values a question may name."""
    rest = iter(werte)
    while teil := list(islice(rest, je)):
        yield teil


# -- alarms -----------------------------------------------------------------------------------------------------------


def mahne(betrieb: Betrieb) -> int:
    """Raise the alarms that are due and close those that are over; returns how many were raised."""
    faellige = _faellige(betrieb)
    gemeldet = sum(_mahne(betrieb, zeile) for zeile in faellige)
    _schliesse_erledigte(betrieb)
    return gemeldet


def _faellige(betrieb: Betrieb) -> list[Any]:
    """Deliveries of Ziele that are not paused, unless they are just being tried or asked for."""
    jetzt, z = datetime.now(UTC), zustellung.c
    frueher = jetzt - GLEICH
    ruhende = sa.select(alarme.c.gegenstand).where(alarme.c.anlass == alarm.KREIS_OFFEN, alarme.c.behoben.is_(None))
    gegenstand = sa.literal(alarm.des_ziels("")) + z.ziel
    frage = sa.select(zustellung).where(
        z.mahnen_ab <= jetzt,
        gegenstand.not_in(ruhende),
        gegenstand.not_in(sa.select(pause.c.gegenstand)),
        sa.or_(z.status != "wartet", z.naechster > jetzt, z.naechster < frueher),
        sa.or_(z.frage_faellig.is_(None), z.frage_faellig > jetzt, z.frage_faellig < frueher),
    )
    with betrieb.store.lesend() as verbindung:
        return list(verbindung.execute(frage.order_by(z.mahnen_ab).limit(_AUF_EINMAL)))


def _mahne(betrieb: Betrieb, zeile: Any) -> bool:
    """One alarm, unless another node was faster or nothing is expected any more."""
    with betrieb.store.transaktion("gemahnt") as verbindung:
        betrieb.store.sperre(verbindung, zeile.vorgang_id)
        hier = *diese(zeile.vorgang_id, zeile.ziel, zeile.fassung), zustellung.c.mahnen_ab <= datetime.now(UTC)
        noch = verbindung.execute(sa.select(zustellung).where(*hier, *_gilt())).one_or_none()
        if noch is None or not _kann_kommen(betrieb, noch):
            verbindung.execute(zustellung.update().where(*hier).values(**NICHTS))
            return False
        melde(verbindung, noch, UEBERFAELLIG, hinweis(noch.ziel, Stufe(noch.erwartet)))
        return True


def melde(verbindung: sa.Connection, zeile: Any, code: str, text: str) -> None:
    """The alarm about a delivery, which from now on counts as overdue at the latest."""
    jetzt, z = datetime.now(UTC), zustellung.c
    hier = zustellung.update().where(*diese(zeile.vorgang_id, zeile.ziel, zeile.fassung))
    bis = sa.case((z.erwartet_bis <= jetzt, z.erwartet_bis), else_=jetzt)
    stufe = zeile.erwartet or Stufe.UEBERNOMMEN.value
    verbindung.execute(hier.values(erwartet=stufe, erwartet_bis=bis, mahnen_ab=None))
    alarm.melde(verbindung, alarm.QUITTUNG_FEHLT, alarm.der_zustellung(zeile.vorgang_id, zeile.ziel), code, text)


def behebe(verbindung: sa.Connection, vorgang_id: str, ziel: str) -> None:
    """The alarm about a delivery is over."""
    alarm.behebe(verbindung, alarm.der_zustellung(vorgang_id, ziel), (alarm.QUITTUNG_FEHLT,))


def _kann_kommen(betrieb: Betrieb, zeile: Any) -> bool:
    """Whether the Ziel, as it is configured today, can give the stage; one that is gone cannot say."""
    ziel = betrieb.ziele.get(zeile.ziel)
    return bool(zeile.erwartet) and (ziel is None or Stufe(zeile.erwartet) in ziel.stufen)


def _schliesse_erledigte(betrieb: Betrieb) -> None:
    """Close alarms about deliveries that are not overdue any more, whatever became of them."""
    gegenstaende = [zeile.gegenstand for zeile in alarm.offene(betrieb.store) if zeile.anlass == alarm.QUITTUNG_FEHLT]
    genannte = {name: teile for name in gegenstaende if (teile := alarm.teile_der_zustellung(name))}
    with betrieb.store.lesend() as verbindung:
        noch = der_vorgaenge(verbindung, {vorgang_id for vorgang_id, _ in genannte.values()})
    for gegenstand, (vorgang_id, ziel) in genannte.items():
        if not any(zeile.ziel == ziel for zeile in noch.get(vorgang_id, ())):
            with betrieb.store.transaktion("gemahnt") as verbindung:
                alarm.behebe(verbindung, gegenstand, (alarm.QUITTUNG_FEHLT,))


def hinweis(ziel: str, stufe: Stufe) -> str:
    """What a person has to know and do."""
    if stufe is Stufe.UEBERGEBEN:
        return (
            f"Die Übergabe an das Ziel „{ziel}“ ist überfällig. „fachwerk vorgang show“ sagt, woran es liegt; "
            "„fachwerk vorgang retry“ versucht es sofort."
        )
    return (
        f"Das Ziel „{ziel}“ hat „{stufen.WORT[stufe]}“ nicht rechtzeitig gemeldet. Bitte beim Empfänger fragen. "
        "„fachwerk vorgang retry“ fragt noch einmal nach, ohne zu senden; „resend“ übergibt erneut; „release“ beendet "
        "das Warten."
    )
