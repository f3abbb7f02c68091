"""Restore: the database of then, the mirror for what came since; nothing lost, nothing twice, nothing sent blindly.

The oracle are the mailbox and the target of the test, which live on while the database dies: every message has exactly
one effect there, counted by its content and not by any id of ours.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
import sqlalchemy as sa

from fachwerk import altbestand, eingriff, einspielung, pausen, sicherung, wiederherstellung
from fachwerk.einspielung import Bericht
from fachwerk.errors import RetryableError
from fachwerk.platz import versuche_sperre
from fachwerk.schluessel import Schluesselbund
from fachwerk.sicherung import Sicherung, SicherungError
from fachwerk.tabellen import eingang, ereignis, vorgang, zustellung
from fachwerk.testkit.mitspieler import Stoerung
from fachwerk.testkit.postgres import PostgresServer
from fachwerk.testkit.welt import SCHLUESSEL, Welt, antrag_xml
from fachwerk.vorpruefung_lage import lage

Bau = Callable[..., Welt]
Verlust = Callable[[Welt, Sicherung], Bericht]
BUND = Schluesselbund(SCHLUESSEL)


@pytest.fixture
def neue_adresse(request: pytest.FixtureRequest) -> Callable[[Welt], str]:
    """Where the database is made again: the same file without its database, or an empty database of the server."""

    def adresse(welt: Welt) -> str:
        datei = sa.make_url(welt._url).database
        if welt._url.startswith("sqlite"):
            Path(str(datei)).unlink()  # what lies beside it stays, as after a careless deletion
            return welt._url
        server: PostgresServer = request.getfixturevalue("postgres_server")
        return server.neue_datenbank()

    return adresse


@pytest.fixture
def verliere(neue_adresse: Callable[[Welt], str]) -> Verlust:
    """The database is gone; restore ``gesichert`` and the mirror, and go on with the same world around it."""

    def verliere(welt: Welt, gesichert: Sicherung) -> Bericht:
        welt.schliesse()
        welt._url = neue_adresse(welt)
        gelesen = sicherung.lies(gesichert.ordner)
        wiederherstellung.stelle_her(
            welt._url, gelesen, BUND, list(welt.betrieb.ziele), wer="erika", grund="Platte defekt", ersetze=False
        )
        welt.neuer_prozess()
        assert welt.betrieb.spiegel is not None
        return einspielung.nimm_auf(welt.betrieb, welt.betrieb.spiegel.ordner, "erika")

    return verliere


@pytest.fixture
def mit_spiegel(baue_welt: Bau, tmp_path: Path) -> Callable[[str], Welt]:
    return lambda plugin: baue_welt(ziel={"akte": plugin}, sicherung={"spiegel": str(tmp_path / "spiegel")})


def sichere(welt: Welt, tmp_path: Path) -> Sicherung:
    return sicherung.sichere(welt.betrieb.store, tmp_path / "sicherung")


def lege_ein(welt: Welt, *uuids: str) -> None:
    for uuid in uuids:
        welt.lege_ein(f"n-{uuid}", antrag_xml(uuid=uuid))


def wirkungen(welt: Welt, plugin: str) -> Counter[bytes]:
    """How often the message itself arrived, by its bytes."""
    return Counter(lieferung.dateien["0-teil"] for lieferung in getattr(welt, plugin).wirkungen)


def genau_einmal(*uuids: str) -> Counter[bytes]:
    return Counter(antrag_xml(uuid=uuid) for uuid in uuids)


@pytest.mark.parametrize("plugin", ["mit_schluessel", "mit_abfrage"])
def test_nothing_is_lost_and_nothing_delivered_twice(
    mit_spiegel: Callable[[str], Welt], verliere: Verlust, tmp_path: Path, plugin: str
) -> None:
    welt = mit_spiegel(plugin)
    ziel = getattr(welt, plugin)
    lege_ein(welt, "fertig")
    welt.durchlauf()
    lege_ein(welt, "wartet")
    ziel.stoerungen.append(Stoerung(RetryableError("ziel_aus", "Später.")))
    welt.durchlauf()
    lege_ein(welt, "gespeichert")
    welt.rufe_ab()
    gesichert = sichere(welt, tmp_path)

    welt.vergehe(hours=1)
    lege_ein(welt, "danach-zugestellt")
    welt.durchlauf()
    lege_ein(welt, "danach-gespeichert")
    welt.rufe_ab()
    lege_ein(welt, "noch-im-postfach")
    assert sum(wirkungen(welt, plugin).values()) == 4

    bericht = verliere(welt, gesichert)
    assert (bericht.neu, bericht.bekannt, bericht.unbrauchbar) == (2, 3, [])
    assert {zeile.status for zeile in welt.vorgaenge()} <= {"done", "waiting", "ready"}
    vorher = wirkungen(welt, plugin)
    welt.durchlauf()
    assert wirkungen(welt, plugin) == vorher
    assert {zeile.grund for zeile in welt.vorgaenge() if zeile.status == "waiting"} == {pausen.CODE}

    pausen.setze_fort(welt.betrieb, "ziel:akte", "erika", "nachgesehen")
    welt.arbeite()
    alle = ("fertig", "wartet", "gespeichert", "danach-zugestellt", "danach-gespeichert", "noch-im-postfach")
    assert wirkungen(welt, plugin) == genau_einmal(*alle)
    assert {zeile.status for zeile in welt.vorgaenge()} == {"done"}
    assert len(welt.vorgaenge()) == len(alle)


def test_a_target_that_cannot_be_asked_gets_nothing_without_a_person(
    mit_spiegel: Callable[[str], Welt], verliere: Verlust, tmp_path: Path
) -> None:
    welt = mit_spiegel("ohne_schutz")
    gesichert = sichere(welt, tmp_path)
    lege_ein(welt, "a")
    welt.durchlauf()
    verliere(welt, gesichert)
    pausen.setze_fort(welt.betrieb, "ziel:akte", "erika")
    welt.arbeite()
    fall = welt.der_vorgang()
    assert (fall.status, fall.grund) == ("held", "ausgang_unbekannt")
    assert wirkungen(welt, "ohne_schutz") == genau_einmal("a")
    lege_ein(welt, "neu")
    welt.durchlauf()
    assert wirkungen(welt, "ohne_schutz") == genau_einmal("a", "neu")
    eingriff.gib_frei(welt.betrieb, fall.id, "erika", "Dort liegt nichts.")
    welt.arbeite()
    assert {zeile.status for zeile in welt.vorgaenge()} == {"done"}


def test_every_ziel_is_paused_and_the_check_says_why(
    mit_spiegel: Callable[[str], Welt], verliere: Verlust, tmp_path: Path
) -> None:
    welt = mit_spiegel("mit_schluessel")
    verliere(welt, sichere(welt, tmp_path))
    (meldung,) = lage(welt.betrieb.store.datenbank)
    assert meldung.ort == "ziel.akte"
    assert "aus einer Sicherung wiederhergestellt" in meldung.text
    assert "fachwerk restore (erika)" in meldung.text
    was = [zeile.was for zeile in welt.zeilen(ereignis) if zeile.kette == "betrieb"]
    assert was == ["wiederhergestellt", "pausiert"]
    assert welt.betrieb.store.pruefe_kette("betrieb") is None


def test_a_message_the_mailbox_still_shows_is_the_case_of_the_mirror(
    mit_spiegel: Callable[[str], Welt], verliere: Verlust, tmp_path: Path
) -> None:
    welt = mit_spiegel("mit_abfrage")
    gesichert = sichere(welt, tmp_path)
    lege_ein(welt, "a")
    welt.postfach.stoerung_beim_bestaetigen.append(RetryableError("postfach_aus", "Später."))
    with pytest.raises(RetryableError):
        welt.rufe_ab()
    welt.arbeite()
    vorgang_id = welt.der_vorgang().id
    verliere(welt, gesichert)
    welt.durchlauf()
    assert welt.der_vorgang().id == vorgang_id
    assert welt.zeilen(eingang)[0].bestaetigt is not None
    pausen.setze_fort(welt.betrieb, "ziel:akte", "erika")
    welt.arbeite()
    assert wirkungen(welt, "mit_abfrage") == genau_einmal("a")


def test_nothing_is_handed_over_that_the_mirror_does_not_hold(
    mit_spiegel: Callable[[str], Welt], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else the mailbox would give it once more after a loss, as a case nobody knows."""
    welt = mit_spiegel("mit_schluessel")
    spiegel = welt.betrieb.spiegel
    assert spiegel is not None

    def aus(*_: object) -> None:
        raise RetryableError("spiegel_nicht_beschreibbar", "Der Spiegel ist nicht beschreibbar.")

    lege_ein(welt, "a")
    monkeypatch.setattr(spiegel, "sichere", aus)
    with pytest.raises(RetryableError):
        welt.rufe_ab()
    welt.arbeite()
    assert welt.mit_schluessel.versuche == []
    assert (welt.der_vorgang().status, welt.der_vorgang().grund) == ("waiting", "spiegel_nicht_beschreibbar")
    monkeypatch.undo()
    welt.vergehe(hours=2)
    welt.durchlauf()
    assert welt.der_vorgang().status == "done"
    assert spiegel.pfad(welt.der_vorgang().id).exists()


