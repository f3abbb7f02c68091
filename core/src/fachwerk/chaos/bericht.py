"""What a rehearsal leaves for people: ``chaos-SAAT.md``, with plan, deeds, balance and every finding."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING

from fachwerk.chaos.plan import STOERUNGEN

if TYPE_CHECKING:
    from fachwerk.chaos.ablauf import Chaos
    from fachwerk.chaos.abrechnung import Ergebnis

BESTIMMT = (
    "Durch die Saat bestimmt sind: der Plan, Zahl, Reihenfolge und Inhalt der Nachrichten (am selben Tag Byte für "
    "Byte), die Reihenfolge der Störungen und ab welcher Zahl jede frühestens beginnt, und beim wievielten Aufruf seit "
    "seinem letzten Start das Postfach gestört antwortet. Nicht bestimmt sind: die Kennungen (das Postfach vergibt "
    "sie), wie die Prozesse einander überholen, also welche Nachricht eine Störung trifft, und wie lange etwas dauert."
)


def summe(ergebnis: Ergebnis) -> Iterator[str]:
    """The balance in a few lines."""
    b = ergebnis.bilanz
    enden = (
        f"{b.zugestellt} zugestellt + {b.weitergeleitet} weitergeleitet + {b.zurueckgegeben} zurückgegeben + "
        f"{b.gehalten} gehalten + {b.doppelsendungen} Doppelsendungen"
    )
    doppelte = sum(mangel.versprechen == "Nichts doppelt" for mangel in ergebnis.maengel)
    verlorene = sum(mangel.versprechen == "Nichts geht verloren" for mangel in ergebnis.maengel)
    unwahre = sum(mangel.versprechen == "Jeder Grund ist wahr" for mangel in ergebnis.maengel)
    yield f"{b.gesendet} gesendet = {b.geschlossen} geschlossen = {b.gespeichert} gespeichert = {enden}"
    yield f"{verlorene} verloren, {doppelte} doppelt, {unwahre} mit falschem Grund"
    if b.gruende:
        yield "Gehalten: " + ", ".join(f"{anzahl} {grund}" for grund, anzahl in b.gruende.items())
    if ergebnis.unbekannte:
        yield (
            f"{ergebnis.unbekannte} Vorgänge fragen einen Menschen, ob sie ankamen: Ihr Ziel kann nicht gefragt werden."
        )


def bericht(chaos: Chaos, ergebnis: Ergebnis) -> Iterator[str]:
    """The whole page."""
    protokoll, plan = chaos.protokoll, chaos.plan
    yield f"# Probe mit Störungen, Saat {plan.saat}"
    yield ""
    yield "**Alle Versprechen gehalten.**" if not ergebnis.maengel else f"**{len(ergebnis.maengel)} Mängel.**"
    yield ""
    yield from (f"- {zeile}" for zeile in summe(ergebnis))
    yield f"- Dauer {protokoll.dauer_s:.0f} s; Starts je Knoten: {_gezaehlt(protokoll.starts)}"
    yield f"- {protokoll.angestossen} wartende Vorgänge am Ende angestoßen (`fachwerk vorgang retry`)"
    if ergebnis.maengel:
        yield from ("", "## Mängel", "")
        for mangel in ergebnis.maengel:
            erste, *weitere = mangel.zeilen()
            yield from (f"- {erste}", *weitere)
        yield ""
        yield (
            f"Nachsehen: `fachwerk --konfig {chaos.ordner / 'fachwerk.toml'} vorgang show KENNUNG`, die Protokolle der "
            f"Prozesse in `{chaos.ordner / 'protokolle'}`, und was das Postfach sah in `postfach/anfragen.log`."
        )
    yield from ("", "## Was gestört wurde", "")
    zahl = Counter(stoerung.art for stoerung, _ in protokoll.angewandt)
    yield from (f"- {art}: {anzahl} Mal – {STOERUNGEN[art]}" for art, anzahl in sorted(zahl.items()))
    yield from (f"- NICHT GEPRÜFT: {art} – {warum}" for art, warum in sorted(protokoll.ungeprueft.items()))
    yield from ("", "## Was die Saat bestimmt", "", BESTIMMT, "", "## Plan", "", "```")
    yield from plan.zeilen()
    yield from ("```", "", "Begonnen haben die Störungen bei:", "", "```")
    yield from (f"{stoerung.text()}  [bei {stand}]" for stoerung, stand in protokoll.angewandt)
    yield "```"


def _gezaehlt(starts: dict[str, int]) -> str:
    return ", ".join(f"{name} {anzahl}" for name, anzahl in starts.items())
