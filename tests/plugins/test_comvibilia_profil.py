"""Layout profiles and names: what a site may write, what is refused, and that no name gets out of its folder."""

from __future__ import annotations

import copy
import json
import os
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from fachwerk.errors import ConfigError, ConfigErrors, PermanentError
from fachwerk.modell import Antrag, Teil
from fachwerk.plugins import lade as lade_plugins
from fachwerk.settings import aufbau
from fachwerk.settings import lade as lade_konfiguration
from fachwerk.testkit.wirt import SpeicherInhalt
from fachwerk_comvibilia.mapping import Bestand, Eintrag, Kandidat, kandidaten, nachricht_id, rollen, sendung
from fachwerk_comvibilia.muster import passt, stamm_von
from fachwerk_comvibilia.namen import anzeigbar, frei, gekuerzt, sicherer_name
from fachwerk_comvibilia.plan import ist_schalter, kennung, plane
from fachwerk_comvibilia.profil import MITGELIEFERT, AusgangProfil, Profil, aus_text, lade, schema
from fachwerk_comvibilia.simulator.gegenstelle import dateiname

EINGANG = {"aufbau": "ordner", "nachricht": ["*.xml"]}
AUSGANG = {"aufbau": "ordner", "name": "{kennung}", "nachricht": "n.xml", "anlagen": "{nr}_{name}"}
GUT: dict[str, Any] = {"fassung": 1, "name": "eigenes", "eingang": EINGANG, "ausgang": AUSGANG}
WORTE = [*GUT, *AUSGANG, *EINGANG]
SICHER = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]*")
namen = st.text(st.characters(codec="utf-8"), max_size=300)


def text(profil: Any) -> str:
    return json.dumps(profil)


def mit(weg: str, wert: Any) -> dict[str, Any]:
    """GUT with one value changed; None takes it away."""
    profil = copy.deepcopy(GUT)
    *oben, letzter = weg.split(".")
    stelle = profil
    for name in oben:
        stelle = stelle.setdefault(name, {})
    if wert is None:
        del stelle[letzter]
    else:
        stelle[letzter] = wert
    return profil


@pytest.mark.parametrize("name", MITGELIEFERT)
def test_the_shipped_profiles_load_and_claim_no_product(name: str, tmp_path: Path) -> None:
    profil = lade(name, tmp_path)
    assert profil.name == name
    assert None not in (profil.eingang, profil.ausgang, profil.quittungen)
    quelle = Path(__file__).parents[2] / "plugins/comvibilia/src/fachwerk_comvibilia/profile" / f"{name}.yaml"
    assert "nicht veröffentlicht" in " ".join(quelle.read_text(encoding="utf-8").replace("#", "").split())


def test_the_schema_is_itself_a_valid_schema() -> None:
    from jsonschema import Draft202012Validator

    Draft202012Validator.check_schema(schema())


@pytest.mark.parametrize("wort", ["1", "null", "yes", "&uebernommen"])
def test_a_word_that_yaml_takes_for_something_else_is_named(wort: str) -> None:
    quittungen = {"muster": ["{kennung}"], "stand": "S", "stufen": {"WORT": "uebernommen"}}
    profil = text(mit("quittungen", quittungen))
    assert profil.count('"WORT"') == 1
    with pytest.raises(ConfigError, match=r"„quittungen\.stufen.*Anführungszeichen"):
        aus_text(profil.replace('"WORT"', f"{wort} "), "eigenes.yaml")
    assert aus_text(profil.replace("WORT", wort), "eigenes.yaml").quittungen


