"""Reading XML from strangers: what is read is what is there, and what would hurt is refused."""

from __future__ import annotations

import base64
import io
import resource
from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from fachwerk.modell import Ausschnitt
from fachwerk.xml import (
    Grenzen,
    XmlFehler,
    datum,
    entnimm,
    entnimm_aus,
    kopf,
    lies,
    pfad_von,
    zeitpunkt,
)

_RUHIG = etree.XMLParser(remove_comments=True, remove_pis=True, resolve_entities=False, no_network=True)
_NAMEN = st.from_regex(r"[A-Za-zÄäß_][A-Za-z0-9éß._-]{0,7}", fullmatch=True)
_RAEUME = st.sampled_from(["", "urn:beispiel:a", "https://beispiel.example/b"])
_TEXTE = st.text(
    st.characters(codec="utf-8", exclude_characters="\ufffe\uffff", exclude_categories=["Cs", "Cc"]), max_size=30
)


@st.composite
def baeume(draw: st.DrawFn) -> etree._Element:
    def element(tiefe: int) -> etree._Element:
        raum, name = draw(_RAEUME), draw(_NAMEN)
        knoten = etree.Element(f"{{{raum}}}{name}" if raum else name)
        for schluessel, wert in draw(st.dictionaries(_NAMEN, _TEXTE, max_size=2)).items():
            knoten.set(schluessel, wert)
        knoten.text = draw(_TEXTE)
        for _ in range(draw(st.integers(0, 3)) if tiefe else 0):
            kind = element(tiefe - 1)
            kind.tail = draw(_TEXTE)
            knoten.append(kind)
        return knoten

    return element(3)


class Strom(io.RawIOBase):
    """``anfang``, then ``stueck`` repeated, then ``ende``: large without being anywhere."""

    def __init__(self, anfang: bytes, stueck: bytes = b"", anzahl: int = 0, ende: bytes = b"") -> None:
        self._stuecke = iter([anfang, *[stueck] * anzahl, ende])
        self._rest = b""
        self.gelesen = 0

    def readable(self) -> bool:
        return True

    def readinto(self, puffer: bytearray) -> int:  # type: ignore[override]
        while not self._rest:
            naechstes = next(self._stuecke, None)
            if naechstes is None:
                return 0
            self._rest = naechstes
        anzahl = min(len(puffer), len(self._rest))
        puffer[:anzahl] = self._rest[:anzahl]
        self._rest = self._rest[anzahl:]
        self.gelesen += anzahl
        return anzahl


def lies_bytes(daten: bytes, grenzen: Grenzen | None = None, schneide: tuple[str, ...] = ()):
    return lies(io.BytesIO(daten), grenzen or Grenzen(), schneide)


def code(daten: bytes, grenzen: Grenzen | None = None) -> str:
    with pytest.raises(XmlFehler) as fehler:
        lies_bytes(daten, grenzen)
    return fehler.value.code


def gleich(a: etree._Element, b: etree._Element) -> bool:
    return (
        (a.tag, dict(a.attrib), a.text or "", a.tail or "", len(a))
        == (b.tag, dict(b.attrib), b.text or "", b.tail or "", len(b))
    ) and all(gleich(x, y) for x, y in zip(a, b, strict=True))


@given(baeume(), st.sampled_from(["utf-8", "utf-16", "iso-8859-1"]))
def test_any_tree_is_read_as_lxml_itself_reads_it(baum, zeichensatz):
    daten = etree.tostring(baum, encoding=zeichensatz, xml_declaration=True)

    gelesen = lies_bytes(daten)

    assert gleich(gelesen.wurzel, etree.fromstring(daten, _RUHIG))


@given(baeume(), st.integers(1, 7))
def test_it_does_not_matter_in_which_pieces_the_stream_arrives(baum, laenge):
    daten = etree.tostring(baum, encoding="utf-8")
    stuecke = [daten[i : i + laenge] for i in range(0, len(daten), laenge)]

    class Haeppchen(io.RawIOBase):
        def read(self, anzahl=-1):  # type: ignore[override]
            return stuecke.pop(0) if stuecke else b""

    assert gleich(lies(Haeppchen()).wurzel, etree.fromstring(daten, _RUHIG))


