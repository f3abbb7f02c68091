"""A console before a small world, without server or network: :class:`Pult` is the desk a person sits at."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from argon2 import PasswordHasher
from starlette.testclient import TestClient

from fachwerk import konten
from fachwerk.konsole.app import baue
from fachwerk.rechte import Erteilt
from fachwerk.store import Store
from fachwerk.testkit.welt import Welt

KENNWORT = "vier rote Dachziegel"


class Pult:
    """A world with its console, and a browser before it in which nobody is logged in yet."""

    def __init__(self, welt: Welt) -> None:
        self.welt = welt
        self.client = TestClient(baue(welt.betrieb), base_url="http://127.0.0.1", follow_redirects=False)

    @property
    def store(self) -> Store:
        return self.welt.betrieb.store

    def lege_konto_an(self, *rechte: str, name: str = "lena") -> None:
        konten.lege_an(self.store, name, KENNWORT, [Erteilt.aus(eins) for eins in rechte], "test")

    def melde_an(self, name: str = "lena", kennwort: str = KENNWORT, weiter: str = "/") -> Any:
        return self.sende("/anmeldung", name=name, kennwort=kennwort, weiter=weiter)

    def hole(self, pfad: str, **kopf: str) -> Any:
        return self.client.get(pfad, headers=kopf)

    def sende(self, pfad: str, kopf: dict[str, str] | None = None, **felder: str) -> Any:
        """A form as a browser sends it from our own page, but without the session's token."""
        return self.client.post(pfad, data=felder, headers={"Origin": "http://127.0.0.1", **(kopf or {})})

    def handle(self, pfad: str, **felder: str) -> Any:
        """A form with the session's token."""
        return self.sende(pfad, csrf=self.csrf, **felder)

    @property
    def csrf(self) -> str:
        """The session's token, as it stands in the forms."""
        treffer = re.search(r'name="csrf" value="([^"]+)"', self.hole("/").text)
        assert treffer, "nobody is logged in"
        return treffer[1]


@pytest.fixture(autouse=True)
def billiges_argon2(monkeypatch: pytest.MonkeyPatch) -> None:
    """Half a second a password is what an attacker should wait for, not a test."""
    billig = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    monkeypatch.setattr(konten, "_hasher", lambda: billig)
    monkeypatch.setattr(konten, "_NIEMAND", billig.hash("niemand"))


@pytest.fixture
def pult(tmp_path: Path) -> Iterator[Callable[..., Pult]]:
    """Make a desk: with ``rechte`` for ``lena``, who is logged in unless ``angemeldet=False``; sections as in Welt."""
    pulte: list[Pult] = []

    def neues(*rechte: str, angemeldet: bool = True, **welt: Any) -> Pult:
        ordner = tmp_path / f"welt{len(pulte)}"
        pulte.append(Pult(Welt(f"sqlite:///{tmp_path}/{len(pulte)}.db", ordner, **welt)))
        if rechte:
            pulte[-1].lege_konto_an(*rechte)
            if angemeldet:
                assert pulte[-1].melde_an().status_code == 303
        return pulte[-1]

    yield neues
    for eines in pulte:
        eines.client.close()
        eines.welt.schliesse()
