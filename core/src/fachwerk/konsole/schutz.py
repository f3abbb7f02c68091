"""What holds for every answer and every request, whoever asks: headers, known host names, own origin, brakes.

An ASGI layer around the whole application, so that no page can forget it.
"""

from __future__ import annotations

from collections.abc import Collection
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from fachwerk.konsole.drossel import Drossel

KOPFZEILEN = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; font-src 'self'; "
        "form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Cache-Control": "no-store",
}
"""Headers of every answer that does not set them itself."""

HSTS = "max-age=31536000"
_LESEND = ("GET", "HEAD")

FUER_JEDEN = frozenset({"/healthz", "/readyz"})
"""Paths that say only yes or no: for probes that know no host name and ask often."""


class Schutz:
    """Refuses foreign hosts and origins and floods; adds :data:`KOPFZEILEN`."""

    def __init__(self, app: ASGIApp, namen: Collection[str], drossel: Drossel, *, tls: bool) -> None:
        self._app = app
        self._namen = frozenset(name.casefold() for name in namen)
        self._drossel = drossel
        self._tls = tls

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        verweigert = self._pruefe(scope)
        app: ASGIApp = verweigert or self._app
        await app(scope, receive, self._mit_kopfzeilen(send))

    def _pruefe(self, scope: Scope) -> PlainTextResponse | None:
        kopf = Headers(scope=scope)
        if scope["path"] in FUER_JEDEN and scope["method"] in _LESEND:
            return None
        if rechner(kopf.get("host", "")) not in self._namen:
            return PlainTextResponse("Unter diesem Namen gibt es hier keine Konsole ([konsole] namen).", 421)
        if scope["method"] not in (*_LESEND, "POST"):
            return PlainTextResponse("So kann man hier nicht fragen.", 405)
        if scope["method"] == "POST" and not _vom_selben_ort(kopf):
            return PlainTextResponse("Die Anfrage kommt von einer fremden Seite.", 403)
        wer = scope["client"][0] if scope.get("client") else ""
        if not self._drossel.laesst_durch(wer):
            return PlainTextResponse("Zu viele Anfragen. Bitte kurz warten.", 429, {"Retry-After": "10"})
        return None

    def _mit_kopfzeilen(self, send: Send) -> Send:
        async def sende(nachricht: Message) -> None:
            if nachricht["type"] == "http.response.start":
                kopf = MutableHeaders(scope=nachricht)
                for name, wert in KOPFZEILEN.items():
                    kopf.setdefault(name, wert)
                if self._tls:
                    kopf.setdefault("Strict-Transport-Security", HSTS)
            await send(nachricht)

        return sende


def rechner(host: str) -> str:
    """The host of a ``Host`` header or an authority, without port, in small letters."""
    try:
        return (urlsplit(f"//{host}").hostname or "").casefold()
    except ValueError:
        return ""


def _vom_selben_ort(kopf: Headers) -> bool:
    """Browsers say where a form comes from; who says nothing is no browser, and the token decides."""
    if kopf.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
        return False
    herkunft = kopf.get("origin")
    try:
        return herkunft is None or urlsplit(herkunft).netloc == kopf.get("host")
    except ValueError:  # an Origin that is no address
        return False
