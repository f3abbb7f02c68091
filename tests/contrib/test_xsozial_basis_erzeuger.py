"""The generator of invented messages: deterministic, valid, and full of the traps of real ones."""

from __future__ import annotations

import re
from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from fachwerk_xsozial_basis.erfunden import FAMILIENNAMEN, VORNAMEN
from fachwerk_xsozial_basis.erzeuger import PRODUKT, Beigabe, nachricht, stapel
from fachwerk_xsozial_basis.pdf import kleines_pdf


def test_the_same_arguments_give_the_same_bytes_and_another_seed_gives_others():
    assert nachricht("wbs", seed=4) == nachricht("wbs", seed=4)
    assert nachricht("wbs", seed=4) != nachricht("wbs", seed=5)
    assert [beispiel.xml for beispiel in stapel(9, 5)] == [beispiel.xml for beispiel in stapel(9, 5)]


def test_a_message_has_the_traps_of_real_ones():
    xml = nachricht("wbs", seed=1, dokumente=[Beigabe("Antrag.pdf", b"%PDF-")])
    baum = etree.fromstring(xml)
    raum = {"x": etree.QName(baum).namespace}

    assert baum.find("nachrichtenkopf.g2g/leser/kennung").text == "wbs:130030000000"
    assert re.match(r"\s+https://\S+\s+$", baum.find("nachrichtenkopf.g2g/dvdvDienstkennung").text)
    assert baum.findtext(".//x:antragsDatum", namespaces=raum).endswith("+01:00")
    assert baum.find(".//x:titel", raum).text is None
    assert baum.find(".//x:inhaltTyp", raum).text is None
    assert baum.find(".//gebaeude/hausnummer") is None
    assert re.fullmatch(r"\d+[abc]", baum.findtext(".//gebaeude/teilnummerDerHausnummer"))
    assert baum.find(".//x:inhalt", raum).text.startswith("\n ")
    assert [e.text for e in baum.iterfind(".//x:dateiname", raum)] == ["Antrag.pdf", "Antrag.pdf"]


def test_a_batch_has_every_kind_of_message():
    beispiele = stapel(1, 40)
    alles = b"".join(beispiel.xml for beispiel in beispiele).decode()

    assert {beispiel.leistung for beispiel in beispiele} == {"wbs", "mietrueckstaende"}
    assert {beispiel.version for beispiel in beispiele} == {"2.2.0", "2.4.0", "2.5.0"}
    assert any(beispiel.anhaenge for beispiel in beispiele)
    assert "ansprechpartner" in alles
    assert all(zeichen in alles for zeichen in "Łőş") or all(zeichen in alles for zeichen in "ŁőŞ")
    assert "Примерова" in alles
    assert len({beispiel.dateiname for beispiel in beispiele}) == 40


def test_nobody_in_an_invented_household_has_a_name_of_ones_own():
    for beispiel in stapel(2, 30):
        for person in beispiel.fall["haushalt"]:
            assert any(person["name"] == f"{vorname} {familie}" for vorname in VORNAMEN for familie in FAMILIENNAMEN)


def test_what_is_given_stands_in_the_message():
    zeit = datetime(2025, 1, 2, 3, 4, 5, tzinfo=UTC)
    xml = nachricht(
        "mietrueckstaende",
        uuid="11111111-2222-3333-4444-555555555555",
        erstellt=zeit,
        produkt="Probe",
        dienstkennung="urn:probe",
        leser="mrh:050000000000",
        leser_name="Stadt Probe",
        test=True,
        mit_pdf=False,
    )
    baum = etree.fromstring(xml)

    assert (baum.get("produkt"), baum.get("test")) == ("Probe", "true")
    assert baum.findtext(".//nachrichtenUUID") == "11111111-2222-3333-4444-555555555555"
    assert baum.findtext(".//erstellungszeitpunkt") == zeit.isoformat()
    assert baum.findtext(".//leser/name") == "Stadt Probe"
    assert b"mimeType" not in xml


def test_every_product_of_the_generator_can_be_told_from_a_real_form():
    assert all(etree.fromstring(beispiel.xml).get("produkt").startswith(f"{PRODUKT}: ") for beispiel in stapel(3, 6))


@given(st.lists(st.text(max_size=60), max_size=5))
def test_the_pdf_is_well_formed_whatever_stands_in_it(zeilen):
    pdf = kleines_pdf(zeilen)

    tabelle = int(re.search(rb"startxref\n(\d+)\n%%EOF\n$", pdf).group(1))
    stellen = [int(stelle) for stelle in re.findall(rb"(\d{10}) 00000 n ", pdf[tabelle:])]
    assert pdf[tabelle:].startswith(b"xref\n0 6\n")
    assert [pdf[stelle:].startswith(b"%d 0 obj\n" % nummer) for nummer, stelle in enumerate(stellen, 1)] == [True] * 5
    laenge, strom = re.search(rb"/Length (\d+) >>\nstream\n(.*)\nendstream", pdf, re.DOTALL).groups()
    assert int(laenge) == len(strom)
