"""Messages nobody may guess at, and hostile or damaged ones: a person is asked, and nothing crashes."""

from __future__ import annotations

import tempfile
import tracemalloc
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import fachwerk_xsozial_basis as plugin
from fachwerk.errors import NeedsHumanError
from fachwerk.modell import Antrag, GehaltenFuer
from fachwerk_xsozial_basis.erzeuger import Beigabe, antrags_pdf, nachricht, stapel

W = "vorgang.transportieren.1000001"

# -- what nobody may guess -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("xml", "code", "fuer"),
    [
        (nachricht(version="2.3.0"), "version_unbekannt", GehaltenFuer.BETRIEB),
        (nachricht(version="3.0.0"), "version_unbekannt", GehaltenFuer.BETRIEB),
        (nachricht().replace(b'Version_2_4_0"', b'Version_neu"'), "version_unbekannt", GehaltenFuer.BETRIEB),
        (nachricht().replace(b"transportieren.1000001", b"antworten.1000002"), "nachrichtentyp_unbekannt", None),
        (nachricht()[:2000], "inhalt_unlesbar", GehaltenFuer.SACHBEARBEITUNG),
        (nachricht()[:20], "inhalt_unlesbar", GehaltenFuer.SACHBEARBEITUNG),
        (b"", "inhalt_unlesbar", GehaltenFuer.SACHBEARBEITUNG),
        (b"<!DOCTYPE x>" + nachricht().partition(b"?>")[2], "inhalt_doctype", GehaltenFuer.SACHBEARBEITUNG),
        (b"<ganz-anderes/>", "format_unbekannt", GehaltenFuer.BETRIEB),
        (
            nachricht(leser="wbs:130030000000", dienstkennung="x/XSoz240-MRH-BEA-SOP2MRH.wsdl"),
            "leistung_widerspruch",
            None,
        ),
        (nachricht(leser="soa:130030000000", dienstkennung="x"), "leistung_unbekannt", None),
    ],
)
def test_what_nobody_may_guess_is_a_question_for_the_right_people(xsozial, tmp_path, xml, code, fuer):
    offen = xsozial.frage(tmp_path, xml)

    assert offen.code == code
    assert fuer is None or offen.fuer is fuer
    assert offen.frage.endswith((".", "?"))


def test_an_encrypted_message_is_for_the_betrieb(xsozial, tmp_path):
    offen = xsozial.frage(tmp_path, nachricht(), verschluesselt=True)

    assert (offen.code, offen.fuer) == ("verschluesselt", GehaltenFuer.BETRIEB)


def test_a_land_that_contradicts_the_kanal_is_asked(xsozial, tmp_path):
    assert xsozial.frage(tmp_path, nachricht(), kanal_land="nw").code == "land_widerspruch"


def test_two_messages_in_one_sendung_are_asked_and_a_broken_attachment_is_not_a_message(xsozial, tmp_path):
    with pytest.raises(NeedsHumanError) as fehler:
        plugin.verstehe(xsozial.eingang(tmp_path, nachricht(), zweite_xml=nachricht(seed=2)))
    assert fehler.value.code == "mehrere_nachrichten"

    antrag = plugin.verstehe(xsozial.eingang(tmp_path, nachricht(), zweite_xml=b"<kaputt"))
    assert [teil.name for teil in antrag.anlagen] == ["zweite.xml"]


def test_a_broken_message_beside_a_pdf_is_not_passed_off_as_a_pdf_only_application(xsozial, tmp_path):
    sendung = xsozial.eingang(tmp_path, nachricht()[:40], antrag_pdf=antrags_pdf("wbs"))

    with pytest.raises(NeedsHumanError) as fehler:
        plugin.verstehe(sendung.model_copy(update={"kanal_kennung": "wbs:130030000000"}))

    assert fehler.value.code == "inhalt_unlesbar"


def test_a_kanal_whose_leistung_and_kennung_differ_is_asked(xsozial, tmp_path):
    sendung = xsozial.eingang(tmp_path, None, antrag_pdf=antrags_pdf("wbs"))

    with pytest.raises(NeedsHumanError) as fehler:
        plugin.verstehe(
            sendung.model_copy(update={"kanal_kennung": "wbs:130030000000", "kanal_leistung": "mietrueckstaende"})
        )

    assert fehler.value.code == "leistung_widerspruch"


def test_errors_carry_no_content_of_the_application(xsozial, tmp_path):
    geheim = nachricht("wbs", {"haushalt": [{"name": "Geheimrat Beispiel"}]}, version="9.9.9")
    for xml in (geheim, geheim.replace(b"</xsb:xsozial>", b"")):
        offen = xsozial.frage(tmp_path, xml)
        assert "Geheimrat" not in f"{offen} {offen!r} {offen.details}"


