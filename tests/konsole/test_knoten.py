"""Several nodes, a console on each: whoever is logged in on one is so on all, and sees what was done on another."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta, tzinfo
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from starlette.testclient import TestClient

from fachwerk import pausen
from fachwerk.konsole import sitzungen
from fachwerk.konsole.app import baue
from fachwerk.tabellen import pause
from fachwerk.testkit.welt import antrag_xml

NeuesPult = Callable[..., Any]


class Nachbar:
    """A second node at the same database, with its own console; the browser is the same."""

    def __init__(self, erster: Any) -> None:
        self.welt = erster.welt.nachbar()
        self.client = TestClient(baue(self.welt.betrieb), base_url="http://127.0.0.1", follow_redirects=False)
        self.client.cookies = erster.client.cookies

    def handle(self, pfad: str, csrf: str, **felder: str) -> Any:
        return self.client.post(pfad, data={**felder, "csrf": csrf}, headers={"Origin": "http://127.0.0.1"})


@pytest.fixture
def zwei(pult: NeuesPult) -> Iterator[tuple[Any, Nachbar]]:
    """A desk at node one, with somebody logged in, and node two."""
    eins = pult("verwalten", "bearbeiten", "betrieb")
    nachbar = Nachbar(eins)
    yield eins, nachbar
    nachbar.client.close()
    nachbar.welt.schliesse()


def test_wer_auf_einem_knoten_angemeldet_ist_ist_es_auf_jedem_und_die_abmeldung_gilt_ueberall(
    zwei: tuple[Any, Nachbar],
) -> None:
    eins, nachbar = zwei
    assert nachbar.client.get("/").status_code == 200
    assert nachbar.handle("/abmeldung", eins.csrf).status_code == 303
    assert eins.hole("/").headers["location"].startswith("/anmeldung")


def test_das_formular_eines_knotens_gilt_auf_dem_anderen_und_wirkt_auf_beiden(zwei: tuple[Any, Nachbar]) -> None:
    eins, nachbar = zwei
    antwort = nachbar.handle("/ziel/akte/anhalten", eins.csrf, grund="Umzug des Servers")
    assert antwort.status_code == 303, antwort.text
    assert pausen.ist_pausiert(eins.store, "ziel:akte")
    eins.welt.lege_ein("n-1", antrag_xml(uuid="u-1"))
    eins.welt.durchlauf()
    assert (eins.welt.der_vorgang().grund, eins.welt.mit_schluessel.versuche) == ("ziel_pausiert", [])
    assert "VON HAND ANGEHALTEN" in eins.hole("/ziele").text.upper()


class _Vorgehend(datetime):
    """The clock of a node that is an hour ahead."""

    @classmethod
    def now(cls, tz: tzinfo | None = None) -> datetime:
        return datetime.now(tz or UTC) + timedelta(hours=1)


def test_ein_knoten_dessen_uhr_vorgeht_beendet_keine_sitzung(
    zwei: tuple[Any, Nachbar], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sitzungen, "datetime", _Vorgehend)
    assert zwei[1].client.get("/").status_code == 200


# -- without the database ---------------------------------------------------------------------------------------------


def test_ohne_datenbank_sagt_jede_seite_was_los_ist_und_wann_man_wiederkommen_soll(
    zwei: tuple[Any, Nachbar], tmp_path: Path
) -> None:
    eins, nachbar = zwei
    csrf, pfad = eins.csrf, Path(eins.store.datenbank.url.database)
    eins.store.datenbank.dispose()
    nachbar.welt.betrieb.store.datenbank.dispose()
    os.rename(pfad, pfad.with_suffix(".weg"))
    pfad.mkdir()
    antworten = [eins.hole("/"), eins.hole("/vorgaenge"), nachbar.client.get("/")]
    antworten.append(nachbar.handle("/ziel/akte/anhalten", csrf, grund="x"))
    pfad.rmdir()
    os.rename(pfad.with_suffix(".weg"), pfad)
    assert {antwort.status_code for antwort in antworten} == {503}
    assert all("Die Datenbank ist gerade nicht erreichbar" in antwort.text for antwort in antworten)
    assert all(antwort.headers["retry-after"] for antwort in antworten)
    assert eins.hole("/").status_code == 200
    with eins.store.lesend() as verbindung:
        assert verbindung.execute(sa.select(pause)).all() == []
