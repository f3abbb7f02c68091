"""Wohnberechtigungsschein in Sachsen: dated parameters and deviations, computed by fachwerk_wbs."""

from __future__ import annotations

from fachwerk_wbs import Land

LAND = Land("sn", "fachwerk_wbs_sn")

manifest, decide = LAND.hooks("2026.11.0")
