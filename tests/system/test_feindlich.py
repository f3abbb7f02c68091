"""Hostile messages over the whole line: a real mailbox over mTLS, a real worker, its memory measured.

Every message of ``fachwerk.testkit.feindlich`` says how it has to end and why; here it is sent, polled and looked for.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import socket
import sqlite3
import threading
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from fachwerk.anlegen import schreibe_schluessel
from fachwerk.demo import prozesse
from fachwerk.demo.ablauf import kanal_toml
from fachwerk.demo.versand import ABSENDER, plattform
from fachwerk.modell import Teil
from fachwerk.testkit.clamd import FalscherClamd
from fachwerk.testkit.feindlich import LESER, NAMEN, Fall, Stueck, antrag, faelle
from fachwerk.testkit.messung import Messung, messe
from fachwerk_generic_xta.simulator.temperament import pruefe_laune

GEHEIM = "GEHEIMER-INHALT-EINER-DATEI-DES-SERVERS"
KONTEN = {"brav": "wbs:051110000001", "feind": LESER, "gross": "wbs:051110000002", "launisch": "wbs:051110000003"}
GROSS = 200_000_000
MEHR_MIB = 150
ANHANG = Stueck(b"%PDF-1.4\n" + bytes(range(256)) * 400, "anhang_0001.pdf", "application/pdf")
ERLAUBT = ("cid_prozent", "wurzel_zuletzt", "inline_base64", "gestueckelt")
FALSCH = ("abgeschnitten", "ohne_schlussgrenze", "ohne_teil", "falsche_cid", "falsche_groesse", "doctype")
ABBRUECHE = ("abbruch_vorher", "abbruch_im_rumpf")
LAUNEN = (*FALSCH, *ERLAUBT, *ABBRUECHE)
"""What the standard allows, what it forbids, and what the network does; the good ones stand behind the bad ones."""

ADRESSRAUM = 6 * 1024**3


@dataclass
class Standort:
    """A site with one Kanal for each purpose; ``simulator`` runs in this process, so that its moods can be set."""

    ordner: Path
    simulator: Any
    clamd: str
    gesendet: dict[str, str] = field(default_factory=dict)
    gemessen: dict[str, Messung] = field(default_factory=dict)
    zwischenstand: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.ordner.mkdir()
        schreibe_schluessel(self.ordner / "fachwerk.key")
        pki = str(self.simulator.ordner / "pki")
        kanaele = "\n".join(
            kanal_toml(name, "nw", self.simulator.urls, pki).replace('takt = "1m"', 'takt = "1m"\nleistung = "wbs"')
            for name in KONTEN
        )
        (self.ordner / "fachwerk.toml").write_text(
            f'[fachwerk]\nplugins = ["wbs_nw"]\n{kanaele}\n[format.xsozial_basis]\nbestaetigt = ["projektprofil-1"]\n'
            '[ziel.akte]\nplugin = "aktenablage"\nverzeichnis = "akten"\n'
            '[[route]]\nleistung = "*"\nziel = "akte"\nzustand = "live"\n[sicherung]\nspiegel = "spiegel"\n'
            f'[virenpruefung]\nart = "clamd"\nadresse = "{self.clamd}"\n',
            encoding="utf-8",
        )

    def sende(self, alle: Iterable[Fall], leser: str) -> None:
        from fachwerk_generic_xta.nachricht import Listenwert, Metadaten, Partei

        with plattform(self.simulator.urls, self.simulator.ordner / "pki") as client:
            for fall in alle:
                metadaten = Metadaten(
                    nachricht_id=client.new_id(),
                    autor=Partei(ABSENDER, kategorie="Sozialportal"),
                    leser=Partei(leser),
                    szenario=Listenwert("XSOZIALES_BASIS"),
                    nachrichtentyp=Listenwert(
                        "vorgang.transportieren.1000001", "urn:de:payloadSchema:elementName", "1.0"
                    ),
                    payload_schema="urn:xoev-de:d-nrw:standard:xsozialbasis",
                )
                client.send(metadaten, [_teil(stueck) for stueck in fall.teile])
                self.gesendet[fall.name] = metadaten.nachricht_id

    def poll(self, kanal: str) -> Messung:
        befehl = ["fachwerk", "--konfig", str(self.ordner / "fachwerk.toml"), "poll", "--json", kanal]
        self.gemessen[kanal] = messe(befehl, prozesse.umgebung(), adressraum=ADRESSRAUM)
        return self.gemessen[kanal]

    def poll_mit_launen(self, kanal: str, launen: Sequence[str]) -> None:
        """Poll while the mailbox answers each getMessage in its own way, in the order of the messages."""
        temperament = self.simulator.temperament
        uebrige = list(launen)
        with pytest.MonkeyPatch.context() as patch:
            ruhig = temperament.naechste
            patch.setattr(
                temperament,
                "naechste",
                lambda vorgang, *aufruf: (
                    pruefe_laune({"art": uebrige.pop(0)})
                    if vorgang == "getMessage" and uebrige
                    else ruhig(vorgang, *aufruf)
                ),
            )
            self.poll(kanal)
            self.gemessen[f"{kanal}-mit-launen"] = self.gemessen[kanal]
        self.zwischenstand = {name for name in self.gesendet if name.startswith("laune_") and self.vorgang(name)}

    def vorgang(self, name: str) -> dict[str, Any]:
        """The case of a message: status, grund, hinweis, empfehlung, and ``akte``, the name of its folder."""
        with contextlib.closing(sqlite3.connect(self.ordner / "fachwerk.db")) as verbindung:
            verbindung.row_factory = sqlite3.Row
            zeile = verbindung.execute(
                "SELECT v.*, (SELECT kennung FROM quittung q WHERE q.vorgang_id = v.id) AS akte FROM vorgang v"
                " JOIN eingang e ON e.vorgang_id = v.id WHERE e.nachricht_id = ?",
                (self.gesendet[name],),
            ).fetchone()
            return dict(zeile) if zeile else {}

    def akte(self, name: str) -> Path:
        return self.ordner / "akten" / str(self.vorgang(name)["akte"])


def _teil(stueck: Stueck) -> Teil:
    return Teil.entwurf(stueck.name, stueck.medientyp, lambda: [stueck.inhalt])


@dataclass
class Lauscher:
    """An HTTP port that notes whether anybody came."""

    besuche: int = 0
    url: str = ""

    @contextlib.contextmanager
    def lausche(self) -> Iterator[None]:
        with socket.create_server(("127.0.0.1", 0)) as dose:
            self.url = f"http://127.0.0.1:{dose.getsockname()[1]}/e"
            threading.Thread(target=self._zaehle, args=(dose,), daemon=True).start()
            yield

    def _zaehle(self, dose: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while True:
                dose.accept()[0].close()
                self.besuche += 1


LAUSCHER = Lauscher()
FAELLE = list(faelle("file:///@GEHEIM@", "http://@NETZ@"))


@pytest.fixture(scope="module")
def standort(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Standort]:
    from fachwerk_generic_xta.simulator import Einstellungen, XtaSimulator

    ordner = tmp_path_factory.mktemp("feindlich")
    geheim = ordner / "geheim.txt"
    geheim.write_text(GEHEIM)
    konten: dict[str, Any] = {name: {"kennungen": [kennung]} for name, kennung in KONTEN.items()}
    konten["sozialplattform"] = {"kennungen": [ABSENDER]}
    einstellungen = Einstellungen(groessengrenze=2 * GROSS)
    with (
        XtaSimulator(ordner / "postfach", {"konten": konten}, einstellungen=einstellungen) as simulator,
        FalscherClamd(grenze=2 * GROSS) as clamd,
        LAUSCHER.lausche(),
    ):
        standort = Standort(ordner / "standort", simulator, clamd.adresse)
        standort.sende([Fall(f"brav_{n}", (Stueck(antrag(seed=n)),), "", "") for n in range(5)], KONTEN["brav"])
        standort.poll("brav")
        standort.sende(faelle(geheim.as_uri(), LAUSCHER.url), KONTEN["feind"])
        standort.poll("feind")
        standort.sende([_grosser_knoten()], KONTEN["gross"])
        standort.poll("gross")
        standort.sende(
            [Fall(f"laune_{n}", (Stueck(antrag(seed=n)), ANHANG), "", "") for n in LAUNEN], KONTEN["launisch"]
        )
        standort.poll_mit_launen("launisch", LAUNEN)
        standort.poll("launisch")
        yield standort


def _grosser_knoten() -> Fall:
    vorn, hinten = antrag().split(b"Musterow", 1)
    return Fall("riesiger_text", (Stueck(vorn + b"W" * GROSS + hinten),), "inhalt_unlesbar", "")


def test_all_are_fetched_in_one_poll_and_nothing_fails(standort: Standort) -> None:
    bericht = standort.gemessen["feind"].json
    assert bericht["neu"] == len(FAELLE)
    assert bericht["fehler"] == {}
    assert set(bericht["stand"]) == {"done", "held"}
    assert "Traceback" not in standort.gemessen["feind"].fehler


@pytest.mark.parametrize("fall", FAELLE, ids=lambda fall: fall.name)
def test_it_ends_as_it_should(standort: Standort, fall: Fall) -> None:
    vorgang = standort.vorgang(fall.name)
    assert (vorgang["status"], vorgang["grund"]) == ("held" if fall.erwartet else "done", fall.erwartet), fall.weil
    if fall.erwartet:
        assert len(vorgang["hinweis"]) > 40  # a German sentence that says what, where, what to do
        assert vorgang["hinweis"].rstrip()[-1] in ".?"
    else:
        assert (standort.akte(fall.name) / "index.html").is_file()
        assert (standort.akte(fall.name) / "antrag.pdf").stat().st_size > 1000


@pytest.mark.parametrize("fall", [fall for fall in FAELLE if not fall.erwartet], ids=lambda fall: fall.name)
def test_what_is_delivered_is_all_that_was_sent(standort: Standort, fall: Fall) -> None:
    summen = [
        hashlib.sha256(datei.read_bytes()).hexdigest()
        for datei in standort.akte(fall.name).rglob("*")
        if datei.is_file()
    ]
    gesendet = json.loads(
        (standort.simulator.ordner / "nachrichten" / standort.gesendet[fall.name][-36:] / "nachricht.json").read_text()
    )
    assert {teil["sha256"] for teil in gesendet["teile"]} <= set(summen)


def test_nothing_is_fetched_and_no_foreign_file_is_read(standort: Standort) -> None:
    assert LAUSCHER.besuche == 0
    for datei in standort.ordner.rglob("*"):
        assert datei.is_dir() or GEHEIM.encode() not in datei.read_bytes()


def test_nothing_is_written_outside_of_the_target_folder(standort: Standort) -> None:
    oben = {pfad.name for pfad in standort.ordner.parent.iterdir()}
    assert oben == {"geheim.txt", "postfach", "standort"}
    neben = {pfad.name for pfad in standort.ordner.iterdir() if not pfad.name.startswith("fachwerk.")}
    assert neben == {"akten", "spiegel"}
    akten = standort.ordner / "akten"
    assert {pfad.name for pfad in akten.iterdir()} == {
        zeile["akte"] for name in standort.gesendet if (zeile := standort.vorgang(name))["akte"]
    }
    for pfad in akten.rglob("*"):
        assert not pfad.is_symlink()
        assert pfad.resolve().is_relative_to(akten)


def test_names_of_attachments_become_names_every_system_can_have(standort: Standort) -> None:
    namen = [pfad.name for pfad in (standort.akte("boese_namen") / "anlagen").iterdir()]
    assert len(namen) == len({name.casefold() for name in namen}) >= len(NAMEN)
    for name in namen:
        assert name.isprintable()
        assert not set(name) & set('\\/:*?"<>|\u202e\u200b')
        assert len(name.encode()) <= 150
        assert name.split(".")[0].upper() not in ("CON", "NUL", "PRN", "AUX", "COM1", "LPT1")


def test_markup_in_values_and_names_is_text(standort: Standort) -> None:
    for name in ("html_im_namen", "boese_namen"):
        seite = (standort.akte(name) / "index.html").read_text(encoding="utf-8")
        assert "&lt;img src=x" in seite
        assert "<img src=x" not in seite


UNSINN = [fall.name for fall in FAELLE if fall.name.startswith("betrag_")]
UNSINN += ["geboren_9999-12-31", "geboren_0001-01-01", "antrag_am_9999-12-31"]


@pytest.mark.parametrize("name", UNSINN)
def test_senseless_values_decide_nothing(standort: Standort, name: str) -> None:
    assert standort.vorgang(name)["empfehlung"] in ("vorlegen", "nachfordern")


def test_a_text_of_200_megabytes_costs_no_memory(standort: Standort) -> None:
    """Stored and kept as it came, held because nobody can read it; measured against an ordinary round."""
    vorgang = standort.vorgang("riesiger_text")
    assert (vorgang["status"], vorgang["grund"]) == ("held", "inhalt_unlesbar")
    with contextlib.closing(sqlite3.connect(standort.ordner / "fachwerk.db")) as verbindung:
        laenge = "SELECT max(laenge) FROM teil WHERE vorgang_id = ?"
        assert verbindung.execute(laenge, (vorgang["id"],)).fetchone()[0] > GROSS
    mehr = standort.gemessen["gross"].mib - standort.gemessen["brav"].mib
    assert mehr <= MEHR_MIB, f"{mehr:.0f} MiB more than an ordinary round"


def test_all_hostile_messages_together_cost_little_memory(standort: Standort) -> None:
    mehr = standort.gemessen["feind"].mib - standort.gemessen["brav"].mib
    assert mehr <= 2 * MEHR_MIB, f"{mehr:.0f} MiB more than an ordinary round"


def test_of_broken_answers_nothing_is_taken_and_the_others_are_there(standort: Standort) -> None:
    assert standort.zwischenstand == {f"laune_{art}" for art in ERLAUBT}
    bericht = standort.gemessen["launisch-mit-launen"].json
    assert bericht["neu"] == len(ERLAUBT)
    assert f"{len(FALSCH) + len(ABBRUECHE)} Nachricht(en) liegen noch im Postfach" in json.dumps(
        bericht["fehler"], ensure_ascii=False
    )


@pytest.mark.parametrize("art", LAUNEN)
def test_with_the_next_poll_everything_is_there(standort: Standort, art: str) -> None:
    assert standort.vorgang(f"laune_{art}")["status"] == "done"
    inhalte = {datei.read_bytes() for datei in (standort.akte(f"laune_{art}") / "anlagen").iterdir()}
    assert ANHANG.inhalt in inhalte
