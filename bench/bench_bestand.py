"""What grows with the store: lists, pages, the service's own looks and a new case, with 1,000 to a million cases.

Generated cases of three years: a few thousand of them held or waiting, the rest done, on SQLite and PostgreSQL.
Measured by the clock are the questions behind the lists, whole pages of the console as a browser asks for them but
without a network between, what the service looks at by itself every minute, hour or day, and one new case through the
line. The bounds are those of the design: 50 ms a question, 300 ms a page. Ends with 1 if one is broken. ``--anzahl``
says which sizes.
"""

from __future__ import annotations

import argparse
import re
import statistics
import sys
import tempfile
import time
import warnings
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from blatt import Zeile, halte_fest, zahl
from umfeld import postgres

from fachwerk import abgleich, alarmwache, aufbewahrung, konten
from fachwerk.auskunft import vorgangsliste
from fachwerk.kennzahlen import Kennzahlen
from fachwerk.rechte import Erteilt
from fachwerk.testkit.welt import Welt, antrag_xml
from fachwerk.vorgangssuche import Suche, finde, zaehle

GRENZEN = {"Frage": 50.0, "Seite": 300.0, "Dienst": None, "Fall": None}
GROESSEN = (1_000, 10_000, 100_000, 1_000_000)
WIEDERHOLUNGEN = 5
KENNWORT = "vier rote Dachziegel"
JETZT = datetime.now(UTC).replace(microsecond=0)
BEGINN = JETZT - timedelta(days=3 * 365)

REIHE = {
    "sqlite": "WITH RECURSIVE r(n) AS (SELECT :von UNION ALL SELECT n + 1 FROM r WHERE n < :bis) ",
    "postgresql": "WITH r(n) AS (SELECT generate_series(CAST(:von AS bigint), CAST(:bis AS bigint))) ",
}
KENNUNG = {"sqlite": "printf('%032x', (n * 48271) % 2147483647 * 2147483648 + n)",
           "postgresql": "lpad(to_hex((n * 48271) % 2147483647 * 2147483648 + n), 32, '0')"}  # fmt: skip
ZEIT = {
    "sqlite": "datetime(:beginn, '+' || CAST(n * :schritt AS INTEGER) || ' seconds') || '.000000'",
    "postgresql": "CAST(:beginn AS timestamptz) + n * CAST(:schritt AS double precision) * interval '1 second'",
}
STAND = (
    "CASE WHEN n % 200 = 0 THEN 'held' WHEN n % 331 = 0 THEN 'waiting' WHEN n % 997 = 0 THEN 'running' "
    "WHEN n % 101 = 0 THEN 'forwarded' ELSE 'done' END"
)
FUER = (
    "CASE WHEN n % 200 <> 0 THEN '' WHEN n % 600 = 0 THEN 'technik' WHEN n % 400 = 0 THEN 'betrieb' "
    "ELSE 'sachbearbeitung' END"
)
DRINGLICHKEIT = "CASE WHEN n % 211 = 0 THEN 'sofort' WHEN n % 53 = 0 THEN 'hoch' ELSE 'normal' END"
LEISTUNG = "CASE WHEN n % 3 = 0 THEN 'mietrueckstaende' ELSE 'wbs' END"
LAND = "CASE n % 4 WHEN 0 THEN 'nw' WHEN 1 THEN 'mv' WHEN 2 THEN 'st' ELSE 'by' END"
SPALTEN = {
    "vorgang": {
        "id": "{kennung}", "kanal": "'k' || (n % 4)", "status": STAND, "grund": "''", "hinweis": "''",
        "gehalten_fuer": FUER, "leistung": LEISTUNG, "leika": "''", "land": LAND, "empfehlung": "'vorlegen'",
        "dringlichkeit": DRINGLICHKEIT, "fassung": "1", "lauf": "1", "leser": "'wbs:1'",
        "nachrichten_uuid": "'u-' || n", "inhalt_sha256": "''", "test": "{falsch}", "doppelt_zu": "''",
        "angelegt": "{zeit}", "geaendert": "{zeit}",
    },
    "eingang": {
        "vorgang_id": "{kennung}", "kanal": "'k' || (n % 4)", "nachricht_id": "'n-' || n", "abweichung": "0",
        "sha256": "''", "empfangen": "{zeit}", "zugestellt": "{zeit}", "test": "{falsch}", "bestaetigt": "{zeit}",
    },
    "zustellung": {
        "vorgang_id": "{kennung}", "ziel": "CASE WHEN n % 2 = 0 THEN 'akte' ELSE 'amt' END", "fassung": "1",
        "plugin": "'p'", "status": "CASE WHEN n % 331 = 0 THEN 'wartet' ELSE 'zugestellt' END", "versuch": "1",
        "absicht_von": "''", "sendung": "''", "seit": "{zeit}", "code": "''", "hinweis": "''", "gehalten_fuer": "''",
        "erwartet": "CASE WHEN n % 499 = 0 THEN 'uebernommen' ELSE '' END",
        "erwartet_bis": "CASE WHEN n % 499 = 0 THEN {zeit} END",
    },
}  # fmt: skip


