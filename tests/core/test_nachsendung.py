"""A person has a delivery made once more: under the same key, only where that is safe, and once."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from fachwerk import erwartung, nachsendung
from fachwerk.aufbewahrung import loesche_faellige
from fachwerk.eingriff import EingriffError, gib_frei, wiederhole
from fachwerk.errors import NeedsHumanError, PermanentError, RetryableError
from fachwerk.modell import GehaltenFuer, Stufe, Teil
from fachwerk.nachsendung import Auswahl, Plan, Weg
from fachwerk.tabellen import ereignis, quittung, vorgang, zustellung
from fachwerk.testkit.mitspieler import Stoerung, Stufenziel
from fachwerk.testkit.welt import Welt, antrag_xml

Bau = Callable[..., Welt]
Frage = Callable[..., None]


def zugestellt(baue_welt: Bau, plugin: str = "mit_schluessel", anzahl: int = 1) -> Welt:
    welt = baue_welt(ziel={"akte": plugin})
    for nummer in range(anzahl):
        welt.lege_ein(f"n-{nummer}", antrag_xml(uuid=f"u-{nummer}"))
    assert set(welt.durchlauf()) == {"done"}
    return welt


def sende(welt: Welt, ziel: str = "akte", *, nicht_angekommen: bool = False) -> Plan:
    """Order it and have it done."""
    kennung = welt.vorgaenge()[0].id
    plan = nachsendung.sende_nach(
        welt.betrieb, kennung, ziel, wer="anna", grund="Amt meldet Verlust", nicht_angekommen=nicht_angekommen
    )
    welt.arbeite()
    return plan


def ablehnung(welt: Welt, ziel: str = "akte", *, nicht_angekommen: bool = False) -> str:
    """The code of the refusal; the look beforehand gives the same, and nothing changes."""
    vorher = [welt.zeilen(tabelle) for tabelle in (zustellung, ereignis)]
    kennung = welt.vorgaenge()[0].id
    gesehen = nachsendung.sieh_nach(welt.betrieb, kennung, ziel, nicht_angekommen=nicht_angekommen)
    with pytest.raises((EingriffError, PermanentError)) as gefangen:
        sende(welt, ziel, nicht_angekommen=nicht_angekommen)
    assert (gesehen.weg, gesehen.code) == (None, gefangen.value.code)
    assert [welt.zeilen(tabelle) for tabelle in (zustellung, ereignis)] == vorher
    return gefangen.value.code


def nach_der_bestellung(welt: Welt) -> list[tuple[str, str]]:
    journal = welt.journal()
    return journal[journal.index(("nachsendung", "")) :]


# -- how it is done ---------------------------------------------------------------------------------------------------


def test_a_ziel_that_knows_keys_gets_the_same_again_and_takes_it_once(baue_welt: Bau) -> None:
    welt = zugestellt(baue_welt)
    plan = sende(welt)
    (versuch, *weitere) = welt.mit_schluessel.versuche
    assert (plan.weg, weitere) == (Weg.WIEDERHOLEN, [versuch])
    assert len(welt.mit_schluessel.wirkungen) == 1
    assert nach_der_bestellung(welt) == [("nachsendung", ""), ("deliver", "")]
    assert welt.der_vorgang().status == "done"


def test_a_ziel_that_can_be_asked_and_has_it_gets_nothing_and_keeps_its_receipts(
    uebergeben: Welt, amt: Stufenziel, frage: Frage
) -> None:
    amt.antworten.append(Stufe.TECHNISCH_BESTAETIGT)
    frage(uebergeben)
    vorher = uebergeben.zeilen(quittung)
    plan = sende(uebergeben)
    assert (plan.weg, len(amt.versuche), len(amt.wirkungen)) == (Weg.FRAGEN, 1, 1)
    assert uebergeben.zeilen(quittung) == vorher
    assert nach_der_bestellung(uebergeben) == [("nachsendung", ""), ("gefunden", "")]
    assert [e.was for e in uebergeben.zeilen(ereignis)][-2:] == ["nachgesendet", "gefunden"]
    assert uebergeben.zeilen(zustellung)[0].erwartet == "uebernommen"


def test_a_ziel_that_was_asked_and_has_nothing_gets_it(baue_welt: Bau) -> None:
    welt = zugestellt(baue_welt, "mit_abfrage")
    welt.mit_abfrage.wirkungen.clear()
    assert sende(welt).weg is Weg.FRAGEN
    assert (len(welt.mit_abfrage.versuche), len(welt.mit_abfrage.wirkungen)) == (2, 1)
    assert nach_der_bestellung(welt) == [("nachsendung", ""), ("deliver", "")]


def test_a_question_that_fails_is_asked_again_and_still_only_asked(uebergeben: Welt, amt: Stufenziel) -> None:
    amt.antworten.extend([RetryableError("nicht_da", "Nicht da."), Stufe.UEBERGEBEN])
    sende(uebergeben)
    assert uebergeben.der_vorgang().status == "waiting"
    uebergeben.neuer_prozess()
    uebergeben.vergehe(hours=1)
    uebergeben.arbeite()
    assert (uebergeben.der_vorgang().status, len(amt.versuche)) == ("done", 1)
    assert nach_der_bestellung(uebergeben)[-1] == ("gefunden", "")


def test_a_ziel_that_can_do_neither_gets_it_only_if_a_person_asked_there(baue_welt: Bau) -> None:
    welt = zugestellt(baue_welt, "ohne_schutz")
    assert ablehnung(welt) == "nachsendung_unsicher"
    assert sende(welt, nicht_angekommen=True).weg is Weg.SENDEN
    assert len(welt.ohne_schutz.wirkungen) == 2
    assert ("anna", "nicht_angekommen", "akte") in [(e.wer, e.was, e.code) for e in welt.zeilen(ereignis)]


def test_what_a_person_knows_saves_the_question(uebergeben: Welt, amt: Stufenziel) -> None:
    assert sende(uebergeben, nicht_angekommen=True).weg is Weg.SENDEN
    assert (len(amt.fragen), len(amt.versuche)) == (0, 2)


@pytest.mark.parametrize(
    "absage", [PermanentError("abgelehnt", "Nein."), NeedsHumanError("abgelehnt", "Nein.", fuer=GehaltenFuer.BETRIEB)]
)
def test_a_rejection_that_comes_to_light_holds_the_case_and_a_retry_sends(
    uebergeben: Welt, amt: Stufenziel, absage: Exception
) -> None:
    amt.antworten.append(absage)
    sende(uebergeben)
    assert (uebergeben.der_vorgang().status, uebergeben.der_vorgang().grund) == ("held", "abgelehnt")
    wiederhole(uebergeben.betrieb, uebergeben.der_vorgang().id, "anna")
    uebergeben.arbeite()
    assert (uebergeben.der_vorgang().status, len(amt.versuche)) == ("done", 2)


def test_a_ziel_that_cannot_tell_holds_the_case_until_a_person_does(uebergeben: Welt, amt: Stufenziel) -> None:
    amt.antworten.append(NeedsHumanError("ausgang_unbekannt", "Ist es da?", fuer=GehaltenFuer.BETRIEB))
    sende(uebergeben)
    assert (uebergeben.der_vorgang().status, len(amt.versuche)) == ("held", 1)
    gib_frei(uebergeben.betrieb, uebergeben.der_vorgang().id, "anna", "Nichts da.")
    uebergeben.arbeite()
    assert (uebergeben.der_vorgang().status, len(amt.versuche)) == ("done", 2)


def test_the_waiting_for_receipts_begins_anew_and_old_questions_are_not_asked(
    uebergeben: Welt, amt: Stufenziel
) -> None:
    uebergeben.vergehe(hours=25)
    assert erwartung.mahne(uebergeben.betrieb) == 1
    amt.wirkungen.clear()
    sende(uebergeben, nicht_angekommen=True)
    (zeile,) = uebergeben.zeilen(zustellung)
    assert (zeile.erwartet, erwartung.mahne(uebergeben.betrieb)) == ("technisch_bestaetigt", 0)
    uebergeben.vergehe(hours=23)
    uebergeben.arbeite()
    assert erwartung.mahne(uebergeben.betrieb) == 0
    uebergeben.vergehe(hours=2)
    assert erwartung.mahne(uebergeben.betrieb) == 1
    assert len(amt.fragen) == 1


def test_who_why_and_when_is_kept_and_the_reason_is_content(baue_welt: Bau) -> None:
    welt = zugestellt(baue_welt)
    sende(welt)
    (zeile,) = (zeile for zeile in welt.zeilen(ereignis) if zeile.was == "nachgesendet")
    assert (zeile.wer, zeile.code) == ("anna", "akte")
    with welt.betrieb.store.inhalt.oeffne(Teil(id=zeile.grund)) as strom:
        assert strom.read().decode() == "Amt meldet Verlust"
    assert welt.betrieb.store.pruefe_kette(zeile.kette) is None
    assert (welt.der_vorgang().id, "nachsendung") in welt.beobachter.schritte


def test_it_can_be_ordered_again_once_it_is_done_and_by_one_process_only(baue_welt: Bau) -> None:
    welt = zugestellt(baue_welt)
    kennung = welt.der_vorgang().id
    nachbar = welt.nachbar()
    nachsendung.sende_nach(welt.betrieb, kennung, "akte", wer="anna", grund="Verlust")
    with pytest.raises(EingriffError, match="nachsendung_unterwegs"):
        nachsendung.sende_nach(nachbar.betrieb, kennung, "akte", wer="bert", grund="Verlust")
    welt.arbeite()
    sende(welt)
    assert len(welt.mit_schluessel.versuche) == 3
    nachbar.schliesse()


# -- when it is refused -----------------------------------------------------------------------------------------------


def test_what_is_under_way_or_held_has_its_own_commands(baue_welt: Bau) -> None:
    welt = baue_welt()
    welt.mit_schluessel.stoerungen.append(Stoerung(RetryableError("nicht_da", "Nicht da.")))
    welt.mit_schluessel.stoerungen.append(Stoerung(PermanentError("nein", "Nein.")))
    welt.lege_ein("n-1", antrag_xml(uuid="u-1"))
    assert welt.durchlauf() == ["waiting"]
    assert ablehnung(welt) == "nachsendung_unterwegs"
    welt.vergehe(hours=1)
    welt.arbeite()
    assert ablehnung(welt) == "nachsendung_gehalten"


def test_a_ziel_that_never_got_it_or_does_not_exist_gets_nothing(baue_welt: Bau) -> None:
    welt = baue_welt(ziel={"akte": "mit_schluessel", "amt": "mit_abfrage"})
    welt.lege_ein("n-1", antrag_xml(uuid="u-1"))
    assert welt.durchlauf() == ["done"]
    assert ablehnung(welt, "amt") == "nachsendung_nie_zugestellt"
    assert ablehnung(welt, "atke") == "ziel_unbekannt"


def test_a_sendung_made_for_another_plugin_is_not_sent(baue_welt: Bau) -> None:
    welt = zugestellt(baue_welt)
    welt.neuer_prozess(ziel={"akte": {"plugin": "mit_abfrage"}})
    assert ablehnung(welt) == "ziel_plugin_anders"


def test_what_was_returned_or_has_another_fassung_is_not_sent(baue_welt: Bau) -> None:
    welt = zugestellt(baue_welt)
    for werte, code in (({"fassung": 2}, "nachsendung_nie_zugestellt"), ({"status": "returned"}, "vorgang_beendet")):
        with welt.betrieb.store.transaktion("probe") as verbindung:
            verbindung.execute(vorgang.update().values(**werte))
        assert ablehnung(welt) == code


def test_without_its_content_nothing_can_be_sent(baue_welt: Bau) -> None:
    welt = zugestellt(baue_welt)
    welt.vergehe(days=31)
    assert loesche_faellige(welt.betrieb, datetime.now(UTC)) == 1
    assert ablehnung(welt) == "inhalt_geloescht"


def test_only_the_named_ziel_gets_it_again(baue_welt: Bau) -> None:
    route = [{"leistung": "*", "ziel": ["akte", "amt"]}]
    welt = baue_welt(ziel={"akte": "mit_schluessel", "amt": "mit_abfrage"}, route=route)
    welt.lege_ein("n-1", antrag_xml(uuid="u-1"))
    assert welt.durchlauf() == ["done"]
    sende(welt)
    assert (len(welt.mit_schluessel.versuche), len(welt.mit_abfrage.versuche)) == (2, 1)


# -- many -------------------------------------------------------------------------------------------------------------


def test_many_are_first_looked_at_and_then_done_each_for_itself(baue_welt: Bau) -> None:
    welt = zugestellt(baue_welt, anzahl=3)
    ids = [zeile.id for zeile in welt.vorgaenge()]
    plaene = nachsendung.plane(welt.betrieb, Auswahl("akte"))
    assert [(plan.vorgang_id, plan.weg) for plan in plaene] == [(eine, Weg.WIEDERHOLEN) for eine in ids]
    assert len(welt.mit_schluessel.versuche) == 3
    nachsendung.sende_nach(welt.betrieb, ids[1], "akte", wer="bert", grund="Ich war schneller")
    fertig: list[None] = []
    getan = list(
        nachsendung.fuehre_aus(welt.betrieb, plaene, wer="anna", grund="Verlust", melde=lambda: fertig.append(None))
    )
    assert [plan.code for plan in getan] == ["", "nachsendung_unterwegs", ""]
    assert len(fertig) == 3
    welt.arbeite()
    assert len(welt.mit_schluessel.versuche) == 6
    assert {zeile.status for zeile in welt.vorgaenge()} == {"done"}


def test_what_is_meant_follows_from_the_filters(baue_welt: Bau, amt: Stufenziel, frage: Frage) -> None:
    welt = baue_welt(plugins={"amt": amt}, ziel={"akte": "amt"})
    welt.lege_ein("n-1", antrag_xml(uuid="u-1"))
    welt.durchlauf()
    amt.antworten.append(Stufe.TECHNISCH_BESTAETIGT)
    frage(welt)
    welt.vergehe(days=2)
    welt.lege_ein("n-2", antrag_xml(leser="mrh:130030000000", uuid="u-2"))
    welt.durchlauf()
    alt, neu = (zeile.id for zeile in welt.vorgaenge())
    gestern = datetime.now(UTC) - timedelta(days=1)

    def gemeint(**angaben: object) -> list[str]:
        return [plan.vorgang_id for plan in nachsendung.plane(welt.betrieb, Auswahl("akte", **angaben))]  # type: ignore[arg-type]

    assert gemeint() == [alt, neu]
    assert (gemeint(seit=gestern), gemeint(bis=gestern)) == ([neu], [alt])
    assert gemeint(stufe=Stufe.TECHNISCH_BESTAETIGT) == [alt]
    assert gemeint(stufe=Stufe.UEBERGEBEN) == [neu]
    assert gemeint(stufe=Stufe.UEBERNOMMEN) == []
    assert (gemeint(status=("done",)), gemeint(status=("held",))) == ([alt, neu], [])
    assert len({welt.vorgaenge()[0].leistung, welt.vorgaenge()[1].leistung}) == 2
    assert gemeint(leistung=welt.vorgaenge()[1].leistung) == [neu]
    assert gemeint(ueberfaellig=True) == []
    welt.vergehe(days=2)
    assert gemeint(ueberfaellig=True) == [alt, neu]


def test_more_than_the_limit_is_nobodys_wish(baue_welt: Bau) -> None:
    welt = zugestellt(baue_welt, anzahl=2)
    with pytest.raises(EingriffError, match="nachsendung_zu_viele"):
        nachsendung.plane(welt.betrieb, Auswahl("akte", grenze=1))
    with pytest.raises(EingriffError, match="ziel_unbekannt"):
        nachsendung.plane(welt.betrieb, Auswahl("atke"))
