"""The PDF as a file format and as paper: what a strict reader and a screen reader find, and where things stand."""

from __future__ import annotations

import io
import re
import struct
from datetime import UTC, date, datetime
from itertools import pairwise
from types import ModuleType
from typing import Any

import pypdf
import pytest
from hypothesis import given
from hypothesis import strategies as st

import fachwerk_aktenablage as ablage
from fachwerk.modell import Dokument, Name, Person
from fachwerk.testkit.wirt import SpeicherInhalt
from fachwerk_aktenablage.fallblatt import fallabschnitte
from fachwerk_aktenablage.gliederung import Abschnitt, Schriftstueck, Tabelle, Zwischentitel
from fachwerk_aktenablage.pdf import als_pdf
from fachwerk_aktenablage.schrift import satz
from fachwerk_aktenablage.umbruch import umbrich

ZEIT = datetime(2026, 3, 1, 23, 5, 9, tzinfo=UTC)
NAMEN = ["Małgorzata Żółkiewska", "İbrahim Çağrı Şahinoğlu", "Nguyễn Thị Ánh Đặng", "Γεώργιος Παπαδόπουλος",
         "Людмила Щербакова", "Þórður Kjærsgård-Œuvre"]  # fmt: skip


def pdf(faelle: ModuleType, speicher: SpeicherInhalt | None = None, **anders: Any) -> pypdf.PdfReader:
    antrag = faelle.antrag(speicher or SpeicherInhalt(), **anders)
    sendung = ablage.render(antrag, faelle.entscheidung(), faelle.ziel())
    inhalt = b"".join(next(a.teil for a in sendung.anlagen if a.pfad == "antrag.pdf").bytes_strom())
    return pypdf.PdfReader(io.BytesIO(inhalt), strict=True)


def text(leser: pypdf.PdfReader) -> str:
    return "\n".join(seite.extract_text() for seite in leser.pages)


def haushalt(namen: list[str]) -> dict[str, Any]:
    einkunft = {"art": "nichtselbstaendig", "betrag": "21000.00"}
    leute = [{"name": name, "rolle": "angehoeriger", "einkuenfte": [einkunft]} for name in namen]
    return {"land": "nw", "haushalt": leute, "wohnung": {"anmerkung": "Erdgeschoss"}, "ganz_neu": {"tief": ["W-1"]}}


def test_sections_follow_the_order_in_which_a_clerk_asks(aktenablage_faelle: ModuleType) -> None:
    ganz = text(pdf(aktenablage_faelle, fall=haushalt(NAMEN[:2])))
    titel = ["Antrag und Eingang", "Personen", "Haushalt", "Einkommen und Vermögen", "Wohnung",
             "Weitere Angaben zum Fall", "Dokumente", "Weitere Angaben: alle Felder der Nachricht"]  # fmt: skip
    stellen = [re.search(rf"^{re.escape(wort)}\s*$", ganz, re.MULTILINE) for wort in titel]
    assert None not in stellen
    assert [stelle.start() for stelle in stellen if stelle] == sorted(stelle.start() for stelle in stellen if stelle)


@pytest.mark.parametrize("name", NAMEN)
def test_names_of_six_alphabets_can_be_read_copied_and_searched(aktenablage_faelle: ModuleType, name: str) -> None:
    person = Person(id="1", name=Name(familienname=name), geburtsdatum=date(1990, 1, 1))
    ganz = text(pdf(aktenablage_faelle, personen=(person,), fall=haushalt([name])))
    assert ganz.count(name) >= 3
    assert "[U+" not in ganz


WERTE = st.recursive(
    st.text("abcdefgh", min_size=3, max_size=8) | st.integers(1000, 9999) | st.booleans() | st.none(),
    lambda unten: (
        st.lists(unten, max_size=3) | st.dictionaries(st.sampled_from(["a", "art", "zahlt"]), unten, max_size=3)
    ),
    max_leaves=12,
)
SCHLUESSEL = st.sampled_from(["haushalt", "einkuenfte", "miete", "wohnung", "unterhalt", "land", "neu", "vermoegen"])


def blaetter(wert: Any) -> list[str]:
    if isinstance(wert, dict):
        return [blatt for unten in wert.values() for blatt in blaetter(unten)]
    if isinstance(wert, list):
        return [blatt for unten in wert for blatt in blaetter(unten)]
    return [] if wert is None or isinstance(wert, bool) else [str(wert)]


@given(st.dictionaries(SCHLUESSEL, WERTE, max_size=6), st.sampled_from(["wbs", "mietrueckstaende", "anderes"]))
def test_no_fact_of_a_case_file_is_hidden_whatever_its_shape(fall: dict[str, Any], leistung: str) -> None:
    gezeigt = "\n".join(Schriftstueck("", "", "", "", (), fallabschnitte(fall, leistung)).texte())
    ohne_punkte = gezeigt.replace(".", "")
    assert [blatt for blatt in blaetter(fall) if blatt not in gezeigt and blatt not in ohne_punkte] == []


def test_every_file_is_listed_in_the_order_of_the_message_with_its_sent_name(aktenablage_faelle: ModuleType) -> None:
    inhalt = SpeicherInhalt()
    teile = [inhalt.schreibe([bytes(n * 1000)], f"Beleg Nr. {n}.pdf", "application/pdf") for n in range(40)]
    dokumente = tuple(Dokument(id=str(n), name=f"D{n}", teil=teil) for n, teil in enumerate(teile[:30]))
    ganz = text(pdf(aktenablage_faelle, inhalt, dokumente=dokumente, anlagen=tuple(teile)))
    verzeichnis = ganz[ganz.index("Verzeichnis der Dateien") :]
    gesendet = re.findall(r"Beleg Nr\. (\d+)\.pdf", verzeichnis)
    assert [int(nummer) for nummer in gesendet] == list(range(40))
    assert "39,0 kB" in verzeichnis


