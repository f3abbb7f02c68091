"""The values of the line: frozen, journalled without loss, and small."""

from __future__ import annotations

import io
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any, BinaryIO

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from fachwerk import modell
from fachwerk.modell import (
    MAX_FELD_BYTES,
    Aenderung,
    Anlage,
    Anschrift,
    Antrag,
    Ausschnitt,
    Befund,
    Dokument,
    Dritter,
    Eingang,
    Empfehlung,
    Entscheidung,
    Ergaenzung,
    Formatangabe,
    Kanal,
    Kommunikation,
    Name,
    OffenerPunkt,
    Person,
    Quittung,
    Rechenschritt,
    Schwere,
    Sendung,
    Stufe,
    Teil,
    Votum,
    Wert,
    Ziel,
    dezimal_text,
    utc,
)

ZEIT = datetime(2026, 12, 31, 23, 30, 1, 234567, tzinfo=timezone(timedelta(hours=1)))
TEIL = Teil(id="t1", name="Müller, Änne.pdf", medientyp="application/pdf", laenge=3, sha256="ab", beschreibung="Plan")
INNEN = Teil(id="t1#2", name="innen.pdf", ausschnitt=Ausschnitt(teil_id="t1", von=3, bis=9))
NAME = Name(familienname="Öztürk", vorname="Çağla", titel="Dr.", geburtsname="ẞ")
ORT = Anschrift(strasse="Am Tor", hausnummer="1 b", postleitzahl="01067", wohnort="Musterow", staat="000")
BEFUND = Befund(code="b.1", schwere=Schwere.FEHLER, text="„Ärger“\n", pfad="/a/b", quelle="wbs")
PUNKT = OffenerPunkt(code="o_1", text="Fehlt", fundstelle="§ 9 WoFG", person="p1")
PERSON = Person(
    id="p1",
    name=NAME,
    geburtsdatum=date(1990, 2, 28),
    staatsangehoerigkeit=("000", "163"),
    antragsteller=False,
    anschriften=(ORT,),
    kommunikation=(Kommunikation(kanal="01", kennung="a@b.example"),),
)
VOTUM = Votum(
    empfehlung=Empfehlung.NACHFORDERN,
    begruendung=(Rechenschritt(name="Einkommen", wert="20419.84", fundstelle="§ 21", beleg="A"),),
    offen=(PUNKT,),
    nachweise=("Mietvertrag",),
    ergebnis={"stufen": [{"grenze": "23540.00", "eingehalten": True, "wert": None}]},
    quelle="wbs_nw",
)
ERGAENZUNG = Ergaenzung(
    wer="anna",
    zeit=ZEIT,
    woher="Anruf",
    angaben={"haushalt": [{"name": "Ä", "einkuenfte": [{"betrag": "33136.10"}]}], "ehe_seit": None},
    bestaetigt="ab" * 32,
    aenderungen=(Aenderung(pfad="ehe_seit", vorher="2020-01-01"), Aenderung(pfad="a.0", person="Ä", nachher=[1])),
)
ANTRAG = Antrag(
    leistung="wbs",
    leika="99107022012000",
    land="nw",
    erstellt=ZEIT,
    empfangen=ZEIT,
    zugestellt=ZEIT,
    antragsdatum=date(2026, 2, 28),
    personen=(PERSON,),
    dritte=(Dritter(id="d1", organisation="Wohnbau & Söhne <GmbH>", anschriften=(ORT,)),),
    dokumente=(Dokument(id="k1", name="x", teil=INNEN), Dokument(id="k2")),
    felder={"a/b[1]": "1\u00a0000,00 €", "": "\u0001"},
    fall={"haushalt": [{"einkuenfte": [{"betrag": "33136"}]}]},
    fall_annahmen=("projektprofil-1",),
    fall_herkunft={"haushalt.0.einkuenfte": "projektprofil-1"},
    ergaenzungen=(ERGAENZUNG,),
    befunde=(BEFUND,),
    original=TEIL,
    anlagen=(TEIL,),
)
WERTE: list[Wert] = [
    TEIL,
    INNEN,
    BEFUND,
    PUNKT,
    NAME,
    ORT,
    PERSON,
    VOTUM,
    ERGAENZUNG,
    ANTRAG,
    Eingang(kanal="k", nachricht_id="n", empfangen=ZEIT, zugestellt=ZEIT, teile=(TEIL,), metadaten={"ä": "ö"}),
    Entscheidung(
        empfehlung=Empfehlung.VORLEGEN,
        einig=False,
        voten=(VOTUM,),
        befunde=(BEFUND,),
        offen=(PUNKT,),
        stichtag=date.max,
    ),
    Sendung(ziel="akte", bezeichnung="fall", anlagen=(Anlage(pfad="a/b.pdf", teil=INNEN),), metadaten={"x": "y"}),
    Quittung(ziel="akte", schluessel="v:akte:1", stufe=Stufe.UEBERNOMMEN, zeit=ZEIT, einzelheiten={"nr": "1"}),
    Kanal(name="k", plugin="p"),
    Ziel(name="z", plugin="p", gleichzeitig=3),
    Formatangabe(name="f", wurzel="w"),
]


