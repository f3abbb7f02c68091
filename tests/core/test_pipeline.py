"""The pure steps of the line: the right format, all findings, the right rules, and a merge without order."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import UTC, date, datetime
from types import ModuleType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fachwerk import pipeline
from fachwerk.errors import ContractError, NeedsHumanError, OutcomeUnknownError, RetryableError
from fachwerk.hookspecs import hookimpl
from fachwerk.modell import (
    Anlage,
    Antrag,
    Art,
    Befund,
    Dringlichkeit,
    Eingang,
    Empfehlung,
    Entscheidung,
    Formatangabe,
    GehaltenFuer,
    Manifest,
    OffenerPunkt,
    Schwere,
    Sendung,
    Teil,
    Votum,
    Ziel,
)
from fachwerk.plugins import Plugins

JETZT = datetime(2026, 11, 2, 8, 0, tzinfo=UTC)
STICHTAG = date(2026, 11, 2)
NS = "https://formulare.example/Antrag/Version_2_4_0"
XML = f'<a:antrag xmlns:a="{NS}"/>'.encode()


def plugin(name: str, arten: set[Art], hooks: dict[str, Callable[..., Any]], **manifest: Any) -> ModuleType:
    modul = ModuleType(name)
    angaben = Manifest(name=name, version="1.0.0", arten=frozenset(arten), **manifest)
    modul.manifest = hookimpl(specname="manifest")(lambda: angaben)  # type: ignore[attr-defined]
    for hook, funktion in hooks.items():
        setattr(modul, f"{hook}_", hookimpl(specname=hook)(funktion))
    return modul


def mappe(eingang: Eingang) -> Antrag:
    return Antrag(leistung="wbs", empfangen=datetime(2000, 1, 1, tzinfo=UTC))


def format_(name: str, map_: Callable[..., Any] = mappe, **angabe: str) -> ModuleType:
    return plugin(name, {Art.FORMAT}, {"map": map_}, formate=(Formatangabe(name=f"f_{name}", **angabe),))


def geladen(*module: ModuleType) -> Plugins:
    return Plugins.aus_modulen({modul.__name__: modul for modul in module})


XML_PLUGIN = format_("xml", wurzel="antrag", namensraum=r"https://formulare\.example/Antrag/Version_\d+_\d+_\d+")
PDF_PLUGIN = format_("pdf", medientyp="application/pdf")
BEIDE = geladen(XML_PLUGIN, PDF_PLUGIN)


def teil(inhalt: bytes, medientyp: str = "application/xml", name: str = "") -> Teil:
    return Teil.entwurf(name, medientyp, lambda: [inhalt])


def eingang(*teile: Teil, **felder: Any) -> Eingang:
    return Eingang(kanal="k", nachricht_id="1", empfangen=JETZT, teile=teile, **felder)


def antrag(**felder: Any) -> Antrag:
    return Antrag(**{"leistung": "wbs", "land": "mv", "empfangen": JETZT, **felder})


PDF = teil(b"%PDF-1.7", "application/pdf", "Antrag.pdf")


def test_the_root_element_says_which_plugin_reads_a_message() -> None:
    assert pipeline.waehle_format(BEIDE, eingang(PDF, teil(XML))) == "xml"


@pytest.mark.parametrize(
    ("medientyp", "name"),
    [("text/xml; charset=utf-8", ""), ("application/soap+xml", ""), ("", "a"), ("application/pdf", "Antrag.XML")],
)
def test_xml_is_known_by_type_name_or_first_sign(medientyp: str, name: str) -> None:
    assert pipeline.waehle_format(BEIDE, eingang(teil(XML, medientyp, name))) == "xml"


@pytest.mark.parametrize("kodierung", ["utf-8-sig", "utf-16"])
def test_xml_without_a_type_is_known_in_other_encodings_too(kodierung: str) -> None:
    inhalt = f' <antrag xmlns="{NS}"/>'.lstrip().encode(kodierung)
    assert pipeline.waehle_format(BEIDE, eingang(teil(inhalt, "application/octet-stream"))) == "xml"


def test_a_message_with_only_a_pdf_is_read_by_its_media_type() -> None:
    assert pipeline.waehle_format(BEIDE, eingang(PDF)) == "pdf"


def test_an_unknown_version_is_held_even_if_a_pdf_is_with_it() -> None:
    fremd = teil(b'<antrag xmlns="https://formulare.example/Antrag/Version_9"/>')
    with pytest.raises(NeedsHumanError) as fehler:
        pipeline.waehle_format(BEIDE, eingang(fremd, PDF))
    assert fehler.value.code == "format_unbekannt"
    assert fehler.value.fuer is GehaltenFuer.BETRIEB
    assert fehler.value.details == {"wurzel": "antrag"}


def test_a_message_without_parts_has_no_known_format() -> None:
    with pytest.raises(NeedsHumanError, match="format_unbekannt"):
        pipeline.waehle_format(BEIDE, eingang())


@pytest.mark.parametrize(
    ("inhalt", "code"),
    [
        (b"<antrag", "inhalt_unlesbar"),
        (b"", "inhalt_unlesbar"),
        (b'<!DOCTYPE a [<!ENTITY x "y">]><a/>', "inhalt_doctype"),
    ],
)
def test_xml_that_cannot_be_read_is_a_question_for_the_office(inhalt: bytes, code: str) -> None:
    with pytest.raises(NeedsHumanError) as fehler:
        pipeline.waehle_format(BEIDE, eingang(teil(inhalt), PDF))
    assert fehler.value.code == code
    assert fehler.value.fuer is GehaltenFuer.SACHBEARBEITUNG


def test_a_broken_attachment_does_not_hide_the_application() -> None:
    assert pipeline.waehle_format(BEIDE, eingang(teil(XML), teil(b"<kaputt", name="anhang_0001.xml"))) == "xml"


def test_an_encrypted_message_is_held_for_the_betrieb() -> None:
    with pytest.raises(NeedsHumanError) as fehler:
        pipeline.waehle_format(BEIDE, eingang(teil(XML), verschluesselt=True))
    assert (fehler.value.code, fehler.value.fuer) == ("verschluesselt", GehaltenFuer.BETRIEB)


def test_two_plugins_that_claim_the_same_part_break_the_contract() -> None:
    plugins = geladen(XML_PLUGIN, format_("anderes", wurzel="antrag"))
    with pytest.raises(ContractError, match="format_mehrere"):
        pipeline.waehle_format(plugins, eingang(teil(XML)))


def test_parts_of_two_formats_in_one_message_are_held() -> None:
    plugins = geladen(XML_PLUGIN, format_("anderes", wurzel="beleg"))
    with pytest.raises(NeedsHumanError, match="format_mehrdeutig"):
        pipeline.waehle_format(plugins, eingang(teil(XML), teil(b"<beleg/>")))


def test_what_the_transport_said_wins_over_what_the_plugin_says() -> None:
    def map_(eingang: Eingang) -> Antrag:
        befund = Befund(code="leer", schwere=Schwere.HINWEIS, text="leer")
        return Antrag(leistung="wbs", empfangen=datetime(2000, 1, 1, tzinfo=UTC), befunde=(befund,))

    plugins = geladen(format_("xml", map_, wurzel="antrag"))
    ergebnis = pipeline.map_eingang(plugins, eingang(teil(XML), test=True, zugestellt=JETZT))
    assert ergebnis.test
    assert ergebnis.empfangen == ergebnis.zugestellt == JETZT
    assert ergebnis.format == "xml"
    assert [befund.quelle for befund in ergebnis.befunde] == ["xml"]


def test_confirmed_mappings_are_no_assumptions_any_more() -> None:
    annahmen = antrag(fall_annahmen=("projektprofil-1", "projektprofil-2"), produkt=" WBS-Formular 3 ")

    def offen(*bestaetigt: Any) -> tuple[str, ...]:
        return pipeline.bestaetige(annahmen, bestaetigt).fall_annahmen

    assert offen() == ("projektprofil-1", "projektprofil-2")
    assert offen("projektprofil-1") == ("projektprofil-2",)
    assert offen({"abbildung": "projektprofil-2", "produkt": "WBS-*"}) == ("projektprofil-1",)
    assert offen({"abbildung": "projektprofil-2", "produkt": ["x", "WBS-Formular ?"]}) == ("projektprofil-1",)
    assert offen({"abbildung": "projektprofil-2"}) == ("projektprofil-1",)
    assert offen({"abbildung": "projektprofil-1", "produkt": "MRH-*"}) == ("projektprofil-1", "projektprofil-2")


def regel(name: str, votum: Votum | None = None, befunde: tuple[Befund, ...] = (), **manifest: Any) -> ModuleType:
    def decide(antrag: Antrag, befunde: tuple[Befund, ...], stichtag: date) -> Votum | None:
        return votum

    def validate(antrag: Antrag, stichtag: date) -> list[Befund]:
        return list(befunde)

    return plugin(name, {Art.REGELN}, {"decide": decide, "validate": validate}, **manifest)


def befund(code: str, schwere: Schwere = Schwere.HINWEIS) -> Befund:
    return Befund(code=code, schwere=schwere, text=code)


def test_findings_carry_their_source_and_stand_gravest_first() -> None:
    plugins = geladen(
        regel("b", befunde=(befund("x"), befund("y", Schwere.FEHLER))), regel("a", befunde=(befund("z"),))
    )
    gelesen = Befund(code="gelesen", schwere=Schwere.WARNUNG, text="", quelle="xml")
    befunde = pipeline.validate(plugins, antrag(befunde=(gelesen,)), STICHTAG)
    assert [(eintrag.quelle, eintrag.code) for eintrag in befunde] == [
        ("b", "y"),
        ("xml", "gelesen"),
        ("a", "z"),
        ("b", "x"),
    ]


BEWILLIGEN = Votum(empfehlung=Empfehlung.BEWILLIGEN)


def test_only_rules_whose_scope_covers_the_application_vote() -> None:
    plugins = geladen(
        regel("alle", BEWILLIGEN),
        regel("wbs_mv", BEWILLIGEN, leistungen=frozenset({"wbs"}), laender=frozenset({"mv"})),
        regel("wbs_nw", BEWILLIGEN, leistungen=frozenset({"wbs"}), laender=frozenset({"nw"})),
        regel("miete", BEWILLIGEN, leistungen=frozenset({"mietrueckstaende"})),
        regel("still", None),
    )
    assert [votum.quelle for votum in pipeline.decide(plugins, antrag(), (), STICHTAG)] == ["alle", "wbs_mv"]
    assert [votum.quelle for votum in pipeline.decide(plugins, antrag(land=""), (), STICHTAG)] == ["alle"]


@pytest.mark.parametrize("fehler", [RetryableError("netz", "Netz"), OutcomeUnknownError("netz", "Netz")])
def test_a_pure_hook_that_wants_to_wait_breaks_the_contract(fehler: Exception) -> None:
    def decide(antrag: Antrag, befunde: tuple[Befund, ...], stichtag: date) -> Votum | None:
        raise fehler

    plugins = geladen(plugin("r", {Art.REGELN}, {"decide": decide}))
    with pytest.raises(ContractError) as gefangen:
        pipeline.decide(plugins, antrag(), (), STICHTAG)
    assert gefangen.value.code == "hook_unrein"
    assert gefangen.value.__context__ is None


def test_no_vote_means_that_a_person_decides() -> None:
    entscheidung = pipeline.merge((), (), STICHTAG)
    assert entscheidung.empfehlung is Empfehlung.VORLEGEN
    assert [punkt.code for punkt in entscheidung.offen] == ["kein_votum"]


def test_votes_that_agree_are_the_recommendation() -> None:
    entscheidung = pipeline.merge((BEWILLIGEN, BEWILLIGEN), (), STICHTAG)
    assert (entscheidung.empfehlung, entscheidung.einig, entscheidung.offen) == (Empfehlung.BEWILLIGEN, True, ())


def test_votes_that_disagree_are_put_before_a_person() -> None:
    nein = Votum(empfehlung=Empfehlung.ABLEHNEN, quelle="wbs_mv")
    entscheidung = pipeline.merge((BEWILLIGEN, nein), (), STICHTAG)
    assert (entscheidung.empfehlung, entscheidung.einig) == (Empfehlung.VORLEGEN, False)
    assert [punkt.code for punkt in entscheidung.offen] == ["voten_uneinig"]
    assert "wbs_mv: ablehnen" in entscheidung.offen[0].text


def test_forwarding_to_different_offices_is_a_disagreement() -> None:
    voten = [Votum(empfehlung=Empfehlung.WEITERLEITEN, weiterleiten_an=amt) for amt in ("amt-a", "amt-b")]
    entscheidung = pipeline.merge(voten, (), STICHTAG)
    assert (entscheidung.empfehlung, entscheidung.einig) == (Empfehlung.VORLEGEN, False)


PUNKTE = st.builds(OffenerPunkt, code=st.sampled_from(["a", "b"]), text=st.sampled_from(["x", "y"]))
VOTEN = st.builds(
    Votum,
    empfehlung=st.sampled_from(Empfehlung),
    offen=st.lists(PUNKTE, max_size=3).map(tuple),
    weiterleiten_an=st.sampled_from(["", "amt-a", "amt-b"]),
    dringlichkeit=st.sampled_from(Dringlichkeit),
    frist=st.none() | st.dates(),
    quelle=st.sampled_from(["wbs", "wbs_mv", ""]),
    ergebnis=st.none() | st.dictionaries(st.sampled_from("abc"), st.integers() | st.text(max_size=3), max_size=2),
)
BEFUNDE = st.builds(
    Befund, code=st.sampled_from(["a", "b"]), schwere=st.sampled_from(Schwere), text=st.sampled_from(["x", "y"])
)


@given(st.lists(VOTEN, max_size=5), st.lists(BEFUNDE, max_size=5), st.randoms(use_true_random=False))
def test_the_merge_does_not_depend_on_any_order(
    voten: list[Votum], befunde: list[Befund], zufall: random.Random
) -> None:
    erwartet = pipeline.merge(voten, befunde, STICHTAG)
    gemischt, befunde_gemischt = list(voten), list(befunde)
    zufall.shuffle(gemischt)
    zufall.shuffle(befunde_gemischt)
    assert pipeline.merge(gemischt, befunde_gemischt, STICHTAG).model_dump_json() == erwartet.model_dump_json()


@given(st.lists(VOTEN, max_size=5))
def test_the_highest_urgency_and_the_earliest_deadline_of_all_voten_hold(voten: list[Votum]) -> None:
    entscheidung = pipeline.merge(voten, (), STICHTAG)
    for stufe in (Dringlichkeit.SOFORT, Dringlichkeit.HOCH):
        if any(votum.dringlichkeit is stufe for votum in voten):
            assert entscheidung.dringlichkeit is stufe
            break
    else:
        assert entscheidung.dringlichkeit is Dringlichkeit.NORMAL
    fristen = sorted(votum.frist for votum in voten if votum.frist is not None)
    assert entscheidung.frist == (fristen[0] if fristen else None)


@given(st.lists(VOTEN, max_size=5))
def test_the_merge_never_recommends_what_not_everybody_said(voten: list[Votum]) -> None:
    entscheidung = pipeline.merge(voten, (), STICHTAG)
    if entscheidung.empfehlung is not Empfehlung.VORLEGEN:
        assert {votum.empfehlung for votum in voten} == {entscheidung.empfehlung}
        assert entscheidung.einig
    assert len(entscheidung.voten) == len(voten)
    assert {punkt for votum in voten for punkt in votum.offen} <= set(entscheidung.offen)


ZIEL = Ziel(name="akte", plugin="ziel")
ENTSCHEIDUNG = Entscheidung(empfehlung=Empfehlung.VORLEGEN, stichtag=STICHTAG)


def zielplugin(sendung: Sendung) -> Plugins:
    def render(antrag: Antrag, entscheidung: Entscheidung, ziel: Ziel) -> Sendung:
        return sendung

    def deliver(sendung: Sendung, ziel: Ziel, schluessel: str, host: Any) -> Any:
        return None

    def check(kanal_oder_ziel: Any, host: Any) -> list[Befund]:
        return []

    return geladen(plugin("ziel", {Art.ZIEL}, {"render": render, "deliver": deliver, "check": check}))


def sendung(*pfade: str, ziel: str = "akte") -> Sendung:
    return Sendung(ziel=ziel, bezeichnung="V-1", anlagen=tuple(Anlage(pfad=pfad, teil=PDF) for pfad in pfade))


@pytest.mark.parametrize("pfad", ["antrag.xml", "anlagen/0001 Nachweis.pdf", "prüfvermerk.pdf", "a/b/c.d"])
def test_safe_paths_are_rendered(pfad: str) -> None:
    fertig = sendung(pfad)
    assert pipeline.render(zielplugin(fertig), antrag(), ENTSCHEIDUNG, ZIEL) is fertig


@pytest.mark.parametrize(
    "pfad",
    ["", "/etc/x", "../x", "a/../x", "./x", "a//b", "a/", "c:x", "a\\b", "x\x00", "a\n", "a. ", "a.", " a", "a*", ".."],
)
def test_a_path_that_leads_elsewhere_breaks_the_contract(pfad: str) -> None:
    with pytest.raises(ContractError, match="sendung_pfad"):
        pipeline.render(zielplugin(sendung(pfad)), antrag(), ENTSCHEIDUNG, ZIEL)


def test_two_files_that_windows_cannot_tell_apart_break_the_contract() -> None:
    with pytest.raises(ContractError, match="sendung_pfad"):
        pipeline.render(zielplugin(sendung("Antrag.pdf", "antrag.PDF")), antrag(), ENTSCHEIDUNG, ZIEL)


def test_a_sendung_for_another_ziel_breaks_the_contract() -> None:
    with pytest.raises(ContractError, match="sendung_ziel"):
        pipeline.render(zielplugin(sendung(ziel="anderes")), antrag(), ENTSCHEIDUNG, ZIEL)


def test_only_findings_at_the_threshold_hold_a_case() -> None:
    befunde = (befund("a"), befund("b", Schwere.FEHLER), befund("c", Schwere.WARNUNG))
    assert pipeline.sperre(befunde) is None
    fund = pipeline.sperre(befunde, Schwere.WARNUNG)
    assert fund is not None
    assert fund.code == "b"
    assert pipeline.sperre((), Schwere.HINWEIS) is None
