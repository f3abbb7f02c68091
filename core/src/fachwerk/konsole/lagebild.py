"""What the overview says: what waits, for whom, since when; of the Kanäle a person may see, each number bounded."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from cryptography import x509

from fachwerk import erwartung
from fachwerk.konsole.bild import Balkenbild, balkenbild
from fachwerk.lage import kanalliste
from fachwerk.modell import GehaltenFuer, Vorgangstand
from fachwerk.tabellen import vorgang, zustellung
from fachwerk.tagesbild import Tag, tagesbild

if TYPE_CHECKING:
    from fachwerk.betrieb import Betrieb
    from fachwerk.store import Store

ZAEHLGRENZE = 10_000
"""Nothing is counted further than this; then the page says „10.000+“."""

IN_ARBEIT = (Vorgangstand.READY, Vorgangstand.RUNNING)
Kanaele = Sequence[str] | None


@dataclass(frozen=True)
class Lagebild:
    """The numbers of now; ``kanaele`` as in :func:`fachwerk.lage.kanalliste`, ``tage`` the newest last."""

    gehalten: dict[str, int]
    wartend: int
    in_arbeit: int
    ueberfaellig: int
    kanaele: list[dict[str, Any]]
    tage: list[Tag]
    bild: Balkenbild
    zertifikat_tage: int | None = None

    @property
    def heute(self) -> Tag:
        """The balance of today."""
        return self.tage[-1]


def lies(betrieb: Betrieb, kanaele: Sequence[str], *, alle: bool) -> Lagebild:
    """The picture for somebody who may see ``kanaele``, or (``alle``) also what came by those of former days."""
    store, nur = betrieb.store, None if alle else tuple(kanaele)
    tage = tagesbild(store, nur)
    return Lagebild(
        gehalten=gehalten_fuer(store, nur),
        wartend=anzahl(store, (Vorgangstand.WAITING,), nur),
        in_arbeit=anzahl(store, IN_ARBEIT, nur),
        ueberfaellig=ueberfaellige(store, nur),
        kanaele=[kanal for kanal in kanalliste(betrieb) if kanal["kanal"] in kanaele],
        tage=tage,
        bild=balkenbild(tage),
        zertifikat_tage=zertifikat_tage(betrieb),
    )


def anzahl(store: Store, staende: Sequence[Vorgangstand], kanaele: Kanaele) -> int:
    """Cases in these states, at most :data:`ZAEHLGRENZE` per Kanal and state."""
    fragen = _je_kanal(sa.select(sa.literal(1).label("eins")).select_from(vorgang), staende, kanaele)
    summe = 0
    with store.lesend() as verbindung:
        for frage in fragen:
            innen = frage.limit(ZAEHLGRENZE).subquery()
            summe += int(verbindung.execute(sa.select(sa.func.count()).select_from(innen)).scalar_one())
    return summe


def gehalten_fuer(store: Store, kanaele: Kanaele) -> dict[str, int]:
    """For whom cases are held; everybody is named, also with none."""
    anzahlen = dict.fromkeys((eins.value for eins in GehaltenFuer), 0)
    fragen = _je_kanal(sa.select(vorgang.c.gehalten_fuer), (Vorgangstand.HELD,), kanaele)
    with store.lesend() as verbindung:
        for frage in fragen:
            innen = frage.limit(ZAEHLGRENZE).subquery()
            gruppen = sa.select(innen.c.gehalten_fuer, sa.func.count()).group_by(innen.c.gehalten_fuer)
            for fuer, viele in verbindung.execute(gruppen):
                anzahlen[fuer] = anzahlen.get(fuer, 0) + int(viele)
    return anzahlen


def ueberfaellige(store: Store, kanaele: Kanaele) -> int:
    """Deliveries whose hand-over or receipt is overdue."""
    innen = _ueberfaellig(sa.select(zustellung.c.vorgang_id), kanaele).limit(ZAEHLGRENZE).subquery()
    with store.lesend() as verbindung:
        return int(verbindung.execute(sa.select(sa.func.count()).select_from(innen)).scalar_one())


def ueberfaellige_vorgaenge(store: Store, kanaele: Kanaele, grenze: int = 200) -> list[Any]:
    """The rows of their cases, longest overdue first."""
    spalten = sa.select(vorgang, zustellung.c.erwartet_bis.label("faellig"))
    frage = _ueberfaellig(spalten, kanaele).order_by(zustellung.c.erwartet_bis).limit(grenze)
    with store.lesend() as verbindung:
        return list({zeile.id: zeile for zeile in reversed(list(verbindung.execute(frage)))}.values())[::-1]


def _ueberfaellig(frage: sa.Select[Any], kanaele: Kanaele) -> sa.Select[Any]:
    frage = frage.where(*erwartung.ist_ueberfaellig(datetime.now(UTC)))
    return frage if kanaele is None else frage.where(sa.func.coalesce(vorgang.c.kanal, "").in_(kanaele))


def zertifikat_tage(betrieb: Betrieb) -> int | None:
    """Days for which the certificate of the console itself still holds; None if it has none or it is unreadable."""
    angabe = betrieb.einstellungen.konsole.zertifikat
    if not angabe:
        return None
    try:
        zertifikat = x509.load_pem_x509_certificate(betrieb.einstellungen.pfad(angabe).read_bytes())
    except (OSError, ValueError):
        return None
    return (zertifikat.not_valid_after_utc - datetime.now(UTC)).days


def _je_kanal(frage: sa.Select[Any], staende: Sequence[Vorgangstand], kanaele: Kanaele) -> list[sa.Select[Any]]:
    """One question per state and Kanal, so that each follows its index and its bound."""
    je_stand = [frage.where(vorgang.c.status == stand.value) for stand in staende]
    if kanaele is None:
        return je_stand
    return [eine.where(vorgang.c.kanal == kanal) for eine in je_stand for kanal in kanaele]
