"""The pages about the simulator say what it does: every order in them is one it takes."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from fachwerk_generic_xta.simulator import XtaSimulator
from fachwerk_generic_xta.simulator.befehl import senden, xta
from fachwerk_generic_xta.simulator.konten import _ANGEBOT, _ANTWORT, _KONTO, pruefe_konten
from fachwerk_generic_xta.simulator.launen import ARTEN, VORGANGSLISTE, WORTE
from fachwerk_generic_xta.simulator.steuerung import WORTE as AUFTRAGSWORTE
from fachwerk_generic_xta.simulator.tls import TLS_ARTEN

WURZEL = Path(__file__).resolve().parents[2]
BLATT = (WURZEL / "plugins/generic_xta/SIMULATOR.md").read_text(encoding="utf-8")
TESTSTELLUNG = (WURZEL / "docs/teststellung.md").read_text(encoding="utf-8")


def auftraege() -> Iterator[dict[str, Any]]:
    """Whatever is JSON in the pages, in a line of its own, in quotes of the shell or in backticks."""
    for text in (BLATT, TESTSTELLUNG):
        for stelle in re.findall(r"`(\{.*?\})`|steuern '(\{.*?\})'|^(\{\".*\})$", text, re.MULTILINE):
            auftrag = json.loads("".join(stelle))
            if "management" not in auftrag:
                yield auftrag


@pytest.fixture(scope="module")
def beispiel(tmp_path_factory: pytest.TempPathFactory) -> Iterator[XtaSimulator]:
    with XtaSimulator(tmp_path_factory.mktemp("sim")) as laufend:
        yield laufend


@pytest.mark.parametrize("auftrag", list(auftraege()), ids=json.dumps)
def test_every_order_in_the_pages_is_taken(beispiel: XtaSimulator, auftrag: dict[str, Any]) -> None:
    if "fuellen" in auftrag:
        auftrag = {**auftrag, "fuellen": {**auftrag["fuellen"], "anzahl": 3}}
    assert beispiel.steuere(auftrag)["konten"]


def test_the_pages_show_enough_orders() -> None:
    assert len(list(auftraege())) > 20


def test_every_word_and_option_is_documented() -> None:
    worte = [*ARTEN, *WORTE, *_KONTO, *_ANGEBOT, *_ANTWORT, *TLS_ARTEN, *VORGANGSLISTE]
    worte += [wort for wort in AUFTRAGSWORTE if wort.isalpha()]
    worte += [option.opts[0] for befehl in (xta, senden) for option in befehl.params if option.opts[0].startswith("--")]
    fehlend = [wort for wort in worte if not re.search(rf"(?<![\w-]){re.escape(wort)}(?![\w-])", BLATT)]
    assert not [wort for wort in fehlend if wort != "--test"]


def test_the_accounts_shown_are_accounts() -> None:
    [konten] = re.findall(r"```json\n(\{\"konten\".*?)```", BLATT, re.DOTALL)
    assert set(pruefe_konten(json.loads(konten))) == {"leser", "portal", "amt"}
