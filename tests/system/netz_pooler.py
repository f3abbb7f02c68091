"""A PgBouncer in front of the tests' PostgreSQL, which they start, kill and start again."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
from pathlib import Path

import sqlalchemy as sa
from netz_standort import umgeleitet

from fachwerk.demo.prozesse import beende, warte

PROGRAMM = shutil.which("pgbouncer") or shutil.which("pgbouncer", path="/usr/sbin")

_EINSTELLUNGEN = """\
[databases]
* = host={host} port={port} user={user} password={kennwort}

[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {eigener}
unix_socket_dir =
auth_type = any
pool_mode = {modus}
default_pool_size = {sitzungen}
max_client_conn = 500
query_wait_timeout = 15
"""


class Pooler:
    """Started at once; :meth:`url` is a database through it."""

    def __init__(self, ordner: Path, url: str, modus: str, sitzungen: int = 100) -> None:
        """``sitzungen``: so many with the server for each database."""
        ziel = sa.make_url(url)
        with socket.socket() as buchse:
            buchse.bind(("127.0.0.1", 0))
            self.port = int(buchse.getsockname()[1])
        self._protokoll = ordner / "pgbouncer.log"
        self._datei = ordner / "pgbouncer.ini"
        self._datei.write_text(
            _EINSTELLUNGEN.format(
                host=ziel.host,
                port=ziel.port,
                user=ziel.username,
                kennwort=ziel.password,
                eigener=self.port,
                modus=modus,
                sitzungen=sitzungen,
            ),
            encoding="utf-8",
        )
        self.starte()

    def url(self, url: str) -> str:
        return umgeleitet(url, "127.0.0.1", self.port)

    def starte(self) -> None:
        assert PROGRAMM is not None
        # it refuses to be root, and reads its settings before it becomes somebody else
        wer = ["-u", "nobody"] if os.geteuid() == 0 else []
        with self._protokoll.open("ab") as aus:
            self._prozess = subprocess.Popen([PROGRAMM, *wer, str(self._datei)], stdout=aus, stderr=aus)
        warte(self._hoert, "PgBouncer", self._prozess)

    def _hoert(self) -> bool:
        with socket.socket() as buchse:
            return buchse.connect_ex(("127.0.0.1", self.port)) == 0

    def toete(self) -> None:
        self._prozess.kill()
        self._prozess.wait()

    def schliesse(self) -> None:
        beende(self._prozess)
