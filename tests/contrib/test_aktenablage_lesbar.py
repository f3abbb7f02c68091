"""The readable documents: complete, German, and not to be fooled by hostile text."""

from __future__ import annotations

import io
import json
import re
from datetime import UTC, date, datetime, timedelta
from types import ModuleType
from typing import Any

import lxml.html
import pypdf
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import fachwerk_aktenablage as ablage
from fachwerk.modell import Befund, Dokument, Dringlichkeit, Empfehlung, Name, Person, Schwere, Votum
from fachwerk.testkit.wirt import SpeicherInhalt
from fachwerk_aktenablage.blatt import BREITE, HOEHE, LINKS, MAX_SEITEN, RECHTS, Text
from fachwerk_aktenablage.blattsatz import setze
from fachwerk_aktenablage.farbprofil import graustufen
from fachwerk_aktenablage.gliederung import Absatz, Abschnitt, Schriftstueck, Tabelle
from fachwerk_aktenablage.pdf import als_pdf
from fachwerk_aktenablage.schrift import ORDNER, Setzer, passender_satz, satz
from fachwerk_aktenablage.texte import bereinigt, betrag, zeitpunkt
from fachwerk_aktenablage.umbruch import umbrich

ZEIT = datetime(2026, 3, 1, 23, 5, 9, tzinfo=UTC)
FEINDLICH = st.text(
    alphabet=st.characters(exclude_categories=["Cs"]) | st.sampled_from("\u202e\u0000\ue000\u0301王😀אב<>&\"'\n\t"),
    max_size=300,
)


def dateien(faelle: ModuleType, entscheidung: Any = None, **anders: Any) -> dict[str, bytes]:
    inhalt = SpeicherInhalt()
    sendung = ablage.render(faelle.antrag(inhalt, **anders), entscheidung or faelle.entscheidung(), faelle.ziel())
    return {anlage.pfad: b"".join(anlage.teil.bytes_strom()) for anlage in sendung.anlagen}


def pdf_text(inhalt: bytes) -> str:
    return "\n".join(seite.extract_text() for seite in pypdf.PdfReader(io.BytesIO(inhalt), strict=True).pages)


def html_text(inhalt: bytes) -> str:
    return str(lxml.html.document_fromstring(inhalt.decode()).text_content())


def test_the_application_shows_times_of_receipt_persons_case_documents_and_every_field(
    aktenablage_faelle: ModuleType,
) -> None:
    akte = dateien(aktenablage_faelle)
    erwartet = [
        "Stadt Musterow – Wohnungsamt",
        "Wohnberechtigungsschein",
        "02.03.2026, 00:05:09 Uhr (MEZ)",
        "02.03.2026, 00:01:00 Uhr (MEZ)",
        "Grünwald-Löß",
        "01.05.1990",
        "Am Königsgraben 12 a",
        "Wohnbau Musterow eG",
        "Nichtselbständige Arbeit",
        "33.136,00 EUR",
        "Şirin Grünwald",
        "Pflegegrad",
        "nicht angegeben",
        "genannt, aber nicht mitgesandt",
        "ganzNeu",
        "Wert-4711",
        "Bitte vor dem Umzug am Fünften.",
    ]
    for text in (pdf_text(akte["antrag.pdf"]), html_text(akte["index.html"])):
        assert [stelle for stelle in erwartet if stelle not in text] == []
    assert "Seite 1 von 3" in pdf_text(akte["antrag.pdf"])


def test_the_note_is_marked_as_no_administrative_act_on_every_page_and_gives_its_reasons(
    aktenablage_faelle: ModuleType,
) -> None:
    akte = dateien(aktenablage_faelle)
    leser = pypdf.PdfReader(io.BytesIO(akte["pruefvermerk.pdf"]))
    assert all("kein Verwaltungsakt" in seite.extract_text() for seite in leser.pages)
    for text in (pdf_text(akte["pruefvermerk.pdf"]), html_text(akte["index.html"])):
        for stelle in ("Bewilligen", "20.419,84", "§ 20 WoFG", "Wird Kindergeld gezahlt?", "Meldebescheinigung"):
            assert stelle in text
        assert "Die Dienstkennung enthielt Leerraum." in text
        assert "23.540,00 EUR" in text


def test_the_draft_of_a_certificate_is_no_certificate_and_leaves_to_people_what_is_theirs(
    aktenablage_faelle: ModuleType,
) -> None:
    akte = dateien(aktenablage_faelle)
    text = pdf_text(akte["wbs_entwurf.pdf"])
    for stelle in ("keine Bescheinigung", "Jürgen Grünwald-Löß", "Şirin Grünwald", "gruppe_A", "50 m²", "§ 20 WoFG"):
        assert stelle in text
    assert re.search("Gültigkeit +nicht angegeben", text.replace("\n", " "))
    assert re.search("Gültig bis _+", text.replace("\n", " "))
    assert "wbs_entwurf.pdf" in lxml.html.document_fromstring(akte["index.html"]).xpath("//a/@href")


