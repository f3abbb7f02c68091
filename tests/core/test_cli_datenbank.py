"""``fachwerk datenbank`` and the site key: what does not fit the database is refused before it does harm."""

from __future__ import annotations

import base64
from pathlib import Path

import pytest
import sqlalchemy as sa
from click.testing import CliRunner

from fachwerk.betrieb import pruefe_schluessel
from fachwerk.cli import befehle
from fachwerk.cli.datenbank import befehl
from fachwerk.datenbank import aktualisiere, oeffne_datenbank
from fachwerk.errors import ConfigError, PermanentError
from fachwerk.schluessel import Schluesselbund, neuer_schluessel
from fachwerk.store import Store
from fachwerk.vorpruefung import pruefe


@pytest.fixture
def konfig(tmp_path: Path, datenbank_url: str) -> Path:
    datei = tmp_path / "fachwerk.toml"
    datei.write_text(f'[fachwerk]\ndatenbank = "{datenbank_url}"\n', encoding="utf-8")
    (tmp_path / "fachwerk.key").write_bytes(base64.b64encode(neuer_schluessel()))
    (tmp_path / "fachwerk.key").chmod(0o600)
    return datei


def rufe(konfig: Path, *argumente: str) -> tuple[int, str]:
    ergebnis = CliRunner().invoke(befehl, list(argumente), obj=konfig)
    return ergebnis.exit_code, ergebnis.output


def test_the_command_is_offered() -> None:
    assert "datenbank" in befehle.list_commands(None)  # type: ignore[arg-type]


def test_an_empty_database_is_made_and_then_current(konfig: Path) -> None:
    assert rufe(konfig, "stand")[0] == 0
    assert rufe(konfig, "aktualisieren") == (0, "Die Datenbank ist aktuell.\n")
    assert "aktuell" in rufe(konfig, "stand")[1]


def test_a_newer_database_is_left_alone(konfig: Path, datenbank_url: str) -> None:
    engine = oeffne_datenbank(datenbank_url)
    aktualisiere(engine)
    with engine.begin() as verbindung:
        verbindung.execute(sa.text("UPDATE fachwerk_schema SET version_num = '9999'"))
    engine.dispose()
    assert rufe(konfig, "stand")[0] == 3
    code, ausgabe = rufe(konfig, "aktualisieren")
    assert (code, "unverändert" in ausgabe) == (2, True)


def _lege_fall_an(datenbank: sa.Engine) -> None:
    fremd = Store(datenbank, Schluesselbund(neuer_schluessel()))
    with fremd.transaktion("test") as verbindung:
        fremd.inhalt.lege_fall_an(verbindung, "fall")
    fremd.inhalt.pruefe_hauptschluessel()


def test_a_foreign_site_key_is_refused_before_new_cases_get_it(datenbank: sa.Engine) -> None:
    _lege_fall_an(datenbank)
    store = Store(datenbank, Schluesselbund(neuer_schluessel()))
    with pytest.raises(PermanentError, match="schluessel_passt_nicht"):
        store.inhalt.pruefe_hauptschluessel()
    with pytest.raises(ConfigError, match="anderen"):
        pruefe_schluessel(store)


def test_an_empty_database_fits_every_key(datenbank: sa.Engine) -> None:
    pruefe_schluessel(Store(datenbank, Schluesselbund(neuer_schluessel())))


def test_the_preflight_names_a_foreign_site_key(konfig: Path, datenbank_url: str) -> None:
    engine = oeffne_datenbank(datenbank_url)
    aktualisiere(engine)
    _lege_fall_an(engine)
    engine.dispose()
    assert "schluessel_passt_nicht" in [meldung.code for meldung in pruefe(konfig, {})]
