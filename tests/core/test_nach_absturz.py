"""What a killed process leaves behind is taken up at once, and nobody waits for somebody else's trouble."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from fachwerk.tabellen import zustellung
from fachwerk.testkit.mitspieler import Stoerung
from fachwerk.testkit.welt import Welt, antrag_xml

Bau = Callable[..., Welt]


class Absturz(BaseException):
    """The process is gone."""


def stirb_beim_zustellen(welt: Welt) -> None:
    """The intent is committed, the job is begun, the process ends."""
    welt.lege_ein("n-1", antrag_xml(uuid="1"))
    welt.rufe_ab()
    welt.mit_schluessel.stoerungen.append(Stoerung(Absturz()))
    with pytest.raises(Absturz):
        welt.arbeite()
    welt.neuer_prozess()


def test_an_interrupted_delivery_that_finds_the_mirror_away_goes_on_when_it_is_back(
    baue_welt: Bau, tmp_path: Path
) -> None:
    spiegel = tmp_path / "spiegel"
    welt = baue_welt(sicherung={"spiegel": str(spiegel)})
    stirb_beim_zustellen(welt)
    spiegel.rename(tmp_path / "weg")
    spiegel.write_text("kein Ordner")
    welt.arbeite()
    assert (welt.der_vorgang().status, welt.zeilen(zustellung)[0].code) == ("waiting", "spiegel_nicht_beschreibbar")
    spiegel.unlink()
    (tmp_path / "weg").rename(spiegel)
    welt.vergehe(minutes=1)
    welt.arbeite()
    assert (welt.der_vorgang().status, len(welt.mit_schluessel.wirkungen)) == ("done", 1)
