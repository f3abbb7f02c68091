"""Profiles, names and values: pure, hostile input, and no name that tells who applied."""

from __future__ import annotations

import json
import re
import sys
from importlib import resources
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import example, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from lxml import etree
from pydantic import ValidationError

sys.path.insert(0, str(Path(__file__).parent))

from prosoz_welt import antrag, beispielprofil, rendere

import fachwerk_prosoz as plugin
from fachwerk.errors import ConfigError, NeedsHumanError, PermanentError
from fachwerk.modell import Idempotenz, Stufe, Ziel
from fachwerk.testkit.waechter import Waechter
from fachwerk.testkit.wirt import FakeHost
from fachwerk_prosoz.antwort import AntwortFehler, Fault, bedeutung_von, lies_rumpf
from fachwerk_prosoz.namen import endung, fuelle, ist_sicher, kurzschluessel, wort
from fachwerk_prosoz.profil import Ablageprofil, Falldatei, Faultregel, Feld, lade, schema
from fachwerk_prosoz.settings import Zieleinstellungen
from fachwerk_prosoz.werte import baue, falldatei, suche

ZIEL = Ziel(name="sozialamt", plugin="prosoz")
WEGE = ("ordner", "soap")


def schreibe(ordner: Path, profil: Any) -> str:
    (ordner / "profil.yaml").write_text(yaml.safe_dump(profil, allow_unicode=True), encoding="utf-8")
    return "profil.yaml"


# -- manifest and purity -----------------------------------------------------------------------------------------


def test_the_manifest_promises_the_weakest_and_can_still_be_asked() -> None:
    manifest = plugin.manifest()
    assert manifest.idempotenz is Idempotenz.KEINE
    assert manifest.stufen == (Stufe.UEBERGEBEN, Stufe.TECHNISCH_BESTAETIGT, Stufe.UEBERNOMMEN)
    assert hasattr(plugin, "find_delivered")


def test_render_is_pure_and_the_same_each_time(tmp_path: Path) -> None:
    ein_antrag = antrag(FakeHost(ordner=tmp_path))
    erste = rendere(ein_antrag, ZIEL)
    inhalt = b"".join(erste.anlagen[-1].teil.bytes_strom())
    with Waechter() as waechter:
        zweite = rendere(ein_antrag, ZIEL)
        noch_einmal = b"".join(zweite.anlagen[-1].teil.bytes_strom())
    assert not waechter.verstoesse
    assert inhalt == noch_einmal
    assert erste.bezeichnung == zweite.bezeichnung == "mietrueckstaende_2026-03-01_1a2b3c4d0000"
    assert "Mücke" not in erste.model_dump_json(exclude={"anlagen"})


def test_every_document_goes_out_once_and_the_original_first(tmp_path: Path) -> None:
    anlagen = rendere(antrag(FakeHost(ordner=tmp_path)), ZIEL).anlagen
    assert [anlage.pfad for anlage in anlagen] == ["original", "anlagen/0001", "anlagen/0002", "angaben.json"]


# -- profiles ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("weg", WEGE)
def test_the_shipped_examples_load_and_say_that_they_are_examples(weg: str) -> None:
    profil = lade("beispiel", weg, Path())
    assert profil.beispiel
    assert "nicht von PROSOZ" in profil.titel
    Draft202012Validator.check_schema(schema(weg))


def aendere(profil: dict[str, Any], pfad: str, wert: Any) -> dict[str, Any]:
    *stufen, letzte = pfad.split("/")
    stelle = profil
    for stufe in stufen:
        stelle = stelle[stufe]
    stelle[letzte] = wert
    return profil


@pytest.mark.parametrize(
    ("pfad", "wert", "wort"),
    [
        ("form", "haufen", "form"),
        ("unbekannt", 1, "unbekannt"),
        ("stamm", "{leistung}_{tag}", "schluessel"),
        ("stamm", "{familienname}_{schluessel}", "personenbezogen"),
        ("stamm", "../{schluessel}", "stamm"),
        ("teile/anlagen", "anlage.{endung}", "nr"),
        ("teile/anlagen", "{nr}_{dateiname}.{endung}", "personenbezogen"),
        ("teile/original", "../../x", "original"),
        ("teile/original", ".versteckt", "original"),
        ("ausloeser/name", "fertig", "stamm"),
        ("ausloeser/name", "{stamm}.{wer}", "wer"),
        ("rueckmeldungen", [{"ordner": "q", "muster": "*.ok", "bedeutet": "uebernommen"}], "muster"),
        ("rueckmeldungen", [{"ordner": "q", "muster": "{stamm}", "bedeutet": "abgelehnt", "grund": "("}], "Ausdruck"),
        ("rueckmeldungen", [{"ordner": "q", "muster": "{stamm}", "bedeutet": "abgelehnt", "grund": "x"}], "Klammer"),
        ("teile/falldatei/felder/A", {"aus": "x", "fest": "y"}, "felder"),
        ("teile/falldatei/felder/A b", {"fest": "y"}, "felder"),
        ("schema", 2, "schema"),
    ],
)
def test_a_wrong_folder_profile_is_refused_and_names_the_place(tmp_path: Path, pfad: str, wert: Any, wort: str) -> None:
    name = schreibe(tmp_path, aendere(beispielprofil("ordner"), pfad, wert))
    with pytest.raises(ConfigError) as fehler:
        lade(name, "ordner", tmp_path)
    assert fehler.value.code == "prosoz.profil"
    assert wort in fehler.value.hint


