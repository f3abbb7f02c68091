"""Musterfachverfahren keeps the contract; the tests ship with the package, so that a site can run them too."""

from __future__ import annotations

from fachwerk_muster_fachverfahren.konformitaet import TestMusterFachverfahren

__all__ = ["TestMusterFachverfahren"]
