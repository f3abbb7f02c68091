"""What the Ziel sends: the message as it came, under a complete head, or nothing at all."""

from __future__ import annotations

from datetime import timedelta
from types import ModuleType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fachwerk.errors import NeedsHumanError, PermanentError, StepError
from fachwerk.modell import GehaltenFuer, Sendung, Stufe, Ziel
from fachwerk.testkit.wirt import SpeicherInhalt
from fachwerk_generic_xta.sendung import metadaten, teilangaben
from fachwerk_generic_xta.settings import MB, Zieleinstellungen

# -- what goes out -----------------------------------------------------------------------------------------------


def test_the_original_and_its_attachments_go_out_as_they_came(xta_ziel: ModuleType, zielwelt: Any) -> None:
    anlagen = [("plan.pdf", "application/pdf", b"%PDF\x00\r\n"), ("plan.pdf", "image/png", b"P"), ("", "a/b", b"")]
    quittung = zielwelt.liefere(zielwelt.sendung(*anlagen))
    eintrag, teile = zielwelt.die_nachricht()
    assert teile == [("antrag.xml", "text/xml", xta_ziel.XML), *anlagen]
    assert (quittung.ziel, quittung.schluessel, quittung.stufe) == ("kreis", xta_ziel.SCHLUESSEL, Stufe.UEBERGEBEN)
    assert quittung.kennung == eintrag.nachricht_id == zielwelt.kennung


def test_what_the_container_said_of_a_part_is_said_again(xta_ziel: ModuleType, zielwelt: Any) -> None:
    transport = {"kennung": "anhang-7", "sprache": "de", "kodierung": "ISO-8859-1"}
    original = zielwelt.host.inhalt.schreibe([xta_ziel.XML], "antrag.xml", "text/xml").model_copy(
        update={"transport": transport}
    )
    zielwelt.liefere(xta_ziel.rendere(xta_ziel.antrag(original), zielwelt.ziel))
    (eintrag,) = zielwelt.im_postfach()
    (angaben,) = zielwelt.kreis.fetch(eintrag.nachricht_id, zielwelt.host.inhalt).angaben
    assert (angaben.kennung, angaben.sprache, angaben.kodierung) == ("anhang-7", "de", "ISO-8859-1")


def test_the_head_says_everything_the_configuration_does(xta_ziel: ModuleType, zielwelt: Any) -> None:
    zielwelt.ziel = zielwelt.ziel_mit(betreff="Weiterleitung", gueltig_tage=30, szenario={"text": "nach Absprache"})
    zielwelt.liefere(zielwelt.sendung(("a.pdf", "application/pdf", b"12345")))
    eintrag, _ = zielwelt.die_nachricht()
    assert (eintrag.autor.kennung, eintrag.leser.kennung) == (xta_ziel.AMT, xta_ziel.KREIS)
    assert (eintrag.leser.kategorie, eintrag.leser.name) == ("Wohngeldbehörde", "Kreis Musterow")
    assert (eintrag.dienst, eintrag.betreff, eintrag.szenario.code) == (
        "urn:test:dienst",
        "Weiterleitung",
        "nach Absprache",
    )
    typ = eintrag.nachrichtentyp
    assert (typ.code, typ.liste, typ.version) == (
        "vorgang.transportieren.1000001",
        "urn:de:payloadSchema:elementName",
        "1.0",
    )
    assert eintrag.payload_schema == "urn:test:schema"
    assert eintrag.gueltig_bis == (xta_ziel.JETZT + timedelta(days=30)).date()
    assert eintrag.groesse == len(xta_ziel.XML) + 5


@pytest.mark.parametrize("test", [True, False])
def test_a_case_is_sent_as_a_test_exactly_if_it_is_one(zielwelt: Any, test: bool) -> None:
    zielwelt.liefere(zielwelt.sendung(test=test))
    assert zielwelt.die_nachricht()[0].test is test


def test_what_is_left_out_of_the_configuration_is_left_out_of_the_head(zielwelt: Any) -> None:
    zielwelt.liefere()
    eintrag, _ = zielwelt.die_nachricht()
    assert (eintrag.betreff, eintrag.gueltig_bis, eintrag.dienstguete, eintrag.nicht_vor) == ("", None, "", None)


