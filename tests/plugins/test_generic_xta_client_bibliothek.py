"""The client as a library, without Fachwerk around it: all twelve operations over real mutual TLS."""

from __future__ import annotations

import hashlib
import os
import re
import runpy
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, load_pem_private_key, pkcs12
from cryptography.x509 import load_pem_x509_certificate

from fachwerk.errors import ConfigError, NeedsHumanError, PermanentError, RetryableError
from fachwerk.modell import Teil
from fachwerk.transport import Verbindung
from fachwerk_generic_xta.ablage import Ordnerablage
from fachwerk_generic_xta.client import Adressen, Faehigkeiten, XtaClient, verbinde
from fachwerk_generic_xta.codec import Anfrage
from fachwerk_generic_xta.codec211 import Codec211
from fachwerk_generic_xta.fehler import NachrichtUnbekannt
from fachwerk_generic_xta.nachricht import Dienstfrage, Listenwert, Metadaten, Partei, Quittungsart, Teilangaben
from fachwerk_generic_xta.simulator import Einstellungen, XtaSimulator

LESER, PORTAL, SOFORT = "wbs:130030000000", "gae:portal", "wbs:130050000000"
DIENST = "urn:beispiel:auskunft"
KONTEN = {
    "konten": {
        "leser": {"kennungen": [LESER]},
        "portal": {"kennungen": [PORTAL]},
        "sofort": {
            "kennungen": [SOFORT],
            "dienste": [DIENST],
            "antwort": {"text": "<auskunft/>", "medientyp": "text/xml", "dateiname": "../auskunft.xml"},
        },
    }
}
ALLES = Faehigkeiten(blaettern=True, zurueckziehen=True)
KOPF = Metadaten(
    "",
    Partei(PORTAL),
    Partei(LESER),
    DIENST,
    Listenwert("FIM", "urn:l", "3"),
    Listenwert("auskunft.1", "urn:t", "1.0"),
    "urn:s",
    test=True,
    quittungen=frozenset({Quittungsart.ZUSTELLUNG}),
    antwort_auf=("urn:frage",),
)


@pytest.fixture(scope="module")
def simulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[XtaSimulator]:
    ordner = tmp_path_factory.mktemp("sim")
    with XtaSimulator(ordner, KONTEN, einstellungen=Einstellungen(streng=True)) as laufend:
        yield laufend


def client(simulator: XtaSimulator, konto: str, kennung: str) -> AbstractContextManager[XtaClient]:
    zugang, urls = simulator.zugang(konto), simulator.urls
    verbindung = Verbindung(zertifikat=zugang.zertifikat, privatschluessel=zugang.privatschluessel, ca=zugang.ca)
    adressen = Adressen(urls["management"], urls["msgbox"], urls["send"])
    return verbinde(adressen, Partei(kennung), verbindung, faehigkeiten=ALLES)


@pytest.fixture
def portal(simulator: XtaSimulator) -> Iterator[XtaClient]:
    with client(simulator, "portal", PORTAL) as offen:
        yield offen


@pytest.fixture
def leser(simulator: XtaSimulator) -> Iterator[XtaClient]:
    with client(simulator, "leser", LESER) as offen:
        yield offen
        while seite := offen.list().eintraege:
            offen.close([eintrag.nachricht_id for eintrag in seite], offen.list().anfrage_id)


def teil(inhalt: bytes, name: str = "antrag.xml") -> Teil:
    return Teil.entwurf(name, "text/xml", lambda: [inhalt], "Ein Antrag")


def sende(portal: XtaClient, *inhalte: bytes, kopf: Metadaten = KOPF) -> str:
    kennung = portal.new_id()
    portal.send(replace(kopf, nachricht_id=kennung), [teil(inhalt) for inhalt in inhalte])
    return kennung


