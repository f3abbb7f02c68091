"""A target that confirms in stages, as its file ``stufe-ZIEL.txt`` says, and notes what it does first.

Who waits for receipts here has no time: a process in which this plugin delivered or was asked asks again after a
second at the latest, instead of after a minute to six hours.
"""

from __future__ import annotations

import uuid
from datetime import timedelta

import testziel

from fachwerk import rueckfrage
from fachwerk.hookspecs import hookimpl
from fachwerk.host import Host
from fachwerk.modell import Antrag, Befund, Entscheidung, Idempotenz, Kanal, Manifest, Quittung, Sendung, Stufe, Ziel


@hookimpl
def manifest() -> Manifest:
    return testziel.angaben("testziel_stufen", Idempotenz.ABFRAGE).model_copy(update={"stufen": tuple(Stufe)})


@hookimpl
def render(antrag: Antrag, entscheidung: Entscheidung, ziel: Ziel) -> Sendung:
    return testziel.sendung(antrag, entscheidung, ziel)


@hookimpl
def deliver(sendung: Sendung, ziel: Ziel, schluessel: str, host: Host) -> Quittung:
    _in_eile()
    if not host.notiz(schluessel, "kennung"):
        host.notiere(schluessel, "kennung", uuid.uuid4().hex)
    return _stand(testziel.trage_ein(ziel, schluessel, host), Stufe.UEBERGEBEN, host)


@hookimpl
def find_delivered(ziel: Ziel, schluessel: str, host: Host) -> Quittung | None:
    _in_eile()
    if not testziel.ist_eingetragen(ziel, schluessel, host):
        return None
    stufe = Stufe((host.ordner / f"stufe-{ziel.name}.txt").read_text(encoding="utf-8"))
    return _stand(testziel.quittung(ziel, schluessel), stufe, host)


@hookimpl
def check(kanal_oder_ziel: Kanal | Ziel, host: Host) -> list[Befund]:
    return []


def _in_eile() -> None:
    rueckfrage.ERSTE_PAUSE = rueckfrage.LAENGSTE_PAUSE = timedelta(seconds=1)


def _stand(quittung: Quittung, stufe: Stufe, host: Host) -> Quittung:
    return quittung.model_copy(update={"stufe": stufe, "kennung": host.notiz(quittung.schluessel, "kennung")})