def test_comments_and_processing_instructions_are_dropped_and_the_text_around_them_is_kept():
    dokument = lies_bytes(b"<!-- a --><?b c?><a>eins<!-- zwei --><?drei?>vier<![CDATA[<f>]]></a><!-- g -->")

    assert dokument.wurzel.text == "einsvier<f>"
    assert len(dokument.wurzel) == 0


def test_prefixes_survive_so_that_a_person_recognises_the_document():
    dokument = lies_bytes(b'<xsb:a xmlns:xsb="urn:x"><xsb:b/></xsb:a>')

    assert dokument.wurzel[0].prefix == "xsb"


@pytest.mark.parametrize(
    ("daten", "erwartet"),
    [
        (b'<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>', "xml.doctype"),
        (b'<!DOCTYPE a SYSTEM "http://127.0.0.1:9/a.dtd"><a/>', "xml.doctype"),
        (
            b'<!DOCTYPE a [<!ENTITY b "hahaha"><!ENTITY c "&b;&b;&b;"><!ENTITY d "&c;&c;&c;">]><a>&d;</a>',
            "xml.doctype",
        ),
        (b"<a>&unbekannt;</a>", "xml.unlesbar"),
        (b"<a>" * 1000 + b"</a>" * 1000, "xml.tiefe"),
        (b"<a><b></a></b>", "xml.unlesbar"),
        (b"<a><b>mitten im", "xml.unlesbar"),
        (b"", "xml.unlesbar"),
        (b"kein XML", "xml.unlesbar"),
        (b"%PDF-1.4\n", "xml.unlesbar"),
        (b"<a>\xff\xfe</a>", "xml.unlesbar"),
        (b"<a>\x00</a>", "xml.unlesbar"),
        (b"<a>\xc3</a>", "xml.unlesbar"),
        (b'<?xml version="1.0" encoding="x-nie-gehoert"?><a/>', "xml.unlesbar"),
        (b"<p:a/>", "xml.unlesbar"),
        (b'<a x="1" x="2"/>', "xml.unlesbar"),
        (b"<a/><b/>", "xml.unlesbar"),
        (b"<a " + b" ".join(b'x%d=""' % i for i in range(300)) + b"/>", "xml.attribut"),
        (b'<a x="' + b"y" * 70_000 + b'"/>', "xml.attribut"),
        (b"<a " + b" ".join(b'xmlns:x%d="u:%d"' % (i, i) for i in range(600)) + b"/>", "xml.attribut"),
        (b"<a>" + b"y" * 70_000 + b"<b/></a>", "xml.text"),
        (b"<a><b/>" + b"y" * 70_000 + b"</a>", "xml.text"),
    ],
)
def test_hostile_or_broken_xml_is_refused_with_its_own_code(daten, erwartet):
    assert code(daten) == erwartet


def test_a_limit_is_allowed_up_to_its_value_and_refused_above_it():
    assert len(lies_bytes(b"<a>" + b"<b/>" * 9 + b"</a>", Grenzen(elemente=10)).wurzel) == 9
    assert code(b"<a>" + b"<b/>" * 10 + b"</a>", Grenzen(elemente=10)) == "xml.elemente"
    assert code(b'<a x="1" y="2"><b/></a>', Grenzen(elemente=3)) == "xml.elemente"
    assert lies_bytes(b"<a><b/></a>", Grenzen(tiefe=2)).wurzel.tag == "a"
    assert code(b"<a><b><c/></b></a>", Grenzen(tiefe=2)) == "xml.tiefe"
    assert lies_bytes(b"<a>12345</a>", Grenzen(bytes=12)).groesse == 12
    assert code(b"<a>123456</a>", Grenzen(bytes=12)) == "xml.groesse"
    assert code(b"<a>" + b"<b>1234567890</b>" * 5 + b"</a>", Grenzen(gesamttext=40)) == "xml.groesse"


