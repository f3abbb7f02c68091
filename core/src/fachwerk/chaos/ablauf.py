"""The course of a rehearsal: build the site, send, disturb when the counts say so, wait for quiet, compare."""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from importlib import metadata
from pathlib import Path

from fachwerk.chaos import plan as p
from fachwerk.chaos.abrechnung import Ergebnis, Mangel, rechne_ab
from fachwerk.chaos.nachrichten import KNAPP
from fachwerk.chaos.plan import Plan, Stoerung
from fachwerk.chaos.platte import haenge_aus
from fachwerk.chaos.stoerer import Ende, Stoerer, heile, ungeprueft
from fachwerk.chaos.szene import VIREN, Szene, schreibe_launen, szene
from fachwerk.chaos.versand import Versand
from fachwerk.demo.ablauf import PLUGINS
from fachwerk.demo.prozesse import DemoError
from fachwerk.demo.versand import schreibe_zeilen
from fachwerk.line import ORTSZEIT
from fachwerk.plugins import GRUPPE

MARKE = ".fachwerk-chaos"
PLAN = "plan.json"
TAKT_S, RUHIGER_TAKT_S = 0.2, 1.0
"""Seconds between two counts; in a large rehearsal counting would else be a load of its own."""
STILLSTAND_S = 480.0
"""So long nothing may happen before the run gives up: longer than the circuit of a Ziel pauses."""
MELDE_ALLE_S = 15.0
AUFSICHT_S = 2.0
"""So long the supervisor waits before it starts a node again (the unit for systemd: 15 seconds)."""
ANSTOSS_S = 60.0
"""So long at least between two rounds of „vorgang retry“."""
OHNE_DATENBANK = 3
GRUNDLOSE_ENDEN = 5
"""After so many the run gives up."""

Melder = Callable[[str], None]

_ZAEHLER = {
    "gespeichert": "SELECT count(*) FROM eingang",
    "fertig": (
        "SELECT count(*) FROM vorgang v JOIN eingang e ON e.vorgang_id = v.id"
        " WHERE e.bestaetigt IS NOT NULL AND v.status IN ('done', 'held', 'forwarded', 'returned')"
    ),
}
_WARTENDE = "SELECT id FROM vorgang WHERE status = 'waiting'"


@dataclass
class Protokoll:
    """What was done: each fault with the count at which it began, and what else has to be said."""

    angewandt: list[tuple[Stoerung, int]] = field(default_factory=list)
    ungeprueft: dict[str, str] = field(default_factory=dict)
    angestossen: int = 0
    starts: dict[str, int] = field(default_factory=dict)
    dauer_s: float = 0.0


