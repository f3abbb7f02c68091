"""The straight line: every step in the journal, the same result every time, nothing from a commit that failed."""

from __future__ import annotations

import base64
import json
import threading
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from fachwerk import line
from fachwerk.errors import NeedsHumanError
from fachwerk.modell import Antrag, Befund, Eingang, Empfehlung, Entscheidung, Schwere, Sendung, Votum
from fachwerk.tabellen import erstnachricht, schritt, zustellung
from fachwerk.testkit.mitspieler import Regelwerk
from fachwerk.testkit.welt import Welt, antrag_xml
from fachwerk.viren import Fund

Bau = Callable[..., Welt]

PURE = ["map", "validate", "decide", "merge", "render"]


class Pruefer:
    """A scanner that knows one word, and remembers what it saw."""

    def __init__(self, wort: bytes = b"EICAR", stumm: bool = False) -> None:
        self.wort, self.stumm = wort, stumm
        self.gesehen: list[bytes] = []

    def pruefe(self, strom: Iterable[bytes]) -> Fund | None:
        self.gesehen.append(b"".join(strom))
        if self.stumm:
            raise NeedsHumanError("viren_keine_antwort", "Läuft der Prüfdienst?")
        return Fund("Testfund") if self.wort in self.gesehen[-1] else None

    def erreichbar(self) -> None:
        """Always."""


def ausgaben(welt: Welt, vorgang_id: str) -> list[tuple[str, str, Any]]:
    """Every journalled value of the pure steps as plain JSON, without the ids of sealed parts and of the case."""
    gefunden = []
    for zeile in welt.betrieb.store.schritte(vorgang_id):
        if zeile.name in PURE and zeile.ausgabe:
            from fachwerk.modell import Teil

            with welt.betrieb.store.inhalt.oeffne(Teil(id=zeile.ausgabe)) as strom:
                gefunden.append((zeile.name, zeile.ziel, ohne_ids(json.load(strom))))
    return gefunden


def ohne_ids(wert: Any) -> Any:
    if isinstance(wert, dict):
        return {name: ohne_ids(inhalt) for name, inhalt in wert.items() if name not in ("id", "teil_id", "empfangen")}
    return [ohne_ids(eintrag) for eintrag in wert] if isinstance(wert, list) else wert


# -- the journal ------------------------------------------------------------------------------------------------------


def test_every_step_is_journalled_in_order_with_the_plugin_that_did_it(welt: Welt) -> None:
    welt.lege_ein("n-1", antrag_xml(uuid="1"))
    welt.durchlauf()
    zeilen = welt.betrieb.store.schritte(welt.der_vorgang().id)
    assert [(zeile.name, zeile.plugin, zeile.plugin_version) for zeile in zeilen] == [
        ("receive", "postfach", "1.0"),
        ("map", "kleinformat", "1.2"),
        ("validate", "", ""),
        ("decide", "regelwerk", "2026.11.0"),
        ("merge", "", ""),
        ("render", "mit_schluessel", "3.4"),
        ("deliver", "mit_schluessel", "3.4"),
    ]
    assert all(zeile.beginn <= zeile.ende for zeile in zeilen)


def test_the_journal_names_every_rules_plugin_that_voted(baue_welt: Bau) -> None:
    zweites = Regelwerk("zweitregel")
    welt = baue_welt(plugins={"zweitregel": zweites, "schweigt": Regelwerk("schweigt", votum=None)})
    welt.lege_ein("n-1", antrag_xml(uuid="1"))
    welt.durchlauf()
    (zeile,) = (zeile for zeile in welt.betrieb.store.schritte(welt.der_vorgang().id) if zeile.name == "decide")
    assert (zeile.plugin, zeile.plugin_version) == ("regelwerk zweitregel", "2026.11.0 2026.11.0")


