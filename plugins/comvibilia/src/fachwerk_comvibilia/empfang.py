"""One round through the export folder: look, leave alone what is in the making, store the rest, hand it over.

The promise decides every branch: a message is touched only when it is complete by every sign the profile names, it is
moved only after the commit, one bad message hides no other, and what lies too long is named instead of forgotten.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from fachwerk.errors import RetryableError
from fachwerk.modell import Eingang, Kanal, Teil
from fachwerk.xml import XmlFehler
from fachwerk_comvibilia import erledigung
from fachwerk_comvibilia.behaelter import BehaelterFehler, Grenzen, zerlege
from fachwerk_comvibilia.client import Ordner, oeffne_ordner, profilfehler
from fachwerk_comvibilia.mapping import (
    IN_ARBEIT,
    Eintrag,
    Grund,
    Kandidat,
    Rollen,
    grund,
    kandidaten,
    nachricht_id,
    rollen,
    zweimal_gleich,
)
from fachwerk_comvibilia.muster import passt_eines
from fachwerk_comvibilia.namen import anzeigbar, vergleichbar
from fachwerk_comvibilia.profil import Behaelter, EingangProfil, Profil
from fachwerk_comvibilia.settings import Kanaleinstellungen, kanaleinstellungen
from fachwerk_comvibilia.xmlangaben import Angaben

if TYPE_CHECKING:
    from fachwerk.host import Host

_GENANNTE = 20
_TYPEN = {
    "xml": "application/xml", "pdf": "application/pdf", "jpg": "image/jpeg", "jpeg": "image/jpeg", "png": "image/png",
    "tif": "image/tiff", "tiff": "image/tiff", "gif": "image/gif", "heic": "image/heic", "txt": "text/plain",
    "csv": "text/csv", "json": "application/json", "zip": "application/zip", "rtf": "application/rtf",
    "doc": "application/msword", "odt": "application/vnd.oasis.opendocument.text",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}  # fmt: skip


class _Liegenlassen(Exception):
    def __init__(self, warum: Grund) -> None:
        super().__init__(warum.value)
        self.warum = warum


def empfange(kanal: Kanal, host: Host) -> Iterator[Eingang]:
    """The round of ``kanal``."""
    werte = kanaleinstellungen(kanal)
    return Empfang(kanal, host, werte, werte.layout(host.ordner)).laufe()


@dataclass
class Empfang:
    """The round of one Kanal. ``liegen`` maps messages (never by name) to why they were left alone too long."""

    kanal: Kanal
    host: Host
    werte: Kanaleinstellungen
    profil: Profil
    liegen: dict[str, str] = field(default_factory=dict)

    @property
    def eingang(self) -> EingangProfil:
        """The part of the profile that matters here."""
        if self.profil.eingang is None:
            raise profilfehler("Eingang", self.werte.profil)
        return self.profil.eingang

    def laufe(self) -> Iterator[Eingang]:
        """Every complete message, oldest first; what is wrong with others is raised at the end."""
        ordner, ohne = oeffne_ordner(self.host.ordner, self.werte.verzeichnis, self.werte), eigene_namen(self.werte)
        ordner.erreichbar()
        ordner.raeume_auf()
        _ = self.eingang
        bestand = ordner.bestand(self.werte.hoechstens_dateien, ohne)
        for kandidat in kandidaten(self.profil, bestand, ohne):
            warum = grund(self.profil, self.werte, kandidat, bestand) or self._noch_einmal(kandidat)
            if warum is not None:
                self._lasse(kandidat, warum)
            else:
                yield from self._einer(ordner, kandidat)
        erledigung.loesche_alte(self.host, self.werte)
        self._melde()

    def _noch_einmal(self, kandidat: Kandidat) -> Grund | None:
        """Two polls must see the same sizes and times, where the site asks for it; the note outlives this process."""
        if not zweimal_gleich(self.profil, self.werte):
            return None
        schluessel, name = f"kanal:{self.kanal.name}", f"gesehen:{kandidat.marke}"
        if self.host.notiz(schluessel, name) == kandidat.abdruck:
            return None
        self.host.notiere(schluessel, name, kandidat.abdruck)
        return Grund.NOCH_EINMAL

    def _einer(self, ordner: Ordner, kandidat: Kandidat) -> Iterator[Eingang]:
        """One message as an Eingang; a folder that is gone altogether ends the round, anything else only this one."""
        try:
            fertig = self._lies(ordner, kandidat)
        except _Liegenlassen as lassen:
            self._lasse(kandidat, lassen.warum)
            return
        except RetryableError:
            ordner.erreichbar()
            self._lasse(kandidat, Grund.UNLESBAR)
            return
        yield fertig

    def _lies(self, ordner: Ordner, kandidat: Kandidat) -> Eingang:
        wo = ordner if self.eingang.aufbau == "flach" else Ordner(ordner.pfad / kandidat.stamm)
        gefunden = rollen(self.eingang, kandidat)
        angaben = self._metadaten(wo, gefunden)
        self._pruefe_liste(angaben, kandidat)
        teile = list(self._teile(wo, gefunden, kandidat))
        if not _gleich_geblieben(self.eingang, ordner, kandidat):
            raise _Liegenlassen(Grund.GEAENDERT)
        return self._eingang(kandidat, angaben, teile)

    def _metadaten(self, wo: Ordner, gefunden: Rollen) -> Angaben | None:
        if gefunden.metadaten is None:
            return None
        try:
            with wo.oeffne(gefunden.metadaten.pfad) as datei:
                return Angaben(datei)
        except XmlFehler as fehler:
            raise _Liegenlassen(Grund.METADATEN_UNLESBAR) from fehler

    def _pruefe_liste(self, angaben: Angaben | None, kandidat: Kandidat) -> None:
        """Where the metadata list the files, all of them must be there: half a copy is never a message."""
        pfad = self.eingang.metadaten.dateien if self.eingang.metadaten else ""
        if angaben is None or not pfad:
            return
        da = {vergleichbar(eintrag.pfad) for eintrag in kandidat.eintraege}
        if any(vergleichbar(name) not in da for name in angaben.alle(pfad)):
            raise _Liegenlassen(Grund.DATEIEN_FEHLEN)

    def _teile(self, wo: Ordner, gefunden: Rollen, kandidat: Kandidat) -> Iterator[Teil]:
        """Message, then what containers hold (their messages first), then attachments; all streamed into the store."""
        for eintrag in gefunden.nachricht:
            yield self._teil(wo, eintrag)
        for eintrag, behaelter in gefunden.behaelter:
            yield from self._aus_behaelter(wo, eintrag, behaelter)
        for eintrag in gefunden.anlagen:
            yield self._teil(wo, eintrag)

    def _teil(self, wo: Ordner, eintrag: Eintrag) -> Teil:
        name = anzeigbar(eintrag.pfad.rsplit("/", 1)[-1])
        return self.host.inhalt.schreibe(wo.stroeme(eintrag.pfad), name, medientyp(name))

    def _aus_behaelter(self, wo: Ordner, eintrag: Eintrag, behaelter: Behaelter) -> list[Teil]:
        grenzen = Grenzen(self.werte.hoechstens_dateien, self.werte.hoechstens_mb * 1_000_000)
        nachrichten: list[Teil] = []
        anlagen: list[Teil] = []
        try:
            with wo.oeffne(eintrag.pfad) as datei:
                for stueck in zerlege(datei, behaelter.art, grenzen):
                    name = anzeigbar(stueck.name.replace("\\", "/").rsplit("/", 1)[-1])
                    art = medientyp(name) if name else stueck.medientyp
                    teil = self.host.inhalt.schreibe(stueck.inhalt, name, art or "application/octet-stream")
                    (nachrichten if passt_eines(behaelter.nachricht, name) else anlagen).append(teil)
        except BehaelterFehler as fehler:
            raise _Liegenlassen(Grund.BEHAELTER) from fehler
        if not nachrichten + anlagen:
            raise _Liegenlassen(Grund.LEER)
        return nachrichten + anlagen

    def _eingang(self, kandidat: Kandidat, angaben: Angaben | None, teile: list[Teil]) -> Eingang:
        orte = self.eingang.metadaten
        genannt = angaben.wert(orte.nachricht_id) if angaben and orte else ""
        pfade = orte.felder if orte else {}
        felder = {f"comvibilia.{name}": angaben.wert(pfad) for name, pfad in pfade.items()} if angaben else {}
        return Eingang(
            kanal=self.kanal.name,
            nachricht_id=nachricht_id(genannt, kandidat.stamm, [teil.sha256 or "" for teil in teile]),
            empfangen=self.host.now(),
            zugestellt=angaben.zeit(orte.zugestellt) if angaben and orte else None,
            test=bool(angaben and orte and angaben.ja(orte.test)),
            teile=tuple(teile),
            metadaten={**{n: w for n, w in felder.items() if w}, **erledigung.merkmale(self.eingang, kandidat)},
        )

    def _lasse(self, kandidat: Kandidat, warum: Grund) -> None:
        """Leave it alone. Somebody is told at once where something is wrong, else when it takes too long."""
        name, kanal = kandidat.marke, self.kanal.name
        self.host.log.info("comvibilia.liegt", kanal=kanal, nachricht=name, grund=warum.value)
        if warum not in IN_ARBEIT or ueberfaellig(kandidat, self.host.now(), self.werte.alarm_minuten):
            self.liegen[name] = warum.value

    def _melde(self) -> None:
        if self.liegen:
            raise RetryableError(
                "comvibilia.unvollstaendig",
                f"{len(self.liegen)} Nachricht(en) im Exportordner von {self.kanal.name} konnten nicht übernommen "
                "werden; alle anderen sind da. Sie bleiben unverändert liegen. „fachwerk check“ nennt Ordner und "
                "Grund; den Export in COM Vibilia wiederholen oder das Layoutprofil anpassen.",
                {
                    "nachrichten": ", ".join(list(self.liegen)[:_GENANNTE]),
                    "anzahl": str(len(self.liegen)),
                    "gruende": ", ".join(sorted(set(self.liegen.values()))),
                },
                routenfehler=False,
            )


def eigene_namen(werte: Kanaleinstellungen) -> frozenset[str]:
    """Folders in the export folder that are ours, case-folded."""
    return frozenset({werte.verarbeitet.replace("\\", "/").split("/")[0].casefold()})


def ueberfaellig(kandidat: Kandidat, jetzt: datetime, minuten: int) -> bool:
    """Whether nothing was written to it for so long."""
    return jetzt - zuletzt(kandidat, jetzt) > timedelta(minutes=minuten)


def zuletzt(kandidat: Kandidat, jetzt: datetime) -> datetime:
    """When it was last written, by the clock of the file system; ``jetzt`` where that is no date."""
    try:
        return datetime.fromtimestamp(kandidat.zuletzt_ns / 1e9, jetzt.tzinfo) if kandidat.zuletzt_ns else jetzt
    except (OverflowError, ValueError, OSError):
        return jetzt


def medientyp(name: str) -> str:
    """The media type by the extension; the formats look at the content themselves."""
    return _TYPEN.get(name.rpartition(".")[2].lower(), "application/octet-stream")


def _gleich_geblieben(eingang: EingangProfil, ordner: Ordner, kandidat: Kandidat) -> bool:
    """Whether the files are still as they were when they were listed."""
    if eingang.aufbau == "flach":
        jetzt = [ordner.datei(eintrag.pfad) for eintrag in kandidat.eintraege]
    else:
        jetzt = list(ordner.inhalt(kandidat.stamm, len(kandidat.eintraege)))
    neu = Kandidat(kandidat.stamm, tuple(eintrag for eintrag in jetzt if eintrag), kandidat.daneben)
    return neu.abdruck == kandidat.abdruck
