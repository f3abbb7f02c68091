"""kill -9 between intent and receipt: a child that does the work of the whole line is killed by SIGKILL, per adapter.

Before and after each commit of the line, each note of the adapter, each rename and each hook, as a child that is not
killed has passed them. Then the other side does what it does, another process takes over, and the oracle looks.
"""

from __future__ import annotations

import random
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

import chaos_seiten as seiten
from chaos_adapter import Auf, Buehne, buehnen_in
from chaos_seiten import Ordneruebergabe, ProsozOrdner, ProsozSoapOhneAlles, Seite

from fachwerk import eingriff
from fachwerk.testkit import ordnerstoerung, sturz

SCHON_GEPRUEFT = ("linie", "virenpruefung")
"""Before the intent: test_absturz kills there, whatever the target is."""
WIE_DAVOR = ("vor deliver", "vor zugestellt", "vor quittung", "vor rueckfrage", "vor find_delivered")
"""A kill there leaves what a kill at the point before it leaves; only ``make lang`` takes them too. So it is with notes
of an adapter that writes to a folder: what it does in between is a point of its own. A request is none."""

alle = pytest.mark.parametrize("art", seiten.ORDNERSEITEN + seiten.NETZSEITEN)


@pytest.fixture
def auf(tmp_path: Path) -> Iterator[Auf]:
    """Puts one target on the stage."""
    with buehnen_in(tmp_path) as baue:
        yield baue


def ausgewaehlt(buehne: Buehne, *, alle: bool = False) -> list[str]:
    """The points that a child passes and at which this file kills, in their order."""
    eigene = [punkt for punkt in buehne.punkte() if punkt.split()[1] not in SCHON_GEPRUEFT]
    wie_davor = WIE_DAVOR if isinstance(buehne.seite, seiten.Netzseite) else (*WIE_DAVOR, "vor notiz")
    return [punkt for punkt in eigene if alle or not punkt.startswith(wie_davor)]


def toete_und_sieh_nach(buehne: Buehne, punkt: str, *, holt_ab: bool) -> list[str]:
    """One more case, a kill at ``punkt``, then (or not) the other side, then another process."""
    buehne.sende()
    maengel = [] if buehne.toete(punkt) else ["not killed"]
    maengel += buehne.maengel_am_ziel(hoechstens=True) if holt_ab else []
    buehne.gehe(hours=2)
    status, grund = buehne.staende()[-1]
    if status == "held" and grund == "ausgang_unbekannt" and darf_fragen(buehne.seite, punkt):
        gib_frei_wenn_nichts_da_ist(buehne)
    elif status == "held":
        maengel.append(f"held for {grund}")
    return [f"{punkt}: {mangel}" for mangel in maengel]


def darf_fragen(seite: Seite, punkt: str) -> bool:
    """Only where nobody can be asked may a person have to look, and only after the request may have left."""
    return isinstance(seite, ProsozSoapOhneAlles) and not punkt.startswith(("vor absicht", "nach zugestellt"))


def gib_frei_wenn_nichts_da_ist(buehne: Buehne) -> None:
    """What the person does whom the hint asks to look: the case is released only if it is not in the target."""
    if buehne.maengel_am_ziel():
        kennung = buehne.frage("SELECT id FROM vorgang ORDER BY angelegt")[-1][0]
        eingriff.gib_frei(buehne.welt.betrieb, kennung, "anna", "Nachgesehen: nichts da.")
        buehne.gehe()


GLEICHE_BAUART = (seiten.Flach, seiten.LaemmerzahlUeberZiel, seiten.LaemmerzahlUeberKanal, seiten.ProsozSoapAbfrage)


@alle
def test_killed_between_intent_and_receipt_each_case_is_there_once(auf: Auf, art: type[Seite]) -> None:
    """What shares its code with another takes every second point here, and all of them in ``make lang``."""
    toete_ueberall(auf(art), art, schritt=2 if art in GLEICHE_BAUART else 1)


@pytest.mark.lang
@alle
def test_killed_at_the_other_points_too(auf: Auf, art: type[Seite]) -> None:
    toete_ueberall(auf(art), art, schritt=1, alle=True)


def toete_ueberall(buehne: Buehne, art: type[Seite], schritt: int, *, alle: bool = False) -> None:
    maengel: list[str] = []
    buehne.sende()
    for nummer, punkt in enumerate(ausgewaehlt(buehne, alle=alle)[::schritt]):
        maengel += toete_und_sieh_nach(buehne, punkt, holt_ab=bool(nummer % 2))
    buehne.bringe_zu_ende()
    if art is ProsozSoapOhneAlles:  # what a person has found there stays held; nothing is there twice
        maengel += buehne.maengel_am_ziel()
        assert ("held", "ausgang_unbekannt") in buehne.staende()
    else:
        maengel += buehne.maengel()
    assert not maengel, "\n".join(maengel)


