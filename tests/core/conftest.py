"""Fixtures for the core: an empty, migrated database of each kind."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from fachwerk import alarm, meldung, umzug
from fachwerk.datenbank import aktualisiere, oeffne_datenbank, schema_stand
from fachwerk.dienst import Dienst
from fachwerk.modell import Idempotenz, utc
from fachwerk.tabellen import zustellung
from fachwerk.testkit.mitspieler import Stufenziel
from fachwerk.testkit.pki import richte_pki_ein
from fachwerk.testkit.postgres import PostgresServer
from fachwerk.testkit.umzugsort import Umzugsort
from fachwerk.testkit.welt import Welt, antrag_xml

MIT_TABELLEN = frozenset({"datenbank", "baue_welt"})
"""Fixtures that want our tables in their database: it then is a copy of one that the migrations made."""


def _migriert(url: str) -> str:
    engine = oeffne_datenbank(url)
    aktualisiere(engine)
    engine.dispose()
    return url


@pytest.fixture(scope="session")
def vorlage_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file with our tables, migrated once for all tests of this process."""
    datei = tmp_path_factory.mktemp("vorlage") / "fachwerk.db"
    _migriert(f"sqlite:///{datei}")
    return datei


@pytest.fixture(scope="session")
def vorlage_postgres(postgres_server: PostgresServer) -> str:
    """Address of a database with our tables, migrated once for all tests of this process."""
    return _migriert(postgres_server.neue_datenbank())


@pytest.fixture
def sqlite_url(tmp_path: Path, request: pytest.FixtureRequest) -> str:
    """SQLAlchemy address of a SQLite file that does not exist yet, or has our tables for who wants them."""
    datei = tmp_path / "fachwerk.db"
    if MIT_TABELLEN & set(request.fixturenames):
        shutil.copyfile(request.getfixturevalue("vorlage_sqlite"), datei)
    return f"sqlite:///{datei}"


@pytest.fixture
def postgres_url(postgres_server: PostgresServer, request: pytest.FixtureRequest) -> Iterator[str]:
    """SQLAlchemy address of an empty PostgreSQL database, with our tables for who wants them; dropped afterwards."""
    mit_tabellen = MIT_TABELLEN & set(request.fixturenames)
    url = postgres_server.neue_datenbank(request.getfixturevalue("vorlage_postgres") if mit_tabellen else "")
    yield url
    postgres_server.loesche_datenbank(url)


@pytest.fixture
def datenbank(datenbank_url: str) -> Iterator[sa.Engine]:
    """An empty database with our tables; the test runs once on SQLite and once on PostgreSQL."""
    engine = oeffne_datenbank(datenbank_url)
    assert schema_stand(engine) == "aktuell"
    yield engine
    engine.dispose()


@pytest.fixture
def baue_welt(datenbank_url: str, tmp_path: Path) -> Iterator[Callable[..., Welt]]:
    """Make the test's world with the configuration it needs; once on SQLite and once on PostgreSQL."""
    welten: list[Welt] = []

    def baue(**angaben: Any) -> Welt:
        welten.append(Welt(datenbank_url, tmp_path / "welt", **angaben))
        return welten[-1]

    yield baue
    for welt in welten:
        welt.schliesse()


@pytest.fixture
def welt(baue_welt: Callable[..., Welt]) -> Welt:
    """A world with one mailbox and the Ziel ``akte``, which recognises a key."""
    return baue_welt()


@pytest.fixture
def dienst(welt: Welt) -> Iterator[Dienst]:
    """The watch of this world's process, without workers."""
    neuer = Dienst(welt.betrieb)
    neuer._platz.nimm()
    yield neuer
    neuer._platz.verlasse()


@pytest.fixture
def amt() -> Stufenziel:
    """A target that confirms in stages."""
    return Stufenziel("amt", Idempotenz.ABFRAGE)


@pytest.fixture
def uebergeben(baue_welt: Callable[..., Welt], amt: Stufenziel) -> Welt:
    """One case, handed over to a target that will tell more."""
    welt = baue_welt(plugins={"amt": amt}, ziel={"akte": "amt"})
    welt.lege_ein("n-1", antrag_xml(uuid="u-1"))
    assert welt.durchlauf() == ["done"]
    return welt


@pytest.fixture
def naechste_frage() -> Callable[[Welt], datetime | None]:
    """When the next question for a receipt is due, None if nothing is asked."""

    def faellig(welt: Welt) -> datetime | None:
        zeit = welt.zeilen(zustellung)[0].frage_faellig
        return None if zeit is None else utc(zeit)

    return faellig


@pytest.fixture
def frage(naechste_frage: Callable[[Welt], datetime | None]) -> Callable[..., None]:
    """Let so much time pass that the next question is due, and work; ``mal`` times."""

    def warte_und_arbeite(welt: Welt, mal: int = 1) -> None:
        for _ in range(mal):
            faellig = naechste_frage(welt)
            assert faellig is not None
            welt.vergehe(seconds=max((faellig - datetime.now(UTC)).total_seconds(), 0) + 1)
            welt.arbeite()

    return warte_und_arbeite


@pytest.fixture
def umzugsort(
    sqlite_url: str, postgres_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Umzugsort]:
    """A world on a file, an empty PostgreSQL database to move to, and no engine."""
    monkeypatch.setattr(umzug, "lege_tabellen_an", lambda _: None)
    ort = Umzugsort(sqlite_url, tmp_path / "welt", postgres_url)
    yield ort
    ort.schliesse()


@pytest.fixture(scope="session")
def pki(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the certificates of a server on loopback and their CA."""
    ordner = tmp_path_factory.mktemp("pki")
    richte_pki_ein(ordner, [], datetime.now(UTC))
    return ordner


@pytest.fixture
def melde() -> Callable[..., None]:
    """Open an alarm of a world; without details that of a target that cannot be reached."""

    def oeffne(welt: Welt, *angaben: str) -> None:
        with welt.betrieb.store.transaktion("probe") as verbindung:
            alarm.melde(verbindung, *(angaben or ("kreis_offen", "ziel:akte", "nicht_da", "Nicht zu erreichen.")))

    return oeffne


@pytest.fixture
def gehe() -> Callable[[Welt], None]:
    """What the watch does about messages, once."""

    def einmal(welt: Welt) -> None:
        jetzt = datetime.now(UTC)
        meldung.plane(welt.betrieb, jetzt)
        meldung.versende(welt.betrieb, jetzt)

    return einmal
