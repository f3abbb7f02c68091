"""Checks of an application: findings for people, with a place and without values, that never lose a message."""

from __future__ import annotations

import io
import stat
import zipfile
from datetime import date
from pathlib import Path

import pytest

import fachwerk_xsozial_basis as plugin
from fachwerk.errors import ConfigError
from fachwerk.modell import Befund, Schwere
from fachwerk.xml import XmlFehler
from fachwerk_xsozial_basis import schemas
from fachwerk_xsozial_basis.client import eingang_aus
from fachwerk_xsozial_basis.erzeuger import Beigabe, nachricht, stapel
from fachwerk_xsozial_basis.mapping import VERSIONEN

HEUTE = date(2026, 11, 1)


@pytest.fixture(autouse=True)
def _eigener_ordner(tmp_path, monkeypatch):
    """No official schema unless the test installs one, whatever the working folder holds."""
    monkeypatch.setenv("FACHWERK_KONFIG", str(tmp_path / "fachwerk.toml"))


def befunde(ordner: Path, xml: bytes, stichtag: date = HEUTE) -> list[Befund]:
    datei = ordner / "nachricht.xml"
    datei.write_bytes(xml)
    return plugin.validate(plugin.verstehe(eingang_aus(datei)), stichtag)


def codes(ordner: Path, xml: bytes, stichtag: date = HEUTE) -> list[str]:
    return [befund.code for befund in befunde(ordner, xml, stichtag)]


@pytest.mark.parametrize("version", VERSIONEN)
@pytest.mark.parametrize("leistung", ["wbs", "mietrueckstaende"])
def test_messages_of_the_generator_are_valid_in_every_version(tmp_path, version, leistung):
    for seed in range(5):
        xml = nachricht(leistung, version=version, seed=seed, erwachsene_als_dritte=bool(seed % 2))
        assert codes(tmp_path, xml) == []


def test_what_deviates_from_the_projektprofil_is_a_warning_with_its_place(tmp_path):
    xml = nachricht(seed=1).replace(b"<xsb:antragsteller>true", b"<xsb:antragsteller>Geheimrat")

    (befund, *rest) = [b for b in befunde(tmp_path, xml) if b.code == "xml.schema"]

    assert rest == []
    assert befund.schwere is Schwere.WARNUNG
    assert befund.pfad.endswith("/antragsteller")
    assert "Geheimrat" not in befund.text


def test_a_real_message_without_official_schema_is_called_unchecked_and_not_valid(tmp_path):
    gefunden = befunde(tmp_path, nachricht(hersteller="Materna"))

    assert [(befund.code, befund.schwere) for befund in gefunden] == [("schema_fehlt", Schwere.HINWEIS)]


def test_a_day_of_application_in_the_future_is_reported_and_today_is_not(tmp_path):
    xml = nachricht("wbs", {"stichtag": "2026-11-02", "haushalt": [{"rolle": "antragsteller"}]})

    assert codes(tmp_path, xml, date(2026, 11, 1)) == ["antragsdatum_zukunft"]
    assert codes(tmp_path, xml, date(2026, 11, 2)) == []


def test_an_application_of_nobody_is_reported(tmp_path):
    assert codes(tmp_path, nachricht("wbs", {"haushalt": [{"rolle": "angehoeriger"}]})) == ["antragsteller_fehlt"]


@pytest.mark.parametrize(
    ("beigaben", "erwartet"),
    [
        ([Beigabe("leer.pdf", b"")], ["dokument_leer"]),
        ([Beigabe("irgendwas.bin", b"MZ", "application/octet-stream")], []),
        ([Beigabe("bild.pdf", b"\x89PNG\r\n\x1a\n....")], ["dokument_art_widerspruch"]),
        ([Beigabe("bild.png", b"\x89PNG\r\n\x1a\n....", "image/png")], []),
        ([Beigabe("bild.png", b"%PDF-1.4", "image/png")], ["dokument_art_widerspruch"]),
        ([Beigabe("text.txt", b"MZ\x90\x00", "text/plain")], ["dokument_art_widerspruch"]),
        ([Beigabe("anhang_0001.pdf")], ["dokument_ohne_inhalt"]),
        ([Beigabe("A.pdf", b"%PDF-1"), Beigabe("a.PDF", b"%PDF-2")], ["dokument_name_doppelt"]),
    ],
)
def test_documents_that_are_not_what_they_say_are_reported(tmp_path, beigaben, erwartet):
    assert codes(tmp_path, nachricht(dokumente=beigaben)) == erwartet