def test_a_test_message_is_marked_by_the_presence_of_the_attribute_alone(xsozial, tmp_path):
    assert not xsozial.verstanden(tmp_path, nachricht()).test
    assert xsozial.verstanden(tmp_path, nachricht(test=True)).test
    assert xsozial.verstanden(tmp_path, nachricht(test=True).replace(b'test="true"', b'test="false"')).test
    assert xsozial.verstanden(tmp_path, nachricht(), test=True).test


def test_a_version_attribute_that_contradicts_the_namespace_is_reported(xsozial, tmp_path):
    xml = nachricht(version="2.4.0").replace(b' version="2.4.0"', b' version="2.5.0"')

    antrag = xsozial.verstanden(tmp_path, xml)

    assert antrag.format_version == "2.4.0"
    assert [befund.code for befund in antrag.befunde] == ["version_widerspruch"]


def test_a_leistung_without_mapping_is_read_without_a_case_file(xsozial, tmp_path):
    antrag = xsozial.verstanden(tmp_path, nachricht(leser="bth:020000000000"))

    assert antrag.leistung == "bildung_und_teilhabe"
    assert antrag.fall is None
    assert antrag.land == "hh"
    assert antrag.personen


def test_the_manifest_recognises_messages_by_root_namespace_and_pdf():
    angaben = plugin.manifest().formate

    assert {angabe.wurzel for angabe in angaben} == {W, ""}
    assert {angabe.medientyp for angabe in angaben} == {"", "application/pdf"}


def test_the_plugin_keeps_the_contract_of_the_core():
    from fachwerk.plugins import Plugins

    assert Plugins.aus_modulen({"xsozial_basis": plugin}).namen == ("xsozial_basis",)


def test_every_message_of_a_batch_is_understood(xsozial, tmp_path):
    for beispiel in stapel(11, 12):
        antrag = xsozial.verstanden(tmp_path, beispiel.xml)
        assert (antrag.leistung, antrag.format_version) == (beispiel.leistung, beispiel.version)
        assert antrag.fall == beispiel.fall
        assert antrag.befunde == ()


# -- hostile and damaged messages ------------------------------------------------------------------------------------

_GUT = nachricht("wbs", seed=6, erwachsene_als_dritte=True)


@given(st.lists(st.tuples(st.integers(0, len(_GUT) - 1), st.binary(max_size=6)), min_size=1, max_size=6))
def test_a_damaged_message_is_read_or_asked_about_but_never_crashes(xsozial, schaeden):
    xml = bytearray(_GUT)
    for stelle, ersatz in schaeden:
        xml[stelle : stelle + len(ersatz)] = ersatz

    with tempfile.TemporaryDirectory() as ordner:
        try:
            antrag = xsozial.verstanden(Path(ordner), bytes(xml))
        except NeedsHumanError as offen:
            assert offen.frage  # noqa: PT017  both ends are right, a crash is not
        else:
            assert Antrag.model_validate_json(antrag.model_dump_json()) == antrag
            assert isinstance(plugin.validate(antrag, date(2026, 1, 1)), list)


def test_a_message_with_thousands_of_documents_is_asked_about_before_they_are_opened(xsozial, tmp_path):
    fassung = "<xsb:dokumentRepraesentation><xsb:inhalt>QQ==</xsb:inhalt></xsb:dokumentRepraesentation>"
    viele = f"<xsb:dokument>{fassung}</xsb:dokument>".encode() * 5000

    offen = xsozial.frage(tmp_path, _GUT.replace(b"</xsb:xsozial>", viele + b"</xsb:xsozial>"))

    assert (offen.code, offen.details) == ("inhalt_unlesbar", {"grund": "xml.dokumente"})


def test_a_document_of_thirty_megabytes_stays_out_of_memory(xsozial, tmp_path):
    gross = b"%PDF-1.4" + bytes(30 * 1024 * 1024)
    sendung = xsozial.eingang(tmp_path, nachricht(mit_pdf=False, dokumente=[Beigabe("gross.pdf", gross)]))

    tracemalloc.start()
    antrag = plugin.verstehe(sendung)
    hoechststand = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()

    assert hoechststand < 8 * 1024 * 1024
    assert antrag.dokumente[0].teil is not None
    assert antrag.dokumente[0].teil.laenge == len(gross)


