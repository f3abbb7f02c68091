"""The simulator as a process: its command, its memory, and what a SIGKILL leaves."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import signal
import subprocess
import sys
import threading
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import httpx
import pytest
from click.testing import CliRunner

from fachwerk_generic_xta.simulator import Zugang, bestand
from fachwerk_generic_xta.simulator.befehl import xta
from fachwerk_generic_xta.simulator.steuerung import steuere

START = [sys.executable, "-c", "from fachwerk_generic_xta.simulator.befehl import xta; xta()"]
KONTEN = {"konten": {"leser": {"kennungen": ["wbs:130030000000"]}, "portal": {"kennungen": ["gae:portal"]}}}
MIB = 1 << 20


@dataclass
class Lauf:
    """A running child: what `simulator.json` says, and where the certificates are."""

    prozess: subprocess.Popen[str]
    ordner: Path
    ausgabe: str

    @property
    def urls(self) -> dict[str, str]:
        urls: dict[str, str] = self.stand["urls"]
        return urls

    @property
    def stand(self) -> dict[str, Any]:
        stand: dict[str, Any] = json.loads((self.ordner / "simulator.json").read_text())
        return stand

    def zugang(self, konto: str) -> Zugang:
        pki = self.ordner / "pki"
        return Zugang(pki / "ca.crt", pki / f"{konto}.crt", pki / f"{konto}.key")

    def spitze(self) -> int:
        """The highest resident size so far, in bytes."""
        status = Path(f"/proc/{self.prozess.pid}/status").read_text()
        treffer = re.search(r"VmHWM:\s+(\d+) kB", status)
        assert treffer is not None
        return int(treffer.group(1)) * 1024


@contextmanager
def laeuft(ordner: Path, *weitere: str) -> Iterator[Lauf]:
    ordner.mkdir(exist_ok=True)
    konten = ordner.parent / "meine-konten.json"
    konten.write_text(json.dumps(KONTEN))
    befehl = [*START, "--ordner", str(ordner), "--konten", str(konten), *weitere]
    with subprocess.Popen(befehl, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as prozess:
        try:
            assert prozess.stdout is not None
            zeilen = []
            for zeile in prozess.stdout:
                zeilen.append(zeile)
                if zeile.startswith("kennung"):
                    break
            assert zeilen, "the simulator did not start"
            yield Lauf(prozess, ordner, "".join(zeilen))
        finally:
            prozess.kill()


@pytest.mark.parametrize("signalnummer", [signal.SIGTERM, signal.SIGINT])
def test_the_command_says_where_it_is_and_stops_cleanly(
    tmp_path: Path, xta_gegenstelle: ModuleType, signalnummer: signal.Signals
) -> None:
    with laeuft(tmp_path / "sim") as lauf:
        assert lauf.stand["pid"] == lauf.prozess.pid
        assert all(url in lauf.ausgabe for url in lauf.urls.values())
        kanal = tomllib.loads(lauf.ausgabe.partition("# für fachwerk.toml:")[2])["kanal"]["leser"]
        assert kanal["msgbox_url"] == lauf.urls["msgbox"]
        assert kanal["kennung"] == "wbs:130030000000"
        assert Path(kanal["privatschluessel"]).exists()
        assert json.loads((lauf.ordner / "konten.json").read_text()) == KONTEN
        with xta_gegenstelle.Gegenstelle(lauf, "leser") as client:
            assert client.rufe("checkAccountActive").status == 200
            lauf.prozess.send_signal(signalnummer)
            assert lauf.prozess.wait(20) == 0, "also with a connection still open"
            assert lauf.prozess.stdout is not None
            assert "Simulator beendet. Nachrichten, Zertifikate und Protokoll bleiben in" in lauf.prozess.stdout.read()
        assert not (lauf.ordner / "simulator.json").exists()


def test_without_accounts_an_example_is_written(tmp_path: Path) -> None:
    with subprocess.Popen([*START, "--ordner", str(tmp_path)], stdout=subprocess.PIPE, text=True) as prozess:
        assert prozess.stdout is not None
        assert prozess.stdout.readline().startswith("XTA-Simulator")
        prozess.send_signal(signal.SIGTERM)
        ausgabe = prozess.stdout.read()
    assert prozess.returncode == 0
    konten = set(json.loads((tmp_path / "konten.json").read_text())["konten"])
    assert konten == {"leser", "portal", "gesperrt", "ohne-buchung", "sofort"}
    assert "[kanal.leser]" in ausgabe


def test_wrong_configuration_is_explained_with_exit_code_3(tmp_path: Path) -> None:
    (tmp_path / "konten.json").write_text("{")
    ergebnis = CliRunner().invoke(xta, ["--ordner", str(tmp_path)])
    assert ergebnis.exit_code == 3
    assert "konten.json ist nicht lesbar oder kein JSON (Zeile 1, Spalte 2)" in ergebnis.output


@pytest.mark.parametrize(
    ("worte", "erwartet"),
    [
        ([], "Es fehlt --ordner"),
        (["--ordner", __file__], "ist eine Datei"),
        (["--ordner", "neu", "--konten", "gibtsnicht.json"], "gibtsnicht.json ist nicht lesbar"),
        (["--ordner", "neu", "--host", "gibt.es.nicht.invalid"], "kann nicht gelauscht werden"),
        (["steuern", "{}"], "Es fehlt --ordner"),
        (["senden", __file__, "--von", "a", "--an", "b", "--ordner", "neu"], "läuft kein Simulator"),
    ],
)
def test_every_mistake_has_an_answer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, worte: list[str], erwartet: str
) -> None:
    monkeypatch.chdir(tmp_path)
    ergebnis = CliRunner().invoke(xta, worte)
    assert ergebnis.exit_code == 3
    assert erwartet in ergebnis.output
    assert "Traceback" not in ergebnis.output


def test_the_log_tells_people_what_happened(tmp_path: Path, xta_gegenstelle: ModuleType) -> None:
    with (
        laeuft(tmp_path / "sim") as lauf,
        xta_gegenstelle.Gegenstelle(lauf, "portal") as portal,
        xta_gegenstelle.Gegenstelle(lauf, "leser") as leser,
    ):
        kennung, _ = portal.sende([b"<name>Erika Kanarienvogel</name>"])
        steuere(lauf.ordner, {"getMessage": {"art": "abgeschnitten"}, "close": {"http": 503}})
        leser.client.post(leser.urls["msgbox"] + "x", content=b"a")
        with pytest.raises(AssertionError):
            leser.hole(kennung)
        leser.schliesse("Kanarienvogel")
        leser.schliesse("Kanarienvogel")
        leser.liste()
        zeilen = [zeile.split(" | ", 1)[1] for zeile in (lauf.ordner / "anfragen.log").read_text().splitlines()]
    assert zeilen[1:] == [
        f"portal | sendMessage | {kennung} | in Ordnung, 32 Bytes, 1 Teile",
        "leser | HTTP | - | HTTP 404: unter diesem Pfad ist kein XTA-Anschluss",
        f"leser | getMessage | {kennung} | in Ordnung, 32 Bytes, 1 Teile | Störung: abgeschnitten",
        "leser | close | - | HTTP 503 | Störung: http",
        "leser | close | - | Fehler 9070: Nachrichtenkennung hier unbekannt",
        "leser | getStatusList | - | in Ordnung, 1 Einträge, 0 weitere",
    ]
    assert re.fullmatch(
        r"portal \| createMessageId \| urn:de:xta:messageid:portal:[0-9a-f-]{36} \| in Ordnung", zeilen[0]
    )


def test_after_a_kill_everything_is_as_it_was_left(tmp_path: Path, xta_gegenstelle: ModuleType) -> None:
    """Also what only few servers remember: fetched, taken back, reports, request ids."""
    ordner = tmp_path / "sim"
    with (
        laeuft(ordner, "--nur-neue", "--streng") as lauf,
        xta_gegenstelle.Gegenstelle(lauf, "portal", "gae:portal") as portal,
        xta_gegenstelle.Gegenstelle(lauf, "leser") as leser,
    ):
        geholt, neu = portal.sende()[0], portal.sende()[0]
        gehalten, _ = portal.sende(zusatz="<m:NotBefore>2100-01-01T00:00:00Z</m:NotBefore>")
        assert portal.storniere(gehalten).status == 200
        steuere(ordner, {"bericht": {"nachricht": neu, "status": 3}})
        abfrage = leser.hole(geholt).finde("//o:MsgBoxResponse").get("MsgBoxRequestID")
        lauf.prozess.send_signal(signal.SIGKILL)
        lauf.prozess.wait()
    with (
        laeuft(ordner, "--nur-neue", "--streng") as lauf,
        xta_gegenstelle.Gegenstelle(lauf, "portal", "gae:portal") as portal,
        xta_gegenstelle.Gegenstelle(lauf, "leser") as leser,
    ):
        assert leser.ids() == [neu]
        assert leser.ids(selektor='<o:MsgSelector newEntry="false"/>') == [geholt, neu]
        assert portal.bericht(neu).finde("//x:Status").text == "3"
        assert portal.bericht(gehalten).finde("//x:WarnList/x:Warning/x:Code/code").text == "STORNIERT"
        assert leser.schliesse(geholt, abfrage=abfrage).status == 200
        assert portal.sende(kennung=gehalten)[1].fehlernummer == "9024"


def test_a_taken_port_is_explained(tmp_path: Path) -> None:
    with laeuft(tmp_path / "eins") as lauf:
        ergebnis = CliRunner().invoke(xta, ["--ordner", str(tmp_path / "zwei"), "--port", str(lauf.stand["port"])])
        assert ergebnis.exit_code == 3
        assert "Anderen Port nehmen" in ergebnis.output
        ergebnis = CliRunner().invoke(xta, ["--ordner", str(lauf.ordner)])
        assert "läuft schon ein Simulator" in ergebnis.output


def test_a_kill_loses_nothing_that_was_acknowledged(tmp_path: Path, xta_gegenstelle: ModuleType) -> None:
    bestaetigt: dict[str, str] = {}
    geschlossen: set[str] = set()
    for runde in range(3):
        with laeuft(tmp_path / "sim") as lauf:
            genug = threading.Event()

            def sende(nummer: int, lauf: Lauf = lauf, runde: int = runde, genug: threading.Event = genug) -> None:
                """Send and close until the server is gone."""
                try:
                    with (
                        xta_gegenstelle.Gegenstelle(lauf, "portal") as portal,
                        xta_gegenstelle.Gegenstelle(lauf, "leser") as leser,
                    ):
                        for zaehler in range(10_000):
                            inhalt = f"{runde}-{nummer}-{zaehler}".encode() * 50
                            kennung, antwort = portal.sende([inhalt, b"anlage"])
                            assert antwort.status == 200
                            bestaetigt[kennung] = hashlib.sha256(inhalt).hexdigest()
                            if zaehler % 2 and leser.schliesse(kennung).status == 200:
                                geschlossen.add(kennung)
                            if zaehler == 5 + nummer:
                                genug.set()
                except httpx.TransportError:
                    return

            faeden = [threading.Thread(target=sende, args=(nummer,)) for nummer in range(3)]
            for faden in faeden:
                faden.start()
            assert genug.wait(60)
            lauf.prozess.send_signal(signal.SIGKILL)
            for faden in faeden:
                faden.join()
    with laeuft(tmp_path / "sim") as lauf, xta_gegenstelle.Gegenstelle(lauf, "leser") as leser:
        zeilen = {zeile.id: zeile for zeile in bestand(lauf.ordner)}
        assert set(bestaetigt) <= set(zeilen)
        assert all(zeile.unversehrt for zeile in zeilen.values())
        assert all(zeilen[kennung].sha256[0] == summe for kennung, summe in bestaetigt.items())
        assert geschlossen <= {zeile.id for zeile in zeilen.values() if zeile.geschlossen}
        assert len(geschlossen) >= 6
        offen = {zeile.id for zeile in zeilen.values() if not zeile.geschlossen}
        anzahl = leser.liste(hoechstens=1).finde("//o:ItemsPending").text
        assert int(anzahl) == len(offen) - 1, "the server sees what the folder says"
        assert list((lauf.ordner / "annahme").iterdir()) == []


def test_memory_does_not_grow_with_the_content(tmp_path: Path, xta_gegenstelle: ModuleType) -> None:
    stueck = bytes(range(256)) * 3072  # 768 KiB, a multiple of three
    anzahl = 86  # 64.5 MiB
    summe = hashlib.sha256()
    for _ in range(anzahl):
        summe.update(stueck)
    with (
        laeuft(tmp_path / "sim", "--groessengrenze", str(100 * MIB)) as lauf,
        xta_gegenstelle.Gegenstelle(lauf, "portal") as portal,
        xta_gegenstelle.Gegenstelle(lauf, "leser") as leser,
    ):
        klein, _ = portal.sende([stueck])
        leser.hole(klein)
        vorher = lauf.spitze()
        kennung = portal.neue_id()
        base64_kennung = portal.neue_id()
        _lade_hoch(xta_gegenstelle, portal, kennung, stueck, anzahl, als_base64=False)
        _lade_hoch(xta_gegenstelle, portal, base64_kennung, stueck, anzahl, als_base64=True)
        assert _lade_herunter(xta_gegenstelle, leser, kennung) > anzahl * len(stueck)
        (lauf.ordner / "temperament.json").write_text('{"getMessage": {"art": "inline_base64"}}')
        assert _lade_herunter(xta_gegenstelle, leser, base64_kennung) > anzahl * len(stueck) * 4 // 3
        assert lauf.spitze() - vorher < 16 * MIB
        summen = {zeile.id: zeile.sha256[0] for zeile in bestand(lauf.ordner)}
    assert summen[kennung] == summen[base64_kennung] == summe.hexdigest()


def _lade_hoch(
    werkzeug: ModuleType, portal: Any, kennung: str, stueck: bytes, anzahl: int, *, als_base64: bool
) -> None:
    _, action = werkzeug.ACTIONS["sendMessage"]
    marke = b"MARKE"
    verweis = marke.decode() if als_base64 else '<i:Include href="cid:a@test"/>'
    kopf = werkzeug.metadaten(kennung, "gae:portal", "wbs:130030000000")
    umschlag = portal.umschlag(action, werkzeug.behaelter([verweis]), kopf)
    if als_base64:
        content_type, koerper = werkzeug.plain(umschlag, action)
    else:
        content_type, koerper = werkzeug.mehrteilig(umschlag, action, [("a@test", marke)])
    davor, _, danach = koerper.partition(marke)
    inhalt = base64.b64encode(stueck) if als_base64 else stueck

    def strom() -> Iterator[bytes]:
        yield davor
        for _ in range(anzahl):
            yield inhalt
        yield danach

    antwort = portal.client.post(portal.urls["send"], content=strom(), headers={"Content-Type": content_type})
    assert antwort.status_code == 200, antwort.content


def _lade_herunter(werkzeug: ModuleType, leser: Any, kennung: str) -> int:
    _, action = werkzeug.ACTIONS["getMessage"]
    selektor = f"<o:MsgSelector><w:MessageID>{kennung}</w:MessageID></o:MsgSelector>"
    umschlag = leser.umschlag(action, f"<o:MsgBoxFetchRequest>{selektor}</o:MsgBoxFetchRequest>")
    kopf = {"Content-Type": "application/soap+xml"}
    with leser.client.stream("POST", leser.urls["msgbox"], content=umschlag, headers=kopf) as antwort:
        assert antwort.status_code == 200
        return sum(map(len, antwort.iter_raw(MIB)))