@pytest.mark.parametrize("anfang", [b'<a b="', b"<a><!--", b"<a><?b ", b"<", b"<!DOCTYPE "])
def test_a_token_without_end_is_refused_long_before_it_fills_memory(anfang):
    strom = Strom(anfang, b"y" * 65536, 3200)

    with pytest.raises(XmlFehler) as fehler:
        lies(strom, Grenzen(bytes=1 << 30))

    assert fehler.value.code in ("xml.token", "xml.doctype")
    assert strom.gelesen < 3 * 1024 * 1024


def test_two_hundred_megabytes_of_text_do_not_enter_memory():
    vorher = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

    dokument = lies(Strom(b"<a><b>", b"QUJD" * 16384, 3200, b"</b></a>"), Grenzen(bytes=1 << 30))

    assert dokument.wurzel[0].text is None
    assert dokument.ausschnitte[dokument.wurzel[0]] == (6, 6 + 3200 * 65536)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - vorher < 40 * 1024


def test_an_error_names_the_place_and_never_the_content():
    with pytest.raises(XmlFehler) as fehler:
        lies_bytes(b"<a>\n<name>Geheimrat</nam></a>")

    assert "Zeile 2" in str(fehler.value)
    assert "Geheimrat" not in str(fehler.value) + repr(fehler.value) + str(fehler.value.details)


def test_the_root_is_told_without_reading_the_rest():
    strom = Strom(b'<?xml version="1.0"?><!-- x --><p:wurzel xmlns:p="urn:p"><p:b>', b"y" * 65536, 100)

    assert kopf(strom) == ("urn:p", "wurzel")
    assert strom.gelesen <= 8192


@pytest.mark.parametrize(
    "daten", [b"", b"%PDF-1.7", b"PK\x03\x04", b"  ", b"<!-- nur das -->", b"<!DOCTYPE html><html/>"]
)
def test_what_is_no_honest_xml_has_no_root(daten):
    with pytest.raises(XmlFehler):
        kopf(io.BytesIO(daten))


_ANFAENGE = st.sampled_from(["", "\n   ", "&#13;", "<!-- x -->", "<![CDATA[", " <?pi x?> "])


@given(st.binary(max_size=3000), _ANFAENGE, st.integers(1, 90), st.sampled_from(["utf-8", "utf-16", "iso-8859-1"]))
def test_an_embedded_document_comes_out_as_it_went_in(inhalt, anfang, breite, zeichensatz):
    zeilen = base64.b64encode(inhalt).decode()
    text = "\n".join(zeilen[i : i + breite] for i in range(0, len(zeilen), breite)) or " "
    ende = "]]>" if "CDATA" in anfang else ""
    xml = f'<?xml version="1.0" encoding="{zeichensatz}"?><a t="ä"><ö>Ł</ö>'.replace("Ł", "é")
    daten = f"{xml}<d><inhalt>{anfang}{text}{ende}</inhalt></d></a>".encode(zeichensatz)

    dokument = lies_bytes(daten, schneide=("d/inhalt",))
    ((element, (von, bis)),) = dokument.ausschnitte.items()

    assert etree.QName(element).localname == "inhalt"
    with entnimm(io.BytesIO(daten), von, bis, zeichensatz=dokument.zeichensatz) as strom:
        assert strom.read() == inhalt
    with entnimm_aus(io.BytesIO(daten), Ausschnitt(teil_id="1", von=von, bis=bis)) as strom:
        assert strom.read() == inhalt
    with entnimm_aus(io.BufferedReader(Strom(daten)), Ausschnitt(teil_id="1", von=von, bis=bis)) as strom:
        assert strom.read() == inhalt


