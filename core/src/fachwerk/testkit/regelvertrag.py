"""The test class of :mod:`fachwerk.testkit.regeln`, imported from there: it needs pytest, the lists there do not."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from fachwerk.errors import FachwerkError
from fachwerk.parameter import lade_parameter
from fachwerk.testkit.ehrlichkeit import Standardtests
from fachwerk.testkit.regeln import (
    Regelfall,
    maengel_faelle,
    maengel_form,
    maengel_manifest,
    maengel_parameter,
    maengel_reinheit,
    maengel_seltsames,
)


class RegelContract(Standardtests):
    """Subclass it as ``Test…``, set ``plugin``, give ``faelle``; ``ordner`` are the folders or files of parameters."""

    plugin: Any
    ordner: Sequence[Any] = ()

    def faelle(self) -> Sequence[Regelfall]:
        """The cases the promises are tried on, at least one."""
        raise TypeError(f"{type(self).__name__} has to define faelle()")

    def test_das_manifest_ist_vollstaendig_und_wahr(self) -> None:
        """Das Manifest ist vollständig und stimmt mit Hooks, Leistungen und Ländern der Fälle überein."""
        assert not maengel_manifest(self.plugin, self.faelle())

    def test_jeder_fall_bekommt_die_erwartete_empfehlung(self) -> None:
        """Jeder mitgelieferte Fall wird beantwortet, und wo eine Empfehlung erwartet ist, kommt diese."""
        faelle = self.faelle()
        assert faelle, "Ohne einen Fall ist nichts geprüft."
        assert not maengel_faelle(self.plugin, faelle)

    def test_decide_ist_rein_und_antwortet_immer_gleich(self) -> None:
        """Die Entscheidung sieht weder auf Uhr noch Netz noch Dateien und lautet zweimal gleich."""
        assert not maengel_reinheit(self.plugin, self.faelle())

    def test_jeder_schritt_hat_eine_fundstelle_und_jede_ablehnung_beleg_a(self) -> None:
        """Jeder Rechenschritt nennt seine Fundstelle; abgelehnt wird nur auf gesicherter Grundlage (Beleg A)."""
        assert not maengel_form(self.plugin, self.faelle())

    def test_auch_seltsame_antraege_bekommen_eine_ruhige_antwort(self) -> None:
        """Leere, unsinnige und fremde Angaben führen zu keiner Ausnahme und zu keiner Entscheidung."""
        assert not maengel_seltsames(self.plugin)

    def test_alle_parameter_laden_und_sagen_woher_sie_kommen(self) -> None:
        """Alle Parameter laden, nennen Fundstelle und Quelle, und keiner wurde in der Zukunft geprüft."""
        for ordner in self.ordner:
            try:
                parameter = lade_parameter(ordner)
            except FachwerkError as fehler:
                raise AssertionError(fehler.hint) from None
            assert not maengel_parameter(parameter, date.today())
