"""``fachwerk vorgang …`` and ``fachwerk poll`` on a small installation, as an operator types them."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click.testing
import pytest

from fachwerk import cli
from fachwerk.cli.vorgang import ZUSTAENDE
from fachwerk.errors import NeedsHumanError
from fachwerk.modell import Befund, Schwere, Vorgangstand
from fachwerk.tabellen import ereignis
from fachwerk.testkit.mitspieler import Stoerung
from fachwerk.testkit.welt import Auftragsbuch, Welt, antrag_xml

Bau = Callable[..., Welt]

KONFIG = """
[fachwerk]
datenbank = "{url}"
land = "mv"
[kanal.postfach]
plugin = "postfach"
[ziel.akte]
plugin = "mit_schluessel"
[[route]]
leistung = "*"
ziel = "akte"
"""


class Pult:
    """An operator's terminal at the installation of a world."""

    def __init__(self, welt: Welt, konfig: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.welt, self._konfig, self._capsys = welt, konfig, capsys

    def tippe(self, *worte: str) -> tuple[int, str, str]:
        """Exit code, stdout and stderr of ``fachwerk --konfig … WORTE``."""
        self._capsys.readouterr()
        code = cli.starte(["--konfig", str(self._konfig), *worte])
        aus, fehler = self._capsys.readouterr()
        return code, aus, fehler


@pytest.fixture
def pult(
    welt: Welt,
    tmp_path: Path,
    datenbank_url: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Pult:
    konfig = tmp_path / "welt" / "fachwerk.toml"
    konfig.write_text(KONFIG.format(url=datenbank_url), encoding="utf-8")
    monkeypatch.setattr("fachwerk.betrieb.lade", lambda namen, **_: welt.plugins)
    monkeypatch.setattr("fachwerk.engine.Auftraege", Auftragsbuch)
    return Pult(welt, konfig, capsys)


def halte(welt: Welt, anzahl: int = 1) -> list[str]:
    welt.format.fehler = NeedsHumanError("frage", "Was ist gemeint?")
    for nummer in range(anzahl):
        welt.lege_ein(f"n-{nummer}", antrag_xml(uuid=str(nummer)))
    welt.durchlauf()
    welt.format.fehler = None
    return [zeile.id for zeile in welt.vorgaenge()]


# -- list and show ----------------------------------------------------------------------------------------------------


def test_an_empty_installation_says_so(pult: Pult) -> None:
    code, aus, _ = pult.tippe("vorgang", "list")
    assert (code, aus.splitlines()[-1]) == (0, "Keine Vorgänge.")
    assert pult.tippe("vorgang", "list", "--json")[:2] == (0, "[]\n")


def test_the_list_shows_one_line_a_case(pult: Pult) -> None:
    (kennung,) = halte(pult.welt)
    code, aus, _ = pult.tippe("vorgang", "list")
    assert code == 0
    zeile = aus.splitlines()[1]
    assert zeile.startswith(kennung[:12])
    assert zeile.split()[-2:] == ["held", "frage"]


def test_the_list_as_json_is_one_document_with_the_published_fields(pult: Pult) -> None:
    (kennung,) = halte(pult.welt)
    code, aus, fehler = pult.tippe("vorgang", "list", "--json", "--status", "held")
    (eintrag,) = json.loads(aus)
    assert (code, fehler, eintrag["vorgang_id"], eintrag["grund"]) == (0, "", kennung, "frage")
    assert set(eintrag) == {
        *("vorgang_id", "kanal", "status", "grund", "gehalten_fuer", "wartet_bis", "leistung", "land", "empfehlung"),
        *("dringlichkeit", "frist", "ueberfaellig", "test", "doppelt_zu", "angelegt", "geaendert"),
    }
    assert json.loads(pult.tippe("vorgang", "list", "--json", "--status", "done")[1]) == []


@pytest.mark.parametrize("worte", [("--status", "gehalten"), ("--grenze", "0"), ("--grenze", "viele")])
def test_a_mistyped_filter_is_a_usage_error_and_not_an_empty_list(pult: Pult, worte: tuple[str, str]) -> None:
    code, aus, fehler = pult.tippe("vorgang", "list", *worte)
    assert (code, aus) == (2, "")
    assert worte[1] in fehler


def test_the_states_of_the_filter_are_those_of_the_model() -> None:
    assert set(ZUSTAENDE) == {stand.value for stand in Vorgangstand}


def test_show_takes_the_first_characters_of_an_id(pult: Pult) -> None:
    (kennung,) = halte(pult.welt)
    code, aus, _ = pult.tippe("vorgang", "show", kennung[:6])
    assert code == 0
    assert aus.splitlines()[0] == f"Vorgang {kennung}"
    assert "held für sachbearbeitung: frage" in aus
    auskunft = json.loads(pult.tippe("vorgang", "show", kennung, "--json")[1])
    assert auskunft["vorgang_id"] == kennung
    assert {"eingang", "journal", "zustellungen", "quittungen", "hinweis"} <= set(auskunft)


@pytest.mark.parametrize("befehl", [("show",), ("retry",), ("release", "--grund", "weil")])
def test_an_unknown_or_ambiguous_id_is_a_usage_error(pult: Pult, befehl: tuple[str, ...]) -> None:
    code, aus, fehler = pult.tippe("vorgang", *befehl, "zzz")
    assert (code, aus) == (2, "")
    assert "Kein Vorgang beginnt mit „zzz“" in fehler
    ids = halte(pult.welt, 17)
    anfang = next(kennung[0] for kennung in ids if sum(andere[0] == kennung[0] for andere in ids) > 1)
    code, _, fehler = pult.tippe("vorgang", *befehl, anfang)
    assert code == 2
    assert f"Mehrere Vorgänge beginnen mit „{anfang}“" in fehler
    assert {zeile.status for zeile in pult.welt.vorgaenge()} == {"held"}


@pytest.mark.parametrize("zeichen", ["%", "_", "'", '"', "\\"])
def test_signs_that_mean_something_to_a_database_mean_nothing_here(pult: Pult, zeichen: str) -> None:
    halte(pult.welt)
    assert pult.tippe("vorgang", "show", zeichen)[0] == 2


# -- retry and release ------------------------------------------------------------------------------------------------


def test_retry_sets_the_case_going_and_is_audited_with_the_name(pult: Pult) -> None:
    (kennung,) = halte(pult.welt)
    code, aus, _ = pult.tippe("vorgang", "retry", kennung, "--wer", "anna", "--grund", "behoben")
    assert code == 0
    assert kennung[:12] in aus
    pult.welt.arbeite()
    assert pult.welt.der_vorgang().status == "done"
    assert ("anna", "wiederholt", "frage") in [(z.wer, z.was, z.code) for z in pult.welt.zeilen(ereignis)]


def test_without_a_name_the_user_who_is_logged_in_is_audited(pult: Pult, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("getpass.getuser", lambda: "berta")
    (kennung,) = halte(pult.welt)
    pult.tippe("vorgang", "retry", kennung)
    assert "berta" in {zeile.wer for zeile in pult.welt.zeilen(ereignis)}


def test_retry_of_a_case_that_waits_for_nobody_says_so(pult: Pult) -> None:
    pult.welt.lege_ein("n-1", antrag_xml(uuid="1"))
    pult.welt.durchlauf()
    code, aus, fehler = pult.tippe("vorgang", "retry", pult.welt.der_vorgang().id)
    assert (code, aus) == (1, "")
    assert "es gibt nichts zu wiederholen" in fehler


def test_release_needs_a_reason_and_a_reason_for_holding_that_can_be_overruled(pult: Pult) -> None:
    pult.welt.regeln.befunde = [Befund(code="zweifel", schwere=Schwere.SPERRE, text="Zweifel.")]
    pult.welt.lege_ein("n-1", antrag_xml(uuid="1"))
    pult.welt.durchlauf()
    kennung = pult.welt.der_vorgang().id
    assert pult.tippe("vorgang", "release", kennung)[0] == 2
    assert pult.welt.der_vorgang().status == "held"
    assert pult.tippe("vorgang", "release", kennung, "--grund", "am Telefon geklärt")[0] == 0
    pult.welt.arbeite()
    assert pult.welt.der_vorgang().status == "done"


def test_release_of_what_nobody_can_overrule_names_the_way_out(pult: Pult) -> None:
    (kennung,) = halte(pult.welt)
    code, _, fehler = pult.tippe("vorgang", "release", kennung, "--grund", "ich will")
    assert code == 1
    assert "fachwerk vorgang retry" in fehler


def test_release_with_what_a_person_found_at_the_target_sends_nothing(pult: Pult) -> None:
    pult.welt.mit_schluessel.stoerungen.append(Stoerung(KeyError("gebrochen"), angekommen=True))
    pult.welt.lege_ein("n-1", antrag_xml(uuid="1"))
    pult.welt.durchlauf()
    kennung = pult.welt.der_vorgang().id
    assert pult.tippe("vorgang", "release", kennung, "--grund", "weil", "--ziel", "amt", "--angekommen")[0] == 1
    code, aus, _ = pult.tippe("vorgang", "release", kennung, "--grund", "Liegt in der Akte.", "--angekommen")
    assert (code, "gilt bei „akte“ als übergeben; gesendet wurde nichts" in aus) == (0, True)
    pult.welt.arbeite()
    assert (pult.welt.der_vorgang().status, len(pult.welt.mit_schluessel.wirkungen)) == ("done", 1)


# -- around it --------------------------------------------------------------------------------------------------------


def test_without_a_database_the_commands_refuse_with_the_remedy(pult: Pult, tmp_path: Path) -> None:
    konfig = pult.welt.betrieb.einstellungen.ordner / "fachwerk.toml"
    konfig.write_text(KONFIG.format(url=f"sqlite:///{tmp_path / 'leer.db'}"), encoding="utf-8")
    code, aus, fehler = pult.tippe("vorgang", "list")
    assert (code, aus) == (3, "")
    assert "fachwerk poll" in fehler


def test_poll_refuses_a_mailbox_that_is_not_configured(pult: Pult) -> None:
    code, _, fehler = pult.tippe("poll", "postfach", "unbekannt")
    assert code == 3
    assert "Unbekannter Kanal: unbekannt. Es gibt: postfach." in fehler


def test_help_is_german_and_complete() -> None:
    ergebnis: Any = click.testing.CliRunner().invoke(cli.befehle, ["vorgang", "--help"])
    assert ergebnis.exit_code == 0
    for befehl in ("list", "show", "retry", "release"):
        assert befehl in ergebnis.output


# -- ergaenze ---------------------------------------------------------------------------------------------------------


def fertig(welt: Welt) -> str:
    welt.lege_ein("n-1", antrag_xml(uuid="1"))
    assert welt.durchlauf() == ["done"]
    return str(welt.der_vorgang().id)


def datei(tmp_path: Path, text: str = "einkommen: 31234.50\n") -> str:
    pfad = tmp_path / "fall.yaml"
    pfad.write_text(text, encoding="utf-8")
    return str(pfad)


def test_facts_make_a_new_fassung_and_no_value_is_printed(pult: Pult, tmp_path: Path) -> None:
    kennung = fertig(pult.welt)
    worte = ("--wer", "anna", "--woher", "Anruf am Montag")
    code, aus, fehler = pult.tippe("vorgang", "ergaenze", kennung[:8], datei(tmp_path), *worte)
    assert (code, fehler) == (0, "")
    assert "neu        einkommen" in aus
    assert "Empfehlung danach: bewilligen" in aus
    assert f"Vorgang {kennung[:12]} läuft als Fassung 2 weiter" in aus
    assert "31234" not in aus
    assert "Montag" not in aus
    pult.welt.arbeite()
    assert (pult.welt.der_vorgang().status, pult.welt.der_vorgang().fassung) == ("done", 2)
    (zeile,) = (zeile for zeile in pult.welt.zeilen(ereignis) if zeile.was == "ergaenzt")
    assert zeile.wer == "anna"


def test_a_look_stores_nothing(pult: Pult, tmp_path: Path) -> None:
    kennung = fertig(pult.welt)
    code, aus, _ = pult.tippe("vorgang", "ergaenze", kennung, datei(tmp_path), "--probe")
    assert (code, aus.splitlines()[-1]) == (0, "Nur angesehen, nichts geändert.")
    assert (pult.welt.der_vorgang().fassung, pult.welt.der_vorgang().status) == (1, "done")


def test_a_comparison_with_the_original_needs_no_file(pult: Pult) -> None:
    kennung = fertig(pult.welt)
    code, aus, _ = pult.tippe("vorgang", "ergaenze", kennung, "--bestaetigt")
    assert code == 0
    assert "bestätigt  alle gelesenen Angaben" in aus


@pytest.mark.parametrize(
    ("worte", "code", "text"),
    [
        (("0000", "fall.yaml"), 2, "fall.yaml"),
        (("0000",), 2, "Kein Vorgang beginnt mit „0000“"),
    ],
)
def test_a_file_or_a_case_that_is_not_there_is_a_usage_error(
    pult: Pult, worte: tuple[str, ...], code: int, text: str
) -> None:
    ist, aus, fehler = pult.tippe("vorgang", "ergaenze", *worte)
    assert (ist, aus) == (code, "")
    assert text in fehler


@pytest.mark.parametrize(("inhalt", "code"), [("[]", "datei_leer"), ("a: [", "datei_unlesbar")])
def test_a_file_without_facts_is_refused_and_changes_nothing(
    pult: Pult, tmp_path: Path, inhalt: str, code: str
) -> None:
    kennung = fertig(pult.welt)
    ist, aus, fehler = pult.tippe("vorgang", "ergaenze", kennung, datei(tmp_path, inhalt))
    assert (ist, aus) == (1, "")
    assert f"[{code}]" in fehler
    assert pult.welt.der_vorgang().fassung == 1