def test_a_large_embedded_document_is_streamed_in_constant_memory():
    kopfteil, stueck, anzahl = b"<a><b>", base64.b64encode(b"x" * 48 * 1024), 1600
    vorher = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    strom = Strom(kopfteil, stueck, anzahl, b"</b></a>")

    summe = 0
    with entnimm(strom, len(kopfteil), len(kopfteil) + anzahl * len(stueck)) as inhalt:
        while teil := inhalt.read(1 << 20):
            summe += len(teil)

    assert summe == 1600 * 48 * 1024
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - vorher < 40 * 1024


@pytest.mark.parametrize("inhalt", [b"QUJ", b"Q*JD", b"QQ==QUJD", b"QUJD<b/>", b"=", b"QUJD\xc3\xa4", b"Q=JD"])
def test_what_is_not_base64_is_said_so(inhalt):
    with pytest.raises(XmlFehler) as fehler, entnimm(io.BytesIO(inhalt), 0, len(inhalt)) as strom:
        strom.read()

    assert fehler.value.code == "xml.base64"


def test_a_document_cut_off_in_the_middle_is_no_document():
    with pytest.raises(XmlFehler) as fehler, entnimm(io.BytesIO(b"QUJD"), 0, 400) as strom:
        strom.read()

    assert fehler.value.code == "xml.unlesbar"


_ZONEN = st.one_of(
    st.sampled_from(["", "Z", "+00:00", "-00:00"]),
    st.builds("{}{:02d}:{:02d}".format, st.sampled_from("+-"), st.integers(0, 14), st.sampled_from([0, 15, 30, 45])),
)


@given(st.dates(), _ZONEN, st.sampled_from(["", " ", "\n\t"]))
def test_a_date_keeps_its_day_whatever_zone_is_written_behind_it(tag, zone, rand):
    assert datum(f"{rand}{tag.isoformat()}{zone}{rand}") == tag


@pytest.mark.parametrize(
    "text", ["", "20.11.2025", "2025-02-30", "2025-11-20T00:00:00Z", "2025-11-20+1:00", "٢٠٢٥-11-20"]
)
def test_what_is_no_date_is_refused_without_repeating_it(text):
    with pytest.raises(XmlFehler) as fehler:
        datum(text)

    assert fehler.value.code == "xml.datum"


@given(
    st.datetimes(
        timezones=st.builds(
            timezone,
            st.timedeltas(timedelta(hours=-14), timedelta(hours=14)).map(
                lambda d: timedelta(minutes=d // timedelta(minutes=1))
            ),
        )
    )
)
def test_a_point_in_time_is_read_exactly(zeit):
    gelesen = zeitpunkt(zeit.isoformat())

    assert gelesen == zeit
    assert gelesen.utcoffset() == zeit.utcoffset()


def test_fractions_of_a_second_may_have_any_number_of_digits():
    assert zeitpunkt("2025-11-20T01:02:03.5Z").microsecond == 500_000
    assert zeitpunkt("2025-11-20T01:02:03.123456789+01:00").microsecond == 123_456


@pytest.mark.parametrize(
    "text", ["2025-11-20T01:02:03", "2025-11-20", "2025-11-20T25:02:03Z", "2025-11-20T01:02:03+25:00"]
)
def test_a_time_without_zone_is_no_point_in_time(text):
    with pytest.raises(XmlFehler) as fehler:
        zeitpunkt(text)

    assert fehler.value.code == "xml.zeitpunkt"


def test_a_path_counts_siblings_only_where_they_repeat():
    wurzel = lies_bytes(b"<a><b/><c><d/></c><c><d/></c></a>").wurzel

    assert [pfad_von(e) for e in wurzel.iter()] == ["a", "a/b", "a/c[1]", "a/c[1]/d", "a/c[2]", "a/c[2]/d"]


def test_dates_are_dates_and_times_are_aware():
    assert datum("2025-11-20+01:00") == date(2025, 11, 20)
    assert zeitpunkt("2025-11-20T00:30:00+01:00") == datetime(2025, 11, 19, 23, 30, tzinfo=UTC)