def test_a_document_of_zero_bytes_is_called_empty(tmp_path):
    xml = nachricht(mit_pdf=False, dokumente=[Beigabe("leer.pdf", b"%PDF-x")])

    assert codes(tmp_path, xml.replace(b"JVBERi14", b"        ")) == ["dokument_leer"]


def test_codes_nobody_knows_are_a_hint_for_each_list(tmp_path):
    xml = nachricht(seed=1).replace(b"<code>1010</code>", b"<code>8888</code>")

    gefunden = [befund for befund in befunde(tmp_path, xml) if befund.code == "code_unbekannt"]

    assert [befund.pfad for befund in gefunden] == ["personentyp", "dokumenttyp"]
    assert {befund.schwere for befund in gefunden} == {Schwere.HINWEIS}


def test_no_finding_of_a_check_ever_holds_a_case(tmp_path):
    xml = (
        nachricht(dokumente=[Beigabe("x", b"%PDF", "text/plain")])
        .replace(b"<code>", b"<code>9")
        .replace(b"<xsb:antragsteller>true", b"<xsb:antragsteller>?")
    )

    gefunden = befunde(tmp_path, xml.replace(b"<code>9DVDV", b"<code>DVDV"))

    assert len(gefunden) >= 3
    assert Schwere.SPERRE not in {befund.schwere for befund in gefunden}


def test_an_application_of_another_format_is_none_of_our_business(tmp_path):
    (tmp_path / "n.xml").write_bytes(nachricht("wbs", {"haushalt": [{}]}))
    antrag = plugin.verstehe(eingang_aus(tmp_path / "n.xml"))

    assert plugin.validate(antrag, HEUTE) != []
    assert plugin.validate(antrag.model_copy(update={"format": "anderes"}), HEUTE) == []


# -- the official schema of a site -----------------------------------------------------------------------------------


def buendel(ordner: Path, dateien: dict[str, bytes]) -> Path:
    datei = ordner / "buendel.zip"
    with zipfile.ZipFile(datei, "w") as archiv:
        for name, inhalt in dateien.items():
            archiv.writestr(name, inhalt)
    return datei


def profil(version: str = "2.4.0") -> dict[str, bytes]:
    """The Projektprofil in the place of an official bundle."""
    ordner = Path(schemas.__file__).parent / "schema"
    namen = (f"projektprofil-{version}.xsd", "gemeinsam.xsd", "bloecke.xsd")
    return {f"XSozial-basis/xsd/{name}": (ordner / name).read_bytes() for name in namen}


def test_an_installed_schema_is_used_for_every_message_of_its_version(tmp_path):
    assert schemas.installiere(buendel(tmp_path, profil()), schemas.schema_ordner()) == ["2.4.0"]

    fremd = nachricht(hersteller="Materna").replace(b"<xsb:antragsteller>true", b"<xsb:antragsteller>?")

    assert "xml.schema" in codes(tmp_path, fremd)
    assert codes(tmp_path, nachricht(hersteller="Materna")) == []
    assert codes(tmp_path, nachricht(hersteller="Materna", version="2.5.0")) == ["schema_fehlt"]


@pytest.mark.parametrize("name", ["../boese.xsd", "/boese.xsd", "..\\boese.xsd", "C:/boese.xsd", "a/../../boese.xsd"])
def test_a_bundle_that_would_write_elsewhere_is_refused_as_a_whole(tmp_path, name):
    ziel = tmp_path / "ziel"

    with pytest.raises(ConfigError, match="herausführen"):
        schemas.installiere(buendel(tmp_path, profil() | {name: b"<x/>"}), ziel)

    assert not ziel.exists()
    assert not list(tmp_path.rglob("boese.xsd"))


