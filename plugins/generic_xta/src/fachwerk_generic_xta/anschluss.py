"""From configured Kanal or Ziel to its XTA server: the client of the account, and looks at an address without one."""

from __future__ import annotations

import socket
from dataclasses import dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import httpx

from fachwerk.modell import Kanal, Ziel
from fachwerk.transport import classify
from fachwerk_generic_xta.client import XtaClient
from fachwerk_generic_xta.settings import Anschluss, einstellungen, zieleinstellungen

if TYPE_CHECKING:
    from fachwerk.host import Host


def angaben(stelle: Kanal | Ziel) -> tuple[Anschluss, str]:
    """The settings of ``stelle`` and who we are there."""
    if isinstance(stelle, Kanal):
        return einstellungen(stelle), stelle.kennung
    werte = zieleinstellungen(stelle)
    return werte, werte.kennung


def client(stelle: Kanal | Ziel, host: Host) -> XtaClient:
    """The client of ``stelle``; its connections are kept alive by ``host``."""
    werte, kennung = angaben(stelle)
    return XtaClient(werte.adressen, werte.partei(kennung), host.http(werte.verbindung(host)), werte.groessen)


@dataclass(frozen=True)
class Anblick:
    """What an address answers to an empty request: the HTTP status, and the clock of the server where it says it."""

    status: int
    uhr: datetime | None


def sieh_nach(url: str, http: httpx.Client) -> Anblick:
    """Knock at an address without asking for anything. Raises the errors of ``classify``."""
    try:
        with http.stream("POST", url, content=b"", headers={"Content-Type": "application/soap+xml"}) as antwort:
            return Anblick(antwort.status_code, _uhr(antwort.headers.get("date", "")))
    except (httpx.HTTPError, httpx.InvalidURL, OSError) as fehler:
        raise classify(fehler, idempotent=True) from None


def _uhr(text: str) -> datetime | None:
    try:
        zeit = parsedate_to_datetime(text)
    except ValueError:
        return None
    return zeit if zeit.tzinfo else None


def ist_bekannt(url: str) -> bool:
    """Whether the name of the address can be resolved on this machine."""
    teile = urlsplit(url)
    try:
        socket.getaddrinfo(teile.hostname, teile.port or 443)
    except OSError:
        return False
    return True
