"""Whether every promise was kept: the mailbox, the store and all Ziele, compared with what the plan knows.

It uses the oracles of the testkit and the demo, which share no code with what they judge: folders and journals of the
other sides, plain SQL, and a decryption of its own. What it adds is the truth of the reasons: the plan says which
messages nobody could deliver and what was broken; any other reason for holding a case is a fault of ours.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fachwerk.chaos import plan as p
from fachwerk.chaos.nachrichten import KNAPP, OHNE_AUSKUNFT, ziel
from fachwerk.demo import ankunft
from fachwerk.demo.beispiele import EMPFAENGER
from fachwerk.demo.bilanz import Bilanz, ziehe_demo
from fachwerk.demo.versand import BUCH
from fachwerk.testkit.orakel import vergleiche

if TYPE_CHECKING:
    from fachwerk.chaos.datenbanken import Datenbank
    from fachwerk.chaos.plan import Fall, Plan

UNBEKANNT = "ausgang_unbekannt"
KEINE_ANTWORT = "viren_keine_antwort"
VERBUNDEN = "doppelsendung"
ABLEHNUNG = f"xta.{p.ABLEHNUNG}"

MIT_VERLAUF = 20
"""For so many faults it is said what happened to the case."""

_UNTERBRECHEND = frozenset({"abschuss", "anhalten", "uhr", "netz_ziel", "ziel", "netz_datenbank", "datenbank"})
"""After these nobody knows what became of a hand-over, and a Ziel that cannot be asked leaves it to a person."""


@dataclass(frozen=True)
class Mangel:
    """One broken promise: which one, about which message (0: none in particular), what was found."""

    versprechen: str
    nummer: int
    nachricht_id: str
    vorgang_id: str
    text: str
    verlauf: tuple[str, ...] = ()
    """What the store says happened to the case, in the order of time: ids, codes and times."""

    def zeile(self) -> str:
        """For people: what, and where to look."""
        wer = f"Nachricht {self.nummer} ({self.nachricht_id}, Vorgang {self.vorgang_id or 'fehlt'}): "
        return f"{self.versprechen}: {wer if self.nummer else ''}{self.text}"

    def zeilen(self) -> Iterator[str]:
        """The same, and below it what happened to the case."""
        yield self.zeile()
        yield from (f"    {eine}" for eine in self.verlauf)


@dataclass(frozen=True)
class Ergebnis:
    """The balance and everything that is not as promised; empty ``maengel``: all promises were kept."""

    bilanz: Bilanz
    maengel: list[Mangel]
    unbekannte: int
    """Cases held because nobody could know whether they had arrived; not a fault, but a question for a person."""


@dataclass
class Post:
    """One message: what the plan says of it, what the sender noted and what became of it."""

    fall: Fall
    nachricht_id: str
    teile: list[str]
    zeile: dict[str, str] = field(default_factory=dict)
    vorgang_id: str = ""
    ankuenfte: int = 0

    @property
    def grund(self) -> str:
        """Why it is held or linked, empty if it was delivered."""
        return self.zeile.get("grund", "")

    @property
    def zugestellt(self) -> bool:
        """Whether the store says that it was delivered, itself and not by its link to another."""
        return self.zeile.get("status") == "done" and self.grund != VERBUNDEN

    def mangel(self, versprechen: str, text: str) -> Mangel:
        return Mangel(versprechen, self.fall.nummer, self.nachricht_id, self.vorgang_id, text)


def rechne_ab(ordner: Path, datenbank: Datenbank, plan: Plan, ungeprueft: int) -> Ergebnis:
    """Compare everything the run in ``ordner`` left; the nodes have ended, the database answers.

    ``ungeprueft`` is how many connections to the virus scanner were cut: at most so many cases lack its answer.
    """
    buch = json.loads((ordner / BUCH).read_text(encoding="utf-8"))
    weitere = [
        *ankunft.akten(KNAPP, ordner / "ausgang" / KNAPP),
        *ankunft.prosoz_soap(OHNE_AUSKUNFT, ordner / OHNE_AUSKUNFT),
    ]
    bilanz = ziehe_demo(ordner, ordner / "fachwerk.db" if datenbank.ist_sqlite else datenbank.url, weitere)
    post = _post(plan, buch, bilanz, datenbank)
    _zaehle_ankuenfte(post, [*ankunft.alle(ordner, EMPFAENGER), *weitere])
    maengel = [
        *_vollzaehlig(plan, bilanz),
        *_gespeichert(ordner, datenbank, buch, post),
        *urteile(plan, post, ungeprueft),
    ]
    unbekannte = sum(eine.grund == UNBEKANNT for eine in post)
    maengel = [
        replace(mangel, verlauf=_verlauf(datenbank, mangel.vorgang_id)) if mangel.vorgang_id else mangel
        for mangel in maengel[:MIT_VERLAUF]
    ] + maengel[MIT_VERLAUF:]
    return Ergebnis(bilanz, maengel, unbekannte)


def _verlauf(datenbank: Datenbank, vorgang_id: str) -> tuple[str, ...]:
    """Steps, events and notes of a case; a rehearsal may be gone before somebody looks."""
    fragen = {
        "schritt WHERE vorgang_id =": "ende, name || ' ' || ziel || ' ' || code || ' seit ' || beginn, versuch",
        "ereignis WHERE kette =": "zeit, wer || ' ' || was || ' ' || code, nr",
        "notiz WHERE schluessel LIKE": "zeit, plugin || ' notiert ' || name || ' ' || wert, 0",
    }
    zeilen = []
    for woher, was in fragen.items():
        wer = f"{vorgang_id}:%" if woher.endswith("LIKE") else vorgang_id
        gefunden = datenbank.frage(f"SELECT {was} FROM {woher} '{wer}'")  # noqa: S608  an id of our own
        zeilen += [(str(zeit), text, nummer) for zeit, text, nummer in gefunden]
    return tuple(f"{zeit} {text} ({nummer})" for zeit, text, nummer in sorted(zeilen))


def _post(plan: Plan, buch: Sequence[dict[str, Any]], bilanz: Bilanz, datenbank: Datenbank) -> list[Post]:
    zeilen = {zeile["nachricht_id"]: zeile for zeile in bilanz.vorgaenge}
    faelle = {
        str(kennung): str(fall) for kennung, fall in datenbank.frage("SELECT nachricht_id, vorgang_id FROM eingang")
    }
    return [
        Post(
            fall,
            eine["nachricht_id"],
            eine["teile"],
            zeilen.get(eine["nachricht_id"], {}),
            faelle.get(eine["nachricht_id"], ""),
        )
        for fall, eine in zip(plan.faelle, buch, strict=False)
    ]


def _zaehle_ankuenfte(post: Sequence[Post], ablage: Sequence[ankunft.Ankunft]) -> None:
    """How often each message lies in any Ziel, by what the Ziele themselves hold."""
    zahl: Counter[str] = Counter()
    for eine in ablage:
        zahl.update({eine.original} if eine.original else eine.summen)
    for eins in post:
        eins.ankuenfte = zahl[eins.teile[0]]


# -- nothing is lost ---------------------------------------------------------------------------------------------


def _vollzaehlig(plan: Plan, bilanz: Bilanz) -> Iterator[Mangel]:
    """Sent = closed = stored = the sum of all ends; and what the balance of the demo finds by itself."""
    b = bilanz
    enden = b.zugestellt + b.weitergeleitet + b.zurueckgegeben + b.gehalten + b.doppelsendungen
    zahlen = {"geplant": len(plan.faelle), "gesendet": b.gesendet, "geschlossen": b.geschlossen}
    zahlen |= {"gespeichert": b.gespeichert, "Summe aller Enden": enden}
    if len(set(zahlen.values())) != 1:
        text = ", ".join(f"{anzahl} {wort}" for wort, anzahl in zahlen.items())
        yield Mangel("Bilanz", 0, "", "", f"die Zahlen sind nicht gleich: {text}")
    for text in b.maengel:
        yield Mangel("Bilanz", 0, "", "", text)


def _gespeichert(
    ordner: Path, datenbank: Datenbank, buch: Sequence[dict[str, Any]], post: Sequence[Post]
) -> Iterator[Mangel]:
    """The store, decrypted once more, against what was sent. What COM Vibilia brought has no folder in the mailbox."""
    gesendet = {eine["nachricht_id"]: eine["teile"] for eine in buch}
    je_id = {eine.nachricht_id: eine for eine in post}
    for text in vergleiche(datenbank.url, ordner / "fachwerk.key", ordner / "postfach", gesendet):
        kennung = text.rpartition(": ")[0] if text.rpartition(": ")[0] in je_id else ""
        if kennung.startswith("osci:") and text.endswith("im Postfach nicht geschlossen"):
            continue
        was = text.rpartition(": ")[2]
        yield je_id[kennung].mangel("Nichts geht verloren", was) if kennung else Mangel("Speicher", 0, "", "", text)


# -- nothing is delivered twice, and every reason is true --------------------------------------------------------


def urteile(plan: Plan, post: Sequence[Post], ungeprueft: int) -> Iterator[Mangel]:
    """What became of each message, against what had to; ``post`` is complete, each with its arrivals counted."""
    je_nummer = {eine.fall.nummer: eine for eine in post}
    zwillinge = {eine.fall.zwilling: eine for eine in post if eine.fall.zwilling}
    for eine in post:
        partner = je_nummer.get(eine.fall.zwilling) or zwillinge.get(eine.fall.nummer)
        yield from _einmal(eine, partner)
        yield from _wahr(plan, eine, partner)
    nicht_geprueft = sum(eine.grund == KEINE_ANTWORT for eine in post)
    if nicht_geprueft > ungeprueft:
        text = f"{nicht_geprueft} Mal „{KEINE_ANTWORT}“, aber nur {ungeprueft} Verbindungen wurden gestört"
        yield Mangel("Jeder Grund ist wahr", 0, "", "", text)


def _einmal(post: Post, partner: Post | None) -> Iterator[Mangel]:
    if post.ankuenfte > 1:
        yield post.mangel("Nichts doppelt", f"liegt {post.ankuenfte} Mal in den Zielen")
    # What lies in a Ziel is known by its content, and two that are the same have it in common.
    gehoert_dem_anderen = partner is not None and p.DOPPELT in (post.fall.art, partner.fall.art) and partner.zugestellt
    gehalten = post.zeile.get("status") == "held"
    if post.ankuenfte and gehalten and post.grund != UNBEKANNT and not gehoert_dem_anderen:
        yield post.mangel("Nichts doppelt", f"liegt im Ziel, gilt aber als gehalten ({post.grund})")
    if not post.ankuenfte and post.zugestellt:
        yield post.mangel("Nichts geht verloren", "gilt als zugestellt und liegt in keinem Ziel")


def _wahr(plan: Plan, eine: Post, partner: Post | None) -> Iterator[Mangel]:
    status = eine.zeile.get("status", "fehlt")
    if status not in ("done", "held"):
        yield eine.mangel("Nichts bleibt liegen", f"ist am Ende „{status}“ ({eine.grund or 'ohne Grund'})")
        return
    erlaubt = _erlaubt(plan, eine.fall, partner.fall if partner is not None else None)
    if eine.grund not in erlaubt:
        soll = " oder ".join(f"„{grund}“" if grund else "zugestellt" for grund in sorted(erlaubt))
        ist = f"wegen „{eine.grund}“ {status}" if eine.grund else "zugestellt"
        yield eine.mangel("Jeder Grund ist wahr", f"{ist}, richtig wäre {soll}")
    if partner is not None and eine.fall.zwilling:
        yield from _als_paar(eine, partner)


def _erlaubt(plan: Plan, fall: Fall, partner: Fall | None) -> set[str]:
    """Every reason that would be true; empty means delivered."""
    gestoert = {stoerung.art for stoerung in plan.stoerungen}
    erlaubt = {p.SCHLECHT.get(fall.art, "")}
    if partner is not None:
        art = fall.art if fall.zwilling else partner.art
        erlaubt.add(VERBUNDEN if art == p.DOPPELT else p.ABWEICHEND_GRUND)
    if "netz_viren" in gestoert:
        erlaubt.add(KEINE_ANTWORT)
    if ziel(fall) == OHNE_AUSKUNFT and gestoert & _UNTERBRECHEND:
        erlaubt.add(UNBEKANNT)
    if ziel(fall) == "landkreis" and any(laune.art == "abgelehnt" for laune in plan.launen):
        erlaubt.add(ABLEHNUNG)
    return erlaubt


def _als_paar(eine: Post, partner: Post) -> Iterator[Mangel]:
    """Of two, the same or contradicting each other, one is delivered at most and one refers to the other at most."""
    gruende = {eine.grund, partner.grund}
    if gruende in ({VERBUNDEN}, {p.ABWEICHEND_GRUND}):
        yield eine.mangel("Jeder Grund ist wahr", f"und Nachricht {partner.fall.nummer} verweisen nur aufeinander")
    if eine.zugestellt and partner.zugestellt and eine.fall.art == p.DOPPELT:
        yield eine.mangel(
            "Nichts doppelt", f"ist dieselbe wie Nachricht {partner.fall.nummer}, und beide sind zugestellt"
        )
    if eine.fall.art == p.ABWEICHEND and gruende == {""}:
        text = f"widerspricht Nachricht {partner.fall.nummer}, und beide sind zugestellt"
        yield eine.mangel("Nichts wird geraten", text)