def test_messages_of_equal_content_wait_for_somebody_who_looks(
    mit_spiegel: Callable[[str], Welt], verliere: Verlust, tmp_path: Path
) -> None:
    welt = mit_spiegel("mit_abfrage")
    gesichert = sichere(welt, tmp_path)
    for nachricht in ("n-1", "n-2"):
        welt.lege_ein(nachricht, antrag_xml(uuid="gleich"))
    welt.durchlauf()
    bericht = verliere(welt, gesichert)
    assert bericht.doppelte == 2
    assert {zeile.grund for zeile in welt.vorgaenge()} == {einspielung.DOPPELT}
    pausen.setze_fort(welt.betrieb, "ziel:akte", "erika")
    zugestellt = welt.mit_abfrage.angekommen[0].partition(":")[0]
    for zeile in sorted(welt.vorgaenge(), key=lambda zeile: zeile.id != zugestellt):
        eingriff.gib_frei(welt.betrieb, zeile.id, "erika", "Im Ziel nachgesehen.")
        welt.arbeite()
    assert wirkungen(welt, "mit_abfrage") == genau_einmal("gleich")


def test_taking_in_the_mirror_can_be_repeated(
    mit_spiegel: Callable[[str], Welt], verliere: Verlust, tmp_path: Path
) -> None:
    welt = mit_spiegel("mit_abfrage")
    gesichert = sichere(welt, tmp_path)
    lege_ein(welt, "a", "b")
    welt.durchlauf()
    assert verliere(welt, gesichert).neu == 2
    assert welt.betrieb.spiegel is not None
    bericht = einspielung.nimm_auf(welt.betrieb, welt.betrieb.spiegel.ordner, "erika")
    assert (bericht.neu, bericht.bekannt) == (0, 2)


