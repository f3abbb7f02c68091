"""The office's logo: read at the start, refused with what to do, drawn beside the heading and read out."""

from __future__ import annotations

import io
import struct
import zlib
from pathlib import Path
from types import ModuleType
from typing import Any

import pypdf
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

import fachwerk_aktenablage as ablage
from fachwerk import settings
from fachwerk.errors import ConfigError
from fachwerk.plugins import Plugins
from fachwerk.testkit.wirt import SpeicherInhalt
from fachwerk_aktenablage.bild import MEISTE_DURCHSICHTIGE, Bildfehler, lies_bild
from fachwerk_aktenablage.farbprofil import farben
from fachwerk_aktenablage.settings import Zieleinstellungen

JPEG_KOPF = b"\xff\xd8\xff\xe0\x00\x04JF"


def chunk(name: bytes, inhalt: bytes) -> bytes:
    return struct.pack(">I", len(inhalt)) + name + inhalt + struct.pack(">I", zlib.crc32(name + inhalt))


def png(zeilen: list[bytes], breite: int, art: int = 2, tiefe: int = 8, mehr: bytes = b"", interlace: int = 0) -> bytes:
    """A PNG of ``zeilen`` that carry their filter byte."""
    kopf = struct.pack(">IIBBBBB", breite, len(zeilen), tiefe, art, 0, 0, interlace)
    daten = chunk(b"IDAT", zlib.compress(b"".join(zeilen)))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", kopf) + mehr + daten + chunk(b"IEND", b"")


def jpeg(farben_: int = 3, rahmen: int = 0xC0, tiefe: int = 8) -> bytes:
    """The head of a JPEG of 40 by 20 pixels."""
    inhalt = struct.pack(">BHHB", tiefe, 20, 40, farben_) + b"\x01\x11\x00" * farben_
    return JPEG_KOPF + b"\xff" + bytes([rahmen]) + struct.pack(">H", len(inhalt) + 2) + inhalt + b"\xff\xda\x00\x02"


ROT = png([b"\0" + b"\xff\0\0" * 4] * 2, 4)
FARBTAFEL = chunk(b"PLTE", b"\0\0\0\xff\0\0") + chunk(b"tRNS", b"\xff\0")


def pixel(bild: Any) -> bytes:
    return zlib.decompress(bild.daten)


@pytest.mark.parametrize("filterart", [0, 1, 2, 3, 4])
def test_a_transparent_png_is_laid_on_white_whatever_its_filter(filterart: int) -> None:
    """Four pixels a row: opaque blue, half black, nothing, opaque white; the filter is applied here the other way."""
    roh = bytes([0, 0, 255, 255, 0, 0, 0, 128, 9, 9, 9, 0, 255, 255, 255, 255])
    zeilen, oben = [], bytes(16)
    for zeile in (roh, roh[::-1]):
        gefiltert = bytes((zeile[n] - vorhersage(filterart, zeile, oben, n)) & 255 for n in range(16))
        zeilen.append(bytes([filterart]) + gefiltert)
        oben = zeile
    bild = lies_bild(png(zeilen, 4, art=6))
    assert (bild.breite, bild.hoehe, bild.farben) == (4, 2, 3)
    assert pixel(bild)[:12] == bytes([0, 0, 255, 127, 127, 127, 255, 255, 255, 255, 255, 255])


