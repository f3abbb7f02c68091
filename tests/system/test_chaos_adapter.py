"""Adapter × fault through the whole line: each case ends once in the target, or is held with the true reason.

Disk full and read-only are injected at each single touch of the folder (root may write where chmod forbids it) and, in
a mount namespace of a child, real: a file system too small, a mount that is read-only. A hanging target is a port that
takes connections and says nothing, bounded by the limits of the adapter. ``make lang`` takes every touch, not a few.
"""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parent))

import chaos_seiten as seiten
from chaos_adapter import Auf, Buehne, buehnen_in
from chaos_seiten import Netzseite, Ordneruebergabe, ProsozOrdner, ProsozSoap, ProsozSoapOhneAlles, Seite, Xta

from fachwerk import alarm, eingriff, zustellung
from fachwerk.testkit import ordnerstoerung
from fachwerk.testkit.pruefungen import verteilt

je_ordner = pytest.mark.parametrize("art", seiten.ORDNERSEITEN)
BAUARTEN = (seiten.Aktenablage, Ordneruebergabe, seiten.Flach, ProsozOrdner)
"""Each way of writing to a folder; the others share it with one of these."""
je_bauart = pytest.mark.parametrize("art", BAUARTEN)
je_netz = pytest.mark.parametrize("art", seiten.NETZSEITEN)
je_ziel = pytest.mark.parametrize("art", seiten.ORDNERSEITEN + seiten.NETZSEITEN)

WORTE = {"voll": "Platz", "nur_lesen": "nur lesen", "weg": "Laufwerk", "gestoert": "EIO"}
"""What a person would call the cause, in the hint."""


@pytest.fixture
def auf(tmp_path: Path) -> Iterator[Auf]:
    """Puts one target on the stage."""
    with buehnen_in(tmp_path) as baue:
        yield baue


def wartet_wegen(buehne: Buehne, art: str) -> list[str]:
    """What is wrong while the fault lasts: every case has to wait for exactly this, and nothing lies in the target."""
    zeilen = buehne.frage("SELECT status, grund, hinweis FROM vorgang WHERE status <> 'done'")
    assert len(zeilen) == 2
    code, maengel = buehne.seite.codes[art], []
    for status, grund, hinweis in zeilen:
        if (status, grund) != ("waiting", code) or WORTE[art] not in hinweis or str(buehne.seite.ordner) not in hinweis:
            maengel.append(f"{art}: {status} {grund}, instead of waiting for {code}: {hinweis}")
    return maengel


# -- folders: full, read-only, gone -----------------------------------------------------------------------------------


@je_ordner
def test_a_folder_that_cannot_be_written_makes_cases_wait_and_all_arrive_afterwards(auf: Auf, art: type[Seite]) -> None:
    buehne = auf(art)
    for stoerung, grund in (("nur_lesen", "nur_lesen"), ("voll_beim_schreiben", "voll"), ("weg", "weg")):
        schon_da = len(buehne.gesendet)
        buehne.sende(2)
        with ordnerstoerung.gestoert(buehne.seite.ordner, stoerung):
            for _ in range(2):
                buehne.gehe(hours=2)
                assert not wartet_wegen(buehne, grund)
        assert len(buehne.seite.angekommen()) == schon_da
        buehne.bringe_zu_ende(3)
        assert not buehne.maengel()


def zugriffe(buehne: Buehne, zaehlt: ordnerstoerung.Zaehlt) -> int:
    """How many touches of the folder an ordinary delivery makes."""
    buehne.sende()
    with ordnerstoerung.bewacht(buehne.seite.ordner, lambda _: None, zaehlt) as wache:
        buehne.gehe()
    return wache.stand


def stoere_bei(buehne: Buehne, stelle: int, nummer: int, zaehlt: ordnerstoerung.Zaehlt, erlaubt: set[str]) -> list[str]:
    """One more case while the folder fails from this touch on; nothing may be there twice or by halves."""

    def tue(stand: int) -> None:
        if stand >= stelle:
            raise OSError(nummer, os.strerror(nummer))

    buehne.sende()
    with ordnerstoerung.bewacht(buehne.seite.ordner, tue, zaehlt):
        buehne.gehe()
        status, grund = buehne.staende()[-1]
    if status == "done" or (status == "waiting" and grund in erlaubt):
        return []
    return [f"touch {stelle}: {status} {grund}, instead of {sorted(erlaubt)}"]