def test_a_damaged_copy_is_named_and_does_not_stop_the_others(
    mit_spiegel: Callable[[str], Welt], verliere: Verlust, tmp_path: Path
) -> None:
    welt = mit_spiegel("mit_abfrage")
    gesichert = sichere(welt, tmp_path)
    lege_ein(welt, "a", "b", "c")
    welt.rufe_ab()
    kopien = sorted((tmp_path / "spiegel").glob("??/*.eingang"))
    kopien[0].write_bytes(kopien[0].read_bytes()[:-1])
    inhalt = bytearray(kopien[1].read_bytes())
    inhalt[-1] ^= 1
    kopien[1].write_bytes(inhalt)
    bericht = verliere(welt, gesichert)
    assert bericht.neu == 1
    assert sorted(bericht.unbrauchbar) == [f"{kopie.name} [spiegel_beschaedigt]" for kopie in kopien[:2]]
    assert len(welt.vorgaenge()) == 1


def test_a_new_delivery_of_an_old_case_is_asked_for_first_one_of_a_new_case_is_not(
    mit_spiegel: Callable[[str], Welt], verliere: Verlust, tmp_path: Path
) -> None:
    welt = mit_spiegel("mit_abfrage")
    lege_ein(welt, "alt")
    welt.rufe_ab()
    verliere(welt, sichere(welt, tmp_path))
    lege_ein(welt, "neu")
    welt.durchlauf()
    zeichen = {zeile.vorgang_id: zeile.absicht_von for zeile in welt.zeilen(zustellung)}
    alter, neuer = welt.vorgaenge()
    assert (zeichen[alter.id], zeichen[neuer.id]) == (altbestand.ZEICHEN, "")


