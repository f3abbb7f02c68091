"""Hand over into the import folder, once, and find out what became of it.

Everything is written aside, the last rename (the switch) hands over. What happened before and after the switch is kept
as notes, because the other side takes the files away: an empty import folder proves nothing.
"""

from __future__ import annotations

import os
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Self

from fachwerk.errors import NeedsHumanError, OutcomeUnknownError, RetryableError
from fachwerk.modell import Befund, GehaltenFuer, Quittung, Sendung, Stufe, Teil, Ziel
from fachwerk.xml import XmlFehler
from fachwerk_comvibilia import client, quittung
from fachwerk_comvibilia.client import Ordner, oeffne_ordner, profilfehler, stoerung
from fachwerk_comvibilia.namen import MAX_PFAD
from fachwerk_comvibilia.plan import Plan, ist_schalter, kennung, plane
from fachwerk_comvibilia.profil import AusgangProfil, Profil
from fachwerk_comvibilia.settings import Zieleinstellungen, zieleinstellungen
from fachwerk_comvibilia.xmlangaben import Angaben

if TYPE_CHECKING:
    from fachwerk.host import Host

NEU = ".neu-"
"""What is being written lies under a name with this beginning."""

_NACHFRAGE_S = 300.0


@dataclass(frozen=True)
class Uebergabe:
    """One delivery: ``ziel`` is its name, ``werte`` and ``profil`` say where and how, ``schluessel`` is the core's."""

    ziel: str
    werte: Zieleinstellungen
    profil: Profil
    schluessel: str
    host: Host

    @classmethod
    def des_ziels(cls, ziel: Ziel, schluessel: str, host: Host) -> Self:
        """The delivery of a configured Ziel."""
        werte = zieleinstellungen(ziel)
        return cls(ziel.name, werte, werte.layout(host.ordner), schluessel, host)

    # -- the two hooks ------------------------------------------------------------------------------------------

    def liefere(self, sendung: Sendung) -> Quittung:
        """Hand over, or find it handed over. The core asks only if it certainly was not, or a person decided."""
        ausgang = self._ausgang
        self._import.erreichbar()
        ergebnis = self._ergebnis()
        if ergebnis.abgelehnt and (ergebnis.stufe is not Stufe.UEBERNOMMEN or self._notiz("strittig") == self.kennung):
            self._neuer_versuch()
        else:
            self._pruefe(ergebnis)
            if fertig := self._bekannt(ergebnis):
                return fertig
        arbeit = self._arbeit
        plan = plane(ausgang, sendung, self.kennung, self.host.now(), self._platz(arbeit))
        self._raeume_reste(arbeit)
        self._uebergib(plan, arbeit)
        return self._quittung(Stufe.UEBERGEBEN, self.host.now(), ())

    def finde(self) -> Quittung | None:
        """What is known of this key; None: certainly not handed over. Raises where that cannot be said."""
        self._import.erreichbar()
        ergebnis = self._ergebnis()
        self._pruefe(ergebnis)
        if fertig := self._bekannt(ergebnis):
            self._raeume_reste(self._arbeit)
            return fertig
        if not (absicht := self._notiz("absicht")):
            return None
        schalter, _, seit = absicht.partition("|")
        if any(client.gibt_es(rest / schalter) for rest in self._reste(self._arbeit)):
            return None
        self._ungewiss(datetime.fromisoformat(seit))
        return None

    @property
    def kennung(self) -> str:
        """What names this hand-over; a new one after a rejection."""
        return kennung(self.schluessel, int(self._notiz("versuch") or 1))

    # -- what is known ------------------------------------------------------------------------------------------

    def _pruefe(self, ergebnis: quittung.Ergebnis) -> None:
        """Raise what a person has to decide; a contradiction is noted, because only its release sends again."""
        try:
            quittung.pruefe(ergebnis)
        except NeedsHumanError:
            if ergebnis.stufe is Stufe.UEBERNOMMEN:
                self._notiere("strittig", self.kennung)
            raise

    def _bekannt(self, ergebnis: quittung.Ergebnis) -> Quittung | None:
        """Proof by receipt, by note, or by what lies there; a receipt may come before anything else."""
        if ergebnis.stufe is not None:
            return self._quittung(ergebnis.stufe, ergebnis.zeit or self.host.now(), ergebnis.befunde)
        if zeit := self._notiz("uebergeben"):
            return self._quittung(Stufe.UEBERGEBEN, datetime.fromisoformat(zeit), ergebnis.befunde)
        if self._liegt_da():
            client.sichere_ordner(self._import.pfad)
            self._notiere("uebergeben", self.host.now().isoformat())
            return self._quittung(Stufe.UEBERGEBEN, self.host.now(), ergebnis.befunde)
        return None

    def _liegt_da(self) -> bool:
        ausgang, kennung = self._ausgang, self.kennung
        if any(ist_schalter(ausgang, name, kennung) for name in client.namen(self._import.pfad)):
            return True
        weitere = [self.host.ordner / angabe for angabe in self.werte.auch_suchen]
        return any(kennung in name.casefold() for ordner in weitere for name in client.namen(ordner))

    def _ergebnis(self) -> quittung.Ergebnis:
        """All receipts of this hand-over; one that is still being written counts the next time."""
        angaben, kennung = self.profil.quittungen, self.kennung
        if angaben is None:
            return quittung.Ergebnis()
        ordner = self._quittungsordner
        gelesen = []
        for name in client.namen(ordner.pfad):
            datei = ordner.datei(name) if quittung.gehoert_zu(angaben, name, kennung) else None
            if datei is None or datei.fremd:
                continue
            try:
                with ordner.oeffne(name) as strom:
                    gelesen.append(quittung.lies(angaben, Angaben(strom), _zeit(datei.zeit_ns), kennung))
            except XmlFehler:
                self.host.log.info("comvibilia.quittung_unlesbar", ziel=self.ziel, kennung=kennung)
        return quittung.zusammen(zettel for zettel in gelesen if zettel is not None)

    def _ungewiss(self, seit: datetime) -> None:
        """The process died at the switch and nothing is there any more: only a receipt or a person can tell."""
        frist = timedelta(minutes=self.werte.quittung_minuten)
        if self.profil.quittungen is not None and self.host.now() - seit < frist:
            raise RetryableError(
                "comvibilia.quittung_abwarten",
                "Ob die letzte Übergabe angekommen ist, zeigt erst die Quittung von COM Vibilia; darauf wird gewartet.",
                {"kennung": self.kennung},
                retry_after=_NACHFRAGE_S,
                routenfehler=False,
            )
        raise NeedsHumanError(
            "ausgang_unbekannt",
            "Die Übergabe wurde unterbrochen, und im Importordner liegt nichts (mehr). Bitte in COM Vibilia nach der "
            f"Kennung {self.kennung} suchen: Ist nichts da, mit „fachwerk vorgang release“ erneut übergeben; ist sie "
            "da, mit „--angekommen“ dazu.",
            {"kennung": self.kennung},
            fuer=GehaltenFuer.BETRIEB,
        )

    # -- handing over -------------------------------------------------------------------------------------------

    def _uebergib(self, plan: Plan, arbeit: Ordner) -> None:
        entwurf = f"{NEU}{self.kennung}-{secrets.token_hex(4)}"
        try:
            self._schreibe(plan, arbeit, entwurf)
            self._notiere("absicht", f"{plan.schalter}|{self.host.now().isoformat()}")
            self._mache_sichtbar(plan, arbeit.pfad / entwurf)
        except OutcomeUnknownError:
            raise
        except BaseException:
            self._notiere("absicht", "")  # before the draft goes: without it nobody could tell what happened
            client.entferne(arbeit.pfad / entwurf)
            raise
        self._bestaetige()
        client.entferne(arbeit.pfad / entwurf)

    def _bestaetige(self) -> None:
        """The switch is thrown: from here on nothing may say that it can be repeated."""
        try:
            client.sichere_ordner(self._import.pfad)
        except RetryableError as fehler:
            raise OutcomeUnknownError(fehler.code, fehler.hint, {"kennung": self.kennung}) from fehler
        self._notiere("uebergeben", self.host.now().isoformat())

    def _schreibe(self, plan: Plan, arbeit: Ordner, entwurf: str) -> None:
        """All files, on the disk when this returns; the marker is written last."""
        arbeit.lege_an(entwurf)
        for datei in plan.dateien:
            inhalt = datei.inhalt.bytes_strom() if isinstance(datei.inhalt, Teil) else [datei.inhalt]
            arbeit.schreibe(f"{entwurf}/{datei.pfad}", inhalt)
        unterordner = {ordner for datei in plan.dateien for ordner in Path(datei.pfad).parents}
        for ordner in sorted(unterordner, key=lambda ordner: -len(ordner.parts)):
            client.sichere_ordner(arbeit.pfad / entwurf / ordner)

    def _mache_sichtbar(self, plan: Plan, entwurf: Path) -> None:
        """Rename piece by piece; what a killed attempt left without its switch is replaced."""
        for name in plan.schritte[:-1]:
            ziel = self._import.pfad / name
            if ziel.is_dir():
                self._import.loesche(name)
            with stoerung(self._import.pfad):
                client.ersetze(entwurf / name, ziel)
        try:
            client.ersetze(entwurf / plan.schalter, self._import.pfad / plan.schalter)
        except OSError as fehler:
            if self._sicher_nicht(entwurf / plan.schalter):
                raise client.uebersetzt(fehler, self._import.pfad) from fehler
            raise OutcomeUnknownError(
                "comvibilia.ausgang_unklar",
                "Beim letzten Umbenennen ist die Verbindung zum Importordner abgerissen; ob die Übergabe sichtbar "
                "wurde, wird geprüft.",
                {"kennung": self.kennung},
            ) from fehler

    def _sicher_nicht(self, schalter: Path) -> bool:
        try:
            return client.gibt_es(schalter)
        except RetryableError:
            return False

    def _neuer_versuch(self) -> None:
        """After a rejection that a person has cleared up: another id, so that old receipts do not count."""
        for name in ("absicht", "uebergeben"):
            self._notiere(name, "")
        self._notiere("versuch", str(int(self._notiz("versuch") or 1) + 1))

    def _raeume_reste(self, arbeit: Ordner) -> None:
        for rest in self._reste(arbeit):
            arbeit.loesche(rest.name)
        arbeit.raeume_auf()

    def _reste(self, arbeit: Ordner) -> list[Path]:
        """Drafts of this hand-over that a killed process left."""
        anfang = f"{NEU}{self.kennung}-"
        return [arbeit.pfad / name for name in client.namen(arbeit.pfad) if name.startswith(anfang)]

    # -- places and notes ---------------------------------------------------------------------------------------

    @property
    def _ausgang(self) -> AusgangProfil:
        if self.profil.ausgang is None:
            raise profilfehler("Ausgang", self.werte.profil)
        return self.profil.ausgang

    @property
    def _import(self) -> Ordner:
        return oeffne_ordner(self.host.ordner, self.werte.verzeichnis, self.werte)

    @property
    def _arbeit(self) -> Ordner:
        angabe = self.werte.arbeitsverzeichnis
        return oeffne_ordner(self.host.ordner, angabe, self.werte.ohne_anker()) if angabe else self._import

    @property
    def _quittungsordner(self) -> Ordner:
        angabe = self.werte.quittungen
        return oeffne_ordner(self.host.ordner, angabe, self.werte.ohne_anker()) if angabe else self._import

    def _platz(self, arbeit: Ordner) -> int:
        """Characters a path below the import folder may have, there and while it is being written."""
        entwurf = len(f"{NEU}{self.kennung}-12345678") + 1
        return MAX_PFAD - 1 - max(len(os.fspath(self._import.pfad)), len(os.fspath(arbeit.pfad)) + entwurf)

    def _notiz(self, name: str) -> str:
        return self.host.notiz(self.schluessel, f"uebergabe.{name}")

    def _notiere(self, name: str, wert: str) -> None:
        self.host.notiere(self.schluessel, f"uebergabe.{name}", wert)

    def _quittung(self, stufe: Stufe, zeit: datetime, befunde: tuple[Befund, ...]) -> Quittung:
        return Quittung(
            ziel=self.ziel, schluessel=self.schluessel, stufe=stufe, zeit=zeit, kennung=self.kennung, befunde=befunde
        )


def _zeit(zeit_ns: int) -> datetime:
    return datetime.fromtimestamp(zeit_ns / 1e9, UTC)
