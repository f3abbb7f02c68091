"""The straight line of one case: scan, map, validate, decide, merge, render – then the deliveries are due.

The job is idempotent: it reads the journal and goes on behind its last entry. The scan has a commit of its own;
the pure steps are deterministic and share one, in which also the deliveries and their jobs begin. What cannot
go on is held there, visibly, with the reason; the steps done so far are journalled all the same.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
import structlog

from fachwerk import ergaenzung, fassung, katalog, klaerung, pipeline, routenstand
from fachwerk.datenbank import fuege_neu_ein
from fachwerk.errors import FachwerkError, NeedsHumanError
from fachwerk.modell import (
    Antrag,
    Befund,
    Eingang,
    Empfehlung,
    Entscheidung,
    GehaltenFuer,
    Sendung,
    Teil,
    Vorgangstand,
    Wert,
)
from fachwerk.store import Journalwert, Schrittangabe
from fachwerk.tabellen import erstnachricht, zustellung
from fachwerk.versiegeln import beginne_zustellung, rendere, versiegle

if TYPE_CHECKING:
    from fachwerk.betrieb import Betrieb

log = structlog.get_logger("fachwerk.line")

ORTSZEIT = ZoneInfo("Europe/Berlin")
_SPALTE = 200
_ZUSTELLUNGEN = sa.select(zustellung.c.ziel).where(
    zustellung.c.vorgang_id == sa.bindparam("hier"), zustellung.c.fassung == sa.bindparam("in_fassung")
)


class _Bekannt(Exception):
    """The line ends here for a Doppelsendung: the first message is the case."""

    def __init__(self, vorgang_id: str) -> None:
        self.vorgang_id = vorgang_id


def stichtag(eingang: Eingang) -> date:
    """The day of receipt in Germany, as the mailbox states it, else our own: it has legal effect (SGB I § 16)."""
    return (eingang.zugestellt or eingang.empfangen).astimezone(ORTSZEIT).date()


def bearbeite(betrieb: Betrieb, vorgang_id: str) -> None:
    """Bring a case from stored to rendered, or hold it."""
    zeile = betrieb.store.vorgang(vorgang_id)
    if zeile.status not in (Vorgangstand.READY, Vorgangstand.RUNNING):
        return
    with betrieb.store.inhalt.gemerkt():
        _Gang(betrieb, zeile).gehe()


class _Gang:
    """One run of the pure part in one journal branch."""

    def __init__(self, betrieb: Betrieb, zeile: Any) -> None:
        self._betrieb = betrieb
        self._store = betrieb.store
        self._id: str = zeile.id
        self._lauf: int = zeile.lauf
        self._zeile = zeile
        self._schritte: list[tuple[Schrittangabe, Journalwert]] = []
        self._begonnen = datetime.now(UTC)
        self._schritt = "map"
        self._plugin = self._ziel = ""

    def gehe(self) -> None:
        ausgabe = self._store.ausgabe(self._id, "receive")
        eingang = self._store.lies_wert(Eingang, ausgabe or "")
        self._store.inhalt.hole_voraus(eingang.teile)
        try:
            self._pruefe_viren(eingang.teile)
            antrag, entscheidung, sendungen = self._rechne(eingang)
        except FachwerkError as fehler:
            self._halte(fehler)
            return
        self._schliesse_ab(antrag, entscheidung, sendungen)

    # -- the steps ----------------------------------------------------------------------------------------------

    def _pruefe_viren(self, teile: Iterable[Teil], name: str = "virenpruefung") -> None:
        pruefer = self._betrieb.pruefer
        if pruefer is None or self._store.ist_getan(self._id, name, self._lauf):
            return
        self._beginne(name)
        for teil in teile:
            if (fund := pruefer.pruefe(teil.bytes_strom())) is not None:
                raise NeedsHumanError(
                    "schadsoftware",
                    "Die Virenprüfung hat Schadsoftware gemeldet. Die Nachricht wird nicht geöffnet und nicht "
                    "weitergegeben; bitte die IT-Sicherheit einschalten und beim Absender nachfragen.",
                    {"signatur": fund.signatur, "teil": teil.id},
                    fuer=GehaltenFuer.BETRIEB,
                )
        with self._store.transaktion("virenpruefung") as verbindung:
            if not self._noch_dran(verbindung) or self._store.ist_getan(self._id, name, self._lauf):
                return
            self._store.schreibe_schritt(verbindung, self._id, self._lauf, self._angabe())
        self._betrieb.melde_schritt(self._id, name)

    def _rechne(self, eingang: Eingang) -> tuple[Antrag, Entscheidung, list[Sendung]]:
        b, tag = self._betrieb, stichtag(eingang)
        antrag, befunde = self._bisher() or self._verstehe(eingang, tag)
        antrag = self._ergaenze(antrag)
        self._beginne("decide")
        voten = pipeline.decide(b.plugins, antrag, befunde, tag)
        self._plugin = " ".join(votum.quelle for votum in voten)
        self._merke(voten)
        self._beginne("merge")
        entscheidung = pipeline.merge(voten, befunde, tag)
        self._merke(entscheidung)
        self._beginne("route")
        ziele = self._route(antrag, befunde)
        self._pruefe_weiterleitung(entscheidung)
        return antrag, entscheidung, [self._render(antrag, entscheidung, ziel) for ziel in ziele]

    def _bisher(self) -> tuple[Antrag, tuple[Befund, ...]] | None:
        """What was understood before, where this run begins with what a person added."""
        if self._zeile.fassung == 1 or not self._store.ist_getan(self._id, fassung.SCHRITT, self._lauf):
            return None
        return fassung.grundlage(self._betrieb, self._id)

    def _verstehe(self, eingang: Eingang, tag: date) -> tuple[Antrag, tuple[Befund, ...]]:
        b = self._betrieb
        self._beginne("map")
        self._plugin = pipeline.waehle_format(b.plugins, eingang)
        antrag = pipeline.bestaetige(pipeline.map_eingang(b.plugins, eingang), b.bestaetigt(self._plugin))
        antrag = self._mit_land(eingang, antrag)
        self._pruefe_viren((d.teil for d in antrag.dokumente if d.teil and d.teil.ausschnitt), "virenpruefung_innen")
        self._beginne("validate")
        befunde = pipeline.validate(b.plugins, antrag, tag)
        self._merke(befunde)
        return antrag, befunde

    def _ergaenze(self, antrag: Antrag) -> Antrag:
        """The Antrag with what people have added; the one of the message alone stays in the journal."""
        if self._zeile.fassung > 1 and (ergaenzungen := fassung.gespeicherte(self._store, self._id)):
            self._beginne("ergaenzt")
            antrag = ergaenzung.ergaenze(antrag, ergaenzungen)
            self._merke(antrag)
        return antrag

    def _mit_land(self, eingang: Eingang, antrag: Antrag) -> Antrag:
        """The Antrag with its Land, journalled in any case; nobody guesses a Land that nobody says."""
        try:
            land = katalog.land_des_falls(eingang.kanal_land, antrag.leser or eingang.kanal_kennung, self._betrieb.land)
        except NeedsHumanError:
            self._merke(antrag)
            self._beginne("land")
            raise
        self._merke(antrag := antrag.model_copy(update={"land": land}))
        if not land:
            self._beginne("land")
            raise NeedsHumanError(
                "land_unbekannt",
                "Zu welchem Land der Antrag gehört, sagen weder Kanal noch Kennung noch Konfiguration. Bitte in "
                "fachwerk.toml land setzen (am Kanal oder unter [fachwerk]).",
                fuer=GehaltenFuer.BETRIEB,
            )
        return antrag

    def _route(self, antrag: Antrag, befunde: tuple[Befund, ...]) -> tuple[str, ...]:
        route = katalog.waehle_route(
            routenstand.heutige(self._betrieb),
            kanal=self._zeile.kanal,
            leistung=antrag.leistung,
            land=antrag.land,
            ags=antrag.ags,
            format=antrag.format,
            test=antrag.test,
        )
        if route.zustand not in ("live", "test"):
            bis = f" (bis {route.bis:%d.%m.%Y})" if route.bis else ""
            raise NeedsHumanError(
                "route_ruht",
                f"Die Route {route.bezeichnung} steht auf „{route.zustand}“{bis}. Anträge werden gespeichert und "
                "gehalten, bis sie wieder läuft oder eine Person entscheidet.",
                fuer=GehaltenFuer.BETRIEB,
            )
        sperre = pipeline.sperre(befunde, route.sperre_ab)
        if sperre is not None and not self._freigegeben("befund_sperrt"):
            raise NeedsHumanError("befund_sperrt", f"Ein Befund hält den Vorgang an: {sperre.code}.")
        return route.ziele

    def _pruefe_weiterleitung(self, entscheidung: Entscheidung) -> None:
        if entscheidung.empfehlung is Empfehlung.WEITERLEITEN and not self._freigegeben("weiterleiten"):
            raise NeedsHumanError(
                "weiterleiten",
                "Nach der Vorprüfung ist eine andere Stelle zuständig. Bitte die Stelle benennen und weiterleiten "
                "(SGB I § 16 Abs. 2: unverzüglich; der Tag des ersten Eingangs bleibt maßgeblich).",
            )

    def _render(self, antrag: Antrag, entscheidung: Entscheidung, ziel_name: str) -> Sendung:
        self._beginne("render", ziel_name)
        ziel = self._betrieb.ziele[ziel_name]
        self._plugin = ziel.plugin
        return rendere(self._betrieb, antrag, entscheidung, ziel, self._zeile.kanal)

    # -- the commit ---------------------------------------------------------------------------------------------

    def _schliesse_ab(self, antrag: Antrag, entscheidung: Entscheidung, sendungen: list[Sendung]) -> None:
        try:
            with self._store.transaktion("linie") as verbindung:
                if not self._noch_dran(verbindung):
                    return
                self._pruefe_doppelsendung(verbindung, antrag)
                self._beginne_zustellungen(verbindung, sendungen)
                self._aendere(verbindung, antrag, entscheidung, status=Vorgangstand.RUNNING.value)
        except _Bekannt as bekannt:
            self._verbinde(antrag, entscheidung, bekannt.vorgang_id)
        except NeedsHumanError as fehler:
            self._beginne("doppelsendung")
            self._halte(fehler)
            return
        for name in ("map", "validate", "decide", "render"):
            self._betrieb.melde_schritt(self._id, name)

    def _noch_dran(self, verbindung: sa.Connection) -> bool:
        """False where another process was faster or a person acted meanwhile; from here on nobody else can."""
        zeile = self._store.sperre(verbindung, self._id)
        return (
            zeile is not None
            and zeile.lauf == self._lauf
            and zeile.status in (Vorgangstand.READY, Vorgangstand.RUNNING)
            and not verbindung.execute(_ZUSTELLUNGEN, {"hier": self._id, "in_fassung": zeile.fassung}).first()
        )

    def _pruefe_doppelsendung(self, verbindung: sa.Connection, antrag: Antrag) -> None:
        if not antrag.nachrichten_uuid:
            return
        schluessel = {"leser": antrag.leser, "nachrichten_uuid": antrag.nachrichten_uuid.lower()}
        if fuege_neu_ein(
            verbindung,
            erstnachricht,
            **schluessel,
            vorgang_id=self._id,
            inhalt_sha256=self._zeile.inhalt_sha256,
        ):
            return
        erste = verbindung.execute(sa.select(erstnachricht).filter_by(**schluessel)).one()
        if erste.vorgang_id == self._id:
            return
        if erste.inhalt_sha256 == self._zeile.inhalt_sha256:
            raise _Bekannt(erste.vorgang_id)
        if self._freigegeben("doppelsendung_abweichend"):
            return
        raise NeedsHumanError(
            "doppelsendung_abweichend",
            f"Dieselbe nachrichtenUUID kam schon mit anderem Inhalt (Vorgang {erste.vorgang_id[:12]}). Bitte beide "
            "vergleichen und entscheiden, welche gilt.",
        )

    def _verbinde(self, antrag: Antrag, entscheidung: Entscheidung, erster: str) -> None:
        with self._store.transaktion("doppelsendung") as verbindung:
            if not self._noch_dran(verbindung):
                return
            self._schreibe_schritte(verbindung)
            self._aendere(
                verbindung,
                antrag,
                entscheidung,
                status=Vorgangstand.DONE.value,
                grund="doppelsendung",
                hinweis="Dieselbe Nachricht wurde zweimal gesendet; zugestellt wird nur die erste.",
                doppelt_zu=erster,
            )
            self._store.vermerke(verbindung, self._id, "fachwerk", "doppelsendung")

    def _beginne_zustellungen(self, verbindung: sa.Connection, sendungen: list[Sendung]) -> None:
        """Seal what will be sent, journal the whole run with it, and enqueue the first attempts."""
        fertige = [(self._render_angabe(s), versiegle(self._betrieb, verbindung, self._id, s)) for s in sendungen]
        ausgaben = self._store.schreibe_schritte(verbindung, self._id, self._lauf, [*self._schritte, *fertige])
        for (angabe, _), ausgabe in zip(fertige, ausgaben[len(self._schritte) :], strict=True):
            beginne_zustellung(self._betrieb, verbindung, self._id, angabe.ziel, self._zeile.fassung, ausgabe)

    def _render_angabe(self, sendung: Sendung) -> Schrittangabe:
        plugin = self._betrieb.ziele[sendung.ziel].plugin
        version = self._betrieb.plugins.version(plugin)
        return Schrittangabe("render", self._begonnen, ziel=sendung.ziel, plugin=plugin, plugin_version=version)

    def _aendere(
        self, verbindung: sa.Connection, antrag: Antrag, entscheidung: Entscheidung | None, **werte: Any
    ) -> None:
        if entscheidung is not None:  # else what an earlier run knew of the urgency stays
            werte |= {"dringlichkeit": entscheidung.dringlichkeit.value, "frist": entscheidung.frist}
        self._store.aendere(
            verbindung,
            self._id,
            leistung=antrag.leistung,
            leika=antrag.leika,
            land=antrag.land,
            leser=antrag.leser,
            nachrichten_uuid=antrag.nachrichten_uuid,
            empfehlung=entscheidung.empfehlung.value if entscheidung else "",
            test=antrag.test,
            **werte,
        )

    # -- holding ------------------------------------------------------------------------------------------------

    def _halte(self, fehler: FachwerkError) -> None:
        """Journal how far it came and hold the case for the one the error names."""
        fuer = fehler.fuer if isinstance(fehler, NeedsHumanError) else GehaltenFuer.TECHNIK
        self._plugin = self._plugin or fehler.details.get("plugin", "")
        with self._store.transaktion("gehalten") as verbindung:
            if not self._noch_dran(verbindung):
                return
            self._schreibe_schritte(verbindung)
            befunde = getattr(fehler, "befunde", ()) or None
            self._store.schreibe_schritt(verbindung, self._id, self._lauf, self._angabe(code=fehler.code), befunde)
            for _angabe, wert in self._schritte:
                if isinstance(wert, Antrag):
                    self._aendere(verbindung, wert, self._entscheidung())
            self._store.halte(verbindung, self._id, fehler.code, fehler.hint, fuer)
            klaerung.kuendige_an(self._betrieb, verbindung, self._id, fuer, str(self._lauf))
        self._betrieb.melde_schritt(self._id, "gehalten")
        log.info("gehalten", vorgang=self._id, code=fehler.code, fuer=fuer.value)

    def _entscheidung(self) -> Entscheidung | None:
        return next((wert for _, wert in self._schritte if isinstance(wert, Entscheidung)), None)

    def _freigegeben(self, code: str) -> bool:
        """Whether a person said, with a reason, that the case goes on in spite of ``code``."""
        return self._store.ist_vermerkt(self._id, "freigegeben", code)

    # -- journal ------------------------------------------------------------------------------------------------

    def _beginne(self, name: str, ziel: str = "") -> None:
        self._schritt, self._ziel, self._plugin, self._begonnen = name, ziel, "", datetime.now(UTC)

    def _angabe(self, code: str = "") -> Schrittangabe:
        """``_plugin`` names the one that did the step, or all that did, with a space between."""
        plugins = self._betrieb.plugins
        namen = [name for name in self._plugin.split() if name in plugins.namen]
        return Schrittangabe(
            self._schritt,
            self._begonnen,
            ziel=self._ziel,
            plugin=" ".join(namen)[:_SPALTE],
            plugin_version=" ".join(map(plugins.version, namen))[:_SPALTE],
            code=code,
        )

    def _merke(self, wert: Wert | tuple[Wert, ...]) -> None:
        self._schritte.append((self._angabe(), wert))

    def _schreibe_schritte(self, verbindung: sa.Connection) -> None:
        self._store.schreibe_schritte(verbindung, self._id, self._lauf, self._schritte)
