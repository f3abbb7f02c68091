"""Alarms by mail: what the mail says, over real SMTP on loopback, and the code of whatever keeps it from going out."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from fachwerk import alarm, meldetext
from fachwerk.alarmeinstellungen import AlarmEinstellungen
from fachwerk.tabellen import meldung as meldungen
from fachwerk.testkit.empfaenger import Mailserver, server_kontext
from fachwerk.testkit.welt import Welt

Bau = Callable[..., Welt]
Tat = Callable[..., None]


@pytest.fixture
def datenbank_url(sqlite_url: str) -> str:
    return sqlite_url


@pytest.fixture
def post(pki: Path) -> Iterator[Mailserver]:
    kontext = server_kontext(pki / "server.crt", pki / "server.key")
    with Mailserver(kontext, benutzer="fachwerk", kennwort="geheim") as server:
        yield server


@pytest.fixture
def mit_mail(baue_welt: Bau, post: Mailserver, pki: Path, monkeypatch: pytest.MonkeyPatch) -> Welt:
    monkeypatch.setenv("POST", "geheim")
    return baue_welt(alarm=mailangaben(post, pki), konsole={"url": "https://fachwerk.example"})


def mailangaben(post: Mailserver, pki: Path, **weitere: Any) -> dict[str, Any]:
    konto = {"smtp_benutzer": "fachwerk", "smtp_kennwort": "env:POST"}
    wohin = {"mail": ["it@musterow.example", "amt@musterow.example"], "absender": "fachwerk@musterow.example"}
    return {"smtp": post.adresse, "ca": str(pki / "ca.crt"), **konto, **wohin, **weitere}


def test_a_mail_says_what_opened_with_hint_and_link_and_goes_to_all(
    mit_mail: Welt, post: Mailserver, melde: Tat, gehe: Tat
) -> None:
    melde(mit_mail)
    melde(mit_mail, alarm.GEHALTEN, "vorgang:abc", "gehalten", "Bitte ansehen: Gehalten für den Betrieb.")
    gehe(mit_mail)
    (mail,) = post.mails
    assert mail["Subject"] == "[Fachwerk] 2 neue Alarme"
    assert (mail["From"], mail["Auto-Submitted"]) == ("fachwerk@musterow.example", "auto-generated")
    assert mail["To"] == "it@musterow.example, amt@musterow.example"
    assert mail["Message-ID"] == f"<{mit_mail.zeilen(meldungen)[0].kennung}@musterow.example>"
    text = mail.get_content()
    for stelle in ("Ruht: ziel:akte [nicht_da]", "Nicht zu erreichen.", "Gehalten für den Betrieb"):
        assert stelle in text
    assert "https://fachwerk.example/vorgang/abc" in text
    assert "https://fachwerk.example/alarme" in text


@pytest.mark.parametrize(
    ("aendere", "code"),
    [
        ({"smtp_kennwort": "env:FALSCH"}, "smtp_anmeldung"),
        ({"ca": ""}, "smtp_tls"),
        ({"smtp": "127.0.0.1:1"}, "smtp_nicht_erreichbar"),
        ({"smtp_verschluesselung": "tls"}, "smtp_tls"),
        ({"mail": ["weg@musterow.example"]}, "smtp_empfaenger"),
        ({"smtp_benutzer": "", "smtp_kennwort": ""}, "smtp_abgelehnt"),
    ],
)
def test_what_keeps_a_mail_from_going_out_has_a_code(
    mit_mail: Welt,
    post: Mailserver,
    pki: Path,
    monkeypatch: pytest.MonkeyPatch,
    aendere: dict[str, Any],
    code: str,
    melde: Tat,
    gehe: Tat,
) -> None:
    monkeypatch.setenv("FALSCH", "daneben")
    post.abgelehnte.add("weg@musterow.example")
    mit_mail.neuer_prozess(alarm=mailangaben(post, pki) | aendere)
    melde(mit_mail)
    gehe(mit_mail)
    assert ([zeile.code for zeile in mit_mail.zeilen(meldungen)], post.mails) == ([code], [])


def test_tls_from_the_first_byte_works_too(baue_welt: Bau, pki: Path, melde: Tat, gehe: Tat) -> None:
    with Mailserver(server_kontext(pki / "server.crt", pki / "server.key"), tls=True) as post:
        konto = {"smtp_benutzer": "", "smtp_kennwort": "", "smtp_verschluesselung": "tls"}
        welt = baue_welt(alarm=mailangaben(post, pki, **konto))
        melde(welt)
        gehe(welt)
        assert [mail["Subject"] for mail in post.mails] == ["[Fachwerk] ein neuer Alarm: Ruht, ziel:akte"]


def test_a_mail_of_hundreds_names_fifty_and_counts_the_rest() -> None:
    eintrag = {
        "art": "neu",
        "wort": "W",
        "gegenstand": "ziel:x",
        "code": "c",
        "hinweis": "h",
        "seit": "2026-11-22T08:00:00+00:00",
    }
    text = meldetext.als_text([eintrag] * 120, "")
    assert (text.count("ziel:x"), "und 70 weitere" in text) == (50, True)


@pytest.mark.parametrize(
    "angaben",
    [
        {"webhook": "http://meldungen.example/"},
        {"webhook": "https://name:kennwort@meldungen.example/"},
        {"mail": ["a@b\r\nBcc: c@d"]},
        {"mail": ["kein-klammeraffe"]},
        {"smtp": "ohne-port"},
        {"smtp_verschluesselung": "keine", "smtp_benutzer": "fachwerk"},
    ],
)
def test_a_configuration_that_would_leak_or_never_work_is_refused(angaben: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        AlarmEinstellungen.model_validate(angaben)
