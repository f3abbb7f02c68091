"""Receive: stored, mirrored, and only then acknowledged; the same message is the same case."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from fachwerk import abruf
from fachwerk.errors import ContractError, PermanentError, RetryableError
from fachwerk.modell import Eingang
from fachwerk.tabellen import eingang, fallschluessel, inhalt, kanal_lauf, teil, vorgang
from fachwerk.testkit.welt import Welt, antrag_xml

Bau = Callable[..., Welt]

BESETZT = RetryableError("besetzt", "Das Postfach antwortet nicht.")


def test_a_message_is_stored_with_all_it_carried(welt: Welt) -> None:
    welt.lege_ein("n-1", antrag_xml(uuid="1"), ("plan.pdf", "application/pdf", b"%PDF-1.7 Plan"))
    assert welt.rufe_ab() == 1
    (zeile,) = welt.zeilen(eingang)
    ausgabe = welt.betrieb.store.ausgabe(zeile.vorgang_id, "receive")
    assert ausgabe is not None
    gelesen = welt.betrieb.store.lies_wert(Eingang, ausgabe)
    assert [(stueck.name, b"".join(stueck.bytes_strom())) for stueck in gelesen.teile] == [
        ("antrag.xml", antrag_xml(uuid="1")),
        ("plan.pdf", b"%PDF-1.7 Plan"),
    ]
    assert zeile.sha256 == abruf.inhaltssumme(gelesen)
    assert welt.der_vorgang().status == "ready"


def test_when_the_mailbox_is_told_everything_is_committed_already(baue_welt: Bau, tmp_path: Path) -> None:
    welt = baue_welt(sicherung={"spiegel": str(tmp_path / "spiegel")})
    gesehen: list[tuple[Any, ...]] = []

    def nachsehen(nachricht_id: str) -> None:
        with welt.betrieb.store.lesend() as verbindung:
            beansprucht = verbindung.execute(sa.select(sa.func.min(sa.cast(teil.c.beansprucht, sa.Integer)))).scalar()
            bestaetigt = verbindung.execute(sa.select(eingang.c.bestaetigt)).scalar()
        kennung = welt.der_vorgang().id
        spiegel = welt.betrieb.spiegel
        assert spiegel is not None
        gesehen.append((nachricht_id, beansprucht, bestaetigt, welt.auftraege.offene(), spiegel.pfad(kennung).exists()))

    welt.postfach.vor_dem_bestaetigen = nachsehen
    welt.lege_ein("n-1", antrag_xml())
    welt.rufe_ab()
    assert gesehen == [("n-1", 1, None, {abruf.auftrag_id(welt.der_vorgang().id, 1)}, True)]
    assert welt.zeilen(eingang)[0].bestaetigt is not None
    assert welt.postfach.bestaetigt == [("postfach", "n-1")]


def test_every_message_is_closed_before_the_next_is_fetched(welt: Welt) -> None:
    reihenfolge: list[tuple[str, int]] = []
    welt.postfach.vor_dem_bestaetigen = lambda kennung: reihenfolge.append((kennung, len(welt.vorgaenge())))
    for nummer in range(3):
        welt.lege_ein(f"n-{nummer}", antrag_xml())
    assert welt.rufe_ab() == 3
    assert reihenfolge == [("n-0", 1), ("n-1", 2), ("n-2", 3)]


# -- the same again ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("fragt_nach", [False, True])
def test_a_message_that_is_still_there_is_only_acknowledged(welt: Welt, fragt_nach: bool) -> None:
    welt.postfach.fragt_nach = fragt_nach
    welt.postfach.stoerung_beim_bestaetigen.append(BESETZT)
    welt.lege_ein("n-1", antrag_xml(), ("plan.pdf", "application/pdf", b"%PDF"))
    with pytest.raises(RetryableError, match="besetzt"):
        welt.rufe_ab()
    assert (welt.zeilen(eingang)[0].bestaetigt, welt.postfach.bestaetigt) == (None, [])
    assert welt.rufe_ab() == 0
    assert len(welt.vorgaenge()) == 1
    assert welt.zeilen(eingang)[0].bestaetigt is not None
    assert welt.postfach.bestaetigt == [("postfach", "n-1")]
    assert welt.arbeite() == 2
    assert len(welt.mit_schluessel.wirkungen) == 1


def test_the_second_copy_of_the_content_is_not_kept(welt: Welt) -> None:
    welt.postfach.stoerung_beim_bestaetigen.append(BESETZT)
    welt.lege_ein("n-1", antrag_xml())
    with pytest.raises(RetryableError):
        welt.rufe_ab()
    vorher = len(welt.zeilen(teil))
    welt.rufe_ab()
    assert len(welt.zeilen(teil)) == vorher


def test_the_same_id_with_other_content_is_a_second_case_held_and_both_originals_are_kept(welt: Welt) -> None:
    welt.lege_ein("n-1", antrag_xml(uuid="1"))
    welt.rufe_ab()
    welt.lege_ein("n-1", antrag_xml(uuid="2"))
    assert welt.rufe_ab() == 1
    erster, zweiter = welt.vorgaenge()
    assert (erster.status, zweiter.status, zweiter.grund) == ("ready", "held", "nachricht_id_abweichend")
    assert zweiter.gehalten_fuer == "sachbearbeitung"
    store = welt.betrieb.store
    inhalte = []
    for zeile in (erster, zweiter):
        gelesen = store.lies_wert(Eingang, store.ausgabe(zeile.id, "receive") or "")
        inhalte += [b"".join(stueck.bytes_strom()) for stueck in gelesen.teile]
    assert inhalte == [antrag_xml(uuid="1"), antrag_xml(uuid="2")]
    assert [zeile.abweichung for zeile in sorted(welt.zeilen(eingang), key=lambda z: z.abweichung)] == [0, 1]
    assert len(welt.postfach.bestaetigt) == 2


def test_the_other_content_seen_again_makes_no_third_case(welt: Welt) -> None:
    for uuid in ("1", "2", "2", "1"):
        welt.lege_ein("n-1", antrag_xml(uuid=uuid))
        welt.rufe_ab()
    assert len(welt.vorgaenge()) == 2


def test_the_same_id_in_two_mailboxes_is_two_messages(baue_welt: Bau) -> None:
    welt = baue_welt(kanal={"postfach": {"plugin": "postfach"}, "zweites": {"plugin": "postfach"}})
    welt.lege_ein("n-1", antrag_xml(uuid="1"))
    welt.lege_ein("n-1", antrag_xml(uuid="2"), kanal="zweites")
    assert (welt.rufe_ab(), welt.rufe_ab("zweites")) == (1, 1)
    assert {zeile.status for zeile in welt.vorgaenge()} == {"ready"}


# -- what goes wrong --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "fehler", [BESETZT, PermanentError("nie", "Geht nicht."), KeyError("Musterfrau"), RuntimeError("x")]
)
def test_a_message_that_cannot_be_acknowledged_does_not_hide_those_behind_it(welt: Welt, fehler: Exception) -> None:
    welt.postfach.stoerung_beim_bestaetigen.append(fehler)
    for nummer in range(3):
        welt.lege_ein(f"n-{nummer}", antrag_xml(uuid=str(nummer)))
    with pytest.raises((RetryableError, PermanentError, ContractError)) as gemeldet:
        welt.rufe_ab()
    assert "Musterfrau" not in str(gemeldet.value)
    assert len(welt.vorgaenge()) == 3
    assert [kennung for _, kennung in welt.postfach.bestaetigt] == ["n-1", "n-2"]
    assert welt.rufe_ab() == 0
    assert welt.postfach.inhalt["postfach"] == {}


def test_what_came_before_a_broken_message_is_kept_and_the_broken_one_leaves_nothing(welt: Welt) -> None:
    welt.lege_ein("n-1", antrag_xml(uuid="1"))
    welt.lege_ein("n-2", antrag_xml(uuid="2"), stoerung=RetryableError("abriss", "Die Leitung riss ab."))
    with pytest.raises(RetryableError, match="abriss"):
        welt.rufe_ab()
    assert len(welt.vorgaenge()) == 1
    assert [kennung for _, kennung in welt.postfach.bestaetigt] == ["n-1"]
    assert len(welt.zeilen(fallschluessel)) == 1
    assert welt.betrieb.store.inhalt.fege(timedelta(0)) == 0
    assert {zeile.teil_id for zeile in welt.zeilen(inhalt)} == {zeile.id for zeile in welt.zeilen(teil)}
    assert welt.arbeite() == 2
    assert welt.der_vorgang().status == "done"


def test_what_arrives_right_now_is_not_swept(welt: Welt) -> None:
    gefegt: list[int] = []
    welt.postfach.vor_dem_bestaetigen = lambda _: gefegt.append(welt.betrieb.store.inhalt.fege())
    welt.lege_ein("n-1", antrag_xml())
    welt.rufe_ab()
    assert gefegt == [0]
    welt.arbeite()
    assert welt.der_vorgang().status == "done"


def test_a_message_without_any_part_is_kept_and_held(welt: Welt) -> None:
    welt.lege_ein("n-1")
    assert welt.durchlauf() == ["held"]
    assert welt.der_vorgang().grund == "format_unbekannt"


@pytest.mark.parametrize(("fehler", "code"), [(BESETZT, "besetzt"), (ValueError("x"), "plugin_ausnahme"), (None, "")])
def test_every_poll_is_recorded_with_its_outcome(welt: Welt, fehler: Exception | None, code: str) -> None:
    welt.lege_ein("n-1", antrag_xml())
    if fehler is not None:
        welt.postfach.stoerung_beim_oeffnen.append(fehler)
        with pytest.raises((RetryableError, ContractError)):
            welt.rufe_ab()
    else:
        welt.rufe_ab()
    (lauf,) = welt.zeilen(kanal_lauf)
    assert (lauf.kanal, lauf.code, lauf.neu) == ("postfach", code, 0 if fehler else 1)
    assert lauf.ende is not None


# -- the mirror -------------------------------------------------------------------------------------------------------


def gesperrter_spiegel(baue_welt: Bau, tmp_path: Path) -> tuple[Welt, Path]:
    """A world whose mirror is a file where a folder should be."""
    sperre = tmp_path / "zweiter-datentraeger"
    sperre.write_text("kein Ordner")
    welt = baue_welt(sicherung={"spiegel": str(sperre)})
    welt.lege_ein("n-1", antrag_xml())
    return welt, sperre


@pytest.mark.parametrize("fragt_nach", [False, True])
def test_without_its_mirror_a_message_is_not_acknowledged_and_the_reason_is_said(
    baue_welt: Bau, tmp_path: Path, fragt_nach: bool
) -> None:
    welt, sperre = gesperrter_spiegel(baue_welt, tmp_path)
    welt.postfach.fragt_nach = fragt_nach
    for _ in range(2):
        with pytest.raises(RetryableError, match="spiegel_nicht_beschreibbar"):
            welt.rufe_ab()
    assert welt.postfach.bestaetigt == []
    assert [lauf.code for lauf in welt.zeilen(kanal_lauf)] == ["spiegel_nicht_beschreibbar"] * 2
    sperre.unlink()
    welt.rufe_ab()
    assert welt.postfach.bestaetigt == [("postfach", "n-1")]
    assert welt.betrieb.spiegel is not None
    assert welt.betrieb.spiegel.pfad(welt.der_vorgang().id).exists()


def test_a_message_whose_content_is_shredded_already_can_still_be_acknowledged(baue_welt: Bau, tmp_path: Path) -> None:
    welt = baue_welt(sicherung={"spiegel": str(tmp_path / "spiegel")})
    welt.postfach.stoerung_beim_bestaetigen.append(BESETZT)
    welt.lege_ein("n-1", antrag_xml())
    with pytest.raises(RetryableError):
        welt.rufe_ab()
    kennung = welt.der_vorgang().id
    assert welt.betrieb.spiegel is not None
    welt.betrieb.spiegel.entferne(kennung)
    welt.betrieb.store.inhalt.schreddere(kennung)
    welt.postfach.fragt_nach = True
    welt.rufe_ab()
    assert welt.postfach.bestaetigt == [("postfach", "n-1")]
    assert not welt.betrieb.spiegel.pfad(kennung).exists()


# -- two at once ------------------------------------------------------------------------------------------------------


def test_two_polls_of_one_mailbox_at_once_make_one_case_of_each_message(welt: Welt) -> None:
    for nummer in range(5):
        welt.lege_ein(f"n-{nummer}", antrag_xml(uuid=str(nummer)))
    nachbar = welt.nachbar()
    anfang = threading.Barrier(2)

    def rufe_ab(welche: Welt) -> None:
        anfang.wait(30)
        welche.rufe_ab()

    faeden = [threading.Thread(target=rufe_ab, args=(welche,)) for welche in (welt, nachbar)]
    for faden in faeden:
        faden.start()
    for faden in faeden:
        faden.join(60)
    nachbar.schliesse()
    assert len(welt.vorgaenge()) == 5
    assert {zeile.abweichung for zeile in welt.zeilen(eingang)} == {0}
    assert {kennung for _, kennung in welt.postfach.bestaetigt} == {f"n-{nummer}" for nummer in range(5)}
    welt.arbeite()
    assert len(welt.mit_schluessel.wirkungen) == 5


@pytest.mark.postgresql
@pytest.mark.parametrize(("uuid", "staende"), [("1", ["ready"]), ("2", ["ready", "held"])])
def test_a_message_another_node_stored_a_moment_earlier_is_compared_by_content(
    postgres_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, uuid: str, staende: list[str]
) -> None:
    welt = Welt(postgres_url, tmp_path)
    nachbar = welt.nachbar()
    finde = abruf._finde

    def finde_und_werde_ueberholt(*argumente: Any) -> Any:
        ergebnis = finde(*argumente)
        monkeypatch.setattr(abruf, "_finde", finde)
        welt.lege_ein("n-1", antrag_xml(uuid="1"))
        nachbar.rufe_ab()
        return ergebnis

    welt.lege_ein("n-1", antrag_xml(uuid=uuid))
    monkeypatch.setattr(abruf, "_finde", finde_und_werde_ueberholt)
    welt.rufe_ab()
    assert [zeile.status for zeile in welt.vorgaenge()][:1] == staende[:1]
    assert sorted(zeile.status for zeile in welt.vorgaenge()) == sorted(staende)
    with welt.betrieb.store.lesend() as verbindung:
        assert verbindung.execute(sa.select(sa.func.count()).select_from(vorgang)).scalar_one() == len(staende)
    nachbar.schliesse()
    welt.schliesse()