class Speicher:
    """A content store of one part."""

    def oeffne(self, teil: Teil) -> BinaryIO:
        return io.BytesIO(f"Inhalt von {teil.id}".encode())


@pytest.mark.parametrize("wert", WERTE, ids=lambda wert: type(wert).__name__)
def test_every_value_survives_the_journal_without_loss(wert: Wert) -> None:
    typ = type(wert)
    assert typ.model_validate_json(wert.model_dump_json()) == wert
    assert typ.model_validate(wert.model_dump(mode="json")) == wert
    assert typ.model_validate_json(wert.model_dump_json()).model_dump_json() == wert.model_dump_json()


def test_every_value_of_the_line_is_tried_here() -> None:
    alle = {typ for typ in vars(modell).values() if isinstance(typ, type) and issubclass(typ, Wert)}
    eingebettet = {Wert, Aenderung, Ausschnitt, Anlage, Dokument, Dritter, Kommunikation, Rechenschritt}
    assert {typ.__name__ for typ in alle - eingebettet} == {type(wert).__name__ for wert in WERTE}


@pytest.mark.parametrize("wert", WERTE, ids=lambda wert: type(wert).__name__)
def test_no_value_can_be_changed_or_given_unknown_fields(wert: Wert) -> None:
    feld = next(iter(type(wert).model_fields))
    with pytest.raises(ValidationError):
        setattr(wert, feld, getattr(wert, feld))
    with pytest.raises(ValidationError):
        type(wert).model_validate({**wert.model_dump(), "erfunden": 1})


@pytest.mark.parametrize("feld", ["empfangen", "zugestellt"])
def test_a_time_without_zone_is_not_a_time(feld: str) -> None:
    with pytest.raises(ValidationError):
        Eingang.model_validate(
            {"kanal": "k", "nachricht_id": "n", "empfangen": ZEIT, "teile": (), feld: datetime(2026, 1, 1)}
        )


def test_longer_text_than_a_value_may_carry_is_refused() -> None:
    Antrag(leistung="w", empfangen=ZEIT, felder={"a": "x" * MAX_FELD_BYTES})
    with pytest.raises(ValidationError):
        Antrag(leistung="w", empfangen=ZEIT, felder={"a": "x" * (MAX_FELD_BYTES + 1)})
    with pytest.raises(ValidationError):
        Befund(code="x", schwere=Schwere.HINWEIS, text="x" * (MAX_FELD_BYTES + 1))


@pytest.mark.parametrize("code", ["", "Ä", "Groß", "a b", "a-b", "a\n"])
def test_a_code_holds_only_what_may_be_logged(code: str) -> None:
    for typ in (Befund, OffenerPunkt):
        with pytest.raises(ValidationError):
            typ.model_validate(
                {"code": code, "schwere": "hinweis", "text": ""} if typ is Befund else {"code": code, "text": ""}
            )