@pytest.mark.parametrize("empfehlung", [wert for wert in Empfehlung if wert != Empfehlung.BEWILLIGEN])
def test_there_is_no_draft_unless_granting_is_recommended(
    aktenablage_faelle: ModuleType, empfehlung: Empfehlung
) -> None:
    akte = dateien(aktenablage_faelle, aktenablage_faelle.entscheidung(empfehlung=empfehlung))
    assert "wbs_entwurf.pdf" not in akte
    assert b"wbs_entwurf" not in akte["index.html"]


def test_there_is_no_draft_for_another_service_or_without_a_result(aktenablage_faelle: ModuleType) -> None:
    ohne = aktenablage_faelle.entscheidung(voten=(Votum(empfehlung=Empfehlung.BEWILLIGEN),))
    assert "wbs_entwurf.pdf" not in dateien(aktenablage_faelle, ohne)
    assert "wbs_entwurf.pdf" not in dateien(aktenablage_faelle, leistung="mietrueckstaende")


def test_nobody_becomes_the_applicant_of_the_draft_by_guessing(aktenablage_faelle: ModuleType) -> None:
    niemand = (Person(id="1", name=Name(familienname="Unmarkiert")),)
    text = pdf_text(dateien(aktenablage_faelle, personen=niemand, fall=None)["wbs_entwurf.pdf"])
    assert "Unmarkiert" not in text
    assert "Bitte von Hand eintragen" in text


def test_a_decision_without_votes_says_that_nobody_checked(aktenablage_faelle: ModuleType) -> None:
    ohne = aktenablage_faelle.entscheidung(empfehlung=Empfehlung.VORLEGEN, voten=())
    text = pdf_text(dateien(aktenablage_faelle, ohne)["pruefvermerk.pdf"])
    assert "Zur Entscheidung vorlegen" in text
    assert "Keine Regel hat diesen Antrag geprüft" in text


def test_urgency_and_deadline_stand_before_everything_else(aktenablage_faelle: ModuleType) -> None:
    eilt = aktenablage_faelle.entscheidung(dringlichkeit=Dringlichkeit.SOFORT, frist=date(2027, 1, 4))
    akte = dateien(aktenablage_faelle, eilt)
    for text in (pdf_text(akte["pruefvermerk.pdf"]), html_text(akte["index.html"])):
        assert "SOFORT" in text
        assert text.index("SOFORT") < text.index("04.01.2027") < text.index("kein Verwaltungsakt und kein Bescheid")
    assert json.loads(akte["vorgang.json"])["dringlichkeit"] == "sofort"
    assert json.loads(akte["vorgang.json"])["frist"] == "2027-01-04"


def test_nothing_is_said_of_urgency_where_a_case_can_wait(aktenablage_faelle: ModuleType) -> None:
    assert "Dringlichkeit" not in pdf_text(dateien(aktenablage_faelle)["pruefvermerk.pdf"])
    mit_frist = aktenablage_faelle.entscheidung(frist=date(2027, 1, 4))
    assert "Nächste Frist: 04.01.2027" in pdf_text(dateien(aktenablage_faelle, mit_frist)["pruefvermerk.pdf"])


def test_votes_that_disagree_are_all_shown(aktenablage_faelle: ModuleType) -> None:
    voten = (
        Votum(empfehlung=Empfehlung.BEWILLIGEN, quelle="eins"),
        Votum(empfehlung=Empfehlung.ABLEHNEN, quelle="zwei"),
    )
    uneins = aktenablage_faelle.entscheidung(empfehlung=Empfehlung.VORLEGEN, einig=False, voten=voten)
    text = pdf_text(dateien(aktenablage_faelle, uneins)["pruefvermerk.pdf"])
    for stelle in ("empfehlen Verschiedenes", "Rechenweg (eins)", "Rechenweg (zwei)", "Ablehnen"):
        assert stelle in text


def test_an_unconfirmed_mapping_and_a_test_message_are_announced(aktenablage_faelle: ModuleType) -> None:
    akte = dateien(aktenablage_faelle, test=True, fall_annahmen=("projektprofil-1",))
    for name in ("antrag.pdf", "pruefvermerk.pdf", "wbs_entwurf.pdf"):
        assert "TESTNACHRICHT" in pdf_text(akte[name])
    assert "projektprofil-1" in pdf_text(akte["antrag.pdf"])
    assert "projektprofil-1" in pdf_text(akte["pruefvermerk.pdf"])


