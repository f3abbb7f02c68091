"""What ``fachwerk umzug`` refuses, before anything is written, and who may work on what afterwards."""

from __future__ import annotations

import base64
from pathlib import Path

import pytest
import sqlalchemy as sa
from click.testing import CliRunner

from fachwerk import umzug, umzugskopie, umzugszeichen
from fachwerk.betrieb import pruefe_schema
from fachwerk.cli.umzug import befehl
from fachwerk.datenbank import aktualisiere, oeffne_datenbank, oeffne_lesend, schema_stand
from fachwerk.errors import ConfigError
from fachwerk.platz import versuche_sperre
from fachwerk.schluessel import Schluesselbund, neuer_schluessel
from fachwerk.tabellen import schritt, vorgang
from fachwerk.testkit.umzugsort import BUND, Abgebrochen, Umzugsort, stirb
from fachwerk.testkit.welt import antrag_xml
from fachwerk.umzug import UmzugError
from fachwerk.vorpruefung import pruefe

pytestmark = pytest.mark.postgresql


def ist_unberuehrt(ort: Umzugsort) -> bool:
    """Nothing was written, neither here nor there."""
    ziel = oeffne_datenbank(ort.nach)
    tabellen = sa.inspect(ziel).get_table_names()
    ziel.dispose()
    return umzugszeichen.lies(ort.datei) is None and "vorgang" not in tabellen


def beginne(ort: Umzugsort, monkeypatch: pytest.MonkeyPatch) -> None:
    """A move that dies before it copies anything."""
    with monkeypatch.context() as tod:
        tod.setattr(umzugskopie, "kopiere", stirb)
        with pytest.raises(Abgebrochen):
            ort.ziehe_um()


def test_a_running_service_keeps_its_file(umzugsort: Umzugsort) -> None:
    sperre = versuche_sperre(umzugsort.welt.betrieb.store.datenbank, "hier-1")
    assert sperre is not None
    with pytest.raises(UmzugError, match="umzug_dienst_laeuft"):
        umzugsort.ziehe_um()
    sperre.loese()
    assert ist_unberuehrt(umzugsort)


def test_a_database_with_something_else_in_it_is_left_alone(umzugsort: Umzugsort) -> None:
    ziel = oeffne_datenbank(umzugsort.nach)
    with ziel.begin() as verbindung:
        verbindung.execute(sa.text("CREATE TABLE kantine (essen TEXT)"))
    ziel.dispose()
    with pytest.raises(UmzugError, match="umzug_ziel_nicht_leer"):
        umzugsort.ziehe_um()
    assert ist_unberuehrt(umzugsort)


