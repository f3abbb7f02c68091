"""Hardened XML: any bytes are a tree or an ``XmlFehler``, and what was cut out is read the same in both ways."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from functools import partial
from typing import BinaryIO

from geruest import KANARIE, Ziel
from lxml import etree

from fachwerk.modell import Ausschnitt
from fachwerk.xml import Grenzen, XmlDokument, XmlFehler, datum, entnimm, entnimm_aus, kopf, lies, zeitpunkt

_GRENZEN = Grenzen(bytes=1 << 20, tiefe=40, elemente=3000, text=200, gesamttext=1 << 16, attribute=20, attributwert=400)


def lauf(daten: bytes) -> None:
    _gleich_oder_beide_nichts(daten)
    dokument = lies(io.BytesIO(daten), _GRENZEN, schneide=("d/inhalt",))
    assert dokument.groesse == len(daten)
    _pruefe_schnitte(daten, dokument)
    for glied in dokument.wurzel.iter():
        for lesart in (datum, zeitpunkt):
            try:
                lesart(str(glied.text or ""))
            except XmlFehler:
                pass
    if not dokument.ausschnitte:
        geschrieben = etree.tostring(dokument.wurzel, encoding="utf-8")
        noch_einmal = lies(io.BytesIO(geschrieben), Grenzen(text=1 << 20, attribute=2000)).wurzel
        assert etree.tostring(noch_einmal, method="c14n2") == etree.tostring(dokument.wurzel, method="c14n2")


def _gleich_oder_beide_nichts(daten: bytes) -> None:
    """The root alone is that of the whole document."""
    try:
        raum, name = kopf(io.BytesIO(daten))
    except XmlFehler:
        raum = name = ""
    try:
        wurzel = etree.QName(lies(io.BytesIO(daten)).wurzel)
    except XmlFehler:
        return
    assert (raum, name) == (wurzel.namespace or "", wurzel.localname), "kopf and lies see different roots"


def _pruefe_schnitte(daten: bytes, dokument: XmlDokument) -> None:
    for von, bis in dokument.ausschnitte.values():
        assert 0 <= von < bis <= len(daten)
        einer = _inhalt(partial(entnimm, io.BytesIO(daten), von, bis, zeichensatz=dokument.zeichensatz))
        anderer = _inhalt(partial(entnimm_aus, io.BytesIO(daten), Ausschnitt(teil_id="t", von=von, bis=bis)))
        assert einer == anderer, "two ways to read a slice give different contents"


def _inhalt(oeffne: Callable[[], BinaryIO]) -> bytes | None:
    try:
        with oeffne() as strom:
            return bytes(strom.read())
    except XmlFehler:
        return None


def saat() -> Iterator[bytes]:
    text = f"<a xmlns='urn:x' xmlns:p='urn:y' p:q='{KANARIE}'><b>{KANARIE}</b> <!-- c --><p:c/>t<?pi x?></a>"
    yield text.encode()
    for kodierung in ("utf-8-sig", "utf-16", "iso-8859-1"):
        name = "utf-16" if kodierung == "utf-16" else kodierung.removesuffix("-sig")
        yield f"<?xml version='1.0' encoding='{name}'?><ä>ö &amp; &#228;<![CDATA[<x>]]></ä>".encode(kodierung)
    lang = "QUJD" * 80
    yield f"<r><d><inhalt>\n{lang}\n</inhalt></d><d><inhalt>QQ==</inhalt></d><x>{lang}</x></r>".encode()
    yield f"<?xml version='1.0' encoding='utf-16'?><r><d><inhalt>{lang}&#10;=</inhalt></d></r>".encode("utf-16")
    yield b"<r><d><inhalt><![CDATA[QUJD]]><!-- x -->QUJD&#x51;</inhalt></d><t>2026-02-30Z</t></r>"
    yield b"<r><t>2026-03-02T08:30:00.123456789+01:00</t><t>2026-03-02+14:00</t><t>0001-01-01T00:00:00+99:99</t></r>"
    yield b"<!DOCTYPE a [<!ENTITY e SYSTEM 'file:///etc/passwd'>]><a>&e;</a>"
    yield b"<a>" * 45 + b"</a>" * 45


ZIEL = Ziel(
    name="xml",
    was="hardened XML: fachwerk.xml and fachwerk.xml_strom",
    lauf=lauf,
    saat=saat,
    pakete=("fachwerk.xml", "fachwerk.xml_strom", "fachwerk.xml_schema"),
    erlaubt=(XmlFehler,),
    woerter=(
        b"<", b"/>", b"</a>", b"<d><inhalt>", b"</inhalt></d>", b"<![CDATA[", b"]]>", b"<!--", b"-->", b"<?", b"?>",
        b"&#x0;", b"&#xD800;", b"&#65;", b"&amp;", b"&e;", b"xmlns=''", b"xmlns:p='u'", b"xml:lang='x'",
        b"<!DOCTYPE a>", b"encoding='utf-16le'", b"encoding='utf-7'", b"encoding='cp1252'", b"encoding='idna'",
        b"version='1.1'", b"encoding='rot13'", b"\xff\xfe", b"\xfe\xff", b"\xef\xbb\xbf", b"standalone='yes'", b"QUJD",
        b"==", b"\x1f",
    ),
)  # fmt: skip