def test_characters_without_a_glyph_become_their_number_and_the_document_says_so(
    aktenablage_faelle: ModuleType,
) -> None:
    akte = dateien(aktenablage_faelle, felder={"a/b": "王 und 😀, Сергей, Žižka, č̣, ≤ 5"})
    text = pdf_text(akte["antrag.pdf"])
    assert "[U+738B] und [U+1F600], Сергей, Žižka" in text
    assert "<= 5" in text
    assert "Zeichen ersetzt, siehe Original" in text
    assert "王 und 😀" in html_text(akte["index.html"])


def test_control_private_and_direction_characters_vanish_everywhere(aktenablage_faelle: ModuleType) -> None:
    akte = dateien(aktenablage_faelle, felder={"a/b": "Kon\u0000to\u202e4321\u2069\ue000\ufffe\x1b[31m"})
    for text in (pdf_text(akte["antrag.pdf"]), html_text(akte["index.html"])):
        assert "Konto4321[31m" in text
    assert "Zeichen ersetzt" not in pdf_text(akte["antrag.pdf"])


def test_markup_in_any_text_is_shown_and_never_interpreted(aktenablage_faelle: ModuleType) -> None:
    boese = "<script>alert(1)</script><img src=x onerror=alert(2)>\"'><a href=javascript:x>"
    akte = dateien(
        aktenablage_faelle,
        aktenablage_faelle.entscheidung(befunde=(Befund(code="a.b", schwere=Schwere.FEHLER, text=boese, pfad=boese),)),
        leistung=boese,
        nachrichten_uuid=boese,
        personen=(Person(id="1", name=Name(familienname=boese)),),
        dokumente=(Dokument(id="1", name=boese, teil=SpeicherInhalt().schreibe([b""], boese, "application/pdf")),),
        felder={boese: boese},
        fall={boese: {boese: [boese, {boese: boese}]}},
        fall_annahmen=(boese,),
    )
    seite = lxml.html.document_fromstring(akte["index.html"].decode())
    assert seite.xpath("//script|//img|//iframe|//object|//form|//link|//@onerror|//@onclick|//@style") == []
    ziele = {str(ziel) for ziel in seite.xpath("//a/@href")}
    assert all(re.fullmatch(r"#[a-z]+|[A-Za-z0-9_./-]+", ziel) for ziel in ziele)
    assert seite.text_content().count("<script>alert(1)</script>") >= 8


def test_the_page_allows_nothing_but_its_own_style(aktenablage_faelle: ModuleType) -> None:
    inhalt = dateien(aktenablage_faelle)["index.html"].decode()
    seite = lxml.html.document_fromstring(inhalt)
    (richtlinie,) = seite.xpath("//meta[@http-equiv='Content-Security-Policy']/@content")
    assert richtlinie.startswith("default-src 'none'; style-src 'sha256-")
    assert "unsafe" not in richtlinie
    assert "http://" not in inhalt
    assert "https://" not in inhalt
    assert {"antrag.pdf", "pruefvermerk.pdf", "original.xml", "anlagen/02_Foto.jpg"} <= set(seite.xpath("//a/@href"))


def test_a_file_that_could_run_a_program_is_named_but_not_linked(aktenablage_faelle: ModuleType) -> None:
    exe = SpeicherInhalt().schreibe([b"MZ"], "Lohn.exe", "application/pdf")
    seite = lxml.html.document_fromstring(dateien(aktenablage_faelle, anlagen=(exe,), dokumente=())["index.html"])
    assert "anlagen/01_Lohn_exe.gesperrt" in seite.text_content()
    assert "anlagen/01_Lohn_exe.gesperrt" not in seite.xpath("//a/@href")
    assert "Bitte nur nach Rücksprache mit der IT öffnen" in seite.text_content()


def test_ten_thousand_fields_are_all_there(aktenablage_faelle: ModuleType) -> None:
    felder = {f"a/b[{n // 40}]/feld{n}": f"wert-{n}" for n in range(10_000)}
    akte = dateien(aktenablage_faelle, felder=felder)
    seiten = pypdf.PdfReader(io.BytesIO(akte["antrag.pdf"])).pages
    assert 150 < len(seiten) < 400
    assert "wert-9999" in seiten[-1].extract_text()
    gefunden = set(re.findall(r"wert-(\d+)", html_text(akte["index.html"])))
    assert len(gefunden) == 10_000


