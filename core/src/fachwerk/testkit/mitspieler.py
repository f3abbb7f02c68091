"""Plugins in memory for a test world: a mailbox, a small XML format, rules with settable votes, targets.

Each is an object that :meth:`fachwerk.plugins.Plugins.aus_modulen` takes like a module. They keep what was done to
them, and can be told to fail. Used through :class:`fachwerk.testkit.welt.Welt`; a vendor replaces one of them with
the plugin under test.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any
from xml.sax.saxutils import quoteattr

from fachwerk.errors import PermanentError
from fachwerk.hookspecs import hookimpl
from fachwerk.host import Host
from fachwerk.modell import (
    Anlage,
    Antrag,
    Art,
    Ausschnitt,
    Befund,
    Dokument,
    Eingang,
    Empfehlung,
    Entscheidung,
    Formatangabe,
    Idempotenz,
    Kanal,
    Manifest,
    Quittung,
    Sendung,
    Stufe,
    Teil,
    Votum,
    Ziel,
)

Datei = tuple[str, str, bytes]
"""Name, media type and content of one part of a message."""


def antrag_xml(leser: str = "wbs:130030000000", uuid: str = "", dokument: str = "", **angaben: str) -> bytes:
    """A message of :class:`Kleinformat`; ``dokument`` is base64 and becomes an inline document."""
    angaben = {"leser": leser, "uuid": uuid, **angaben}
    attribute = "".join(f" {name}={quoteattr(wert)}" for name, wert in angaben.items())
    innen = f"<dokument><inhalt>{dokument}</inhalt></dokument>" if dokument else ""
    return f"<welt{attribute}>{innen}</welt>".encode()


@dataclass
class Nachricht:
    """A message in a :class:`Postfach`; ``stoerung`` is raised while its content is fetched."""

    id: str
    dateien: tuple[Datei, ...]
    zugestellt: datetime | None = None
    test: bool = False
    stoerung: Exception | None = None


@dataclass(eq=False)
class Postfach:
    """A mailbox plugin. ``inhalt[kanal]`` waits there; acknowledging removes.

    ``stoerung_beim_bestaetigen`` and ``stoerung_beim_oeffnen`` are raised one after the other, each once.
    ``fragt_nach``: ask ``host.gespeichert`` first and acknowledge what is stored without fetching it again.
    ``pruefbefunde`` are what its ``check`` finds.
    """

    name: str = "postfach"
    inhalt: dict[str, dict[str, Nachricht]] = field(default_factory=dict)
    bestaetigt: list[tuple[str, str]] = field(default_factory=list)
    stoerung_beim_bestaetigen: deque[Exception] = field(default_factory=deque)
    stoerung_beim_oeffnen: deque[Exception] = field(default_factory=deque)
    fragt_nach: bool = False
    pruefbefunde: list[Befund] = field(default_factory=list)
    pruefungen: int = 0
    vor_dem_bestaetigen: Callable[[str], None] | None = None

    @hookimpl
    def manifest(self) -> Manifest:
        """A Kanal without settings."""
        return Manifest(name=self.name, version="1.0", arten=frozenset({Art.KANAL}))

    @hookimpl
    def receive(self, kanal: Kanal, host: Host) -> Iterator[Eingang]:
        """Every message that waits, in the order it was put in."""
        if self.stoerung_beim_oeffnen:
            raise self.stoerung_beim_oeffnen.popleft()
        for nachricht in list(self.inhalt.get(kanal.name, {}).values()):
            if self.fragt_nach and host.gespeichert(nachricht.id):
                self._entferne(kanal, nachricht.id)
            else:
                yield self._eingang(kanal, nachricht, host)

    @hookimpl
    def acknowledge(self, kanal: Kanal, eingang: Eingang, host: Host) -> None:
        """Remove the message."""
        if self.vor_dem_bestaetigen is not None:
            self.vor_dem_bestaetigen(eingang.nachricht_id)
        if self.stoerung_beim_bestaetigen:
            raise self.stoerung_beim_bestaetigen.popleft()
        self._entferne(kanal, eingang.nachricht_id)

    @hookimpl
    def check(self, kanal_oder_ziel: Kanal | Ziel, host: Host) -> list[Befund]:
        """What the test said; ``pruefungen`` counts."""
        self.pruefungen += 1
        return list(self.pruefbefunde)

    def _entferne(self, kanal: Kanal, nachricht_id: str) -> None:
        self.inhalt[kanal.name].pop(nachricht_id, None)
        self.bestaetigt.append((kanal.name, nachricht_id))

    def _eingang(self, kanal: Kanal, nachricht: Nachricht, host: Host) -> Eingang:
        teile = tuple(host.inhalt.schreibe([daten], name, typ) for name, typ, daten in nachricht.dateien)
        if nachricht.stoerung is not None:
            raise nachricht.stoerung
        return Eingang(
            kanal=kanal.name,
            nachricht_id=nachricht.id,
            empfangen=host.now(),
            zugestellt=nachricht.zugestellt,
            test=nachricht.test,
            teile=teile,
        )


@dataclass(eq=False)
class Kleinformat:
    """A format of one element: ``<welt leser="wbs:13…" uuid="…" produkt="…">``, inline documents in base64.

    The Leistung follows from the catalogue; ``fall`` is the case file of every message, ``herkunft`` names the mapping
    each of its facts rests on, ``fehler`` is raised by ``map``.
    """

    name: str = "kleinformat"
    fall: dict[str, Any] | None = None
    herkunft: dict[str, str] = field(default_factory=dict)
    fehler: Exception | None = None
    felder: dict[str, str] = field(default_factory=dict)
    befunde: list[Befund] = field(default_factory=list)

    @hookimpl
    def manifest(self) -> Manifest:
        """A format recognised by its root element."""
        formate = (Formatangabe(name=self.name, wurzel="welt"),)
        return Manifest(name=self.name, version="1.2", arten=frozenset({Art.FORMAT}), formate=formate)

    @hookimpl(specname="map")
    def verstehe(self, eingang: Eingang) -> Antrag:
        """Read the attributes of the root element."""
        from fachwerk.katalog import leistung_fuer
        from fachwerk.xml import lies

        if self.fehler is not None:
            raise self.fehler
        original = next(teil for teil in eingang.teile if teil.name.endswith(".xml"))
        with original.oeffnen() as strom:
            xml = lies(strom, schneide=["dokument/inhalt"])
        angaben = {str(name): str(wert) for name, wert in xml.wurzel.attrib.items()}
        leistung = leistung_fuer(kennung=angaben.get("leser", ""), produkt=angaben.get("produkt", ""))
        return Antrag(
            leistung=leistung.wort,
            leser=angaben.get("leser", ""),
            nachrichten_uuid=angaben.get("uuid", ""),
            produkt=angaben.get("produkt", ""),
            test=angaben.get("test") == "ja",
            empfangen=eingang.empfangen,
            felder={**angaben, **self.felder},
            fall=self.fall,
            fall_annahmen=tuple(sorted(set(self.herkunft.values()))),
            fall_herkunft=self.herkunft,
            befunde=tuple(self.befunde),
            original=original,
            dokumente=tuple(_dokument(original, *stelle) for stelle in xml.ausschnitte.values()),
            anlagen=tuple(teil for teil in eingang.teile if teil is not original),
        )


def _dokument(original: Teil, von: int, bis: int) -> Dokument:
    kennung = f"{original.id}#{von}"
    stelle = Ausschnitt(teil_id=original.id, von=von, bis=bis)
    teil = Teil(id=kennung, name="innen.pdf", medientyp="application/pdf", ausschnitt=stelle)
    return Dokument(id=kennung, name="innen.pdf", teil=_gebunden_wie(teil, original))


def _gebunden_wie(teil: Teil, anderer: Teil) -> Teil:
    return teil.gebunden(anderer._leser) if anderer._leser is not None else teil


@dataclass(eq=False)
class Regelwerk:
    """A rules plugin that votes what it is told; None: no opinion. ``stichtage`` are the days it was asked for."""

    name: str = "regelwerk"
    votum: Votum | None = field(default_factory=lambda: Votum(empfehlung=Empfehlung.BEWILLIGEN))
    befunde: list[Befund] = field(default_factory=list)
    fehler: Exception | None = None
    stichtage: list[date] = field(default_factory=list)

    @hookimpl
    def manifest(self) -> Manifest:
        """Rules for everything."""
        return Manifest(name=self.name, version="2026.11.0", arten=frozenset({Art.REGELN}))

    @hookimpl
    def validate(self, antrag: Antrag, stichtag: date) -> list[Befund]:
        """What the test said."""
        return list(self.befunde)

    @hookimpl
    def decide(self, antrag: Antrag, befunde: tuple[Befund, ...], stichtag: date) -> Votum | None:
        """What the test said."""
        self.stichtage.append(stichtag)
        if self.fehler is not None:
            raise self.fehler
        return self.votum


@dataclass(frozen=True)
class Stoerung:
    """What one attempt of a :class:`Zielsystem` ends with; ``angekommen``: it took the Sendung all the same."""

    fehler: BaseException
    angekommen: bool = False


@dataclass(frozen=True)
class Lieferung:
    """What arrived: under which key, at which Ziel, with which files."""

    ziel: str
    schluessel: str
    dateien: dict[str, bytes]


@dataclass(eq=False)
class Zielsystem:
    """A target plugin that keeps what arrives.

    ``versuche`` are the keys of all attempts, ``wirkungen`` what arrived – each time it arrived, unless
    ``idempotenz`` is ``schluessel``: then the same key has one effect. ``stoerungen`` end the next attempts, one
    each; ``fragestoerungen`` the next questions of ``find_delivered``. ``waehrend`` is called in the middle of an
    attempt (before anything arrives). ``pruefbefunde`` are what its ``check`` finds.
    """

    name: str
    idempotenz: Idempotenz
    versuche: list[str] = field(default_factory=list)
    wirkungen: list[Lieferung] = field(default_factory=list)
    stoerungen: deque[Stoerung] = field(default_factory=deque)
    fragen: list[str] = field(default_factory=list)
    fragestoerungen: deque[Exception] = field(default_factory=deque)
    waehrend: Callable[[str], None] | None = None
    renderfehler: BaseException | None = None
    pruefbefunde: list[Befund] = field(default_factory=list)

    @hookimpl
    def manifest(self) -> Manifest:
        """A target of the given Idempotenz."""
        return Manifest(name=self.name, version="3.4", arten=frozenset({Art.ZIEL}), idempotenz=self.idempotenz)

    @hookimpl
    def render(self, antrag: Antrag, entscheidung: Entscheidung, ziel: Ziel) -> Sendung:
        """The original, every document, and a drafted file with the recommendation."""
        zeilen = [punkt.text for punkt in entscheidung.offen]
        zeilen += [f"{befund.code}: {befund.text}" for befund in entscheidung.befunde]
        text = f"{entscheidung.empfehlung.value}\n" + "\n".join(zeilen)
        teile = [antrag.original, *antrag.anlagen, *(dokument.teil for dokument in antrag.dokumente)]
        anlagen = [Anlage(pfad=f"{nr}-teil", teil=teil) for nr, teil in enumerate(filter(None, teile))]
        vermerk = Teil.entwurf("vermerk.txt", "text/plain", lambda: self._entwurf(text))
        return Sendung(ziel=ziel.name, bezeichnung="fall", anlagen=(*anlagen, Anlage(pfad="vermerk.txt", teil=vermerk)))

    def _entwurf(self, text: str) -> list[bytes]:
        if self.renderfehler is not None:
            raise self.renderfehler
        return [text.encode()]

    @hookimpl
    def deliver(self, sendung: Sendung, ziel: Ziel, schluessel: str, host: Host) -> Quittung:
        """Take the Sendung, unless the test said otherwise."""
        self.versuche.append(schluessel)
        if self.waehrend is not None:
            self.waehrend(schluessel)
        stoerung = self.stoerungen.popleft() if self.stoerungen else None
        if stoerung is None or stoerung.angekommen:
            self._nimm(sendung, ziel, schluessel)
        if stoerung is not None:
            raise stoerung.fehler
        return _quittung(ziel, schluessel)

    def _nimm(self, sendung: Sendung, ziel: Ziel, schluessel: str) -> None:
        if any(anlage.teil.ist_entwurf for anlage in sendung.anlagen):
            raise PermanentError("entwurf_unversiegelt", "Eine Anlage wurde vor der Übergabe nicht gespeichert.")
        if self.idempotenz is Idempotenz.SCHLUESSEL and schluessel in self.angekommen:
            return
        dateien = {anlage.pfad: b"".join(anlage.teil.bytes_strom()) for anlage in sendung.anlagen}
        self.wirkungen.append(Lieferung(ziel.name, schluessel, dateien))

    @property
    def angekommen(self) -> list[str]:
        """The keys of what arrived, once for each time."""
        return [lieferung.schluessel for lieferung in self.wirkungen]

    @hookimpl
    def check(self, kanal_oder_ziel: Kanal | Ziel, host: Host) -> list[Befund]:
        """What the test said."""
        return list(self.pruefbefunde)


@dataclass(eq=False)
class Auskunftsziel(Zielsystem):
    """A target that can be asked what arrived."""

    @hookimpl
    def find_delivered(self, ziel: Ziel, schluessel: str, host: Host) -> Quittung | None:
        """The Quittung if it arrived."""
        self.fragen.append(schluessel)
        if self.fragestoerungen:
            raise self.fragestoerungen.popleft()
        return _quittung(ziel, schluessel) if schluessel in self.angekommen else None


@dataclass(eq=False)
class Stufenziel(Auskunftsziel):
    """A target with all stages of receipts that keeps in a note under which id it took a Sendung.

    ``antworten`` are what it answers to the next questions, one each: a stage, None (not known here) or an error;
    after that it answers like the last time, at first ``uebergeben``. ``befunde`` are its remarks, ``waehrend_frage``
    is called in the middle of a question, ``kennungen`` are the ids it was asked about.
    """

    antworten: deque[Stufe | Exception | None] = field(default_factory=deque)
    befunde: tuple[Befund, ...] = ()
    waehrend_frage: Callable[[str], None] | None = None
    kennungen: list[str] = field(default_factory=list)
    zuletzt: Stufe | Exception | None = Stufe.UEBERGEBEN

    @hookimpl
    def manifest(self) -> Manifest:
        """A target that can be asked, with every stage."""
        arten = frozenset({Art.ZIEL})
        return Manifest(name=self.name, version="5.6", arten=arten, idempotenz=self.idempotenz, stufen=tuple(Stufe))

    @hookimpl
    def deliver(self, sendung: Sendung, ziel: Ziel, schluessel: str, host: Host) -> Quittung:
        """Note an id, then take the Sendung under it."""
        if not host.notiz(schluessel, "kennung"):
            host.notiere(schluessel, "kennung", f"id-{len(self.versuche) + 1}")
        angenommen: Quittung = super().deliver(sendung, ziel, schluessel, host)
        return angenommen.model_copy(update={"kennung": host.notiz(schluessel, "kennung")})

    @hookimpl
    def find_delivered(self, ziel: Ziel, schluessel: str, host: Host) -> Quittung | None:
        """The stage that the test said."""
        self.fragen.append(schluessel)
        self.kennungen.append(host.notiz(schluessel, "kennung"))
        if self.waehrend_frage is not None:
            self.waehrend_frage(schluessel)
        if self.antworten:
            self.zuletzt = self.antworten.popleft()
        if isinstance(self.zuletzt, Exception):
            raise self.zuletzt
        if self.zuletzt is None:
            return None
        stand = {"stufe": self.zuletzt, "kennung": self.kennungen[-1], "befunde": self.befunde}
        return _quittung(ziel, schluessel).model_copy(update=stand)


def _quittung(ziel: Ziel, schluessel: str) -> Quittung:
    return Quittung(ziel=ziel.name, schluessel=schluessel, stufe=Stufe.UEBERGEBEN, zeit=datetime.now(UTC))


@dataclass(eq=False)
class Beobachter:
    """A plugin that only listens: ``schritte`` are the committed steps it was told of."""

    name: str = "beobachter"
    schritte: list[tuple[str, str]] = field(default_factory=list)
    fehler: Exception | None = None

    @hookimpl
    def manifest(self) -> Manifest:
        """No kind at all."""
        return Manifest(name=self.name, version="1.0", arten=frozenset())

    @hookimpl
    def on_step(self, vorgang_id: str, schritt: str) -> None:
        """Remember, or fail as told."""
        self.schritte.append((vorgang_id, schritt))
        if self.fehler is not None:
            raise self.fehler