def test_a_bundle_with_a_link_is_refused(tmp_path):
    verweis = zipfile.ZipInfo("verweis.xsd")
    verweis.external_attr = (stat.S_IFLNK | 0o777) << 16
    speicher = io.BytesIO()
    with zipfile.ZipFile(speicher, "w") as archiv:
        archiv.writestr(verweis, "/etc/hostname")
    (tmp_path / "b.zip").write_bytes(speicher.getvalue())

    with pytest.raises(ConfigError, match="herausführen"):
        schemas.installiere(tmp_path / "b.zip", tmp_path / "ziel")


def test_what_is_no_bundle_of_xsozial_basis_is_refused_with_a_reason(tmp_path):
    (tmp_path / "kein.zip").write_bytes(b"kein ZIP")
    unvollstaendig = {name: inhalt for name, inhalt in profil().items() if "gemeinsam" not in name}

    for datei, grund in (
        (tmp_path / "kein.zip", "keine lesbare ZIP-Datei"),
        (buendel(tmp_path, {"lies.mich": b"?"}), "kein XSD von XSozial-basis"),
    ):
        with pytest.raises(ConfigError, match=grund):
            schemas.installiere(datei, tmp_path / "ziel")
    with pytest.raises(ConfigError, match=r"gemeinsam\.xsd"):
        schemas.installiere(buendel(tmp_path, unvollstaendig), tmp_path / "ziel")


def test_a_bundle_that_does_not_load_leaves_the_schema_that_was_there(tmp_path):
    schemas.installiere(buendel(tmp_path, profil()), schemas.schema_ordner())
    kaputt = profil() | {"XSozial-basis/xsd/gemeinsam.xsd": b"<kein-schema/>"}

    with pytest.raises(ConfigError):
        schemas.installiere(buendel(tmp_path, kaputt), schemas.schema_ordner())

    assert codes(tmp_path, nachricht(hersteller="Materna")) == []


def test_an_installed_schema_that_was_damaged_is_reported_and_holds_nothing(tmp_path):
    schemas.installiere(buendel(tmp_path, profil()), schemas.schema_ordner())
    (haupt,) = schemas.schema_ordner().rglob("projektprofil-2.4.0.xsd")
    haupt.write_bytes(b"<kein-schema")

    assert codes(tmp_path, nachricht(hersteller="Materna")) == ["schema_unlesbar"]


def test_a_schema_of_ours_that_does_not_load_is_reported_and_holds_nothing(tmp_path, monkeypatch):
    def scheitert(pfad):
        raise XmlFehler("xml.schema_unlesbar", "Das Schema lässt sich nicht laden.")

    schemas.projektprofil.cache_clear()
    monkeypatch.setattr(schemas, "lade_schema", scheitert)

    (befund,) = befunde(tmp_path, nachricht())

    assert (befund.code, befund.schwere) == ("schema_unlesbar", Schwere.WARNUNG)
    assert "Projektprofil" in befund.text


def test_a_schema_may_lie_beside_the_folder_it_includes(tmp_path):
    verschoben = {
        name.replace("xsd/gemeinsam", "lib/gemeinsam").replace("xsd/bloecke", "lib/bloecke"): inhalt.replace(
            b'"gemeinsam.xsd"', b'"../lib/gemeinsam.xsd"'
        )
        for name, inhalt in profil().items()
    }

    assert schemas.installiere(buendel(tmp_path, verschoben), schemas.schema_ordner()) == ["2.4.0"]
    assert codes(tmp_path, nachricht(hersteller="Materna")) == []


def test_a_batch_has_no_findings_beyond_those_it_was_made_with(tmp_path):
    erlaubt = {"dokument_name_doppelt", "dokument_ohne_inhalt"}

    gefunden = {code for beispiel in stapel(4, 20) for code in codes(tmp_path, beispiel.xml)}

    assert gefunden == erlaubt