def vorhersage(art: int, zeile: bytes, oben: bytes, n: int) -> int:
    """Section 9 of the PNG specification, written a second time."""
    a, b, c = (zeile[n - 4] if n > 3 else 0), oben[n], (oben[n - 4] if n > 3 else 0)
    p = a + b - c
    naechster = min((abs(p - a), 0, a), (abs(p - b), 1, b), (abs(p - c), 2, c))[2]
    return (0, a, b, (a + b) // 2, naechster)[art]


def test_a_grey_png_with_transparency_stays_grey() -> None:
    bild = lies_bild(png([b"\0" + bytes([10, 255, 10, 0])], 2, art=4))
    assert (bild.farben, pixel(bild)) == (1, bytes([10, 255]))


def test_a_palette_with_transparency_becomes_a_palette_on_white() -> None:
    bild = lies_bild(png([b"\0\x40"], 4, art=3, tiefe=1, mehr=FARBTAFEL))
    assert (bild.tiefe, bild.palette) == (1, b"\0\0\0\xff\xff\xff")


@pytest.mark.parametrize("farben_", [1, 3])
def test_a_jpeg_passes_through_unchanged(farben_: int) -> None:
    bild = lies_bild(jpeg(farben_))
    assert (bild.breite, bild.hoehe, bild.farben, bild.daten) == (40, 20, farben_, jpeg(farben_))


@pytest.mark.parametrize(
    "roh",
    [
        b"",
        b"GIF89a",
        b"<svg/>",
        jpeg(4),
        jpeg(tiefe=12),
        jpeg(rahmen=0xC3),
        JPEG_KOPF,
        ROT[:-20],
        ROT.replace(b"\x08\x02\x00\x00\x00", b"\x10\x02\x00\x00\x00"),
        png([b"\0" + b"\xff\0\0" * 4] * 2, 4, interlace=1),
        png([b"\0" + b"\xff\0\0" * 4] * 2, 4, tiefe=16),
        png([b"\0" + b"\xff\0\0" * 3], 4),
        png([b"\7" + b"\xff\0\0" * 4], 4),
        png([b"\0\0"], 1, art=3),
        png([], 0),
        png([b"\0" + bytes(4 * 8)] * (MEISTE_DURCHSICHTIGE // 8 + 1), 8, art=6),
        b"\x89PNG\r\n\x1a\n" + bytes(3_000_000),
    ],
)
def test_what_no_pdf_can_carry_is_refused_with_what_to_do(roh: bytes) -> None:
    with pytest.raises(Bildfehler, match="Bitte"):
        lies_bild(roh)


@given(st.binary(max_size=200), st.integers(0, len(ROT)), st.sampled_from([ROT, jpeg(), png([b"\0\0"], 1, art=0)]))
def test_no_file_stops_the_start_in_another_way(stoerung: bytes, stelle: int, vorlage: bytes) -> None:
    try:
        bild = lies_bild(vorlage[:stelle] + stoerung + vorlage[stelle + len(stoerung) :])
    except Bildfehler:
        return
    assert bild.breite * bild.hoehe > 0


def test_a_relative_path_is_meant_from_the_folder_of_the_configuration(tmp_path: Path) -> None:
    (tmp_path / "logo.png").write_bytes(ROT)
    gelesen = Zieleinstellungen.model_validate(
        {"verzeichnis": "a", "logo": "logo.png"}, context={"ordner": tmp_path}
    ).logo
    assert gelesen == lies_bild(ROT)
    assert Zieleinstellungen.model_validate({"verzeichnis": "a", "logo": ""}).logo is None


@pytest.mark.parametrize(("inhalt", "wort"), [(None, "fehlt"), (b"kein Bild", "weder PNG noch JPEG")])
def test_a_wrong_logo_is_said_at_the_start_with_its_key_and_path(
    tmp_path: Path, inhalt: bytes | None, wort: str
) -> None:
    if inhalt is not None:
        (tmp_path / "logo.png").write_bytes(inhalt)
    with pytest.raises(ValidationError) as gemeldet:
        Zieleinstellungen.model_validate({"verzeichnis": "a", "logo": "logo.png"}, context={"ordner": tmp_path})
    (eintrag,) = gemeldet.value.errors()
    assert eintrag["loc"] == ("logo",)
    assert str(tmp_path / "logo.png") in eintrag["msg"]
    assert wort in eintrag["msg"]


@pytest.mark.parametrize("roh", [ROT, png([b"\0\x40"], 4, art=3, tiefe=1, mehr=FARBTAFEL), jpeg()])
def test_the_logo_stands_on_the_first_page_of_every_pdf_and_has_words_for_screen_readers(
    aktenablage_faelle: ModuleType, tmp_path: Path, roh: bytes
) -> None:
    (tmp_path / "logo").write_bytes(roh)
    ziel = aktenablage_faelle.ziel(logo=str(tmp_path / "logo"))
    sendung = ablage.render(aktenablage_faelle.antrag(SpeicherInhalt()), aktenablage_faelle.entscheidung(), ziel)
    (tmp_path / "logo").unlink()
    for name in ("antrag.pdf", "pruefvermerk.pdf", "wbs_entwurf.pdf"):
        inhalt = b"".join(next(a.teil for a in sendung.anlagen if a.pfad == name).bytes_strom())
        leser = pypdf.PdfReader(io.BytesIO(inhalt), strict=True)
        erste = leser.pages[0].get_contents().get_data()  # type: ignore[union-attr]
        assert erste.count(b"/L Do") == 1
        assert all(b"/L Do" not in seite.get_contents().get_data() for seite in leser.pages[1:])  # type: ignore[union-attr]
        bild = leser.pages[0]["/Resources"]["/XObject"]["/L"]  # type: ignore[index]
        raum = bild["/ColorSpace"]
        grund = raum[1] if raum[0] == "/Indexed" else raum
        assert grund[0] == "/ICCBased"
        assert grund[1].get_object().get_data() == farben()
        wurzel: Any = leser.trailer["/Root"]["/StructTreeRoot"]  # type: ignore[index]
        figur = wurzel["/K"]["/K"][0].get_object()
        assert (figur["/S"], figur["/Alt"]) == ("/Figure", "Logo: Stadt Musterow – Wohnungsamt")
        assert len(figur["/A"]["/BBox"]) == 4


def test_a_folder_without_logo_is_as_it_was(aktenablage_faelle: ModuleType) -> None:
    sendung = ablage.render(
        aktenablage_faelle.antrag(SpeicherInhalt()), aktenablage_faelle.entscheidung(), aktenablage_faelle.ziel()
    )
    inhalt = b"".join(next(a.teil for a in sendung.anlagen if a.pfad == "antrag.pdf").bytes_strom())
    mittel: Any = pypdf.PdfReader(io.BytesIO(inhalt)).pages[0]["/Resources"]
    assert "/XObject" not in mittel


def test_an_installation_with_a_missing_logo_does_not_start_and_names_the_key(tmp_path: Path) -> None:
    (tmp_path / "fachwerk.toml").write_text(
        '[ziel.akte]\nplugin = "aktenablage"\nverzeichnis = "akte"\nlogo = "bilder/wappen.png"\n', encoding="utf-8"
    )
    einstellungen = settings.lade(tmp_path / "fachwerk.toml", {})
    with pytest.raises(ConfigError) as gemeldet:
        settings.aufbau(einstellungen, Plugins.aus_modulen({"aktenablage": ablage}))
    assert str(tmp_path / "bilder" / "wappen.png") in str(gemeldet.value.details) + gemeldet.value.hint
    assert "logo" in str(gemeldet.value.details) + gemeldet.value.hint
    (tmp_path / "bilder").mkdir()
    (tmp_path / "bilder" / "wappen.png").write_bytes(ROT)
    ziele = settings.aufbau(einstellungen, Plugins.aus_modulen({"aktenablage": ablage})).ziele
    assert ziele["akte"].einstellungen.logo == lies_bild(ROT)
