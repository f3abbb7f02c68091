"""The bench on which a conformance test puts an adapter: calls its hooks as the core does, and watches everything.

Whatever leaves the adapter is kept (``fehler``, ``quittungen``), so that the tests of silence can look at it.
"""

from __future__ import annotations

import json
import traceback
from collections.abc import Sequence
from dataclasses import dataclass, field
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fachwerk import pipeline
from fachwerk.abschnitte import Einstellungen
from fachwerk.errors import ContractError, FachwerkError, NeedsHumanError, OutcomeUnknownError, RetryableError
from fachwerk.modell import Anlage, Antrag, Art, Idempotenz, Kanal, Manifest, Quittung, Sendung, Ziel
from fachwerk.plugins import GRUPPE, Plugins, lade
from fachwerk.settings import aufbau, plugins_der_konfiguration
from fachwerk.testkit import pruefantraege
from fachwerk.testkit.sturz import Zaehlwerk
from fachwerk.testkit.wirt import FakeHost

if TYPE_CHECKING:
    from fachwerk.testkit.gegenstelle import Kanalstelle, Zielstelle
    from fachwerk.testkit.stoerserver import Stoerserver


@dataclass
class Dauerwirt(FakeHost):
    """A FakeHost whose notes survive the death of the process, as those of the core do."""

    notizdatei: Path = field(default_factory=Path)
    werk: Zaehlwerk = field(default_factory=Zaehlwerk)

    def notiz(self, schluessel: str, name: str) -> str:
        """What was kept, by whichever process."""
        return str(self._alle().get(f"{schluessel} {name}", ""))

    def notiere(self, schluessel: str, name: str, wert: str) -> None:
        """On the disk when this returns."""
        super().notiere(schluessel, name, wert)
        self.werk.punkt()
        neu = self.notizdatei.with_suffix(".neu")
        neu.write_text(json.dumps(self._alle() | {f"{schluessel} {name}": wert}), encoding="utf-8")
        neu.replace(self.notizdatei)
        self.werk.punkt()

    def _alle(self) -> dict[str, str]:
        if not self.notizdatei.exists():
            return {}
        alle: dict[str, str] = json.loads(self.notizdatei.read_text(encoding="utf-8"))
        return alle


@dataclass(frozen=True)
class Ausgang:
    """How one attempt ended: with a Quittung, or with an error of the tree. ``unklar``: it may have arrived."""

    quittung: Quittung | None = None
    fehler: FachwerkError | None = None
    unklar: bool = False

    @property
    def wort(self) -> str:
        """For messages of tests: class and code, nothing else."""
        return "eine Quittung" if self.fehler is None else f"{type(self.fehler).__name__} [{self.fehler.code}]"


class Pruefling:
    """A plugin under test, its manifest, and what left it. ``fehler`` are texts: message, repr and traceback."""

    def __init__(self, plugin: Any, ordner: Path, netz: Stoerserver, stelle: Zielstelle | Kanalstelle) -> None:
        self._plugin = plugin
        self.manifest: Manifest = plugin.manifest()
        self.plugins = Plugins.aus_modulen({self.manifest.name: plugin})
        self.netz = netz
        self.werk = Zaehlwerk()
        netz.punkt = self.werk.punkt
        self.host = Dauerwirt(
            ordner=stelle.wurzel or ordner,
            zeit=stelle.zeit,
            geheimnisse=dict(stelle.geheimnisse),
            http_fabrik=netz.http,
            notizdatei=ordner / "notizen.json",
            werk=self.werk,
        )
        self.texte: list[tuple[str, str]] = []
        self.vertragsbrueche: list[str] = []

    def einstellungen(self, art: Art, stelle: Zielstelle | Kanalstelle) -> Any:
        """The settings of ``stelle`` as the core hands them out; the plain values where the plugin has no model."""
        modell = self.manifest.einstellungen.get(art)
        if modell is None:
            return dict(stelle.einstellungen)
        if hasattr(modell, "im_umfeld"):
            return self._im_umfeld(art, stelle)
        return modell.model_validate(dict(stelle.einstellungen), context={"ordner": self.host.ordner})

    def _im_umfeld(self, art: Art, stelle: Zielstelle | Kanalstelle) -> Any:
        """What the core makes of the section beside the others; raises ``ConfigErrors`` as the start does."""
        eigene = {"plugin": self.manifest.name, **getattr(stelle, "kanal", {}), **stelle.einstellungen}
        baum = dict(stelle.daneben)
        baum[art.value] = {**baum.get(art.value, {}), stelle.name: eigene}
        alle = Einstellungen.model_validate(baum)
        alle._ordner = self.host.ordner
        andere = plugins_der_konfiguration(alle) - {self.manifest.name}
        lade(andere, nur=andere)  # raises where one is not installed
        module = {name: punkt.load() for name in andere for punkt in metadata.entry_points(group=GRUPPE, name=name)}
        bau = aufbau(alle, Plugins.aus_modulen({**module, self.manifest.name: self._plugin}))
        return (bau.ziele if art is Art.ZIEL else bau.kanaele)[stelle.name].einstellungen

    def hat(self, hook: str) -> bool:
        """Whether the plugin implements ``hook``."""
        return self.plugins.hat(self.manifest.name, hook)

    def rufe(self, hook: str, **argumente: Any) -> Any:
        """Call a hook as the core does; what it raises is kept and passed on."""
        try:
            return self.plugins.rufe(self.manifest.name, hook, **argumente)
        except FachwerkError as fehler:
            self.merke(hook, fehler)
            raise

    def merke(self, hook: str, fehler: FachwerkError) -> None:
        """Keep everything that could be printed of ``fehler``."""
        if isinstance(fehler, ContractError):
            self.vertragsbrueche.append(f"{hook}: {fehler.hint}")
        spur = "".join(traceback.format_exception(fehler))
        self.texte.append((f"Fehler {fehler.code} aus {hook}", f"{fehler} {fehler!r} {fehler.details} {spur}"))


