"""File and environment become one checked configuration; every problem is in one report, with its place."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fachwerk.errors import ConfigError, ConfigErrors
from fachwerk.konfigfehler import umgebungsname
from fachwerk.routen import Zustand
from fachwerk.settings import (
    Einstellungen,
    datenbank_url,
    lade,
    lade_soweit,
    plugins_der_konfiguration,
    secret,
    takt_sekunden,
)
from fachwerk.umgebung import lies_datei

BEISPIEL = """
[fachwerk]
land = "mv"
betreiber = "Hansestadt Musterow"

[kanal.wbs-postfach]
plugin = "postfach"
takt = "5m"
adresse = "https://postfach.example"
kennung = "wbs:130030000000"

[format.leser]
bestaetigt = ["projektprofil-1", {abbildung = "projektprofil-2", produkt = ["WBS-*"]}]

[ziel.akte]
plugin = "ablage"
verzeichnis = "ausgang/akte"

[ziel.sozialamt]
plugin = "ablage"
verzeichnis = "ausgang/amt"
gleichzeitig = 2
je_minute = 60
nachfrage = "2h"

[[route]]
leistung = "99107022012000"
kanal = "wbs-postfach"
ziel = ["akte", "sozialamt"]
zustand = "live"

[[route]]
leistung = "*"
ziel = "akte"