def test_a_page_that_goes_on_says_whom_it_is_about() -> None:
    zeilen = tuple((f"Angabe {n}", "Wert") for n in range(60))
    bloecke = (Zwischentitel("Person 4"), Tabelle(zeilen, (1, 2)))
    inhalt = als_pdf(Schriftstueck("Antrag", "T", "", "k", (), (Abschnitt("Personen", bloecke),)), ZEIT)
    seiten = [seite.extract_text() for seite in pypdf.PdfReader(io.BytesIO(inhalt)).pages]
    assert ["Fortsetzung: Person 4" in seite for seite in seiten] == [False, True]


def test_a_long_word_leaves_no_lonely_letter() -> None:
    breiten = dict.fromkeys("abcdefghijklmnopqrstuvwxyz -", 1.0)
    assert umbrich("abcdefghijklmnopqrstu", 20, breiten) == ["abcdefghijklmnopq", "rstu"]
    assert umbrich("abcdefghijklmnopqrs-t", 20, breiten) == ["abcdefghijklmnopqrs-", "t"]


def test_every_glyph_on_every_page_has_its_true_width_and_its_character(aktenablage_faelle: ModuleType) -> None:
    """PDF/A-2u, 6.2.11.5 and 6.2.11.7: the widths in the file are those of the font; every code means a character."""
    leser = pdf(aktenablage_faelle, fall=haushalt(NAMEN), felder={"a/b": "".join(sorted(satz("voll").zeichen))})
    for kuerzel, schrift in leser.pages[0]["/Resources"]["/Font"].items():  # type: ignore[index]
        nachfahre: Any = schrift.get_object()["/DescendantFonts"][0].get_object()
        echt = hmtx(nachfahre["/FontDescriptor"]["/FontFile2"].get_data())
        angaben = list(nachfahre["/W"])
        breiten = {int(angaben[n]): int(angaben[n + 1][0]) for n in range(0, len(angaben), 2)}
        zuordnung = schrift.get_object()["/ToUnicode"].get_data().decode()
        bekannt = {int(code, 16) for code in re.findall(r"^<([0-9A-F]{4})> <", zuordnung, re.MULTILINE)}
        benutzt = {code for seite in leser.pages for code in codes(seite, kuerzel)}
        assert benutzt
        assert 0 not in benutzt
        assert benutzt <= bekannt
        assert [code for code in benutzt if abs(breiten[code] - echt[code]) > 1] == []


def codes(seite: Any, kuerzel: str) -> set[int]:
    """The glyph numbers a page writes in one font; the font stays chosen from one text to the next."""
    gefunden: set[int] = set()
    gewaehlt = ""
    for wahl, hexzahlen in re.findall(
        rb"BT (?:(/\w) [\d.]+ Tf )?[^<\n]*<([0-9A-F]*)> Tj", seite.get_contents().get_data()
    ):
        gewaehlt = wahl.decode() or gewaehlt
        if gewaehlt == kuerzel:
            gefunden |= {int(hexzahlen[n : n + 4], 16) for n in range(0, len(hexzahlen), 4)}
    return gefunden


def hmtx(schrift: bytes) -> list[float]:
    """Advance widths of a TrueType font in thousandths, read here without the code that wrote them."""
    tafeln = {}
    for nummer in range(struct.unpack_from(">H", schrift, 4)[0]):
        name, _, stelle, _ = struct.unpack_from(">4sIII", schrift, 12 + 16 * nummer)
        tafeln[name] = stelle
    (einheiten,) = struct.unpack_from(">H", schrift, tafeln[b"head"] + 18)
    (anzahl,) = struct.unpack_from(">H", schrift, tafeln[b"hhea"] + 34)
    (glyphen,) = struct.unpack_from(">H", schrift, tafeln[b"maxp"] + 4)
    werte = [struct.unpack_from(">H", schrift, tafeln[b"hmtx"] + 4 * n)[0] * 1000 / einheiten for n in range(anzahl)]
    return werte + [werte[-1]] * (glyphen - anzahl)


def test_headings_skip_no_level_and_tables_are_regular(aktenablage_faelle: ModuleType) -> None:
    leser = pdf(aktenablage_faelle, fall=haushalt(NAMEN))
    ebenen, tafeln = [], 0
    for knoten in baum(leser.trailer["/Root"]["/StructTreeRoot"]["/K"]):  # type: ignore[index]
        art = knoten["/S"]
        if re.fullmatch(r"/H\d", art):
            ebenen.append(int(art[2]))
        if art == "/Table":
            tafeln += 1
            reihen = [[zelle.get_object() for zelle in reihe.get_object()["/K"]] for reihe in knoten["/K"]]
            assert len({len(reihe) for reihe in reihen}) == 1
            kopf = all(zelle["/S"] == "/TH" and zelle["/A"]["/Scope"] == "/Column" for zelle in reihen[0])
            assert kopf or all(reihe[0]["/A"]["/Scope"] == "/Row" for reihe in reihen)
    assert tafeln > 10
    assert ebenen[0] == 1
    assert all(danach <= davor + 1 for davor, danach in pairwise(ebenen))


def baum(knoten: Any) -> list[Any]:
    knoten = knoten.get_object()
    kinder = knoten["/K"] if isinstance(knoten.get("/K"), list) else []
    return [knoten, *(unten for kind in kinder if "/S" in (_offen(kind)) for unten in baum(kind))]


def _offen(kind: Any) -> Any:
    wert = kind.get_object()
    return wert if isinstance(wert, dict) else {}