@given(
    st.lists(st.tuples(st.text(max_size=20), st.sampled_from(["a/b", "text/xml"]), st.binary(max_size=50)), max_size=5),
    st.booleans(),
    st.text(max_size=60),
)
def test_rendering_keeps_every_part_and_names_nobody(
    xta_ziel: ModuleType, anlagen: list[Any], test: bool, uuid: str
) -> None:
    speicher = SpeicherInhalt()
    teile = tuple(speicher.schreibe([inhalt], name, typ) for name, typ, inhalt in anlagen)
    ziel = Ziel(name="kreis", plugin="generic_xta")
    fall = xta_ziel.antrag(speicher.schreibe([xta_ziel.XML]), (*teile, *teile[:1]), test=test, nachrichten_uuid=uuid)
    sendung = xta_ziel.rendere(fall, ziel)
    assert [anlage.teil for anlage in sendung.anlagen] == [fall.original, *teile]
    assert len({anlage.pfad for anlage in sendung.anlagen}) == len(sendung.anlagen)
    assert not uuid or uuid not in sendung.bezeichnung or len(uuid) < 8
    assert xta_ziel.rendere(fall, ziel) == sendung
    assert [angabe.kennung for angabe in teilangaben(sendung)] == [""] * len(sendung.anlagen)


def test_only_a_test_says_so_whatever_else_is_configured(xta_ziel: ModuleType) -> None:
    grund = {"management_url": "https://x/", "send_url": "https://x/", "zertifikat": "a.crt"}
    werte = Zieleinstellungen.model_validate(grund | xta_ziel.WERTE)
    speicher = SpeicherInhalt()
    for test in (True, False):
        sendung = xta_ziel.rendere(
            xta_ziel.antrag(speicher.schreibe([xta_ziel.XML]), test=test), Ziel(name="kreis", plugin="generic_xta")
        )
        assert metadaten(sendung, "urn:x", werte, xta_ziel.JETZT).test is test


# -- what is held before anything is sent ------------------------------------------------------------------------


def gehalten(zielwelt: Any, sendung: Sendung) -> StepError:
    with pytest.raises(StepError) as fehler:
        zielwelt.liefere(sendung)
    assert zielwelt.kennung == "", "not even an id was asked for"
    assert zielwelt.im_postfach() == []
    return fehler.value


def test_what_is_larger_than_the_transport_allows_is_never_sent(xta_ziel: ModuleType, zielwelt: Any) -> None:
    zielwelt.ziel = zielwelt.ziel_mit(hoechstgroesse_mb=1)
    fehler = gehalten(zielwelt, zielwelt.sendung(("a.bin", "a/b", bytes(MB))))
    assert (type(fehler), fehler.code) == (PermanentError, "xta.zu_gross")
    knapp = zielwelt.sendung(("a.bin", "a/b", bytes(MB - len(xta_ziel.XML))))
    assert zielwelt.liefere(knapp).stufe is Stufe.UEBERGEBEN


def test_the_limit_is_the_smaller_reading_of_40_mb() -> None:
    assert Zieleinstellungen.model_fields["hoechstgroesse_mb"].default * MB == 40_000_000


def test_a_media_type_the_reader_does_not_take_is_never_sent(zielwelt: Any) -> None:
    zielwelt.ziel = zielwelt.ziel_mit(erlaubte_medientypen=["text/xml", "application/pdf", "image/*"])
    fehler = gehalten(zielwelt, zielwelt.sendung(("a.exe", "application/x-msdownload", b"MZ")))
    assert (type(fehler), fehler.code) == (PermanentError, "xta.medientyp_nicht_erlaubt")
    gut = zielwelt.sendung(("a.pdf", "Application/PDF; x=1", b"1"), ("b.png", "image/png", b"2"))
    assert zielwelt.liefere(gut).stufe is Stufe.UEBERGEBEN


@pytest.mark.parametrize("original", [b"%PDF-1.7 nur ein Bild", b"", None])
def test_an_application_without_xml_is_a_question_for_the_office(
    xta_ziel: ModuleType, zielwelt: Any, original: bytes | None
) -> None:
    teil = None if original is None else zielwelt.host.inhalt.schreibe([original], "antrag.pdf", "application/pdf")
    fehler = gehalten(
        zielwelt, xta_ziel.rendere(xta_ziel.antrag(teil, (zielwelt.host.inhalt.schreibe([b"x"]),)), zielwelt.ziel)
    )
    assert isinstance(fehler, NeedsHumanError)
    assert (fehler.code, fehler.fuer) == ("xta.kein_xml", GehaltenFuer.SACHBEARBEITUNG)
