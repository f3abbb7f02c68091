"""The test class of a Land's package, imported from :mod:`fachwerk_wbs.landestest`; it needs pytest."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from typing import Any

from fachwerk.testkit.regeln import Regelfall, maengel_parameter
from fachwerk.testkit.regelvertrag import RegelContract
from fachwerk_wbs.grenzfaelle import Probe, grenzproben, tagesproben
from fachwerk_wbs.land import Land
from fachwerk_wbs.landestest import abweichungen, fehlende_faelle, lies_musterfaelle, regelfaelle


class LandContract(RegelContract):
    """The contract of a rules plugin, and that of a Land: its cases hold, at every limit and on every change date.

    Set ``plugin`` to the package of the Land, which offers ``LAND``.
    """

    plugin: Any
    gegen = "die von Hand gerechneten Fälle des Pakets und Fälle, die aus seinen Parametern erzeugt werden"

    @property
    def land(self) -> Land:
        """The Land under test."""
        land: Land = self.plugin.LAND
        return land

    def faelle(self) -> Sequence[Regelfall]:
        """Applications made from the shipped cases and from two plain households of today."""
        return list(regelfaelle(self.land))

    def test_jeder_musterfall_kommt_heraus_wie_von_hand_gerechnet(self) -> None:
        """Jeder Musterfall kommt heraus, wie er von Hand gerechnet wurde."""
        verlange([text for fall in lies_musterfaelle(self.land) for text in abweichungen(fall, self.land)])

    def test_es_gibt_acht_gerechnete_faelle_und_jeden_haushaltstyp(self) -> None:
        """Es gibt mindestens acht ausgeschriebene Rechnungen und jeden Haushaltstyp."""
        verlange(fehlende_faelle(lies_musterfaelle(self.land)))

    def test_an_jeder_grenze_entscheidet_der_cent(self) -> None:
        """An jeder Einkommensgrenze entscheidet der Cent."""
        verlange(_maengel(grenzproben(self.land)))

    def test_an_jedem_aenderungstag_und_am_tag_davor_ist_klar_was_gilt(self) -> None:
        """An jedem Tag einer Rechtsänderung und am Tag davor ist klar, was gilt."""
        verlange(_maengel(tagesproben(self.land)))

    def test_alle_parameter_des_landes_laden_und_sagen_woher_sie_kommen(self) -> None:
        """Alle Parameter des Landes laden, nennen Fundstelle und Quelle, und keiner wurde in der Zukunft geprüft."""
        verlange(maengel_parameter(self.land.parameter, date.today()))


def verlange(maengel: Sequence[str]) -> None:
    """Fail with the list of what is wrong."""
    if maengel:
        raise AssertionError("\n".join(maengel))


def _maengel(proben: Iterator[Probe]) -> list[str]:
    gefunden = list(proben)
    leer = [] if gefunden else ["Es wurde nichts geprüft: Das Land hat keine einzige gesicherte Grenze."]
    return leer + [f"{probe.name}: {probe.mangel}" for probe in gefunden if probe.mangel]
