"""Which receipts a Ziel can give as it is configured, and when they are expected."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel

from fachwerk import settings
from fachwerk.abschnitte import Einstellungen
from fachwerk.errors import ConfigError, ConfigErrors
from fachwerk.hookspecs import hookimpl
from fachwerk.manifest import Art, Idempotenz, Manifest, Stufe, Ziel
from fachwerk.plugins import Plugins
from fachwerk.stufen import VORGABEN, WORT, hoechste, naechste
from fachwerk.testkit.mitspieler import Auskunftsziel, Zielsystem
from fachwerk.umgebung import ueberlagere

UEBERGEBEN, BESTAETIGT, UEBERNOMMEN = Stufe.UEBERGEBEN, Stufe.TECHNISCH_BESTAETIGT, Stufe.UEBERNOMMEN
TAG_S = 86400


class Enge(BaseModel):
    """Settings that say themselves which receipts there are."""

    nennt: str = ""

    def quittungsstufen(self, ordner: Path) -> tuple[Stufe, ...]:
        if self.nennt == "unlesbar":
            raise ConfigError("profil", f"In {ordner} fehlt das Profil.")
        return tuple(map(Stufe, self.nennt.split()))


class Amt(Auskunftsziel):
    """A target whose manifest has the given stages; its settings may say less."""

    stufen: tuple[Stufe, ...] = tuple(Stufe)
    modell: type[BaseModel] | None = None

    @hookimpl
    def manifest(self) -> Manifest:
        eigenes = {Art.ZIEL: self.modell} if self.modell else {}
        arten = frozenset({Art.ZIEL})
        return Manifest(name="amt", version="1", arten=arten, stufen=self.stufen, einstellungen=eigenes)


class Stummes(Zielsystem):
    """A target that promises every stage, but has no hook that could be asked."""

    @hookimpl
    def manifest(self) -> Manifest:
        return Manifest(name="amt", version="1", arten=frozenset({Art.ZIEL}), stufen=tuple(Stufe))


def ziel(plugin: Zielsystem, **schluessel: Any) -> Ziel:
    """The Ziel ``amt`` as the core makes it of its section."""
    return _ziel({"plugin": "amt", **schluessel}, plugin)


def _ziel(abschnitt: Mapping[str, Any], plugin: Zielsystem) -> Ziel:
    einstellungen = Einstellungen.model_validate({"ziel": {"amt": abschnitt}})
    return settings.aufbau(einstellungen, Plugins.aus_modulen({"amt": plugin})).ziele["amt"]


def amt(*stufen: Stufe, modell: type[BaseModel] | None = None) -> Amt:
    plugin = Amt("amt", Idempotenz.ABFRAGE)
    plugin.stufen, plugin.modell = stufen or tuple(Stufe), modell
    return plugin


# -- stages -----------------------------------------------------------------------------------------------------------


def test_without_a_word_of_the_settings_a_ziel_can_do_what_the_manifest_says() -> None:
    gebaut = ziel(amt(UEBERGEBEN, UEBERNOMMEN))
    assert (gebaut.stufen, gebaut.gefragt) == ((UEBERGEBEN, UEBERNOMMEN), True)
    assert not ziel(amt(UEBERGEBEN)).gefragt


def test_the_settings_may_say_less_in_any_order() -> None:
    assert ziel(amt(modell=Enge), nennt="uebernommen uebergeben").stufen == (UEBERGEBEN, UEBERNOMMEN)


@pytest.mark.parametrize(("nennt", "gefragt"), [("", False), ("uebergeben", True)])
def test_settings_without_a_higher_stage_say_whether_a_rejection_may_come(nennt: str, gefragt: bool) -> None:
    gebaut = ziel(amt(modell=Enge), nennt=nennt)
    assert (gebaut.stufen, gebaut.gefragt) == ((UEBERGEBEN,), gefragt)


def test_settings_that_say_more_than_the_manifest_refuse_the_start() -> None:
    with pytest.raises(ConfigErrors) as gefangen:
        ziel(amt(UEBERGEBEN, BESTAETIGT, modell=Enge), nennt="uebernommen")
    (problem,) = gefangen.value.probleme
    assert (problem.code, problem.details["schluessel"]) == ("stufen_unzulaessig", "ziel.amt")
    assert "„uebernommen“" in problem.hint


def test_settings_that_cannot_tell_now_leave_it_to_preflight_and_delivery_to_say_so() -> None:
    assert ziel(amt(modell=Enge), nennt="unlesbar").stufen == tuple(Stufe)


def test_nothing_can_come_after_the_hand_over_where_nobody_can_be_asked() -> None:
    gebaut = ziel(Stummes("amt", Idempotenz.KEINE))
    assert (gebaut.stufen, gebaut.gefragt) == ((UEBERGEBEN,), False)


@given(st.lists(st.sampled_from(Stufe)), st.sampled_from(Stufe))
def test_the_next_stage_is_the_lowest_one_above(stufen: list[Stufe], erreicht: Stufe) -> None:
    folgt = naechste(Ziel(name="amt", plugin="amt", stufen=tuple(stufen)), erreicht)
    hoehere = [stufe for stufe in stufen if list(Stufe).index(stufe) > list(Stufe).index(erreicht)]
    assert (folgt is None) == (hoehere == [])
    assert folgt is None or (folgt in hoehere and hoechste([folgt, *hoehere]) is hoechste(hoehere))
    assert folgt is None or all(list(Stufe).index(folgt) <= list(Stufe).index(stufe) for stufe in hoehere)


# -- expected times ---------------------------------------------------------------------------------------------------


def test_every_stage_has_a_word_and_a_threshold_of_our_own() -> None:
    assert set(VORGABEN) == set(WORT) == set(Stufe)
    assert ziel(amt()).erwartet == VORGABEN
    assert ziel(amt(UEBERGEBEN)).erwartet == {UEBERGEBEN: VORGABEN[UEBERGEBEN]}


def test_a_site_says_for_each_ziel_what_it_expects() -> None:
    gesetzt = ziel(amt(), erwartet={"technisch_bestaetigt": "30m", "uebernommen": "5d"}).erwartet
    assert gesetzt == {UEBERGEBEN: VORGABEN[UEBERGEBEN], BESTAETIGT: 1800, UEBERNOMMEN: 5 * TAG_S}


def test_what_a_ziel_cannot_report_cannot_be_expected_of_it() -> None:
    with pytest.raises(ConfigErrors) as gefangen:
        ziel(amt(UEBERGEBEN, BESTAETIGT), erwartet={"uebernommen": "3d"})
    (problem,) = gefangen.value.probleme
    assert (problem.code, problem.details["schluessel"]) == ("stufe_unerreichbar", "ziel.amt.erwartet")
    assert "(möglich: uebergeben, technisch_bestaetigt)" in problem.hint


@pytest.mark.parametrize(
    ("angabe", "wo"),
    [
        ({"uebernomen": "3d"}, "ziel.amt.erwartet.uebernomen"),
        ({"uebernommen": "bald"}, "ziel.amt.erwartet.uebernommen"),
        ({"uebernommen": 3}, "ziel.amt.erwartet.uebernommen"),
        ("3d", "ziel.amt.erwartet"),
    ],
)
def test_a_slip_of_the_pen_is_named_with_its_key(angabe: Any, wo: str, tmp_path: Path) -> None:
    _, probleme = settings.lade_soweit(_datei(tmp_path, angabe), {})
    (problem,) = probleme
    assert (problem.code, problem.details["schluessel"]) == ("wert_ungueltig", wo)


def _datei(ordner: Path, angabe: Any) -> Path:
    tabelle = (
        "{"
        + ", ".join(
            f'{name} = "{wert}"' if isinstance(wert, str) else f"{name} = {wert}" for name, wert in angabe.items()
        )
        + "}"
        if isinstance(angabe, dict)
        else f'"{angabe}"'
    )
    datei = ordner / "fachwerk.toml"
    datei.write_text(f'[ziel.amt]\nplugin = "amt"\nerwartet = {tabelle}\n', encoding="utf-8")
    return datei


@pytest.mark.parametrize(
    "umgebung",
    [{"FACHWERK_ZIEL__AMT__ERWARTET": '{"uebernommen": "2d"}'}, {"FACHWERK_ZIEL__AMT__ERWARTET__UEBERNOMMEN": "2d"}],
)
def test_the_environment_can_say_it_as_a_table_or_stage_by_stage(umgebung: dict[str, str]) -> None:
    baum, probleme = ueberlagere({"ziel": {"amt": {"plugin": "amt"}}}, umgebung, settings.BEKANNTE)
    assert probleme == []
    assert _ziel(baum["ziel"]["amt"], amt()).erwartet[UEBERNOMMEN] == 2 * TAG_S


@given(st.integers(1, 999_999), st.sampled_from("smhd"))
def test_a_duration_counts_in_its_unit_up_to_a_year(zahl: int, einheit: str) -> None:
    sekunden = zahl * {"s": 1, "m": 60, "h": 3600, "d": TAG_S}[einheit]
    angabe = {"plugin": "amt", "erwartet": {"uebernommen": f" {zahl}{einheit} "}}
    if sekunden > 365 * TAG_S:
        with pytest.raises(ValueError, match="höchstens ein Jahr"):
            Einstellungen.model_validate({"ziel": {"amt": angabe}})
    else:
        gelesen = Einstellungen.model_validate({"ziel": {"amt": angabe}}).ziel["amt"]
        assert gelesen.erwartet_s == {UEBERNOMMEN: sekunden}


@given(st.text(max_size=12))
def test_no_text_but_a_number_with_its_unit_is_a_duration(text: str) -> None:
    angabe = {"plugin": "amt", "erwartet": {"uebernommen": text}}
    try:
        gelesen = Einstellungen.model_validate({"ziel": {"amt": angabe}}).ziel["amt"].erwartet_s[UEBERNOMMEN]
    except ValueError:
        return
    assert text.strip()[:-1].isascii()
    assert text.strip()[:-1].isdigit()
    assert 0 < gelesen <= 365 * TAG_S
