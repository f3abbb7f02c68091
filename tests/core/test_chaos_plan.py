"""The plan of a rehearsal follows from its seed alone, and the command touches nothing that is not its own."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fachwerk.chaos import plan as p
from fachwerk.chaos.ablauf import MARKE, Chaos, als_json, moegliche, raeume
from fachwerk.chaos.abrechnung import Ergebnis, Mangel
from fachwerk.chaos.nachrichten import beispiele, ziel
from fachwerk.chaos.plan import Plan, Umfang, entwirf
from fachwerk.cli import starte
from fachwerk.demo.beispiele import Beispiel
from fachwerk.demo.bilanz import Bilanz
from fachwerk.demo.prozesse import DemoError

HEUTE = date(2026, 11, 20)
WURZEL = Path(__file__).resolve().parents[2]

arten = st.lists(st.sampled_from(list(p.STOERUNGEN)), unique=True).map(tuple)
umfaenge = st.builds(
    Umfang,
    faelle=st.integers(10, 300),
    knoten=st.integers(1, 4),
    stoerungen=st.integers(0, 30),
    arten=arten,
    ruhig=st.booleans(),
)
saaten = st.integers(0, 2**32)


@given(saaten, umfaenge)
@settings(max_examples=30, deadline=None)
def test_plan_the_same_seed_gives_the_same_plan(saat: int, umfang: Umfang) -> None:
    eins, zwei = entwirf(saat, umfang), entwirf(saat, umfang)
    assert eins == zwei
    assert als_json(eins) == als_json(zwei)
    assert list(eins.zeilen()) == list(zwei.zeilen())


@given(saaten, umfaenge)
@settings(max_examples=30, deadline=None)
def test_plan_every_fault_waits_for_a_count_that_will_come(saat: int, umfang: Umfang) -> None:
    plan = entwirf(saat, umfang)
    grenzen = [stoerung.ab for stoerung in plan.stoerungen]
    assert grenzen == sorted(grenzen)
    assert all(1 <= ab < umfang.faelle for ab in grenzen)
    assert {stoerung.art for stoerung in plan.stoerungen} <= set(umfang.arten)
    assert {stoerung.nach for stoerung in plan.stoerungen} <= {"gesendet", "gespeichert", "fertig"}
    knoten = {f"knoten-{nummer}" for nummer in range(1, umfang.knoten + 1)}
    assert {stoerung.wen for stoerung in plan.stoerungen if stoerung.wen} <= knoten
    assert len(plan.faelle) == umfang.faelle


@given(saaten, umfaenge)
@settings(max_examples=20, deadline=None)
def test_plan_no_message_has_more_than_one_twin_and_no_twin_has_one(saat: int, umfang: Umfang) -> None:
    faelle = {fall.nummer: fall for fall in entwirf(saat, umfang).faelle}
    vorbilder = [fall.zwilling for fall in faelle.values() if fall.zwilling]
    assert len(vorbilder) == len(set(vorbilder))
    for fall in faelle.values():
        assert bool(fall.zwilling) == (fall.art in (p.DOPPELT, p.ABWEICHEND))
        if fall.zwilling:
            vorbild = faelle[fall.zwilling]
            assert vorbild.nummer < fall.nummer
            assert (vorbild.art, vorbild.stelle) == (p.GUT, fall.stelle)


@given(saaten)
@settings(max_examples=20, deadline=None)
def test_plan_leaving_out_a_fault_changes_nothing_of_what_is_sent(saat: int) -> None:
    viele = entwirf(saat, Umfang(60, 2, 10, tuple(p.STOERUNGEN)))
    keine = entwirf(saat, Umfang(60, 2, 0, ()))
    assert viele.faelle == keine.faelle
    assert (keine.stoerungen, keine.launen) == ((), ())


def test_plan_another_seed_gives_another_plan() -> None:
    umfang = Umfang(60, 2, 10, tuple(p.STOERUNGEN))
    assert len({als_json(entwirf(saat, umfang)) for saat in range(20)}) == 20


def test_plan_with_enough_faults_has_every_kind() -> None:
    plan = entwirf(5, Umfang(2000, 3, 40, tuple(p.STOERUNGEN)))
    gemeint = {art for art in p.STOERUNGEN if art not in ("postfach", "ziel_tot")}
    assert {stoerung.art for stoerung in plan.stoerungen} == gemeint
    assert any(laune.art == "abgelehnt" for laune in plan.launen)
    assert {fall.art for fall in plan.faelle} == {p.GUT, p.DOPPELT, p.ABWEICHEND, *p.SCHLECHT}
    assert {fall.stelle for fall in plan.faelle} == set(p.STELLEN)


def summen(plan: Plan) -> list[str]:
    return [hashlib.sha256(eines.xml + b"".join(a.inhalt for a in eines.anhaenge)).hexdigest() for eines in alle(plan)]


def alle(plan: Plan) -> list[Beispiel]:
    return list(beispiele(plan, HEUTE))


def test_plan_the_same_seed_and_day_give_the_same_bytes() -> None:
    plan = entwirf(3, Umfang(80, 1, 0, ()))
    assert summen(plan) == summen(entwirf(3, Umfang(80, 1, 9, tuple(p.STOERUNGEN))))
    assert summen(plan) != summen(entwirf(4, Umfang(80, 1, 0, ())))


def test_plan_a_double_is_the_same_message_and_a_contradiction_is_not() -> None:
    plan = entwirf(2, Umfang(300, 1, 0, ()))
    gesendet = alle(plan)
    zwillinge = [fall for fall in plan.faelle if fall.zwilling]
    assert {fall.art for fall in zwillinge} == {p.DOPPELT, p.ABWEICHEND}
    for fall in zwillinge:
        eins, zwei = gesendet[fall.zwilling - 1], gesendet[fall.nummer - 1]
        assert (eins.xml, eins.anhaenge) == (zwei.xml, zwei.anhaenge) or fall.art == p.ABWEICHEND
        assert (eins.xml == zwei.xml) == (fall.art == p.DOPPELT)
        assert eins.leser == zwei.leser


def test_plan_only_what_nobody_can_deliver_belongs_nowhere() -> None:
    plan = entwirf(1, Umfang(300, 1, 0, ()))
    assert {fall.art for fall in plan.faelle if not ziel(fall)} == set(p.SCHLECHT)
    fehler = (WURZEL / "docs/fehler.md").read_text(encoding="utf-8")
    assert [grund for grund in (*p.SCHLECHT.values(), p.ABWEICHEND_GRUND) if f"`{grund}`" not in fehler] == []


def test_plan_every_mood_of_the_plan_is_one_the_mailbox_knows() -> None:
    from fachwerk_generic_xta.simulator.launen import ARTEN

    genannt = {art for launen in p.POSTFACH_LAUNEN.values() for art in launen} | set(p.VERSAND_LAUNEN)
    assert genannt <= set(ARTEN)
    assert set(p.WORTE) <= genannt


# -- the command -------------------------------------------------------------------------------------------------


@pytest.fixture(autouse=True)
def eigener_ordner(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_chaos_shows_the_plan_and_makes_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for _ in range(2):
        assert starte(["chaos", "--saat", "7", "--faelle", "50", "--nur-plan"]) == 0
    ausgabe = capsys.readouterr().out
    assert ausgabe[: len(ausgabe) // 2] == ausgabe[len(ausgabe) // 2 :]
    assert "Saat 7: 50 Nachrichten an 5 Stellen, 1 Knoten" in ausgabe
    assert "netz_datenbank" not in ausgabe
    assert list(tmp_path.iterdir()) == []


def test_chaos_refuses_a_folder_in_which_a_site_lives(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "fachwerk.toml").write_text("[fachwerk]\n", encoding="utf-8")
    assert starte(["chaos", "--saat", "7", "--faelle", "10", "--ordner", str(tmp_path)]) == 1
    meldung = capsys.readouterr().err
    assert "bleibt unberührt" in meldung
    assert "chaos_ordner_belegt" in meldung
    assert [pfad.name for pfad in tmp_path.iterdir()] == ["fachwerk.toml"]


def test_chaos_empties_only_what_an_earlier_rehearsal_left(tmp_path: Path) -> None:
    ordner = tmp_path / "probe"
    raeume(ordner)
    (ordner / "rest").touch()
    raeume(ordner)
    assert [pfad.name for pfad in ordner.iterdir()] == [MARKE]
    (ordner / MARKE).unlink()
    (ordner / "rest").touch()
    with pytest.raises(DemoError):
        raeume(ordner)


@pytest.mark.parametrize(
    ("angaben", "wort"),
    [
        (["--knoten", "2"], "Mehrere Knoten brauchen PostgreSQL"),
        (["--datenbank", "mysql://x/y"], "postgresql://"),
        (["--stoerungen", "abschuss,erdbeben"], "erdbeben"),
    ],
)
def test_chaos_says_what_cannot_be(angaben: list[str], wort: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert starte(["chaos", "--saat", "1", *angaben]) == 2
    assert wort in capsys.readouterr().err


def test_chaos_offers_only_the_faults_that_the_database_can_have() -> None:
    assert set(moegliche("sqlite")) == set(p.STOERUNGEN) - {"netz_datenbank"}
    assert moegliche("postgresql") == tuple(p.STOERUNGEN)
    assert moegliche("sqlite", ("abschuss", "netz_datenbank")) == ("abschuss",)


def test_chaos_names_the_packages_it_lacks(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("fachwerk.chaos.ablauf.metadata.entry_points", lambda **_: [])
    assert starte(["chaos", "--saat", "7", "--faelle", "10"]) == 1
    assert "fachwerk-prosoz" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


@pytest.fixture
def ohne_lauf(monkeypatch: pytest.MonkeyPatch) -> Callable[[list[Mangel]], None]:
    """A rehearsal that does nothing and finds what the test says."""

    def setze(maengel: list[Mangel]) -> None:
        def laufe(chaos: Chaos) -> Ergebnis:
            raeume(chaos.ordner)
            chaos.protokoll.angewandt.append((chaos.plan.stoerungen[0], 99))
            chaos.protokoll.ungeprueft = {"uhr": "die Bibliothek fehlt"}
            return Ergebnis(bilanz(), maengel, 2)

        monkeypatch.setattr(Chaos, "laufe", laufe)
        monkeypatch.setattr("signal.signal", lambda *_: None)

    return setze


def endcode(*angaben: str) -> object:
    with pytest.raises(SystemExit) as ende:
        starte(["chaos", *angaben])
    return ende.value.code


def bilanz() -> Bilanz:
    namen = ("gesendet", "geschlossen", "gespeichert", "zugestellt", "weitergeleitet", "zurueckgegeben", "gehalten")
    weitere = ("doppelsendungen", "verloren", "doppelt", "falsch_zugestellt", "offene_quittungen")
    zahlen = {name: nummer for nummer, name in enumerate((*namen, *weitere), 11)}
    return Bilanz(**zahlen, ziele={}, gruende={"route_keine": 17}, vorgaenge=[], maengel=[])


def test_chaos_ends_well_and_says_what_was_not_tried(
    ohne_lauf: Callable[[list[Mangel]], None], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ohne_lauf([])
    assert endcode("--saat", "7", "--faelle", "50") == 0
    ausgabe = capsys.readouterr().out
    assert "11 gesendet = 12 geschlossen = 13 gespeichert = 14 zugestellt" in ausgabe
    assert "NICHT GEPRÜFT: uhr – die Bibliothek fehlt" in ausgabe
    blatt = (tmp_path / "fachwerk-chaos-7/chaos-7.md").read_text(encoding="utf-8")
    assert "**Alle Versprechen gehalten.**" in blatt
    assert "[bei 99]" in blatt


def test_chaos_ends_with_1_and_names_every_broken_promise(
    ohne_lauf: Callable[[list[Mangel]], None], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    mangel = Mangel("Nichts doppelt", 12, "urn:x:12", "abcdef", "liegt 2 Mal in den Zielen")
    ohne_lauf([mangel])
    assert endcode("--saat", "7", "--faelle", "50", "--ordner", "probe") == 1
    zeile = "Nichts doppelt: Nachricht 12 (urn:x:12, Vorgang abcdef): liegt 2 Mal in den Zielen"
    assert f"Mangel: {zeile}" in capsys.readouterr().out
    blatt = (tmp_path / "probe/chaos-7.md").read_text(encoding="utf-8")
    assert f"- {zeile}" in blatt
    assert "0 verloren, 1 doppelt, 0 mit falschem Grund" in blatt
    assert "vorgang show KENNUNG" in blatt