def test_a_database_another_site_moves_into_is_left_alone(
    umzugsort: Umzugsort, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    beginne(umzugsort, monkeypatch)
    anderer = Umzugsort(f"sqlite:///{tmp_path / 'andere.db'}", tmp_path / "andere", umzugsort.nach)
    with pytest.raises(UmzugError, match="umzug_ziel_nicht_leer"):
        anderer.ziehe_um()
    anderer.schliesse()


def test_two_moves_into_one_database_at_the_same_time_are_one(umzugsort: Umzugsort) -> None:
    sperre = versuche_sperre(oeffne_datenbank(umzugsort.nach), "umzug")
    assert sperre is not None
    with pytest.raises(UmzugError, match="umzug_laeuft"):
        umzugsort.ziehe_um()
    sperre.loese()


@pytest.mark.parametrize("nach", ["sqlite:///woanders.db", "postgresql://x/y", "kein Ort", "postgresql+psycopg://x"])
def test_only_a_postgresql_server_is_a_place_to_move_to(tmp_path: Path, nach: str) -> None:
    with pytest.raises(UmzugError, match="umzug_ziel_art"):
        umzug.ziehe_um(tmp_path / "fachwerk.db", nach, BUND, stirb, wer="erika")  # type: ignore[arg-type]


def test_a_server_that_does_not_answer_is_named_without_its_password(umzugsort: Umzugsort) -> None:
    with pytest.raises(UmzugError, match="umzug_unterbrochen") as fehler:
        umzugsort.ziehe_um("postgresql+psycopg://amt:geheim@127.0.0.1:1/fachwerk?connect_timeout=1")
    assert "127.0.0.1:1" in fehler.value.hint
    assert "geheim" not in fehler.value.hint
    assert ist_unberuehrt(umzugsort)


def test_another_key_an_older_file_and_a_missing_one_are_refused(umzugsort: Umzugsort, tmp_path: Path) -> None:
    umzugsort.fuelle()
    with pytest.raises(ConfigError, match="schluessel_passt_nicht"):
        umzugsort.ziehe_um(bund=Schluesselbund(bytes(32)))
    with umzugsort.welt.betrieb.store.datenbank.begin() as verbindung:
        verbindung.execute(sa.text("UPDATE fachwerk_schema SET version_num = '0009'"))
    with pytest.raises(UmzugError, match="umzug_schema"):
        umzugsort.ziehe_um()
    assert ist_unberuehrt(umzugsort)
    with pytest.raises(UmzugError, match="umzug_quelle"):
        umzug.ziehe_um(tmp_path / "fehlt.db", umzugsort.nach, BUND, umzugsort.am_ziel, wer="erika")


def test_values_a_server_would_refuse_are_named_before_anything_moves(umzugsort: Umzugsort) -> None:
    umzugsort.fuelle()
    with umzugsort.welt.betrieb.store.datenbank.begin() as verbindung:
        verbindung.execute(vorgang.update().values(leistung="x" * 201))
        verbindung.execute(schritt.update().values(versuch=2**40))
    with pytest.raises(UmzugError, match="umzug_wert") as fehler:
        umzugsort.ziehe_um()
    assert "vorgang.leistung (4 Zeilen)" in fehler.value.hint
    assert "schritt.versuch" in fehler.value.hint
    assert ist_unberuehrt(umzugsort)


# -- afterwards -------------------------------------------------------------------------------------------------------


def test_nobody_works_on_the_old_file_any_more(umzugsort: Umzugsort) -> None:
    umzugsort.ziehe_um()
    assert schema_stand(oeffne_datenbank(umzugsort.welt._url)) == "umgezogen"
    with pytest.raises(ConfigError, match="umgezogen"):
        pruefe_schema(oeffne_datenbank(umzugsort.welt._url), anlegen=True)
    with pytest.raises(UmzugError, match="umzug_fertig"):
        umzug.brich_ab(umzugsort.datei)


def test_a_move_that_is_given_up_leaves_the_file_to_work_on(
    umzugsort: Umzugsort, monkeypatch: pytest.MonkeyPatch
) -> None:
    umzugsort.welt.lege_ein("n-1", antrag_xml())
    umzugsort.welt.rufe_ab()
    beginne(umzugsort, monkeypatch)
    with pytest.raises(UmzugError, match="umzug_anderes_ziel"):
        umzugsort.ziehe_um(f"{umzugsort.nach.rpartition('/')[0]}/postgres")
    umzug.brich_ab(umzugsort.datei)
    with pytest.raises(UmzugError, match="umzug_keiner"):
        umzug.brich_ab(umzugsort.datei)
    assert umzugsort.welt.durchlauf() == ["done"]
    with pytest.raises(UmzugError, match="umzug_ziel_nicht_leer"):
        umzugsort.ziehe_um()


def test_a_sign_nobody_can_read_keeps_the_file_closed(umzugsort: Umzugsort) -> None:
    umzugszeichen.pfad(umzugsort.datei).write_bytes(b"\xff")
    assert schema_stand(oeffne_datenbank(umzugsort.welt._url)) == "umzug"
    with pytest.raises(UmzugError, match="umzug_anderes_ziel"):
        umzugsort.ziehe_um()


def test_the_file_is_opened_for_reading_only(umzugsort: Umzugsort) -> None:
    with oeffne_lesend(umzugsort.datei).connect() as verbindung, pytest.raises(sa.exc.OperationalError):
        verbindung.execute(vorgang.delete())


# -- the command ------------------------------------------------------------------------------------------------------


def test_the_command_says_what_to_enter_and_hides_the_password(
    tmp_path: Path, postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(umzug, "lege_tabellen_an", lambda _: None)
    monkeypatch.setattr(umzug, "reihe_alles_ein", lambda _: 0)
    lege_standort_an(tmp_path)
    konfig = tmp_path / "fachwerk.toml"
    aktualisiere(oeffne_datenbank(f"sqlite:///{tmp_path}/fachwerk.db"))
    monkeypatch.setenv("NEUER_ORT", postgres_url)
    runner = CliRunner()
    ohne = runner.invoke(befehl, [], obj=konfig)
    assert (ohne.exit_code, "--nach" in ohne.output) == (2, True)
    ergebnis = runner.invoke(befehl, ["--nach", "env:NEUER_ORT", "--wer", "erika"], obj=konfig)
    assert ergebnis.exception is None, ergebnis.output
    zeichen = umzugszeichen.lies(tmp_path / "fachwerk.db")
    assert zeichen is not None
    assert (zeichen.wer, zeichen.fertig) == ("erika", True)
    assert f'datenbank = "{zeichen.nach}"' in ergebnis.output
    assert str(sa.make_url(postgres_url).password) not in ergebnis.output + zeichen.nach
    [stand] = [meldung for meldung in pruefe(konfig, {}) if meldung.code.startswith("datenbank")]
    assert stand.code == "datenbank_umgezogen"


def lege_standort_an(ordner: Path) -> None:
    (ordner / "fachwerk.toml").write_text('[fachwerk]\ndatenbank = "sqlite:///fachwerk.db"\n', encoding="utf-8")
    (ordner / "fachwerk.key").write_bytes(base64.b64encode(neuer_schluessel()))
    (ordner / "fachwerk.key").chmod(0o600)


def test_a_site_that_is_on_a_server_already_is_told_so(tmp_path: Path) -> None:
    lege_standort_an(tmp_path)
    konfig = tmp_path / "fachwerk.toml"
    konfig.write_text('[fachwerk]\ndatenbank = "postgresql+psycopg://x@y/z"\n', encoding="utf-8")
    ergebnis = CliRunner().invoke(befehl, ["--nach", "postgresql+psycopg://x@y/a"], obj=konfig)
    assert (ergebnis.exit_code, "--von" in ergebnis.output) == (2, True)
