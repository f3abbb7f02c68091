"""From a message to an application: what is said is taken over as it was meant, and nothing is added."""

from __future__ import annotations

import tempfile
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

import fachwerk_xsozial_basis as plugin
from fachwerk.modell import Antrag
from fachwerk_xsozial_basis.client import DateiLeser
from fachwerk_xsozial_basis.erzeuger import Beigabe, antrags_pdf, nachricht
from fachwerk_xsozial_basis.mapping import VERSIONEN
from fachwerk_xsozial_basis.pdf import kleines_pdf

W = "vorgang.transportieren.1000001"

# -- the case file ---------------------------------------------------------------------------------------------------

_TAGE = st.dates(date(1925, 1, 1), date(2027, 12, 31)).map(date.isoformat)
_BETRAEGE = st.decimals(Decimal(0), Decimal("999999.99"), places=2).map(lambda wert: f"{wert:.2f}")
_WORT = st.text(st.characters(codec="utf-8", categories=["L"]), min_size=1, max_size=12)
_NAMEN = st.lists(_WORT, min_size=1, max_size=3).map(" ".join)
_ROLLEN = st.sampled_from(
    ["antragsteller", "ehegatte", "lebenspartner", "partner", "kind", "angehoeriger", "ungeborenes"]
)
_ARTEN = st.sampled_from(["nichtselbstaendig", "beamtenbezuege", "rente", "selbstaendig", "kapital", "steuerfrei"])


