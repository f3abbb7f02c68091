"""The plugins of this installation: version, kinds, what they promise."""

from __future__ import annotations

from starlette.responses import Response
from starlette.routing import Route

from fachwerk.konsole.zugang import Anfrage, geschuetzt


def zeige(anfrage: Anfrage) -> Response:
    """The loaded plugins, by name."""
    plugins = anfrage.betrieb.plugins
    geladene = [plugins.manifest(name) for name in sorted(plugins.namen)]
    return anfrage.seite("erweiterungen.html", "Erweiterungen", erweiterungen=geladene)


ROUTEN = [Route("/erweiterungen", geschuetzt(zeige), methods=["GET"])]