def test_the_outputs_can_be_read_back_as_the_values_they_were(welt: Welt) -> None:
    welt.regeln.befunde = [Befund(code="alt", schwere=Schwere.HINWEIS, text="Altes Formular.")]
    welt.lege_ein("n-1", antrag_xml(uuid="1"))
    welt.durchlauf()
    store, kennung = welt.betrieb.store, welt.der_vorgang().id
    antrag = store.lies_wert(Antrag, store.ausgabe(kennung, "map") or "")
    befunde = store.lies_liste(Befund, store.ausgabe(kennung, "validate") or "")
    entscheidung = store.lies_wert(Entscheidung, store.ausgabe(kennung, "merge") or "")
    assert (antrag.leistung, antrag.land, antrag.nachrichten_uuid) == ("wbs", "mv", "1")
    assert [(befund.code, befund.quelle) for befund in befunde] == [("alt", "regelwerk")]
    assert (entscheidung.empfehlung, entscheidung.befunde) == (Empfehlung.BEWILLIGEN, befunde)


def test_a_held_case_keeps_the_steps_it_had_done(welt: Welt) -> None:
    welt.regeln.fehler = KeyError("Musterfrau")
    welt.lege_ein("n-1", antrag_xml(uuid="1"))
    welt.durchlauf()
    assert welt.journal() == [("receive", ""), ("map", ""), ("validate", ""), ("decide", "plugin_ausnahme")]
    stand = welt.der_vorgang()
    assert (stand.leistung, stand.land, stand.nachrichten_uuid, stand.gehalten_fuer) == ("wbs", "mv", "1", "technik")
    assert welt.betrieb.store.schritte(stand.id)[-1].plugin == "regelwerk"


# -- determinism ------------------------------------------------------------------------------------------------------


def test_the_pure_steps_give_the_same_every_time(baue_welt: Bau) -> None:
    welt = baue_welt(
        ziel={"akte": "mit_abfrage", "amt": "ohne_schutz"}, route=[{"leistung": "*", "ziel": ["akte", "amt"]}]
    )
    welt.regeln.befunde = [Befund(code=f"b{nr}", schwere=Schwere.WARNUNG, text="!") for nr in range(5)]
    zeit = datetime(2026, 3, 2, 8, tzinfo=UTC)
    dokument = base64.b64encode(b"%PDF innen").decode()
    for nummer in range(2):
        xml = antrag_xml(uuid="", produkt="egal", dokument=dokument, leser="wbs:130030000000")
        welt.lege_ein(f"n-{nummer}", xml, ("a.pdf", "application/pdf", b"%PDF a"), zugestellt=zeit)
    welt.durchlauf()
    erster, zweiter = (ausgaben(welt, zeile.id) for zeile in welt.vorgaenge())
    assert len(erster) == 6
    assert erster == zweiter


def test_running_a_finished_job_again_changes_nothing(welt: Welt) -> None:
    welt.lege_ein("n-1", antrag_xml(uuid="1"))
    welt.rufe_ab()
    kennung = welt.der_vorgang().id
    line.bearbeite(welt.betrieb, kennung)
    vorher = (welt.zeilen(schritt), welt.zeilen(zustellung), welt.auftraege.alle())
    line.bearbeite(welt.betrieb, kennung)
    assert (welt.zeilen(schritt), welt.zeilen(zustellung), welt.auftraege.alle()) == vorher
    welt.arbeite()
    line.bearbeite(welt.betrieb, kennung)
    assert (welt.der_vorgang().status, len(welt.mit_schluessel.wirkungen)) == ("done", 1)


@pytest.mark.parametrize("gehalten", [False, True])
def test_the_same_job_in_two_processes_at_once_is_done_once(welt: Welt, gehalten: bool) -> None:
    if gehalten:
        welt.format.fehler = NeedsHumanError("frage", "Was ist das?")
    welt.lege_ein("n-1", antrag_xml(uuid="1"))
    welt.rufe_ab()
    kennung = welt.der_vorgang().id
    nachbar = welt.nachbar()
    anfang = threading.Barrier(2)
    fehler: list[BaseException] = []

    def bearbeite(welche: Welt) -> None:
        anfang.wait(30)
        try:
            line.bearbeite(welche.betrieb, kennung)
        except Exception as ausnahme:
            fehler.append(ausnahme)

    faeden = [threading.Thread(target=bearbeite, args=(welche,)) for welche in (welt, nachbar)]
    for faden in faeden:
        faden.start()
    for faden in faeden:
        faden.join(60)
    nachbar.schliesse()
    assert fehler == []
    welt.arbeite()
    assert welt.der_vorgang().status == ("held" if gehalten else "done")
    assert [name for name, _ in welt.journal()].count("map") == 1


