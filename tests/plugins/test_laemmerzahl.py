"""Lämmerzahl exists only behind COM Vibilia: every other way is refused at the start, with reason and remedy."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

import fachwerk_comvibilia as comvibilia
import fachwerk_laemmerzahl as laemmerzahl
from fachwerk import eingriff
from fachwerk.aufbau import Aufbau
from fachwerk.errors import ConfigError, ConfigErrors, NeedsHumanError
from fachwerk.modell import Antrag, Empfehlung, Entscheidung, Stufe, Ziel
from fachwerk.plugins import lade as lade_plugins
from fachwerk.settings import aufbau, lade
from fachwerk.testkit.welt import Welt, antrag_xml
from fachwerk.testkit.wirt import FakeHost
from fachwerk_comvibilia.profil import lade as lade_profil
from fachwerk_comvibilia.simulator import ComVibilia
from fachwerk_laemmerzahl.mapping import layout
from fachwerk_laemmerzahl.settings import Zieleinstellungen

KANAL = """
[kanal.cv-ein]
plugin = "comvibilia"
verzeichnis = "cv/export"
"""
KANAL_ZWEI = KANAL.replace("cv-ein", "cv-zwei").replace("cv/export", "cv/zwei")
POSTFACH = """
[kanal.post]
plugin = "generic_xta"
management_url = "https://post.example/m"
msgbox_url = "https://post.example/b"
send_url = "https://post.example/s"
zertifikat = "a.crt"
privatschluessel = "a.key"
kennung = "mrh:130030000000"
"""
ZIEL = """
[ziel.cv-aus]
plugin = "comvibilia"
verzeichnis = "cv/import"
quittungen = "cv/quittungen"
"""
AKTE = """
[ziel.akte]
plugin = "aktenablage"
verzeichnis = "akte"
"""
ROUTE = """
[[route]]
leistung = "*"
ziel = "lz"
"""
UEBER_ZIEL = '[ziel.lz]\nplugin = "laemmerzahl"\nueber = "cv-aus"\n'
UEBER_KANAL = '[ziel.lz]\nplugin = "laemmerzahl"\nueber = "cv-ein"\nverzeichnis = "lz"\n'
ENTSCHEIDUNG = Entscheidung(empfehlung=Empfehlung.VORLEGEN, stichtag=datetime(2026, 3, 2, tzinfo=UTC).date())


def baue(ordner: Path, *abschnitte: str) -> Aufbau:
    datei = ordner / "fachwerk.toml"
    datei.write_text('[fachwerk]\nland = "mv"\n' + "\n".join(abschnitte), encoding="utf-8")
    return aufbau(lade(datei, {}), lade_plugins({"comvibilia", "laemmerzahl", "aktenablage", "generic_xta"}))


def ablehnung(ordner: Path, *abschnitte: str) -> str:
    with pytest.raises(ConfigErrors) as fehler:
        baue(ordner, *abschnitte)
    [problem] = [problem for problem in fehler.value.probleme if problem.code == "zusammenhang"]
    assert problem.details["schluessel"] == "ziel.lz"
    return problem.hint


def liefere(ziel: Ziel, host: FakeHost) -> Stufe:
    xml = host.inhalt.schreibe([b"<antrag/>"], "antrag.xml", "application/xml")
    anlage = host.inhalt.schreibe([b"%PDF-1"], "a.pdf", "application/pdf")
    antrag = Antrag(
        leistung="mietrueckstaende", empfangen=datetime(2026, 3, 1, tzinfo=UTC), original=xml, anlagen=(anlage,)
    )
    sendung = laemmerzahl.render(antrag, ENTSCHEIDUNG, ziel)
    assert laemmerzahl.find_delivered(ziel, "v1:lz:1", host) is None
    return laemmerzahl.deliver(sendung, ziel, "v1:lz:1", host).stufe


def test_through_a_ziel_the_case_lies_in_the_import_folder_of_com_vibilia(tmp_path: Path, fake_host: FakeHost) -> None:
    ziel = baue(tmp_path, KANAL, ZIEL, UEBER_ZIEL, ROUTE).ziele["lz"]
    gegenstelle = ComVibilia(tmp_path / "cv", lade_profil("ordner", tmp_path))
    assert liefere(ziel, fake_host) is Stufe.UEBERGEBEN
    gegenstelle.runde()
    gegenstelle.runde()
    [eine] = gegenstelle.uebergeben
    assert {b"<antrag/>", b"%PDF-1"} <= set(eine.dateien.values())
    gefunden = laemmerzahl.find_delivered(ziel, "v1:lz:1", fake_host)
    assert gefunden is not None
    assert (gefunden.stufe, gefunden.ziel) == (Stufe.UEBERNOMMEN, "lz")


def test_through_a_kanal_the_case_lies_in_its_own_folder_and_layout(tmp_path: Path, fake_host: FakeHost) -> None:
    ziel = baue(tmp_path, KANAL, UEBER_KANAL, ROUTE).ziele["lz"]
    assert liefere(ziel, fake_host) is Stufe.UEBERGEBEN
    namen = sorted(pfad.name for pfad in (tmp_path / "lz").iterdir())
    assert [name.rpartition(".")[2] for name in namen if name.endswith(".fertig")] == ["fertig"]
    [ordner] = [pfad for pfad in (tmp_path / "lz").iterdir() if pfad.is_dir()]
    assert {pfad.name for pfad in ordner.iterdir()} == {"nachricht.xml", "anlage_001_a.pdf"}
    assert liefere_erneut(ziel, fake_host) == namen


def liefere_erneut(ziel: Ziel, host: FakeHost) -> list[str]:
    gefunden = laemmerzahl.find_delivered(ziel, "v1:lz:1", host)
    assert gefunden is not None
    return sorted(pfad.name for pfad in (host.ordner / "lz").iterdir())


def test_the_way_is_mandatory() -> None:
    with pytest.raises(ValueError, match="ueber"):
        Zieleinstellungen.model_validate({})


@pytest.mark.parametrize(
    ("ueber", "sagt"), [("post", "generic_xta"), ("akte", "aktenablage"), ("nirgends", "gibt es nicht")]
)
def test_any_other_way_is_refused_with_reason_and_remedy(ueber: str, sagt: str, tmp_path: Path) -> None:
    text = ablehnung(tmp_path, KANAL, POSTFACH, AKTE, UEBER_ZIEL.replace("cv-aus", ueber), ROUTE)
    assert "nur über COM Vibilia" in text
    assert sagt in text
    assert "plugin = „comvibilia“" in text


def test_a_route_that_brings_cases_from_another_mailbox_is_refused(tmp_path: Path) -> None:
    route = ROUTE + 'kanal = "post"\n'
    text = ablehnung(tmp_path, KANAL, POSTFACH, UEBER_KANAL, route)
    assert "aus dem Kanal „post“" in text
    assert "kanal = „cv-ein“" in text


@pytest.mark.parametrize("anderer", [POSTFACH, KANAL_ZWEI])
def test_a_route_for_every_kanal_is_refused_where_one_of_them_is_not_the_way(anderer: str, tmp_path: Path) -> None:
    assert "bringt auch Fälle" in ablehnung(tmp_path, KANAL, anderer, UEBER_KANAL, ROUTE)


def test_a_route_bound_to_the_kanal_is_fine_beside_others(tmp_path: Path) -> None:
    eigene = ROUTE + 'kanal = "cv-ein"\n'
    fremde = ROUTE.replace('"lz"', '"akte"') + 'kanal = "post"\n'
    assert "lz" in baue(tmp_path, KANAL, POSTFACH, UEBER_KANAL, AKTE, eigene, fremde).ziele


def test_klaerung_must_not_bring_foreign_cases_either(tmp_path: Path) -> None:
    teile = [KANAL, POSTFACH, UEBER_KANAL, AKTE, ROUTE.replace('"lz"', '"akte"'), '[klaerung]\nziel = "lz"\n']
    assert "[klaerung]" in ablehnung(tmp_path, *teile)


def test_behind_a_ziel_every_mailbox_may_bring_cases(tmp_path: Path) -> None:
    assert "lz" in baue(tmp_path, KANAL, POSTFACH, ZIEL, UEBER_ZIEL, ROUTE).ziele


def test_a_kanal_needs_the_folder_and_a_ziel_forbids_it(tmp_path: Path) -> None:
    ohne = UEBER_KANAL.replace('verzeichnis = "lz"\n', "")
    assert "„verzeichnis“" in ablehnung(tmp_path, KANAL, ohne, ROUTE)
    mit = UEBER_ZIEL + 'verzeichnis = "lz"\n'
    assert "verzeichnis hier streichen" in ablehnung(tmp_path, KANAL, ZIEL, mit, ROUTE)


def test_a_profile_that_cannot_be_read_stops_the_start(tmp_path: Path) -> None:
    assert "lässt sich nicht lesen" in ablehnung(tmp_path, KANAL, ZIEL, UEBER_ZIEL + 'profil = "fehlt.yaml"\n', ROUTE)


def test_without_the_check_of_the_way_nothing_is_delivered(tmp_path: Path, fake_host: FakeHost) -> None:
    ziel = Ziel(name="lz", plugin="laemmerzahl", einstellungen=Zieleinstellungen(ueber="cv-ein", verzeichnis="lz"))
    with pytest.raises(ConfigError) as fehler:
        liefere(ziel, fake_host)
    assert fehler.value.code == "laemmerzahl.ohne_weg"
    assert not (tmp_path / "lz").exists()
    assert [befund.code for befund in laemmerzahl.check(ziel, fake_host)] == ["laemmerzahl.ohne_weg"]


def test_check_warns_as_long_as_the_shipped_layout_is_used(tmp_path: Path, fake_host: FakeHost) -> None:
    bau = baue(tmp_path, KANAL, UEBER_KANAL, ROUTE)
    (tmp_path / "lz").mkdir()
    assert "laemmerzahl.layout_unbestaetigt" in {b.code for b in laemmerzahl.check(bau.ziele["lz"], fake_host)}


def test_the_shipped_layout_says_itself_that_it_is_an_assumption(tmp_path: Path) -> None:
    assert "Annahme" in layout("", tmp_path).beschreibung


# -- a case that comes another way all the same ----------------------------------------------------------------------


def umgestellt(tmp_path: Path, **danach: Any) -> Welt:
    """A case held in a mailbox that is gone from the configuration, where everything goes to Lämmerzahl now."""
    eine = Welt(
        f"sqlite:///{tmp_path / 'w.db'}",
        tmp_path,
        plugins={"comvibilia": comvibilia, "laemmerzahl": laemmerzahl},
        route=[],
    )
    eine.lege_ein("n-1", antrag_xml(uuid="1"))
    assert eine.durchlauf() == ["held"]
    for ordner in ("cv/export", "cv/import"):
        (tmp_path / ordner).mkdir(parents=True)
    cv = {"plugin": "comvibilia", "verzeichnis": "cv/export"}
    lz = {"plugin": "laemmerzahl", "ueber": "cv-ein", "verzeichnis": "lz"}
    werte = {"kanal": {"cv-ein": cv}, "ziel": {"lz": lz}, "route": [{"leistung": "*", "ziel": "lz"}], **danach}
    eine.neuer_prozess(**werte)
    return eine


def test_a_case_of_a_mailbox_that_is_gone_is_held_and_never_handed_over(tmp_path: Path) -> None:
    eine = umgestellt(tmp_path)
    eingriff.wiederhole(eine.betrieb, eine.der_vorgang().id, "anna")
    eine.arbeite()
    fall = eine.der_vorgang()
    assert (fall.status, fall.grund, fall.gehalten_fuer) == ("held", "ziel_kanal", "betrieb")
    assert "„postfach“" in fall.hinweis
    assert "„cv-ein“" in fall.hinweis
    assert not (tmp_path / "lz").exists()
    eine.schliesse()


def test_behind_a_ziel_the_same_case_is_carried_by_com_vibilia(tmp_path: Path) -> None:
    aus = {"plugin": "comvibilia", "verzeichnis": "cv/import"}
    eine = umgestellt(tmp_path, ziel={"cv-aus": aus, "lz": {"plugin": "laemmerzahl", "ueber": "cv-aus"}})
    eingriff.wiederhole(eine.betrieb, eine.der_vorgang().id, "anna")
    eine.arbeite()
    assert eine.der_vorgang().status == "done"
    eine.schliesse()


def test_a_question_about_such_a_case_is_not_handed_over_either(tmp_path: Path) -> None:
    eine = umgestellt(tmp_path, klaerung={"ziel": "lz"}, route=[])
    eine.regeln.fehler = NeedsHumanError("frage", "Welche Stelle ist zuständig?")
    eingriff.wiederhole(eine.betrieb, eine.der_vorgang().id, "anna")
    eine.arbeite()
    assert (eine.der_vorgang().status, eine.der_vorgang().grund) == ("held", "frage")
    assert eine.betrieb.store.ist_vermerkt(eine.der_vorgang().id, "klaerung_gescheitert", "ziel_kanal")
    assert not (tmp_path / "lz").exists()
    eine.schliesse()
