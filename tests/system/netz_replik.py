"""A PostgreSQL with a standby that has every commit before it counts, and takes over when the first one dies."""

from __future__ import annotations

import subprocess
from pathlib import Path

import psycopg
import sqlalchemy as sa

from fachwerk.testkit.postgres import PostgresServer, _rechte


class Paar:
    """``haupt`` and ``replik``; synchronous, so that nothing committed is lost when ``replik`` is promoted."""

    def __init__(self, haupt: PostgresServer) -> None:
        self.haupt = haupt
        self.replik = PostgresServer(fsync=True)
        self.replik._bin = haupt._bin
        self.replik._passwort = haupt._passwort
        self._kopiere()
        self.replik.start()
        self._befehl(haupt, "ALTER SYSTEM SET synchronous_standby_names = '*'")
        self._befehl(haupt, "SELECT pg_reload_conf()")

    def _kopiere(self) -> None:
        """``pg_basebackup`` with the settings of a standby; the copy asks ``haupt`` for what is new."""
        befehl = [
            str(self._werkzeug("pg_basebackup")),
            "-D",
            str(self.replik.daten),
            "-R",
            "-X",
            "stream",
            "-c",
            "fast",
        ]
        befehl += ["-d", f"{_ohne_treiber(self.haupt.url())}?application_name=replik"]
        lauf = subprocess.run(
            befehl, env=self.haupt._umgebung(), cwd=self.replik.ordner, capture_output=True, text=True, check=False,
            **_rechte(),
        )  # fmt: skip
        assert lauf.returncode == 0, lauf.stderr

    def _werkzeug(self, name: str) -> Path:
        return self.haupt._bin / name

    def laeuft_mit(self) -> bool:
        """Whether every commit waits for the standby."""
        frage = "SELECT count(*) FROM pg_stat_replication WHERE sync_state = 'sync'"
        with psycopg.connect(_ohne_treiber(self.haupt.url())) as verbindung:
            zeile = verbindung.execute(frage).fetchone()
        return zeile == (1,)

    def schalte_um(self) -> None:
        """The first one dies at once; the standby becomes the server."""
        self.haupt.kill9()
        self._befehl(self.replik, "SELECT pg_promote()")

    @staticmethod
    def _befehl(server: PostgresServer, sql: str) -> None:
        with psycopg.connect(_ohne_treiber(server.url()), autocommit=True) as verbindung:
            verbindung.execute(sql.encode())

    def zweite_adresse(self, url: str) -> str:
        """The same database on the standby."""
        return sa.make_url(url).set(port=self.replik.port).render_as_string(hide_password=False)

    def beide_adressen(self, url: str) -> str:
        """One address with both servers, of which libpq takes the one that writes."""
        hier = sa.make_url(url)
        wege = [f"host=127.0.0.1:{server.port}" for server in (self.haupt, self.replik)]
        anmeldung = f"{hier.username}:{hier.password}"
        return f"postgresql+psycopg://{anmeldung}@/{hier.database}?{'&'.join(wege)}&target_session_attrs=read-write"


def _ohne_treiber(url: str) -> str:
    return url.replace("+psycopg", "")
