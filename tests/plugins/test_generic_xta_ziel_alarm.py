"""What the alarm of a Ziel says when nothing can be sent: a different thing for every cause, and no case is held."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from datetime import UTC, datetime, timedelta
from types import ModuleType
from typing import Any

import pytest

import fachwerk_generic_xta as plugin
from fachwerk import alarm
from fachwerk.testkit.welt import Welt, antrag_xml
from fachwerk_generic_xta.simulator.pki import neue_ca, neues_zertifikat, schreibe_ausweis

JETZT = datetime.now(UTC)
Ort = AbstractContextManager[dict[str, Any]]
Lage = Callable[[Any, ModuleType], Ort]


def falsche_ca(zielwelt: Any, xta_tls: ModuleType) -> Ort:
    xta_tls.fremde_ca(zielwelt.ordner)
    return nullcontext({"ca": "pki/fremd.crt"})


def abgelehnt(zielwelt: Any, xta_tls: ModuleType) -> Ort:
    xta_tls.fremde_ca(zielwelt.ordner)
    return nullcontext({"zertifikat": "pki/fremder.crt", "privatschluessel": "pki/fremder.key"})


def abgelaufen(zielwelt: Any, xta_tls: ModuleType) -> Ort:
    ca = neue_ca("Alte CA", JETZT - timedelta(days=90), JETZT + timedelta(days=90))
    ausweis = neues_zertifikat("amt", JETZT - timedelta(days=9), JETZT - timedelta(days=1), ca=ca)
    schreibe_ausweis(zielwelt.ordner / "pki", "alt", ausweis)
    return nullcontext({"zertifikat": "pki/alt.crt", "privatschluessel": "pki/alt.key"})


def gesperrt(zielwelt: Any, xta_tls: ModuleType) -> Ort:
    zielwelt.stoere("*", art="fehler", fehler="9011", mal=None)
    return nullcontext({})


def fremde_kennung(zielwelt: Any, xta_tls: ModuleType) -> Ort:
    return nullcontext({"kennung": "wbs:139999999999"})


def aufgebrochen(zielwelt: Any, xta_tls: ModuleType) -> Ort:
    ca = neue_ca("Zscaler Intermediate", JETZT - timedelta(days=1), JETZT + timedelta(days=9))
    ort, namen = zielwelt.ordner, ["localhost", "127.0.0.1"]
    server: Ort = xta_tls.server_mit(ort, ort / "proxy", ca, namen, ca_datei="pki/ca.crt")
    return server


URSACHEN: list[tuple[Lage, str]] = [
    (falsche_ca, "xta.server_zertifikat"),
    (abgelehnt, "xta.zertifikat_abgelehnt"),
    (abgelaufen, "xta.zertifikat_abgelaufen"),
    (gesperrt, "xta.konto_gesperrt"),
    (fremde_kennung, "xta.kennung_falsch"),
    (aufgebrochen, "xta.tls_aufgebrochen"),
]


@pytest.mark.parametrize(("lage", "code"), URSACHEN, ids=[lage.__name__ for lage, _ in URSACHEN])
def test_a_ziel_that_cannot_send_says_why_and_its_cases_wait(
    zielwelt: Any, xta_tls: ModuleType, sqlite_url: str, lage: Lage, code: str
) -> None:
    """The values of ``lage`` win over those of a Ziel that works."""
    felder = {"management_url", "send_url", "zertifikat", "privatschluessel", "ca", "kennung"}
    felder |= {"empfaenger", "dienst", "szenario", "nachrichtentyp"}
    grund = zielwelt.ziel.einstellungen.model_dump(mode="json", include=felder, exclude_defaults=True)
    with lage(zielwelt, xta_tls) as werte:
        ziel = {"plugin": "generic_xta"} | {name: (grund | werte)[name] for name in grund}
        welt = Welt(sqlite_url, zielwelt.ordner, plugins={"generic_xta": plugin}, ziel={"akte": ziel})
        welt.lege_ein("n-1", antrag_xml(uuid="u-1"))
        welt.durchlauf()
        (zeile,) = alarm.offene(welt.betrieb.store)
        status = welt.der_vorgang().status
        welt.schliesse()
    assert (zeile.code, status) == (code, "waiting")
    assert len(zeile.hinweis) > 40