def test_a_message_goes_its_whole_way(portal: XtaClient, leser: XtaClient, tmp_path: Path) -> None:
    for konto in (portal, leser):
        konto.check()
    kennung = portal.new_id()
    teile, angaben = [teil(b"<a/>", "../antrag.xml"), teil(b"")], [Teilangaben("UTF-8", "a1", "de"), Teilangaben()]
    portal.send(replace(KOPF, nachricht_id=kennung), teile, angaben)
    assert portal.report(kennung).offen
    seite = leser.list(1)
    assert [eintrag.nachricht_id for eintrag in seite.eintraege] == [kennung]
    ablage = Ordnerablage(tmp_path)
    abholung = leser.fetch(kennung, ablage)
    assert abholung.metadaten is not None
    assert (abholung.metadaten.antwort_auf, abholung.metadaten.test) == (("urn:frage",), True)
    assert [b"".join(geholt.bytes_strom()) for geholt in abholung.teile] == [b"<a/>", b""]
    assert (abholung.teile[0].name, abholung.teile[0].beschreibung) == ("../antrag.xml", "Ein Antrag")
    assert abholung.angaben == (replace(angaben[0], groesse=4), Teilangaben())
    leser.close([kennung], abholung.anfrage_id)
    leser.close([kennung], abholung.anfrage_id)
    assert portal.report(kennung).status == 1
    with pytest.raises(NachrichtUnbekannt):
        leser.fetch(kennung, ablage)


def test_the_directory_tells_who_offers_what(portal: XtaClient) -> None:
    fragen = [Dienstfrage(Partei(SOFORT), DIENST), Dienstfrage(Partei(SOFORT), "urn:anderes")]
    assert [(auskunft.frage.dienst, auskunft.verfuegbar) for auskunft in portal.lookup(fragen)] == [
        (DIENST, True),
        ("urn:anderes", False),
    ]


def test_paging_goes_on_and_acknowledges_only_what_is_named(portal: XtaClient, leser: XtaClient) -> None:
    gesendet = [sende(portal, b"<a/>") for _ in range(5)]
    erste = leser.list(2)
    zweite = leser.next_list(erste.anfrage_id)
    dritte = leser.next_list(zweite.anfrage_id, [eintrag.nachricht_id for eintrag in erste.eintraege])
    gesehen = [eintrag.nachricht_id for seite in (erste, zweite, dritte) for eintrag in seite.eintraege]
    assert (gesehen, dritte.offen) == (gesendet, 0)
    assert [eintrag.nachricht_id for eintrag in leser.list().eintraege] == gesendet[2:]


def test_messages_follow_each_other_until_there_is_none(portal: XtaClient, leser: XtaClient, tmp_path: Path) -> None:
    gesendet = [sende(portal, b"<a>%d</a>" % nr) for nr in range(3)]
    ablage = Ordnerablage(tmp_path)
    anfrage_id, geholt, erhalten = leser.list(1).anfrage_id, list[bytes](), list[str]()
    erste = leser.fetch(gesendet[0], ablage)
    geholt += erste.teile[0].bytes_strom()
    naechste = leser.fetch_next(anfrage_id, ablage, erhalten)
    assert naechste is not None
    assert naechste.metadaten is not None
    assert naechste.metadaten.nachricht_id == gesendet[1]
    leser.close(gesendet[:1], anfrage_id)
    with pytest.raises(NachrichtUnbekannt):
        leser.fetch_next(anfrage_id, ablage, ["urn:de:xta:messageid:fremd:1"])
    letzte = leser.fetch_next(anfrage_id, ablage, [gesendet[1]])
    assert letzte is not None
    assert b"".join(letzte.teile[0].bytes_strom()) == b"<a>2</a>"
    assert [eintrag.nachricht_id for eintrag in leser.list().eintraege] == gesendet[2:]


def test_what_one_unknown_id_would_leave_open_is_closed_all_the_same(portal: XtaClient, leser: XtaClient) -> None:
    gesendet = [sende(portal, b"<a/>") for _ in range(3)]
    anfrage_id = leser.list().anfrage_id
    leser.close(gesendet[1:2], anfrage_id)
    leser.close(gesendet, anfrage_id)
    assert leser.list().eintraege == ()


