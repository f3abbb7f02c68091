"""kill -9 at every point of the line: one fresh message each, a SIGKILL exactly there, a normal poll, and a look.

The list of points is not written down here alone: a dry run says which points a message really passes, and both
lists must be the same. What is compared afterwards is the mailbox's folder, the database by plain SQL, and the
folder of the target.
"""

from __future__ import annotations

import signal
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

from fachwerk.betrieb import oeffne_betrieb
from fachwerk.datenbank import oeffne_datenbank
from fachwerk.tabellen import zustellung
from fachwerk.testkit.absturz import Absturzbank
from fachwerk.testkit.standort import Standort

NeuerStandort = Callable[..., Standort]

ANHANG = 1_200_000
"""Bytes of the attachment: two chunks, so that a kill can come between them."""

EMPFANG = {
    "lauf_beginn 1": "the poll is noted",
    "fallschluessel 1": "the key of the future case",
    "stueck 1": "first chunk of the attachment, provisional",
    "stueck 2": "last chunk of the attachment",
    "annahme 1": "the durable point: eingang, the message itself, case and job",
    "spiegel 1": "the mirror on the second volume",
    "umbenennen_spiegel 1": "the mirror becomes visible",
    "acknowledge 1": "close: the mailbox deletes",
    "bestaetigt 1": "the record of close",
    "wieder_bestaetigt 1": "the record of messages closed late",
    "lauf_ende 1": "the poll has ended",
}
VERARBEITUNG = {
    "virenpruefung 1": "the scan of the parts",
    "virenpruefung 2": "the scan of what is embedded in the XML",
    "linie 1": "map, validate, decide, render",
}
UEBERGABE = {
    "absicht 1": "the intent to deliver",
    "deliver 1": "the hand-over",
    "zugestellt 1": "the receipt",
}
RUECKKEHR = {
    "unterbrochen 1": "the note that the process died over this delivery",
    "wiederanlauf 1": "the commit that it is begun once more",
    "absicht 1": "the intent, taken over from the dead process",
    "find_delivered 1": "the question what became of it",
    "zugestellt 1": "the receipt",
}
NEBENWEGE = {
    "gehalten 1": "a message nobody can read is held",
    "klaerung 1": "the question about it goes to the office",
    "doppelsendung 1": "a message sent twice is linked to the first",
}
ERGAENZUNG = {"ergaenzt 1": "a person's facts: the new Fassung, its journal, its job"}
EINGRIFFE = {
    "forward": "abgabe 1",  # the letter, the new Fassung with its Sendung, and its job
    "return": "rueckgabe 1",  # the letter and the end of the case
    "replay": "replay 1",  # the journal of a run without effect
}
NACHSENDUNG = {
    "gemahnt 1": "the alarm about what is overdue",
    "nachgesendet 1": "a person's order to hand over once more: its journal, its job",
}
UMBENENNUNG = {"umbenennen_ziel 1": "the case folder becomes visible"}


def punkte(*gruppen: dict[str, str]) -> list[str]:
    """Before and after each of them."""
    return [f"{wann} {was}" for gruppe in gruppen for was in gruppe for wann in ("vor", "nach")]


ALLE = punkte(EMPFANG, VERARBEITUNG, UEBERGABE, UMBENENNUNG)


def durchlaufene(bank: Absturzbank, standort: Standort, tmp_path: Path) -> list[str]:
    """What one message passes on its way, as a child that is not killed has seen it."""
    standort.sende(anhang=ANHANG)
    liste = tmp_path / "punkte.txt"
    ende = bank.laufe(standort.konfig, liste=liste)
    assert ende.code == 0
    assert standort.maengel() == []
    return liste.read_text(encoding="utf-8").splitlines()


def test_the_line_has_exactly_the_documented_points(
    bank: Absturzbank, neuer_standort: NeuerStandort, sqlite_url: str, tmp_path: Path
) -> None:
    standort = neuer_standort(sqlite_url)
    assert sorted(durchlaufene(bank, standort, tmp_path)) == sorted(ALLE)


