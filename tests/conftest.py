"""What all tests share: long runs only on demand, printed seeds, and a loud list of what was not checked."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, settings

from fachwerk.testkit import anweisungen

SYSTEM = Path(__file__).parent / "system"
ZUSAMMEN = frozenset({"test_chaos_tag", "test_check_gesamt", "test_demo", "test_feindlich"})
JE_DATENBANK = frozenset({"test_kanarienvogel"})
"""Files of tests that look at one and the same run; at one run for each kind of database."""

SHARED = Path(__file__).resolve().parents[1].parent / "shared"

settings.register_profile(
    "kurz", deadline=None, max_examples=50, print_blob=True, suppress_health_check=[HealthCheck.too_slow]
)
settings.register_profile("lang", parent=settings.get_profile("kurz"), max_examples=2000)
settings.load_profile("kurz")


def pytest_configure(config: pytest.Config) -> None:
    sa.create_engine = anweisungen.teile(sa.create_engine)
    if "lang" in config.option.markexpr:
        settings.load_profile("lang")


def stueck(nodeid: str) -> str:
    """The piece a test belongs to: what lies in one piece runs in one process.

    A file is a piece; of the tests of the whole system each one is, unless they look at one and the same run.
    """
    datei, _, test = nodeid.partition("::")
    name = Path(datei).stem
    if SYSTEM.name not in Path(datei).parts:
        return datei
    art = re.search(r"\[(sqlite|postgresql)\]$", test) if name in JE_DATENBANK else None
    return f"{datei} {art[1]}" if art else datei if name in ZUSAMMEN else nodeid


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Several processes share the tests in these pieces (``-n 2 --dist loadscope``)."""
    from xdist.scheduler import LoadScopeScheduling

    if config.getoption("dist") != "loadscope":
        return None

    class Stueckweise(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            return stueck(nodeid)

    return Stueckweise(config, log)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out the long runs unless ``-m`` names them.

    What takes longest comes first, so that all processes are busy to the end: the tests of the whole system, then those
    of the documents, of which one works through a whole tutorial.
    """
    rang = {SYSTEM: 0, SYSTEM.parent: 1}
    items.sort(key=lambda item: rang.get(item.path.parent, 2))
    if "lang" in config.option.markexpr:
        return
    lang = [item for item in items if item.get_closest_marker("lang")]
    if lang:
        config.hook.pytest_deselected(items=lang)
        items[:] = [item for item in items if not item.get_closest_marker("lang")]


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder with the facts and the official schemas beside the checkout; skips loudly where it is not."""
    if not SHARED.is_dir():
        pytest.skip("NOT CHECKED: the folder 'shared' with the official schemas and facts is not beside the checkout")
    return SHARED


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Repeat at the end what could not be checked, so that nobody takes a skip for a pass."""
    gruende = {str(bericht.longrepr[2]) for bericht in terminalreporter.stats.get("skipped", [])}
    if gruende:
        terminalreporter.section("NICHT GEPRÜFT", yellow=True)
        for grund in sorted(gruende):
            terminalreporter.line(grund.removeprefix("Skipped: "), yellow=True)
