"""What all tests share: long runs only on demand, printed seeds, and a loud list of what was not checked."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

SYSTEM = Path(__file__).parent / "system"
SHARED = Path(__file__).resolve().parents[1].parent / "shared"

settings.register_profile(
    "kurz", deadline=None, max_examples=50, print_blob=True, suppress_health_check=[HealthCheck.too_slow]
)
settings.register_profile("lang", parent=settings.get_profile("kurz"), max_examples=2000)
settings.load_profile("kurz")


def pytest_configure(config: pytest.Config) -> None:
    if "lang" in config.option.markexpr:
        settings.load_profile("lang")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out the long runs unless ``-m`` names them, and say in which pieces several processes share the rest.

    The tests of the whole system come first, one by one unless they say that they belong together; the others follow
    file by file, so that all processes are busy to the end.
    """
    items.sort(key=lambda item: not item.path.is_relative_to(SYSTEM))
    for item in items:
        if not item.path.is_relative_to(SYSTEM):
            item.add_marker(pytest.mark.xdist_group(item.path.stem))
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