def test_a_case_overtaken_while_it_was_worked_on_is_left_alone(welt: Welt) -> None:
    welt.lege_ein("n-1", antrag_xml(uuid="1"))
    welt.rufe_ab()
    kennung = welt.der_vorgang().id
    rohe_route = welt.betrieb.routen

    class Ueberholt(list[Any]):
        def __iter__(self) -> Any:
            welt.betrieb.routen = rohe_route
            line.bearbeite(welt.betrieb, kennung)
            return iter(rohe_route)

    welt.betrieb.routen = Ueberholt(rohe_route)
    line.bearbeite(welt.betrieb, kennung)
    welt.arbeite()
    assert (welt.der_vorgang().status, len(welt.mit_schluessel.wirkungen)) == ("done", 1)
    assert [name for name, _ in welt.journal()].count("render") == 1


# -- the commit -------------------------------------------------------------------------------------------------------


def test_nothing_is_delivered_from_a_commit_that_failed(welt: Welt, monkeypatch: pytest.MonkeyPatch) -> None:
    welt.lege_ein("n-1", antrag_xml(uuid="1"))
    welt.rufe_ab()
    store = welt.betrieb.store
    echt = store.transaktion

    def transaktion(name: str) -> AbstractContextManager[sa.Connection]:
        return _bricht_ab(echt(name)) if name == "linie" else echt(name)

    monkeypatch.setattr(store, "transaktion", transaktion)
    with pytest.raises(OSError, match="Platte voll"):
        welt.arbeite()
    assert welt.zeilen(zustellung) == []
    assert [name for name, _ in welt.journal()] == ["receive"]
    assert welt.zeilen(erstnachricht) == []
    monkeypatch.undo()
    welt.arbeite()
    assert (welt.der_vorgang().status, len(welt.mit_schluessel.wirkungen)) == ("done", 1)


class _bricht_ab(AbstractContextManager[sa.Connection]):  # noqa: N801  reads like a function
    """The transaction goes well until its very end."""

    def __init__(self, innen: AbstractContextManager[sa.Connection]) -> None:
        self._innen = innen

    def __enter__(self) -> sa.Connection:
        return self._innen.__enter__()

    def __exit__(self, *angaben: Any) -> bool | None:
        fehler = OSError("Platte voll")
        self._innen.__exit__(OSError, fehler, None)
        raise fehler


def test_drafts_are_stored_before_they_are_sent_and_exactly_those_bytes_are_sent(welt: Welt) -> None:
    welt.lege_ein("n-1", antrag_xml(uuid="1"))
    welt.rufe_ab()
    kennung = welt.der_vorgang().id
    line.bearbeite(welt.betrieb, kennung)
    store = welt.betrieb.store
    sendung = store.lies_wert(Sendung, store.ausgabe(kennung, "render") or "")
    (vermerk,) = (anlage.teil for anlage in sendung.anlagen if anlage.pfad == "vermerk.txt")
    assert (vermerk.ist_entwurf, b"".join(vermerk.bytes_strom()), vermerk.laenge) == (False, b"bewilligen\n", 11)
    welt.regeln.votum = Votum(empfehlung=Empfehlung.ABLEHNEN)
    welt.arbeite()
    assert welt.mit_schluessel.wirkungen[0].dateien["vermerk.txt"] == b"bewilligen\n"


def test_a_draft_that_cannot_be_made_is_the_plugins_fault_and_sends_nothing(welt: Welt) -> None:
    welt.mit_schluessel.renderfehler = ValueError("Musterfrau")
    welt.lege_ein("n-1", antrag_xml(uuid="1"))
    welt.durchlauf()
    stand = welt.der_vorgang()
    assert (stand.status, stand.grund, stand.gehalten_fuer) == ("held", "plugin_ausnahme", "technik")
    assert "mit_schluessel" in stand.hinweis
    assert "Musterfrau" not in stand.hinweis
    assert welt.journal()[-1] == ("render", "plugin_ausnahme")


