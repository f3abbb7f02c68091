"""The messages of a plan: invented people, and for every one where it has to arrive or why it has to be held.

The same seed and the same day give the same bytes. Only the id of a message is not ours to choose: it is the mailbox's.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from random import Random
from typing import Any
from uuid import UUID, uuid5

from fachwerk.chaos import plan as p
from fachwerk.chaos.plan import Fall, Plan
from fachwerk.demo.beispiele import KONTEN, STELLE, Anhang, Beispiel, allein, familie, mietschuld
from fachwerk.testkit.clamd import EICAR

OHNE_AUSKUNFT = "ohne-auskunft"
KNAPP = "knapp"
"""Two Ziele the demo does not have: one that can neither be asked nor tell a repetition, one on a small disk."""

WBS_ZIEL = {"neumusterstadt": "akte", "musterow": "akte", "musterhagen": OHNE_AUSKUNFT, "mustersleben": KNAPP}
MIETE_ZIEL = {
    "neumusterstadt": "prosoz-nw",
    "musterow": "prosoz-mv",
    "musterhagen": "landkreis",
    "mustersleben": "laemmkom-post",
    "mustersleben-osci": "laemmkom",
}
_NAMENSRAUM = UUID("5c0ffee0-3b1d-4a3e-9f5e-c4a05c4a05ca")


def ziel(fall: Fall) -> str:
    """Where the case belongs, empty if nobody can deliver it."""
    if fall.art in p.SCHLECHT:
        return ""
    return (WBS_ZIEL if fall.leistung == "wbs" else MIETE_ZIEL)[fall.stelle]


def beispiele(plan: Plan, heute: date) -> Iterator[Beispiel]:
    """All messages in the order in which they are sent, one at a time."""
    je_nummer = {fall.nummer: fall for fall in plan.faelle}
    for fall in plan.faelle:
        yield beispiel(plan.saat, fall, heute, je_nummer.get(fall.zwilling))


def beispiel(saat: int, fall: Fall, heute: date, vorbild: Fall | None = None) -> Beispiel:
    """One message. A twin has the id of ``vorbild``; as Doppelsendung its content, too."""
    gemeint = vorbild if vorbild is not None and fall.art == p.DOPPELT else fall
    kennung = str(uuid5(_NAMENSRAUM, f"{saat}/{(vorbild or fall).nummer}"))
    amt = KONTEN[fall.stelle.removesuffix("-osci")]
    leser = f"{'wbs' if fall.leistung == 'wbs' else 'mrh'}:{amt}"
    zufall = Random(f"{saat}/{gemeint.nummer}")  # noqa: S311  invented data, no secret
    xml = _xml(fall, gemeint.nummer, _akte(zufall, fall.leistung, heute), leser, amt, kennung, heute)
    return Beispiel(
        f"{fall.nummer} {fall.art}",
        leser,
        _verderbe(xml, fall.art),
        tuple(_anhaenge(zufall, fall, gemeint)),
        test=fall.art == "test",
        ziel=ziel(fall),
        per_osci=fall.stelle.endswith("-osci"),
    )


def _akte(zufall: Random, leistung: str, heute: date) -> dict[str, Any]:
    if leistung == "mietrueckstaende":
        return mietschuld("sgb12", heute)
    brutto = f"{zufall.randint(9000, 90000)}.00"
    return familie(brutto) if zufall.random() < 0.3 else allein(brutto)


def _xml(fall: Fall, nummer: int, akte: dict[str, Any], leser: str, amt: str, kennung: str, heute: date) -> bytes:
    from fachwerk_xsozial_basis.erzeuger import nachricht

    angaben: dict[str, Any] = {"test": fall.art == "test"}
    if fall.art == "version":
        angaben["version"] = "2.9.0"
    if fall.art == "leistung":
        angaben |= {"produkt": "Fischereischein", "dienstkennung": "", "vorgangstyp": "999999"}
        leser = f"xyz:{amt}"
    return nachricht(
        fall.leistung,
        akte,
        leser=leser,
        leser_name=STELLE[amt],
        uuid=kennung,
        vorgangs_id=kennung,
        antragsdatum=heute,
        seed=nummer,
        **angaben,
    )


def _verderbe(xml: bytes, art: str) -> bytes:
    if art == "beschaedigt":
        return xml[:-200]
    if art == "doctype":
        kopf, _, rumpf = xml.partition(b"\n")
        return kopf + b'\n<!DOCTYPE x [<!ENTITY a "b">]>\n' + rumpf
    return xml


def _anhaenge(zufall: Random, fall: Fall, gemeint: Fall) -> Iterator[Anhang]:
    """Of the sizes of the plan, each unlike all others; a twin that is another message has its own."""
    for nr, groesse in enumerate(gemeint.anhaenge, 1):
        yield Anhang(f"anhang_{nr:04d}.pdf", "application/pdf", b"%PDF-1.4\n%" + zufall.randbytes(groesse))
    if fall.art == "schadsoftware":
        yield Anhang(f"anhang_{len(gemeint.anhaenge) + 1:04d}.txt", "text/plain", EICAR)
