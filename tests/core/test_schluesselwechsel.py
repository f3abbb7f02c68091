"""The site key is changed while everything works: both keys open, nothing becomes unreadable, every seal holds."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from fachwerk import audit, einspielung, schluesselwechsel, sicherung, wiederherstellung
from fachwerk.betrieb import pruefe_schluessel
from fachwerk.modell import Teil
from fachwerk.schluessel import Schluesselbund
from fachwerk.schluesselwechsel import SchluesselError
from fachwerk.tabellen import ereignis, fallschluessel
from fachwerk.testkit.welt import Welt, antrag_xml

Bau = Callable[..., Welt]


@pytest.fixture
def welt(baue_welt: Bau, tmp_path: Path) -> Welt:
    welt = baue_welt(sicherung={"spiegel": str(tmp_path / "spiegel")})
    lege_ein(welt, "vorher")
    return welt


@pytest.fixture
def datei(tmp_path: Path) -> Path:
    return tmp_path / "welt" / "fachwerk.key"


def lege_ein(welt: Welt, uuid: str) -> None:
    welt.lege_ein(f"n-{uuid}", antrag_xml(uuid=uuid))
    welt.durchlauf()


def wechsle(welt: Welt, datei: Path) -> int:
    return schluesselwechsel.wechsle(welt.betrieb.store, datei, welt.betrieb.spiegel, "erika")


def entferne(welt: Welt, datei: Path, sicherungen: Path | None = None, trotzdem: bool = False) -> tuple[str, ...]:
    store, spiegel = welt.betrieb.store, welt.betrieb.spiegel
    ordner = sicherungen or datei.parent / "noch-keine"
    return schluesselwechsel.entferne_alte(store, datei, spiegel, ordner, "erika", trotzdem=trotzdem)


def alles_lesbar(welt: Welt) -> None:
    """Also by a process that begins now, and every seal holds."""
    welt.neuer_prozess()
    pruefe_schluessel(welt.betrieb.store)
    for zeile in welt.vorgaenge():
        assert lies(welt, zeile.id)
    assert audit.pruefe(welt.betrieb.store).brueche == []


def lies(welt: Welt, vorgang_id: str) -> bytes:
    with welt.betrieb.store.inhalt.oeffne(Teil(id=str(welt.betrieb.store.ausgabe(vorgang_id, "receive")))) as strom:
        return strom.read()


def test_everything_is_wrapped_anew_and_stays_readable(welt: Welt, datei: Path, tmp_path: Path) -> None:
    alt = welt.betrieb.store.bund.kennung
    neu = schluesselwechsel.lege_neuen_an(welt.betrieb.store, datei, "erika")
    assert wechsle(welt, datei) >= 3
    wie = schluesselwechsel.stand(welt.betrieb.store, datei, welt.betrieb.spiegel, None)
    assert (wie.kennungen, wie.wartet, wie.braucht_alte) == ((neu, alt), "", 0)
    assert set(wie.datenbank) == set(wie.spiegel) == {neu}
    assert wechsle(welt, datei) == 0
    assert entferne(welt, datei) == (alt,)
    assert len(datei.read_text().splitlines()) == 1
    assert datei.stat().st_mode & 0o077 == 0
    lege_ein(welt, "nachher")
    alles_lesbar(welt)


def test_a_process_that_runs_on_notices_the_change(welt: Welt, datei: Path) -> None:
    nachbar = welt.nachbar()
    schluesselwechsel.lege_neuen_an(welt.betrieb.store, datei, "erika")
    wechsle(welt, datei)
    kennung = welt.der_vorgang().id
    assert lies(nachbar, kennung)
    lege_ein(nachbar, "vom-nachbarn")
    assert wechsle(welt, datei) == 0
    nachbar.schliesse()
    alles_lesbar(welt)


def test_a_key_that_waits_is_not_used_yet(welt: Welt, datei: Path) -> None:
    alt = welt.betrieb.store.bund.kennung
    neu = schluesselwechsel.lege_neuen_an(welt.betrieb.store, datei, "erika")
    lege_ein(welt, "zwischen")
    wie = schluesselwechsel.stand(welt.betrieb.store, datei, welt.betrieb.spiegel, None)
    assert (wie.wartet, set(wie.datenbank)) == (neu, {alt})
    with pytest.raises(SchluesselError, match="schluessel_wartet"):
        schluesselwechsel.lege_neuen_an(welt.betrieb.store, datei, "erika")
    with pytest.raises(SchluesselError, match="schluessel_gebraucht"):
        entferne(welt, datei)


def test_an_interrupted_change_goes_on_where_it_was(welt: Welt, datei: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lege_ein(welt, "zweiter")
    schluesselwechsel.lege_neuen_an(welt.betrieb.store, datei, "erika")
    monkeypatch.setattr(schluesselwechsel, "_JE_TRANSAKTION", 1)

    def stirb(anzahl: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        schluesselwechsel.wechsle(welt.betrieb.store, datei, welt.betrieb.spiegel, "erika", stirb)
    with pytest.raises(SchluesselError, match="schluessel_gebraucht"):
        entferne(welt, datei)
    alles_lesbar(welt)
    wechsle(welt, datei)
    assert entferne(welt, datei)
    alles_lesbar(welt)


def test_without_a_new_key_there_is_nothing_to_change(welt: Welt, datei: Path) -> None:
    with pytest.raises(SchluesselError, match="schluessel_kein_neuer"):
        wechsle(welt, datei)


def test_two_changes_in_a_row_keep_every_seal_and_the_sweep_keeps_its_key(welt: Welt, datei: Path) -> None:
    for runde in range(2):
        schluesselwechsel.lege_neuen_an(welt.betrieb.store, datei, "erika")
        wechsle(welt, datei)
        entferne(welt, datei)
        welt.betrieb.store.inhalt.fege(timedelta(days=-1))
        assert "siegel" in {zeile.vorgang_id for zeile in welt.zeilen(fallschluessel)}
        lege_ein(welt, f"runde-{runde}")
        alles_lesbar(welt)
    was = [zeile.was for zeile in welt.zeilen(ereignis) if zeile.kette == "betrieb"]
    assert was == ["schluessel_neu", "schluessel_gewechselt", "schluessel_entfernt"] * 2


def test_the_old_key_stays_as_long_as_a_backup_needs_it(sqlite_url: str, tmp_path: Path) -> None:
    welt = Welt(sqlite_url, tmp_path / "welt", sicherung={"spiegel": str(tmp_path / "spiegel")})
    datei = tmp_path / "welt" / "fachwerk.key"
    lege_ein(welt, "vorher")
    gesichert = sicherung.sichere(welt.betrieb.store, tmp_path / "ziel")
    lege_ein(welt, "danach")
    schluesselwechsel.lege_neuen_an(welt.betrieb.store, datei, "erika")
    wechsle(welt, datei)
    with pytest.raises(SchluesselError, match="schluessel_sicherungen"):
        entferne(welt, datei, tmp_path / "ziel")
    with pytest.raises(SchluesselError, match="schluessel_sicherungen"):
        schluesselwechsel.entferne_alte(welt.betrieb.store, datei, welt.betrieb.spiegel, None, "erika")
    welt.schliesse()
    bund = Schluesselbund.aus_datei(datei)
    wiederherstellung.stelle_her(sqlite_url, gesichert, bund, ["akte"], wer="erika", grund="", ersetze=True)
    alles_lesbar(welt)
    assert einspielung.nimm_auf(welt.betrieb, tmp_path / "spiegel", "erika").neu == 1
    alles_lesbar(welt)
    welt.schliesse()