# -- malware ----------------------------------------------------------------------------------------------------------


def test_every_part_and_every_inline_document_is_scanned(welt: Welt) -> None:
    welt.betrieb.pruefer = pruefer = Pruefer()
    dokument = base64.b64encode(b"%PDF innen").decode()
    welt.lege_ein("n-1", antrag_xml(uuid="1", dokument=dokument), ("a.pdf", "application/pdf", b"%PDF a"))
    assert welt.durchlauf() == ["done"]
    assert pruefer.gesehen == [antrag_xml(uuid="1", dokument=dokument), b"%PDF a", b"%PDF innen"]
    assert [name for name, _ in welt.journal()][:2] == ["receive", "virenpruefung"]


@pytest.mark.parametrize("innen", [False, True])
def test_malware_holds_the_case_before_anybody_opens_it(welt: Welt, innen: bool) -> None:
    welt.betrieb.pruefer = Pruefer()
    dokument = base64.b64encode(b"EICAR").decode() if innen else ""
    aussen = () if innen else (("a.pdf", "application/pdf", b"EICAR"),)
    welt.lege_ein("n-1", antrag_xml(uuid="1", dokument=dokument), *aussen)
    assert welt.durchlauf() == ["held"]
    stand = welt.der_vorgang()
    assert (stand.grund, stand.gehalten_fuer) == ("schadsoftware", "betrieb")
    assert welt.mit_schluessel.versuche == []
    assert ("map", "") in welt.journal() if innen else ("map", "") not in welt.journal()


def test_a_silent_scanner_holds_the_case_and_a_retry_scans_again(welt: Welt) -> None:
    from fachwerk import eingriff

    welt.betrieb.pruefer = pruefer = Pruefer(stumm=True)
    welt.lege_ein("n-1", antrag_xml(uuid="1"))
    assert welt.durchlauf() == ["held"]
    assert welt.der_vorgang().grund == "viren_keine_antwort"
    pruefer.stumm = False
    eingriff.wiederhole(welt.betrieb, welt.der_vorgang().id, "anna")
    welt.arbeite()
    assert (welt.der_vorgang().status, len(pruefer.gesehen)) == ("done", 2)


# -- the day and the listeners ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("zugestellt", "tag"),
    [
        (datetime(2026, 12, 31, 22, 59, tzinfo=UTC), date(2026, 12, 31)),
        (datetime(2026, 12, 31, 23, 30, tzinfo=UTC), date(2027, 1, 1)),
        (datetime(2026, 6, 30, 22, 30, tzinfo=UTC), date(2026, 7, 1)),
    ],
)
def test_the_day_that_counts_is_the_german_day_of_the_mailboxs_receipt(
    welt: Welt, zugestellt: datetime, tag: date
) -> None:
    welt.lege_ein("n-1", antrag_xml(uuid="1"), zugestellt=zugestellt)
    welt.durchlauf()
    assert welt.regeln.stichtage == [tag]


def test_without_the_mailboxs_word_our_own_receipt_counts() -> None:
    eingang = Eingang(kanal="k", nachricht_id="n", empfangen=datetime(2026, 12, 31, 23, 30, tzinfo=UTC), teile=())
    assert line.stichtag(eingang) == date(2027, 1, 1)
    frueher = eingang.empfangen - timedelta(days=3)
    assert line.stichtag(eingang.model_copy(update={"zugestellt": frueher})) == date(2026, 12, 29)


def test_a_listener_that_fails_disturbs_nothing(welt: Welt, tmp_path: Path) -> None:
    welt.beobachter.fehler = RuntimeError("kaputt")
    welt.lege_ein("n-1", antrag_xml(uuid="1"))
    assert welt.durchlauf() == ["done"]
    assert [schritt for _, schritt in welt.beobachter.schritte] == [
        "receive",
        "acknowledge",
        "map",
        "validate",
        "decide",
        "render",
        "deliver.absicht",
        "deliver",
    ]
