"""Wohnberechtigungsschein in Rheinland-Pfalz: dated parameters and deviations, computed by fachwerk_wbs."""

from __future__ import annotations

from fachwerk_wbs import Land

LAND = Land("rp", "fachwerk_wbs_rp")

manifest, decide = LAND.hooks("2026.11.0")
