"""What a hand-over will look like: the profile's names filled in, every path safe, unique and short enough. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from lxml import etree

from fachwerk.errors import NeedsHumanError, PermanentError
from fachwerk.modell import GehaltenFuer, Sendung, Teil
from fachwerk.xml import XmlFehler, kopf
from fachwerk_comvibilia.mapping import JA, NACHRICHT, TEST
from fachwerk_comvibilia.muster import STAMM, stamm_von
from fachwerk_comvibilia.namen import kurz, sicherer_name
from fachwerk_comvibilia.profil import AusgangProfil

_KUERZESTER_NAME = 20
_LAENGSTER_STAMM = 80


@dataclass(frozen=True)
class Datei:
    """One file: its path from the import folder, and its content."""

    pfad: str
    inhalt: Teil | bytes


@dataclass(frozen=True)
class Plan:
    """All files of a hand-over, and the names in the import folder in the order in which they appear.

    The last of ``schritte`` is the switch: before it is there, nothing was handed over.
    """

    stamm: str
    dateien: tuple[Datei, ...]
    schritte: tuple[str, ...]

    @property
    def schalter(self) -> str:
        """The name whose appearance hands over."""
        return self.schritte[-1]


def kennung(schluessel: str, versuch: int = 1) -> str:
    """What names a hand-over in file names and receipts; the same key gives the same one, until it was rejected."""
    return f"fw{kurz(f'{schluessel}#{versuch}')}"


def plane(ausgang: AusgangProfil, sendung: Sendung, kennung: str, erstellt: datetime, platz: int) -> Plan:
    """The files of ``sendung``; ``platz`` is how long a path from the import folder may be.

    Raises ``NeedsHumanError`` (``comvibilia.kein_xml``) and ``PermanentError`` (``comvibilia.pfad_zu_lang``,
    ``comvibilia.namen_gleich``).
    """
    nachricht = next((anlage.teil for anlage in sendung.anlagen if anlage.pfad == NACHRICHT), None)
    if ausgang.ohne_xml == "halten" and (nachricht is None or not _ist_xml(nachricht)):
        raise NeedsHumanError(
            "comvibilia.kein_xml",
            "Der Antrag kam ohne XML-Nachricht (etwa nur als PDF). COM Vibilia sendet Fachnachrichten. Auf welchem "
            "anderen Weg soll er die zuständige Stelle erreichen?",
            fuer=GehaltenFuer.SACHBEARBEITUNG,
        )
    return _Plan(ausgang, sendung, kennung, platz).fertig(nachricht, erstellt)


def ist_schalter(ausgang: AusgangProfil, name: str, kennung: str) -> bool:
    """Whether ``name`` in the import folder shows that the hand-over ``kennung`` is there."""
    if name.startswith("."):
        return False
    muster = _schaltermuster(ausgang)
    stamm = stamm_von(muster, name) if STAMM in muster else name
    return kennung.casefold() in stamm.casefold()


def _schaltermuster(ausgang: AusgangProfil) -> str:
    if ausgang.aufbau == "flach":
        return ausgang.marke or ausgang.nachricht
    return ausgang.marke if STAMM in ausgang.marke else ""


class _Plan:
    def __init__(self, ausgang: AusgangProfil, sendung: Sendung, kennung: str, platz: int) -> None:
        self._ausgang = ausgang
        self._sendung = sendung
        self._platz = platz
        self._kennung = kennung
        ohne = len(ausgang.name.replace("{bezeichnung}", "").replace("{kennung}", kennung))
        bezeichnung = sicherer_name(sendung.bezeichnung, "antrag", max(_LAENGSTER_STAMM - ohne, _KUERZESTER_NAME))
        self._stamm = ausgang.name.replace("{bezeichnung}", bezeichnung).replace("{kennung}", kennung)

    def fertig(self, nachricht: Teil | None, erstellt: datetime) -> Plan:
        ausgang = self._ausgang
        dateien = [Datei(self._pfad(ausgang.nachricht, 0, nachricht.name), nachricht)] if nachricht else []
        dateien += [Datei(self._pfad(ausgang.anlagen, nr, t.name), t) for nr, t in enumerate(self._anlagen(), 1)]
        if ausgang.metadaten:
            pfad = self._pfad(ausgang.metadaten.datei, 0, "")
            dateien.append(Datei(pfad, self._metadaten(dateien, nachricht, erstellt)))
        if ausgang.marke:
            dateien.append(Datei(self._pfad(ausgang.marke, 0, ""), b""))
        return Plan(self._stamm, tuple(dateien), self._schritte(dateien))

    def _anlagen(self) -> list[Teil]:
        return [anlage.teil for anlage in self._sendung.anlagen if anlage.pfad != NACHRICHT]

    def _schritte(self, dateien: list[Datei]) -> tuple[str, ...]:
        """Top-level names, the switch last; a name twice would be a part lost."""
        if len({datei.pfad.casefold() for datei in dateien}) < len(dateien) or not dateien:
            raise PermanentError(
                "comvibilia.namen_gleich",
                "Das Layoutprofil gibt zwei Dateien der Übergabe denselben Namen (oder keine Datei). Es wurde nichts "
                "übergeben. Bitte im Profil unter „ausgang“ unterscheidbare Namen eintragen, dann wiederholen.",
            )
        namen = list(dict.fromkeys(datei.pfad.split("/")[0] for datei in dateien))
        if self._ausgang.aufbau == "flach" and not self._ausgang.marke:
            namen.append(namen.pop(0))  # the message itself is what the other side waits for
        return tuple(namen)

    def _pfad(self, muster: str, nr: int, name: str) -> str:
        neben = self._ausgang.aufbau == "flach" or STAMM in muster
        vor = "" if neben else f"{self._stamm}/"
        fest = vor + muster.replace(STAMM, self._stamm).replace("{nr}", f"{nr:03d}")
        frei = self._platz - len(fest.replace("{name}", ""))
        if frei < (_KUERZESTER_NAME if "{name}" in fest else 0):
            raise PermanentError(
                "comvibilia.pfad_zu_lang",
                "Der Pfad des Importordners lässt zu wenig Platz: Dateinamen darin überschritten die Grenze von 260 "
                "Zeichen. Bitte einen kürzeren Ordner wählen (verzeichnis, arbeitsverzeichnis), dann wiederholen.",
                {"ueber": str(-frei)},
            )
        return fest.replace("{name}", sicherer_name(name, "datei", min(frei, 80)))

    def _metadaten(self, dateien: list[Datei], nachricht: Teil | None, erstellt: datetime) -> bytes:
        assert self._ausgang.metadaten is not None  # noqa: S101  asked by the caller
        werte = {
            "{kennung}": self._kennung,
            "{bezeichnung}": self._sendung.bezeichnung,
            "{name}": self._stamm,
            "{nachricht}": dateien[0].pfad.rsplit("/", 1)[-1] if nachricht else "",
            "{anzahl}": str(len(self._anlagen())),
            "{test}": "true" if self._sendung.metadaten.get(TEST) == JA else "false",
            "{erstellt}": erstellt.isoformat(timespec="seconds"),
        }
        wurzel = etree.Element(self._ausgang.metadaten.wurzel)
        for element, text in self._ausgang.metadaten.felder.items():
            for platzhalter, wert in werte.items():
                text = text.replace(platzhalter, wert)
            etree.SubElement(wurzel, element).text = text
        return bytes(etree.tostring(wurzel, xml_declaration=True, encoding="UTF-8", pretty_print=True))


def _ist_xml(teil: Teil) -> bool:
    try:
        with teil.oeffnen() as strom:
            kopf(strom)
    except XmlFehler:
        return False
    return True
