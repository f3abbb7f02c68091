"""What citizens write stays in the mailbox and in the case folders; everywhere else there are ids and codes.

A household of canary values goes through the line in every way a message can go: delivered, held for each reason,
malformed, retried, killed, and into targets whose errors quote what they were given. Every logger speaks at DEBUG,
PostgreSQL logs every statement with its parameters. Then everything is searched.
"""

from __future__ import annotations

import json
import sqlite3
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from lxml import etree

from fachwerk.anlegen import schreibe_schluessel
from fachwerk.demo import prozesse
from fachwerk.demo.ablauf import kanal_toml
from fachwerk.demo.beispiele import Anhang, Beispiel
from fachwerk.demo.versand import plattform, sende
from fachwerk.testkit.clamd import EICAR
from fachwerk.testkit.kanarienvogel import Fund, Suche

VORNAME, NAME, KIND = "Kanarina", "Vogelfrei-Kanari", "Kanarino-Kind"
IBAN, MAIL, TELEFON = "DE88271828182845904523", "kanari.8281@vogelpost.example", "0271/828182845"
BETRAG, MIETE, GEBOREN = "27182.81", "18281.45", "1931-04-27"
STRASSE, ORT, VERMIETER = "Kanarienflugstraße", "Kanarienhausen", "Kanarienbau Wohnungsgesellschaft"
FREITEXT = "Der Kanarienvogel verstummte im Schacht"
DATEI, INNEN = "Kanariengehalt_2718.pdf", "Kanarienzeugnis_2818.pdf"
ELEMENT, TAG, AKTENZEICHEN = "kanarienleiden", "kanarientag-82", "271 C 8281/26-K"
KANARIEN = (VORNAME, NAME, KIND, IBAN, MAIL, TELEFON, BETRAG, MIETE, GEBOREN, "27.04.1931", STRASSE, ORT, VERMIETER)
KANARIEN = (*KANARIEN, FREITEXT, DATEI, INNEN, ELEMENT, TAG, AKTENZEICHEN)
SUCHE = Suche(KANARIEN)

KANAELE = {"akte": "aktenablage", "render": "testziel_plappert", "deliver": "testziel_plappert"}
KANAELE |= {"wieder": "testziel_plappert"}
LESER = {name: f"05111000000{nummer}" for nummer, name in enumerate(KANAELE, 1)}
FW = "urn:fachwerk:projektprofil:1"
GEHALTEN = {"doppelsendung_abweichend", "format_unbekannt", "inhalt_doctype", "inhalt_unlesbar", "leistung_unbekannt"}
GEHALTEN |= {"schadsoftware", "version_unbekannt"}


# -- the messages ------------------------------------------------------------------------------------------------


def haushalt(bezug: str = "sgb12") -> dict[str, Any]:
    person = {"staatsangehoerigkeit": "deutsch", "grad_der_behinderung": 0, "pflegegrad": 0}
    antragsteller = {
        "name": f"{VORNAME} {NAME}",
        "rolle": "antragsteller",
        "geburtsdatum": GEBOREN,
        "einkuenfte": [{"art": "rente", "betrag": BETRAG}],
        "zahlt": {"einkommensteuer": False, "kranken_pflegeversicherung": True, "rentenversicherung": False},
    }
    return {
        "alleinerziehend": True,
        "haushalt": [person | antragsteller, person | {"name": f"{KIND} {NAME}", "rolle": "kind", "kindergeld": True}],
        "unterhalt": [],
        "leistungsbezug": bezug,
        "erwerbsfaehig": bezug == "sgb2",
        "altersrente": bezug == "sgb12",
        "miete": {"gesamt": MIETE, "vermieter": VERMIETER},
        "gefahr": {"aktenzeichen": AKTENZEICHEN},
    }


