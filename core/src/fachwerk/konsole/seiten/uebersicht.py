"""The first page: what is to be done now, and how the last month went."""

from __future__ import annotations

from dataclasses import dataclass

from starlette.responses import Response
from starlette.routing import Route

from fachwerk.konsole import lagebild
from fachwerk.konsole.lagebild import Lagebild
from fachwerk.konsole.seiten.wege import sichtbare_alarme
from fachwerk.konsole.zugang import Anfrage, geschuetzt

WARNT_AB_TAGEN, DRAENGT_AB_TAGEN = 90, 30


@dataclass(frozen=True)
class Kachel:
    """A number with its title; ``art`` (``gut``, ``warn``, ``schlecht``) colours its edge."""

    zahl: str
    titel: str
    verweis: str = ""
    art: str = ""


def zeige(anfrage: Anfrage) -> Response:
    """Of the Kanäle the person may see."""
    bild = lagebild.lies(anfrage.betrieb, anfrage.kanaele, alle=anfrage.sieht_alle_kanaele)
    alarme = sichtbare_alarme(anfrage)
    return anfrage.seite("uebersicht.html", "Übersicht", lage=bild, kacheln=_kacheln(bild, len(alarme)), alarme=alarme)


def _kacheln(bild: Lagebild, alarme: int) -> list[Kachel]:
    gehaltene = [
        Kachel(
            _zahl(anzahl),
            f"gehalten für {fuer.capitalize()}",
            f"/vorgaenge?status=held&fuer={fuer}",
            _art(anzahl, "schlecht"),
        )
        for fuer, anzahl in bild.gehalten.items()
        if fuer
    ]
    kacheln = [
        *gehaltene,
        Kachel(_zahl(bild.wartend), "warten", "/vorgaenge?status=waiting", _art(bild.wartend, "warn")),
        Kachel(_zahl(bild.in_arbeit), "in Arbeit", "/vorgaenge?status=running"),
        Kachel(
            _zahl(bild.ueberfaellig),
            "Quittungen überfällig",
            "/vorgaenge?ueberfaellig=1",
            _art(bild.ueberfaellig, "schlecht"),
        ),
        Kachel(_zahl(alarme), "offene Alarme", "/alarme", _art(alarme, "schlecht")),
    ]
    if (tage := bild.zertifikat_tage) is not None:
        art = "schlecht" if tage < DRAENGT_AB_TAGEN else "warn" if tage < WARNT_AB_TAGEN else "gut"
        kacheln.append(Kachel(str(tage), "Tage gilt das Zertifikat der Konsole", art=art))
    return kacheln


def _art(anzahl: int, wenn: str) -> str:
    return wenn if anzahl else "gut"


def _zahl(anzahl: int) -> str:
    if anzahl >= lagebild.ZAEHLGRENZE:
        return "10.000+"
    return f"{anzahl:,}".replace(",", ".")


ROUTEN = [Route("/", geschuetzt(zeige), methods=["GET"])]