class Zielpruefstand(Pruefling):
    """A target on the bench; ``zaehle`` says how many cases arrived."""

    def __init__(self, plugin: Any, ordner: Path, netz: Stoerserver, stelle: Zielstelle) -> None:
        super().__init__(plugin, ordner, netz, stelle)
        self.stelle = stelle
        werte = self.einstellungen(Art.ZIEL, stelle)
        self.ziel = Ziel(name=stelle.name, plugin=self.manifest.name, einstellungen=werte)
        self._nummer = 0
        self._unklar = False

    @property
    def idempotent(self) -> bool:
        """Whether the manifest promises that the same key twice has one effect."""
        return self.manifest.idempotenz is Idempotenz.SCHLUESSEL

    def zaehle(self) -> int:
        """How many cases are there, complete."""
        return len(self.stelle.angekommen())

    def neuer(self, **angaben: Any) -> tuple[Sendung, str]:
        """A new ordinary case, rendered and stored, and its delivery key."""
        self._nummer += 1
        antrag = pruefantraege.antrag(self.host.inhalt, self._nummer, **angaben)
        return self.rendere(antrag), f"vorgang-{self._nummer}:{self.ziel.name}:1"

    def rendere(self, antrag: Antrag) -> Sendung:
        """``render`` with the checks of the core, and every draft stored, as before a delivery."""
        try:
            sendung = pipeline.render(self.plugins, antrag, pruefantraege.entscheidung(), self.ziel)
        except FachwerkError as fehler:
            self.merke("render", fehler)
            raise
        fertig = []
        for anlage in sendung.anlagen:
            teil = anlage.teil
            if teil.ist_entwurf:
                teil = self.host.inhalt.schreibe(teil.bytes_strom(), teil.name, teil.medientyp, teil.beschreibung)
            fertig.append(Anlage(pfad=anlage.pfad, teil=teil))
        return sendung.model_copy(update={"anlagen": tuple(fertig)})

    def liefere(self, sendung: Sendung, schluessel: str) -> Quittung:
        """One call of ``deliver``."""
        quittung: Quittung = self.rufe(
            "deliver", sendung=sendung, ziel=self.ziel, schluessel=schluessel, host=self.host
        )
        ohne_befunde = quittung.model_copy(update={"befunde": ()})  # these are content
        self.texte.append(("Quittung", f"{ohne_befunde!r}"))
        return quittung

    def finde(self, schluessel: str) -> Quittung | None:
        """One call of ``find_delivered``."""
        quittung: Quittung | None = self.rufe("find_delivered", ziel=self.ziel, schluessel=schluessel, host=self.host)
        return quittung

    def versuche(self, sendung: Sendung, schluessel: str, *, unklar: bool = False) -> Ausgang:
        """One attempt as the core makes it; ``unklar``: an earlier one may have arrived, so it is asked for first."""
        self._unklar = unklar
        try:
            gefunden = self._klaere(schluessel) if unklar else None
            return Ausgang(gefunden or self._uebergib(sendung, schluessel))
        except FachwerkError as fehler:
            return Ausgang(fehler=fehler, unklar=self._unklar)

    def _uebergib(self, sendung: Sendung, schluessel: str) -> Quittung:
        self._unklar = False
        try:
            return self.liefere(sendung, schluessel)
        except OutcomeUnknownError:
            self._unklar = True
            gefunden = self._klaere(schluessel)
        if gefunden is None:
            raise RetryableError("nicht_angekommen", "Das Ziel hat die Sendung nicht erhalten; sie wird wiederholt.")
        return gefunden

    def _klaere(self, schluessel: str) -> Quittung | None:
        if self.hat("find_delivered"):
            gefunden = self.finde(schluessel)
            self._unklar = False
            return gefunden
        if self.idempotent:
            self._unklar = False
            return None
        raise NeedsHumanError("ausgang_unbekannt", "Ob die letzte Übergabe angekommen ist, weiß niemand.")

    def unveraendert(self, sendung: Sendung) -> list[str]:
        """Paths of the parts of ``sendung`` whose bytes are in no case that arrived."""
        da = {inhalt for ankunft in self.stelle.angekommen() for inhalt in ankunft.values()}
        return [a.pfad for a in sendung.anlagen if b"".join(a.teil.bytes_strom()) not in da]


class Kanalpruefstand(Pruefling):
    """A mailbox on the bench."""

    def __init__(self, plugin: Any, ordner: Path, netz: Stoerserver, stelle: Kanalstelle) -> None:
        super().__init__(plugin, ordner, netz, stelle)
        self.stelle = stelle
        werte = self.einstellungen(Art.KANAL, stelle)
        name = self.manifest.name
        self.kanal = Kanal(name=stelle.name, plugin=name, einstellungen=werte, **stelle.kanal)

    def empfange(self) -> Sequence[Any]:
        """Everything that waits, none of it acknowledged."""
        try:
            return list(self.rufe("receive", kanal=self.kanal, host=self.host))
        except FachwerkError as fehler:
            self.merke("receive", fehler)
            raise

    def quittiere(self, eingang: Any) -> None:
        """One call of ``acknowledge``."""
        self.rufe("acknowledge", kanal=self.kanal, eingang=eingang, host=self.host)