class Chaos:
    """One rehearsal of ``plan`` in the new folder ``ordner``; ``datenbank`` is sqlite, postgresql or an address."""

    def __init__(self, plan: Plan, ordner: Path, datenbank: str, melde: Melder) -> None:
        self.plan = plan
        self.ordner = ordner.resolve()
        self.protokoll = Protokoll()
        self._wort = datenbank
        self._melde = melde
        self._stand = {"gesendet": 0, "gespeichert": 0, "fertig": 0}
        self._regung = self._gemeldet = self._beaufsichtigt = 0.0
        self._kommt_nicht_hoch = False
        self._takt_s = RUHIGER_TAKT_S if plan.umfang.ist_gross else TAKT_S

    def laufe(self) -> Ergebnis:
        """The whole day; returns the balance and every broken promise."""
        pruefe_installiert()
        raeume(self.ordner)
        beginn = time.monotonic()
        with szene(self.ordner, self.plan, self._wort) as aufbau:
            self.protokoll.ungeprueft = ungeprueft(aufbau)
            schreibe_launen(aufbau)
            heute = datetime.now(ORTSZEIT).date()
            versand = Versand(aufbau, heute, lambda: self._stand["fertig"])
            funde = self._treibe(aufbau, versand)
            self.protokoll.dauer_s = time.monotonic() - beginn
            self._melde("Alles steht still; jetzt wird verglichen")
            ergebnis = rechne_ab(self.ordner, aufbau.datenbank, self.plan, aufbau.netze[VIREN].getroffen)
        return Ergebnis(ergebnis.bilanz, [*funde, *ergebnis.maengel], ergebnis.unbekannte)

    # -- the day ------------------------------------------------------------------------------------------------

    def _treibe(self, aufbau: Szene, versand: Versand) -> list[Mangel]:
        """Until everything is finished or nothing moves any more; what already showed to be wrong."""
        stoerer = Stoerer(aufbau, versand)
        for knoten in aufbau.knoten.values():
            knoten.starte()
        self._regung = time.monotonic()
        versand.start()
        try:
            self._stoere(aufbau, versand, stoerer)
            heile(aufbau)
            self._melde("Alle Störungen sind vorbei")
            funde = self._warte_auf_ruhe(aufbau, versand)
        finally:
            versand.brich_ab()
            versand.join()
            schreibe_zeilen(self.ordner, versand.zeilen)
        if versand.fehler is not None:
            raise versand.fehler
        return [*funde, *self._beende(aufbau), *(Mangel("Ziele", 0, "", "", fund) for fund in stoerer.funde)]

    def _stoere(self, aufbau: Szene, versand: Versand, stoerer: Stoerer) -> None:
        """Each fault in the order of the plan, none before its count; several may last at the same time."""
        offen = list(self.plan.stoerungen)
        aktive: list[tuple[float, Ende]] = []
        try:
            while offen or aktive:
                self._zaehle(aufbau, versand)
                while offen and self._stand[offen[0].nach] >= offen[0].ab:
                    self._beginne(stoerer, offen.pop(0), aktive)
                aktive = _beende_faellige(aktive)
                if self._steht_still() or versand.fehler is not None:
                    return
                time.sleep(self._takt_s)
        finally:
            for _, ende in aktive:
                while ende() is False:
                    time.sleep(self._takt_s)

    def _beginne(self, stoerer: Stoerer, stoerung: Stoerung, aktive: list[tuple[float, Ende]]) -> None:
        if stoerung.art in self.protokoll.ungeprueft and stoerung.art != "datenbank":
            return
        self.protokoll.angewandt.append((stoerung, self._stand[stoerung.nach]))
        self._melde(f"{stoerung.text().strip()}  [{self._stand[stoerung.nach]} {stoerung.nach}]")
        ende = stoerer.beginne(stoerung)
        if ende is not None:
            aktive.append((time.monotonic() + stoerung.dauer_s, ende))

    def _warte_auf_ruhe(self, aufbau: Szene, versand: Versand) -> list[Mangel]:
        """All is healed: until every message has come to an end, with a hand for those that wait for their turn."""
        angestossen = 0.0
        while self._stand["fertig"] < len(self.plan.faelle):
            self._zaehle(aufbau, versand)
            if versand.fehler is not None:
                return []
            if self._steht_still():
                return [Mangel("Nichts bleibt liegen", 0, "", "", f"Stillstand bei {self._stand}")]
            if time.monotonic() - angestossen > ANSTOSS_S and self._nur_wartende(aufbau):
                self._stosse_an(aufbau)
                angestossen = time.monotonic()
            time.sleep(self._takt_s)
        return []

    def _beende(self, aufbau: Szene) -> list[Mangel]:
        """Tell every node to stop; one that does not, or not well, or ended before, is a broken promise, too."""
        codes = {knoten.name: knoten.beende() for knoten in aufbau.knoten.values()}
        self.protokoll.starts = {knoten.name: knoten.starts for knoten in aufbau.knoten.values()}
        texte = [f"{name} endete mit {code}" for name, code in codes.items() if code != 0]
        for knoten in aufbau.knoten.values():
            texte += [f"{knoten.name} endete von selbst mit {c}" for c in knoten.enden if not self._durfte_enden(c)]
        return [Mangel("Dienst", 0, "", "", f"{text}, siehe protokolle") for text in texte]

    def _durfte_enden(self, code: int) -> bool:
        """A node that finds no database when it starts says so and ends; whoever supervises it starts it again."""
        return code == OHNE_DATENBANK and any(s.art in ("datenbank", "netz_datenbank") for s in self.plan.stoerungen)

    # -- counting -----------------------------------------------------------------------------------------------

    def _zaehle(self, aufbau: Szene, versand: Versand) -> None:
        """The counts the plan waits for; while the database is down they stand still."""
        vorher = dict(self._stand)
        self._stand["gesendet"] = len(versand.zeilen)
        for name, sql in _ZAEHLER.items():
            with suppress(Exception):
                self._stand[name] = int(aufbau.datenbank.frage(sql)[0][0])
        jetzt = time.monotonic()
        if jetzt - self._beaufsichtigt > AUFSICHT_S:
            self._beaufsichtigt = jetzt
            for knoten in aufbau.knoten.values():
                knoten.beaufsichtige()
                grundlos = sum(not self._durfte_enden(code) for code in knoten.enden)
                self._kommt_nicht_hoch |= grundlos >= GRUNDLOSE_ENDEN
        if self._stand != vorher:
            self._regung = jetzt
            versand.geht_weiter()
        if jetzt - self._gemeldet > MELDE_ALLE_S:
            self._gemeldet = jetzt
            self._melde(", ".join(f"{zahl} {name}" for name, zahl in self._stand.items()))

    def _steht_still(self) -> bool:
        """Whether nothing has moved for long, or a node ends again and again for a reason no fault explains."""
        return self._kommt_nicht_hoch or time.monotonic() - self._regung > STILLSTAND_S

    def _nur_wartende(self, aufbau: Szene) -> bool:
        """Whether all that is left waits for a time, so that nothing would happen before it."""
        with suppress(Exception):
            wartende = len(aufbau.datenbank.frage(_WARTENDE))
            return 0 < wartende == len(self.plan.faelle) - self._stand["fertig"]
        return False

    def _stosse_an(self, aufbau: Szene) -> None:
        """What an operator would do (``fachwerk vorgang retry``), instead of waiting for the next attempt."""
        from fachwerk import eingriff
        from fachwerk.betrieb import oeffne_betrieb
        from fachwerk.errors import FachwerkError

        betrieb = oeffne_betrieb(aufbau.knoten["knoten-1"].konfig)
        try:
            for (kennung,) in aufbau.datenbank.frage(_WARTENDE):
                with suppress(FachwerkError):  # it went on by itself in between
                    eingriff.wiederhole(betrieb, kennung, "chaos")
                    self.protokoll.angestossen += 1
        finally:
            betrieb.schliesse()
        self._melde(f"{self.protokoll.angestossen} wartende Vorgänge angestoßen (fachwerk vorgang retry)")


