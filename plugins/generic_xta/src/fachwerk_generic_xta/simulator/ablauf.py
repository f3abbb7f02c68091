"""From a request's bytes to an answer's bytes: reads, lets the operations work, packs, and turns errors into faults."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from lxml import etree

from fachwerk.errors import ConfigError
from fachwerk_generic_xta.simulator import antworten
from fachwerk_generic_xta.simulator.anfrage import Anfrage, lies_anfrage
from fachwerk_generic_xta.simulator.annahme import Annahme
from fachwerk_generic_xta.simulator.antworten import Antwort, Antwortteil
from fachwerk_generic_xta.simulator.dienst import Dienst
from fachwerk_generic_xta.simulator.fehler import HttpFehler, SoapFehler, VerbindungAbgebrochen, XtaFehler
from fachwerk_generic_xta.simulator.namen import WSA_FEHLER
from fachwerk_generic_xta.simulator.temperament import KEINE, Laune, Temperament
from fachwerk_generic_xta.simulator.verpackung import Sendung, einfach, verpacke

LOG = logging.getLogger("fachwerk.simulator.xta")


@dataclass(frozen=True)
class Ergebnis:
    """What goes back: HTTP status and body; ``laune`` may still disturb the way; ``teile`` are open files."""

    status: int
    sendung: Sendung
    laune: Laune = KEINE
    teile: Sequence[Antwortteil] = ()

    def schliesse(self) -> None:
        """Close the files of the content."""
        for teil in self.teile:
            teil.datei.close()


class Ablauf:
    """The server between HTTP and the operations. Logs operation, account, ids, sizes and status, never content."""

    def __init__(self, dienst: Dienst, temperament: Temperament) -> None:
        self._dienst = dienst
        self._temperament = temperament

    def beantworte(self, port: str, konto: str, kopfzeilen: Mapping[str, str], stuecke: Iterable[bytes]) -> Ergebnis:
        """Answer one request. Raises :class:`HttpFehler` and :class:`VerbindungAbgebrochen`; all else is a fault."""
        lauf = _Lauf()
        grenze = self._dienst.einstellungen.groessengrenze
        try:
            with Annahme(self._dienst.postfach.annahme, grenze) as annahme:
                ergebnis, vermerk = self._bearbeite(lauf, port, konto, kopfzeilen, stuecke, annahme)
        except XtaFehler as fehler:
            vermerk = f"fehler={fehler.nummer}"
            ergebnis = _fehler(antworten.xta_fehler(fehler, lauf.action, lauf.bezug), lauf.action)
        except SoapFehler as fehler:
            vermerk = f"fehler={fehler.unterkode or fehler.kode}"
            ergebnis = _fehler(antworten.soap_fehler(fehler, lauf.bezug), WSA_FEHLER)
        except (OSError, ValueError, ConfigError) as fehler:
            vermerk = f"fehler=9030 grund={type(fehler).__name__}"
            stoerung = XtaFehler("9030", fehler.hint if isinstance(fehler, ConfigError) else "")
            ergebnis = _fehler(antworten.xta_fehler(stoerung, lauf.action, lauf.bezug), lauf.action)
        LOG.info("%s konto=%s status=%d %s", lauf.name, konto, ergebnis.status, vermerk)
        return ergebnis

    def _bearbeite(
        self,
        lauf: _Lauf,
        port: str,
        konto: str,
        kopfzeilen: Mapping[str, str],
        stuecke: Iterable[bytes],
        annahme: Annahme,
    ) -> tuple[Ergebnis, str]:
        anfrage = lies_anfrage(kopfzeilen, stuecke, annahme)
        lauf.bezug = anfrage.nachricht_id
        vorgang = self._dienst.vorgang(port, anfrage)
        lauf.name, lauf.action = vorgang.name, vorgang.action
        laune = self._temperament.naechste(vorgang.name)
        _stoere(laune)
        antwort = self._dienst.bearbeite(vorgang, konto, anfrage, annahme)
        return _packe(antwort, anfrage, laune), antwort.vermerk


@dataclass
class _Lauf:
    """What is known of a request when it fails."""

    name: str = "-"
    action: str = ""
    bezug: str = ""


def _stoere(laune: Laune) -> None:
    """Faults that strike before anything is done."""
    if laune.art == "fehler":
        raise XtaFehler(laune.fehler)
    if laune.art == "http":
        raise HttpFehler(laune.http, "Störung auf Wunsch.")
    if laune.art == "abbruch_vorher":
        raise VerbindungAbgebrochen


def _packe(antwort: Antwort, anfrage: Anfrage, laune: Laune) -> Ergebnis:
    umschlag = antworten.umschlag(anfrage.action, anfrage.nachricht_id, antwort.kopf, antwort.rumpf)
    return Ergebnis(200, verpacke(umschlag, anfrage.action, antwort.teile, laune.art), laune, antwort.teile)


def _fehler(umschlag: etree._Element, action: str) -> Ergebnis:
    return Ergebnis(500, einfach(umschlag, action))
