"""``fachwerk chaos``: rehearse a bad day on a test system, before a good site has one."""

from __future__ import annotations

import signal
from pathlib import Path

import click


@click.command("chaos")
@click.option("--saat", type=click.IntRange(0), help="Die Zahl, aus der alles folgt; ohne Angabe wird eine gewürfelt.")
@click.option("--faelle", default=200, show_default=True, type=click.IntRange(10, 1_000_000), help="So viele Anträge.")
@click.option("--knoten", type=click.IntRange(1, 8), help="So viele Dienste; Vorgabe 1 mit SQLite, sonst 2.")
@click.option(
    "--datenbank",
    default="sqlite",
    show_default=True,
    metavar="WAHL",
    help="sqlite, postgresql (ein eigenes) oder die Adresse einer leeren Datenbank, postgresql://…",
)
@click.option("--ordner", type=click.Path(file_okay=False, path_type=Path), help="Hier entsteht alles; neu oder leer.")
@click.option("--stoerungen", default="", metavar="LISTE", help="Nur diese Arten, mit Komma getrennt; sonst alle.")
@click.option("--anzahl", type=click.IntRange(0), help="So viele Störungen; sonst etwa eine auf 25 Anträge.")
@click.option("--nur-plan", is_flag=True, help="Nur zeigen, was geschähe.")
def befehl(
    saat: int | None,
    faelle: int,
    knoten: int | None,
    datenbank: str,
    ordner: Path | None,
    stoerungen: str,
    anzahl: int | None,
    nur_plan: bool,
) -> None:
    """Probt einen schlechten Tag an einem eigenen, erfundenen Standort, mit Störungen aller Art, und rechnet ab.

    Für Testsysteme: Alles entsteht in einem neuen Ordner, ein bestehender Standort wird nie angefasst.
    Exit-Code 1, wenn ein Versprechen nicht gehalten wurde.
    """
    import random

    from fachwerk.chaos.ablauf import moegliche
    from fachwerk.chaos.plan import Umfang, entwirf

    if saat is None:
        saat = random.SystemRandom().randrange(10**6)
    knoten = knoten or (1 if datenbank == "sqlite" else 2)
    _pruefe(datenbank, knoten)
    arten = moegliche(datenbank, _arten(stoerungen))
    umfang = Umfang(faelle, knoten, max(6, faelle // 25) if anzahl is None else anzahl, arten)
    plan = entwirf(saat, umfang)
    click.echo("\n".join(plan.zeilen()))
    if not nur_plan:
        raise SystemExit(_laufe(plan, ordner or Path(f"fachwerk-chaos-{saat}"), datenbank))


def _laufe(plan: object, ordner: Path, datenbank: str) -> int:
    from fachwerk.chaos.ablauf import Chaos
    from fachwerk.chaos.bericht import bericht, summe
    from fachwerk.chaos.plan import Plan

    assert isinstance(plan, Plan)  # noqa: S101  the type is not imported where the help is
    chaos = Chaos(plan, ordner, datenbank, lambda text: click.echo(f"  · {text}"))
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # told to stop, it ends all it has started
    ergebnis = chaos.laufe()
    blatt = ordner / f"chaos-{plan.saat}.md"
    blatt.write_text("\n".join(bericht(chaos, ergebnis)) + "\n", encoding="utf-8")
    click.echo("\n".join(summe(ergebnis)))
    for art, warum in sorted(chaos.protokoll.ungeprueft.items()):
        click.echo(f"NICHT GEPRÜFT: {art} – {warum}")
    for mangel in ergebnis.maengel:
        click.echo(f"Mangel: {mangel.zeile()}")
    click.echo(f"Bericht: {blatt}")
    return 1 if ergebnis.maengel else 0


def _pruefe(datenbank: str, knoten: int) -> None:
    if datenbank not in ("sqlite", "postgresql") and not datenbank.startswith(
        ("postgresql://", "postgresql+psycopg://")
    ):
        raise click.UsageError("--datenbank ist sqlite, postgresql oder eine Adresse, die mit postgresql:// beginnt.")
    if datenbank == "sqlite" and knoten > 1:
        raise click.UsageError("Mehrere Knoten brauchen PostgreSQL: --datenbank postgresql.")


def _arten(liste: str) -> tuple[str, ...]:
    from fachwerk.chaos.plan import STOERUNGEN

    arten = tuple(wort.strip() for wort in liste.split(",") if wort.strip())
    for art in arten:
        if art not in STOERUNGEN:
            raise click.UsageError(f"Die Störung „{art}“ gibt es nicht. Es gibt: {', '.join(STOERUNGEN)}.")
    return arten
