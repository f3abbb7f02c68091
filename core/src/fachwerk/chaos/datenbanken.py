"""The database of the rehearsal: a SQLite file, a PostgreSQL of its own, or an empty database that somebody names."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fachwerk.demo.prozesse import DemoError
from fachwerk.sqlite import sqlite_treiber

if TYPE_CHECKING:
    from fachwerk.testkit.postgres import PostgresServer

Ende = Callable[[], None]
EIGENER = "postgresql"
"""The word for a PostgreSQL that is made for the run and goes with it."""


@dataclass
class Datenbank:
    """``url`` as SQLAlchemy takes it; ``server`` only where the harness may stop it."""

    url: str
    server: PostgresServer | None = None
    _gestoert: bool = False
    _verbindung: Any = None

    @property
    def ist_sqlite(self) -> bool:
        """Whether it is a file of one machine."""
        return self.url.startswith("sqlite")

    @property
    def ort(self) -> tuple[str, int]:
        """Host and port of PostgreSQL."""
        from sqlalchemy import make_url

        url = make_url(self.url)
        return url.host or "127.0.0.1", url.port or 5432

    def ueber(self, port: int) -> str:
        """The address through a proxy on this machine; the certificate is still checked against the real name."""
        from sqlalchemy import make_url

        url = make_url(self.url).update_query_dict({"hostaddr": "127.0.0.1"}).set(port=port)
        return url.render_as_string(hide_password=False)

    def frage(self, sql: str) -> list[tuple[Any, ...]]:
        """Plain SQL past every proxy. The connection to a server is kept, for opening one costs more than a count."""
        if self.ist_sqlite:
            pfad = Path(self.url.partition(":///")[2]).resolve()
            with closing(sqlite_treiber().connect(f"{pfad.as_uri()}?mode=ro", uri=True, timeout=30)) as verbindung:
                return [tuple(zeile) for zeile in verbindung.execute(sql).fetchall()]
        if self._verbindung is None:
            self._verbindung = _psycopg(self.url)
        try:
            return [tuple(zeile) for zeile in self._verbindung.execute(sql).fetchall()]
        except Exception:
            self._verbindung.close()
            self._verbindung = None
            raise

    def stoere(self, wie: str) -> Ende:
        """Kill the server, or what comes nearest to it where it is not ours; returns how that ends."""
        if self._gestoert:
            return lambda: None
        if self.ist_sqlite:
            return self._sperre()
        if self.server is None:
            self._trenne()
            return lambda: None
        if wie == "kill9":
            self.server.kill9()
        else:
            self.server.stop(wie)
        self._gestoert = True
        return self._starte

    def _starte(self) -> None:
        if self.server is not None:
            self.server.start()
        self._gestoert = False

    def _sperre(self) -> Ende:
        """Another program has the file for itself: a backup that copies it, a scanner."""
        verbindung = sqlite_treiber().connect(self.url.partition(":///")[2], timeout=30, isolation_level=None)
        verbindung.execute("BEGIN IMMEDIATE")

        self._gestoert = True

        def ende() -> None:
            verbindung.execute("ROLLBACK")
            verbindung.close()
            self._gestoert = False

        return ende

    def _trenne(self) -> None:
        """End every connection to the database, as far as our role may."""
        verbindung = _psycopg(self.url)
        eigene = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database()"
        verbindung.execute(f"{eigene} AND pid <> pg_backend_pid()".encode())
        verbindung.close()


def _psycopg(url: str) -> Any:
    import psycopg

    return psycopg.connect(url.replace("+psycopg", ""), connect_timeout=5, autocommit=True)


@contextmanager
def datenbank(wort: str, ordner: Path) -> Iterator[Datenbank]:
    """``sqlite``, ``postgresql`` or an address, for as long as the block lasts.

    Raises ``DemoError`` if the database somebody named is not empty, or no PostgreSQL can be made here.
    """
    if wort == "sqlite":
        yield Datenbank(f"sqlite:///{ordner / 'fachwerk.db'}")
        return
    if wort != EIGENER:
        fremde = Datenbank(wort if "+psycopg" in wort else wort.replace("postgresql://", "postgresql+psycopg://", 1))
        _verlange_leere(fremde)
        yield fremde
        return
    from fachwerk.testkit.postgres import PostgresNichtDa, PostgresServer

    try:
        server = PostgresServer.neu()
    except PostgresNichtDa as fehler:
        raise DemoError(
            "chaos_kein_postgresql", f"Ein eigenes PostgreSQL lässt sich nicht starten: {fehler}."
        ) from None
    try:
        yield Datenbank(server.neue_datenbank(), server)
    finally:
        server.entferne()


def _verlange_leere(datenbank: Datenbank) -> None:
    if "@/" in datenbank.url or ":///" in datenbank.url:
        text = "Die Adresse braucht einen Rechner (postgresql://NAME@RECHNER:5432/DATENBANK): Die Leitung wird gestört."
        raise DemoError("chaos_datenbank", text)
    frage = (
        "SELECT count(*) FROM information_schema.tables WHERE table_schema NOT IN ('pg_catalog', 'information_schema')"
    )
    try:
        [(anzahl,)] = datenbank.frage(frage)
    except Exception as fehler:
        text = f"Die Datenbank ist nicht zu erreichen ({type(fehler).__name__}). Adresse und Anmeldung prüfen."
        raise DemoError("chaos_datenbank", text) from None
    if anzahl:
        text = (
            f"Die Datenbank enthält schon {anzahl} Tabellen und bleibt unberührt. Bitte eine leere anlegen und nennen."
        )
        raise DemoError("chaos_datenbank_belegt", text)
