"""Old and new core at one database: the new one reads what the old one wrote, the old one guesses at nothing new."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import pytest

from fachwerk import journalwerte, line, store, ueberlassung, zustellung
from fachwerk.cli import _fehler
from fachwerk.dienst import Dienst
from fachwerk.engine import Aufgabe
from fachwerk.journalwerte import WertZuNeu
from fachwerk.modell import SCHEMA, Eingang
from fachwerk.tabellen import knoten
from fachwerk.tabellen import zustellung as zustellung_tabelle
from fachwerk.testkit.welt import Welt, antrag_xml

NEU = SCHEMA + 1
Neuer = Callable[[], Any]


@pytest.fixture
def neuer_kern(monkeypatch: pytest.MonkeyPatch) -> Neuer:
    """For as long as the block lasts this process is the next core, whose values have another name for a field."""

    def hebe(typ: str, wert: dict[str, Any]) -> dict[str, Any]:
        return {**wert, "nachricht_id": f"gehoben:{wert['nachricht_id']}"} if typ == "Eingang" else wert

    @contextmanager
    def kern() -> Iterator[None]:
        with monkeypatch.context() as dort:
            dort.setattr(store, "SCHEMA", NEU)
            dort.setattr(journalwerte, "SCHEMA", NEU)
            dort.setattr(journalwerte, "LESER", {SCHEMA: hebe})
            yield

    return kern


def lebt(welt: Welt, werte: int) -> None:
    """Another node, with a core that writes this schema."""
    jetzt = datetime.now(UTC)
    with welt.betrieb.store.datenbank.begin() as verbindung:
        zeile = {"platz": f"n-{werte}", "prozess": f"p{werte}", "gestartet": jetzt, "herzschlag": jetzt, "werte": werte}
        verbindung.execute(knoten.insert().values(**zeile))


def im_dienst(welt: Welt, name: str, funktion: Callable[..., None]) -> Aufgabe:
    return Dienst(welt.betrieb)._im_fall(name, lambda *argumente: funktion(welt.betrieb, *argumente))


def test_every_schema_before_this_one_has_a_reader() -> None:
    assert set(journalwerte.LESER) == set(range(1, SCHEMA))


def test_values_of_the_schema_before_are_read_and_the_case_goes_on(welt: Welt, neuer_kern: Neuer) -> None:
    welt.lege_ein("n-1", antrag_xml(uuid="1"))
    welt.rufe_ab()
    ausgabe = welt.betrieb.store.ausgabe(welt.der_vorgang().id, "receive")
    with neuer_kern():
        assert welt.betrieb.store.lies_wert(Eingang, ausgabe or "").nachricht_id == "gehoben:n-1"
        welt.arbeite()
    assert welt.der_vorgang().status == "done"


def test_a_case_of_a_newer_core_is_left_to_the_node_that_can_read_it(welt: Welt, neuer_kern: Neuer) -> None:
    with neuer_kern():
        welt.lege_ein("n-1", antrag_xml(uuid="1"))
        welt.rufe_ab()
    fall = welt.der_vorgang()
    lebt(welt, NEU)
    with pytest.raises(WertZuNeu):
        line.bearbeite(welt.betrieb, fall.id)
    im_dienst(welt, "bearbeite", line.bearbeite)(fall.id)
    ueberlassung.ueberlasse(welt.betrieb, "bearbeite", f"linie:{fall.id}:1:u1", (fall.id,), NEU)
    assert welt.der_vorgang().status == "ready"
    assert f"linie:{fall.id}:1:u2" in welt.auftraege.offene()
    with neuer_kern():
        welt.vergehe(seconds=ueberlassung.PAUSE_S + 1)
        lebt(welt, NEU + 1)
        welt.arbeite()
    assert welt.der_vorgang().status == "done"
    assert len(welt.mit_schluessel.wirkungen) == 1


def test_where_nobody_can_read_it_the_case_is_held_and_goes_on_with_the_newer_core(
    welt: Welt, neuer_kern: Neuer
) -> None:
    with neuer_kern():
        welt.lege_ein("n-1", antrag_xml(uuid="1"))
        welt.rufe_ab()
    fall = welt.der_vorgang()
    lebt(welt, SCHEMA)
    im_dienst(welt, "bearbeite", line.bearbeite)(fall.id)
    gehalten = welt.der_vorgang()
    assert (gehalten.status, gehalten.grund, gehalten.gehalten_fuer) == ("held", ueberlassung.CODE, "technik")


@pytest.mark.parametrize("ziel", ["mit_schluessel", "ohne_schutz"])
@pytest.mark.parametrize("leser_lebt", [True, False])
def test_a_delivery_an_old_node_cannot_read_was_never_begun(
    baue_welt: Callable[..., Welt], neuer_kern: Neuer, ziel: str, leser_lebt: bool
) -> None:
    """Also where the target cannot be asked: nothing was sent, so nothing is unknown."""
    welt = baue_welt(ziel={"akte": ziel})
    with neuer_kern():
        welt.lege_ein("n-1", antrag_xml(uuid="1"))
        welt.rufe_ab()
        line.bearbeite(welt.betrieb, welt.der_vorgang().id)
    lebt(welt, NEU if leser_lebt else SCHEMA)
    im_dienst(welt, "stelle_zu", zustellung.stelle_zu)(welt.der_vorgang().id, "akte", "1", "1")
    [zeile] = welt.zeilen(zustellung_tabelle)
    assert (zeile.status, zeile.absicht_von) == ("offen" if leser_lebt else "gehalten", "")
    assert welt.der_vorgang().status == ("running" if leser_lebt else "held")
    assert getattr(welt, ziel).versuche == []
    if leser_lebt:
        with neuer_kern():
            welt.vergehe(seconds=ueberlassung.PAUSE_S + 1)
            welt.arbeite()
        assert welt.der_vorgang().status == "done"
        assert len(getattr(welt, ziel).versuche) == 1


def test_a_command_of_the_older_core_says_what_to_do(capsys: pytest.CaptureFixture[str]) -> None:
    assert _fehler(WertZuNeu(NEU)) == 1
    assert "neueren Fassung aufrufen. [wert_zu_neu]" in capsys.readouterr().err


def test_a_poll_of_an_old_node_passes_over_what_a_newer_one_received(
    welt: Welt, monkeypatch: pytest.MonkeyPatch
) -> None:
    def zu_neu(*_: object) -> int:
        raise WertZuNeu(NEU)

    monkeypatch.setattr("fachwerk.kanalprobe.rufe_ab", zu_neu)
    dienst = Dienst(welt.betrieb)
    dienst._rufe_ab("postfach")
    assert dienst.fehler["postfach"].vergeht
