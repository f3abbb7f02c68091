"""Requests with everything a sender can say: both schemas accept them, and they read back as they were meant."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta, timezone
from functools import cache
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

import fachwerk_generic_xta.codec211 as paket
from fachwerk.errors import PermanentError
from fachwerk_generic_xta.codec import Adressen, Anfrage, Auswahl
from fachwerk_generic_xta.codec211 import Codec211
from fachwerk_generic_xta.codec211.metadaten import NS, lies
from fachwerk_generic_xta.nachricht import (
    Dienstfrage,
    Eigenschaft,
    Inhaltsteil,
    Listenwert,
    Metadaten,
    Partei,
    Quittungsart,
    Vorgangsbezug,
)

Pruefer = Callable[[bytes], None]
ADRESSEN = Adressen("https://m.example/M", "https://p.example/P", "https://v.example/V")
EIGENE = {NS["m"]: "metadaten.xsd", NS["o"]: "postfach.xsd", NS["x"]: "inhalt.xsd", NS["a"]: "adressierung.xsd"}

zeichen = st.characters(codec="utf-8", exclude_categories=["Cc", "Cs", "Cn", "Co"])
texte = st.text(zeichen, min_size=1, max_size=12).map(str.strip).filter(bool)
feindliche = st.sampled_from(["..", "../../x", "<b>&amp;", 'a"b', "ä" * 80, "nul", "con.txt", "a\nb", "😀.pdf", "]]>"])
namen = st.one_of(texte, feindliche)
uris = st.from_regex(r"urn:[a-z]{1,8}:[a-zA-Z0-9._:\-]{1,20}", fullmatch=True)
zonen = st.sampled_from([UTC, timezone(timedelta(hours=2)), timezone(timedelta(hours=-5, minutes=-30))])
zeiten = st.datetimes(datetime(2000, 1, 1), datetime(2099, 1, 1), timezones=zonen)
parteien = st.builds(Partei, texte, texte, st.one_of(st.just(""), texte), st.one_of(st.just(""), texte))
codes = st.builds(Listenwert, texte, uris, texte, st.one_of(st.just(""), texte))
koepfe = st.builds(
    Metadaten,
    nachricht_id=uris,
    autor=parteien,
    leser=parteien,
    dienst=st.one_of(st.just(""), uris),
    szenario=st.one_of(codes, st.builds(Listenwert, texte)),
    nachrichtentyp=codes,
    payload_schema=uris,
    betreff=st.one_of(st.just(""), texte),
    test=st.booleans(),
    erstellt=st.none() | zeiten,
    gesendet=st.none() | zeiten,
    zugestellt=st.none() | zeiten,
    zuerst_abgeholt=st.none() | zeiten,
    groesse=st.none() | st.integers(1, 2**40),
    nicht_vor=st.none() | zeiten,
    gueltig_bis=st.none() | st.dates(date(2000, 1, 1), date(2099, 1, 1)),
    angenommen=st.none() | zeiten,
    dienstguete=st.one_of(st.just(""), texte),
    quittungen=st.frozensets(st.sampled_from(Quittungsart)),
    quittung_an=st.one_of(st.just(""), uris),
    sender=st.none() | parteien,
    antwort_an=st.none() | parteien,
    weitere_leser=st.lists(parteien, min_size=1, max_size=2).map(tuple),
    kopie_an=st.lists(parteien, max_size=2).map(tuple),
    antwort_auf=st.lists(uris, max_size=2).map(tuple),
    vorgang_autor=st.none() | st.builds(Vorgangsbezug, texte, st.one_of(st.just(""), texte)),
    vorgang_leser=st.none() | st.builds(Vorgangsbezug, texte, st.one_of(st.just(""), texte)),
    eigenschaften=st.lists(st.builds(Eigenschaft, codes, texte), max_size=2).map(tuple),
)
ansagen = st.builds(
    Inhaltsteil,
    ist_nachricht=st.just(True),
    medientyp=texte,
    dateiname=st.one_of(st.just(""), namen),
    beschreibung=st.one_of(st.just(""), namen),
    kodierung=st.one_of(st.just(""), st.sampled_from(["UTF-8", "iso-8859-1"])),
    kennung=st.one_of(st.just(""), namen),
    sprache=st.sampled_from(["", "de", "de-DE", "x-klingon"]),
    groesse=st.none() | st.integers(0, 2**40),
    cid=st.tuples(st.from_regex(r"[a-z %/+]{0,8}@[a-z.]{1,8}", fullmatch=True)),
)
ids = st.lists(uris, max_size=3).map(tuple)
auswahlen = st.builds(
    Auswahl, st.none() | st.booleans(), st.none() | zeiten, st.none() | zeiten, ids=ids, antworten_auf=ids
)
fragen = st.lists(st.builds(Dienstfrage, parteien, uris), min_size=1, max_size=3)


@st.composite
def anfragen(draw: st.DrawFn) -> Anfrage:
    """Any of the twelve requests with any values."""
    codec = Codec211(ADRESSEN, draw(parteien))
    welche = draw(st.integers(0, 11))
    teile = [draw(ansagen) for _ in range(draw(st.integers(1, 3)))] if welche in {2, 3} else []
    bauer: list[Callable[[], Anfrage]] = [
        codec.pruefe_konto,
        codec.neue_kennung,
        lambda: codec.sende(draw(koepfe), teile),
        lambda: codec.sende_synchron(draw(koepfe), teile),
        lambda: codec.dienste(draw(fragen)),
        lambda: codec.bericht(draw(uris)),
        lambda: codec.ziehe_zurueck(draw(uris)),
        lambda: codec.liste(draw(auswahlen), draw(st.integers(1, 1000))),
        lambda: codec.naechste_liste(draw(st.one_of(st.just(""), uris)), draw(ids)),
        lambda: codec.hole(draw(uris)),
        lambda: codec.hole_naechste(draw(uris), draw(ids)),
        lambda: codec.schliesse(draw(ids), draw(uris))[0],
    ]
    return bauer[welche]()


@cache
def eigenes_schema() -> etree.XMLSchema:
    """The schemas of this package in one."""
    ordner = Path(paket.__file__).with_name("schema")
    treiber = etree.Element("{http://www.w3.org/2001/XMLSchema}schema")
    for raum, datei in EIGENE.items():
        ort = (ordner / datei).as_uri()
        etree.SubElement(treiber, "{http://www.w3.org/2001/XMLSchema}import", namespace=raum, schemaLocation=ort)
    return etree.XMLSchema(treiber)


def lies_anfrage(anfrage: Anfrage) -> etree._Element:
    return etree.fromstring(anfrage.umschlag)


def eigene_fehler(anfrage: Anfrage) -> list[str]:
    """What our own schema has against the content of head and body."""
    wurzel = lies_anfrage(anfrage)
    inhalte = [*wurzel.iterfind("s:Body/*", NS), *wurzel.iterfind("s:Header/m:*", NS)]
    assert inhalte
    schema = eigenes_schema()
    return [str(eintrag) for inhalt in inhalte if not schema.validate(inhalt) for eintrag in schema.error_log]


@given(anfragen())
@settings(max_examples=40, deadline=None)
def test_our_own_schema_accepts_every_request(anfrage: Anfrage) -> None:
    assert not eigene_fehler(anfrage)


@pytest.mark.shared
@given(anfrage=anfragen())
@settings(max_examples=40, deadline=None)
def test_the_official_schemas_accept_every_request(anfrage: Anfrage, xta_schema_pruefer: Pruefer) -> None:
    xta_schema_pruefer(anfrage.umschlag)


def test_our_own_schema_can_say_no() -> None:
    anfrage = Codec211(ADRESSEN, Partei("wbs:1")).pruefe_konto()
    falsch = anfrage.umschlag.replace(b'type="xoev"', b'type=""')
    assert falsch != anfrage.umschlag
    assert eigene_fehler(Anfrage(anfrage.url, anfrage.aktion, falsch))


@given(koepfe)
@settings(max_examples=40, deadline=None)
def test_the_head_of_a_message_reads_back_as_it_was_written(kopf: Metadaten) -> None:
    anfrage = Codec211(ADRESSEN, Partei("wbs:1")).sende(kopf, [Inhaltsteil(True, "text/xml", cid=("a@b",))])
    element = lies_anfrage(anfrage).find("s:Header/m:MessageMetaData", NS)
    assert element is not None
    assert lies(element) == kopf


@pytest.mark.parametrize(
    "kopf",
    [
        Metadaten("urn:1", Partei("a\x00b"), Partei("c"), payload_schema="urn:s"),
        Metadaten("urn:1", Partei("a"), Partei("c"), payload_schema="urn:s", betreff="\ud800"),
        Metadaten("urn:1", Partei("a", ""), Partei("c"), payload_schema="urn:s"),
        Metadaten("urn:1", Partei("a"), Partei("c"), payload_schema="urn:s", kopie_an=(Partei("d"),)),
    ],
    ids=["steuerzeichen", "halbes_zeichen", "ohne_art", "kopie_ohne_weitere_leser"],
)
def test_what_the_wire_cannot_carry_is_refused_in_german_before_anything_is_sent(kopf: Metadaten) -> None:
    with pytest.raises(PermanentError) as fehler:
        Codec211(ADRESSEN, Partei("wbs:1")).sende(kopf, [Inhaltsteil(True, "text/xml", cid=("a@b",))])
    assert fehler.value.code == "xta.angabe_unzulaessig"


def test_a_time_without_zone_is_a_mistake_of_the_caller() -> None:
    kopf = Metadaten("urn:1", Partei("a"), Partei("c"), payload_schema="urn:s", nicht_vor=datetime(2026, 1, 1))
    with pytest.raises(ValueError, match="zone"):
        Codec211(ADRESSEN, Partei("wbs:1")).sende(kopf, [Inhaltsteil(True, "text/xml", cid=("a@b",))])


@pytest.mark.parametrize("vorgang", ["naechste_liste", "hole_naechste"])
def test_paging_acknowledges_only_what_was_named(vorgang: str) -> None:
    baue = getattr(Codec211(ADRESSEN, Partei("wbs:1")), vorgang)
    ohne, mit = (lies_anfrage(baue("urn:r", erhalten)).find("s:Body/*", NS) for erhalten in ((), ("urn:a", "urn:b")))
    assert (len(ohne), ohne.get("MsgBoxRequestID")) == (0, "urn:r")
    assert [glied.text for glied in mit] == ["urn:a", "urn:b"]


def test_each_port_has_its_own_address() -> None:
    codec = Codec211(ADRESSEN, Partei("wbs:1"))
    kopf = Metadaten("urn:1", Partei("a"), Partei("c"), payload_schema="urn:s")
    anfragen = [
        codec.bericht("urn:1"),
        codec.hole("urn:1"),
        codec.sende(kopf, [Inhaltsteil(True, "a/b", cid=("a@b",))]),
    ]
    assert [anfrage.url for anfrage in anfragen] == [ADRESSEN.verwaltung, ADRESSEN.postfach, ADRESSEN.versand]
    for anfrage in anfragen:
        assert lies_anfrage(anfrage).findtext("s:Header/a:To", namespaces=NS) == anfrage.url