def stoere_ueberall(
    buehne: Buehne, nummer: int, zaehlt: ordnerstoerung.Zaehlt, erlaubt: set[str], hoechstens: int
) -> None:
    """At up to so many touches, evenly spread, the last two always among them."""
    alle = zugriffe(buehne, zaehlt)
    assert alle > 3
    maengel = []
    for stelle in sorted({*verteilt(alle, hoechstens), alle - 1, alle}):
        maengel += stoere_bei(buehne, stelle, nummer, zaehlt, erlaubt)
        buehne.bringe_zu_ende(1)
        maengel += [f"touch {stelle}: {mangel}" for mangel in buehne.maengel_am_ziel(hoechstens=True)]
    buehne.bringe_zu_ende()
    assert not maengel + buehne.maengel(), "\n".join(maengel + buehne.maengel())


WENIGE, ALLE = 3, 1000


@je_bauart
def test_a_disk_that_becomes_full_at_any_touch_leaves_nothing_half(auf: Auf, art: type[Seite]) -> None:
    buehne = auf(art)
    stoere_ueberall(buehne, errno.ENOSPC, ordnerstoerung.braucht_platz, {buehne.seite.codes["voll"]}, WENIGE)


@je_bauart
def test_a_drive_that_breaks_off_at_any_touch_brings_each_case_once(auf: Auf, art: type[Seite]) -> None:
    buehne = auf(art)
    stoere_ueberall(buehne, errno.EIO, jede_beruehrung, abgerissen(buehne), WENIGE)


def jede_beruehrung(ereignis: str, angaben: tuple[Any, ...]) -> bool:
    """Reading and writing; ``shutil`` says what it is about to do before it touches anything."""
    return not ereignis.startswith("shutil.")


def abgerissen(buehne: Buehne) -> set[str]:
    """What a case may wait for where the drive went in the middle: the drive, or to know what became of it."""
    return {buehne.seite.codes["gestoert"], "nicht_angekommen", "comvibilia.quittung_abwarten"}


@pytest.mark.lang
@je_ordner
def test_at_every_touch_of_the_folder(auf: Auf, art: type[Seite]) -> None:
    voll, ab = auf(art), auf(art)
    stoere_ueberall(voll, errno.ENOSPC, ordnerstoerung.braucht_platz, {voll.seite.codes["voll"]}, ALLE)
    stoere_ueberall(ab, errno.EIO, jede_beruehrung, abgerissen(ab), ALLE)


@pytest.mark.parametrize("art", [seiten.Aktenablage, Ordneruebergabe, ProsozOrdner, ProsozSoap, Xta])
def test_many_cases_before_a_dead_target_stop_it_with_an_alarm_and_all_arrive_when_it_is_back(
    auf: Auf, art: type[Seite]
) -> None:
    buehne = auf(art)
    buehne.sende(6)
    with unerreichbar(buehne.seite):
        buehne.gehe()
        staende = buehne.staende()
        assert {status for status, _ in staende} == {"waiting"}
        assert "kreis_offen" in {grund for _, grund in staende}
        assert alarm.offene(buehne.welt.betrieb.store), "somebody is told"
    buehne.bringe_zu_ende()
    assert not buehne.maengel()
    assert not alarm.offene(buehne.welt.betrieb.store), "and told that it works again"


def unerreichbar(seite: Seite) -> Any:
    return abgeschaltet(seite) if isinstance(seite, Netzseite) else ordnerstoerung.gestoert(seite.ordner, "weg")


# -- network: refusing, silent, dying after the write -----------------------------------------------------------------


@contextmanager
def abgeschaltet(seite: Netzseite) -> Iterator[None]:
    """The server is gone, then there again on the same port and folder."""
    seite.server.stop()
    try:
        yield
    finally:
        seite.server.start()


@je_netz
def test_a_server_that_refuses_connections_makes_cases_wait(auf: Auf, art: type[Netzseite]) -> None:
    buehne = auf(art)
    buehne.sende(2)
    with abgeschaltet(buehne.seite):
        buehne.gehe()
        assert buehne.staende() == [("waiting", "transport.nicht_erreichbar")] * 2
        assert not buehne.seite.angekommen()
    buehne.bringe_zu_ende()
    assert not buehne.maengel()


@je_netz
def test_a_server_that_takes_the_connection_and_says_nothing_makes_cases_wait(auf: Auf, art: type[Netzseite]) -> None:
    buehne = auf(art)
    buehne.sende(2)
    with buehne.seite.stumm():
        buehne.gehe()
    buehne.seite.server.start()
    assert {status for status, _ in buehne.staende()} == {"waiting"}
    assert not buehne.seite.angekommen()
    buehne.bringe_zu_ende()
    assert not buehne.maengel()


