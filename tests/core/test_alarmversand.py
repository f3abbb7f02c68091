"""Telling people about alarms: real SMTP and HTTPS on loopback; each change once per way, in order, whoever dies."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fachwerk import alarm, alarmwache, cli, meldewege, meldung
from fachwerk.tabellen import alarm as alarme
from fachwerk.tabellen import gesagt
from fachwerk.tabellen import meldung as meldungen
from fachwerk.testkit.empfaenger import Webhook, server_kontext
from fachwerk.testkit.welt import Welt

Bau = Callable[..., Welt]
Tat = Callable[..., None]
Dokument = dict[str, Any]


@pytest.fixture
def datenbank_url(sqlite_url: str) -> str:
    return sqlite_url


@pytest.fixture
def webhook(pki: Path) -> Iterator[Webhook]:
    with Webhook(server_kontext(pki / "server.crt", pki / "server.key"), "geheim") as empfaenger:
        yield empfaenger


@pytest.fixture
def mit_webhook(baue_welt: Bau, webhook: Webhook, pki: Path, monkeypatch: pytest.MonkeyPatch) -> Welt:
    monkeypatch.setenv("HAKEN", "geheim")
    angaben = {"webhook": webhook.adresse, "webhook_geheimnis": "env:HAKEN", "ca": str(pki / "ca.crt")}
    return baue_welt(alarm=angaben, konsole={"url": "https://fachwerk.example/"}, fachwerk={"betreiber": "Musterow"})


def behebe(welt: Welt, gegenstand: str = "ziel:akte") -> None:
    with welt.betrieb.store.transaktion("probe") as verbindung:
        alarm.behebe(verbindung, gegenstand)


def arten(webhook: Webhook) -> list[list[tuple[str, str]]]:
    return [[(m["art"], m["gegenstand"]) for m in dokument["meldungen"]] for dokument in webhook.dokumente]


# -- what is said, and when -------------------------------------------------------------------------------------------


def test_an_alarm_is_told_once_and_its_end_once_after_it_has_lasted(
    mit_webhook: Welt, webhook: Webhook, melde: Tat, gehe: Tat
) -> None:
    melde(mit_webhook)
    for _ in range(3):
        gehe(mit_webhook)
        melde(mit_webhook)
    assert arten(webhook) == [[("neu", "ziel:akte")]]
    behebe(mit_webhook)
    gehe(mit_webhook)
    assert len(webhook.dokumente) == 1, "not at once: it may come back"
    mit_webhook.vergehe(minutes=5)
    gehe(mit_webhook)
    gehe(mit_webhook)
    assert arten(webhook) == [[("neu", "ziel:akte")], [("behoben", "ziel:akte")]]
    assert len(set(webhook.kennungen)) == 2


def test_what_flickers_is_one_alarm(mit_webhook: Welt, webhook: Webhook, melde: Tat, gehe: Tat) -> None:
    for _ in range(4):
        melde(mit_webhook)
        gehe(mit_webhook)
        mit_webhook.vergehe(minutes=3)
        behebe(mit_webhook)
        gehe(mit_webhook)
        mit_webhook.vergehe(minutes=3)
    assert arten(webhook) == [[("neu", "ziel:akte")]]


def test_many_alarms_of_a_minute_are_one_message(mit_webhook: Welt, webhook: Webhook, melde: Tat, gehe: Tat) -> None:
    for nummer in range(3):
        melde(mit_webhook, "zu_lange_gehalten", f"vorgang:{nummer}", "gehalten", "Bitte ansehen.")
    gehe(mit_webhook)
    assert [len(dokument["meldungen"]) for dokument in webhook.dokumente] == [3]


@pytest.mark.parametrize(("anlass", "gesagt_wird"), [(alarm.ZERTIFIKAT, ["neu", "geaendert"]), ("a", ["neu"])])
def test_a_step_of_a_cause_with_steps_is_said_again(
    mit_webhook: Welt, webhook: Webhook, anlass: str, gesagt_wird: list[str], melde: Tat, gehe: Tat
) -> None:
    melde(mit_webhook, anlass, "ziel:akte", "zertifikat_90_tage", "Bald.")
    gehe(mit_webhook)
    melde(mit_webhook, anlass, "ziel:akte", "zertifikat_30_tage", "Bald.")
    gehe(mit_webhook)
    assert [art for dokument in arten(webhook) for art, _ in dokument] == gesagt_wird


def test_who_is_named_later_hears_what_is_still_open(
    baue_welt: Bau, mit_webhook: Welt, webhook: Webhook, melde: Tat, gehe: Tat
) -> None:
    angaben = mit_webhook.betrieb.einstellungen.alarm.model_dump()
    mit_webhook.neuer_prozess(alarm={})
    melde(mit_webhook)
    gehe(mit_webhook)
    assert (webhook.dokumente, mit_webhook.zeilen(meldungen), mit_webhook.zeilen(gesagt)) == ([], [], [])
    mit_webhook.neuer_prozess(alarm=angaben)
    gehe(mit_webhook)
    assert arten(webhook) == [[("neu", "ziel:akte")]]


SIGNALE = st.lists(
    st.tuples(st.sampled_from(["auf", "zu", "gang", "ausfall", "zeit", "stirb"]), st.sampled_from(["x", "y"])),
    max_size=14,
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(SIGNALE)
def test_in_any_order_of_signals_the_receiver_hears_each_change_once_and_in_the_end_knows_what_is_open(
    welt: Welt, melde: Tat, gehe: Tat, signale: list[tuple[str, str]]
) -> None:
    """Receivers keep what they hear by id; a repeat after a crash carries the same id."""
    gehoert: dict[str, list[dict[str, str]]] = {}
    ausfaelle: list[str] = []

    def empfange(_e: object, _weg: str, kennung: str, _zeit: datetime, eintraege: list[dict[str, str]]) -> None:
        if ausfaelle:
            art = ausfaelle.pop()
            if art == "stirb":
                gehoert[kennung] = eintraege
                raise KeyboardInterrupt
            raise meldewege.MeldungError("weg", "Nicht da.")
        gehoert[kennung] = eintraege

    def wache() -> None:
        try:
            gehe(welt)
        except KeyboardInterrupt:
            welt.neuer_prozess()

    with pytest.MonkeyPatch.context() as ersatz:
        ersatz.setattr(meldewege, "wege", lambda _e: ("webhook",))
        ersatz.setattr(meldewege, "sende", empfange)
        for signal, name in [
            *signale,
            ("zeit", ""),
            ("gang", ""),
            ("zeit", ""),
            ("gang", ""),
            ("zeit", ""),
            ("gang", ""),
        ]:
            if signal == "auf":
                melde(welt, "a", f"ziel:{name}", "c", "h")
            elif signal == "zu":
                behebe(welt, f"ziel:{name}")
            elif signal == "zeit":
                ausfaelle.clear()
                welt.vergehe(hours=2)
            elif signal == "gang":
                wache()
            else:
                ausfaelle.append(signal)
        geglaubt: set[str] = set()
        for eintrag in (eintrag for eintraege in gehoert.values() for eintrag in eintraege):
            neu = eintrag["art"] == "neu"
            assert neu != (eintrag["gegenstand"] in geglaubt), "each change once, and in order"
            (geglaubt.add if neu else geglaubt.discard)(eintrag["gegenstand"])
        assert geglaubt == {zeile.gegenstand for zeile in alarm.offene(welt.betrieb.store)}
        with welt.betrieb.store.transaktion("probe") as verbindung:
            for tabelle in (alarme, gesagt, meldungen):
                verbindung.execute(tabelle.delete())


# -- what can go wrong on the way -------------------------------------------------------------------------------------


def test_what_was_not_accepted_is_sent_again_later_and_later_until_it_is(
    mit_webhook: Welt, webhook: Webhook, melde: Tat, gehe: Tat
) -> None:
    webhook.stoerungen.extend(["503", "503"])
    melde(mit_webhook)
    gehe(mit_webhook)
    gehe(mit_webhook)
    (zeile,) = mit_webhook.zeilen(meldungen)
    assert (zeile.versuche, zeile.code, zeile.gesendet) == (1, "webhook_503", None)
    mit_webhook.vergehe(minutes=1)
    gehe(mit_webhook)
    mit_webhook.vergehe(minutes=1)
    gehe(mit_webhook)
    assert mit_webhook.zeilen(meldungen)[0].versuche == 2, "the second pause is longer"
    mit_webhook.vergehe(minutes=1)
    gehe(mit_webhook)
    assert arten(webhook) == [[("neu", "ziel:akte")]]


def test_a_repeat_nobody_can_exclude_carries_the_same_id(
    mit_webhook: Welt, webhook: Webhook, melde: Tat, gehe: Tat
) -> None:
    webhook.stoerungen.append("stumm")
    melde(mit_webhook)
    gehe(mit_webhook)
    mit_webhook.vergehe(minutes=1)
    gehe(mit_webhook)
    assert (len(webhook.kennungen), len(set(webhook.kennungen))) == (2, 1)


def test_of_two_nodes_one_sends(mit_webhook: Welt, webhook: Webhook, melde: Tat) -> None:
    nachbar, jetzt = mit_webhook.nachbar(), datetime.now(UTC)
    melde(mit_webhook)
    for eine in (mit_webhook, nachbar):
        meldung.plane(eine.betrieb, jetzt)
    assert meldung._nimm(nachbar.betrieb, "webhook", jetzt) is not None
    assert meldung.versende(mit_webhook.betrieb, jetzt) == 0
    assert meldung.versende(mit_webhook.betrieb, jetzt + meldung.IN_ARBEIT) == 1, "the neighbour died"
    assert len(webhook.dokumente) == 1
    nachbar.schliesse()


@pytest.mark.postgresql
def test_on_postgresql_nodes_that_look_at_the_same_moment_tell_it_once(
    postgres_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, melde: Tat, gehe: Tat
) -> None:
    gesendet: list[tuple[str, str]] = []
    monkeypatch.setattr(meldewege, "wege", lambda _e: meldewege.ALLE)
    monkeypatch.setattr(meldewege, "sende", lambda _e, weg, kennung, *_: gesendet.append((weg, kennung)))
    welt = Welt(postgres_url, tmp_path / "welt")
    knoten = [welt, *(welt.nachbar() for _ in range(3))]
    melde(welt)
    with ThreadPoolExecutor(len(knoten)) as faeden:
        list(faeden.map(gehe, knoten))
        list(faeden.map(gehe, knoten))
    assert sorted(weg for weg, _ in gesendet) == ["mail", "webhook"]
    behebe(welt)
    welt.vergehe(minutes=5)
    gehe(welt)
    assert (len(gesendet), welt.zeilen(gesagt)) == (4, [])
    for einer in knoten:
        einer.schliesse()


def test_a_message_that_waits_too_long_is_an_alarm_itself_and_check_says_so(
    mit_webhook: Welt, webhook: Webhook, melde: Tat
) -> None:
    webhook.stoerungen.extend(["503"] * 2)
    melde(mit_webhook)
    alarmwache.gehe(mit_webhook.betrieb)
    mit_webhook.vergehe(minutes=31)
    alarmwache.gehe(mit_webhook.betrieb)
    offen = {zeile.anlass: zeile for zeile in alarm.offene(mit_webhook.betrieb.store)}
    assert (offen["versand"].gegenstand, "webhook_503" in offen["versand"].hinweis) == ("meldeweg:webhook", True)
    mit_webhook.vergehe(minutes=31)
    alarmwache.gehe(mit_webhook.betrieb)
    mit_webhook.vergehe(minutes=1)
    alarmwache.gehe(mit_webhook.betrieb)
    assert {zeile.anlass for zeile in alarm.offene(mit_webhook.betrieb.store)} == {"kreis_offen"}


def test_a_wrong_secret_is_said_by_its_code(
    mit_webhook: Welt, monkeypatch: pytest.MonkeyPatch, melde: Tat, gehe: Tat
) -> None:
    melde(mit_webhook)
    monkeypatch.setenv("HAKEN", "falsch")
    gehe(mit_webhook)
    assert mit_webhook.zeilen(meldungen)[0].code == "webhook_401"
    monkeypatch.delenv("HAKEN")
    mit_webhook.vergehe(minutes=1)
    gehe(mit_webhook)
    assert mit_webhook.zeilen(meldungen)[0].code == "geheimnis_fehlt"


# -- commands ---------------------------------------------------------------------------------------------------------


def test_the_commands_send_a_probe_and_list_what_is_open(
    mit_webhook: Welt, webhook: Webhook, tmp_path: Path, capsys: pytest.CaptureFixture[str], melde: Tat
) -> None:
    melde(mit_webhook)
    konfig = mit_webhook.betrieb.einstellungen.ordner / "fachwerk.toml"
    url, angaben = mit_webhook.betrieb.store.datenbank.url, mit_webhook.betrieb.einstellungen.alarm
    konfig.write_text(
        f'[fachwerk]\ndatenbank = "{url}"\n[alarm]\nwebhook = "{angaben.webhook}"\n'
        f'webhook_geheimnis = "env:HAKEN"\nca = "{angaben.ca}"\n',
        encoding="utf-8",
    )
    assert cli.starte(["--konfig", str(konfig), "alarm", "test"]) == 0
    assert "Webhook: angenommen" in capsys.readouterr().out
    assert arten(webhook) == [[("probe", "fachwerk")]]
    assert cli.starte(["--konfig", str(konfig), "alarm", "list", "--json"]) == 0
    (offener,) = json.loads(capsys.readouterr().out)
    assert (offener["anlass"], offener["gegenstand"], offener["anzahl"]) == ("kreis_offen", "ziel:akte", 1)
    assert cli.starte(["--konfig", str(konfig), "alarm", "list"]) == 0
    assert "Nicht zu erreichen. [nicht_da]" in capsys.readouterr().out
