"""The example of docs/hooks.md is a plugin that works: it goes the whole line here, hook by hook."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from datetime import date
from pathlib import Path
from types import CodeType, ModuleType

import click
import pytest
from click.testing import CliRunner

from fachwerk.errors import NeedsHumanError, RetryableError
from fachwerk.modell import (
    Anlage,
    Antrag,
    Eingang,
    Empfehlung,
    Entscheidung,
    Kanal,
    Schwere,
    Sendung,
    Stufe,
    Teil,
    Ziel,
)
from fachwerk.plugins import Plugins
from fachwerk.testkit.wirt import FakeHost
from fachwerk.vertrag import ARGUMENTE

DOCS = Path(__file__).resolve().parents[1] / "docs"
TAG = date(2026, 3, 2)


def bloecke(datei: str) -> list[str]:
    return re.findall(r"^```python\n(.*?)^```", (DOCS / datei).read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)


def uebersetzt(text: str) -> CodeType:
    return compile(text, "docs", "exec", dont_inherit=True)


@pytest.fixture(scope="module")
def beispiel() -> ModuleType:
    modul = ModuleType("fachwerk_beispiel")
    exec(uebersetzt("\n".join(bloecke("hooks.md"))), modul.__dict__)  # noqa: S102  our own documentation
    return modul


@pytest.fixture
def plugins(beispiel: ModuleType) -> Plugins:
    return Plugins.aus_modulen({"beispiel": beispiel})


@pytest.fixture
def kanal(beispiel: ModuleType) -> Kanal:
    return Kanal(name="post", plugin="beispiel", einstellungen=beispiel.Einstellungen(verzeichnis="ein"))


@pytest.fixture
def ziel(beispiel: ModuleType) -> Ziel:
    return Ziel(name="akte", plugin="beispiel", einstellungen=beispiel.Einstellungen(verzeichnis="aus"))


@pytest.fixture
def eingang(plugins: Plugins, kanal: Kanal, fake_host: FakeHost) -> Eingang:
    (fake_host.ordner / "ein").mkdir()
    (fake_host.ordner / "ein" / "a1.xml").write_bytes(b"<antrag/>")
    [eingang] = plugins.rufe("beispiel", "receive", kanal=kanal, host=fake_host)
    assert isinstance(eingang, Eingang)
    return eingang


def sendung_aus(plugins: Plugins, eingang: Eingang, ziel: Ziel) -> Sendung:
    antrag = plugins.rufe("beispiel", "map", eingang=eingang)
    entscheidung = Entscheidung(empfehlung=Empfehlung.VORLEGEN, stichtag=TAG)
    sendung = plugins.rufe("beispiel", "render", antrag=antrag, entscheidung=entscheidung, ziel=ziel)
    assert isinstance(sendung, Sendung)
    return sendung


def test_the_example_has_every_hook_and_keeps_the_contract(plugins: Plugins) -> None:
    assert {hook for hook in ARGUMENTE if plugins.hat("beispiel", hook)} == set(ARGUMENTE)
    assert plugins.manifest("beispiel").leistungen == {"wbs"}


def test_receive_reads_what_waits_and_acknowledge_removes_it_even_twice(
    plugins: Plugins, kanal: Kanal, eingang: Eingang, fake_host: FakeHost
) -> None:
    assert (eingang.nachricht_id, eingang.teile[0].oeffnen().read()) == ("a1", b"<antrag/>")
    for _ in range(2):
        plugins.rufe("beispiel", "acknowledge", kanal=kanal, eingang=eingang, host=fake_host)
    assert list(plugins.rufe("beispiel", "receive", kanal=kanal, host=fake_host)) == []


def test_map_asks_a_person_where_it_would_have_to_guess(plugins: Plugins, eingang: Eingang) -> None:
    zwei = eingang.model_copy(update={"teile": eingang.teile * 2})
    with pytest.raises(NeedsHumanError, match="Welcher ist der Antrag"):
        plugins.rufe("beispiel", "map", eingang=zwei)


def test_validate_and_decide_say_what_they_know(plugins: Plugins, eingang: Eingang) -> None:
    antrag: Antrag = plugins.rufe("beispiel", "map", eingang=eingang)
    [befund] = plugins.rufe("beispiel", "validate", antrag=antrag, stichtag=TAG)
    assert (befund.code, befund.schwere) == ("beispiel.antragsdatum", Schwere.HINWEIS)
    ohne_fall = plugins.rufe("beispiel", "decide", antrag=antrag, befunde=(), stichtag=TAG)
    assert ohne_fall.empfehlung is Empfehlung.VORLEGEN
    mit_fall = antrag.model_copy(update={"fall": {"land": "nw"}})
    assert plugins.rufe("beispiel", "decide", antrag=mit_fall, befunde=(), stichtag=TAG) is None


def test_render_is_deterministic_and_deliver_writes_exactly_that(
    plugins: Plugins, eingang: Eingang, ziel: Ziel, fake_host: FakeHost
) -> None:
    eine, andere = (sendung_aus(plugins, eingang, ziel) for _ in range(2))
    inhalte = [[anlage.teil.oeffnen().read() for anlage in sendung.anlagen] for sendung in (eine, andere)]
    assert inhalte[0] == inhalte[1] == [b"Empfehlung: vorlegen\n", b"<antrag/>"]
    quittung = plugins.rufe("beispiel", "deliver", sendung=eine, ziel=ziel, schluessel="v1:akte:1", host=fake_host)
    assert (quittung.stufe, quittung.zeit) == (Stufe.UEBERGEBEN, fake_host.now())
    akte = fake_host.ordner / "aus" / "v1_akte_1"
    assert {datei.name: datei.read_bytes() for datei in akte.iterdir()} == {
        "vermerk.txt": inhalte[0][0],
        "antrag.xml": inhalte[0][1],
    }


def test_find_delivered_knows_what_arrived_and_what_did_not(
    plugins: Plugins, eingang: Eingang, ziel: Ziel, fake_host: FakeHost
) -> None:
    def frage(schluessel: str) -> object:
        return plugins.rufe("beispiel", "find_delivered", ziel=ziel, schluessel=schluessel, host=fake_host)

    assert frage("v1:akte:1") is None
    sendung = sendung_aus(plugins, eingang, ziel)
    plugins.rufe("beispiel", "deliver", sendung=sendung, ziel=ziel, schluessel="v1:akte:1", host=fake_host)
    assert frage("v1:akte:1") is not None
    assert frage("v1:akte:2") is None


def test_what_it_delivered_goes_when_its_time_is_over(
    plugins: Plugins, eingang: Eingang, ziel: Ziel, fake_host: FakeHost
) -> None:
    (fake_host.ordner / "aus").mkdir()
    sendung = sendung_aus(plugins, eingang, ziel)
    wohin = {"ziel": ziel, "schluessel": "v1:akte:1", "host": fake_host}
    plugins.rufe("beispiel", "deliver", sendung=sendung, **wohin)
    plugins.rufe("beispiel", "forget", **wohin)
    plugins.rufe("beispiel", "forget", **wohin)
    assert list((fake_host.ordner / "aus").iterdir()) == []


def test_deliver_may_be_repeated_when_nothing_was_handed_over(
    plugins: Plugins, ziel: Ziel, fake_host: FakeHost
) -> None:
    (fake_host.ordner / "aus").write_bytes(b"a file where a folder should be")
    teil = Teil.entwurf("x.txt", "text/plain", lambda: [b"x"])
    sendung = Sendung(ziel="akte", bezeichnung="x", anlagen=(Anlage(pfad="x.txt", teil=teil),))
    with pytest.raises(RetryableError):
        plugins.rufe("beispiel", "deliver", sendung=sendung, ziel=ziel, schluessel="v1:akte:1", host=fake_host)


def test_check_reports_a_missing_folder(plugins: Plugins, ziel: Ziel, fake_host: FakeHost) -> None:
    def codes() -> list[str]:
        return [b.code for b in plugins.rufe("beispiel", "check", kanal_oder_ziel=ziel, host=fake_host)]

    assert codes() == ["beispiel.ordner"]
    (fake_host.ordner / "aus").mkdir()
    assert codes() == []


def test_register_commands_adds_a_command_that_runs(plugins: Plugins) -> None:
    cli = click.Group()
    plugins.rufe("beispiel", "register_commands", cli=cli)
    assert CliRunner().invoke(cli, ["zaehle"]).output == "1 2 3\n"


def test_on_step_is_told_of_each_step(plugins: Plugins, beispiel: ModuleType) -> None:
    for schritt in ("map", "deliver"):
        plugins.rufe("beispiel", "on_step", vorgang_id=f"v-{schritt}", schritt=schritt)
    assert beispiel._uebergeben == {"v-deliver"}


def test_the_test_of_docs_adapter_passes_with_the_example(
    beispiel: ModuleType, fake_host: FakeHost, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "fachwerk_beispiel", beispiel)
    monkeypatch.setitem(sys.modules, "fachwerk_beispiel.settings", beispiel)
    namen: dict[str, Callable[[FakeHost], None]] = {}
    exec(uebersetzt(bloecke("adapter.md")[-1]), namen)  # noqa: S102  our own documentation
    namen["test_a_waiting_file_becomes_an_eingang"](fake_host)
