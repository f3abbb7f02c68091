"""Content parts: streamed in, cut into 1 MiB chunks, hashed, encrypted with the key of their case, streamed out.

A chunk is AES-256-GCM; its additional data binds case, part, number and whether it is the last one, so a chunk can
neither be moved nor cut off unnoticed. Arriving parts are written in short transactions and stay provisional
until a commit of the line claims them; what nobody claims is swept.
"""

from __future__ import annotations

import io
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import BinaryIO

import sqlalchemy as sa
from cryptography.exceptions import InvalidTag

from fachwerk.datenbank import benenne_stoerung, lesend, vorlaeufig
from fachwerk.errors import PermanentError
from fachwerk.modell import Teil
from fachwerk.schluessel import SIEGEL, Schluesselbund, entschluessle, neuer_schluessel, verschluessle
from fachwerk.stuecke import STUECK, NeuerTeil, Neuteil, Teilleser, verarbeite
from fachwerk.tabellen import fallschluessel, inhalt, teil

_SCHLUESSEL_IM_SPEICHER = 256
GELOESCHT = (
    "Der Inhalt dieses Vorgangs ist gelöscht, nach Ablauf der Frist oder auf Anordnung. Geblieben sind Kennungen, "
    "Codes und Zeiten."
)

IM_AUFTRAG = 2 << 20
"""Bytes of small parts that a job keeps decrypted, so that its steps need not fetch them again."""

_KOPF = (
    sa.select(teil.c.vorgang_id, teil.c.stuecke, teil.c.laenge, inhalt.c.daten)
    .outerjoin(inhalt, (inhalt.c.teil_id == teil.c.id) & (inhalt.c.nr == 0) & (teil.c.stuecke == 1))
    .where(teil.c.id == sa.bindparam("teil_id"))
)
_KOEPFE = (
    sa.select(teil.c.id, teil.c.vorgang_id, inhalt.c.daten)
    .join(inhalt, (inhalt.c.teil_id == teil.c.id) & (inhalt.c.nr == 0))
    .where(teil.c.id.in_(sa.bindparam("teile", expanding=True)), teil.c.stuecke == 1)
)
_STUECK = sa.select(inhalt.c.daten).where(
    inhalt.c.teil_id == sa.bindparam("teil_id"), inhalt.c.nr == sa.bindparam("nr")
)
_SCHLUESSEL = sa.select(fallschluessel.c.schluessel).where(fallschluessel.c.vorgang_id == sa.bindparam("vorgang_id"))
_NEUER_TEIL, _NEUES_STUECK, _NEUER_SCHLUESSEL = teil.insert(), inhalt.insert(), fallschluessel.insert()
_BEANSPRUCHT = teil.update().where(teil.c.id.in_(sa.bindparam("teile", expanding=True))).values(beansprucht=True)


def bindung(vorgang_id: str, teil_id: str, nr: int, letztes: bool) -> bytes:
    return f"{vorgang_id}|{teil_id}|{nr}|{int(letztes)}".encode()