def toete_und_sieh_nach(bank: Absturzbank, standort: Standort, punkt: str) -> list[str]:
    """One fresh message, a kill at ``punkt``, a normal poll; returns what went wrong."""
    standort.sende(anhang=ANHANG)
    maengel = toete(bank, standort, punkt)
    danach = bank.laufe(standort.konfig)
    if danach.code != 0 or danach.bericht is None or danach.bericht["fehler"]:
        maengel.append(f"{punkt}: the poll afterwards did not go well: {danach}")
    return maengel


def toete(bank: Absturzbank, standort: Standort, punkt: str) -> list[str]:
    ende = bank.laufe(standort.konfig, toete=punkt)
    return [] if ende.code == -signal.SIGKILL else [f"{punkt}: not killed there, the process ended with {ende.code}"]


def zugleich(*bahnen: Callable[[], list[str]]) -> list[str]:
    """Everything that went wrong on any of the lanes, which run at the same time."""
    with ThreadPoolExecutor(len(bahnen)) as faeden:
        return [mangel for maengel in faeden.map(lambda bahn: bahn(), bahnen) for mangel in maengel]


def test_a_kill_at_any_point_loses_nothing_and_delivers_nothing_twice(
    bank: Absturzbank, neuer_standort: NeuerStandort, datenbanken: tuple[str, str]
) -> None:
    standorte = [neuer_standort(url) for url in datenbanken]

    def bahn(nummer: int) -> list[str]:
        standort, maengel = standorte[nummer], []
        assert bank.laufe(standort.konfig).code == 0
        for punkt in ALLE[nummer::2]:
            maengel += toete_und_sieh_nach(bank, standort, punkt)
            maengel += [f"{punkt}: {mangel}" for mangel in standort.maengel()]
        return maengel

    maengel = zugleich(lambda: bahn(0), lambda: bahn(1))
    assert not maengel, "\n".join(maengel)
    assert sum(standort.bilanz().zugestellt for standort in standorte) == len(ALLE)
    for standort in standorte:
        assert set(standort.auftraege()) == {"SUCCESS"}
        assert standort.frage("SELECT count(*) FROM eingang WHERE bestaetigt IS NULL") == [(0,)]


def test_a_second_kill_while_the_first_is_cleared_up_changes_nothing(
    bank: Absturzbank, neuer_standort: NeuerStandort, datenbanken: tuple[str, str]
) -> None:
    standorte = [neuer_standort(url) for url in datenbanken]

    def bahn(nummer: int) -> list[str]:
        standort, maengel = standorte[nummer], []
        assert bank.laufe(standort.konfig).code == 0
        for punkt in punkte(RUECKKEHR)[nummer::2]:
            standort.sende()
            maengel += toete(bank, standort, "nach deliver 1") + toete(bank, standort, punkt)
            assert bank.laufe(standort.konfig).code == 0
            maengel += [f"{punkt}: {mangel}" for mangel in standort.maengel()]
        return maengel

    maengel = zugleich(lambda: bahn(0), lambda: bahn(1))
    assert not maengel, "\n".join(maengel)
    for standort in standorte:
        assert standort.frage("SELECT count(*) FROM vorgang WHERE status <> 'done'") == [(0,)]


def test_a_kill_on_a_side_way_loses_no_question_and_delivers_no_message_sent_twice(
    bank: Absturzbank, neuer_standort: NeuerStandort, datenbank_url: str
) -> None:
    standort = neuer_standort(datenbank_url, zusatz='[klaerung]\nziel = "akte"\n')
    maengel = []
    for punkt in punkte(NEBENWEGE):
        xml = standort.antrag()
        if "doppelsendung" in punkt:
            standort.sende_xml(xml)
            assert bank.laufe(standort.konfig).code == 0
        standort.sende_xml(xml if "doppelsendung" in punkt else xml[:-200])
        maengel += toete(bank, standort, punkt)
        assert bank.laufe(standort.konfig).code == 0
        maengel += [f"{punkt}: {mangel}" for mangel in standort.maengel()]
    assert not maengel, "\n".join(maengel)
    bilanz = standort.bilanz()
    assert (bilanz.zugestellt, bilanz.gehalten, bilanz.doppelsendungen) == (2, 4, 2)
    assert standort.frage("SELECT count(*) FROM quittung") == [(2 + 4,)]


