"""TLS of the test server; every simulator shakes hands the same way, see :mod:`fachwerk.testkit.tls`."""

from __future__ import annotations

from fachwerk.testkit.tls import TLS_ARTEN, grund_von, haendedruck, tls_kontext

__all__ = ["TLS_ARTEN", "grund_von", "haendedruck", "tls_kontext"]