class Inhaltsspeicher:
    """Reads and writes the content of all cases; implements ``InhaltLeser`` of the model."""

    def __init__(self, datenbank: sa.Engine, bund: Schluesselbund) -> None:
        self._datenbank = datenbank
        self._bund = bund
        self._schluessel: dict[str, bytes] = {}
        self._schloss = threading.Lock()
        self._faden = threading.local()

    # -- keys ---------------------------------------------------------------------------------------------------

    def lege_fall_an(self, verbindung: sa.Connection, vorgang_id: str, schluessel: bytes | None = None) -> None:
        """Store the key of a new case, a fresh one if none is given."""
        schluessel = schluessel or neuer_schluessel()
        verpackt = self._bund.verpacke(vorgang_id, schluessel)
        werte = {"vorgang_id": vorgang_id, "schluessel": verpackt, "angelegt": datetime.now(UTC)}
        verbindung.execute(_NEUER_SCHLUESSEL, werte)
        self._merke(vorgang_id, schluessel)

    def sichere_schluessel(self, verbindung: sa.Connection, kennung: str) -> None:
        """Make the key of something that is no case (the audit of the installation), once, when it is first needed."""
        vorhanden = sa.select(fallschluessel.c.vorgang_id).where(fallschluessel.c.vorgang_id == kennung)
        if verbindung.execute(vorhanden).first() is None:
            self.lege_fall_an(verbindung, kennung)

    def pruefe_hauptschluessel(self) -> None:
        """``PermanentError`` if the newest case was encrypted under another site key than ours."""
        with lesend(self._datenbank) as verbindung:
            neuester = verbindung.execute(
                sa.select(fallschluessel.c.vorgang_id, fallschluessel.c.schluessel)
                .order_by(fallschluessel.c.angelegt.desc())
                .limit(1)
            ).one_or_none()
        if neuester is not None:
            self._bund.entpacke(neuester.vorgang_id, neuester.schluessel)

    def _merke(self, vorgang_id: str, schluessel: bytes) -> None:
        with self._schloss:
            while len(self._schluessel) >= _SCHLUESSEL_IM_SPEICHER:
                self._schluessel.pop(next(iter(self._schluessel)))
            self._schluessel[vorgang_id] = schluessel

    def _fallschluessel(self, verbindung: sa.Connection, vorgang_id: str) -> bytes:
        if (bekannt := self._schluessel.get(vorgang_id)) is not None:
            return bekannt
        verpackt = verbindung.execute(_SCHLUESSEL, {"vorgang_id": vorgang_id}).scalar_one_or_none()
        if verpackt is None:
            raise PermanentError("inhalt_geloescht", GELOESCHT)
        schluessel = self._bund.entpacke(vorgang_id, verpackt)
        self._merke(vorgang_id, schluessel)
        return schluessel

    # -- writing ------------------------------------------------------------------------------------------------

    def schreibe_in(
        self,
        verbindung: sa.Connection,
        vorgang_id: str,
        strom: Iterable[bytes],
        name: str = "",
        medientyp: str = "application/octet-stream",
        beschreibung: str = "",
    ) -> Teil:
        """Write a part inside the caller's transaction, claimed at once (outputs of the line)."""
        neu = NeuerTeil(vorgang_id, beansprucht=True)
        for stueck, letztes in neu.zaehle(strom):
            self._schreibe_stueck(verbindung, neu, stueck, letztes)
            neu.stuecke += 1
        return self.handle(neu, name, medientyp, beschreibung)

    def schreibe_alle(self, verbindung: sa.Connection, vorgang_id: str, neue: Sequence[Neuteil]) -> list[Teil]:
        """The same for several parts at hand, with one statement per table for all that fit into one chunk."""
        ganze: list[tuple[NeuerTeil, bytes | bytearray]] = []
        teile = []
        for roh in neue:
            angaben = roh.name, roh.medientyp, roh.beschreibung
            if len(roh.daten) > STUECK:
                teile.append(self.schreibe_in(verbindung, vorgang_id, [roh.daten], *angaben))
                continue
            neu = NeuerTeil(vorgang_id, beansprucht=True)
            neu.nimm(roh.daten)
            ganze.append((neu, roh.daten))
            teile.append(self.handle(neu, *angaben))
        self.schreibe_ganze(verbindung, vorgang_id, ganze)
        return teile

    def schreibe_ganze(
        self, verbindung: sa.Connection, vorgang_id: str, ganze: Sequence[tuple[NeuerTeil, bytes | bytearray]]
    ) -> None:
        """Parts of one chunk each, counted already; claimed at once."""
        if not ganze:
            return
        schluessel, jetzt = self._fallschluessel(verbindung, vorgang_id), datetime.now(UTC)
        koepfe, stuecke = [], []
        for neu, daten in ganze:
            kopf = {"id": neu.id, "vorgang_id": vorgang_id, "laenge": neu.laenge, "sha256": neu.sha256}
            koepfe.append({**kopf, "stuecke": 1, "beansprucht": True, "angelegt": jetzt})
            geheim = verschluessle(schluessel, daten, bindung(vorgang_id, neu.id, 0, True))
            stuecke.append({"teil_id": neu.id, "nr": 0, "daten": geheim})
        verbindung.execute(_NEUER_TEIL, koepfe)
        verbindung.execute(_NEUES_STUECK, stuecke)

    def schreibe_vorlaeufig(
        self,
        vorgang_id: str,
        strom: Iterable[bytes],
        name: str = "",
        medientyp: str = "application/octet-stream",
        beschreibung: str = "",
    ) -> Teil:
        """Stream an arriving part in, unclaimed: see :meth:`schreibe_stuecke`."""
        neu = NeuerTeil(vorgang_id, beansprucht=False)
        self.schreibe_stuecke(neu, neu.zaehle(strom))
        return self.handle(neu, name, medientyp, beschreibung)

    @benenne_stoerung()
    def schreibe_stuecke(self, neu: NeuerTeil, stuecke: Iterator[tuple[bytearray, bool]]) -> None:
        """Write the chunks of an arriving part, one short transaction for each, unclaimed.

        No transaction waits for ``stuecke``: a chunk is encrypted and written beside the reading and hashing of the
        next ones. Nothing is fsynced here, the commit that claims the part does that for all before it. An exception
        from ``stuecke`` discards the part and passes on.
        """

        def schreibe(stueck: bytearray, letztes: bool) -> None:
            with vorlaeufig(self._datenbank) as verbindung:
                self._schreibe_stueck(verbindung, neu, stueck, letztes)
            neu.stuecke += 1

        try:
            verarbeite(stuecke, schreibe)
        except BaseException:
            if neu.stuecke:
                self.verwirf([neu.id])
            raise

    def _schreibe_stueck(self, verbindung: sa.Connection, neu: NeuerTeil, stueck: bytearray, letztes: bool) -> None:
        """The next chunk, with the first one the row of the part, with the last one what it came to."""
        nr, schluessel = neu.stuecke, self._fallschluessel(verbindung, neu.vorgang_id)
        daten = verschluessle(schluessel, stueck, bindung(neu.vorgang_id, neu.id, nr, letztes))
        stand = {"laenge": neu.laenge, "sha256": neu.sha256, "stuecke": nr + 1} if letztes else {"stuecke": 0}
        if nr == 0:
            kopf = {"id": neu.id, "vorgang_id": neu.vorgang_id, "beansprucht": neu.beansprucht}
            verbindung.execute(_NEUER_TEIL, {**kopf, **stand, "angelegt": datetime.now(UTC)})
        verbindung.execute(_NEUES_STUECK, {"teil_id": neu.id, "nr": nr, "daten": daten})
        if letztes and nr:
            verbindung.execute(teil.update().where(teil.c.id == neu.id).values(stand))

    def handle(self, neu: NeuerTeil, name: str, medientyp: str, beschreibung: str) -> Teil:
        """What the line passes on of a part."""
        roh = Teil(
            id=neu.id, name=name, medientyp=medientyp, beschreibung=beschreibung, laenge=neu.laenge, sha256=neu.sha256
        )
        return roh.gebunden(self)

    def beanspruche(self, verbindung: sa.Connection, teil_ids: Sequence[str]) -> None:
        """Claim provisional parts in the caller's transaction."""
        if teil_ids:
            verbindung.execute(_BEANSPRUCHT, {"teile": list(teil_ids)})

    # -- deleting -----------------------------------------------------------------------------------------------

    def verwirf(self, teil_ids: Iterable[str]) -> None:
        """Delete parts, chunk by chunk in transactions of at most 8 MiB."""
        for teil_id in teil_ids:
            while True:
                with self._datenbank.begin() as verbindung:
                    nummern = list(
                        verbindung.execute(
                            sa.select(inhalt.c.nr).where(inhalt.c.teil_id == teil_id).order_by(inhalt.c.nr).limit(8)
                        ).scalars()
                    )
                    if not nummern:
                        verbindung.execute(teil.delete().where(teil.c.id == teil_id))
                        break
                    verbindung.execute(
                        inhalt.delete().where(inhalt.c.teil_id == teil_id).where(inhalt.c.nr.in_(nummern))
                    )

    def fege(self, aelter_als: timedelta = timedelta(days=1)) -> int:
        """Delete provisional parts nobody claimed, and chunks whose case key is gone; returns how many parts."""
        grenze = datetime.now(UTC) - aelter_als
        ohne_schluessel = ~sa.exists().where(fallschluessel.c.vorgang_id == teil.c.vorgang_id)
        verlassen = sa.and_(teil.c.beansprucht.is_(False), teil.c.angelegt < grenze)
        with lesend(self._datenbank) as verbindung:
            verwaist = list(
                verbindung.execute(sa.select(teil.c.id).where(sa.or_(verlassen, ohne_schluessel))).scalars()
            )
        self.verwirf(verwaist)
        self._fege_schluessel(grenze)
        return len(verwaist)

    def _fege_schluessel(self, grenze: datetime) -> None:
        """Delete the keys of cases that never came to be."""
        ohne_teil = ~sa.exists().where(teil.c.vorgang_id == fallschluessel.c.vorgang_id)
        leer = (fallschluessel.c.angelegt < grenze, ohne_teil, fallschluessel.c.vorgang_id != SIEGEL)
        with lesend(self._datenbank) as verbindung:
            if verbindung.execute(sa.select(fallschluessel.c.vorgang_id).where(*leer).limit(1)).first() is None:
                return
        with self._datenbank.begin() as verbindung:
            verbindung.execute(fallschluessel.delete().where(*leer))

    def vernichte_schluessel(self, verbindung: sa.Connection, vorgang_id: str) -> None:
        """Delete the case key in the caller's transaction: from its commit on nothing of the case can be read."""
        verbindung.execute(fallschluessel.delete().where(fallschluessel.c.vorgang_id == vorgang_id))
        with self._schloss:
            self._schluessel.pop(vorgang_id, None)

    def schreddere(self, vorgang_id: str) -> None:
        """Delete the case key and then the content: without the key no copy of the chunks can be read."""
        with self._datenbank.begin() as verbindung:
            self.vernichte_schluessel(verbindung, vorgang_id)
        self.verwirf_fall(vorgang_id)

    def verwirf_fall(self, vorgang_id: str) -> None:
        """Delete all parts of a case."""
        with lesend(self._datenbank) as verbindung:
            ids = list(verbindung.execute(sa.select(teil.c.id).where(teil.c.vorgang_id == vorgang_id)).scalars())
        self.verwirf(ids)

    # -- reading ------------------------------------------------------------------------------------------------

    def oeffne(self, handle: Teil) -> BinaryIO:
        """Open the decrypted content of ``handle``; at most one chunk is in memory."""
        if handle.ausschnitt is not None:
            from fachwerk.xml import entnimm_aus

            return entnimm_aus(self._oeffne_id(handle.ausschnitt.teil_id), handle.ausschnitt)
        return self._oeffne_id(handle.id)

    @contextmanager
    def gemerkt(self) -> Iterator[None]:
        """Until the end of the block this thread keeps the small parts it opens, at most ``IM_AUFTRAG`` bytes.

        For a job, whose steps look at the same parts again and again; nothing decrypted outlives it.
        """
        self._faden.gemerkt = {}
        try:
            yield
        finally:
            self._faden.gemerkt = None

    @benenne_stoerung()
    def hole_voraus(self, teile: Iterable[Teil]) -> None:
        """Inside :meth:`gemerkt`: fetch the small ones of ``teile`` at once. What cannot be read is met when opened."""
        gemerkt: dict[str, bytes] | None = getattr(self._faden, "gemerkt", None)
        if gemerkt is None:
            return
        frei = IM_AUFTRAG - sum(map(len, gemerkt.values()))
        kennungen = []
        for einer in teile:
            if einer.ausschnitt is None and einer.id not in gemerkt and (einer.laenge or 0) <= min(frei, STUECK):
                frei -= einer.laenge or 0
                kennungen.append(einer.id)
        if len(kennungen) < 2:
            return
        with lesend(self._datenbank) as verbindung:
            for zeile in verbindung.execute(_KOEPFE, {"teile": kennungen}).all():
                with suppress(PermanentError):
                    gemerkt[zeile.id] = self._entschluessle(
                        verbindung, zeile.vorgang_id, zeile.id, 0, True, zeile.daten
                    )

    @benenne_stoerung()
    def _oeffne_id(self, teil_id: str) -> BinaryIO:
        gemerkt: dict[str, bytes] | None = getattr(self._faden, "gemerkt", None)
        if gemerkt and (bekannt := gemerkt.get(teil_id)) is not None:
            return io.BytesIO(bekannt)
        with lesend(self._datenbank) as verbindung:
            zeile = verbindung.execute(_KOPF, {"teil_id": teil_id}).one_or_none()
            if zeile is None or zeile.laenge is None:
                raise PermanentError("inhalt_fehlt", "Ein Inhaltsteil dieses Vorgangs ist nicht (mehr) gespeichert.")
            if zeile.stuecke != 1:
                hole = partial(self.stueck, zeile.vorgang_id, teil_id)
                return io.BufferedReader(Teilleser(hole, zeile.stuecke, zeile.laenge), STUECK)
            klartext = self._entschluessle(verbindung, zeile.vorgang_id, teil_id, 0, True, zeile.daten)
        if gemerkt is not None and sum(map(len, gemerkt.values())) + len(klartext) <= IM_AUFTRAG:
            gemerkt[teil_id] = klartext
        return io.BytesIO(klartext)

    @benenne_stoerung()
    def stueck(self, vorgang_id: str, teil_id: str, nr: int, letztes: bool) -> bytes:
        """One decrypted chunk; ``PermanentError`` if it is missing or was tampered with."""
        with lesend(self._datenbank) as verbindung:
            daten = verbindung.execute(_STUECK, {"teil_id": teil_id, "nr": nr}).scalar_one_or_none()
            return self._entschluessle(verbindung, vorgang_id, teil_id, nr, letztes, daten)

    def _entschluessle(
        self, verbindung: sa.Connection, vorgang_id: str, teil_id: str, nr: int, letztes: bool, daten: bytes | None
    ) -> bytes:
        schluessel = self._fallschluessel(verbindung, vorgang_id)
        try:
            if daten is not None:
                return entschluessle(schluessel, daten, bindung(vorgang_id, teil_id, nr, letztes))
        except InvalidTag:
            pass
        raise PermanentError(
            "inhalt_beschaedigt",
            "Gespeicherter Inhalt ist beschädigt oder wurde verändert. Bitte Datenträger prüfen und aus der Sicherung "
            "wiederherstellen.",
            {"teil": teil_id, "stueck": str(nr)},
        )
