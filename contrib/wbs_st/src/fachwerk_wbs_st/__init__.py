"""Wohnberechtigungsschein in Sachsen-Anhalt: dated parameters and deviations, computed by fachwerk_wbs."""

from __future__ import annotations

from fachwerk_wbs import Land

LAND = Land("st", "fachwerk_wbs_st")

manifest, decide = LAND.hooks("2026.11.0")