@pytest.mark.parametrize(
    ("pfad", "wert", "wort"),
    [
        ("uebergabe/schluessel", "", "schluessel"),
        ("uebergabe/antwort", {"sonst": "uebergeben"}, "woran"),
        ("uebergabe/antwort", {"kennung": "Nr"}, "sonst"),
        ("uebergabe/antwort/bedeutung", {"OK": "vielleicht"}, "bedeutung"),
        ("uebergabe/dokumente", {"liste": "A"}, "inhalt"),
        ("nachfrage/frist_s", -1, "frist_s"),
        ("faults", [{"bedeutet": "spaeter"}], "faults"),
        ("faults", [{"code": "(", "bedeutet": "spaeter"}], "Ausdruck"),
        ("art", "ordner", "art"),
    ],
)
def test_a_wrong_soap_profile_is_refused_and_names_the_place(tmp_path: Path, pfad: str, wert: Any, wort: str) -> None:
    name = schreibe(tmp_path, aendere(beispielprofil("soap"), pfad, wert))
    with pytest.raises(ConfigError) as fehler:
        lade(name, "soap", tmp_path)
    assert wort in fehler.value.hint


def test_a_working_key_without_a_field_is_a_contradiction(tmp_path: Path) -> None:
    profil = beispielprofil("soap")
    del profil["uebergabe"]["schluessel"]
    with pytest.raises(ConfigError, match="schluessel_wirkt"):
        lade(schreibe(tmp_path, profil), "soap", tmp_path)


@pytest.mark.parametrize("inhalt", [b"\xff\xfe", b"a: b: c", b"a: 1\na: 2", b"- 1", b"", b"x" * 300_000])
def test_what_is_no_profile_is_refused(tmp_path: Path, inhalt: bytes) -> None:
    (tmp_path / "p.yaml").write_bytes(inhalt)
    for weg in WEGE:
        with pytest.raises(ConfigError, match=r"prosoz\.profil"):
            lade("p.yaml", weg, tmp_path)


@pytest.mark.parametrize("schluessel", ["01", "0", "yes", "null", "1.50"])
def test_a_code_that_yaml_would_change_must_be_quoted(tmp_path: Path, schluessel: str) -> None:
    ort = "Zeile 14.*Anführungszeichen" if schluessel == "01" else r"Auftrag\.Leistung/umsetzen.*Anführungszeichen"
    quelle = resources.files("fachwerk_prosoz").joinpath("profile", "soap-beispiel.yaml").read_text(encoding="utf-8")
    for so, gut in [(schluessel, False), (f'"{schluessel}"', True)]:
        (tmp_path / "p.yaml").write_text(quelle.replace("umsetzen: {", f"umsetzen: {{{so}: X, "), encoding="utf-8")
        if gut:
            assert schluessel in lade("p.yaml", "soap", tmp_path).uebergabe.felder["Auftrag.Leistung"].umsetzen
        else:
            with pytest.raises(ConfigError, match=ort):
                lade("p.yaml", "soap", tmp_path)


@pytest.mark.parametrize(
    ("pfad", "wert", "satz"),
    [
        ("uebergabe/Operation", "x", "unbekannt ist „Operation“"),
        ("nachfrage", {"operation": "X"}, "es fehlt „schluessel“"),
        ("uebergabe/operation", 7, "gehören dafür in Anführungszeichen"),
        ("uebergabe/operation", True, "gehören dafür in Anführungszeichen"),
    ],
)
def test_a_mistake_is_told_in_german(tmp_path: Path, pfad: str, wert: Any, satz: str) -> None:
    with pytest.raises(ConfigError) as fehler:
        lade(schreibe(tmp_path, aendere(beispielprofil("soap"), pfad, wert)), "soap", tmp_path)
    assert satz in fehler.value.hint