def fuelle(datenbank: sa.Engine, anzahl: int) -> None:
    """Make the rows where they stay; the statistics of the database are those of a site that runs for long."""
    art = datenbank.dialect.name
    orte = {"kennung": KENNUNG[art], "zeit": ZEIT[art], "falsch": "0" if art == "sqlite" else "false"}
    schritt = (JETZT - BEGINN).total_seconds() / anzahl
    for tabelle, spalten in SPALTEN.items():
        for von in range(0, anzahl, 100_000):
            werte = ", ".join(ausdruck.format(**orte) for ausdruck in spalten.values())
            einfuegen = f"INSERT INTO {tabelle} ({', '.join(spalten)}) "
            anweisung = f"{einfuegen}{REIHE[art]}SELECT {werte} FROM r"  # noqa: S608  nothing of it comes from outside
            beginn = BEGINN.strftime("%Y-%m-%d %H:%M:%S") if art == "sqlite" else BEGINN
            angaben = {"von": von, "bis": min(von + 100_000, anzahl) - 1, "beginn": beginn, "schritt": schritt}
            with datenbank.begin() as verbindung:
                verbindung.execute(sa.text(anweisung), {k: w for k, w in angaben.items() if f":{k}" in anweisung})
    with datenbank.connect().execution_options(isolation_level="AUTOCOMMIT") as verbindung:
        verbindung.exec_driver_sql("ANALYZE")


def miss(tat: Callable[[], Any]) -> float:
    """Milliseconds by the clock, the median of some rounds after a first one."""
    tat()
    zeiten = []
    for _ in range(WIEDERHOLUNGEN):
        beginn = time.perf_counter()
        tat()
        zeiten.append((time.perf_counter() - beginn) * 1000)
    return statistics.median(zeiten)


def fragen(welt: Welt, kennung: str) -> dict[str, Callable[[], Any]]:
    """The questions behind commands and pages."""
    store, alt = welt.betrieb.store, BEGINN + timedelta(days=300)
    return {
        "vorgang list": lambda: vorgangsliste(store),
        "vorgang list --ueberfaellig": lambda: vorgangsliste(store, nur_ueberfaellige=True),
        "neueste": lambda: finde(store, Suche()),
        "gehaltene": lambda: finde(store, Suche(status=("held",))),
        "gehaltene einer Leistung": lambda: finde(store, Suche(status=("held",), leistung="wbs", land="mv")),
        "zugestellte einer Leistung": lambda: finde(store, Suche(status=("done",), leistung="mietrueckstaende")),
        "ein Land, vor Jahren": lambda: finde(store, Suche(land="by", bis=alt)),
        "zwei Kanäle": lambda: finde(store, Suche(kanaele=("k1", "k2"))),
        "dringende": lambda: finde(store, Suche(dringend=True)),
        "nach Kennung": lambda: finde(store, Suche(text=kennung[:10])),
        "nach Nachricht": lambda: finde(store, Suche(text="n-77777")),
        "Zahl der gehaltenen": lambda: zaehle(store, ("held",)),
    }


