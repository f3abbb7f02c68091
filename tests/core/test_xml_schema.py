"""Validating against a schema: findings help a person and quote nothing, schemas reach nothing outside their folder."""

from __future__ import annotations

import io
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from lxml import etree

from fachwerk import xml_schema
from fachwerk.modell import Schwere
from fachwerk.xml import XmlFehler, lade_schema, lies, pruefe

_SCHEMA = """<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" targetNamespace="urn:a" xmlns="urn:a"
  elementFormDefault="qualified">{davor}<xs:element name="a"><xs:complexType><xs:sequence>
  <xs:element name="tag" type="xs:date" maxOccurs="unbounded"/><xs:element name="inhalt" type="xs:base64Binary"/>
  </xs:sequence><xs:attribute name="art"><xs:simpleType><xs:restriction base="xs:string">
  <xs:enumeration value="x"/></xs:restriction></xs:simpleType></xs:attribute></xs:complexType></xs:element>
  </xs:schema>"""
_FREMD = '<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" targetNamespace="urn:b"/>'


def schema_in(ordner: Path, davor: str = "") -> Path:
    datei = ordner / "haupt.xsd"
    datei.write_text(_SCHEMA.format(davor=davor), encoding="utf-8")
    return datei


def test_findings_name_the_place_and_quote_no_value(tmp_path):
    schema = lade_schema(schema_in(tmp_path))
    dokument = lies(
        io.BytesIO(b'<p:a xmlns:p="urn:a" art="Geheimrat"><p:tag>2025-01-01Z</p:tag><p:tag>Geheimrat</p:tag></p:a>')
    )

    befunde = pruefe(dokument, schema)

    assert {b.pfad for b in befunde} == {"a", "a/tag[2]"}
    assert {(b.code, b.schwere) for b in befunde} == {("xml.schema", Schwere.WARNUNG)}
    assert "Geheimrat" not in "".join(b.model_dump_json() for b in befunde)


def test_a_cut_out_document_is_valid_and_stays_cut_out(tmp_path):
    schema = lade_schema(schema_in(tmp_path))
    dokument = lies(io.BytesIO(b'<a xmlns="urn:a"><tag>2025-01-01</tag><inhalt>' + b"QUJD" * 20_000 + b"</inhalt></a>"))

    assert pruefe(dokument, schema) == []
    assert dokument.wurzel[1].text is None


def test_a_thousand_findings_become_a_readable_number(tmp_path):
    schema = lade_schema(schema_in(tmp_path))
    dokument = lies(io.BytesIO(b'<a xmlns="urn:a">' + b"<tag>x</tag>" * 1_000 + b"<inhalt>QUJD</inhalt></a>"))

    befunde = pruefe(dokument, schema)

    assert len(befunde) == 101
    assert "1000" in befunde[-1].text


def test_a_document_too_large_to_validate_is_not_called_valid(tmp_path):
    schema = lade_schema(schema_in(tmp_path))
    dokument = lies(io.BytesIO(b'<a xmlns="urn:a">' + b"<tag>x</tag>" * 100_000 + b"<inhalt>QUJD</inhalt></a>"))

    assert [befund.code for befund in pruefe(dokument, schema)] == ["xml.schema_ungeprueft"]


def test_an_import_by_web_address_is_answered_by_the_file_of_that_name(tmp_path):
    (tmp_path / "fremd").mkdir()
    (tmp_path / "fremd" / "b.xsd").write_text(_FREMD, encoding="utf-8")
    davor = '<xs:import namespace="urn:b" schemaLocation="https://xoev.example/schemata/b.xsd"/>'

    assert lade_schema(schema_in(tmp_path, davor)) is not None


@pytest.mark.parametrize("ort", ["../draussen.xsd", "http://127.0.0.1:9/draussen.xsd", "file:///etc/hostname"])
def test_a_schema_reaches_neither_the_network_nor_other_folders(tmp_path, ort):
    (tmp_path / "draussen.xsd").write_text(_FREMD, encoding="utf-8")
    (tmp_path / "drin").mkdir()
    datei = schema_in(
        tmp_path / "drin", f'<xs:import namespace="urn:b" schemaLocation="{ort}"/><xs:include schemaLocation="{ort}"/>'
    )

    with pytest.raises(XmlFehler) as fehler:
        lade_schema(datei)

    assert fehler.value.code == "xml.schema_unlesbar"
    assert Path(ort).name in fehler.value.hint


def test_findings_of_documents_that_are_validated_at_the_same_time_do_not_mix(tmp_path):
    schema, falsche = lade_schema(schema_in(tmp_path)), []

    def pruefe_oft(stelle: int) -> None:
        tage = "".join(f"<tag>{'nie' if nr == stelle else '2025-01-01'}</tag>" for nr in range(100))
        dokument = lies(io.BytesIO(f'<a xmlns="urn:a">{tage}<inhalt/></a>'.encode()))
        for _ in range(40):
            pfade = [befund.pfad for befund in pruefe(dokument, schema)]
            falsche.extend([] if pfade == [f"a/tag[{stelle + 1}]"] else [pfade])

    vorher = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    try:
        with ThreadPoolExecutor(6) as faeden:
            list(faeden.map(pruefe_oft, range(6)))
    finally:
        sys.setswitchinterval(vorher)
    assert falsche == []


def test_schemas_are_loaded_one_at_a_time(tmp_path, monkeypatch):
    """Where several threads load their first one at once, libxml2 can fail: it does not guard what it makes then."""
    datei, allein, echt = schema_in(tmp_path), [], etree.XMLSchema

    def lade(baum):
        allein.append(xml_schema._EINZELN.locked())
        return echt(baum)

    monkeypatch.setattr(xml_schema.etree, "XMLSchema", lade)
    dokument = lies(io.BytesIO(b'<a xmlns="urn:a"><tag>2025-01-01</tag><inhalt>QUJD</inhalt></a>'))

    assert pruefe(dokument, lade_schema(datei)) == []
    assert allein == [True]
    assert not xml_schema._EINZELN.locked()