def test_an_interrupted_taking_in_goes_on_where_it_was(
    mit_spiegel: Callable[[str], Welt], verliere: Verlust, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    welt = mit_spiegel("mit_abfrage")
    gesichert = sichere(welt, tmp_path)
    lege_ein(welt, "a", "b")
    welt.durchlauf()

    def stirb(*_: object) -> bool:
        raise KeyboardInterrupt

    with monkeypatch.context() as tod:
        tod.setattr(einspielung._Aufnahme, "_werde_vorgang", stirb)
        with pytest.raises(KeyboardInterrupt):
            verliere(welt, gesichert)
    assert welt.vorgaenge() == []
    assert welt.betrieb.spiegel is not None
    assert einspielung.nimm_auf(welt.betrieb, welt.betrieb.spiegel.ordner, "erika").neu == 2
    pausen.setze_fort(welt.betrieb, "ziel:akte", "erika")
    welt.arbeite()
    assert wirkungen(welt, "mit_abfrage") == genau_einmal("a", "b")


def test_a_restore_that_breaks_leaves_no_database_anybody_could_work_on(
    mit_spiegel: Callable[[str], Welt], verliere: Verlust, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    welt = mit_spiegel("mit_abfrage")
    lege_ein(welt, "a")
    welt.rufe_ab()
    gesichert = sichere(welt, tmp_path)

    def stirb(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as tod:
        tod.setattr(wiederherstellung, "_lass_warten", stirb)
        with pytest.raises(KeyboardInterrupt):
            verliere(welt, gesichert)
    if welt._url.startswith("sqlite"):
        assert [pfad.name for pfad in tmp_path.glob("fachwerk.db*") if "vor-" not in pfad.name] == []
    assert stelle_her(welt._url, gesichert) is not None
    welt.neuer_prozess()
    assert (len(welt.vorgaenge()), len(pausen.alle(welt.betrieb.store.datenbank))) == (1, 1)


# -- refusals ---------------------------------------------------------------------------------------------------------


def stelle_her(url: str, gesichert: Sicherung, bund: Schluesselbund = BUND, ersetze: bool = False) -> list[Path]:
    return wiederherstellung.stelle_her(url, gesichert, bund, ["akte"], wer="erika", grund="", ersetze=ersetze)


def test_a_database_that_holds_something_is_never_overwritten(welt: Welt, tmp_path: Path) -> None:
    lege_ein(welt, "a")
    welt.rufe_ab()
    gesichert = sichere(welt, tmp_path)
    with pytest.raises(SicherungError, match="wiederherstellung_nicht_leer"):
        stelle_her(welt._url, gesichert)
    assert len(welt.vorgaenge()) == 1


def test_another_site_key_is_refused_before_anything_happens(welt: Welt, tmp_path: Path) -> None:
    gesichert = sichere(welt, tmp_path)
    with pytest.raises(SicherungError, match="wiederherstellung_schluessel"):
        stelle_her(welt._url, gesichert, Schluesselbund(bytes(32)))


def test_a_backup_of_the_other_kind_of_database_is_refused(welt: Welt, tmp_path: Path) -> None:
    gesichert = sichere(welt, tmp_path)
    andere = "postgresql+psycopg://niemand@localhost/leer" if "sqlite" in welt._url else f"sqlite:///{tmp_path}/x.db"
    with pytest.raises(SicherungError, match="wiederherstellung_art"):
        stelle_her(andere, gesichert)


def test_a_running_service_keeps_its_file(sqlite_url: str, tmp_path: Path) -> None:
    welt = Welt(sqlite_url, tmp_path / "welt")
    gesichert = sichere(welt, tmp_path)
    sperre = versuche_sperre(welt.betrieb.store.datenbank, "hier-1")
    assert sperre is not None
    with pytest.raises(SicherungError, match="wiederherstellung_dienst_laeuft"):
        stelle_her(sqlite_url, gesichert, ersetze=True)
    sperre.loese()
    welt.schliesse()


def test_a_replaced_file_is_laid_aside_and_not_deleted(sqlite_url: str, tmp_path: Path) -> None:
    welt = Welt(sqlite_url, tmp_path / "welt")
    gesichert = sichere(welt, tmp_path)
    lege_ein(welt, "a")
    welt.rufe_ab()
    welt.schliesse()
    alte = stelle_her(sqlite_url, gesichert, ersetze=True)
    with sa.create_engine(f"sqlite:///{alte[0]}").connect() as verbindung:
        assert len(verbindung.execute(sa.select(vorgang.c.id)).all()) == 1
    welt.neuer_prozess()
    assert welt.vorgaenge() == []
    welt.schliesse()
