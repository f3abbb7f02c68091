"""Log in and out. With ``anmeldung = "proxy"`` there is no form: the proxy says who it is."""

from __future__ import annotations

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from fachwerk import konten
from fachwerk.konsole.app import Konsole, sicherer_ort
from fachwerk.konsole.zugang import Anfrage, geschuetzt
from fachwerk.store import BETRIEB

VOM_PROXY = (
    "Hier meldet ein vorgeschalteter Server an. Entweder kam die Anfrage nicht über ihn, oder zu dem Namen, den er "
    "nennt, gibt es kein Konto („fachwerk konto list“)."
)
ZU_OFT = "Zu viele Anmeldungen von diesem Rechner. Bitte eine Minute warten."


async def zeige(request: Request) -> Response:
    """The form."""
    konsole: Konsole = request.app.state.konsole
    if konsole.einstellungen.anmeldung == "proxy":
        return konsole.seite(request, "fehler.html", "Nicht angemeldet", None, 401, text=VOM_PROXY)
    return _formular(konsole, request, request.query_params.get("weiter", "/"))


async def melde_an(request: Request) -> Response:
    """Check name and password and begin a session; an earlier one of this browser ends."""
    konsole: Konsole = request.app.state.konsole
    async with request.form(max_files=0, max_fields=10, max_part_size=8192) as formular:
        felder = {name: wert for name, wert in formular.items() if isinstance(wert, str)}
    weiter = sicherer_ort(felder.get("weiter", "/"))
    wer = request.client.host if request.client else ""
    if konsole.einstellungen.anmeldung == "proxy" or not konsole.anmeldebremse.laesst_durch(wer):
        return _formular(konsole, request, weiter, ZU_OFT, 429)
    try:
        person = await run_in_threadpool(
            konten.melde_an, konsole.betrieb.store, felder.get("name", ""), felder.get("kennwort", "")
        )
    except konten.KontoError as fehler:
        return _formular(konsole, request, weiter, fehler.hint, 401)
    if alte := await run_in_threadpool(konsole.sitzungen.finde, request.cookies.get(konsole.keks, "")):
        await run_in_threadpool(konsole.sitzungen.beende, alte.id)
    token, _ = await run_in_threadpool(konsole.sitzungen.beginne, person.name)
    antwort = RedirectResponse(weiter, status_code=303)
    konsole.setze_keks(antwort, token)
    return antwort


def melde_ab(anfrage: Anfrage) -> Response:
    """End the session."""
    store = anfrage.betrieb.store
    anfrage.konsole.sitzungen.beende(anfrage.sitzung.id)
    with store.transaktion("anmeldung") as verbindung:
        store.vermerke(verbindung, BETRIEB, anfrage.person.name, "abgemeldet")
    antwort = RedirectResponse("/anmeldung", status_code=303)
    anfrage.konsole.loesche_keks(antwort)
    return antwort


def _formular(konsole: Konsole, request: Request, weiter: str, fehler: str = "", status: int = 200) -> Response:
    werte = {"weiter": sicherer_ort(weiter), "fehler": fehler}
    return konsole.seite(request, "anmeldung.html", "Anmelden", None, status, **werte)


ROUTEN = [
    Route("/anmeldung", zeige, methods=["GET"]),
    Route("/anmeldung", melde_an, methods=["POST"]),
    Route("/abmeldung", geschuetzt(melde_ab), methods=["POST"]),
]
