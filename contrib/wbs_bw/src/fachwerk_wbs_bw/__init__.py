"""Wohnberechtigungsschein in Baden-Württemberg: dated parameters and deviations, computed by fachwerk_wbs."""

from __future__ import annotations

from fachwerk_wbs import Land

LAND = Land("bw", "fachwerk_wbs_bw")

manifest, decide = LAND.hooks("2026.11.0")