@pytest.mark.parametrize(
    ("weg", "wert"),
    [
        ("fassung", 2),
        ("unbekannt", "x"),
        ("eingang.aufbau", "baum"),
        ("eingang.nachricht", []),
        ("eingang.nachricht", ["../*.xml"]),
        ("eingang.nachricht", ["a/../../*.xml"]),
        ("eingang.nachricht", ["C:*.xml"]),
        ("eingang.nachricht", ["{name}.xml"]),
        ("eingang.behaelter", [{"muster": "*.7z", "art": "7z"}]),
        ("eingang.metadaten", {"datei": "m.xml", "nachricht_id": "//*[1]"}),
        ("ausgang.name", "{bezeichnung}"),
        ("ausgang.name", "../{kennung}"),
        ("ausgang.nachricht", "../n.xml"),
        ("ausgang.nachricht", "/n.xml"),
        ("ausgang.nachricht", ".n.xml"),
        ("ausgang.anlagen", "{name}"),
        ("ausgang.metadaten", {"datei": "m.xml", "wurzel": "W", "felder": {"A": "{antragsteller}"}}),
        ("ausgang.metadaten", {"datei": "m.xml", "wurzel": "1 W", "felder": {}}),
        ("quittungen", {"muster": ["*.xml"], "stand": "S", "stufen": {"ja": "uebernommen"}}),
        ("quittungen", {"muster": ["{kennung}"], "stand": "S", "stufen": {"ja": "uebergeben"}}),
        (
            "quittungen",
            {"muster": ["{kennung}"], "stand": "S", "stufen": {"ja": "uebernommen"}, "abgelehnt": ["ja"]},
        ),
        ("eingang", {"aufbau": "flach", "nachricht": ["*.xml"]}),
        ("eingang", {"aufbau": "flach", "nachricht": ["{stamm}.xml"], "fertig": {"marke": "fertig"}}),
        ("ausgang", {**AUSGANG, "aufbau": "flach"}),
    ],
)
def test_a_profile_that_could_lose_or_mix_messages_is_refused(weg: str, wert: Any) -> None:
    assert aus_text(text(GUT), "gut").name == "eigenes"
    with pytest.raises(ConfigError) as fehler:
        aus_text(text(mit(weg, wert)), "schlecht.yaml")
    assert fehler.value.code == "comvibilia.profil"
    assert "schlecht.yaml" in fehler.value.hint


@pytest.mark.parametrize("inhalt", ["[", "a: 1\na: 2\n", "- nur eine Liste", "", "a: !!python/object:os.system {}"])
def test_what_is_no_profile_is_refused_without_a_traceback(inhalt: str) -> None:
    with pytest.raises(ConfigError):
        aus_text(inhalt, "kaputt")


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=20),
        lambda k: st.lists(k, max_size=3) | st.dictionaries(st.sampled_from(WORTE), k),
    )
)
def test_no_document_breaks_the_reading_of_profiles(roh: Any) -> None:
    try:
        assert isinstance(aus_text(text(roh), "x"), Profil)
    except ConfigError:
        assert not roh or roh != GUT


def test_a_profile_of_the_site_is_read_again_when_it_changes(tmp_path: Path) -> None:
    datei = tmp_path / "eigenes.yaml"
    for nummer, name in enumerate(("eins", "zwei")):
        datei.write_text(text({**GUT, "name": name}), encoding="utf-8")
        os.utime(datei, (nummer, nummer))
        assert lade("eigenes.yaml", tmp_path).name == name


@pytest.mark.parametrize(
    ("abschnitt", "sagt"),
    [
        ('[kanal.a]\nplugin = "comvibilia"\nverzeichnis = "x"\nprofil = "gibtsnicht"', "wird nicht mitgeliefert"),
        ('[kanal.a]\nplugin = "comvibilia"\nverzeichnis = "x"\nprofil = "fehlt.yaml"', "lässt sich nicht lesen"),
        ('[kanal.a]\nplugin = "comvibilia"\nverzeichnis = "x"\nprofil = "nuraus.yaml"', "keinen Eingang"),
        ('[ziel.a]\nplugin = "comvibilia"\nverzeichnis = "x"\nprofil = "nurein.yaml"', "keinen Ausgang"),
        ('[kanal.a]\nplugin = "comvibilia"\nverzeichnis = "x"\nprofil = "nurein.yaml"\nfertig = ["marke"]', "keine"),
        (
            '[kanal.a]\nplugin = "comvibilia"\nverzeichnis = "x"\n'
            '[kanal.b]\nplugin = "comvibilia"\nverzeichnis = "./x"',
            "denselben Ordner",
        ),
    ],
)
def test_a_configuration_that_cannot_work_stops_the_start(abschnitt: str, sagt: str, tmp_path: Path) -> None:
    (tmp_path / "nuraus.yaml").write_text(text(mit("eingang", None)), encoding="utf-8")
    (tmp_path / "nurein.yaml").write_text(text(mit("ausgang", None)), encoding="utf-8")
    (tmp_path / "fachwerk.toml").write_text(f'[fachwerk]\nland = "mv"\n{abschnitt}\n', encoding="utf-8")
    with pytest.raises(ConfigErrors) as fehler:
        aufbau(lade_konfiguration(tmp_path / "fachwerk.toml", {}), lade_plugins({"comvibilia"}))
    assert sagt in fehler.value.hint