[klaerung]
ziel = "akte"
"""


@pytest.fixture
def schreibe(tmp_path: Path) -> Callable[[str], Path]:
    def tu(text: str) -> Path:
        pfad = tmp_path / "fachwerk.toml"
        pfad.write_text(text, encoding="utf-8")
        return pfad

    return tu


Schreiber = Callable[[str], Path]


def probleme(pfad: Path | None, umgebung: Mapping[str, str] | None = None) -> dict[str, ConfigError]:
    with pytest.raises(ConfigErrors) as fehler:
        lade(pfad, umgebung or {})
    return {problem.details["schluessel"] or problem.details["umgebung"]: problem for problem in fehler.value.probleme}


def test_the_example_of_the_design_is_read(schreibe: Schreiber, tmp_path: Path) -> None:
    einstellungen = lade(schreibe(BEISPIEL), {})
    kanal = einstellungen.kanal["wbs-postfach"]
    assert (kanal.plugin, kanal.takt_s, kanal.eigene) == ("postfach", 300, {"adresse": "https://postfach.example"})
    assert einstellungen.ziel["sozialamt"].je_minute == 60
    assert [einstellungen.ziel[name].nachfrage_s for name in ("akte", "sozialamt")] == [60, 7200]
    assert [route.ziele for route in einstellungen.routen] == [("akte", "sozialamt"), ("akte",)]
    assert [route.nummer for route in einstellungen.routen] == [1, 2]
    assert einstellungen.routen[0].zustand is Zustand.LIVE
    assert einstellungen.ordner == tmp_path
    assert plugins_der_konfiguration(einstellungen) == {"postfach", "ablage", "leser"}


def test_without_file_the_defaults_hold() -> None:
    einstellungen = lade(None, {})
    assert einstellungen.fachwerk.datenbank == "sqlite:///fachwerk.db"
    assert einstellungen.fachwerk.schluesseldatei == "fachwerk.key"
    assert einstellungen.aufbewahrung.inhalt_tage == 30
    assert einstellungen.aufbewahrung.nachweis_jahre == 10
    assert einstellungen.klaerung.alarm_stunden == 4
    assert einstellungen.virenpruefung.art == "keine"


@pytest.mark.parametrize(
    ("pfad", "name"),
    [
        (("fachwerk", "datenbank"), "FACHWERK_DATENBANK"),
        (("kanal", "wbs-postfach", "takt"), "FACHWERK_KANAL__WBS_POSTFACH__TAKT"),
        (("alarm", "mail"), "FACHWERK_ALARM__MAIL"),
        (("route", 2, "ziel"), "FACHWERK_ROUTE"),
    ],
)
def test_every_key_has_its_variable(pfad: tuple[str | int, ...], name: str) -> None:
    assert umgebungsname(pfad) == name


def test_the_environment_wins_over_the_file(schreibe: Schreiber) -> None:
    umgebung = {
        "FACHWERK_DATENBANK": "postgresql+psycopg://rechner/fachwerk",
        "FACHWERK_ARBEITER": "3",
        "FACHWERK_PLUGINS": '["musterland"]',
        "FACHWERK_KANAL__WBS_POSTFACH__TAKT": "30s",
        "FACHWERK_KANAL__WBS_POSTFACH__ZEITGRENZE_S": "7",
        "FACHWERK_ZIEL__AKTE__VERZEICHNIS": "/ablage",
        "FACHWERK_FORMAT__LESER__BESTAETIGT": "[]",
        "FACHWERK_ALARM__MAIL": '["it@musterow.example"]',
        "FACHWERK_KONSOLE__LISTEN": "[::1]:8443",
        "FACHWERK_KONFIG": "egal",
        "FACHWERK_TEST_DATENBANK": "egal",
        "PATH": "/bin",
    }
    einstellungen = lade(schreibe(BEISPIEL), umgebung)
    kanal = einstellungen.kanal["wbs-postfach"]
    assert einstellungen.fachwerk.datenbank == "postgresql+psycopg://rechner/fachwerk"
    assert einstellungen.fachwerk.arbeiter == 3
    assert einstellungen.fachwerk.plugins == ("musterland",)
    assert (kanal.takt_s, kanal.eigene["zeitgrenze_s"]) == (30, "7")
    assert einstellungen.ziel["akte"].eigene == {"verzeichnis": "/ablage"}
    assert einstellungen.format["leser"].bestaetigt == ()
    assert einstellungen.alarm.mail == ("it@musterow.example",)
    assert einstellungen.konsole.listen == "[::1]:8443"


@pytest.mark.parametrize(
    ("name", "rat"),
    [
        ("FACHWERK_DATENBNK", "Meinten Sie „FACHWERK_DATENBANK“?"),
        ("FACHWERK_ALARM__MAILS", "Meinten Sie „FACHWERK_ALARM__MAIL“?"),
        ("FACHWERK_FACHWERK__LAND", ""),
        ("FACHWERK_KANAL__WBS_POSTFACH", ""),
        ("FACHWERK_ALARM__MAIL__ERSTE", ""),
        ("FACHWERK_", ""),
    ],
)
def test_an_unknown_variable_is_an_error(schreibe: Schreiber, name: str, rat: str) -> None:
    problem = probleme(schreibe(BEISPIEL), {name: "x"})[name]
    assert problem.code == "umgebung_unbekannt"
    assert rat in problem.hint


def test_all_problems_of_the_file_are_in_one_report(schreibe: Schreiber) -> None:
    pfad = schreibe("""
        [fachwerk]
        lnad = "mv"
        arbeiter = "viele"
        [kanall.x]
        plugin = "postfach"
        [kanal.y]
        takt = "oft"
        [kanal.z]
        plugin = "postfach"
        cron = "* *"
        land = "zz"
        [[route]]
        leistung = "wbss"
        ziel = []
        zustand = "aktiv"
        weiter = 1
        [virenpruefung]
        art = "clamd"
        [aufbewahrung]
        inhalt_tage = 0
    """)
    gefunden = probleme(pfad)
    assert set(gefunden) == {
        "fachwerk.lnad",
        "fachwerk.arbeiter",
        "kanall",
        "kanal.y.plugin",
        "kanal.y.takt",
        "kanal.z.cron",
        "kanal.z.land",
        "route[1].leistung",
        "route[1].ziel",
        "route[1].zustand",
        "route[1].weiter",
        "virenpruefung",
        "aufbewahrung.inhalt_tage",
    }
    assert "Meinten Sie „land“?" in gefunden["fachwerk.lnad"].hint
    assert "Meinten Sie „kanal“?" in gefunden["kanall"].hint
    assert "Meinten Sie „wbs“?" in gefunden["route[1].leistung"].hint
    assert gefunden["kanal.y.takt"].details == {
        "datei": str(pfad),
        "schluessel": "kanal.y.takt",
        "umgebung": "FACHWERK_KANAL__Y__TAKT",
    }


def test_a_name_with_a_capital_letter_is_named_where_it_is_refused(schreibe: Schreiber) -> None:
    gefunden = probleme(
        schreibe("""
        Fachwerk = 1
        [ziel.Akte]
        plugin = 1
        [ziel.str]
        [[route]]
        leistung = 1
        Ziel = "akte"
    """)
    )
    assert set(gefunden) == {
        "Fachwerk",
        "ziel.Akte",
        "ziel.Akte.plugin",
        "ziel.str.plugin",
        "route[1].leistung",
        "route[1].Ziel",
        "route[1].ziel",
    }
    assert "Meinten Sie „ziel“?" in gefunden["route[1].Ziel"].hint


def test_no_value_of_the_configuration_is_ever_printed(schreibe: Schreiber) -> None:
    pfad = schreibe('[fachwerk]\narbeiter = "hunter2"\n[konsole]\nlisten = ["hunter2"]\nkennwort = "hunter2"')
    with pytest.raises(ConfigErrors) as fehler:
        lade(pfad, {"FACHWERK_AUFBEWAHRUNG__INHALT_TAGE": "hunter2"})
    assert "hunter2" not in str(fehler.value)
    assert len(fehler.value.probleme) == 4


@pytest.mark.parametrize(
    ("text", "code"),
    [("[fachwerk\n", "datei_toml"), ('x = "hunter2\n', "datei_toml"), ("a = 1\na = 2\n", "datei_toml")],
)
def test_a_file_that_is_no_toml_says_where(schreibe: Schreiber, text: str, code: str) -> None:
    with pytest.raises(ConfigErrors) as fehler:
        lade(schreibe(text), {})
    assert [problem.code for problem in fehler.value.probleme] == [code]
    assert "hunter2" not in fehler.value.hint
    assert "Zeile" in fehler.value.hint


def test_a_missing_file_or_one_in_another_encoding_is_said_plainly(tmp_path: Path) -> None:
    with pytest.raises(ConfigErrors, match="fachwerk init"):
        lade(tmp_path / "fehlt.toml", {})
    latin = tmp_path / "latin.toml"
    latin.write_bytes("[fachwerk]\nbetreiber = 'Müstrow'".encode("latin-1"))
    with pytest.raises(ConfigErrors, match="UTF-8"):
        lade(latin, {})


def test_interval_and_cron_exclude_each_other(schreibe: Schreiber) -> None:
    gefunden = probleme(schreibe('[kanal.k]\nplugin = "postfach"\ntakt = "5m"\ncron = "*/5 6-20 * * mon-fri"\n'))
    assert set(gefunden) == {"kanal.k"}
    einstellungen = lade(schreibe('[kanal.k]\nplugin = "postfach"\ncron = "*/5 6-20 * * mon-fri"\n'), {})
    assert einstellungen.kanal["k"].cron == "*/5 6-20 * * mon-fri"


def test_names_that_the_environment_cannot_tell_apart_are_an_error(schreibe: Schreiber) -> None:
    gefunden = probleme(schreibe('[ziel.a-b]\nplugin = "ablage"\n[ziel.a_b]\nplugin = "ablage"\n'))
    assert gefunden["ziel.a_b"].code == "namen_gleich"


@given(st.integers(1, 999_999), st.sampled_from("smhd"))
def test_an_interval_is_a_number_with_its_unit(zahl: int, einheit: str) -> None:
    faktor = {"s": 1, "m": 60, "h": 3600, "d": 86400}[einheit]
    assert takt_sekunden(f"{zahl}{einheit}") == zahl * faktor


@given(st.text())
def test_any_other_text_is_no_interval(text: str) -> None:
    try:
        sekunden = takt_sekunden(text)
    except ValueError:
        return
    assert text.strip()[:-1].isascii()
    assert sekunden == int(text.strip()[:-1]) * {"s": 1, "m": 60, "h": 3600, "d": 86400}[text.strip()[-1]]
    assert sekunden > 0


@pytest.mark.parametrize("text", ["", "0s", "5", "m", "-5m", "5 m", "5min", "1.5h", "٥m", "9999999d"])
def test_what_is_no_interval_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="Takt"):
        takt_sekunden(text)


WERTE = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inneres: st.lists(inneres, max_size=3) | st.dictionaries(st.text(max_size=5), inneres, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(st.sampled_from([*Einstellungen.model_fields, "x"]), WERTE, max_size=4))
def test_whatever_the_file_holds_what_is_right_of_it_can_be_used(baum: dict[str, Any]) -> None:
    from unittest.mock import patch

    with patch("fachwerk.settings.lies_datei", lambda pfad: (baum, [])):
        einstellungen, gefunden = lade_soweit(Path("fachwerk.toml"), {})
    assert isinstance(einstellungen, Einstellungen)
    assert all(isinstance(problem, ConfigError) for problem in gefunden)
    assert len(einstellungen.routen) == len(einstellungen.route)


def test_one_wrong_channel_does_not_hide_the_others(schreibe: Schreiber) -> None:
    text = BEISPIEL + '[kanal.kaputt]\nplugin = "postfach"\ntakt = "nie"\n[[route]]\nleistung = "nix"\nziel = "akte"\n'
    text += '[[route]]\nleistung = "asylblg"\nziel = "nirgends"\n'
    einstellungen, gefunden = lade_soweit(schreibe(text), {})
    assert list(einstellungen.kanal) == ["wbs-postfach", "kaputt"]
    assert einstellungen.kanal["kaputt"].takt == "5m"
    assert len(gefunden) == 2
    assert [route.nummer for route in einstellungen.routen] == [1, 2, 4]


def test_the_database_file_lies_beside_the_configuration(schreibe: Schreiber, tmp_path: Path) -> None:
    def url(text: str) -> str:
        return datenbank_url(lade(schreibe(f'[fachwerk]\ndatenbank = "{text}"'), {}))

    assert url("sqlite:///fachwerk.db") == f"sqlite:///{tmp_path.as_posix()}/fachwerk.db"
    assert url("sqlite:////var/lib/fachwerk.db") == "sqlite:////var/lib/fachwerk.db"
    assert url("sqlite:///:memory:") == "sqlite:///:memory:"
    assert url("sqlite:///a.db?timeout=5") == f"sqlite:///{tmp_path.as_posix()}/a.db?timeout=5"
    assert url("postgresql+psycopg://u@h/d") == "postgresql+psycopg://u@h/d"


def test_secrets_come_from_the_environment_or_a_file(tmp_path: Path) -> None:
    (tmp_path / "kennwort").write_text("geheim \n", encoding="utf-8")
    (tmp_path / "leer").touch()
    assert secret("env:KENNWORT", tmp_path, {"KENNWORT": "a:b"}) == "a:b"
    assert secret("datei:kennwort", tmp_path, {}) == "geheim "
    assert secret(f"datei:{tmp_path}/kennwort", Path("/"), {}) == "geheim "
    for verweis in ("env:FEHLT", "datei:fehlt", "datei:leer", "datei:a\0b"):
        with pytest.raises(ConfigError, match="geheimnis_fehlt"):
            secret(verweis, tmp_path, {})
    for verweis in ("geheim", "env:", "file:x", ""):
        with pytest.raises(ConfigError, match="geheimnis_verweis") as fehler:
            secret(verweis, tmp_path, {})
        assert verweis not in fehler.value.hint.split() or not verweis


@pytest.mark.parametrize(
    ("text", "sagt"),
    [
        ("[fachwerk]\n[fachwerk]\n", "Diesen Abschnitt gibt es weiter oben schon; bitte dort ergänzen (Zeile 2"),
        ("a = 1\na = 2\n", "Ein Schlüssel steht zweimal im selben Abschnitt (Zeile 2"),
        ("land = mv\n", "fehlen die Anführungszeichen"),
        ("land = 1 mv\n", "Texte gehören in Anführungszeichen"),
        ('ordner = "C:\\Users"\n', "einfache Anführungszeichen"),
        ('ordner = "C:\\Daten"\n', "einfache Anführungszeichen"),
        ('land = "mv\n', "Anführungszeichen"),
        ("[fachwerk\n", "eckige Klammer"),
        ("land\n", "fehlt das Gleichheitszeichen"),
    ],
)
def test_a_slip_of_the_pen_in_the_file_is_named_with_what_to_mend(tmp_path: Path, text: str, sagt: str) -> None:
    datei = tmp_path / "fachwerk.toml"
    datei.write_text(text, encoding="utf-8")
    _, [fehler] = lies_datei(datei)
    assert sagt in fehler.hint
