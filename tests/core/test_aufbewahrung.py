"""Retention: finished content goes after its time, proof stays, unfinished cases are never touched."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import sqlalchemy as sa

from fachwerk.abschnitte import AuditEinstellungen, AufbewahrungEinstellungen
from fachwerk.aufbewahrung import loesche_faellige, loesche_nachweise
from fachwerk.entfernung import raeume
from fachwerk.errors import PermanentError
from fachwerk.schluessel import Schluesselbund, neuer_schluessel
from fachwerk.spiegel import Spiegel
from fachwerk.store import Store
from fachwerk.tabellen import alarm, ereignis, kanal_lauf, notiz, vorgang

HEUTE = datetime(2026, 11, 21, 12, tzinfo=UTC)


@pytest.fixture
def betrieb(datenbank: sa.Engine, tmp_path: Path) -> Any:
    """As much of an installation as retention needs: 30 days, a mirror."""
    return SimpleNamespace(
        store=Store(datenbank, Schluesselbund(neuer_schluessel())),
        spiegel=Spiegel(tmp_path / "spiegel"),
        ziele={},
        einstellungen=SimpleNamespace(
            aufbewahrung=AufbewahrungEinstellungen(inhalt_tage=30), audit=AuditEinstellungen()
        ),
    )


def _lege_an(betrieb: Any, vorgang_id: str, status: str, tage_her: int) -> Any:
    zeit = HEUTE - timedelta(days=tage_her)
    with betrieb.store.transaktion("test") as verbindung:
        betrieb.store.inhalt.lege_fall_an(verbindung, vorgang_id)
        verbindung.execute(
            vorgang.insert().values(id=vorgang_id, kanal="k", status=status, angelegt=zeit, geaendert=zeit)
        )
        teil = betrieb.store.inhalt.schreibe_in(verbindung, vorgang_id, [b"ein Antrag"])
    pfad = betrieb.spiegel.pfad(vorgang_id)
    pfad.parent.mkdir(parents=True, exist_ok=True)
    pfad.write_bytes(b"gespiegelt")
    return teil


def test_finished_content_goes_after_its_time_and_the_proof_stays(betrieb: Any) -> None:
    teil = _lege_an(betrieb, "alt", "done", tage_her=31)
    assert loesche_faellige(betrieb, HEUTE) == 1
    with pytest.raises(PermanentError, match="inhalt_fehlt"):
        teil.oeffnen()
    assert raeume(betrieb, HEUTE) == 1
    assert not betrieb.spiegel.pfad("alt").exists()
    assert betrieb.store.vorgang("alt").status == "done"
    with betrieb.store.lesend() as verbindung:
        assert verbindung.execute(sa.select(ereignis.c.was)).scalars().all() == ["inhalt_geloescht", "entfernt"]
    assert loesche_faellige(betrieb, HEUTE) == 0


def test_what_was_computed_from_the_content_goes_with_it_and_the_day_of_the_last_change_stays(betrieb: Any) -> None:
    _lege_an(betrieb, "alt", "done", tage_her=31)
    with betrieb.store.transaktion("test") as verbindung:
        verbindung.execute(vorgang.update().values(dringlichkeit="sofort", frist=date(2026, 11, 3)))
    vorher = betrieb.store.vorgang("alt").geaendert
    loesche_faellige(betrieb, HEUTE)
    zeile = betrieb.store.vorgang("alt")
    assert (zeile.dringlichkeit, zeile.frist, zeile.geaendert) == ("", None, vorher)


@pytest.mark.parametrize(
    ("status", "tage_her"),
    [("done", 29), ("held", 4000), ("waiting", 4000), ("ready", 4000), ("running", 4000)],
)
def test_what_is_young_or_unfinished_stays(betrieb: Any, status: str, tage_her: int) -> None:
    teil = _lege_an(betrieb, "bleibt", status, tage_her)
    assert loesche_faellige(betrieb, HEUTE) == 0
    assert teil.oeffnen().read() == b"ein Antrag"
    assert betrieb.spiegel.pfad("bleibt").exists()


def test_what_a_crash_left_of_a_shredded_case_is_swept(betrieb: Any) -> None:
    teil = _lege_an(betrieb, "halb", "done", tage_her=31)
    with betrieb.store.transaktion("test") as verbindung:
        betrieb.store.inhalt.vernichte_schluessel(verbindung, "halb")
    with pytest.raises(PermanentError, match="inhalt_geloescht"):
        teil.oeffnen().read()
    assert betrieb.store.inhalt.fege() == 1
    assert betrieb.store.inhalt.fege() == 0


AUSNAHMEN = [
    {"leistung": "wbs", "inhalt_tage": 10},
    {"land": "mv", "inhalt_tage": 60},
    {"leistung": "wbs", "land": "mv", "inhalt_tage": 90},
]


@pytest.mark.parametrize(
    ("leistung", "land", "tage"), [("wbs", "nw", 10), ("wbs", "mv", 90), ("anderes", "mv", 60), ("anderes", "nw", 30)]
)
def test_the_most_exact_exception_holds_to_the_day(betrieb: Any, leistung: str, land: str, tage: int) -> None:
    betrieb.einstellungen.aufbewahrung = AufbewahrungEinstellungen.model_validate({"fuer": AUSNAHMEN})
    for name, her in (("alt", tage + 1), ("jung", tage - 1)):
        _lege_an(betrieb, name, "done", her)
    with betrieb.store.transaktion("test") as verbindung:
        verbindung.execute(vorgang.update().values(leistung=leistung, land=land))
    assert loesche_faellige(betrieb, HEUTE) == 1
    with betrieb.store.lesend() as verbindung:
        assert verbindung.execute(sa.select(ereignis.c.kette)).scalars().all() == ["alt"]


@pytest.mark.parametrize("fuer", [[{"inhalt_tage": 5}], [{"leistung": "*", "inhalt_tage": 5}], AUSNAHMEN[:1] * 2])
def test_an_exception_names_something_and_only_once(fuer: list[dict[str, Any]]) -> None:
    with pytest.raises(ValueError, match="aufbewahrung"):
        AufbewahrungEinstellungen.model_validate({"fuer": fuer})


def test_closed_alarms_notes_polls_and_heads_go_after_the_years_of_proof(betrieb: Any, tmp_path: Path) -> None:
    lange_her, neulich = HEUTE - timedelta(days=366 * 10 + 1), HEUTE - timedelta(days=30)
    with betrieb.store.transaktion("test") as verbindung:
        for zeit, offen in ((lange_her, False), (neulich, False), (lange_her, True)):
            zeiten = {"seit": zeit, "zuletzt": zeit, "behoben": None if offen else zeit}
            verbindung.execute(alarm.insert().values(anlass="a", gegenstand=f"{zeit}", code="c", hinweis="", **zeiten))
        for nr, zeit in enumerate((lange_her, neulich)):
            werte = {"plugin": "p", "schluessel": f"{nr}", "name": "n", "wert": "w", "zeit": zeit}
            verbindung.execute(notiz.insert().values(**werte))
            for ende in (zeit, None):  # the other one was cut short
                verbindung.execute(kanal_lauf.insert().values(kanal="k", beginn=zeit, ende=ende))
    betrieb.einstellungen.audit = AuditEinstellungen(ordner="koepfe")
    betrieb.einstellungen.pfad = tmp_path.joinpath
    (tmp_path / "koepfe").mkdir()
    for name in ("koepfe-2016-01-01.jsonl", "koepfe-2026-11-01.jsonl", "koepfe-eigene.jsonl"):
        (tmp_path / "koepfe" / name).touch()
    loesche_nachweise(betrieb, HEUTE)
    with betrieb.store.lesend() as verbindung:
        assert [len(verbindung.execute(sa.select(t)).all()) for t in (alarm, notiz, kanal_lauf)] == [2, 1, 2]
    assert sorted(d.name for d in (tmp_path / "koepfe").iterdir()) == ["koepfe-2026-11-01.jsonl", "koepfe-eigene.jsonl"]