json_werte = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.text(max_size=12),
    lambda kinder: st.lists(kinder, max_size=3) | st.dictionaries(st.text(max_size=10), kinder, max_size=4),
    max_leaves=8,
)


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(WEGE), st.data())
def test_any_damage_to_a_profile_loads_or_is_a_config_error(
    tmp_path_factory: pytest.TempPathFactory, weg: str, daten: st.DataObject
) -> None:
    profil = beispielprofil(weg)
    stelle: Any = profil
    while isinstance(stelle, dict | list) and stelle:
        schluessel = daten.draw(st.sampled_from(sorted(stelle) if isinstance(stelle, dict) else range(len(stelle))))
        if daten.draw(st.booleans()) or not isinstance(stelle[schluessel], dict | list):
            stelle[schluessel] = daten.draw(json_werte)
            break
        stelle = stelle[schluessel]
    ordner = tmp_path_factory.mktemp("profil")
    try:
        gelesen = lade(schreibe(ordner, profil), weg, ordner)
    except ConfigError as fehler:
        assert fehler.code == "prosoz.profil"  # noqa: PT017  both outcomes are fine, no other is
    else:
        assert not isinstance(gelesen, Ablageprofil) or "{schluessel}" in gelesen.stamm


# -- settings ----------------------------------------------------------------------------------------------------

SOAP = {"weg": "soap", "profil": "p.yaml", "wsdl": "d.wsdl", "url": "https://prosoz.example/d"}


@pytest.mark.parametrize(
    ("werte", "wort"),
    [
        ({"weg": "ordner", "profil": "p"}, "verzeichnis"),
        ({"weg": "ordner", "profil": "p", "verzeichnis": "x", "url": "https://x.example/"}, "url"),
        ({"weg": "soap", "profil": "p"}, "wsdl"),
        (SOAP | {"url": "http://prosoz.example/d"}, "https"),
        (SOAP | {"wsdl": "https://prosoz.example/d?wsdl"}, "Dateipfad"),
        (SOAP | {"verzeichnis": "x"}, "verzeichnis"),
        (SOAP | {"kennwort": "geheim"}, "Geheimnis"),
        (SOAP | {"anmeldung": "basic"}, "kennwort"),
        (SOAP | {"benutzer": "x", "kennwort": "env:X"}, "anmeldung"),
        (SOAP | {"weg": "brieftaube"}, "weg"),
    ],
)
def test_settings_that_cannot_work_are_refused(werte: dict[str, Any], wort: str) -> None:
    with pytest.raises(ValidationError, match=wort):
        Zieleinstellungen.model_validate(werte)


# -- names -------------------------------------------------------------------------------------------------------


@example("a" * 39 + ":b")
@given(st.text(max_size=80))
def test_any_text_becomes_a_safe_word(text: str) -> None:
    ergebnis = wort(text)
    assert re.fullmatch(r"[A-Za-z0-9_-]{1,40}", ergebnis)
    assert wort(ergebnis) == ergebnis
    assert ist_sicher(fuelle("{familienname}_{schluessel}", {"familienname": f"a{text}", "schluessel": "0" * 16}))


@given(st.text(max_size=40), st.text(max_size=40))
def test_an_extension_never_executes(medientyp: str, name: str) -> None:
    ergebnis = endung(medientyp, f"{name}.exe")
    assert ergebnis == "bin" or ergebnis in {"pdf", "xml", "txt", "csv", "jpg", "png", "tif", "gif", "zip", "rtf"}


@given(st.text(min_size=1, max_size=60), st.integers(0, 50))
def test_each_handover_has_a_key_of_its_own(schluessel: str, lauf: int) -> None:
    assert re.fullmatch("[0-9a-f]{16}", kurzschluessel(schluessel, lauf))
    assert kurzschluessel(schluessel, lauf) != kurzschluessel(schluessel, lauf + 1)


@pytest.mark.parametrize("name", ["con", "NUL.txt", "a.", ".a", "a b", "ä", "x" * 121, "", "a/b", "com1.pdf"])
def test_what_is_no_file_name_everywhere_is_refused(name: str) -> None:
    assert not ist_sicher(name)
    if name and "/" not in name:
        with pytest.raises(PermanentError, match=r"prosoz\.name_unzulaessig"):
            fuelle(name, {})


# -- values ------------------------------------------------------------------------------------------------------

