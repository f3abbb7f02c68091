"""Wohnberechtigungsschein in Hessen: dated parameters and deviations, computed by fachwerk_wbs."""

from __future__ import annotations

from fachwerk_wbs import Land

LAND = Land("he", "fachwerk_wbs_he")

manifest, decide = LAND.hooks("2026.11.0")