def test_a_message_built_as_observed_in_the_field_is_understood_without_our_own_blocks(xsozial, tmp_path):
    raum = "https://portalverbund.d-nrw.de/efa/XSozial-basis/Version_2_4_0"
    xml = f"""<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<xsb:vorgang.transportieren.1000001 xmlns:xsb="{raum}" produkt="Bildung und Teilhabe (erfunden)"
    produkthersteller="Probe" produktversion="1" standard="XSozial-basis" version="2.4.0">
  <nachrichtenkopf.g2g>
    <identifikation.nachricht>
      <nachrichtenUUID>0b7e4a52-0000-4000-8000-00000000000A</nachrichtenUUID>
      <nachrichtentyp><code>1000001</code></nachrichtentyp>
      <erstellungszeitpunkt>2025-11-20T23:59:59.123456+01:00</erstellungszeitpunkt>
    </identifikation.nachricht>
    <leser>
      <verzeichnisdienst listURI="urn:xoev-de:kosit:codeliste:verzeichnisdienst" listVersionID="3">
        <code>DVDV</code></verzeichnisdienst>
      <kennung>bth:020000000000</kennung><name>Amt der Probe</name>
    </leser>
    <autor><kennung>sop:050000100099</kennung><name>Sozialplattform</name></autor>
    <dvdvDienstkennung>
      {raum}/XSoz240-BTH-BEA-SOP2BTH.wsdl
    </dvdvDienstkennung>
  </nachrichtenkopf.g2g>
  <xsb:xsozial>
    <xsb:identifikationVorgang><xsb:vorgangsID>0b7e4a52-0000-4000-8000-00000000000b</xsb:vorgangsID>
    </xsb:identifikationVorgang>
    <xsb:vorgang>
      <xsb:vorgangsTyp><code>003000</code></xsb:vorgangsTyp>
      <xsb:antragsDatum>2025-11-20+01:00</xsb:antragsDatum>
      <xsb:person>
        <xsb:personID>Kind_1</xsb:personID><xsb:typ><code>1010</code></xsb:typ>
        <xsb:antragsteller>true</xsb:antragsteller><xsb:schriftgutempfaenger>false</xsb:schriftgutempfaenger>
        <xsb:allgemein>
          <xsb:nameNatuerlichePerson>
            <xsb:familienname><xsb:name>Ňemec-Erfunden</xsb:name></xsb:familienname>
            <xsb:vorname><xsb:name>Zoë</xsb:name></xsb:vorname>
          </xsb:nameNatuerlichePerson>
          <xsb:geburt><xsb:datum>2016-02-29+00:00</xsb:datum></xsb:geburt>
          <xsb:geschlecht><xsb:geschlecht><code>d</code></xsb:geschlecht></xsb:geschlecht>
        </xsb:allgemein>
        <xsb:ausbildung><xsb:einrichtung>0000 Schule der Probe</xsb:einrichtung></xsb:ausbildung>
      </xsb:person>
      <xsb:dritte>
        <xsb:dritteID>Elternteil</xsb:dritteID><xsb:dritteTyp><code>1030</code></xsb:dritteTyp>
        <xsb:drittePerson><xsb:nichtNatuerlichePerson>
          <xsb:anschrift><xsb:anschriftInland><gebaeude>
            <postleitzahl>00000</postleitzahl><strasse>Musterweg</strasse>
            <teilnummerDerHausnummer>1b</teilnummerDerHausnummer><wohnort>Musterow</wohnort>
          </gebaeude></xsb:anschriftInland></xsb:anschrift>
          <xsb:kommunikation><xsb:kanal><code>01</code></xsb:kanal><xsb:kennung>p@beispiel.example</xsb:kennung>
          </xsb:kommunikation>
          <xsb:ansprechpartner>
            <xsb:nameNatuerlichePerson><xsb:titel/>
              <xsb:familienname><xsb:name>Ňemec-Erfunden</xsb:name></xsb:familienname>
            </xsb:nameNatuerlichePerson>
            <xsb:staatsangehoerigkeit><xsb:staatsangehoerigkeit><code>000</code></xsb:staatsangehoerigkeit>
            </xsb:staatsangehoerigkeit>
          </xsb:ansprechpartner>
        </xsb:nichtNatuerlichePerson></xsb:drittePerson>
        <xsb:schriftgutempfaenger>true</xsb:schriftgutempfaenger>
      </xsb:dritte>
    </xsb:vorgang>
  </xsb:xsozial>
</xsb:vorgang.transportieren.1000001>"""

    antrag = xsozial.verstanden(tmp_path, xml.encode())
    (kind,), (elternteil,) = antrag.personen, antrag.dritte

    assert (antrag.leistung, antrag.land, antrag.befunde) == ("bildung_und_teilhabe", "hh", ())
    assert (kind.name.anzeige, kind.geburtsdatum, kind.geschlecht) == ("Zoë Ňemec-Erfunden", date(2016, 2, 29), "d")
    assert elternteil.anschriften[0].hausnummer == "1b"
    assert elternteil.staatsangehoerigkeit == ("000",)
    assert elternteil.schriftgutempfaenger is True
    assert antrag.felder[f"{W}/xsozial/vorgang/person/ausbildung/einrichtung"] == "0000 Schule der Probe"
