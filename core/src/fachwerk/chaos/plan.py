"""What will happen, as a pure function of a seed: the messages, the faults, and after which count each begins.

The same seed and the same :class:`Umfang` give the same plan, on every machine. Nothing here reads a clock, and no
fault begins at a time: it waits until so many messages are sent, stored or finished.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from random import Random

STELLEN = ("neumusterstadt", "musterow", "musterhagen", "mustersleben", "mustersleben-osci")
"""The Kanäle of the site, one office each: four XTA mailboxes, and one that COM Vibilia empties."""

STOERUNGEN = {
    "abschuss": "ein Knoten stirbt an kill -9 und wird neu gestartet",
    "anhalten": "ein Knoten wird angehalten (SIGSTOP) und läuft später weiter (SIGCONT)",
    "postfach": "das Postfach antwortet falsch, halb, doppelt, langsam oder gar nicht",
    "postfach_weg": "das Postfach stirbt an kill -9 und wird neu gestartet",
    "netz_postfach": "die Leitung zum Postfach ist gestört",
    "netz_ziel": "die Leitung zu den Fachverfahren ist gestört",
    "netz_viren": "die Leitung zur Virenprüfung ist gestört",
    "netz_datenbank": "die Leitung zu PostgreSQL ist gestört",
    "datenbank": "PostgreSQL stirbt und wird neu gestartet, oder eine SQLite-Datei ist gesperrt",
    "ziel": "ein Fachverfahren antwortet falsch, halb oder gar nicht",
    "ziel_tot": "ein Ziel lehnt von da an alles ab",
    "ordner_weg": "der Ordner eines Ziels ist nicht da",
    "platte_voll": "der Datenträger eines Ziels ist voll",
    "langsam": "alles ist langsam: jede Leitung wartet bei jedem Block",
    "uhr": "ein Knoten wird neu gestartet, und seine Uhr geht falsch",
}
"""Every kind of fault, in words for the report."""

NETZ = ("schnitt", "halt", "stumm", "bremse")
ZIEL_LAUNEN = ("halb", "vorher_tot", "http503", "unverstaendlich", "doctype", "langsam")
"""What the SOAP service can be told that passes by itself."""

POSTFACH_LAUNEN = {
    "getMessage": (
        *("abgeschnitten", "ohne_schlussgrenze", "ohne_teil", "falsche_cid", "doppelte_cid", "falsche_groesse"),
        *("doctype", "kaputtes_xml", "cid_prozent", "wurzel_zuletzt", "inline_base64", "gestueckelt", "langsam"),
        *("fehler", "soap_fehler", "http", "kein_soap", "leer", "abbruch_vorher", "abbruch_im_rumpf"),
    ),
    "getStatusList": ("kaputtes_xml", "langsam", "fehler", "http", "leer", "abbruch_vorher", "abbruch_im_rumpf"),
    "close": ("fehler", "http", "leer", "abbruch_vorher", "abbruch_nach_senden", "abbruch_im_rumpf"),
}
"""Faults of the mailbox for us who fetch: every one passes by itself and is repeated by the next poll."""
VERSAND_LAUNEN = ("abbruch_vorher", "abbruch_nach_senden", "http", "leer")
"""Faults of the mailbox for the Ziel that sends on."""

WORTE: dict[str, dict[str, object]] = {
    "fehler": {"fehler": "9030"},
    "http": {"http": 503},
    "langsam": {"sekunden": 0.5},
}
ABLEHNUNG = "9023"
"""The XTA fault with which the Ziel of ``ziel_tot`` refuses: never repeated, held at once."""

GUT, DOPPELT, ABWEICHEND = "gut", "doppelt", "abweichend"
SCHLECHT = {
    "version": "version_unbekannt",
    "leistung": "leistung_unbekannt",
    "beschaedigt": "inhalt_unlesbar",
    "doctype": "inhalt_doctype",
    "schadsoftware": "schadsoftware",
    "test": "route_keine",
}
"""Messages nobody can deliver, and the reason for which each has to be held."""
ABWEICHEND_GRUND = "doppelsendung_abweichend"


GROSS = 1000
"""From so many messages on a rehearsal is a large one."""


@dataclass(frozen=True)
class Umfang:
    """How much: messages, nodes, faults, and which kinds of them can be made here; ``ruhig``: nothing takes minutes."""

    faelle: int
    knoten: int
    stoerungen: int
    arten: tuple[str, ...]
    ruhig: bool = False

    @property
    def ist_gross(self) -> bool:
        """Whether it takes so long that nothing may be looked at more often than needed."""
        return self.faelle >= GROSS


@dataclass(frozen=True)
class Fall:
    """One message: number from 1, office, Leistung, what it is, attachments in bytes, to which one it is a twin."""

    nummer: int
    stelle: str
    leistung: str
    art: str
    anhaenge: tuple[int, ...] = ()
    zwilling: int = 0


@dataclass(frozen=True)
class Stoerung:
    """One fault: when (``nach`` says what is counted, ``ab`` how many), what, whom, how, and how long.

    With ``anzahl`` it strikes so many connections or calls and is over; else it ends after ``dauer_s`` seconds.
    """

    nummer: int
    art: str
    nach: str
    ab: int
    wen: str = ""
    wie: str = ""
    anzahl: int = 0
    dauer_s: float = 0.0

    def text(self) -> str:
        """One line of the plan."""
        womit = ", ".join(filter(None, (self.wen, self.wie)))
        lang = f"{self.anzahl} Mal" if self.anzahl else f"{self.dauer_s:g} s" if self.dauer_s else ""
        was = f"{self.art} ({womit})" if womit else self.art
        return f"{self.nummer:>4}  ab {self.ab} {self.nach:<11} {was}{f', {lang}' if lang else ''}"


@dataclass(frozen=True)
class Laune:
    """One fault inside the mailbox: at the ``ab``-th call of ``vorgang`` by ``konto`` since the mailbox was started."""

    vorgang: str
    konto: str
    art: str
    ab: int


@dataclass(frozen=True)
class Plan:
    """Everything that follows from the seed."""

    saat: int
    umfang: Umfang
    faelle: tuple[Fall, ...]
    stoerungen: tuple[Stoerung, ...]
    launen: tuple[Laune, ...] = field(default=())

    def zeilen(self) -> Iterator[str]:
        """The plan for people."""
        u = self.umfang
        yield f"Saat {self.saat}: {u.faelle} Nachrichten an {len(STELLEN)} Stellen, {u.knoten} Knoten"
        arten = sorted({fall.art for fall in self.faelle})
        yield "Nachrichten: " + ", ".join(f"{sum(f.art == art for f in self.faelle)} {art}" for art in arten)
        yield f"Störungen ({len(self.stoerungen)}), jede frühestens ab der genannten Zahl und in dieser Reihenfolge:"
        yield from (stoerung.text() for stoerung in self.stoerungen)
        if self.launen:
            yield f"Im Postfach ({len(self.launen)}), jede beim genannten Aufruf seit seinem letzten Start:"
            yield from (f"      {laune.konto}: {laune.vorgang} {laune.ab}: {laune.art}" for laune in self.launen)


def entwirf(saat: int, umfang: Umfang) -> Plan:
    """The plan of ``saat``. Messages, faults and moods are drawn from streams of their own, so that leaving out a
    kind of fault does not change what is sent."""
    faelle = tuple(_faelle(Random(f"{saat}/faelle"), umfang.faelle))  # noqa: S311  repeatable, no secret
    stoerungen = tuple(_stoerungen(Random(f"{saat}/stoerungen"), umfang))  # noqa: S311
    launen = tuple(_launen(Random(f"{saat}/launen"), umfang)) if "postfach" in umfang.arten else ()  # noqa: S311
    return Plan(saat, umfang, faelle, stoerungen, launen)


# -- messages ----------------------------------------------------------------------------------------------------


def _faelle(zufall: Random, anzahl: int) -> Iterator[Fall]:
    gute: list[Fall] = []
    for nummer in range(1, anzahl + 1):
        wurf = zufall.random()
        if gute and wurf < 0.06:
            vorbild = zufall.choice(gute)
            art = DOPPELT if wurf < 0.04 else ABWEICHEND
            gute.remove(vorbild)  # one twin each, so that it is clear what has to become of both
            yield Fall(nummer, vorbild.stelle, vorbild.leistung, art, vorbild.anhaenge, vorbild.nummer)
            continue
        stelle = zufall.choice(STELLEN)
        art = zufall.choice(sorted(SCHLECHT)) if wurf < 0.12 else GUT
        fall = _fall(zufall, nummer, stelle, art)
        if art == GUT and stelle != STELLEN[-1]:
            gute = [*gute[-200:], fall]
        yield fall


def _fall(zufall: Random, nummer: int, stelle: str, art: str) -> Fall:
    osci = stelle == STELLEN[-1]
    leistung = "mietrueckstaende" if osci or zufall.random() < 0.4 else "wbs"
    if osci and art != GUT:
        art = "beschaedigt"
    if art not in (GUT, "test"):
        leistung = leistung if osci else "wbs"
    return Fall(nummer, stelle, leistung, art, _anhaenge(zufall))


def _anhaenge(zufall: Random) -> tuple[int, ...]:
    if zufall.random() < 0.01:
        return (zufall.randint(1_000_000, 2_500_000),)
    return tuple(zufall.randint(200, 30_000) for _ in range(zufall.choice((0, 0, 1, 1, 2))))


# -- faults ------------------------------------------------------------------------------------------------------


def _stoerungen(zufall: Random, umfang: Umfang) -> Iterator[Stoerung]:
    moegliche = [art for art in STOERUNGEN if art in umfang.arten and art not in ("postfach", "ziel_tot")]
    if not moegliche or not umfang.stoerungen:
        return
    arten = _arten(zufall, moegliche, umfang.stoerungen)
    von, bis = max(1, umfang.faelle // 20), max(1, umfang.faelle * 17 // 20)
    grenzen = sorted(zufall.randint(von, bis) for _ in arten)
    for nummer, (art, ab) in enumerate(zip(arten, grenzen, strict=True), 1):
        nach = zufall.choice(("gesendet", "gespeichert", "fertig"))
        yield _stoerung(zufall, nummer, art, nach, ab, umfang)


def _arten(zufall: Random, moegliche: Sequence[str], anzahl: int) -> list[str]:
    """Every kind as often as any other, but for kills: every second fault beyond the first round is one."""
    arten = zufall.sample(moegliche, min(anzahl, len(moegliche)))
    while len(arten) < anzahl:
        kill = "abschuss" in moegliche and zufall.random() < 0.4
        arten.append("abschuss" if kill else zufall.choice(moegliche))
    zufall.shuffle(arten)
    return arten


def _stoerung(zufall: Random, nummer: int, art: str, nach: str, ab: int, umfang: Umfang) -> Stoerung:
    wen, wie, anzahl, dauer = "", "", 0, 0.0
    if art in ("abschuss", "anhalten", "uhr"):
        wen = f"knoten-{zufall.randint(1, umfang.knoten)}"
        kurz, lang = {"abschuss": (0, 3), "uhr": (10, 40)}.get(art, (2, 5 if umfang.ruhig else 25))
        dauer = round(zufall.uniform(kurz, lang), 1)
        wie = zufall.choice(("+2h", "-2h", "+20m", "+70s", "-70s")) if art == "uhr" else ""
    elif art.startswith("netz_"):
        wie, anzahl, dauer = _netz(zufall, art, umfang.ruhig)
    elif art == "ziel":
        wie, anzahl = zufall.choice(ZIEL_LAUNEN), zufall.randint(1, 2 if umfang.ruhig else 4)
    else:
        dauer = round(zufall.uniform(1, 4 if umfang.ruhig else 15), 1)
        wie = zufall.choice(("kill9", "immediate", "fast")) if art == "datenbank" else ""
    return Stoerung(nummer, art, nach, ab, wen, wie, anzahl, dauer)


def _netz(zufall: Random, art: str, ruhig: bool) -> tuple[str, int, float]:
    """Counted cuts, or seconds. A scanner that does not answer holds the case, so few connections to it are struck."""
    wie = zufall.choice(NETZ)
    if art == "netz_viren":
        return "schnitt", zufall.randint(1, 3), 0.0
    if wie in ("schnitt", "stumm"):
        return wie, zufall.randint(1, 2 if ruhig else 6), 0.0
    return wie, 0, round(zufall.uniform(1, 4 if ruhig else 12), 1)


def _launen(zufall: Random, umfang: Umfang) -> Iterator[Laune]:
    """Moods of the mailbox by count of calls: about one for twelve messages, and where the Ziel sends on."""
    konten = STELLEN[:-1]
    je_konto = max(2, umfang.faelle // len(konten))
    for _ in range(min(300, max(4, umfang.faelle // 12))):
        vorgang = zufall.choice(sorted(POSTFACH_LAUNEN))
        ab = zufall.randint(1, je_konto if vorgang == "getMessage" else max(2, je_konto // 2))
        yield Laune(vorgang, zufall.choice(konten), zufall.choice(POSTFACH_LAUNEN[vorgang]), ab)
    weiter = max(2, umfang.faelle // 20)
    for _ in range(max(1, umfang.faelle // 200)):
        yield Laune("sendMessage", "musterhagen", zufall.choice(VERSAND_LAUNEN), zufall.randint(1, weiter))
    if "ziel_tot" in umfang.arten:
        yield Laune("sendMessage", "musterhagen", "abgelehnt", max(2, umfang.faelle // 50))
