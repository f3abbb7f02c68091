"""One round through a mailbox that is full, stuck, forgetful or still growing: each message once, none starved."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

import fachwerk_generic_xta as plugin
from fachwerk.errors import NeedsHumanError, PermanentError, RetryableError
from fachwerk.modell import Eingang, GehaltenFuer, Kanal, Teil
from fachwerk.testkit.wirt import FakeHost
from fachwerk_generic_xta.abruf import Abruf, schliesse, wartende
from fachwerk_generic_xta.mapping import ANFRAGE_ID, eingang
from fachwerk_generic_xta.nachricht import Abholung, Metadaten, Partei, StatusListe, Teilangaben
from fachwerk_generic_xta.settings import Einstellungen

JETZT = datetime(2026, 3, 2, tzinfo=UTC)
KANAL = Kanal(name="postfach", plugin="generic_xta", kennung="wbs:1")


class Postfach:
    """Stands in for the client of a mailbox: ``klebt`` names messages that cannot be closed, ``gift`` maps ids to
    what happens on fetching; ``schweigt`` leaves ItemsPending out; ``deckel`` caps a page.
    """

    def __init__(self, anzahl: int = 0, *, klebt: Sequence[int] = (), deckel: int = 1000) -> None:
        self.offen: dict[str, Metadaten] = {}
        self.klebt = {kennung(nr) for nr in klebt}
        self.gift: dict[str, Exception] = {}
        self.deckel = deckel
        self.schweigt = False
        self.geholt: list[str] = []
        self.listen = 0
        for nr in range(anzahl):
            self.lege_ein(nr)

    def lege_ein(self, nr: int, zugestellt: datetime | None = None) -> None:
        zeit = zugestellt or JETZT + timedelta(seconds=nr)
        self.offen[kennung(nr)] = Metadaten(kennung(nr), Partei("gae:1"), Partei("wbs:1"), zugestellt=zeit)

    def list(self, hoechstens: int, *, neue: bool | None = None, ab: datetime | None = None) -> StatusListe:
        self.listen += 1
        assert self.listen < 5000, "this round does not end"
        passende = [m for m in self.offen.values() if ab is None or (m.zugestellt is not None and m.zugestellt >= ab)]
        seite = passende[: min(hoechstens, self.deckel)]
        return StatusListe(tuple(seite), None if self.schweigt else len(passende) - len(seite), f"a-{self.listen}")

    def fetch(self, nachricht_id: str, inhalt: Any) -> Abholung:
        self.geholt.append(nachricht_id)
        if nachricht_id in self.gift:
            raise self.gift[nachricht_id]
        return Abholung(None, "", (Teil(id=f"t-{nachricht_id}"),))

    def close(self, ids: Sequence[str], anfrage_id: str) -> None:
        for nachricht_id in ids:
            if nachricht_id not in self.klebt:
                del self.offen[nachricht_id]


def kennung(nr: int) -> str:
    return f"urn:n:{nr:05d}"


def runde(postfach: Postfach, ordner: Path, seite: int = 3) -> Iterator[Eingang]:
    """What the core does: commit, acknowledge, ask for the next."""
    for gekommen in Abruf(KANAL, FakeHost(ordner=ordner), postfach, seite).laufe():  # type: ignore[arg-type]
        postfach.close([gekommen.nachricht_id], gekommen.metadaten.get(ANFRAGE_ID, ""))
        yield gekommen


def ids(strom: Iterator[Eingang]) -> list[str]:
    return [gekommen.nachricht_id for gekommen in strom]


def test_messages_that_cannot_be_closed_block_nothing_and_are_fetched_once_a_round(tmp_path: Path) -> None:
    postfach = Postfach(20, klebt=range(7))
    assert ids(runde(postfach, tmp_path)) == [kennung(nr) for nr in range(20)]
    assert sorted(postfach.geholt) == sorted(set(postfach.geholt))
    assert set(postfach.offen) == postfach.klebt


def test_a_whole_mailbox_that_cannot_be_closed_ends_the_round(tmp_path: Path) -> None:
    postfach = Postfach(50, klebt=range(50))
    assert len(ids(runde(postfach, tmp_path))) == 50
    assert len(postfach.geholt) == 50


@pytest.mark.parametrize("deckel", [1000, 3])
def test_more_stuck_messages_of_one_moment_than_a_page_holds(tmp_path: Path, deckel: int) -> None:
    postfach = Postfach(deckel=deckel, klebt=range(10))
    for nr in range(12):
        postfach.lege_ein(nr, JETZT)
    gekommen = ids(runde(postfach, tmp_path))
    assert len(set(gekommen)) == len(gekommen)
    if deckel > 12:
        assert len(gekommen) == 12, "a larger page shows those behind"
    else:
        assert gekommen == [kennung(nr) for nr in range(3)], "there is no way past a server that caps the page"


def test_a_mailbox_that_does_not_say_how_many_wait_is_emptied_all_the_same(tmp_path: Path) -> None:
    postfach = Postfach(20, deckel=2)
    postfach.schweigt = True
    assert len(ids(runde(postfach, tmp_path))) == 20
    assert postfach.offen == {}


def test_ten_thousand_messages_keep_one_in_memory_and_new_ones_are_not_starved(tmp_path: Path) -> None:
    postfach = Postfach(10_000)
    lebende: list[weakref.ref[Eingang]] = []
    neue, gesehen = iter(range(10_000, 10_100)), 0
    for gekommen in runde(postfach, tmp_path, seite=50):
        gesehen += 1
        lebende.append(weakref.ref(gekommen))
        if gesehen % 100 == 0 and (nr := next(neue, None)) is not None:
            postfach.lege_ein(nr)
        if gesehen % 1000 == 0:
            gc.collect()
            assert sum(eines() is not None for eines in lebende) <= 2
    assert gesehen == 10_100
    assert postfach.offen == {}


def test_of_many_messages_that_cannot_be_fetched_some_are_named_and_all_counted(tmp_path: Path) -> None:
    postfach = Postfach(300)
    fehler = RetryableError("xta.antwort_unlesbar", "x", {"grund": "abgeschnitten"})
    postfach.gift = {kennung(nr): fehler for nr in range(0, 300, 2)}
    with pytest.raises(RetryableError) as gemeldet:
        list(runde(postfach, tmp_path))
    assert (gemeldet.value.details["anzahl"], gemeldet.value.details["gruende"]) == ("150", "abgeschnitten")
    assert len(gemeldet.value.details["nachrichten"].split(", ")) == 20
    assert len(postfach.offen) == 150


def test_malware_that_the_transport_found_rings_the_bell_of_the_security(tmp_path: Path) -> None:
    postfach = Postfach(3)
    postfach.gift = {kennung(1): PermanentError("xta.9060", "x", {"alarm": "sicherheit"})}
    with pytest.raises(RetryableError) as gemeldet:
        list(runde(postfach, tmp_path))
    assert gemeldet.value.details["alarm"] == "sicherheit"
    assert gemeldet.value.details["gruende"] == "xta.9060"


@pytest.mark.parametrize(
    "fehler",
    [
        NeedsHumanError("xta.9011", "x", fuer=GehaltenFuer.BETRIEB, routenfehler=True),
        NeedsHumanError("xta.fault", "x", fuer=GehaltenFuer.BETRIEB, routenfehler=True),
        RetryableError("transport.nicht_erreichbar", "x"),
    ],
    ids=["gesperrt", "verweigert", "weg"],
)
def test_a_fault_of_the_account_or_the_network_ends_the_round_at_once(tmp_path: Path, fehler: Exception) -> None:
    postfach = Postfach(9)
    postfach.gift = {kennung(2): fehler}
    with pytest.raises(type(fehler)):
        list(runde(postfach, tmp_path))
    assert postfach.geholt == [kennung(0), kennung(1), kennung(2)]


def test_one_message_with_which_the_server_cannot_cope_does_not_stop_the_others(tmp_path: Path) -> None:
    postfach = Postfach(4)
    postfach.gift = {
        kennung(1): NeedsHumanError("xta.fault", "x", fuer=GehaltenFuer.TECHNIK, routenfehler=True),
        kennung(2): PermanentError("xta.9050", "x"),
    }
    with pytest.raises(RetryableError) as gemeldet:
        list(runde(postfach, tmp_path))
    assert gemeldet.value.details["nachrichten"] == f"{kennung(1)}, {kennung(2)}"
    assert set(postfach.offen) == {kennung(1), kennung(2)}


def test_a_forgotten_request_id_is_replaced_by_a_fresh_one() -> None:
    geschlossen: list[str] = []

    def close(ids: Sequence[str], anfrage_id: str) -> None:
        geschlossen.append(anfrage_id)
        if anfrage_id == "alt":
            raise NeedsHumanError("xta.fault", "x", fuer=GehaltenFuer.TECHNIK, routenfehler=True)

    client: Any = SimpleNamespace(close=close, list=lambda anzahl: StatusListe(anfrage_id="frisch"))
    gekommen = Eingang(kanal="p", nachricht_id="urn:n:1", empfangen=JETZT, teile=(), metadaten={ANFRAGE_ID: "alt"})
    schliesse(client, gekommen)
    assert geschlossen == ["alt", "frisch"]


def test_a_message_shown_under_a_request_id_nobody_knows_any_more_is_closed_in_strict_mode(zielwelt: Any) -> None:
    zielwelt.liefere()
    urls = zielwelt.simulator.urls
    werte = {
        "management_url": urls["management"],
        "msgbox_url": urls["msgbox"],
        "zertifikat": "pki/kreis.crt",
        "privatschluessel": "pki/kreis.key",
        "ca": "pki/ca.crt",
    }
    einstellungen = Einstellungen.model_validate(werte)
    kanal = Kanal(name="p", plugin="generic_xta", kennung="wgb:130730000000", einstellungen=einstellungen)
    (gekommen,) = plugin.receive(kanal, zielwelt.host)
    alt = gekommen.model_copy(update={"metadaten": {ANFRAGE_ID: "987654"}})
    plugin.acknowledge(kanal, alt, zielwelt.host)
    assert zielwelt.im_postfach() == []


def test_what_the_container_says_of_a_part_is_kept_with_it() -> None:
    angaben = (Teilangaben("UTF-8", "teil-1", "de"), Teilangaben())
    abholung = Abholung(None, "", (Teil(id="a"), Teil(id="b")), angaben=angaben)
    eintrag = Metadaten("urn:n:1", Partei("gae:1"), Partei("wbs:1"))
    gekommen = eingang(KANAL, eintrag, abholung, "", JETZT)
    assert [teil.transport for teil in gekommen.teile] == [
        {"kodierung": "UTF-8", "kennung": "teil-1", "sprache": "de"},
        {},
    ]


@pytest.mark.parametrize(
    ("anzahl", "deckel", "schweigt"), [(0, 1000, False), (7, 3, False), (7, 3, True), (7, 7, True)]
)
def test_what_waits_is_listed_page_by_page_and_nothing_is_fetched(anzahl: int, deckel: int, schweigt: bool) -> None:
    postfach = Postfach(anzahl, deckel=deckel)
    postfach.schweigt = schweigt
    assert sorted(wartende(postfach)) == sorted(postfach.offen)  # type: ignore[arg-type]
    assert postfach.geholt == []