mit_quittung = pytest.mark.parametrize("art", [Ordneruebergabe, ProsozOrdner, seiten.ProsozSoap])


@mit_quittung
def test_killed_over_a_receipt_the_stage_is_reached_once(auf: Auf, art: type[Seite]) -> None:
    buehne, maengel = auf(art), []
    for punkt in punkte_der_frage(buehne):
        uebergib(buehne)
        buehne.welt.vergehe(hours=2)
        maengel += [] if buehne.toete(punkt) else [f"{punkt}: not killed"]
    buehne.bringe_zu_ende()
    assert not maengel + buehne.maengel(), "\n".join(maengel + buehne.maengel())


@mit_quittung
def test_killed_over_a_refusal_its_reason_is_not_lost(auf: Auf, art: type[Seite]) -> None:
    buehne, maengel = auf(art), []
    for punkt in punkte_der_ablehnung(buehne):
        bereite_ablehnung_vor(buehne)
        maengel += [] if buehne.toete(punkt) else [f"{punkt}: not killed"]
        buehne.bringe_zu_ende(3)
        if (stand := buehne.staende()[-1]) != ("held", f"{art.plugin.manifest().name}.abgelehnt"):
            maengel.append(f"{punkt}: {stand}")
    for (kennung,) in buehne.frage("SELECT id FROM vorgang WHERE status = 'held'"):
        eingriff.wiederhole(buehne.welt.betrieb, kennung, "anna")
    buehne.bringe_zu_ende()
    assert not maengel + buehne.maengel(), "\n".join(maengel + buehne.maengel())


def uebergib(buehne: Buehne) -> None:
    buehne.sende()
    buehne.gehe()
    buehne.seite.runde()


def punkte_der_frage(buehne: Buehne) -> list[str]:
    uebergib(buehne)
    buehne.welt.vergehe(hours=2)
    return ausgewaehlt(buehne)


def bereite_ablehnung_vor(buehne: Buehne) -> None:
    """A case whose refusal the next work finds: in a receipt, or as the answer of a service."""
    buehne.seite.lehne_ab()
    buehne.sende()
    if not isinstance(buehne.seite, seiten.Netzseite):
        buehne.gehe()
        buehne.seite.runde()
        buehne.welt.vergehe(hours=2)


def punkte_der_ablehnung(buehne: Buehne) -> list[str]:
    bereite_ablehnung_vor(buehne)
    punkte = ausgewaehlt(buehne)
    assert any("gehalten" in punkt for punkt in punkte)
    if isinstance(buehne.seite, seiten.Netzseite):  # before the answer it is an ordinary delivery
        return punkte[punkte.index("nach notiz 2") :]
    return punkte


@pytest.mark.lang
@pytest.mark.parametrize("art", seiten.ORDNERSEITEN)
def test_killed_at_every_touch_of_the_folder(auf: Auf, art: type[Seite]) -> None:
    """Every touch of the folder by the child, with the other side at work or not, as a printed seed says."""
    samen = random.SystemRandom().randrange(1 << 32)
    print(f"seed {samen}")  # noqa: T201  what fails can be run again
    zufall, buehne, maengel = random.Random(samen), auf(art), []
    zugriff = 0
    while True:
        zugriff += 1
        buehne.sende()
        if not toete_bei_zugriff(buehne, zugriff):
            break
        maengel += [f"{zugriff}: {m}" for m in buehne.maengel_am_ziel(hoechstens=True)] if zufall.random() < 0.5 else []
        buehne.gehe(hours=2)
        maengel += [f"{zugriff}: {stand}" for stand in buehne.staende() if stand[0] == "held"]
    buehne.bringe_zu_ende()
    assert zugriff > 10
    assert not maengel + buehne.maengel(), "\n".join(maengel + buehne.maengel())


def toete_bei_zugriff(buehne: Buehne, zugriff: int) -> bool:
    werk = sturz.Zaehlwerk()

    def tue() -> None:
        werk.toedlich, werk.scharf = zugriff, True
        buehne.welt.neuer_prozess()
        with ordnerstoerung.bewacht(buehne.seite.ordner, werk.punkt):
            buehne.welt.arbeite()

    buehne.welt.schliesse()
    getoetet = sturz.getoetet(tue)
    buehne.welt.neuer_prozess()
    return getoetet
