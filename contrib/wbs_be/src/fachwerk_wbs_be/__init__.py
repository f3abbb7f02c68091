"""Wohnberechtigungsschein in Berlin: dated parameters and deviations, computed by fachwerk_wbs."""

from __future__ import annotations

from fachwerk_wbs import Land

LAND = Land("be", "fachwerk_wbs_be")

manifest, decide = LAND.hooks("2026.11.0")