def test_a_kill_while_facts_are_added_leaves_the_old_fassung_or_the_new_one(
    bank: Absturzbank, neuer_standort: NeuerStandort, datenbank_url: str, tmp_path: Path
) -> None:
    standort = neuer_standort(datenbank_url)
    angaben = tmp_path / "fall.yaml"
    angaben.write_text("haerte: false\n", encoding="utf-8")
    for erwartet, punkt in enumerate(punkte(ERGAENZUNG), 1):
        standort.sende()
        assert bank.laufe(standort.konfig).code == 0
        assert bank.laufe(standort.konfig, toete=punkt, ergaenze=angaben).code == -signal.SIGKILL
        kennung, fassung, lauf = standort.frage("SELECT id, fassung, lauf FROM vorgang ORDER BY angelegt DESC")[0]
        assert (fassung, lauf) == (erwartet, erwartet), punkt
        frage = f"SELECT count(*) FROM schritt WHERE vorgang_id = '{kennung}' AND name = 'ergaenze'"  # noqa: S608
        assert standort.frage(frage) == [(erwartet - 1,)], punkt
        assert bank.laufe(standort.konfig).code == 0
        frage = f"SELECT fassung, status FROM zustellung WHERE vorgang_id = '{kennung}' ORDER BY fassung"  # noqa: S608
        assert standort.frage(frage) == [(nr, "zugestellt") for nr in range(1, erwartet + 1)], punkt
    assert standort.frage("SELECT DISTINCT status FROM vorgang") == [("done",)]
    assert set(standort.auftraege()) == {"SUCCESS"}


def test_a_kill_while_a_person_acts_leaves_the_case_as_it_was_or_the_act_whole(
    bank: Absturzbank, neuer_standort: NeuerStandort, datenbank_url: str
) -> None:
    standort = neuer_standort(datenbank_url)
    for _ in EINGRIFFE:
        standort.sende_xml(standort.antrag()[:-200])
    assert bank.laufe(standort.konfig).code == 0
    faelle = dict(zip(EINGRIFFE, [zeile[0] for zeile in standort.frage("SELECT id FROM vorgang")], strict=True))
    for was, punkt in EINGRIFFE.items():
        for wann, spuren in (("vor", 0), ("nach", 1)):
            ende = bank.laufe(standort.konfig, toete=f"{wann} {punkt}", eingriff=f"{was} {faelle[was]}")
            assert ende.code == -signal.SIGKILL, f"{wann} {punkt}"
            haelt = standort.frage("SELECT id FROM vorgang WHERE status = 'held'")
            assert ((faelle[was],) in haelt) is (wann == "vor" or was == "replay"), f"{wann} {punkt}"
            frage = "SELECT count(*) FROM ereignis WHERE wer = 'absturz' AND kette = "
            assert standort.frage(f"{frage}'{faelle[was]}'") == [(spuren,)], f"{wann} {punkt}"
    assert bank.laufe(standort.konfig).code == 0
    staende = dict(standort.frage("SELECT id, status FROM vorgang"))
    assert [staende[fall] for fall in faelle.values()] == ["forwarded", "returned", "held"]
    assert standort.frage("SELECT vorgang_id, fassung, status FROM zustellung") == [
        (faelle["forward"], 2, "zugestellt")
    ]
    (akte,) = [ordner for ordner in standort.akten.iterdir() if ordner.is_dir()]
    assert any("abgabenachricht" in datei.name for datei in akte.rglob("*"))


def test_a_kill_while_a_delivery_is_sent_again_leaves_one_alarm_and_the_order_or_none(
    bank: Absturzbank, neuer_standort: NeuerStandort, sqlite_url: str
) -> None:
    standort = neuer_standort(sqlite_url, ziele=ziel_mit("stufen"))
    (standort.ordner / "stufe-akte.txt").write_text("uebergeben", encoding="utf-8")
    standort.sende()
    assert bank.laufe(standort.konfig).code == 0
    kennung = mache_ueberfaellig(standort)
    erwartet = {"vor gemahnt 1": (0, 0), "nach gemahnt 1": (1, 0), "vor nachgesendet 1": (1, 0)}
    for punkt in punkte(NACHSENDUNG):
        ende = bank.laufe(standort.konfig, toete=punkt, eingriff=f"resend {kennung}")
        assert ende.code == -signal.SIGKILL, punkt
        alarme = standort.frage("SELECT count(*) FROM alarm WHERE behoben IS NULL")[0][0]
        bestellt = standort.frage("SELECT count(*) FROM schritt WHERE name = 'nachsendung'")[0][0]
        assert (alarme, bestellt) == erwartet.get(punkt, (0, 1)), punkt
    assert bank.laufe(standort.konfig).code == 0
    assert standort.frage("SELECT status FROM vorgang") == [("done",)]
    assert standort.frage("SELECT count(*) FROM schritt WHERE name = 'gefunden'") == [(1,)]
    assert len((standort.ordner / "zugestellt-akte.txt").read_text().split()) == 1


