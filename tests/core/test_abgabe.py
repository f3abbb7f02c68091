"""A case is given to the competent body: the original as it came, once, with the day it came first."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, datetime

import pytest
from click.testing import CliRunner

from fachwerk import abgabe, aufbewahrung, eingriff, nachtrag
from fachwerk.cli import befehle
from fachwerk.eingriff import EingriffError
from fachwerk.errors import FachwerkError, NeedsHumanError, OutcomeUnknownError, PermanentError, RetryableError
from fachwerk.modell import Empfehlung, Idempotenz, Stufe, Votum
from fachwerk.tabellen import ereignis, quittung, zustellung
from fachwerk.testkit.mitspieler import Stoerung, Stufenziel
from fachwerk.testkit.welt import Welt, antrag_xml
from fachwerk.viren import Fund

Bau = Callable[..., Welt]

XML = antrag_xml(uuid="1")
ANLAGE = ("a.pdf", "application/pdf", b"%PDF a")
ZUGESTELLT = datetime(2026, 3, 1, 23, 30, tzinfo=UTC)
ZIELE = {"akte": "mit_schluessel", "nachbar": "mit_abfrage", "stumm": "ohne_schutz"}


class Pruefer:
    """A scanner that knows one word."""

    def pruefe(self, strom: Iterable[bytes]) -> Fund | None:
        return Fund("Testfund") if b"EICAR" in b"".join(strom) else None

    def erreichbar(self) -> None:
        """Always."""


@pytest.fixture
def datenbank_url(sqlite_url: str) -> str:
    """One database is enough here: that both keep what is committed, the kills in tests/system show."""
    return sqlite_url


@pytest.fixture
def welt(baue_welt: Bau) -> Welt:
    return baue_welt(ziel=ZIELE, fachwerk={"land": "mv", "betreiber": "Stadt Musterow"})


def halte(welt: Welt, xml: bytes = XML) -> str:
    """A case held because another body is competent."""
    welt.regeln.votum = Votum(empfehlung=Empfehlung.WEITERLEITEN, weiterleiten_an="Nachbarstadt")
    welt.lege_ein("n-1", xml, ANLAGE, zugestellt=ZUGESTELLT)
    assert welt.durchlauf() == ["held"]
    return str(welt.der_vorgang().id)


def gib_ab(welt: Welt, kennung: str, ziel: str = "nachbar") -> int:
    fertig = abgabe.bereite_vor(welt.betrieb, kennung, ziel, wer="anna", grund="Wohnsitz in Nachbarstadt")
    return abgabe.gib_ab(welt.betrieb, fertig)


def ablehnung(welt: Welt, kennung: str, ziel: str = "nachbar") -> str:
    vorher = (welt.zeilen(zustellung), welt.journal(kennung), welt.zeilen(ereignis))
    with pytest.raises(FachwerkError) as fehler:
        gib_ab(welt, kennung, ziel)
    assert (welt.zeilen(zustellung), welt.journal(kennung), welt.zeilen(ereignis)) == vorher
    return fehler.value.code


def test_the_original_goes_out_unchanged_with_the_day_of_the_first_receipt(welt: Welt) -> None:
    kennung = halte(welt)
    assert gib_ab(welt, kennung) == 2
    assert welt.der_vorgang().status == "running"
    welt.arbeite()
    (lieferung,) = welt.mit_abfrage.wirkungen
    assert lieferung.schluessel == f"{kennung}:nachbar:2"
    assert (lieferung.dateien["0-teil"], lieferung.dateien["1-teil"]) == (XML, b"%PDF a")
    brief = lieferung.dateien["2-teil"].decode()
    for wort in ("02.03.2026", "00:30:00", "Stadt Musterow", "nachbar", "n-1", kennung, "weiterleiten", "§ 16 Abs. 2"):
        assert wort in brief, wort
    assert "Wohnsitz in Nachbarstadt" in brief
    stand = welt.der_vorgang()
    assert (stand.status, stand.grund, stand.fassung) == ("forwarded", "", 2)
    assert welt.mit_schluessel.versuche == [], "the Ziel of the route gets nothing"
    assert [name for name, _ in welt.journal()][-2:] == ["abgabe", "deliver"]


def test_the_audit_says_who_and_which_reason_and_the_text_is_content(welt: Welt) -> None:
    kennung = halte(welt)
    gib_ab(welt, kennung)
    (zeile,) = [zeile for zeile in welt.zeilen(ereignis) if zeile.was == "abgegeben"]
    assert (zeile.wer, zeile.code, zeile.kette) == ("anna", "weiterleiten", kennung)
    assert welt.betrieb.store.pruefe_kette(kennung) is None
    assert not any("Wohnsitz" in str(zeile) for zeile in welt.zeilen(ereignis))


def test_it_is_forwarded_only_after_the_quittung(welt: Welt) -> None:
    kennung = halte(welt)
    welt.mit_abfrage.stoerungen.append(Stoerung(RetryableError("stoerung", "Später.", retry_after=60)))
    gib_ab(welt, kennung)
    welt.arbeite()
    assert (welt.der_vorgang().status, welt.der_vorgang().grund) == ("waiting", "stoerung")
    welt.vergehe(minutes=2)
    welt.arbeite()
    assert (welt.der_vorgang().status, len(welt.mit_abfrage.wirkungen)) == ("forwarded", 1)


def test_a_lost_answer_is_asked_about_and_never_sent_twice(welt: Welt) -> None:
    kennung = halte(welt)
    welt.mit_abfrage.stoerungen.append(Stoerung(OutcomeUnknownError("weg", "Antwort fehlt."), angekommen=True))
    gib_ab(welt, kennung)
    welt.arbeite()
    assert (welt.der_vorgang().status, len(welt.mit_abfrage.versuche)) == ("forwarded", 1)


def test_an_unknown_outcome_is_held_and_nothing_else_can_be_done_until_it_is_settled(welt: Welt) -> None:
    kennung = halte(welt)
    welt.ohne_schutz.stoerungen.append(Stoerung(OutcomeUnknownError("weg", "Antwort fehlt."), angekommen=True))
    gib_ab(welt, kennung, "stumm")
    welt.arbeite()
    assert (welt.der_vorgang().status, welt.der_vorgang().grund) == ("held", "ausgang_unbekannt")
    assert ablehnung(welt, kennung) == "ausgang_ungeklaert"
    eingriff.gib_frei(welt.betrieb, kennung, "anna", "dort ist nichts")
    welt.arbeite()
    assert (welt.der_vorgang().status, len(welt.ohne_schutz.versuche)) == ("forwarded", 2)


def test_a_process_that_dies_while_it_hands_over_leaves_a_question_not_a_second_letter(welt: Welt) -> None:
    kennung = halte(welt)

    def stirb(schluessel: str) -> None:
        raise KeyboardInterrupt

    welt.mit_abfrage.waehrend = stirb
    gib_ab(welt, kennung)
    with pytest.raises(KeyboardInterrupt):
        welt.arbeite()
    welt.mit_abfrage.waehrend = None
    welt.neuer_prozess()
    welt.arbeite()
    assert (welt.der_vorgang().status, len(welt.mit_abfrage.wirkungen)) == ("forwarded", 1)
    assert welt.mit_abfrage.fragen == [f"{kennung}:nachbar:2"]


def test_what_one_body_refuses_can_go_to_another(welt: Welt) -> None:
    kennung = halte(welt)
    welt.mit_abfrage.stoerungen.append(Stoerung(NeedsHumanError("kein_xml", "Auf welchem anderen Weg?")))
    gib_ab(welt, kennung)
    welt.arbeite()
    assert (welt.der_vorgang().status, welt.der_vorgang().grund) == ("held", "kein_xml")
    assert gib_ab(welt, kennung, "stumm") == 3
    welt.arbeite()
    assert welt.der_vorgang().status == "forwarded"
    assert {(z.ziel, z.status) for z in welt.zeilen(zustellung)} == {("nachbar", "ersetzt"), ("stumm", "zugestellt")}


def test_a_person_may_change_their_mind_before_it_has_left(welt: Welt) -> None:
    kennung = halte(welt)
    welt.mit_abfrage.stoerungen.append(Stoerung(PermanentError("nein", "Geht nicht.")))
    gib_ab(welt, kennung)
    welt.arbeite()
    welt.regeln.votum = Votum(empfehlung=Empfehlung.VORLEGEN)
    vorschau = nachtrag.probiere(welt.betrieb, kennung, {"haerte": True}, wer="anna", woher="Anruf")
    nachtrag.uebernimm(welt.betrieb, vorschau)
    welt.arbeite()
    assert (welt.der_vorgang().status, len(welt.mit_schluessel.wirkungen)) == ("done", 1)


@pytest.mark.parametrize("inhalt", [b"<fremd/>", b"kein XML", antrag_xml(leser="xyz:130030000000")])
def test_what_nobody_could_read_goes_as_it_came(welt: Welt, inhalt: bytes) -> None:
    welt.lege_ein("n-1", inhalt, ANLAGE)
    assert welt.durchlauf() == ["held"]
    gib_ab(welt, welt.der_vorgang().id)
    welt.arbeite()
    (lieferung,) = welt.mit_abfrage.wirkungen
    assert (lieferung.dateien["0-teil"], lieferung.dateien["1-teil"]) == (inhalt, b"%PDF a")
    assert welt.der_vorgang().status == "forwarded"


def test_what_a_person_added_stays_here(welt: Welt) -> None:
    welt.format.fall = {"haerte": False}
    kennung = halte(welt)
    vorschau = nachtrag.probiere(welt.betrieb, kennung, {"haerte": True}, wer="anna", woher="Anruf")
    nachtrag.uebernimm(welt.betrieb, vorschau)
    welt.arbeite()
    assert welt.der_vorgang().status == "held"
    fertig = abgabe.bereite_vor(welt.betrieb, kennung, "nachbar", wer="anna", grund="unzuständig")
    assert [anlage.pfad for anlage in fertig.sendung.anlagen] == ["0-teil", "1-teil", "2-teil", "vermerk.txt"]
    vermerk = b"".join(fertig.sendung.anlagen[-1].teil.bytes_strom()).decode()
    assert vermerk.splitlines()[0] == "weiterleiten"
    assert "Nachbarstadt" not in vermerk, "the pre-check is not theirs"


def test_a_case_that_is_done_can_still_be_given_away(welt: Welt) -> None:
    welt.lege_ein("n-1", XML)
    assert welt.durchlauf() == ["done"]
    gib_ab(welt, welt.der_vorgang().id)
    welt.arbeite()
    assert welt.der_vorgang().status == "forwarded"
    (zeile,) = [zeile for zeile in welt.zeilen(ereignis) if zeile.was == "abgegeben"]
    assert zeile.code == "ohne_haltegrund"


def test_a_case_under_way_or_ended_is_not_given_away(welt: Welt) -> None:
    welt.lege_ein("n-1", XML)
    welt.rufe_ab()
    kennung = welt.der_vorgang().id
    assert ablehnung(welt, kennung) == "vorgang_in_arbeit"
    welt.mit_schluessel.stoerungen.append(Stoerung(RetryableError("stoerung", "Später.")))
    welt.arbeite()
    assert ablehnung(welt, kennung) == "vorgang_in_arbeit", "waiting for its own Ziel"
    welt.vergehe(hours=1)
    welt.arbeite()
    gib_ab(welt, kennung)
    welt.arbeite()
    assert ablehnung(welt, kennung) == "vorgang_beendet"
    with pytest.raises(EingriffError, match="vorgang_beendet"):
        nachtrag.probiere(welt.betrieb, kennung, {"a": 1}, wer="anna")


def test_a_message_sent_twice_is_given_away_once(welt: Welt) -> None:
    for nummer in ("n-1", "n-2"):
        welt.lege_ein(nummer, XML)
        welt.durchlauf()
    assert ablehnung(welt, welt.vorgaenge()[1].id) == "vorgang_doppelsendung"


def test_malware_is_given_to_nobody_however_often_it_was_tried_since(welt: Welt) -> None:
    welt.betrieb.pruefer = Pruefer()
    welt.lege_ein("n-1", antrag_xml(produkt="EICAR"))
    assert welt.durchlauf() == ["held"]
    assert ablehnung(welt, welt.der_vorgang().id) == "vorgang_schadsoftware"
    welt.betrieb.pruefer = None
    assert ablehnung(welt, welt.der_vorgang().id) == "vorgang_schadsoftware", "nobody said that it was a mistake"


def test_what_nobody_has_scanned_yet_is_scanned_first(welt: Welt) -> None:
    welt.betrieb.pruefer = Pruefer()
    for inhalt in (XML, antrag_xml(uuid="2", produkt="EICAR")):
        welt.lege_ein("n-1", inhalt)
        welt.durchlauf()
    assert welt.vorgaenge()[1].grund == "nachricht_id_abweichend"
    assert ablehnung(welt, welt.vorgaenge()[1].id) == "vorgang_schadsoftware"


def test_the_other_body_is_told_why_and_no_id_can_pretend_to_be_a_line_of_the_letter(welt: Welt) -> None:
    welt.regeln.votum = Votum(empfehlung=Empfehlung.WEITERLEITEN)
    welt.lege_ein("n-1\nTag des ersten Eingangs: 01.01.2001", XML)
    welt.durchlauf()
    kennung = welt.der_vorgang().id
    with pytest.raises(EingriffError, match="abgabe_ohne_grund"):
        abgabe.bereite_vor(welt.betrieb, kennung, "nachbar", wer="anna", grund=" ")
    brief = abgabe.bereite_vor(welt.betrieb, kennung, "nachbar", wer="anna", grund="Umzug").nachricht
    assert [zeile for zeile in brief.splitlines() if zeile.startswith("Tag des")] == [brief.splitlines()[6]]


def test_a_ziel_nobody_configured_is_named(welt: Welt) -> None:
    kennung = halte(welt)
    assert ablehnung(welt, kennung, "nirgendwo") == "ziel_unbekannt"


def test_a_test_goes_nowhere_and_an_application_never_to_a_test(baue_welt: Bau) -> None:
    routen = ({"leistung": "*", "ziel": "akte"}, {"leistung": "*", "ziel": "probe", "zustand": "test"})
    welt = baue_welt(ziel=ZIELE | {"probe": "mit_schluessel"}, route=routen)
    kennung = halte(welt)
    assert ablehnung(welt, kennung, "probe") == "abgabe_testziel"
    welt.format.fehler = NeedsHumanError("frage", "Was gilt?")
    welt.lege_ein("n-2", antrag_xml(uuid="2"), test=True)
    welt.durchlauf()
    probe = welt.vorgaenge()[1].id
    assert ablehnung(welt, probe) == "abgabe_testfall"
    gib_ab(welt, probe, "probe")
    welt.arbeite()
    assert welt.vorgaenge()[1].status == "forwarded"


def test_two_people_at_once_give_it_away_once(welt: Welt) -> None:
    kennung = halte(welt)
    beide = [abgabe.bereite_vor(welt.betrieb, kennung, "nachbar", wer=wer, grund="x") for wer in ("anna", "bert")]
    abgabe.gib_ab(welt.betrieb, beide[0])
    with pytest.raises(EingriffError, match="zwischendurch_geaendert"):
        abgabe.gib_ab(welt.betrieb, beide[1])
    welt.arbeite()
    assert len(welt.mit_abfrage.wirkungen) == 1


def test_what_was_given_away_is_deleted_on_schedule_and_not_given_away_again(welt: Welt) -> None:
    kennung = halte(welt)
    gib_ab(welt, kennung)
    welt.arbeite()
    welt.vergehe(days=31)
    assert aufbewahrung.loesche_faellige(welt.betrieb, datetime.now(UTC)) == 1
    assert welt.der_vorgang().status == "forwarded"
    assert welt.zeilen(quittung), "that it arrived stays provable"


def test_a_transport_that_fails_later_brings_the_case_back(baue_welt: Bau) -> None:
    ziel = Stufenziel("stufen", Idempotenz.ABFRAGE)
    welt = baue_welt(plugins={"stufen": ziel}, ziel={"akte": "mit_schluessel", "nachbar": "stufen"})
    kennung = halte(welt)
    gib_ab(welt, kennung)
    welt.arbeite()
    assert welt.der_vorgang().status == "forwarded"
    ziel.antworten.append(NeedsHumanError("versand_gescheitert", "Der Transport hat sie nicht zugestellt."))
    welt.vergehe(hours=1)
    welt.arbeite()
    assert (welt.der_vorgang().status, welt.der_vorgang().grund) == ("held", "versand_gescheitert")
    ziel.zuletzt = Stufe.UEBERGEBEN
    eingriff.wiederhole(welt.betrieb, kennung, "anna")
    welt.arbeite()
    assert (welt.der_vorgang().status, len(ziel.wirkungen)) == ("forwarded", 2)


@pytest.mark.parametrize("probe", [True, False])
def test_the_command_shows_the_letter_or_begins_the_delivery(
    welt: Welt, monkeypatch: pytest.MonkeyPatch, probe: bool
) -> None:
    kennung = halte(welt)
    monkeypatch.setattr("fachwerk.betrieb.oeffne_betrieb", lambda konfig: welt.betrieb)
    monkeypatch.setattr(welt.betrieb, "schliesse", lambda: None)
    angaben = [
        "vorgang",
        "forward",
        kennung[:10],
        "--ziel",
        "nachbar",
        "--grund",
        "Wohnsitz",
        *(["--probe"] if probe else []),
    ]
    lauf = CliRunner().invoke(befehle, angaben)
    assert lauf.exit_code == 0, lauf.output
    assert ("Tag des ersten Eingangs:  02.03.2026" in lauf.output) is probe
    welt.arbeite()
    assert welt.der_vorgang().status == ("held" if probe else "forwarded")