def _beende_faellige(aktive: list[tuple[float, Ende]]) -> list[tuple[float, Ende]]:
    """End what has lasted long enough; what is left."""
    jetzt = time.monotonic()
    return [(bis, ende) for bis, ende in aktive if bis > jetzt or ende() is False]


def pruefe_installiert() -> None:
    """The other sides come with the plugins, which the core does not bring along."""
    if fehlend := sorted(PLUGINS - {punkt.name for punkt in metadata.entry_points(group=GRUPPE)}):
        pakete = ", ".join(f"fachwerk-{name.replace('_', '-')}" for name in fehlend)
        raise DemoError("chaos_plugin_fehlt", f"Die Probe braucht auch diese Pakete: {pakete}. Bitte installieren.")


def raeume(ordner: Path) -> None:
    """An empty folder with our mark; one that holds anything but an earlier rehearsal is left alone."""
    if ordner.exists() and any(ordner.iterdir()) and not (ordner / MARKE).exists():
        raise DemoError(
            "chaos_ordner_belegt",
            f"{ordner} enthält schon anderes und bleibt unberührt. Die Probe baut ihren eigenen Standort: Bitte mit "
            "--ordner einen leeren oder neuen Ordner nennen, nie den eines laufenden Dienstes.",
        )
    haenge_aus(ordner / "ausgang" / KNAPP)
    shutil.rmtree(ordner, ignore_errors=True)
    ordner.mkdir(parents=True, mode=0o700)
    (ordner / MARKE).write_text("Von „fachwerk chaos“ angelegt; darf gelöscht werden.\n", encoding="utf-8")


def moegliche(datenbank: str, arten: tuple[str, ...] = ()) -> tuple[str, ...]:
    """The kinds of fault that make sense with this database, of those somebody asked for (nothing: all)."""
    ohne = {"netz_datenbank"} if datenbank == "sqlite" else set()
    return tuple(art for art in arten or p.STOERUNGEN if art not in ohne)


def als_json(plan: Plan) -> str:
    """The plan for machines."""
    from dataclasses import asdict

    return json.dumps(asdict(plan), ensure_ascii=False, indent=1)