def satz(**felder: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    """Any part of these fields may be unknown, but not all of them."""
    return st.fixed_dictionaries({}, optional=felder).filter(bool)


_EINKUNFT = st.fixed_dictionaries({"art": _ARTEN, "betrag": _BETRAEGE}, optional={"werbungskosten": _BETRAEGE})
_PERSON = satz(name=_NAMEN, rolle=_ROLLEN, geburtsdatum=_TAGE)
_MITGLIED = satz(
    name=_NAMEN,
    rolle=_ROLLEN,
    geburtsdatum=_TAGE,
    einkuenfte=st.lists(_EINKUNFT, max_size=3),
    zahlt=satz(
        einkommensteuer=st.booleans(), kranken_pflegeversicherung=st.booleans(), rentenversicherung=st.booleans()
    ),
    grad_der_behinderung=st.integers(0, 100),
    pflegegrad=st.integers(0, 5),
    haeuslich_pflegebeduerftig=st.booleans(),
    kindergeld=st.booleans(),
)
_UNTERHALT = st.fixed_dictionaries({"an": _WORT, "betrag": _BETRAEGE}, optional={"titel": st.booleans()})
_PFLICHT = {"stichtag": _TAGE, "land": st.just("mv")}
_WBS = st.fixed_dictionaries(
    _PFLICHT | {"haushalt": st.lists(_MITGLIED, min_size=1, max_size=5)},
    optional={"ehe_seit": _TAGE, "alleinerziehend": st.booleans(), "unterhalt": st.lists(_UNTERHALT, max_size=2)},
)
_MIETE = st.fixed_dictionaries(
    _PFLICHT | {"haushalt": st.lists(_PERSON, min_size=1, max_size=4)},
    optional={
        "leistungsbezug": st.sampled_from(["sgb2", "sgb12", "keiner", "asylblg"]),
        "erwerbsfaehig": st.booleans(),
        "altersrente": st.booleans(),
        "miete": satz(
            gesamt=_BETRAEGE,
            grundmiete=_BETRAEGE,
            nebenkosten=_BETRAEGE,
            heizkosten=_BETRAEGE,
            beginn=_TAGE,
            vermieter=_NAMEN,
        ),
        "rueckstand": satz(betrag=_BETRAEGE, monate=st.integers(0, 99), energie=_BETRAEGE),
        "gefahr": satz(
            mahnung=_TAGE,
            kuendigung=_TAGE,
            kuendigung_art=st.sampled_from(["fristlos", "ordentlich"]),
            raeumungsklage=st.booleans(),
            klage_zugestellt=_TAGE,
            gericht=_NAMEN,
            aktenzeichen=_NAMEN,
            termin=_TAGE,
            raeumungstermin=_TAGE,
        ),
        "frueher_uebernommen": st.booleans(),
        "verbleib_gewollt": st.booleans(),
    },
)
_FAELLE = st.one_of(st.tuples(st.just("wbs"), _WBS), st.tuples(st.just("mietrueckstaende"), _MIETE))


@given(_FAELLE, st.sampled_from(VERSIONEN), st.booleans(), st.integers(0, 9))
def test_what_is_written_into_a_message_is_read_out_of_it_and_nothing_is_added(
    xsozial, fall, version, als_dritte, seed
):
    leistung, angaben = fall
    xml = nachricht(leistung, angaben, version=version, erwachsene_als_dritte=als_dritte, seed=seed)

    with tempfile.TemporaryDirectory() as ordner:
        antrag = xsozial.verstanden(Path(ordner), xml)

    assert antrag.leistung == leistung
    assert antrag.format_version == version
    assert antrag.fall == angaben
    assert antrag.fall_annahmen == ("projektprofil-1",)
    assert antrag.befunde == ()


def test_without_the_blocks_of_the_projektprofil_the_rest_stays_unknown(xsozial, tmp_path):
    xml = nachricht("wbs", {"haushalt": [{"name": "Erika Beispiel", "geburtsdatum": "1990-05-01"}]})
    baum = etree.fromstring(xml)
    for knoten in baum.xpath("//*[namespace-uri()='urn:fachwerk:projektprofil:1']"):
        if knoten.getparent() is not None:
            knoten.getparent().remove(knoten)

    fall = xsozial.verstanden(tmp_path, etree.tostring(baum)).fall

    assert fall == {
        "land": "mv",
        "stichtag": "2025-11-20",
        "haushalt": [{"name": "Erika Beispiel", "geburtsdatum": "1990-05-01"}],
    }


def test_without_a_day_of_application_the_day_of_receipt_counts_in_german_time(xsozial, tmp_path):
    xml = nachricht().replace(b"antragsDatum", b"unbekanntesDatum")

    spaet = xsozial.verstanden(tmp_path, xml, zugestellt=datetime(2025, 11, 30, 23, 30, tzinfo=UTC))

    assert spaet.antragsdatum is None
    assert spaet.fall is not None
    assert spaet.fall["stichtag"] == "2025-12-01"


@pytest.mark.parametrize(
    ("alt", "neu", "code"),
    [
        (b"<fw:betrag>100.00<", b"<fw:betrag>100,00<", "wert_unlesbar"),
        (b"<fw:betrag>100.00<", b"<fw:betrag>NaN<", "wert_unlesbar"),
        (b"<fw:betrag>100.00<", b"<fw:betrag>1e2<", "wert_unlesbar"),
        (b"<fw:art>rente<", b"<fw:art>lotterie<", "wert_unbekannt"),
        (b"<fw:pflegegrad>2<", b"<fw:pflegegrad>zwei<", "wert_unlesbar"),
        (b"<fw:betrag>100.00<", b"<fw:betrag>100.00</fw:betrag><fw:betrag>200.00<", "wert_mehrdeutig"),
    ],
)
def test_a_value_nobody_can_be_sure_of_stays_unknown_and_is_reported(xsozial, tmp_path, alt, neu, code):
    fall = {"haushalt": [{"rolle": "kind", "einkuenfte": [{"art": "rente", "betrag": "100.00"}], "pflegegrad": 2}]}
    xml = nachricht("wbs", fall)
    assert alt in xml

    antrag = xsozial.verstanden(tmp_path, xml.replace(alt, neu))

    assert [befund.code for befund in antrag.befunde] == [code]
    assert antrag.befunde[0].pfad.startswith(W)
    assert antrag.fall is not None
    assert str(antrag.fall["haushalt"]).count(":") < str(fall["haushalt"]).count(":")


# -- head, persons, documents ----------------------------------------------------------------------------------------


def test_the_head_is_read_whatever_namespace_its_parts_are_in(xsozial, tmp_path):
    antrag = xsozial.verstanden(tmp_path, nachricht("wbs", seed=3, uuid="0b7e4a52-0000-4000-8000-000000000001"))

    assert antrag.nachrichten_uuid == "0b7e4a52-0000-4000-8000-000000000001"
    assert (antrag.leser, antrag.ags, antrag.land) == ("wbs:130030000000", "130030000000", "mv")
    assert (antrag.autor, antrag.autor_name) == ("sop:050000100099", "Sozialplattform")
    assert antrag.leika == "99107022012000"
    assert antrag.erstellt is not None
    assert antrag.erstellt.utcoffset() is not None
    assert antrag.dienstkennung.startswith("https://")
    assert antrag.dienstkennung.endswith("XSoz240-WBS-BEA-SOP2WBS.wsdl")


def test_days_keep_their_date_whatever_zone_stands_behind_them(xsozial, tmp_path):
    fall = {"stichtag": "2025-11-20", "haushalt": [{"name": "Max Beispiel", "geburtsdatum": "2019-01-01"}]}
    xml = nachricht("wbs", fall)
    assert b"2025-11-20+01:00" in xml
    assert b"2019-01-01+00:00" in xml

    antrag = xsozial.verstanden(tmp_path, xml)

    assert antrag.antragsdatum == date(2025, 11, 20)
    assert antrag.personen[0].geburtsdatum == date(2019, 1, 1)


def test_adults_who_are_only_third_parties_keep_name_address_and_contact(xsozial, tmp_path):
    fall = {
        "haushalt": [
            {"name": "Łucja Hőgyész-Probe", "rolle": "antragsteller"},
            {"name": "Светлана Hőgyész-Probe", "rolle": "kind"},
        ]
    }

    antrag = xsozial.verstanden(tmp_path, nachricht("wbs", fall, erwachsene_als_dritte=True))

    assert [(person.name.vorname, person.antragsteller) for person in antrag.personen] == [("Светлана", True)]
    (elternteil,) = antrag.dritte
    assert elternteil.name.anzeige == "Łucja Hőgyész-Probe"
    assert elternteil.name.titel == ""
    assert elternteil.anschriften[0].wohnort == "Musterow"
    assert [weg.kanal for weg in elternteil.kommunikation] == ["01", "02"]
    assert elternteil.postfach


@pytest.mark.parametrize(
    ("teile", "erwartet"),
    [
        ("<hausnummer>7</hausnummer>", "7"),
        ("<hausnummer>7</hausnummer><hausnummerBuchstabeZusatzziffer>b</hausnummerBuchstabeZusatzziffer>", "7b"),
        ("<teilnummerDerHausnummer>7b</teilnummerDerHausnummer>", "7b"),
        ("<hausnummer>7</hausnummer><teilnummerDerHausnummer>1/2</teilnummerDerHausnummer>", "7 1/2"),
        ("<hausnummer/><teilnummerDerHausnummer>  </teilnummerDerHausnummer>", ""),
    ],
)
def test_the_house_number_is_joined_from_all_its_parts(xsozial, tmp_path, teile, erwartet):
    baum = etree.fromstring(nachricht())
    (haus, *_) = baum.iter("gebaeude")
    haus.remove(haus.find("teilnummerDerHausnummer"))
    haus.extend(etree.fromstring(f"<x>{teile}</x>"))

    antrag = xsozial.verstanden(tmp_path, etree.tostring(baum))

    assert antrag.personen[0].anschriften[0].hausnummer == erwartet


def test_every_leaf_and_attribute_is_kept_and_documents_only_by_their_size(xsozial, tmp_path):
    xml = nachricht("wbs", dokumente=[Beigabe("Antrag.pdf", b"%PDF-1.4 zwei")], seed=5)
    baum = etree.fromstring(xml)
    blaetter = [e for e in baum.iter() if not len(e) and (e.text or "").strip()]
    attribute = [a for e in baum.iter() for a in e.attrib]

    felder = xsozial.verstanden(tmp_path, xml).felder

    assert len(felder) == len(blaetter) + len(attribute)
    assert felder[f"{W}/xsozial/dokument[2]/dokumentRepraesentation/inhalt"] == "13 Bytes"
    assert felder[f"{W}/@standard"] == "XSozial-basis"
    assert max(len(wert) for wert in felder.values()) < 300


def test_text_beside_elements_and_elements_nobody_knows_are_kept_too(xsozial, tmp_path):
    fremd = b'<xsb:neu art="x">davor<xsb:a>1</xsb:a><xsb:a>2</xsb:a>danach</xsb:neu></xsb:vorgang>'
    felder = xsozial.verstanden(tmp_path, nachricht().replace(b"</xsb:vorgang>", fremd, 1)).felder

    neu = {pfad.partition("/vorgang/")[2]: wert for pfad, wert in felder.items() if "/neu" in pfad}
    assert neu == {"neu/@art": "x", "neu/text()": "davor danach", "neu/a[1]": "1", "neu/a[2]": "2"}


def test_documents_of_one_name_are_parts_of_their_own_and_come_out_as_they_went_in(xsozial, tmp_path):
    erstes, zweites = kleines_pdf(["eins"]), kleines_pdf(["zwei"]) * 400

    antrag = xsozial.verstanden(
        tmp_path, nachricht(dokumente=[Beigabe("Nachweis.pdf", erstes), Beigabe("Nachweis.pdf", zweites)])
    )

    inhalte = [b"".join(dokument.teil.bytes_strom()) for dokument in antrag.dokumente if dokument.teil]
    assert inhalte[1:] == [erstes, zweites]
    assert [dokument.teil.laenge for dokument in antrag.dokumente if dokument.teil][1:] == [len(erstes), len(zweites)]
    kennungen = [dokument.teil.id for dokument in antrag.dokumente if dokument.teil]
    assert antrag.original is not None
    assert kennungen == [f"{antrag.original.id}#{nummer}" for nummer in (1, 2, 3)]


def test_an_application_read_back_from_the_journal_still_opens_its_documents(xsozial, tmp_path):
    antrag = xsozial.verstanden(tmp_path, nachricht())

    zurueck = Antrag.model_validate_json(antrag.model_dump_json(), context={"inhalt": DateiLeser()})

    assert zurueck == antrag
    assert zurueck.dokumente[0].teil is not None
    with zurueck.dokumente[0].teil.oeffnen() as strom:
        assert strom.read(5) == b"%PDF-"


def test_a_document_with_broken_base64_is_reported_and_the_others_are_read(xsozial, tmp_path):
    xml = nachricht(dokumente=[Beigabe("kaputt.pdf", b"%PDF-kaputt"), Beigabe("heil.pdf", b"%PDF-heil")])
    antrag = xsozial.verstanden(tmp_path, xml.replace(b"JVBERi1rYXB1dHQ=", b"JVBERi1*YXB1dHQ="))

    assert [befund.code for befund in antrag.befunde] == ["dokument_unlesbar"]
    assert [dokument.teil is None for dokument in antrag.dokumente] == [False, True, False]
    assert antrag.dokumente[2].teil is not None
    assert b"".join(antrag.dokumente[2].teil.bytes_strom()) == b"%PDF-heil"


def test_attachments_keep_their_order_and_belong_to_the_document_that_names_them(xsozial, tmp_path):
    xml = nachricht(dokumente=[Beigabe("anhang_0002.pdf")])
    sendung = xsozial.eingang(tmp_path, xml, anhang_0010_pdf=b"zehn", foto_png=b"foto", anhang_0002_pdf=b"zwei")

    antrag = plugin.verstehe(sendung)

    assert [teil.name for teil in antrag.anlagen] == ["anhang_0002.pdf", "anhang_0010.pdf", "foto.png"]
    assert antrag.dokumente[1].teil == antrag.anlagen[0]
    assert antrag.original is not None
    assert antrag.original.name == "nachricht.xml"


def test_only_a_pdf_becomes_an_application_of_documents_with_the_leistung_of_the_kanal(xsozial, tmp_path):
    sendung = xsozial.eingang(tmp_path, None, antrag_pdf=antrags_pdf("wbs"), anhang_0001_pdf=b"%PDF-1.4")

    nach_kennung = plugin.verstehe(sendung.model_copy(update={"kanal_kennung": "wbs:130030000000"}))
    nach_wort = plugin.verstehe(sendung.model_copy(update={"kanal_leistung": "99107042000000", "kanal_land": "ni"}))

    assert (nach_kennung.leistung, nach_kennung.land) == ("wbs", "mv")
    assert (nach_wort.leistung, nach_wort.land) == ("mietrueckstaende", "ni")
    assert len(nach_wort.dokumente) == 2
    assert nach_wort.fall == {"land": "ni", "stichtag": "2025-12-01"}
    assert nach_wort.felder == {}