# -- names -------------------------------------------------------------------------------------------------------


@given(namen, st.integers(20, 120))
def test_a_safe_name_is_one_short_ascii_segment_and_stays_as_it_is(name: str, laenge: int) -> None:
    sicher = sicherer_name(name, laenge=laenge)
    assert SICHER.fullmatch(sicher)
    assert len(sicher) <= laenge
    assert not sicher.endswith(".")
    assert sicher.split(".")[0].lower() not in {"con", "nul", "com1", "lpt9"}
    assert sicherer_name(sicher, laenge=laenge) == sicher


@given(namen.filter(bool), st.integers(20, 120))
def test_a_shortened_name_fits_and_different_names_stay_different(name: str, platz: int) -> None:
    kurz = gekuerzt(name, platz)
    assert len(kurz) <= platz
    anderer = name + "x"
    assert gekuerzt(anderer, platz) != kurz


@given(st.lists(st.sampled_from(["a.pdf", "A.pdf", "b", "B", "x" * 90 + ".pdf"]), max_size=12))
def test_free_names_never_collide_whatever_their_case(viele: list[str]) -> None:
    vergeben: set[str] = set()
    for name in viele:
        neu = frei(name, vergeben)
        assert neu.casefold() not in vergeben
        assert len(neu) <= 80
        vergeben.add(neu.casefold())


@given(st.binary(max_size=60))
def test_every_name_of_a_file_system_can_be_shown(roh: bytes) -> None:
    text = anzeigbar(os.fsdecode(roh))
    assert text.encode("utf-8").decode("utf-8") == text
    assert text.isprintable() or not any(ord(zeichen) < 32 for zeichen in text)


@given(st.text("abAB.*?[]{}-_ÄßİI", min_size=1, max_size=30))
def test_what_a_pattern_with_a_stem_names_is_found_again_by_that_stem(name: str) -> None:
    for muster in ("{stamm}.xml", "x_{stamm}.anlage.*", "{stamm}"):
        datei = dateiname(muster, name, "1.pdf")
        stamm = stamm_von(muster, datei)
        assert stamm
        assert passt(muster, datei, stamm)
    assert not passt("{stamm}.xml", f"{name}/a.xml", name)


@given(st.text(min_size=1, max_size=20), st.lists(st.text("0123456789abcdef", min_size=64, max_size=64), max_size=4))
def test_a_derived_id_depends_on_folder_and_content_and_names_nobody(stamm: str, summen: list[str]) -> None:
    eine = nachricht_id("", stamm, summen)
    assert eine == nachricht_id("", stamm, list(summen))
    assert eine != nachricht_id("", stamm + "x", summen)
    assert eine != nachricht_id("", stamm, [*summen, "0" * 64])
    assert re.fullmatch(r"cv-[0-9a-f]{12}-[0-9a-f]{24}", eine)


# -- grouping ----------------------------------------------------------------------------------------------------

FLACH = lade("flach", Path())
_dateien = st.lists(
    st.sampled_from(
        [
            f"{s}{e}"
            for s in ("a", "A", "a.anlage.1", "ab", "b")
            for e in (
                ".nachricht.xml",
                ".metadaten.xml",
                ".fertig",
                ".anlage.1_x.pdf",
                ".anlage.2.nachricht.xml",
                ".sonst",
            )
        ]
    ),
    unique=True,
    max_size=14,
)


@given(_dateien)
def test_in_a_flat_folder_no_file_ever_belongs_to_two_messages_that_may_be_touched(dateien: list[str]) -> None:
    bestand = Bestand(tuple(Eintrag(name, 1, 1) for name in dateien), {})
    assert FLACH.eingang is not None
    vergeben: list[str] = []
    for kandidat in kandidaten(FLACH, bestand):
        if not kandidat.mehrdeutig:
            vergeben += [eintrag.pfad for eintrag in kandidat.eintraege]
    assert len(vergeben) == len(set(vergeben))


