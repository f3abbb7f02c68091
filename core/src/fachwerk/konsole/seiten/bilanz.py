"""The balance of a day: what came, where it is, and what does not add up; for those who look after everything."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from starlette.responses import Response
from starlette.routing import Route

from fachwerk import abgleich
from fachwerk.konsole.zugang import Anfrage, geschuetzt
from fachwerk.lage import ZEITZONE
from fachwerk.rechte import Recht

_ERSTER = date(1970, 1, 1)


def zeige(anfrage: Anfrage) -> Response:
    """The day of the query, else today. A page asks neither mailbox nor Ziel; the command does."""
    heute = datetime.now(ZEITZONE).date()
    tag = max(min(_tag(anfrage.frage("tag")) or heute, heute), _ERSTER)
    bilanz = abgleich.ziehe(anfrage.betrieb, tag, frage_postfaecher=False)
    return anfrage.seite(
        "bilanz.html",
        f"Bilanz vom {tag:%d.%m.%Y}",
        bilanz=bilanz,
        luecken=bilanz.luecken[: abgleich.GENANNTE],
        wort=abgleich.VERBLEIB,
        vorher=tag - timedelta(days=1),
        nachher=tag + timedelta(days=1) if tag < heute else None,
    )


def _tag(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


ROUTEN = [Route("/bilanz", geschuetzt(zeige, Recht.BETRIEB, ueberall=True), methods=["GET"])]
