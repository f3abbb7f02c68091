"""What stands around a measurement: the machine it ran on, how busy that was, and a throw-away PostgreSQL."""

from __future__ import annotations

import os
import platform
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import packages_distributions
from pathlib import Path

from fachwerk.modell import Sendung
from fachwerk.testkit.postgres import PostgresNichtDa, PostgresServer
from fachwerk.testkit.wirt import FakeHost


def maschine(*dazu: str) -> str:
    """One line: processor, cores, Python, and whatever else of ``dazu`` a figure depends on."""
    python = f"Python {platform.python_version()}"
    return ", ".join([platform.machine(), f"{os.cpu_count()} Kerne", python, *dazu])


def last(*, alle: bool = False) -> str:
    """How many processes wanted to run in the last minute; with ``alle`` in the last 1, 5 and 15."""
    if not hasattr(os, "getloadavg"):
        return "Last unbekannt"
    return "Last " + " ".join(f"{wert:.1f}" for wert in os.getloadavg()[: 3 if alle else 1])


def nur_hier() -> list[str]:
    """Modules that are installed here to build and to test, and at no site."""
    sys.path.append(str(Path(__file__).resolve().parents[1] / ".ci"))
    from lieferung import werkzeuge
    from pakete import normiert

    namen = werkzeuge().keys()
    return sorted(modul for modul, von in packages_distributions().items() if namen >= set(map(normiert, von)))


@contextmanager
def postgres(*, fsync: bool = True) -> Iterator[PostgresServer | None]:
    """A server that goes with its data afterwards; None, loudly, where there is none."""
    try:
        server = PostgresServer.neu(fsync=fsync)
    except PostgresNichtDa as grund:
        print(f"NICHT GEMESSEN mit PostgreSQL: {grund}", flush=True)
        yield None
        return
    try:
        yield server
    finally:
        server.entferne()


def gespeichert(host: FakeHost, sendung: Sendung) -> Sendung:
    """``sendung`` with its drafts written, as the line does before it delivers."""
    anlagen = tuple(
        anlage
        if anlage.teil.id
        else anlage.model_copy(update={"teil": host.inhalt.schreibe(anlage.teil.bytes_strom(), anlage.teil.name)})
        for anlage in sendung.anlagen
    )
    return sendung.model_copy(update={"anlagen": anlagen})
