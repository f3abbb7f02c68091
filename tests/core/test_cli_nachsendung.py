"""``fachwerk vorgang resend`` as an operator types it: one case at once, many only after a look."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from fachwerk import cli
from fachwerk.cli.vorgang_nachsendung import STUFEN, ZUSTAENDE
from fachwerk.lage import ZEITZONE
from fachwerk.modell import Stufe, Vorgangstand
from fachwerk.tabellen import ereignis, zustellung
from fachwerk.testkit.welt import Auftragsbuch, Welt, antrag_xml

Tippe = Callable[..., tuple[int, str, str]]

KONFIG = """
[fachwerk]
datenbank = "{url}"
land = "mv"
[kanal.postfach]
plugin = "postfach"
[ziel.akte]
plugin = "mit_schluessel"
[ziel.amt]
plugin = "ohne_schutz"
[[route]]
leistung = "*"
ziel = ["akte", "amt"]
"""
ZIELE = {"akte": "mit_schluessel", "amt": "ohne_schutz"}


@pytest.fixture
def welt(baue_welt: Callable[..., Welt]) -> Welt:
    """Three cases, delivered to a Ziel that knows keys and to one that does not."""
    welt = baue_welt(ziel=ZIELE, route=[{"leistung": "*", "ziel": ["akte", "amt"]}])
    for nummer in range(3):
        welt.lege_ein(f"n-{nummer}", antrag_xml(uuid=f"u-{nummer}"))
    assert set(welt.durchlauf()) == {"done"}
    return welt


@pytest.fixture
def tippe(
    welt: Welt,
    tmp_path: Path,
    datenbank_url: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Tippe:
    konfig = tmp_path / "welt" / "fachwerk.toml"
    konfig.write_text(KONFIG.format(url=datenbank_url), encoding="utf-8")
    monkeypatch.setattr("fachwerk.betrieb.lade", lambda namen, **_: welt.plugins)
    monkeypatch.setattr("fachwerk.engine.Auftraege", Auftragsbuch)
    monkeypatch.setenv("COLUMNS", "200")

    def eingeben(*worte: str) -> tuple[int, str, str]:
        capsys.readouterr()
        try:
            code = cli.starte(["--konfig", str(konfig), "vorgang", "resend", *worte])
        except SystemExit as ende:
            code = int(ende.code or 0)
        return code, *capsys.readouterr()

    return eingeben


def test_the_words_are_those_of_the_model() -> None:
    assert tuple(stufe.value for stufe in Stufe) == STUFEN
    assert set(ZUSTAENDE) < {stand.value for stand in Vorgangstand}


def test_one_case_is_handed_over_at_once_and_audited_with_the_name(welt: Welt, tippe: Tippe) -> None:
    kennung = welt.vorgaenge()[0].id
    code, aus, _ = tippe(kennung[:8], "--ziel", "akte", "--grund", "Verlust", "--wer", "anna")
    assert code == 0
    assert "1 von 1 Zustellungen werden bearbeitet" in aus
    assert ("anna", "nachgesendet", "akte") in [(e.wer, e.was, e.code) for e in welt.zeilen(ereignis)]
    welt.arbeite()
    assert len(welt.mit_schluessel.versuche) == 4


def test_a_look_at_one_case_changes_nothing(welt: Welt, tippe: Tippe) -> None:
    code, aus, _ = tippe(welt.vorgaenge()[0].id, "--ziel", "akte", "--probe")
    assert code == 0
    assert "das Ziel erkennt die Kennung" in aus
    assert "Nur angesehen, nichts geändert." in aus
    assert welt.arbeite() == 0


def test_what_is_refused_says_why_and_what_to_do(welt: Welt, tippe: Tippe) -> None:
    worte = (welt.vorgaenge()[0].id, "--ziel", "amt", "--grund", "Verlust")
    code, aus, fehler = tippe(*worte)
    assert (code, aus) == (1, "")
    assert "--nicht-angekommen" in fehler
    assert "[nachsendung_unsicher]" in fehler
    assert tippe(*worte, "--nicht-angekommen")[0] == 0


def test_many_are_shown_first_and_only_then_handed_over(welt: Welt, tippe: Tippe) -> None:
    code, aus, _ = tippe("--ziel", "akte")
    assert code == 0
    assert "3 von 3 Zustellungen würden bearbeitet" in aus
    assert welt.arbeite() == 0
    code, aus, fehler = tippe("--ziel", "akte", "--ausfuehren", "--erwartet-anzahl", "3", "--grund", "Platte verloren")
    assert (code, fehler) == (0, "")
    assert "3 von 3 Zustellungen werden bearbeitet" in aus
    welt.arbeite()
    assert len(welt.mit_schluessel.versuche) == 6


def test_another_number_than_expected_stops_everything(welt: Welt, tippe: Tippe) -> None:
    code, _, fehler = tippe("--ziel", "akte", "--ausfuehren", "--erwartet-anzahl", "2", "--grund", "Verlust")
    assert code == 1
    assert "jetzt 3 Zustellungen, erwartet waren 2" in fehler
    assert welt.arbeite() == 0


def test_what_is_refused_among_many_is_listed_and_the_rest_is_done(welt: Welt, tippe: Tippe) -> None:
    erster = welt.vorgaenge()[0].id
    tippe(erster, "--ziel", "akte", "--grund", "Verlust")
    code, aus, _ = tippe("--ziel", "akte", "--ausfuehren", "--grund", "Verlust", "--json")
    dokument = json.loads(aus)
    assert code == 1
    assert {name: dokument[name] for name in ("ziel", "ausgefuehrt", "moeglich", "abgelehnt")} == {
        "ziel": "akte",
        "ausgefuehrt": True,
        "moeglich": 2,
        "abgelehnt": 1,
    }
    abgelehnt = [zeile for zeile in dokument["vorgaenge"] if zeile["weg"] is None]
    assert [(zeile["vorgang_id"], zeile["code"]) for zeile in abgelehnt] == [(erster, "nachsendung_unterwegs")]


def test_a_day_as_end_includes_itself_in_german_time(welt: Welt, tippe: Tippe) -> None:
    abends = datetime(2026, 7, 10, 23, 59, 59, tzinfo=ZEITZONE)
    with welt.betrieb.store.transaktion("test") as verbindung:
        verbindung.execute(zustellung.update().values(seit=abends.astimezone(UTC)))
    for angaben, anzahl in (
        (("--seit", "2026-07-10", "--bis", "2026-07-10"), 3),
        (("--bis", "2026-07-09"), 0),
        (("--seit", "2026-07-11"), 0),
        (("--seit", "2026-07-10 23:59"), 3),
        (("--leistung", "wbs", "--status", "done"), 3),
        (("--stufe", "uebernommen"), 0),
    ):
        assert json.loads(tippe("--ziel", "akte", "--json", *angaben)[1])["moeglich"] == anzahl, angaben
    assert "Dazu passt keine Zustellung." in tippe("--ziel", "akte", "--ueberfaellig")[1]


@pytest.mark.parametrize(
    "worte",
    [
        ("--grund", "x"),
        ("abc", "--ziel", "akte"),
        ("--ziel", "akte", "--ausfuehren"),
        ("--ziel", "akte", "--probe"),
        ("abc", "--ziel", "akte", "--grund", "x", "--ueberfaellig"),
        ("abc", "--ziel", "akte", "--grund", "x", "--erwartet-anzahl", "1"),
        ("--ziel", "akte", "--leistung", "wsb"),
        ("--ziel", "akte", "--seit", "gestern"),
        ("abc", "--ziel", "akte", "--grund", "x"),
    ],
)
def test_what_does_not_go_together_is_a_usage_error(worte: tuple[str, ...], tippe: Tippe, welt: Welt) -> None:
    assert tippe(*worte)[0] == 2
    assert welt.arbeite() == 0
