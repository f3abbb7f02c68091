"""Forgetting on purpose: nothing of the content is left anywhere here, and everything says so afterwards."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from fachwerk import ausfuhr, einspielung, nachtrag, sicherung, vergessen, wiederherstellung, wiederlauf
from fachwerk.auskunft import vorgangsauskunft
from fachwerk.eingriff import EingriffError
from fachwerk.errors import PermanentError
from fachwerk.notizen import Notizen
from fachwerk.schluessel import Schluesselbund
from fachwerk.tabellen import ereignis, fallschluessel, inhalt, notiz, teil, zustellung
from fachwerk.testkit.kanarienvogel import Suche
from fachwerk.testkit.welt import SCHLUESSEL, Welt, antrag_xml

Bau = Callable[..., Welt]
VOGEL = "Kanarienvogel-Zaunkoenig"


@pytest.fixture
def welt(baue_welt: Bau, tmp_path: Path) -> Welt:
    return baue_welt(sicherung={"spiegel": str(tmp_path / "spiegel")})


@pytest.fixture
def fall(welt: Welt) -> str:
    """A delivered case."""
    welt.lege_ein("n-1", antrag_xml(uuid="1", haerte=VOGEL), ("beleg.txt", "text/plain", VOGEL.encode()))
    assert welt.durchlauf() == ["done"]
    return str(welt.der_vorgang().id)


def vergiss(welt: Welt, fall: str, **angaben: Any) -> vergessen.Vergessen:
    return vergessen.vergiss(welt.betrieb, fall, **({"wer": "erika", "grund": "Antrag Art. 17"} | angaben))


def test_key_chunks_mirror_and_notes_are_gone_and_the_audit_stays(welt: Welt, fall: str, tmp_path: Path) -> None:
    Notizen(welt.betrieb.store).schreibe("mit_schluessel", f"{fall}:akte:1", "sendung", "x-1")
    assert list((tmp_path / "spiegel").glob("??/*.eingang"))
    ergebnis = vergiss(welt, fall)
    assert (ergebnis.schon, ergebnis.ausstehend) == (False, ())
    assert list((tmp_path / "spiegel").glob("??/*.eingang")) == []
    assert [welt.zeilen(t) for t in (notiz,)] == [[]]
    assert [zeile.vorgang_id for zeile in welt.zeilen(fallschluessel)] == ["betrieb"]
    ids = [zeile.id for zeile in welt.zeilen(teil) if zeile.vorgang_id == fall]
    assert ids == []
    assert {zeile.teil_id for zeile in welt.zeilen(inhalt)} == {z.id for z in welt.zeilen(teil)}
    ketten = {zeile.kette: (zeile.was, zeile.code) for zeile in welt.zeilen(ereignis) if zeile.was == "vergessen"}
    assert ketten == {fall: ("vergessen", ""), "betrieb": ("vergessen", fall)}
    assert [welt.betrieb.store.pruefe_kette(kette) for kette in (fall, "betrieb")] == [None, None]


def test_what_is_asked_afterwards_says_clearly_that_it_is_gone(welt: Welt, fall: str, tmp_path: Path) -> None:
    vergiss(welt, fall)
    auskunft = vorgangsauskunft(welt.betrieb.store, fall)
    assert (auskunft["status"], auskunft["grund"], auskunft["dringlichkeit"]) == ("done", "vergessen", "")
    assert "auf Anordnung gelöscht" in auskunft["hinweis"]
    with pytest.raises(PermanentError, match="inhalt_geloescht"):
        wiederlauf.vergleiche(welt.betrieb, fall)
    with pytest.raises((PermanentError, EingriffError)):
        nachtrag.probiere(welt.betrieb, fall, {"haerte": True}, wer="erika", woher="Anruf")
    assert not ausfuhr.fuehre_aus(welt.betrieb, fall, tmp_path, wer="erika", grund="").mit_inhalt


def test_an_unfinished_case_is_only_forgotten_by_force_and_then_goes_nowhere(welt: Welt) -> None:
    welt.lege_ein("n-1", antrag_xml(uuid="1"))
    welt.rufe_ab()
    fall = welt.der_vorgang().id
    with pytest.raises(EingriffError, match="vergessen_unfertig"):
        vergiss(welt, fall)
    with pytest.raises(EingriffError, match="vergessen_grund"):
        vergiss(welt, fall, grund=" ", zwang=True)
    vergiss(welt, fall, zwang=True)
    welt.arbeite()
    assert (welt.der_vorgang().status, welt.der_vorgang().grund) == ("returned", "vergessen")
    assert welt.mit_schluessel.versuche == []
    assert [zeile.code for zeile in welt.zeilen(ereignis) if zeile.kette == fall and zeile.was == "vergessen"] == [
        "mit_zwang"
    ]


def test_what_is_being_handed_over_right_now_is_not_torn_away(welt: Welt, fall: str) -> None:
    with welt.betrieb.store.transaktion("test") as verbindung:
        verbindung.execute(zustellung.update().values(status="absicht", absicht_von="ein anderer"))
    with pytest.raises(EingriffError, match="zustellung_laeuft"):
        vergiss(welt, fall, zwang=True)


def test_it_can_be_repeated_until_everything_is_gone(welt: Welt, fall: str) -> None:
    vergiss(welt, fall)
    assert vergiss(welt, fall).schon
    assert len([zeile for zeile in welt.zeilen(ereignis) if zeile.was == "vergessen"]) == 2


def test_no_canary_is_left_in_the_database_or_the_mirror(sqlite_url: str, tmp_path: Path) -> None:
    """Searched for with the key that wrote it: what is encrypted is opened as far as a key is left."""
    welt = Welt(sqlite_url, tmp_path / "welt", sicherung={"spiegel": str(tmp_path / "spiegel")})
    welt.lege_ein("n-1", antrag_xml(uuid="1", haerte=VOGEL))
    welt.durchlauf()
    fall = welt.der_vorgang().id
    roh = [zeile.daten for zeile in welt.zeilen(inhalt)]
    datei = Path(str(sa.make_url(sqlite_url).database))
    assert all(any(stueck in pfad.read_bytes() for pfad in datei.parent.glob(f"{datei.name}*")) for stueck in roh)
    vergiss(welt, fall)
    reste = [pfad for pfad in datei.parent.glob(f"{datei.name}*") for stueck in roh if stueck in pfad.read_bytes()]
    assert reste == []
    welt.schliesse()
    gesucht = [datei, datei.with_name(f"{datei.name}-wal"), tmp_path / "spiegel"]
    assert Suche([VOGEL]).in_dateien(*(pfad for pfad in gesucht if pfad.exists())) == []


def test_a_restored_backup_of_before_is_forgotten_once_more(sqlite_url: str, tmp_path: Path) -> None:
    welt = Welt(sqlite_url, tmp_path / "welt", sicherung={"spiegel": str(tmp_path / "spiegel")})
    welt.lege_ein("n-1", antrag_xml(uuid="1"))
    welt.durchlauf()
    fall = welt.der_vorgang().id
    gesichert = sicherung.sichere(welt.betrieb.store, tmp_path / "sicherung")
    vergiss(welt, fall)
    welt.schliesse()
    bund = Schluesselbund(SCHLUESSEL)
    wiederherstellung.stelle_her(sqlite_url, gesichert, bund, ["akte"], wer="erika", grund="", ersetze=True)
    welt.neuer_prozess()
    bericht = einspielung.nimm_auf(welt.betrieb, tmp_path / "spiegel", "erika")
    assert (bericht.vergessen, bericht.neu) == (1, 0)
    assert fall not in {zeile.vorgang_id for zeile in welt.zeilen(fallschluessel)}
    welt.schliesse()
