"""From a request's bytes to an answer's bytes: reads, lets the operations work, packs, and turns errors into faults."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from lxml import etree

from fachwerk.errors import ConfigError
from fachwerk_generic_xta.simulator import antworten
from fachwerk_generic_xta.simulator.anfrage import Anfrage, lies_anfrage
from fachwerk_generic_xta.simulator.annahme import Annahme
from fachwerk_generic_xta.simulator.antworten import Antwort, Antwortteil
from fachwerk_generic_xta.simulator.dienst import Dienst
from fachwerk_generic_xta.simulator.fehler import HttpFehler, SoapFehler, VerbindungAbgebrochen, XtaFehler
from fachwerk_generic_xta.simulator.launen import STATT_ANTWORT
from fachwerk_generic_xta.simulator.namen import WSA_FEHLER
from fachwerk_generic_xta.simulator.protokoll import Protokoll, in_worten
from fachwerk_generic_xta.simulator.streng import pruefe_streng
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


@dataclass
class _Lauf:
    """What is known of a request when it fails."""

    konto: str
    name: str = "-"
    action: str = ""
    bezug: str = ""
    nachrichten: Sequence[str] = ()
    laune: Laune = KEINE
    ergebnis: str = ""
    vermerk: str = field(default="", repr=False)


class Ablauf:
    """The server between HTTP and the operations. Logs operation, account, ids, sizes and status, never content."""

    def __init__(self, dienst: Dienst, temperament: Temperament, protokoll: Protokoll) -> None:
        self.protokoll = protokoll
        self._dienst = dienst
        self._temperament = temperament

    @property
    def gestueckelt(self) -> bool:
        """Whether answers go out chunked."""
        return self._dienst.einstellungen.gestueckelt

    def beantworte(self, port: str, konto: str, kopfzeilen: Mapping[str, str], stuecke: Iterable[bytes]) -> Ergebnis:
        """Answer one request. Raises :class:`HttpFehler` and :class:`VerbindungAbgebrochen`; all else is a fault."""
        lauf = _Lauf(konto)
        try:
            ergebnis = self._versuche(lauf, port, kopfzeilen, stuecke)
        except HttpFehler as fehler:
            lauf.ergebnis = f"HTTP {fehler.status}"
            raise
        except VerbindungAbgebrochen:
            lauf.ergebnis = "Verbindung abgebrochen"
            raise
        finally:
            self.protokoll.notiere(
                konto, lauf.name, lauf.ergebnis, nachrichten=lauf.nachrichten, stoerung=lauf.laune.art
            )
        LOG.info("%s konto=%s status=%d %s", lauf.name, konto, ergebnis.status, lauf.vermerk)
        return ergebnis

    def _versuche(self, lauf: _Lauf, port: str, kopfzeilen: Mapping[str, str], stuecke: Iterable[bytes]) -> Ergebnis:
        grenze = self._dienst.einstellungen.groessengrenze
        try:
            with Annahme(self._dienst.postfach.annahme, grenze) as annahme:
                return self._bearbeite(lauf, port, kopfzeilen, stuecke, annahme)
        except XtaFehler as fehler:
            return _xta_fehler(lauf, fehler)
        except SoapFehler as fehler:
            lauf.vermerk = f"fehler={fehler.unterkode or fehler.kode}"
            lauf.ergebnis = f"SOAP-Fehler {fehler.unterkode or fehler.kode}: {fehler.text}"
            return _fehler(antworten.soap_fehler(fehler, lauf.bezug), WSA_FEHLER, lauf.laune)
        except (OSError, ValueError, ConfigError) as fehler:
            ergebnis = _xta_fehler(lauf, XtaFehler("9030", fehler.hint if isinstance(fehler, ConfigError) else ""))
            lauf.vermerk += f" grund={type(fehler).__name__}"
            return ergebnis

    def _bearbeite(
        self,
        lauf: _Lauf,
        port: str,
        kopfzeilen: Mapping[str, str],
        stuecke: Iterable[bytes],
        annahme: Annahme,
    ) -> Ergebnis:
        anfrage = lies_anfrage(kopfzeilen, stuecke, annahme)
        lauf.bezug = anfrage.nachricht_id
        vorgang = self._dienst.vorgang(port, anfrage)
        lauf.name, lauf.action, lauf.nachrichten = vorgang.name, vorgang.action, anfrage.nachrichten
        kennungen = [kennung.lower() for kennung in lauf.nachrichten]
        lauf.laune = laune = self._temperament.naechste(vorgang.name, lauf.konto, kennungen)
        if not laune.danach:
            _stoere(laune)
        if self._dienst.einstellungen.streng:
            pruefe_streng(anfrage, vorgang)
        antwort = self._dienst.bearbeite(vorgang, lauf.konto, anfrage, annahme)
        lauf.vermerk, lauf.ergebnis = antwort.vermerk, in_worten(antwort.vermerk)
        lauf.nachrichten = lauf.nachrichten or _ids(antwort.vermerk)
        if laune.danach:
            for teil in antwort.teile:
                teil.datei.close()
            _stoere(laune)
        return self._packe(antwort, anfrage, laune)

    def _packe(self, antwort: Antwort, anfrage: Anfrage, laune: Laune) -> Ergebnis:
        umschlag = antworten.umschlag(anfrage.action, anfrage.nachricht_id, antwort.kopf, antwort.rumpf)
        mtom = self._dienst.einstellungen.mtom
        return Ergebnis(200, verpacke(umschlag, anfrage.action, antwort.teile, laune.art, mtom), laune, antwort.teile)


def _stoere(laune: Laune) -> None:
    """Faults that come instead of the operation or of its answer."""
    if laune.art == "fehler":
        raise XtaFehler(laune.fehler, laune.text, laune.ausnahme)
    if laune.art == "soap_fehler":
        raise SoapFehler(laune.text or "Störung auf Wunsch.", kode=laune.kode)
    if laune.art == "abbruch_vorher":
        raise VerbindungAbgebrochen
    if laune.art in STATT_ANTWORT:
        status = laune.http if laune.art == "http" else 200
        text = "" if laune.art == "leer" else laune.text or "Störung auf Wunsch."
        raise HttpFehler(status, text, laune.retry_after)


def _xta_fehler(lauf: _Lauf, fehler: XtaFehler) -> Ergebnis:
    lauf.vermerk = f"fehler={fehler.nummer}"
    lauf.ergebnis = f"Fehler {fehler.nummer}: {fehler.text}"
    return _fehler(antworten.xta_fehler(fehler, lauf.action, lauf.bezug), lauf.action, lauf.laune)


def _fehler(umschlag: etree._Element, action: str, laune: Laune) -> Ergebnis:
    sendung = verpacke(umschlag, action, ()) if laune.mehrteilig else einfach(umschlag, action)
    return Ergebnis(500, sendung)


def _ids(vermerk: str) -> list[str]:
    return [wert for name, _, wert in (teil.partition("=") for teil in vermerk.split()) if name == "id"]
