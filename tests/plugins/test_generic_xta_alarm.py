"""What an operator reads when a mailbox does not work: each cause in its own words, the same in alarm and preflight."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import fachwerk_generic_xta as plugin
from fachwerk import alarm, kanalprobe
from fachwerk.errors import FachwerkError
from fachwerk.modell import Befund, Schwere
from fachwerk.tabellen import kanalstand
from fachwerk.testkit.welt import Welt
from fachwerk.vorpruefung_lage import lage
from fachwerk_generic_xta.simulator import XtaSimulator

LESER, ANDERER = "wbs:130030000000", "wbs:130040000000"
KONTEN = {"konten": {"leser": {"kennungen": [LESER]}, "anderer": {"kennungen": [ANDERER]}}}

Stoere = Callable[[XtaSimulator], dict[str, Any]]


@pytest.fixture
def simulator(tmp_path: Path) -> Iterator[XtaSimulator]:
    with XtaSimulator(tmp_path / "sim", KONTEN) as laufend:
        yield laufend


@pytest.fixture
def baue(tmp_path: Path, sqlite_url: str, simulator: XtaSimulator) -> Iterator[Callable[..., Welt]]:
    """An installation whose Kanal ``post`` leads to the simulator; the test's values win."""
    welten: list[Welt] = []

    def mache(**werte: Any) -> Welt:
        pki = simulator.pki
        post = {
            "plugin": "generic_xta",
            "management_url": simulator.urls["management"],
            "msgbox_url": simulator.urls["msgbox"],
            "zertifikat": str(pki / "leser.crt"),
            "privatschluessel": str(pki / "leser.key"),
            "ca": str(pki / "ca.crt"),
            "kennung": LESER,
        }
        welten.append(
            Welt(sqlite_url, tmp_path / "welt", plugins={"generic_xta": plugin}, kanal={"post": post | werte})
        )
        return welten[-1]

    yield mache
    for welt in welten:
        welt.schliesse()


def probe(simulator: XtaSimulator, name: str) -> dict[str, Any]:
    """Settings that sign in with a certificate to rehearse with."""
    ordner = simulator.pki / "probe"
    return {"zertifikat": str(ordner / f"{name}.crt"), "privatschluessel": str(ordner / f"{name}.key")}


def server_weg(simulator: XtaSimulator) -> dict[str, Any]:
    urls = {f"{port}_url": url for port, url in simulator.urls.items() if port != "send"}
    simulator.stop()
    return urls


def andere_tls(art: str) -> Stoere:
    return lambda simulator: simulator.steuere({"tls": art}) and {}


def gesperrt(simulator: XtaSimulator) -> dict[str, Any]:
    return simulator.steuere({"konten": {"leser": {"gesperrt": True}}}) and {}


URSACHEN: dict[str, tuple[Stoere, str, str]] = {
    "server down": (server_weg, "xta.nicht_erreichbar", "antwortet nicht"),
    "wrong CA": (lambda s: {"ca": str(s.pki / "probe/fremde-ca.crt")}, "xta.server_zertifikat", "„Fremde Muster-CA"),
    "own certificate expired": (lambda s: probe(s, "abgelaufen"), "xta.zertifikat_abgelaufen", "abgelaufen"),
    "own certificate refused": (lambda s: probe(s, "fremd"), "xta.zertifikat_abgelehnt", "lehnt unser Zertifikat ab"),
    "account locked": (gesperrt, "xta.konto_gesperrt", "Das Konto ist gesperrt"),
    "identity not ours": (lambda s: {"kennung": ANDERER}, "xta.kennung_falsch", "gehört nicht zu unserem Zertifikat"),
    "TLS inspection": (andere_tls("inspektion"), "xta.tls_aufgebrochen", "„Muster-Firewall TLS Inspection"),
    "server expired": (andere_tls("abgelaufen"), "xta.server_zertifikat_abgelaufen", "ist abgelaufen"),
    "other host": (andere_tls("falscher_name"), "xta.server_name", "anderen Rechnernamen"),
}


def scheitere(welt: Welt) -> None:
    """Poll as the clock does, until there is an alarm: three times at most."""
    for _ in range(kanalprobe.GESTOERT_AB):
        if alarm.offene(welt.betrieb.store):
            return
        with pytest.raises(FachwerkError):
            kanalprobe.rufe_ab(welt.betrieb, "post", kanalprobe.TAKT)


def preflight(welt: Welt) -> list[Befund]:
    kanal = welt.betrieb.kanaele["post"]
    befunde: list[Befund] = plugin.check(kanal, welt.betrieb.wirt("generic_xta"))
    return [befund for befund in befunde if befund.schwere is Schwere.SPERRE]


@pytest.mark.parametrize("ursache", URSACHEN)
def test_alarm_and_check_tell_the_cause_in_the_same_words(
    simulator: XtaSimulator, baue: Callable[..., Welt], ursache: str
) -> None:
    stoere, code, worte = URSACHEN[ursache]
    welt = baue(**stoere(simulator))
    scheitere(welt)
    (offen,) = alarm.offene(welt.betrieb.store)
    assert (offen.code, offen.gegenstand) == (code, "kanal:post")
    assert offen.anlass == ("kanal_gestoert" if ursache == "server down" else "kanal_steht")
    assert worte in offen.hinweis
    assert [(befund.code, befund.text) for befund in preflight(welt)] == [(code, offen.hinweis)]
    (meldung,) = lage(welt.betrieb.store.datenbank)
    assert (meldung.schwere, meldung.ort) == (Schwere.WARNUNG, "kanal.post")
    assert offen.hinweis in meldung.text


def test_no_two_causes_read_alike() -> None:
    assert len({code for _, code, _ in URSACHEN.values()}) == len(URSACHEN)


def test_once_the_account_is_unlocked_the_next_probe_fetches_everything_and_the_alarm_ends(
    simulator: XtaSimulator, baue: Callable[..., Welt]
) -> None:
    simulator.fuelle(LESER, 3)
    gesperrt(simulator)
    welt = baue()
    scheitere(welt)
    welt.vergehe(seconds=301)
    assert kanalprobe.rufe_ab(welt.betrieb, "post", kanalprobe.TAKT) == 0
    (stand,) = welt.zeilen(kanalstand)
    assert (stand.fehler_in_folge, stand.code) == (2, "xta.konto_gesperrt")
    simulator.steuere({"konten": {"leser": {"gesperrt": False}}})
    welt.vergehe(seconds=601)
    assert kanalprobe.rufe_ab(welt.betrieb, "post", kanalprobe.TAKT) == 3
    assert alarm.offene(welt.betrieb.store) == []
    assert welt.zeilen(kanalstand)[0].angehalten_seit is None