def xml(kanal: str, nummer: int, leistung: str = "wbs", *, bezug: str = "sgb12", **angaben: Any) -> bytes:
    """A message of the generator with canaries in what it would draw or leave out."""
    from fachwerk_xsozial_basis.erzeuger import Beigabe, nachricht
    from fachwerk_xsozial_basis.pdf import kleines_pdf

    angaben.setdefault("leser", f"{'wbs' if leistung == 'wbs' else 'mrh'}:{LESER[kanal]}")
    uuid = f"00000000-0000-4000-8000-{nummer:012d}"
    beigaben = [Beigabe(INNEN, kleines_pdf([FREITEXT])), Beigabe(DATEI)]
    roh = nachricht(leistung, haushalt(bezug), uuid=uuid, vorgangs_id=uuid, dokumente=beigaben, seed=1, **angaben)
    wurzel = etree.fromstring(roh)
    for wohin, neu in (("strasse", STRASSE), ("wohnort", ORT)):
        for element in wurzel.iter(wohin):
            element.text = neu
    for weg in wurzel.iter("{*}kommunikation"):
        weg.find("{*}kennung").text = MAIL if weg.findtext("{*}kanal/code") == "01" else TELEFON
    vorgang = next(wurzel.iter("{*}vorgang"))
    stoerendes = () if bezug == "sgb2" else (("freitext", FREITEXT), ("iban", IBAN), (ELEMENT, FREITEXT), ("tag", TAG))
    for name, text in stoerendes:
        etree.SubElement(vorgang, f"{{{FW}}}{name}", bemerkung=FREITEXT).text = text
    if stoerendes:
        next(vorgang.iter("{*}antragsDatum")).text = TAG
    wurzel.insert(0, etree.Comment(FREITEXT))
    return etree.tostring(wurzel, encoding="UTF-8", xml_declaration=True)


def nachrichten() -> Iterator[Beispiel]:
    anhang = Anhang(DATEI, "application/pdf", b"%PDF-1.4\n% " + f"{FREITEXT} {IBAN}".encode())
    nummer = iter(range(1, 100))

    def eine(inhalt: bytes, kanal: str = "akte", art: str = "wbs", anhaenge: Sequence[Anhang] = (anhang,)) -> Beispiel:
        return Beispiel("", f"{art}:{LESER[kanal]}", inhalt, tuple(anhaenge))

    gut = xml("akte", next(nummer))
    yield eine(gut)
    yield eine(gut)  # Doppelsendung
    yield eine(xml("akte", 99))
    yield eine(xml("akte", 99, produkt=f"Anderes {ORT}"))  # the same UUID with other content
    yield eine(xml("akte", next(nummer), "mietrueckstaende"), art="mrh")
    yield eine(xml("akte", next(nummer), "mietrueckstaende", bezug="sgb2"), art="mrh")
    for kanal in ("render", "deliver", "wieder"):
        yield eine(xml(kanal, next(nummer)), kanal)
    yield eine(xml("akte", next(nummer), version="2.9.0"))
    yield eine(xml("akte", next(nummer), leser=f"xyz:{LESER['akte']}", produkt=ORT, dienstkennung="", vorgangstyp="9"))
    yield eine(xml("akte", next(nummer))[:-300])
    yield eine(gut.replace(b"\n<", f'\n<!DOCTYPE x [<!ENTITY e "{FREITEXT}">]>\n<'.encode(), 1))
    yield eine(gut.replace(b"<fw:iban", f"<{NAME} <".encode(), 1))
    yield eine(f"<{ELEMENT}>{FREITEXT} {IBAN}</{ELEMENT}>".encode())
    yield eine(anhang.inhalt)  # named as XML, but a PDF
    yield eine(xml("akte", next(nummer)), anhaenge=(Anhang(f"{NAME}.txt", "text/plain", EICAR),))
    yield eine(b"", anhaenge=())


# -- the run -----------------------------------------------------------------------------------------------------


@dataclass
class Lauf:
    """A site after the run; ``server`` is its PostgreSQL, None with SQLite."""

    ordner: Path
    datenbank: str
    server: Any

    @property
    def erlaubt(self) -> list[Path]:
        return [self.ordner / "akten", self.ordner / "postfach"]

    def frage(self, sql: str) -> list[Any]:
        if self.server is None:
            with sqlite3.connect(self.ordner / "fachwerk.db") as verbindung:
                return verbindung.execute(sql).fetchall()
        import psycopg

        with psycopg.connect(self.datenbank.replace("+psycopg", "")) as verbindung:
            return verbindung.execute(sql).fetchall()

    def tabellen(self) -> bytes:
        """All tables, ours and the engine's, as text."""
        if self.server is None:
            with sqlite3.connect(self.ordner / "fachwerk.db") as verbindung:
                return "\n".join(verbindung.iterdump()).encode()
        import psycopg

        alle = "SELECT format('%I.%I', table_schema, table_name) FROM information_schema.tables"
        alle += " WHERE table_type = 'BASE TABLE' AND table_schema NOT IN ('pg_catalog', 'information_schema')"
        stuecke: list[bytes] = []
        with psycopg.connect(self.datenbank.replace("+psycopg", "")) as verbindung:
            for (name,) in verbindung.execute(alle).fetchall():
                stuecke.append(b"-- " + name.encode())
                with verbindung.cursor().copy(f"COPY {name} TO STDOUT") as strom:
                    stuecke += [bytes(stueck) for stueck in strom]
        return b"\n".join(stuecke)