def test_a_message_is_taken_back_before_its_time_and_not_without_one(portal: XtaClient, leser: XtaClient) -> None:
    spaeter = sende(portal, b"<a/>", kopf=replace(KOPF, nicht_vor=datetime.now(UTC) + timedelta(days=1)))
    sofort = sende(portal, b"<a/>")
    portal.cancel(spaeter)
    with pytest.raises(PermanentError) as fehler:
        portal.cancel(sofort)
    assert fehler.value.code == "xta.9101"
    assert [eintrag.nachricht_id for eintrag in leser.list().eintraege] == [sofort]


def test_a_synchronous_message_brings_the_answer_of_its_reader(portal: XtaClient, tmp_path: Path) -> None:
    kopf = replace(KOPF, nachricht_id=portal.new_id(), leser=Partei(SOFORT))
    antwort = portal.send_sync(kopf, [teil(b"<frage/>")], Ordnerablage(tmp_path))
    assert [(t.name, b"".join(t.bytes_strom())) for t in antwort.teile] == [("../auskunft.xml", b"<auskunft/>")]
    assert antwort.metadaten is not None
    assert antwort.metadaten.autor.kennung == SOFORT
    kopf = replace(KOPF, nachricht_id=portal.new_id())
    with pytest.raises(PermanentError) as fehler:
        portal.send_sync(kopf, [teil(b"<frage/>")], Ordnerablage(tmp_path))
    assert fehler.value.code == "xta.9080"


def test_a_pkcs12_file_opens_the_mailbox_as_well(simulator: XtaSimulator, tmp_path: Path) -> None:
    zugang = simulator.zugang("leser")
    schluessel = load_pem_private_key(zugang.privatschluessel.read_bytes(), None)
    zertifikat = load_pem_x509_certificate(zugang.zertifikat.read_bytes())
    datei = tmp_path / "leser.p12"
    kennwort = BestAvailableEncryption(b"geheim")
    assert isinstance(schluessel, rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey)
    datei.write_bytes(pkcs12.serialize_key_and_certificates(b"leser", schluessel, zertifikat, None, kennwort))
    adressen = Adressen(simulator.urls["management"], simulator.urls["msgbox"])
    with verbinde(adressen, Partei("*"), Verbindung(datei, passphrase="geheim", ca=zugang.ca)) as xta:
        xta.check()
    with pytest.raises(ConfigError), verbinde(adressen, Partei("*"), Verbindung(datei, passphrase="falsch")):
        pass


def test_a_server_of_another_authority_is_never_spoken_to(simulator: XtaSimulator) -> None:
    zugang = simulator.zugang("leser")
    verbindung = Verbindung(zugang.zertifikat, zugang.privatschluessel)  # the system's authorities do not know it
    adressen = Adressen(simulator.urls["management"], simulator.urls["msgbox"])
    with verbinde(adressen, Partei("*"), verbindung) as xta, pytest.raises(NeedsHumanError) as fehler:
        xta.check()
    assert fehler.value.code == "transport.server_zertifikat"


def test_each_address_has_a_connection_of_its_own_which_is_closed_at_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    gefragt: list[str] = []

    def oeffne(verbindung: Verbindung) -> httpx.Client:
        client = httpx.Client(transport=httpx.MockTransport(lambda anfrage: antworte(client, anfrage)))
        offen.append(client)
        return client

    def antworte(client: httpx.Client, anfrage: httpx.Request) -> httpx.Response:
        gefragt.append(f"{offen.index(client)} {anfrage.url}")
        return httpx.Response(503)

    offen: list[httpx.Client] = []
    monkeypatch.setattr("fachwerk_generic_xta.client.oeffne", oeffne)
    with verbinde(Adressen("https://m/", "https://p/", "https://v/"), Partei("a"), Verbindung()) as xta:
        for frage in (xta.check, xta.list, xta.new_id, lambda: xta.send(KOPF, [teil(b"")])):
            with pytest.raises(RetryableError):
                frage()
    assert gefragt == ["0 https://m/", "1 https://p/", "0 https://m/", "2 https://v/"]
    assert [client.is_closed for client in offen] == [True] * 3


