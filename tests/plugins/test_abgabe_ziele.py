"""Every kind of Ziel takes a case that is given away: the original byte for byte, and the letter beside it."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from xta_zielwelt import WERTE

import fachwerk_aktenablage
import fachwerk_comvibilia
import fachwerk_generic_xta
import fachwerk_laemmerzahl
import fachwerk_prosoz
from fachwerk import abgabe
from fachwerk.errors import NeedsHumanError
from fachwerk.modell import Empfehlung, Votum
from fachwerk.testkit.welt import Welt, antrag_xml
from fachwerk_generic_xta import sendung as xta_sendung
from fachwerk_generic_xta.settings import zieleinstellungen

PDF = b"%PDF-1.4 erfunden"
PLUGINS = {
    "generic_xta": fachwerk_generic_xta,
    "comvibilia": fachwerk_comvibilia,
    "laemmerzahl": fachwerk_laemmerzahl,
    "prosoz": fachwerk_prosoz,
    "aktenablage": fachwerk_aktenablage,
}


@pytest.fixture(scope="module")
def welt(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Welt]:
    """A Ziel of each kind, and rules that hold every case because another body is competent."""
    tmp_path = tmp_path_factory.mktemp("abgabe")
    xta: dict[str, Any] = {
        "management_url": "https://x.example/m",
        "send_url": "https://x.example/s",
        "zertifikat": "amt.pem",
    }
    ziele = {
        "eigene": {"plugin": "mit_schluessel"},
        "kreis": {"plugin": "generic_xta", **xta, **WERTE},
        "cv": {"plugin": "comvibilia", "verzeichnis": "cv"},
        "lz": {"plugin": "laemmerzahl", "ueber": "cv-ein", "verzeichnis": "lz"},
        "prosoz": {"plugin": "prosoz", "weg": "ordner", "profil": "beispiel", "verzeichnis": "prosoz"},
        "akte": {"plugin": "aktenablage", "verzeichnis": "akte"},
    }
    cv = {"plugin": "comvibilia", "verzeichnis": "cv-ein"}
    routen = [
        {"leistung": "*", "kanal": "postfach", "ziel": "eigene"},
        {"leistung": "*", "kanal": "cv-ein", "ziel": "lz"},
    ]
    for ordner in ("cv", "cv-ein", "lz"):
        (tmp_path / "welt" / ordner).mkdir(parents=True)
    eine = Welt(
        f"sqlite:///{tmp_path / 'w.db'}",
        tmp_path / "welt",
        plugins=PLUGINS,
        kanal={"postfach": {"plugin": "postfach"}, "cv-ein": cv},
        ziel=ziele,
        route=routen,
    )
    eine.regeln.votum = Votum(empfehlung=Empfehlung.WEITERLEITEN, weiterleiten_an="Nachbarstadt")
    yield eine
    eine.schliesse()


def xml(ziel: str) -> bytes:
    """The message of the case that is to go to ``ziel``."""
    return antrag_xml(uuid=f"u-{ziel}")


def gib_ab(welt: Welt, ziel: str) -> abgabe.Vorbereitet:
    welt.lege_ein(f"n-{ziel}", xml(ziel), ("Mietvertrag.pdf", "application/pdf", PDF))
    welt.durchlauf()
    assert stand(welt, ziel) == "held"
    fertig = abgabe.bereite_vor(welt.betrieb, fall(welt, ziel).id, ziel, wer="anna", grund="Wohnsitz in Nachbarstadt")
    abgabe.gib_ab(welt.betrieb, fertig)
    return fertig


def fall(welt: Welt, ziel: str) -> Any:
    (zeile,) = [zeile for zeile in welt.vorgaenge() if zeile.nachrichten_uuid == f"u-{ziel}"]
    return zeile


def stand(welt: Welt, ziel: str) -> str:
    return str(fall(welt, ziel).status)


@pytest.mark.parametrize("ziel", ["cv", "prosoz", "akte"])
def test_a_folder_gets_the_original_the_attachment_and_the_letter(welt: Welt, ziel: str) -> None:
    brief = gib_ab(welt, ziel).nachricht
    welt.arbeite()
    assert stand(welt, ziel) == "forwarded"
    ordner = welt.betrieb.einstellungen.ordner / ziel
    inhalte = [datei.read_bytes() for datei in ordner.rglob("*") if datei.is_file()]
    assert xml(ziel) in inhalte
    assert PDF in inhalte
    assert brief.encode() in inhalte


def test_xta_sends_the_original_as_the_message_and_the_letter_as_an_attachment(welt: Welt) -> None:
    fertig = gib_ab(welt, "kreis")
    teile = [b"".join(teil.bytes_strom()) for teil in xta_sendung.teile(fertig.sendung)]
    assert teile == [xml("kreis"), PDF, fertig.nachricht.encode()]
    xta_sendung.pruefe(fertig.sendung, zieleinstellungen(welt.betrieb.ziele["kreis"]))


def test_laemmerzahl_takes_no_case_by_hand_that_did_not_come_by_com_vibilia(welt: Welt) -> None:
    with pytest.raises(NeedsHumanError, match="ziel_kanal"):
        gib_ab(welt, "lz")
    assert (stand(welt, "lz"), fall(welt, "lz").fassung) == ("held", 1)
