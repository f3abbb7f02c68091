"""Wohnberechtigungsschein in Saarland: dated parameters and deviations, computed by fachwerk_wbs."""

from __future__ import annotations

from fachwerk_wbs import Land

LAND = Land("sl", "fachwerk_wbs_sl")

manifest, decide = LAND.hooks("2026.11.0")