@pytest.fixture(scope="module", params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def lauf(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, testziele: None) -> Lauf:
    ordner = tmp_path_factory.mktemp(request.param)
    for name in ("akten", "postfach", "spiegel", "protokolle", "tmp", "heim"):
        (ordner / name).mkdir()
    server = request.getfixturevalue("postgres_server") if request.param == "postgresql" else None
    lauf = Lauf(ordner, server.neue_datenbank() if server else f"sqlite:///{ordner / 'fachwerk.db'}", server)
    if server:
        _mache_geschwaetzig(lauf.datenbank)
    with _kulisse(ordner) as (urls, clamd):
        schreibe_schluessel(ordner / "fachwerk.key")
        (ordner / "fachwerk.toml").write_text(_toml(lauf.datenbank, urls, clamd), encoding="utf-8")
        with plattform(urls, ordner / "postfach" / "pki") as client:
            for beispiel in nachrichten():
                sende(client, beispiel)
        _arbeite(lauf)
    return lauf


def _mache_geschwaetzig(url: str) -> None:
    import psycopg

    name = url.rpartition("/")[2]
    with psycopg.connect(url.replace("+psycopg", ""), autocommit=True) as verbindung:
        for angabe in (
            "log_statement = 'all'",
            "log_parameter_max_length_on_error = -1",
            "log_error_verbosity = verbose",
        ):
            verbindung.execute(f"ALTER DATABASE {name} SET {angabe}")


@contextmanager
def _kulisse(ordner: Path) -> Iterator[tuple[dict[str, str], str]]:
    konten: dict[str, Any] = {
        name: {"kennungen": [f"{art}:{LESER[name]}" for art in ("wbs", "mrh")]} for name in KANAELE
    }
    konten["sozialplattform"] = {"kennungen": ["sop:050000100099"]}
    (ordner / "konten.json").write_text(json.dumps({"konten": konten}))
    launen = {"getMessage": {"art": "abgeschnitten"}, "close": {"art": "abbruch_nach_senden"}}
    (ordner / "postfach" / "temperament.json").write_text(json.dumps(launen))
    befehl = ["simulator", "xta", "--ordner", str(ordner / "postfach"), "--konten", str(ordner / "konten.json")]
    scanner = ordner / "protokolle" / "scanner.log"
    with (
        _prozess(ordner, "simulator", "fachwerk.testkit.laut", *befehl, "--inhalt-behalten") as simulator,
        _prozess(ordner, "scanner", "fachwerk.testkit.clamd", "--port", "0") as clamd,
    ):
        prozesse.warte(lambda: b"tcp://" in scanner.read_bytes(), "Virenscanner", clamd)
        stand: Any = prozesse.warte_auf_json(ordner / "postfach" / "simulator.json", "Simulator", simulator)
        yield stand["urls"], scanner.read_text().split()[0]


def _toml(datenbank: str, urls: dict[str, str], clamd: str) -> str:
    stuecke = [f'[fachwerk]\ndatenbank = "{datenbank}"\nplugins = ["wbs_nw", "mietrueckstaende"]\n']
    stuecke += ['[format.xsozial_basis]\nbestaetigt = ["projektprofil-1"]\n[sicherung]\nspiegel = "spiegel"\n']
    stuecke += [f'[virenpruefung]\nart = "clamd"\nadresse = "{clamd}"\n']
    for name, plugin in KANAELE.items():
        stuecke.append(kanal_toml(name, "nw", urls))
        stuecke.append(f'[ziel.{name}]\nplugin = "{plugin}"\n')
        stuecke.append('verzeichnis = "akten"\n' if name == "akte" else "")
        stuecke.append(f'[[route]]\nleistung = "*"\nkanal = "{name}"\nziel = "{name}"\nzustand = "live"\n')
    return "\n".join(stuecke)


@contextmanager
def _prozess(ordner: Path, name: str, *argumente: str) -> Iterator[subprocess.Popen[bytes]]:
    """A process with its own temporary and home folder and its own log."""
    eigenes = {"TMPDIR": str(ordner / "tmp"), "HOME": str(ordner / "heim")}
    prozess = prozesse.starte(argumente, ordner / "protokolle" / f"{name}.log", eigenes)
    try:
        yield prozess
    finally:
        prozesse.beende(prozess)


def _befehl(ordner: Path, name: str, *argumente: str) -> Any:
    laut = ("fachwerk.testkit.laut", "--log", "json", "--konfig", str(ordner / "fachwerk.toml"), *argumente)
    return _prozess(ordner, name, *laut)


def _arbeite(lauf: Lauf) -> None:
    """Work, be killed, work on; then look at what an operator looks at."""
    with _befehl(lauf.ordner, "poll-1", "poll", "--json") as erster:
        prozesse.warte(lambda: bool(unvollstaendige(lauf)), "Eine unvollständige Nachricht", erster)
        prozesse.warte(lambda: any((lauf.ordner / "akten").glob("[!.]*")), "Die erste Akte", erster)
        erster.kill()
    with _befehl(lauf.ordner, "poll-2", "poll", "--json") as zweiter:
        assert zweiter.wait(120) in (0, 1)
    gehalten = lauf.frage("SELECT id FROM vorgang WHERE grund = 'plugin_ausnahme' LIMIT 1")
    befehle = [["vorgang", "list"], ["check"], *(["vorgang", "show", zeile[0]] for zeile in gehalten)]
    with ExitStack() as nebenher:
        for nummer, argumente in enumerate(befehle):
            prozess = nebenher.enter_context(_befehl(lauf.ordner, f"blick-{nummer}", *argumente))
            nebenher.callback(prozess.wait, 60)


def unvollstaendige(lauf: Lauf) -> list[str]:
    """Ids of the messages that the first poll asked for and did not get whole, as it said at once."""
    zeilen = (lauf.ordner / "protokolle" / "poll-1.log").read_text(encoding="utf-8").splitlines()
    ganze = (json.loads(zeile) for zeile in zeilen if "xta.nachricht_nicht_abgeholt" in zeile and zeile.endswith("}"))
    return [zeile["nachricht_id"] for zeile in ganze if zeile["event"] == "xta.nachricht_nicht_abgeholt"]


# -- what is found -----------------------------------------------------------------------------------------------


def test_the_run_took_every_way_a_message_can_take(lauf: Lauf) -> None:
    zeilen = lauf.frage("SELECT status, grund FROM vorgang")
    assert {status for status, _ in zeilen} == {"done", "held"}
    assert len(zeilen) == len(list(nachrichten()))
    gruende = [grund for _, grund in zeilen]
    assert {"", "doppelsendung", "plugin_ausnahme", *GEHALTEN} <= set(gruende)
    assert gruende.count("inhalt_unlesbar") == 4  # cut off, not well-formed, a PDF called XML, empty
    # "deliver" is held as plugin_ausnahme, or as ausgang_unbekannt where the kill hit it
    assert set(gruende) - {"", "doppelsendung", "plugin_ausnahme", "ausgang_unbekannt", *GEHALTEN} == set()
    assert "dienst_beendet" not in (lauf.ordner / "protokolle" / "poll-1.log").read_text()  # killed


def test_the_message_that_did_not_come_whole_was_fetched_again(lauf: Lauf) -> None:
    """The first poll said so before it was killed; whichever poll came next took it in, and closed it."""
    [kennung] = unvollstaendige(lauf)
    anfragen = (lauf.ordner / "protokolle" / "simulator.log").read_text(encoding="utf-8").splitlines()
    assert len([zeile for zeile in anfragen if "getMessage" in zeile and kennung in zeile]) >= 2
    eingaenge = lauf.frage("SELECT nachricht_id, bestaetigt IS NOT NULL FROM eingang")
    assert [bool(bestaetigt) for nachricht_id, bestaetigt in eingaenge if nachricht_id == kennung] == [True]


def test_every_canary_went_through_the_line(lauf: Lauf) -> None:
    """Else the tests below would search for what was never there."""
    gesendet = {fund.wert for fund in SUCHE.in_dateien(lauf.ordner / "postfach")}
    assert gesendet == set(KANARIEN) - {"27.04.1931"}  # the form in which it is shown
    gelesen = {fund.wert for fund in SUCHE.in_dateien(lauf.ordner / "akten")}
    assert {VORNAME, NAME, IBAN, BETRAG, STRASSE, FREITEXT, DATEI} <= gelesen


def test_no_file_outside_of_mailbox_and_cases_holds_a_canary(lauf: Lauf) -> None:
    assert SUCHE.in_dateien(lauf.ordner, ausser=lauf.erlaubt) == []


def test_no_table_holds_a_canary(lauf: Lauf) -> None:
    dump = lauf.tabellen()
    for name in (b"vorgang", b"schritt", b"workflow_status", b"operation_outputs"):
        assert name in dump
    assert SUCHE.in_text(dump, "Tabellen") == []


def test_neither_files_nor_log_of_the_database_server_hold_a_canary(lauf: Lauf) -> None:
    if lauf.server is None:
        assert {"fachwerk.db"} <= {pfad.name for pfad in lauf.ordner.iterdir()}  # searched with all other files
        return
    protokoll = lauf.server.ordner / "protokoll"
    assert b"INSERT INTO vorgang" in protokoll.read_bytes()  # it logs every statement, with its parameters
    ((oid,),) = lauf.frage("SELECT oid FROM pg_database WHERE datname = current_database()")
    eigene = lauf.server.daten / "base" / str(oid)
    assert eigene.is_dir()
    assert SUCHE.in_dateien(protokoll, eigene, lauf.server.daten / "pg_wal") == []


def test_the_logs_were_loud(lauf: Lauf) -> None:
    texte = [datei.read_text(errors="replace") for datei in (lauf.ordner / "protokolle").glob("poll-*.log")]
    alles = "\n".join(texte)
    for woher in ("httpcore.connection", "sqlalchemy.engine.Engine", "apscheduler.scheduler", "dbos"):
        assert f'"logger": "{woher}"' in alles
    assert "ging_nicht" in alles  # a plugin logged an exception that quotes the application
    assert '"level": "debug"' in alles


def test_the_search_finds_what_is_planted(lauf: Lauf, tmp_path: Path) -> None:
    protokoll = tmp_path / "poll.log"
    roh = (lauf.ordner / "protokolle" / "poll-2.log").read_bytes()
    for form in (
        NAME.upper().encode(),
        NAME.encode("utf-16"),
        json.dumps(STRASSE).encode(),
        MAIL.encode().hex().encode(),
    ):
        protokoll.write_bytes(roh + b"..." + form)
        assert [fund.ort for fund in SUCHE.in_dateien(tmp_path)] == [str(protokoll)]
    protokoll.rename(tmp_path / f"{DATEI}.tmp")
    assert Fund(f"Name von {tmp_path / DATEI}.tmp", DATEI) in SUCHE.in_dateien(tmp_path)


def test_the_search_finds_a_canary_in_a_table(lauf: Lauf, tmp_path: Path) -> None:
    """In its text, and in the file of the database as the disk has it."""
    if lauf.server is not None:
        dump = lauf.tabellen().replace(b"doppelsendung", f"doppelsendung {NAME}".encode(), 1)
        assert {fund.wert for fund in SUCHE.in_text(dump, "Tabellen")} == {NAME}
        return
    kopie = sqlite3.connect(tmp_path / "fachwerk.db")
    with sqlite3.connect(lauf.ordner / "fachwerk.db") as quelle:
        quelle.backup(kopie)
    kopie.execute("UPDATE inhalt SET daten = ? WHERE nr = 0", (FREITEXT.encode(),))
    kopie.commit()
    assert {fund.wert for fund in SUCHE.in_text("\n".join(kopie.iterdump()).encode(), "Tabellen")} == {FREITEXT}
    assert {fund.wert for fund in SUCHE.in_dateien(tmp_path)} == {FREITEXT}  # in the file, or still in its -wal
    kopie.close()
    assert SUCHE.in_dateien(tmp_path) == [Fund(str(tmp_path / "fachwerk.db"), FREITEXT)]