def test_a_message_of_absurd_length_ends_with_a_word_about_it() -> None:
    zeilen = tuple((str(n), "x\n" * 400) for n in range(MAX_SEITEN // 4))
    lang = Schriftstueck("Antrag", "T", "", "k", (), (Abschnitt("Felder", (Tabelle(zeilen, (1, 1)),)),))
    seiten = pypdf.PdfReader(io.BytesIO(als_pdf(lang, ZEIT))).pages
    assert len(seiten) == MAX_SEITEN
    assert f"endet nach {MAX_SEITEN} Seiten" in seiten[0].extract_text()


def test_a_row_longer_than_a_page_goes_on_and_the_head_is_repeated() -> None:
    text = "\n".join(f"Zeile {n}" for n in range(200))
    tabelle = Tabelle(kopf=("Nr.", "Wert"), zeilen=(("1", text),), anteile=(1, 4))
    inhalt = als_pdf(Schriftstueck("Antrag", "T", "", "k", (), (Abschnitt("A", (tabelle,)),)), ZEIT)
    seiten = [seite.extract_text() for seite in pypdf.PdfReader(io.BytesIO(inhalt)).pages]
    assert len(seiten) > 2
    assert all("Nr." in seite for seite in seiten)
    assert [n for n in range(200) if not re.search(rf"Zeile {n}\b", "\n".join(seiten))] == []


def test_a_torn_row_without_head_says_that_it_goes_on() -> None:
    tabelle = Tabelle(zeilen=(("bemerkung", "Zeile\n" * 100),), anteile=(1, 2))
    inhalt = als_pdf(Schriftstueck("Antrag", "T", "", "k", (), (Abschnitt("A", (tabelle,)),)), ZEIT)
    seiten = [seite.extract_text() for seite in pypdf.PdfReader(io.BytesIO(inhalt)).pages]
    assert ["(Fortsetzung)" in seite for seite in seiten] == [False, True]


def test_the_pdf_carries_what_pdf_a_asks_for_and_names_nobody(aktenablage_faelle: ModuleType) -> None:
    inhalt = dateien(aktenablage_faelle)["antrag.pdf"]
    leser = pypdf.PdfReader(io.BytesIO(inhalt), strict=True)
    katalog: Any = leser.trailer["/Root"]
    xmp = katalog["/Metadata"].get_data().decode()
    assert "<pdfaid:part>2</pdfaid:part><pdfaid:conformance>U</pdfaid:conformance>" in xmp
    assert katalog["/Lang"] == "de-DE"
    assert katalog["/MarkInfo"]["/Marked"]
    assert katalog["/OutputIntents"][0]["/DestOutputProfile"].get_data() == graustufen()
    assert leser.metadata is not None
    assert leser.metadata.title == "Antrag wbs_2026-03-01_3f0c8a5277aa"
    assert leser.metadata.creation_date == ZEIT
    assert "Grünwald" not in xmp
    assert not leser.is_encrypted
    assert "/ID" in leser.trailer
    for schrift in leser.pages[0]["/Resources"]["/Font"].values():  # type: ignore[index]
        nachfahre = schrift.get_object()["/DescendantFonts"][0]
        assert "/FontFile2" in nachfahre["/FontDescriptor"]
        assert "/ToUnicode" in schrift.get_object()


def test_every_drawn_piece_belongs_to_the_structure_or_is_an_ornament(aktenablage_faelle: ModuleType) -> None:
    leser = pypdf.PdfReader(io.BytesIO(dateien(aktenablage_faelle)["antrag.pdf"]), strict=True)
    wurzel: Any = leser.trailer["/Root"]["/StructTreeRoot"]  # type: ignore[index]
    rueckweg = wurzel["/ParentTree"]["/Nums"]
    arten = set()
    for nummer, seite in enumerate(leser.pages):
        inhalt = seite.get_contents().get_data()  # type: ignore[union-attr]
        marken = [int(marke) for marke in re.findall(rb"/MCID (\d+)", inhalt)]
        assert marken == list(range(len(rueckweg[2 * nummer + 1])))
        assert inhalt.count(b"BDC") + inhalt.count(b"BMC") == inhalt.count(b"EMC")
        arten |= {element.get_object()["/S"] for element in rueckweg[2 * nummer + 1]}
    assert {"/H1", "/H2", "/H3", "/P", "/TH", "/TD"} <= arten


@given(FEINDLICH, FEINDLICH)
@settings(max_examples=40)
def test_no_text_stops_the_pdf_or_leaves_the_page(eins: str, zwei: str) -> None:
    tabelle = Tabelle(zeilen=((bereinigt(eins), bereinigt(zwei)),), anteile=(1, 2))
    stueck = Schriftstueck("Antrag", bereinigt(eins), bereinigt(zwei), "k", (), (Abschnitt("A", (tabelle,)),))
    schriftsatz = passender_satz(stueck.texte())
    for seite in setze(stueck, schriftsatz, Setzer(schriftsatz)).seiten:
        for text in (ding for ding in seite if isinstance(ding, Text)):
            ende = text.x + schriftsatz.breite(text.text.rstrip(), text.schnitt) / 1000 * text.groesse / 72 * 25.4
            assert text.x >= LINKS
            assert ende <= BREITE - RECHTS + 0.01
            assert 0 < text.y < HOEHE - 5
    pypdf.PdfReader(io.BytesIO(als_pdf(stueck, ZEIT)), strict=True).pages[0].extract_text()


@given(FEINDLICH, st.floats(min_value=3000, max_value=60000))
def test_breaking_lines_loses_no_character_and_fits(text: str, platz: float) -> None:
    schriftsatz = satz("voll")
    druckbar = Setzer(schriftsatz).druckbar(bereinigt(text))
    breiten = schriftsatz.schriften[""].breiten
    zeilen = umbrich(druckbar, platz, breiten)
    assert "".join(zeilen) == druckbar.replace("\n", "")
    assert all(sum(breiten[zeichen] for zeichen in zeile.rstrip(" ")) <= platz for zeile in zeilen)


def test_a_paragraph_sign_stays_with_its_number() -> None:
    breiten = dict.fromkeys("Nach§ 20WoFG", 1.0)
    assert umbrich("Nach § 20 WoFG", 6, breiten) == ["Nach ", "§ 20 ", "WoFG"]


@given(FEINDLICH)
def test_cleaning_twice_changes_nothing_and_leaves_no_control_character(text: str) -> None:
    sauber = bereinigt(text)
    assert bereinigt(sauber) == sauber
    assert all(zeichen == "\n" or zeichen >= " " for zeichen in sauber)
    assert not {"\u202e", "\u2066", "\ue000", "\x7f"} & set(sauber)


def test_the_fonts_hold_the_letters_of_european_names_and_their_licence() -> None:
    zeichen = satz("voll").zeichen
    fuer_namen = [
        *range(0xA1, 0x180),
        *range(0x180, 0x250),
        *range(0x300, 0x370),
        *range(0x400, 0x500),
        *range(0x1E00, 0x1F00),
    ]
    assert [hex(nummer) for nummer in fuer_namen if chr(nummer) not in zeichen] == []
    assert set("αβγδεζηθικλμνξοπρστυφχψωάέήίόύώ") <= zeichen
    assert satz("grund").zeichen < zeichen
    assert "SIL Open Font License, Version 1.1" in (ORDNER / "OFL.txt").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("texte", "umfang"),
    [(["Grünwald-Löß", "Şirin"], "grund"), (["Сергей"], "voll"), (["王 ≤ 😀"], "grund"), (["王", "ḥ"], "voll")],
)
def test_the_full_font_is_only_taken_where_it_shows_more(texte: list[str], umfang: str) -> None:
    assert passender_satz(texte).umfang == umfang


@given(st.datetimes(min_value=datetime(2000, 1, 1), max_value=datetime(2099, 1, 1), timezones=st.just(UTC)))
def test_a_time_is_shown_in_german_local_time_with_its_offset(zeit: datetime) -> None:
    text = zeitpunkt(zeit)
    zone = {"MEZ": 1, "MESZ": 2}[text[-5:].strip("() ")] if text.endswith(")") else 0
    gelesen = datetime.strptime(text[:20], "%d.%m.%Y, %H:%M:%S").replace(tzinfo=UTC)
    assert gelesen - timedelta(hours=zone) == zeit.replace(microsecond=0)


@pytest.mark.parametrize(
    ("wert", "text"),
    [
        (33136, "33.136,00 EUR"),
        ("120.5", "120,50 EUR"),
        ("-0.01", "-0,01 EUR"),
        ("1234567.89", "1.234.567,89 EUR"),
        ("etwa 5", "etwa 5"),
        ("1.005", "1.005"),
        (True, "ja"),
        (None, "nicht angegeben"),
    ],
)
def test_money_is_shown_in_german_and_anything_else_as_it_was_sent(wert: Any, text: str) -> None:
    assert betrag(wert) == text


def test_a_long_paragraph_does_not_break_the_frame_of_a_warning() -> None:
    lang = Absatz("Wort " * 5000, "warnung")
    inhalt = als_pdf(Schriftstueck("Antrag", "T", "", "k", (lang,), ()), ZEIT)
    assert pdf_text(inhalt).count("Wort") == 5000
