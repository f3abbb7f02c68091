"""What no shipped font can show is said: in the journal as a Befund, to the reader in Prüfvermerk and index.html."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from types import ModuleType

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import fachwerk_aktenablage as ablage
from fachwerk import pipeline
from fachwerk.modell import Antrag, Befund, Name, Person, Schwere
from fachwerk.plugins import Plugins
from fachwerk.testkit.wirt import FakeHost
from fachwerk_aktenablage import zeichen
from fachwerk_aktenablage.antragsbild import antragsbild

TAG = date(2026, 3, 2)


@pytest.fixture
def host(tmp_path: Path) -> FakeHost:
    return FakeHost(ordner=tmp_path)


@pytest.fixture
def antrag(host: FakeHost, aktenablage_faelle: ModuleType) -> Antrag:
    wang = Person(id="p1", name=Name(familienname="\u738b", vorname="\u5c0f\u660e"))
    felder = {"person/name": "\u738b", "person/ort": "Musterow"}
    gesendet: Antrag = aktenablage_faelle.antrag(host.inhalt, personen=(wang,), felder=felder)
    return gesendet


def gemeldet(antrag: Antrag) -> tuple[Befund, ...]:
    """As the line collects it."""
    befunde = pipeline.validate(Plugins.aus_modulen({"aktenablage": ablage}), antrag, TAG)
    return tuple(befund for befund in befunde if befund.quelle == "aktenablage")


def test_it_is_reported_with_count_and_section_and_without_any_value(antrag: Antrag) -> None:
    [befund] = gemeldet(antrag)
    assert (befund.code, befund.schwere) == ("zeichen_ersetzt", Schwere.HINWEIS)
    assert "Personen: 2" in befund.text
    assert "alle Felder der Nachricht: 1" in befund.text
    assert not set("\u738b\u5c0f\u660e") & set(befund.text)
    assert "738B" not in befund.text
    assert befund.pfad == ""


@pytest.mark.parametrize("name", ["Mücke-Żółć", "Nguyễn Thị Ánh", "Şahin", "Παπαδόπουλος", "Шевченко", "Gu\u0308nther"])
def test_names_the_fonts_can_show_are_not_reported(host: FakeHost, aktenablage_faelle: ModuleType, name: str) -> None:
    person = Person(id="p1", name=Name(familienname=name))
    assert gemeldet(aktenablage_faelle.antrag(host.inhalt, personen=(person,), felder={"a": name})) == ()


@settings(max_examples=60, deadline=None)
@given(text=st.text(st.characters(exclude_categories=["Cs"]), max_size=12))
def test_the_quick_look_never_overlooks_what_the_long_one_finds(aktenablage_faelle: ModuleType, text: str) -> None:
    gesendet = aktenablage_faelle.antrag(FakeHost(ordner=Path()).inhalt, felder={"a": text})
    if zeichen._ist_ueblich(gesendet):
        assert zeichen._stellen(antragsbild(gesendet, "", "", {})) == {}


def test_who_reads_the_folder_sees_it_in_the_pruefvermerk_and_on_the_page(
    antrag: Antrag, host: FakeHost, aktenablage_faelle: ModuleType
) -> None:
    entscheidung = aktenablage_faelle.entscheidung().model_copy(update={"befunde": gemeldet(antrag)})
    sendung = ablage.render(antrag, entscheidung, aktenablage_faelle.ziel())
    inhalt = {anlage.pfad: b"".join(anlage.teil.bytes_strom()) for anlage in sendung.anlagen}
    assert "zeichen_ersetzt" in inhalt["index.html"].decode()
    assert "Personen: 2" in inhalt["index.html"].decode()
    assert b"zeichen_ersetzt" in inhalt["pruefvermerk.json"]