def seiten(welt: Welt, kennung: str) -> dict[str, Callable[[], Any]]:
    """Whole pages, as somebody with every right gets them."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from starlette.testclient import TestClient
    from fachwerk.konsole.app import baue

    rechte = [Erteilt.aus("bearbeiten"), Erteilt.aus("verwalten")]
    konten.lege_an(welt.betrieb.store, "lena", KENNWORT, rechte, "bench")
    app = baue(welt.betrieb)
    client = TestClient(app, base_url="http://127.0.0.1")
    client.post("/anmeldung", data={"name": "lena", "kennwort": KENNWORT}, headers={"Origin": "http://127.0.0.1"})
    pfade = ["/", "/vorgaenge", "/vorgaenge?status=held", f"/vorgaenge?q={kennung[:10]}", "/vorgaenge?dringend=1"]
    pfade += [f"/vorgang/{kennung}", "/ziele", "/kanaele", "/alarme"]
    return {pfad: (lambda pfad=pfad: _seite(client, pfad)) for pfad in pfade}


def _seite(client: Any, pfad: str) -> None:
    antwort = client.get(pfad)
    if antwort.status_code != 200 or re.search("Anmelden</h1>", antwort.text):
        sys.exit(f"{pfad}: {antwort.status_code}")


def eigenes(welt: Welt) -> dict[str, Callable[[], Any]]:
    """What the service looks at by itself: alarms every minute, metrics, retention every hour, the balance of a day."""
    betrieb = welt.betrieb

    def alarme() -> None:
        for grund in alarmwache.GEMEINSAME.values():
            list(grund(betrieb, JETZT))

    return {
        "Blick nach Alarmen": alarme,
        "Kennzahlen": lambda: Kennzahlen(betrieb).sammle(),
        "Löschen, nichts fällig": lambda: aufbewahrung.loesche_faellige(betrieb, BEGINN),
        "Bilanz eines Tages": lambda: abgleich.ziehe(betrieb, date.today(), frage_postfaecher=False),
    }


def ein_fall(welt: Welt) -> dict[str, Callable[[], Any]]:
    """One new small message from the mailbox into its target, without the engine."""
    nummern = iter(range(10**6))

    def fall() -> None:
        nummer = next(nummern)
        welt.lege_ein(f"neu-{nummer}", antrag_xml(uuid=f"neu-{nummer}"), kanal="k0")
        welt.rufe_ab("k0")
        welt.arbeite()

    return {"vom Postfach ins Ziel": fall}


def laufe(url: str, ordner: Path, anzahl: int) -> list[Zeile]:
    """One database of one size."""
    kanal = {f"k{nummer}": {"plugin": "postfach"} for nummer in range(4)}
    ziel = {"akte": "mit_schluessel", "amt": "mit_abfrage"}
    welt = Welt(url, ordner, kanal=kanal, ziel=ziel, konsole={"listen": "127.0.0.1:1"})
    beginn = time.perf_counter()
    fuelle(welt.betrieb.store.datenbank, anzahl)
    art = welt.betrieb.store.datenbank.dialect.name
    print(f"\n{art}: {anzahl:,} Vorgänge angelegt in {time.perf_counter() - beginn:.0f} s")
    (zeile, *_), _ = finde(welt.betrieb.store, Suche())
    arten = {"Frage": fragen(welt, zeile.id), "Seite": seiten(welt, zeile.id), "Dienst": eigenes(welt)}
    ergebnis = []
    for titel, taten in (arten | {"Fall": ein_fall(welt)}).items():
        schranke = GRENZEN[titel]
        for name, tat in taten.items():
            dauer = miss(tat)
            ergebnis.append(Zeile(f"bestand.{art}.{anzahl}", f"{titel} {name}", dauer, "ms", grenze=schranke))
            urteil = "" if ergebnis[-1].haelt else f"GERISSEN (höchstens {schranke:.0f})"
            print(f"  {titel:<6} {name:<42} {dauer:8.1f} ms  {urteil}", flush=True)
    welt.schliesse()
    return ergebnis


def fasse_zusammen(art: str, anzahl: int, zeilen: list[Zeile]) -> None:
    """Hold fast the slowest of each kind, and say which it was."""
    for titel, schranke in GRENZEN.items():
        langsamste = max((zeile for zeile in zeilen if zeile.was.startswith(titel)), key=lambda zeile: zeile.wert)
        was = f"{titel}, {art}, {zahl(float(anzahl))} Vorgänge"
        halte_fest(Zeile(f"bestand.{art}.{anzahl}", was, langsamste.wert, "ms", grenze=schranke, dazu=langsamste.was))


def main() -> int:
    """Both databases, each size."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--anzahl", type=int, nargs="+", default=GROESSEN)
    groessen, gut = parser.parse_args().anzahl, True
    with postgres(fsync=False) as server:
        for anzahl in groessen:
            with tempfile.TemporaryDirectory() as ordner:
                orte = {"sqlite": lambda wo=ordner: f"sqlite:///{wo}/bestand.db"}
                if server:
                    orte["postgresql"] = server.neue_datenbank
                for art, url in orte.items():
                    zeilen = laufe(url(), Path(ordner) / art, anzahl)
                    fasse_zusammen(art, anzahl, zeilen)
                    gut &= all(zeile.haelt for zeile in zeilen)
    return 0 if gut else 1


if __name__ == "__main__":
    sys.exit(main())