def mache_ueberfaellig(standort: Standort) -> str:
    """The only delivery expects a receipt since an hour and is asked for it in an hour; id of its case."""
    datenbank = oeffne_datenbank(standort.datenbank)
    frueher, spaeter = (datetime.now(UTC) + timedelta(hours=stunden) for stunden in (-1, 1))
    werte = {"erwartet_bis": frueher, "mahnen_ab": frueher, "frage_faellig": spaeter}
    with datenbank.begin() as verbindung:
        verbindung.execute(zustellung.update().values(**werte))
    datenbank.dispose()
    kennung: str = standort.frage("SELECT id FROM vorgang")[0][0]
    return kennung


def test_content_that_nobody_claimed_is_swept_and_what_was_claimed_stays(
    bank: Absturzbank, neuer_standort: NeuerStandort, sqlite_url: str
) -> None:
    standort = neuer_standort(sqlite_url)
    assert bank.laufe(standort.konfig).code == 0
    for punkt in ("nach fallschluessel 1", "nach stueck 1", "vor annahme 1"):
        assert toete_und_sieh_nach(bank, standort, punkt) == []
    assert standort.frage("SELECT count(*) FROM teil WHERE NOT beansprucht")[0][0] >= 2
    betrieb = oeffne_betrieb(standort.konfig)
    betrieb.store.inhalt.fege(timedelta(0))
    betrieb.schliesse()
    assert standort.frage("SELECT count(*) FROM teil WHERE NOT beansprucht") == [(0,)]
    frage = "SELECT count(*) FROM fallschluessel WHERE vorgang_id NOT IN (SELECT id FROM vorgang)"
    assert standort.frage(frage) == [(0,)]
    assert standort.maengel() == []


def test_a_target_that_takes_everything_twice_is_asked_or_a_person_is(
    bank: Absturzbank, neuer_standort: NeuerStandort, datenbanken: tuple[str, str]
) -> None:
    unklar = {"nach absicht 1", "vor deliver 1", "nach deliver 1", "vor zugestellt 1"}
    abfrage = neuer_standort(datenbanken[0], ziele=ziel_mit("abfrage"))
    keine = neuer_standort(datenbanken[1], ziele=ziel_mit("keine"))
    maengel = zugleich(lambda: uebergib(bank, abfrage, set()), lambda: uebergib(bank, keine, unklar))
    assert not maengel, "\n".join(maengel)


def ziel_mit(idempotenz: str) -> str:
    return f'[ziel.akte]\nplugin = "testziel_{idempotenz}"\n'


def uebergib(bank: Absturzbank, standort: Standort, gehalten: set[str]) -> list[str]:
    """A kill at each point of the hand-over; only those in ``gehalten`` may leave a question for a person."""
    assert bank.laufe(standort.konfig).code == 0
    maengel, erwartet = [], []
    for punkt in punkte(UEBERGABE):
        maengel += toete_und_sieh_nach(bank, standort, punkt)
        erwartet.append(("held", "ausgang_unbekannt") if punkt in gehalten else ("done", ""))
        if (stand := standort.frage("SELECT status, grund FROM vorgang ORDER BY angelegt")) != erwartet:
            maengel.append(f"{punkt}: {stand[-1:]} as the last of {len(stand)}, instead of {erwartet[-1]}")
    zustellungen = Counter((standort.ordner / "zugestellt-akte.txt").read_text().split())
    fertig = {f"{zeile[0]}:akte:1" for zeile in standort.frage("SELECT id FROM vorgang WHERE status = 'done'")}
    maengel += [f"delivered twice: {schluessel}" for schluessel, anzahl in zustellungen.items() if anzahl > 1]
    return maengel + [f"done, but not delivered: {schluessel}" for schluessel in fertig - set(zustellungen)]
