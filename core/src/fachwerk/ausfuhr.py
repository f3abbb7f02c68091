"""Everything about one case as a ZIP: for the right of access, and as proof of what was received and done, when.

The parts of the message lie in it byte by byte as they came, the values of the journal as JSON, what was rendered for
each Ziel, receipts, the audit chain with people's reasons. ``manifest.json`` names every file with its SHA-256. The
export is itself an audit event of the case; its second line holds the SHA-256 of the manifest.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from fachwerk import __version__, ablage, ausfuhrblatt
from fachwerk.auskunft import vorgangsauskunft
from fachwerk.dateinamen import ENDUNG_JE_MEDIENTYP, in_ascii
from fachwerk.errors import FachwerkError, PermanentError
from fachwerk.modell import Eingang, Sendung, Teil, utc
from fachwerk.store import Store
from fachwerk.tabellen import ereignis, fallschluessel, notiz, teil, zustellung

if TYPE_CHECKING:
    from fachwerk.betrieb import Betrieb

MANIFEST = "manifest.json"
SCHEMA = 1
_ZEIT = (1980, 1, 1, 0, 0, 0)
_BLOCK = 1 << 20
_LAENGSTER_NAME = 60


class AusfuhrError(FachwerkError):
    """An export cannot be written, or is not what its manifest says."""


@dataclass(frozen=True)
class Ausfuhr:
    """A finished export: where it lies, the SHA-256 of its manifest, how many files, whether content was there."""

    pfad: Path
    sha256: str
    dateien: int
    mit_inhalt: bool


def fuehre_aus(betrieb: Betrieb, vorgang_id: str, nach: Path, *, wer: str, grund: str) -> Ausfuhr:
    """Write the ZIP to ``nach`` (a folder, or a file that does not exist yet). Raises ``AusfuhrError``.

    ``LookupError`` for an unknown case. A shredded case gives what is left of it.
    """
    store = betrieb.store
    pfad = nach if nach.suffix.lower() == ".zip" else nach / f"vorgang-{vorgang_id}.zip"
    if pfad.exists():
        raise AusfuhrError("ausfuhr_vorhanden", f"{pfad} gibt es schon und bleibt, wie es ist. Bitte anders nennen.")
    store.vorgang(vorgang_id)
    with store.lesend() as verbindung:
        frage = sa.select(fallschluessel.c.vorgang_id).where(fallschluessel.c.vorgang_id == vorgang_id)
        mit_inhalt = verbindung.execute(frage).first() is not None
    with store.transaktion("ausfuhr") as verbindung:
        store.vermerke(verbindung, vorgang_id, wer, "ausfuhr", "", grund if mit_inhalt and grund else None)
    try:
        ablage.lege_ordner_an(pfad.parent)
        with ablage.im_ganzen(pfad) as datei:
            if os.name == "posix":
                os.fchmod(datei.fileno(), 0o600)
            with zipfile.ZipFile(datei, "w", zipfile.ZIP_DEFLATED) as archiv:
                buendel = _Buendel(betrieb, vorgang_id, archiv, mit_inhalt)
                summe = buendel.fuelle(wer)
    except OSError as fehler:
        was = fehler.strerror or type(fehler).__name__
        text = f"{pfad} ließ sich nicht schreiben ({was}). Bitte Platz und Rechte prüfen."
        raise AusfuhrError("ausfuhr_nicht_geschrieben", text) from None
    with store.transaktion("ausfuhr") as verbindung:
        store.vermerke(verbindung, vorgang_id, wer, "ausgegeben", summe)
    return Ausfuhr(pfad, summe, len(buendel.dateien), mit_inhalt)


def pruefe(pfad: Path) -> list[str]:
    """Everything in which a ZIP differs from its manifest; empty: whole and unchanged. Needs no installation."""
    try:
        with zipfile.ZipFile(pfad) as archiv:
            manifest = json.loads(archiv.read(MANIFEST))
            erwartet = {str(datei["pfad"]): str(datei["sha256"]) for datei in manifest["dateien"]}
            namen = [name for name in archiv.namelist() if name != MANIFEST]
            maengel = [f"fehlt: {name}" for name in sorted(erwartet.keys() - set(namen))]
            maengel += [f"gehört nicht dazu: {name}" for name in sorted(set(namen) - erwartet.keys())]
            maengel += [f"steht mehrmals darin: {name}" for name in sorted({n for n in namen if namen.count(n) > 1})]
            gemeinsame = sorted(erwartet.keys() & set(namen))
            return maengel + [f"verändert: {n}" for n in gemeinsame if _summe_in(archiv, n) != erwartet[n]]
    except (OSError, KeyError, TypeError, ValueError, zipfile.BadZipFile):
        return [f"{pfad.name} ist keine Ausfuhr von Fachwerk, oder sie ist beschädigt."]


def _summe_in(archiv: zipfile.ZipFile, name: str) -> str:
    rechnung = hashlib.sha256()
    try:
        with archiv.open(name) as strom:
            while stueck := strom.read(_BLOCK):
                rechnung.update(stueck)
    except zipfile.BadZipFile:
        return ""
    return rechnung.hexdigest()


@dataclass
class _Buendel:
    """The archive while it is filled; every part of the case is written once and named everywhere."""

    betrieb: Betrieb
    vorgang_id: str
    archiv: zipfile.ZipFile
    mit_inhalt: bool
    dateien: list[dict[str, Any]] = field(default_factory=list)
    orte: dict[str, str] = field(default_factory=dict)

    @property
    def store(self) -> Store:
        return self.betrieb.store

    def fuelle(self, wer: str) -> str:
        """Write everything; returns the SHA-256 of the manifest."""
        auskunft = vorgangsauskunft(self.store, self.vorgang_id)
        teile = self._schreibe_inhalt() if self.mit_inhalt else []
        ereignisse = list(self._ereignisse())
        nachweis = self._nachweis(auskunft, teile, ereignisse)
        for name, wert in (
            ("vorgang.json", auskunft), ("nachweis.json", nachweis), ("ereignisse.json", ereignisse),
            ("notizen.json", list(self._notizen())),
        ):  # fmt: skip
            self._schreibe(name, [_als_json(wert)])
        blatt = ausfuhrblatt.blatt(auskunft, nachweis, ereignisse, self.dateien, self.mit_inhalt)
        self._schreibe("index.html", [blatt.encode()])
        manifest = _als_json(
            {
                "schema": SCHEMA,
                "vorgang_id": self.vorgang_id,
                "erstellt": datetime.now(UTC).isoformat(),
                "wer": wer,
                "version": __version__,
                "mit_inhalt": self.mit_inhalt,
                "dateien": self.dateien,
            }
        )
        with self.archiv.open(_eintrag(MANIFEST), "w") as datei:
            datei.write(manifest)
        return hashlib.sha256(manifest).hexdigest()

    # -- content ------------------------------------------------------------------------------------------------

    def _schreibe_inhalt(self) -> list[dict[str, Any]]:
        """Message, rendered documents, journal, then whatever else the case has; the parts of the message."""
        empfangen = self.store.ausgabe(self.vorgang_id, "receive")
        eingang = self.store.lies_wert(Eingang, empfangen) if empfangen else None
        teile = [self._teil("eingang", nr, t) for nr, t in enumerate(eingang.teile if eingang else (), 1)]
        for zeile in self._zustellungen():
            ordner = f"sendungen/{_sicher(zeile.ziel)}-{zeile.fassung}"
            sendung = self.store.lies_wert(Sendung, zeile.sendung)
            for nr, anlage in enumerate(sendung.anlagen, 1):
                self._teil(ordner, nr, anlage.teil, PurePosixPath(anlage.pfad).name)
        for nr, zeile in enumerate(self.store.schritte(self.vorgang_id), 1):
            if zeile.ausgabe:
                ziel = f"-{_sicher(zeile.ziel)}" if zeile.ziel else ""
                self._roh(f"journal/{nr:03d}-{_sicher(zeile.name)}{ziel}.json", zeile.ausgabe)
        for kennung in self._uebrige():
            self._roh(f"weitere/{kennung}.bin", kennung)
        return teile

    def _zustellungen(self) -> list[Any]:
        z = zustellung.c
        frage = sa.select(zustellung).where(z.vorgang_id == self.vorgang_id).order_by(z.fassung, z.ziel)
        with self.store.lesend() as verbindung:
            return list(verbindung.execute(frage))

    def _uebrige(self) -> list[str]:
        """Parts that no value above named, such as earlier drafts; reasons of people stand with the audit lines."""
        frage = sa.select(teil.c.id).where(teil.c.vorgang_id == self.vorgang_id, teil.c.beansprucht.is_(True))
        gruende = sa.select(ereignis.c.grund).where(ereignis.c.kette == self.vorgang_id, ereignis.c.grund.is_not(None))
        with self.store.lesend() as verbindung:
            alle = set(verbindung.execute(frage).scalars()) - set(verbindung.execute(gruende).scalars())
        return sorted(alle - self.orte.keys())

    def _teil(self, ordner: str, nr: int, inhalt: Teil, name: str = "") -> dict[str, Any]:
        """A part under a safe name; what is there already is only named."""
        bisher = self.orte.get(inhalt.id) if inhalt.ausschnitt is None else None
        if bisher is None:
            stamm = _sicher((name or inhalt.name or "teil").rsplit(".", 1)[0])
            endung = ENDUNG_JE_MEDIENTYP.get(inhalt.medientyp.partition(";")[0].strip().lower(), "bin")
            bisher = f"{ordner}/{nr:02d}-{stamm}.{endung}"
            self._schreibe(bisher, inhalt.bytes_strom(), name or inhalt.name)
            if inhalt.ausschnitt is None:
                self.orte[inhalt.id] = bisher
        return {"pfad": bisher, "name": inhalt.name, "medientyp": inhalt.medientyp, "sha256": inhalt.sha256}

    def _roh(self, pfad: str, kennung: str) -> None:
        if kennung not in self.orte:
            self.orte[kennung] = pfad
            self._schreibe(pfad, Teil(id=kennung).gebunden(self.store.inhalt).bytes_strom())

    # -- what is no content -------------------------------------------------------------------------------------

    def _ereignisse(self) -> Iterator[dict[str, Any]]:
        with self.store.lesend() as verbindung:
            frage = sa.select(ereignis).where(ereignis.c.kette == self.vorgang_id).order_by(ereignis.c.nr)
            zeilen = list(verbindung.execute(frage))
        for z in zeilen:
            grund = self._grund(z.grund) if z.grund else ""
            werte = {"nr": z.nr, "zeit": utc(z.zeit).isoformat(), "wer": z.wer, "was": z.was, "code": z.code}
            yield {**werte, "grund": grund, "siegel": z.siegel}

    def _grund(self, kennung: str) -> str:
        try:
            with self.store.inhalt.oeffne(Teil(id=kennung)) as strom:
                return strom.read().decode("utf-8", "replace")
        except PermanentError:
            return "(gelöscht)"

    def _notizen(self) -> Iterator[dict[str, Any]]:
        n = notiz.c
        frage = sa.select(notiz).where(n.schluessel.startswith(f"{self.vorgang_id}:", autoescape=True))
        with self.store.lesend() as verbindung:
            zeilen = list(verbindung.execute(frage.order_by(n.plugin, n.schluessel, n.name)))
        for z in zeilen:
            angaben = {"plugin": z.plugin, "zustellung": z.schluessel, "name": z.name, "wert": z.wert}
            yield {**angaben, "zeit": utc(z.zeit).isoformat()}

    def _nachweis(
        self, auskunft: dict[str, Any], teile: list[dict[str, Any]], ereignisse: list[dict[str, Any]]
    ) -> dict[str, Any]:
        """When what was received by which mailbox, and that nobody has touched the chain since."""
        return {
            "betreiber": self.betrieb.einstellungen.fachwerk.betreiber,
            "kanal": auskunft["kanal"],
            **auskunft["eingang"],
            "sha256_bedeutet": "SHA-256 über die SHA-256 (hexadezimal) aller Teile in ihrer Reihenfolge",
            "teile": teile,
            "ereignisse": len(ereignisse),
            "letztes_siegel": ereignisse[-1]["siegel"] if ereignisse else "",
            "kette_unversehrt": self.store.pruefe_kette(self.vorgang_id) is None,
        }

    def _schreibe(self, pfad: str, stuecke: Iterable[bytes], name: str = "") -> None:
        summe, laenge = hashlib.sha256(), 0
        with self.archiv.open(_eintrag(pfad), "w", force_zip64=True) as datei:
            for stueck in stuecke:
                summe.update(stueck)
                laenge += len(stueck)
                datei.write(stueck)
        self.dateien.append({"pfad": pfad, "laenge": laenge, "sha256": summe.hexdigest(), "name": name})


def _eintrag(pfad: str) -> zipfile.ZipInfo:
    """Without the time and the rights of this machine, so that the same case gives the same bytes."""
    eintrag = zipfile.ZipInfo(pfad, _ZEIT)
    eintrag.compress_type = zipfile.ZIP_DEFLATED
    eintrag.external_attr = 0o600 << 16
    return eintrag


def _als_json(wert: Any) -> bytes:
    return json.dumps(wert, ensure_ascii=False, indent=2).encode() + b"\n"


def _sicher(name: str) -> str:
    """A piece of a path that is one on every system and never begins with a dot."""
    rein = re.sub(r"[^A-Za-z0-9_-]+", "_", in_ascii(name)).strip("_-")
    return rein[:_LAENGSTER_NAME] or "teil"
