"""Behind a PgBouncer: with sessions of its own Fachwerk works as ever, with shared ones it refuses to."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from netz_pooler import PROGRAMM, Pooler
from netz_standort import TOR, Knotenpaar

from fachwerk.datenbank import aktualisiere, oeffne_datenbank
from fachwerk.demo import prozesse
from fachwerk.errors import ConfigError
from fachwerk.platz import pruefe_sitzungen
from fachwerk.testkit.standort import Standort

pytestmark = [
    pytest.mark.postgresql,
    pytest.mark.debian,
    pytest.mark.skipif(
        not PROGRAMM, reason="NOT CHECKED behind a PgBouncer: it is missing (apt-get install pgbouncer)"
    ),
]
NeuerPooler = Callable[..., Pooler]


@pytest.fixture
def kulisse() -> Iterator[ExitStack]:
    with ExitStack() as stapel:
        yield stapel


@pytest.fixture
def pooler(tmp_path: Path, postgres_url: str, kulisse: ExitStack) -> NeuerPooler:
    """Starts one of this ``pool_mode`` in front of the test's server."""

    def starte(modus: str) -> Pooler:
        neuer = Pooler(tmp_path, postgres_url, modus)
        kulisse.callback(neuer.schliesse)
        return neuer

    return starte


def test_two_nodes_with_sessions_of_their_own_go_on_when_it_dies_under_them(
    neuer_standort: Callable[..., Standort], postgres_url: str, pooler: NeuerPooler, kulisse: ExitStack
) -> None:
    davor = pooler("session")
    standort = neuer_standort(postgres_url, ziele=TOR, arbeiter=2)
    beide = Knotenpaar(standort, ("eins", "zwei"), kulisse, url=davor.url(postgres_url))
    beide.schliesse("tor-danach-zu")
    standort.sende(6)
    beide.warte(lambda: len(beide.akten()) == 2, "zwei Akten, von denen niemand weiß")
    davor.toete()
    beide.oeffne("tor-danach-zu")
    beide.warte(lambda: all("datenbank_weg" in beide.protokoll(name) for name in beide.prozess), "beide merken es")
    davor.starte()
    beide.warte_auf_alle()
    assert standort.maengel() == []
    assert beide.plaetze() == {"eins-1", "zwei-1"}
    assert beide.beende() == [0, 0]
    assert beide.plaetze() == set()


@pytest.mark.parametrize("modus", ["transaction", "statement"])
def test_sessions_that_are_handed_on_are_recognised(modus: str, postgres_url: str, pooler: NeuerPooler) -> None:
    with pytest.raises(ConfigError) as fehler:
        pruefe_sitzungen(oeffne_datenbank(pooler(modus).url(postgres_url)))
    assert fehler.value.code == "datenbank_sitzung_geteilt"
    assert "pool_mode = session" in fehler.value.hint


def test_a_service_does_not_begin_with_sessions_that_are_handed_on_and_check_says_why(
    neuer_standort: Callable[..., Standort], postgres_url: str, pooler: NeuerPooler
) -> None:
    aktualisiere(oeffne_datenbank(postgres_url))
    standort = neuer_standort(postgres_url, ziele=TOR)
    konfig = standort.schreibe_konfig("eins")
    weg = pooler("transaction").url(postgres_url)
    konfig.write_text(konfig.read_text(encoding="utf-8").replace(postgres_url, weg), encoding="utf-8")
    for befehl in ("run", "check"):
        lauf = subprocess.run(
            [sys.executable, "-m", "fachwerk", "--konfig", str(konfig), befehl],
            capture_output=True, text=True, env=prozesse.umgebung(), check=False, timeout=120,
        )  # fmt: skip
        assert "pool_mode = session" in lauf.stdout + lauf.stderr, befehl
        assert lauf.returncode == 3, befehl
