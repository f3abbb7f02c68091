"""The whole line in folders: out of COM Vibilia's export and into its import, counted by the other side."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

import fachwerk_comvibilia as comvibilia
import fachwerk_laemmerzahl as laemmerzahl
from fachwerk.errors import RetryableError
from fachwerk.tabellen import quittung
from fachwerk.testkit.welt import Welt, antrag_xml
from fachwerk_comvibilia.befehl import profil as profil_befehl
from fachwerk_comvibilia.befehl import schema as schema_befehl
from fachwerk_comvibilia.befehl import sieh
from fachwerk_comvibilia.profil import aus_text, lade
from fachwerk_comvibilia.simulator import ComVibilia, Nachricht, Temperament
from fachwerk_comvibilia.simulator.befehl import comvibilia as simulator

beide = pytest.mark.parametrize("profil", ["ordner", "flach"])


@pytest.fixture
def welt(tmp_path: Path) -> Iterator[Callable[..., tuple[Welt, ComVibilia]]]:
    offene: list[Welt] = []

    def baue(profil: str = "ordner", **launen: Any) -> tuple[Welt, ComVibilia]:
        seite = ComVibilia(tmp_path / "cv", lade(profil, tmp_path), Temperament(**launen))
        eigene = {"plugin": "comvibilia", "profil": profil}
        eine = Welt(
            f"sqlite:///{tmp_path / 'w.db'}",
            tmp_path,
            plugins={"comvibilia": comvibilia, "laemmerzahl": laemmerzahl},
            kanal={"cv": {**eigene, "verzeichnis": str(tmp_path / "cv/export"), "takt": "1m"}},
            ziel={
                "aus": {**eigene, "verzeichnis": str(tmp_path / "cv/import"), "quittungen": str(seite.quittungen)},
                "lz": {"plugin": "laemmerzahl", "ueber": "aus"},
            },
            route=[{"leistung": "*", "ziel": ["aus", "lz"]}],
        )
        offene.append(eine)
        return eine, seite

    yield baue
    for eine in offene:
        eine.schliesse()


def stufen(eine: Welt) -> dict[str, set[str]]:
    ergebnis: dict[str, set[str]] = {}
    for zeile in eine.zeilen(quittung):
        ergebnis.setdefault(zeile.ziel, set()).add(zeile.stufe)
    return ergebnis


@beide
def test_ten_messages_go_in_and_come_out_once_on_each_way_whatever_is_repeated(
    profil: str, welt: Callable[..., tuple[Welt, ComVibilia]]
) -> None:
    eine, seite = welt(profil, quittung_anzahl=3)
    gesendet = [antrag_xml(uuid=str(nummer)) for nummer in range(10)]
    for nummer, xml in enumerate(gesendet):
        seite.lege_ab(Nachricht(xml, [("a.pdf", b"%%PDF-1 %d" % nummer)], f"m-{nummer}"))
    for _ in range(2):
        eine.rufe_ab("cv")
        eine.arbeite()
        seite.runde()
    assert [zeile.status for zeile in eine.vorgaenge()] == ["done"] * 10
    angekommen = sorted(inhalt for u in seite.uebergeben for inhalt in u.dateien.values() if inhalt in gesendet)
    assert angekommen == sorted(gesendet * 2), "once by COM Vibilia, once for Lämmerzahl behind it"


def test_receipts_raise_the_stage_of_both_ways(welt: Callable[..., tuple[Welt, ComVibilia]]) -> None:
    eine, seite = welt()
    seite.lege_ab(Nachricht(antrag_xml(uuid="1"), [], "m-1"))
    eine.rufe_ab("cv")
    eine.arbeite()
    assert stufen(eine) == {"aus": {"uebergeben"}, "lz": {"uebergeben"}}
    seite.runde()
    seite.runde()
    eine.vergehe(hours=2)
    eine.arbeite()
    assert stufen(eine) == {"aus": {"uebergeben", "uebernommen"}, "lz": {"uebergeben", "uebernommen"}}


def test_a_rejected_hand_over_makes_the_done_case_a_held_one(welt: Callable[..., tuple[Welt, ComVibilia]]) -> None:
    eine, seite = welt(quittung="abgelehnt")
    seite.lege_ab(Nachricht(antrag_xml(uuid="1"), [], "m-1"))
    eine.rufe_ab("cv")
    eine.arbeite()
    seite.runde()
    seite.runde()
    eine.vergehe(hours=2)
    eine.arbeite()
    assert (eine.der_vorgang().status, eine.der_vorgang().grund) == ("held", "comvibilia.abgelehnt")


def test_while_the_drive_is_gone_cases_wait_and_then_arrive_once(welt: Callable[..., tuple[Welt, ComVibilia]]) -> None:
    eine, seite = welt()
    seite.lege_ab(Nachricht(antrag_xml(uuid="1"), [], "m-1"))
    eine.rufe_ab("cv")
    seite.laufwerk_weg()
    eine.arbeite()
    assert eine.der_vorgang().status == "waiting"
    with pytest.raises(RetryableError):
        eine.rufe_ab("cv")
    seite.laufwerk_da()
    eine.vergehe(hours=1)
    eine.arbeite()
    seite.runde()
    assert eine.der_vorgang().status == "done"
    assert len(seite.uebergeben) == 2


def test_a_message_shown_again_after_a_lost_acknowledgement_is_the_same_case(
    welt: Callable[..., tuple[Welt, ComVibilia]], monkeypatch: pytest.MonkeyPatch
) -> None:
    eine, seite = welt()
    seite.lege_ab(Nachricht(antrag_xml(uuid="1"), [], "m-1"))

    def gescheitert(*args: Any) -> None:
        raise RetryableError("comvibilia.verboten", "in use")

    with monkeypatch.context() as gestoert:
        gestoert.setattr("fachwerk_comvibilia.erledigung.erledige", gescheitert)
        with pytest.raises(RetryableError):
            eine.rufe_ab("cv")
    assert (seite.export / "nachricht-00001").is_dir()
    eine.rufe_ab("cv")
    eine.arbeite()
    assert len(eine.vorgaenge()) == 1
    assert not (seite.export / "nachricht-00001").exists()


def test_the_same_id_with_other_content_is_held_and_lost_by_nobody(
    welt: Callable[..., tuple[Welt, ComVibilia]],
) -> None:
    eine, seite = welt()
    for nummer in (1, 2):
        seite.lege_ab(Nachricht(antrag_xml(uuid=str(nummer)), [], "dieselbe"))
    eine.rufe_ab("cv")
    eine.arbeite()
    assert sorted(zeile.status for zeile in eine.vorgaenge()) == ["done", "held"]


# -- the commands ------------------------------------------------------------------------------------------------


def test_the_simulator_as_a_command_exports_takes_and_gives_receipts(tmp_path: Path) -> None:
    xml = tmp_path / "antrag.xml"
    xml.write_bytes(b"<antrag/>")
    ordner = ["--ordner", str(tmp_path / "cv")]
    ergebnis = CliRunner().invoke(simulator, [*ordner, "--schritte", "3", "ablegen", str(xml), str(xml), "--test"])
    assert ergebnis.exit_code == 0, ergebnis.output
    gezeigt = CliRunner().invoke(sieh, [str(tmp_path / "cv" / "export")])
    assert "antrag: vollständig" in gezeigt.output
    uebergabe = tmp_path / "cv" / "import" / "x_fw0123456789abcdef"
    uebergabe.mkdir(parents=True)
    (uebergabe / "n.xml").write_bytes(b"<a/>")
    ergebnis = CliRunner().invoke(simulator, [*ordner, "--runden", "2", "--takt", "0.05"])
    assert "Übernommen: x_fw0123456789abcdef (1 Dateien)" in ergebnis.output
    [zettel] = (tmp_path / "cv" / "quittungen").iterdir()
    assert "fw0123456789abcdef" in zettel.name


def test_the_simulator_says_what_is_wrong_with_a_profile(tmp_path: Path) -> None:
    ergebnis = CliRunner().invoke(simulator, ["--ordner", str(tmp_path), "--profil", "gibtsnicht"])
    assert ergebnis.exit_code != 0


def test_the_shipped_profile_can_be_printed_changed_and_used(tmp_path: Path) -> None:
    ausgabe = CliRunner().invoke(profil_befehl, ["ordner"]).output
    assert aus_text(ausgabe, "kopie") == lade("ordner", tmp_path)
    assert '"Layoutprofil' in CliRunner().invoke(schema_befehl).output


def test_looking_at_an_export_folder_touches_nothing_and_names_the_unknown(tmp_path: Path) -> None:
    (tmp_path / "fremd.txt").write_bytes(b"x")
    (tmp_path / "halb" / "attachments").mkdir(parents=True)
    (tmp_path / "halb" / "attachments" / "a.xml").write_bytes(b"<a/>")
    vorher = sorted(tmp_path.rglob("*"))
    ausgabe = CliRunner().invoke(sieh, [str(tmp_path)]).output
    assert "halb: marke_fehlt" in ausgabe
    assert "unbekannt: fremd.txt" in ausgabe
    assert sorted(tmp_path.rglob("*")) == vorher