@je_netz
def test_a_server_that_dies_after_the_write_is_asked_when_it_is_back_or_a_person_is(
    auf: Auf, art: type[Netzseite], monkeypatch: pytest.MonkeyPatch
) -> None:
    buehne = auf(art)
    buehne.sende()
    buehne.seite.stirb_nach_dem_schreiben()
    with monkeypatch.context() as tot:
        echt = zustellung._Versuch._klaere

        def stirb(versuch: Any, *angaben: Any) -> Any:
            buehne.seite.server.stop()
            return echt(versuch, *angaben)

        tot.setattr(zustellung._Versuch, "_klaere", stirb)
        buehne.gehe()
    (status, grund), angekommen = buehne.staende()[0], len(buehne.seite.angekommen())
    buehne.seite.server.start()
    assert angekommen == 1
    if art is ProsozSoapOhneAlles:
        assert (status, grund) == ("held", "ausgang_unbekannt")
    else:
        assert (status, grund) == ("waiting", "transport.nicht_erreichbar")
        buehne.bringe_zu_ende()
        assert not buehne.maengel()


@pytest.mark.parametrize(
    ("laune", "stand"),
    [
        ("http503", ("waiting", "transport.http_spaeter")),
        ("ueberlastet", ("waiting", "prosoz.spaeter")),
        ("gesperrt", ("waiting", "prosoz.fault_betrieb")),
    ],
)
def test_a_service_that_says_no_for_now_makes_cases_wait_for_that(auf: Auf, laune: str, stand: tuple[str, str]) -> None:
    buehne = auf(ProsozSoap)
    buehne.sende()
    buehne.seite.server.launen.setze(laune, 1)
    buehne.gehe()
    assert buehne.staende() == [stand]
    buehne.bringe_zu_ende()
    assert not buehne.maengel()


@pytest.mark.parametrize(
    ("laune", "stand"),
    [
        ({"art": "http", "http": 503}, ("waiting", "transport.http_spaeter")),
        ({"art": "fehler", "fehler": "9030"}, ("waiting", "xta.9030")),
        ({"art": "fehler", "fehler": "9011"}, ("waiting", "xta.9011")),
    ],
)
def test_a_mailbox_server_that_says_no_for_now_makes_cases_wait_for_that(
    auf: Auf, laune: dict[str, Any], stand: tuple[str, str]
) -> None:
    buehne = auf(Xta)
    buehne.sende()
    buehne.seite.server.temperament.setze("sendMessage", mal=1, **laune)
    buehne.gehe()
    assert buehne.staende() == [stand]
    buehne.bringe_zu_ende()
    assert not buehne.maengel()


# -- refusals and receipts --------------------------------------------------------------------------------------------

ABLEHNUNGEN = {
    Ordneruebergabe: "comvibilia.abgelehnt",
    ProsozOrdner: "prosoz.abgelehnt",
    ProsozSoap: "prosoz.abgelehnt",
}
ablehnende = [art for art in seiten.ORDNERSEITEN + seiten.NETZSEITEN if issubclass(art, tuple(ABLEHNUNGEN))]


@pytest.mark.parametrize("art", ablehnende)
def test_what_the_target_refuses_is_held_with_that_reason_and_a_retry_brings_it_once(
    auf: Auf, art: type[Seite]
) -> None:
    buehne = auf(art)
    buehne.seite.lehne_ab()
    buehne.sende(2)
    buehne.bringe_zu_ende(2)
    code = next(code for eine, code in ABLEHNUNGEN.items() if issubclass(art, eine))
    abgelehnte = [grund for status, grund in buehne.staende() if status == "held"]
    assert abgelehnte
    assert set(abgelehnte) == {code}
    for (kennung,) in buehne.frage("SELECT id FROM vorgang WHERE status = 'held'"):
        eingriff.wiederhole(buehne.welt.betrieb, kennung, "anna")
    buehne.bringe_zu_ende()
    assert not buehne.maengel()


@pytest.mark.parametrize("art", [art for art in seiten.ORDNERSEITEN if art is not seiten.Aktenablage])
def test_receipts_that_come_several_times_count_once(auf: Auf, art: type[Seite]) -> None:
    buehne = auf(art)
    buehne.seite.antworte_mehrfach()
    buehne.sende(2)
    buehne.bringe_zu_ende()
    assert not buehne.maengel()
    vorher = buehne.frage("SELECT vorgang_id, stufe, zeit FROM quittung ORDER BY vorgang_id, stufe")
    buehne.bringe_zu_ende(2)
    assert len(buehne.frage("SELECT 1 FROM quittung")) == len(vorher)


@je_ziel
def test_a_delivery_job_that_comes_again_delivers_nothing_again(auf: Auf, art: type[Seite]) -> None:
    buehne = auf(art)
    buehne.sende()
    buehne.gehe()
    for (kennung,) in buehne.frage("SELECT id FROM vorgang"):
        for versuch in ("1", "2", "7"):
            zustellung.stelle_zu(buehne.welt.betrieb, kennung, seiten.ZIEL, "1", versuch)
    buehne.bringe_zu_ende(3)
    assert not buehne.maengel()