@given(st.lists(st.text("ab./", min_size=1, max_size=8), unique=True, max_size=10))
def test_every_file_of_a_message_folder_has_exactly_one_role(pfade: list[str]) -> None:
    profil = lade("ordner", Path())
    assert profil.eingang is not None
    alle = tuple(Eintrag(pfad, 1, 1) for pfad in [*pfade, "attachments/a.xml", "metadaten.xml", "uebergabe.fertig"])
    gefunden = rollen(profil.eingang, Kandidat("n1", alle))
    genommen = [e.pfad for e in (*gefunden.nachricht, *gefunden.anlagen, *(e for e, _ in gefunden.behaelter))]
    assert sorted(genommen) == sorted({*pfade, "attachments/a.xml"})


# -- plans of hand-overs -----------------------------------------------------------------------------------------


def plan_fuer(ausgang: AusgangProfil, anlagen: list[str], platz: int, schluessel: str = "v:z:1") -> Any:
    inhalt = SpeicherInhalt()
    xml = inhalt.schreibe([b"<a/>"], "a.xml")
    teile: tuple[Teil, ...] = tuple(inhalt.schreibe([b"x"], name) for name in anlagen)
    antrag = Antrag(leistung="wbs", empfangen=datetime(2026, 3, 1, tzinfo=UTC), original=xml, anlagen=teile)
    return plane(ausgang, sendung(antrag, "z"), kennung(schluessel), datetime(2026, 3, 2, tzinfo=UTC), platz)


@given(st.sampled_from(MITGELIEFERT), st.lists(namen, max_size=5), st.integers(60, 250))
def test_every_path_of_a_plan_is_safe_unique_and_short_enough(profil: str, anlagen: list[str], platz: int) -> None:
    ausgang = lade(profil, Path()).ausgang
    assert ausgang is not None
    try:
        plan = plan_fuer(ausgang, anlagen, platz)
    except PermanentError as fehler:
        assume(fehler.code == "comvibilia.pfad_zu_lang")
        assert platz < 130
        return
    pfade = [datei.pfad for datei in plan.dateien]
    assert len({pfad.casefold() for pfad in pfade}) == len(pfade) == len(anlagen) + 3
    assert all(SICHER.fullmatch(stueck) for pfad in pfade for stueck in pfad.split("/"))
    assert max(map(len, pfade)) <= platz
    assert {pfad.split("/")[0] for pfad in pfade} == set(plan.schritte)
    assert ist_schalter(ausgang, plan.schalter, kennung("v:z:1"))
    assert not ist_schalter(ausgang, plan.schalter, kennung("v:z:2"))


def test_only_the_last_step_of_a_plan_is_the_switch() -> None:
    for profil in MITGELIEFERT:
        ausgang = lade(profil, Path()).ausgang
        assert ausgang is not None
        schritte = plan_fuer(ausgang, ["a.pdf"], 250).schritte
        assert [ist_schalter(ausgang, name, kennung("v:z:1")) for name in schritte] == [False] * (len(schritte) - 1) + [
            True
        ]


def test_without_a_marker_the_message_itself_comes_last_in_a_flat_folder() -> None:
    ausgang = AusgangProfil(aufbau="flach", name="{kennung}", nachricht="{stamm}.xml", anlagen="{stamm}_{nr}_{name}")
    schritte = plan_fuer(ausgang, ["a.pdf", "b.pdf"], 250).schritte
    assert schritte[-1].endswith(".xml")
    assert len(schritte) == 3


def test_a_profile_that_names_two_files_alike_is_refused_before_anything_is_written() -> None:
    ausgang = AusgangProfil(aufbau="ordner", name="{kennung}", nachricht="n.xml", anlagen="{nr}", marke="N.XML")
    with pytest.raises(PermanentError) as fehler:
        plan_fuer(ausgang, [], 250)
    assert fehler.value.code == "comvibilia.namen_gleich"


def test_ids_of_hand_overs_differ_by_key_and_attempt() -> None:
    alle = {kennung(s, v) for s in ("a:b:1", "a:b:2") for v in (1, 2, 12)}
    assert len(alle) == 6
    assert not any(eine != andere and eine in andere for eine in alle for andere in alle)