# -- parts ------------------------------------------------------------------------------------------------------------


def test_every_part_of_a_value_read_from_the_journal_can_be_opened() -> None:
    gelesen = Antrag.model_validate(ANTRAG.model_dump(mode="json"), context={"inhalt": Speicher()})
    assert gelesen.original is not None
    assert gelesen.dokumente[0].teil is not None
    for teil in (gelesen.original, gelesen.anlagen[0], gelesen.dokumente[0].teil):
        with teil.oeffnen() as strom:
            assert strom.read() == f"Inhalt von {teil.id}".encode()


def test_a_part_without_a_store_says_so() -> None:
    with pytest.raises(LookupError, match="t1"):
        TEIL.oeffnen()
    assert TEIL.gebunden(Speicher()).oeffnen().read() == b"Inhalt von t1"
    assert TEIL.gebunden(Speicher()) == TEIL
    with pytest.raises(LookupError):
        TEIL.oeffnen()


def test_a_copy_of_a_value_keeps_its_parts_readable() -> None:
    gelesen = Antrag.model_validate(ANTRAG.model_dump(mode="json"), context={"inhalt": Speicher()})
    kopie = gelesen.model_copy(update={"land": "by"})
    assert kopie.original is not None
    assert kopie.original.oeffnen().read() == b"Inhalt von t1"


def test_a_draft_is_made_when_it_is_read_and_says_that_it_is_one() -> None:
    gerufen: list[int] = []

    def erzeuge() -> list[bytes]:
        gerufen.append(1)
        return [b"eins", b"zwei"]

    entwurf = Teil.entwurf("a.txt", "text/plain", erzeuge, "Vermerk")
    assert (entwurf.ist_entwurf, gerufen, TEIL.ist_entwurf) == (True, [], False)
    assert b"".join(entwurf.bytes_strom()) == b"einszwei"
    assert entwurf.oeffnen().read() == b"einszwei"


@given(laenge=st.integers(0, 5 << 19))
def test_a_part_is_streamed_in_pieces_of_a_mebibyte_at_most(laenge: int) -> None:
    class Gross:
        def oeffne(self, teil: Teil) -> BinaryIO:
            return io.BytesIO(b"x" * laenge)

    stuecke = list(TEIL.gebunden(Gross()).bytes_strom())
    assert sum(map(len, stuecke)) == laenge
    assert all(0 < len(stueck) <= 1 << 20 for stueck in stuecke)


# -- small things -----------------------------------------------------------------------------------------------------


@given(wert=st.decimals(min_value=-(10**9), max_value=10**9, places=2))
def test_money_as_text_has_two_places_and_is_exact(wert: Decimal) -> None:
    assert Decimal(dezimal_text(wert)) == wert
    assert dezimal_text(wert)[-3] == "."


@given(zeit=st.datetimes(datetime(1970, 1, 2), datetime(2100, 1, 1), timezones=st.timezones()))
def test_a_time_in_utc_is_the_same_moment(zeit: datetime) -> None:
    assert utc(zeit).timestamp() == zeit.timestamp()  # "==" is never true where the clocks are set back
    assert utc(zeit).utcoffset() == timedelta(0)


def test_a_time_of_our_own_columns_is_utc() -> None:
    assert utc(datetime(2026, 1, 1, 12)) == datetime(2026, 1, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("teile", "anzeige"),
    [
        ({}, ""),
        ({"familienname": "Öztürk"}, "Öztürk"),
        ({"titel": "Dr.", "familienname": "X", "vorname": "Y"}, "Dr. Y X"),
    ],
)
def test_a_name_is_shown_without_gaps(teile: dict[str, Any], anzeige: str) -> None:
    assert Name(**teile).anzeige == anzeige
