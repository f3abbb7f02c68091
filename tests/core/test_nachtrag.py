"""What a person adds to a case: seen before it is stored, one new Fassung or none, nothing of it outside content."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from fachwerk import aufbewahrung, eingriff, nachtrag
from fachwerk.eingriff import EingriffError
from fachwerk.errors import NeedsHumanError, OutcomeUnknownError, PermanentError, RetryableError
from fachwerk.hookspecs import hookimpl
from fachwerk.modell import (
    Antrag,
    Art,
    Befund,
    Empfehlung,
    Entscheidung,
    Ergaenzung,
    Manifest,
    OffenerPunkt,
    Schwere,
    Votum,
)
from fachwerk.tabellen import ereignis, inhalt, vorgang, zustellung
from fachwerk.testkit.mitspieler import Stoerung
from fachwerk.testkit.welt import Welt, antrag_xml

Bau = Callable[..., Welt]
GEHEIM = "Kanarienvogel"
ANGABEN = {"einkommen": 12000, "notiz": GEHEIM}


class Fallregeln:
    """Rules with a case file of two fields: asks for ``einkommen``, grants with it, and decides on no assumption.

    ``zusammen``: what it cannot read stands in one point, not in one each.
    """

    zusammen = False

    @hookimpl
    def manifest(self) -> Manifest:
        return Manifest(name="fallregeln", version="1", arten=frozenset({Art.REGELN}))

    @hookimpl
    def decide(self, antrag: Antrag, befunde: tuple[Befund, ...], stichtag: date) -> Votum | None:
        fall = antrag.fall or {}
        if fremd := sorted(set(fall) - {"einkommen", "notiz", "haushalt"}):
            texte = (
                [f"Unbekannt: {', '.join(fremd)}."] if self.zusammen else [f"{feld}: gibt es nicht" for feld in fremd]
            )
            offen = tuple(OffenerPunkt(code="welt.fall_unlesbar", text=text) for text in texte)
            return Votum(empfehlung=Empfehlung.VORLEGEN, offen=offen)
        if "einkommen" not in fall:
            return Votum(empfehlung=Empfehlung.NACHFORDERN)
        return Votum(empfehlung=Empfehlung.VORLEGEN if antrag.fall_annahmen else Empfehlung.BEWILLIGEN)


@pytest.fixture
def fallwelt(baue_welt: Bau) -> Welt:
    welt = baue_welt(plugins={"fallregeln": Fallregeln()})
    welt.regeln.votum = None
    welt.format.fall = {}
    return welt


def nachgefordert(welt: Welt) -> str:
    """A case that was delivered with the recommendation to ask for more."""
    welt.lege_ein("n-1", antrag_xml(uuid="1"))
    welt.durchlauf()
    stand = welt.der_vorgang()
    assert (stand.status, stand.empfehlung) == ("done", "nachfordern")
    return str(stand.id)


def ergaenze(welt: Welt, kennung: str, angaben: dict[str, Any] | None = None, **sonst: Any) -> int:
    vorschau = nachtrag.probiere(welt.betrieb, kennung, ANGABEN if angaben is None else angaben, wer="anna", **sonst)
    return nachtrag.uebernimm(welt.betrieb, vorschau)


def abgelehnt(welt: Welt, kennung: str, angaben: dict[str, Any] | None = None, **sonst: Any) -> str:
    """The code of the refusal, which changed nothing."""
    vorher = (welt.zeilen(vorgang), welt.zeilen(ereignis), welt.zeilen(zustellung))
    with pytest.raises((EingriffError, NeedsHumanError, PermanentError)) as ausnahme:
        ergaenze(welt, kennung, angaben, **sonst)
    assert (welt.zeilen(vorgang), welt.zeilen(ereignis), welt.zeilen(zustellung)) == vorher
    return str(ausnahme.value.code)


def test_a_finished_case_runs_on_from_decide_and_is_delivered_anew(fallwelt: Welt) -> None:
    kennung = nachgefordert(fallwelt)
    fallwelt.format.fehler = NeedsHumanError("frage", "Wird nicht noch einmal gelesen.")
    assert ergaenze(fallwelt, kennung) == 2
    stand = fallwelt.der_vorgang()
    assert (stand.status, stand.fassung, stand.lauf) == ("ready", 2, 2)
    fallwelt.arbeite()
    stand = fallwelt.der_vorgang()
    assert (stand.status, stand.empfehlung, stand.fassung) == ("done", "bewilligen", 2)
    assert [(s.lauf, s.name) for s in fallwelt.betrieb.store.schritte(kennung) if s.lauf == 2] == [
        (2, "ergaenze"),
        (2, "ergaenzt"),
        (2, "decide"),
        (2, "merge"),
        (2, "render"),
        (2, "deliver"),
    ]
    schluessel = [lieferung.schluessel for lieferung in fallwelt.mit_schluessel.wirkungen]
    assert schluessel == [f"{kennung}:akte:1", f"{kennung}:akte:2"]


def test_who_when_and_from_where_is_journalled_and_no_value_leaves_the_content(fallwelt: Welt) -> None:
    kennung = nachgefordert(fallwelt)
    vorher = datetime.now(UTC)
    ergaenze(fallwelt, kennung, woher=f"Anruf {GEHEIM}")
    fallwelt.arbeite()
    store = fallwelt.betrieb.store
    journal = store.lies_wert(Ergaenzung, store.ausgabe(kennung, "ergaenze") or "")
    assert (journal.wer, journal.woher, journal.angaben) == ("anna", f"Anruf {GEHEIM}", ANGABEN)
    assert vorher <= journal.zeit <= datetime.now(UTC)
    antrag = store.lies_wert(Antrag, store.ausgabe(kennung, "ergaenzt") or "")
    assert antrag.fall == ANGABEN
    assert [a.pfad for a in antrag.ergaenzungen[0].aenderungen] == ["einkommen", "notiz"]
    assert store.lies_wert(Antrag, store.ausgabe(kennung, "map") or "").fall == {}
    (zeile,) = (zeile for zeile in fallwelt.zeilen(ereignis) if zeile.was == "ergaenzt")
    assert (zeile.wer, zeile.kette) == ("anna", kennung)
    assert store.pruefe_kette(kennung) is None
    for tabelle in (ereignis, vorgang, zustellung):
        assert GEHEIM not in repr(fallwelt.zeilen(tabelle))
    assert not any(GEHEIM.encode() in zeile.daten for zeile in fallwelt.zeilen(inhalt))
    assert GEHEIM not in repr(fallwelt.auftraege.alle())


def test_looking_changes_nothing(fallwelt: Welt) -> None:
    kennung = nachgefordert(fallwelt)
    vorher = fallwelt.zeilen(vorgang), fallwelt.zeilen(ereignis), len(fallwelt.zeilen(inhalt))
    vorschau = nachtrag.probiere(fallwelt.betrieb, kennung, ANGABEN, wer="anna")
    assert vorschau.entscheidung.empfehlung is Empfehlung.BEWILLIGEN
    assert (fallwelt.zeilen(vorgang), fallwelt.zeilen(ereignis), len(fallwelt.zeilen(inhalt))) == vorher
    assert GEHEIM not in nachtrag.vorschautext(vorschau)


def test_facts_that_no_rule_can_read_are_refused_with_their_paths(fallwelt: Welt) -> None:
    kennung = nachgefordert(fallwelt)
    with pytest.raises(EingriffError, match="ergaenzung_unlesbar") as ausnahme:
        ergaenze(fallwelt, kennung, {"einkomen": GEHEIM})
    assert "einkomen: gibt es nicht" in ausnahme.value.hint
    assert GEHEIM not in ausnahme.value.hint
    assert abgelehnt(fallwelt, kennung, {"einkomen": 1}) == "ergaenzung_unlesbar"


@pytest.mark.parametrize("zusammen", [False, True])
def test_a_case_that_was_unreadable_before_may_be_mended_step_by_step(
    fallwelt: Welt, monkeypatch: pytest.MonkeyPatch, zusammen: bool
) -> None:
    monkeypatch.setattr(Fallregeln, "zusammen", zusammen)
    fallwelt.format.fall = {"falsch_a": 1, "falsch_b": 2}
    fallwelt.lege_ein("n-1", antrag_xml(uuid="1"))
    fallwelt.durchlauf()
    kennung = fallwelt.der_vorgang().id
    assert ergaenze(fallwelt, kennung, {"falsch_a": None}) == 2
    assert abgelehnt(fallwelt, kennung, {"falsch_c": 1}) == "ergaenzung_unlesbar"
    assert ergaenze(fallwelt, kennung, {"falsch_b": None, "einkommen": 1}) == 3
    fallwelt.arbeite()
    assert (fallwelt.der_vorgang().empfehlung, fallwelt.der_vorgang().fassung) == ("bewilligen", 3)


def test_an_unconfirmed_mapping_still_decides_nothing_until_a_person_compared_it(fallwelt: Welt) -> None:
    fallwelt.format.fall = {"notiz": "gelesen", "haushalt": []}
    fallwelt.format.herkunft = {"notiz": "profil-1", "haushalt": "profil-1"}
    kennung = nachgefordert(fallwelt)
    ergaenze(fallwelt, kennung, {"einkommen": 1, "notiz": "gesagt"})
    fallwelt.arbeite()
    assert fallwelt.der_vorgang().empfehlung == "vorlegen"
    ergaenze(fallwelt, kennung, {}, bestaetigt=True)
    fallwelt.arbeite()
    assert (fallwelt.der_vorgang().empfehlung, fallwelt.der_vorgang().fassung) == ("bewilligen", 3)


def test_a_held_case_goes_on_with_the_facts_and_is_held_again_if_the_reason_stays(fallwelt: Welt) -> None:
    fallwelt.regeln.befunde = [Befund(code="zweifel", schwere=Schwere.SPERRE, text="Zweifel.")]
    fallwelt.lege_ein("n-1", antrag_xml(uuid="1"))
    assert fallwelt.durchlauf() == ["held"]
    kennung = fallwelt.der_vorgang().id
    ergaenze(fallwelt, kennung)
    fallwelt.arbeite()
    assert (fallwelt.der_vorgang().status, fallwelt.der_vorgang().grund) == ("held", "befund_sperrt")
    assert fallwelt.der_vorgang().empfehlung == "bewilligen"
    eingriff.gib_frei(fallwelt.betrieb, kennung, "anna", "geprüft")
    fallwelt.arbeite()
    assert (fallwelt.der_vorgang().status, fallwelt.der_vorgang().empfehlung) == ("done", "bewilligen")
    (lieferung,) = fallwelt.mit_schluessel.wirkungen
    assert lieferung.schluessel == f"{kennung}:akte:2"


def test_a_waiting_delivery_is_replaced_and_never_made_later(fallwelt: Welt) -> None:
    fallwelt.mit_schluessel.stoerungen.append(Stoerung(RetryableError("zu", "Zu.", routenfehler=False)))
    fallwelt.lege_ein("n-1", antrag_xml(uuid="1"))
    assert fallwelt.durchlauf() == ["waiting"]
    kennung = fallwelt.der_vorgang().id
    ergaenze(fallwelt, kennung)
    fallwelt.arbeite()
    fallwelt.vergehe(hours=3)
    fallwelt.arbeite()
    assert {z.fassung: z.status for z in fallwelt.zeilen(zustellung)} == {1: "ersetzt", 2: "zugestellt"}
    assert [lieferung.schluessel for lieferung in fallwelt.mit_schluessel.wirkungen] == [f"{kennung}:akte:2"]
    assert fallwelt.der_vorgang().status == "done"


def test_of_an_unknown_outcome_nothing_new_is_made(baue_welt: Bau) -> None:
    welt = baue_welt(plugins={"fallregeln": Fallregeln()}, ziel={"akte": "ohne_schutz"})
    welt.format.fall = {}
    welt.ohne_schutz.stoerungen.append(Stoerung(OutcomeUnknownError("weg", "Keine Antwort."), angekommen=True))
    welt.lege_ein("n-1", antrag_xml(uuid="1"))
    assert welt.durchlauf() == ["held"]
    assert abgelehnt(welt, welt.der_vorgang().id) == "ergaenzung_ausgang_unbekannt"


def test_while_a_delivery_is_announced_nothing_new_is_made(fallwelt: Welt) -> None:
    kennung = nachgefordert(fallwelt)
    with fallwelt.betrieb.store.datenbank.begin() as verbindung:
        verbindung.execute(zustellung.update().values(status="absicht", absicht_von="anderer"))
    assert abgelehnt(fallwelt, kennung) == "zustellung_laeuft"


def test_what_was_never_read_cannot_be_supplemented(fallwelt: Welt) -> None:
    fallwelt.lege_ein("n-1", antrag_xml(uuid="1"))
    fallwelt.rufe_ab()
    assert abgelehnt(fallwelt, fallwelt.der_vorgang().id) == "noch_in_arbeit"
    fallwelt.format.fehler = NeedsHumanError("frage", "Was ist gemeint?")
    fallwelt.arbeite()
    assert abgelehnt(fallwelt, fallwelt.der_vorgang().id) == "ergaenzung_ohne_antrag"


@pytest.mark.parametrize("status", ["forwarded", "returned"])
def test_what_lies_elsewhere_is_not_supplemented_here(fallwelt: Welt, status: str) -> None:
    kennung = nachgefordert(fallwelt)
    with fallwelt.betrieb.store.datenbank.begin() as verbindung:
        verbindung.execute(vorgang.update().values(status=status))
    assert abgelehnt(fallwelt, kennung) == "vorgang_beendet"


def test_a_message_sent_twice_and_one_with_malware_are_not_supplemented(fallwelt: Welt) -> None:
    nachgefordert(fallwelt)
    fallwelt.lege_ein("n-2", antrag_xml(uuid="1"))
    fallwelt.durchlauf()
    doppelt = next(zeile for zeile in fallwelt.vorgaenge() if zeile.doppelt_zu)
    assert abgelehnt(fallwelt, doppelt.id) == "ergaenzung_doppelsendung"
    erster = next(zeile for zeile in fallwelt.vorgaenge() if not zeile.doppelt_zu)
    with fallwelt.betrieb.store.datenbank.begin() as verbindung:
        verbindung.execute(
            vorgang.update().where(vorgang.c.id == erster.id).values(status="held", grund="schadsoftware")
        )
    assert abgelehnt(fallwelt, erster.id) == "ergaenzung_schadsoftware"


def test_shredded_content_cannot_be_supplemented_and_a_supplemented_case_is_not_shredded(fallwelt: Welt) -> None:
    kennung = nachgefordert(fallwelt)
    spaeter = datetime.now(UTC) + timedelta(days=400)
    ergaenze(fallwelt, kennung)
    assert aufbewahrung.loesche_faellige(fallwelt.betrieb, spaeter) == 0
    fallwelt.arbeite()
    assert aufbewahrung.loesche_faellige(fallwelt.betrieb, spaeter) == 1
    assert abgelehnt(fallwelt, kennung) == "inhalt_geloescht"


def test_an_unknown_case_is_a_lookup_error_and_nothing_to_add_is_refused(fallwelt: Welt) -> None:
    with pytest.raises(LookupError):
        ergaenze(fallwelt, "gibtesnicht")
    assert abgelehnt(fallwelt, nachgefordert(fallwelt), {}) == "ergaenzung_leer"


def test_taking_out_somebody_who_is_not_there_is_a_mistyped_name(fallwelt: Welt) -> None:
    fallwelt.format.fall = {"haushalt": [{"name": "Anna"}]}
    kennung = nachgefordert(fallwelt)
    assert abgelehnt(fallwelt, kennung, {"haushalt": [{"name": "Ana", "entfernen": True}]}) == "ergaenzung_person_fehlt"
    assert ergaenze(fallwelt, kennung, {"haushalt": [{"name": "anna", "entfernen": True}]}) == 2


def test_two_people_who_add_at_once_make_one_fassung_and_one_is_told(fallwelt: Welt) -> None:
    kennung = nachgefordert(fallwelt)
    vorschauen = [nachtrag.probiere(fallwelt.betrieb, kennung, {"einkommen": n}, wer=f"p{n}") for n in (1, 2)]
    anfang, ausgang = threading.Barrier(2), []

    def uebernimm(vorschau: nachtrag.Vorschau) -> None:
        anfang.wait(30)
        try:
            ausgang.append(str(nachtrag.uebernimm(fallwelt.betrieb, vorschau)))
        except EingriffError as fehler:
            ausgang.append(fehler.code)

    faeden = [threading.Thread(target=uebernimm, args=(vorschau,)) for vorschau in vorschauen]
    for faden in faeden:
        faden.start()
    for faden in faeden:
        faden.join(60)
    assert sorted(ausgang) == ["2", "zwischendurch_geaendert"]
    assert len(nachtrag.gespeicherte(fallwelt.betrieb.store, kennung)) == 1


def test_a_retry_after_a_supplement_reads_the_message_again_and_keeps_the_facts(fallwelt: Welt) -> None:
    kennung = nachgefordert(fallwelt)
    ergaenze(fallwelt, kennung)
    fallwelt.neuer_prozess(route=[{"leistung": "*", "ziel": "akte", "zustand": "pausiert"}])
    fallwelt.arbeite()
    assert (fallwelt.der_vorgang().status, fallwelt.der_vorgang().grund) == ("held", "route_ruht")
    fallwelt.neuer_prozess(route=[{"leistung": "*", "ziel": "akte"}])
    eingriff.wiederhole(fallwelt.betrieb, kennung, "anna")
    fallwelt.arbeite()
    namen = [s.name for s in fallwelt.betrieb.store.schritte(kennung) if s.lauf == 3]
    assert namen[:3] == ["map", "validate", "ergaenzt"]
    store = fallwelt.betrieb.store
    assert store.lies_wert(Entscheidung, store.ausgabe(kennung, "merge") or "").empfehlung is Empfehlung.BEWILLIGEN
    assert fallwelt.mit_schluessel.wirkungen[-1].schluessel == f"{kennung}:akte:2"


# -- the file ----------------------------------------------------------------------------------------------------------


def test_a_file_becomes_plain_values_with_exact_money_and_days_as_text() -> None:
    roh = "ehe_seit: 2023-06-01\nbetrag: 33136.50\nganz: 33136\nja: true\nleer:\nliste: [1, a]\n"
    assert nachtrag.lies_angaben(b"\xef\xbb\xbf" + roh.encode()) == {
        "ehe_seit": "2023-06-01",
        "betrag": "33136.50",
        "ganz": 33136,
        "ja": True,
        "leer": None,
        "liste": [1, "a"],
    }


@pytest.mark.parametrize(
    ("roh", "code"),
    [
        (b"", "datei_leer"),
        (b"[]", "datei_leer"),
        (b"nur ein Satz", "datei_leer"),
        (b"{}", "datei_leer"),
        ("name: Jörg".encode("latin-1"), "datei_unlesbar"),
        (b"a: [1\nb: 2", "datei_unlesbar"),
        (b"a: 1\na: 2", "datei_unlesbar"),
        (b"1: x", "datei_unlesbar"),
        (b"a: &a [*a]", "datei_unlesbar"),
        (b"a: " + b"[" * 3000, "datei_unlesbar"),
        (b"a: " + b"{b: " * 20 + b"1" + b"}" * 20, "datei_unlesbar"),
        (b"a: !!python/object:os.system {}", "datei_unlesbar"),
        (b"a: " + b"x" * 70_000, "datei_zu_gross"),
    ],
)
def test_a_file_that_is_none_is_refused_with_a_reason(roh: bytes, code: str) -> None:
    with pytest.raises(EingriffError) as ausnahme:
        nachtrag.lies_angaben(roh)
    assert ausnahme.value.code == code
    assert ausnahme.value.hint.endswith(".")
