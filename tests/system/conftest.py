"""What the tests of the whole system share: one mailbox, one virus scanner, sites, and targets that make trouble."""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from fachwerk.demo import prozesse
from fachwerk.testkit.absturz import Absturzbank
from fachwerk.testkit.clamd import FalscherClamd
from fachwerk.testkit.standort import Postamt, Standort
from fachwerk.testkit.startbank import Startbank

TESTZIELE = Path(__file__).parent / "testziele"
NeuerStandort = Callable[..., Standort]


@pytest.fixture(scope="session")
def postamt(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Postamt]:
    """One simulator for all tests that do not disturb it."""
    amt = Postamt(tmp_path_factory.mktemp("postamt") / "postfach", anzahl=80)
    with amt.laufend():
        yield amt


@pytest.fixture
def eigenes_postamt(tmp_path: Path) -> Postamt:
    """A simulator for one test alone, which starts, kills and restarts it."""
    (tmp_path / "postamt").mkdir()
    return Postamt(tmp_path / "postamt" / "postfach")


@pytest.fixture(scope="session")
def clamd() -> Iterator[str]:
    """Address of a virus scanner."""
    with FalscherClamd() as scanner:
        yield scanner.adresse


@pytest.fixture(scope="session", autouse=True)
def testziele(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Install the plugins of ``testziele`` for every process the tests start: on the path, with entry points."""
    ordner = tmp_path_factory.mktemp("installiert")
    angaben = ordner / "fachwerk_testziele-0.1.0.dist-info"
    angaben.mkdir()
    (angaben / "METADATA").write_text("Metadata-Version: 2.1\nName: fachwerk-testziele\nVersion: 0.1.0\n")
    module = sorted(datei.stem for datei in TESTZIELE.glob("testziel_*.py"))
    zeilen = "".join(f"{name} = {name}\n" for name in module)
    (angaben / "entry_points.txt").write_text(f"[fachwerk]\n{zeilen}")
    pfade = [str(ordner), str(TESTZIELE), *filter(None, [os.environ.get("PYTHONPATH", "")])]
    os.environ["PYTHONPATH"] = os.pathsep.join(pfade)


@pytest.fixture(scope="session", autouse=True)
def startbank(tmp_path_factory: pytest.TempPathFactory, testziele: None) -> Iterator[Startbank]:
    """What sites and mailboxes start is forked; a command that a test runs itself is really executed."""
    echt = prozesse.starte
    with Startbank(tmp_path_factory.mktemp("startbank") / "protokoll.log") as bank, pytest.MonkeyPatch.context() as neu:

        def starte(worte: Sequence[str], protokoll: Path, zusatz: Mapping[str, str] | None = None) -> Any:
            return (bank.starte if bank.kann(worte, zusatz) else echt)(worte, protokoll, zusatz)

        neu.setattr(prozesse, "starte", starte)
        yield bank


@pytest.fixture(scope="session")
def bank(startbank: Startbank) -> Absturzbank:
    """Forks processes that are killed somewhere."""
    return Absturzbank(startbank)


@pytest.fixture
def datenbanken(datenbank_url: str, request: pytest.FixtureRequest) -> tuple[str, str]:
    """Addresses of two empty databases of one kind; the test runs once on SQLite and once on PostgreSQL."""
    if datenbank_url.startswith("sqlite"):
        return datenbank_url, datenbank_url.replace("fachwerk.db", "zweite.db")
    return datenbank_url, request.getfixturevalue("postgres_server").neue_datenbank()


@pytest.fixture
def neuer_standort(tmp_path: Path, postamt: Postamt, clamd: str) -> NeuerStandort:
    """Makes a site with a mailbox of its own at the shared simulator."""
    nummer = itertools.count(1)

    def mache(datenbank: str, **angaben: Any) -> Standort:
        angaben.setdefault("postamt", postamt)
        return Standort(tmp_path / f"standort-{next(nummer)}", datenbank=datenbank, clamd=clamd, **angaben)

    return mache
