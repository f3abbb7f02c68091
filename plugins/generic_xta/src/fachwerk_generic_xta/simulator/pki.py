"""The certificates of the test server; every simulator makes them the same way, see :mod:`fachwerk.testkit.pki`."""

from __future__ import annotations

from fachwerk.testkit.pki import (
    P12_PASSWORT,
    Ausweis,
    neue_ca,
    neues_zertifikat,
    richte_pki_ein,
    richte_proben_ein,
    schreibe_ausweis,
    schreibe_p12,
)

__all__ = [
    "P12_PASSWORT",
    "Ausweis",
    "neue_ca",
    "neues_zertifikat",
    "richte_pki_ein",
    "richte_proben_ein",
    "schreibe_ausweis",
    "schreibe_p12",
]