WERTE = {"a": {"b": [{"c": "x"}, {"c": 2}], "mit.punkt": "y", "n": None, "j": True, "l": ["1", "2"]}}


@pytest.mark.parametrize(
    ("pfad", "wert"),
    [
        ("a.b.0.c", "x"), ("a.b.1.c", "2"), ("a.b.7.c", ""), ("a.b.-1.c", ""), ("a.b.x", ""), ("a.mit.punkt", "y"),
        ("a.n", ""), ("a.j", "true"), ("a.l", "1, 2"), ("a", ""), ("gibtsnicht", ""), ("a.j.weiter", ""),
    ],
)  # fmt: skip
def test_a_path_finds_its_value_or_nothing(pfad: str, wert: str) -> None:
    assert suche(WERTE, pfad) == wert


def test_translations_are_complete_or_a_question() -> None:
    feld = Feld(aus="a.b.0.c", umsetzen={"x": "X-1"})
    assert baue({"Z": feld}, WERTE) == {"Z": "X-1"}
    with pytest.raises(NeedsHumanError) as gefragt:
        baue({"Z": feld.model_copy(update={"aus": "a.j"})}, WERTE)
    assert gefragt.value.code == "prosoz.wert_unbekannt"
    assert baue({"Z": feld.model_copy(update={"aus": "a.n"})}, WERTE) == {}


def test_a_value_and_fields_at_the_same_place_are_a_contradiction() -> None:
    with pytest.raises(PermanentError, match=r"prosoz\.profil_widerspruch"):
        baue({"A": Feld(fest="x"), "A.B": Feld(fest="y")}, {})


@settings(deadline=None)
@given(st.text(max_size=200), st.integers(1, 20))
def test_any_text_survives_the_case_file(text: str, laenge: int) -> None:
    felder = {"A.B": Feld(aus="t"), "A.@c": Feld(aus="t", hoechstlaenge=laenge), "Immer": Feld(fest="1")}
    angaben = Falldatei(form="xml", felder=felder)
    roh = text.encode("utf-8", "replace").decode()
    wurzel = etree.fromstring(falldatei(angaben, {"t": roh}, []))
    erwartet = "".join(z for z in roh if z in "\t\n\r" or (z >= " " and z not in "\ufffe\uffff"))
    gefunden = wurzel.findtext("A/B") or ""
    assert gefunden == re.sub(r"\r\n?", "\n", erwartet) or gefunden == erwartet
    als_json = json.loads(falldatei(angaben.model_copy(update={"form": "json"}), {"t": roh}, []))
    assert als_json.get("A", {}).get("B", "") == erwartet


# -- answers -----------------------------------------------------------------------------------------------------

SOAP12 = "http://www.w3.org/2003/05/soap-envelope"


def test_faults_of_both_soap_versions_are_read_alike() -> None:
    alt = (
        b'<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body><s:Fault><faultcode>s:Server</faultcode>'
        b"<faultstring>Nein</faultstring><detail><e:Voll xmlns:e='urn:x'>7</e:Voll></detail></s:Fault></s:Body>"
        b"</s:Envelope>"
    )
    neu = (
        f'<s:Envelope xmlns:s="{SOAP12}"><s:Body><s:Fault><s:Code><s:Value>s:Receiver</s:Value><s:Subcode>'
        "<s:Value>e:Voll</s:Value></s:Subcode></s:Code><s:Reason><s:Text xml:lang='de'>Nein</s:Text></s:Reason>"
        "</s:Fault></s:Body></s:Envelope>"
    ).encode()
    assert lies_rumpf(alt) == Fault(("Server",), "Nein", ("Voll", "7"))
    assert lies_rumpf(neu) == Fault(("Receiver", "Voll"), "Nein", ())


def test_the_first_rule_that_fits_wholly_counts() -> None:
    fault = Fault(("Server",), "Speicher voll", ("Voll",))
    regeln = [
        Faultregel(code="Serv", bedeutet="endgueltig"),
        Faultregel(code="Server", detail="Anderes", bedeutet="endgueltig"),
        Faultregel(code="Server", meldung=".*voll", bedeutet="spaeter"),
        Faultregel(detail="Voll", bedeutet="betrieb"),
    ]
    assert bedeutung_von(fault, regeln) == "spaeter"
    assert bedeutung_von(fault, regeln[:2]) is None


@settings(deadline=None)
@given(st.binary(max_size=300) | st.text(max_size=300).map(str.encode))
def test_no_bytes_are_taken_for_an_answer(daten: bytes) -> None:
    with pytest.raises(AntwortFehler):
        lies_rumpf(daten)
