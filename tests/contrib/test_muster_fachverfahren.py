"""The invented Fachverfahren passes the whole contract kit, and does a few things of its own."""

from __future__ import annotations

from fachwerk_muster_fachverfahren.konformitaet import TestMusterFachverfahren

__all__ = ["TestMusterFachverfahren"]