def test_a_folder_keeps_parts_under_names_of_its_own_and_no_half_ones(tmp_path: Path) -> None:
    ablage = Ordnerablage(tmp_path)
    gut = ablage.schreibe([b"ab", b"", b"c"], "../../etc/passwd", "a/b", "Plan")
    assert ablage.pfad(gut).read_bytes() == b"abc"
    assert (gut.name, gut.laenge, gut.sha256) == ("../../etc/passwd", 3, hashlib.sha256(b"abc").hexdigest())

    def bricht_ab() -> Iterator[bytes]:
        yield b"halb"
        assert len(os.listdir(tmp_path)) == 2
        raise RuntimeError("cut")

    with pytest.raises(RuntimeError, match="cut"):
        ablage.schreibe(bricht_ab())
    assert os.listdir(tmp_path) == [ablage.pfad(gut).name]


def test_the_example_of_the_readme_reads_a_mailbox(
    simulator: XtaSimulator, portal: XtaClient, leser: XtaClient, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    kennung = sende(portal, b"<a/>")
    readme = Path(__file__).resolve().parents[2] / "plugins/generic_xta/README.md"
    [beispiel] = re.findall(r"^```python\n(.*?)^```", readme.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    zugang, urls, eingang = simulator.zugang("leser"), simulator.urls, tmp_path / "eingang"
    eingang.mkdir()
    echt = {
        "https://xta.example/ManagementPort": urls["management"],
        "https://postfach.example/MsgBoxPort": urls["msgbox"],
        'Path("leser.p12")': f'Path("{zugang.zertifikat}")',
        'passphrase="…"': f'privatschluessel=Path("{zugang.privatschluessel}")',
        'Path("ca.crt")': f'Path("{zugang.ca}")',
        'Path("eingang")': f'Path("{eingang}")',
    }
    for muster, wert in echt.items():
        assert muster in beispiel
        beispiel = beispiel.replace(muster, wert)
    (tmp_path / "beispiel.py").write_text(beispiel, encoding="utf-8")
    runpy.run_path(str(tmp_path / "beispiel.py"))
    assert kennung in capsys.readouterr().out
    assert [datei.read_bytes() for datei in eingang.iterdir()] == [b"<a/>"]
    assert leser.list().eintraege == ()


def test_another_codec_decides_what_is_asked_and_where() -> None:
    class EinzelnUndAnderswo(Codec211):
        def schliesse(self, ids: Sequence[str], anfrage_id: str) -> tuple[Anfrage, ...]:
            return tuple(replace(Codec211.schliesse(self, [eine], "")[0], url="https://anderswo/") for eine in ids)

    gefragt: list[tuple[str, int]] = []

    def antworte(anfrage: httpx.Request) -> httpx.Response:
        gefragt.append((str(anfrage.url), anfrage.read().count(b"LastMsgReceived>") // 2))
        leer = b'<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope"><s:Body/></s:Envelope>'
        return httpx.Response(200, headers={"content-type": "application/soap+xml"}, content=leer)

    http = httpx.Client(transport=httpx.MockTransport(antworte))
    adressen = Adressen("https://m/", "https://p/")
    XtaClient(adressen, Partei("a"), http, codec=EinzelnUndAnderswo).close(["urn:1", "urn:2"], "urn:r")
    assert gefragt == [("https://anderswo/", 1), ("https://anderswo/", 1)]


@pytest.mark.parametrize("vorgang", ["next_list", "fetch_next", "cancel"])
def test_what_many_servers_lack_is_off_and_says_so_before_anything_is_sent(vorgang: str, tmp_path: Path) -> None:
    def antworte(anfrage: httpx.Request) -> httpx.Response:
        raise AssertionError("something was sent")

    http = httpx.Client(transport=httpx.MockTransport(antworte))
    xta = XtaClient(Adressen("https://m/", "https://p/"), Partei("a"), http)
    argumente = {"fetch_next": ("urn:r", Ordnerablage(tmp_path))}.get(vorgang, ("urn:r",))
    with pytest.raises(PermanentError) as fehler:
        getattr(xta, vorgang)(*argumente)
    assert fehler.value.code == "xta.faehigkeit_aus"
    assert "nicht eingeschaltet" in fehler.value.hint
