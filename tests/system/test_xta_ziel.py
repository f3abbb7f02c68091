"""kill -9 around every step of sending by XTA: in the reader's mailbox each message lies exactly once, as it came.

What is compared is the folder of the simulator and the database by plain SQL.
"""

from __future__ import annotations

import signal
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from fachwerk.testkit.absturz import Absturzbank
from fachwerk.testkit.standort import Postamt, Standort
from fachwerk_generic_xta.simulator import bestand

NeuerStandort = Callable[..., Standort]

SCHRITTE = {
    "absicht 1": "the intent to deliver",
    "deliver 1": "the whole hand-over",
    "notiz 1": "the message id is kept",
    "notiz 2": "author and reader are kept; then the message goes out",
    "zugestellt 1": "the receipt",
}
ALLE = [f"{wann} {was}" for was in SCHRITTE for wann in ("vor", "nach")]
PUNKTE = [punkt for nr, punkt in enumerate(ALLE) if nr % 4 in (1, 2)]
"""With the real engine on PostgreSQL; on SQLite test_chaos_adapter_kill takes every point."""


def ziel_toml(postamt: Postamt, kreis: str) -> str:
    konto = postamt.konto()
    pki = postamt.ordner / "pki"
    return f"""
[ziel.kreis]
plugin = "generic_xta"
management_url = "{postamt.urls["management"]}"
send_url = "{postamt.urls["send"]}"
zertifikat = "{pki}/amt-{konto}.crt"
privatschluessel = "{pki}/amt-{konto}.key"
ca = "{pki}/ca.crt"
kennung = "wbs:0511100000{konto:02d}"
dienst = "urn:test:dienst"
empfaenger = {{kennung = "{kreis}"}}
szenario = {{text = "nach Absprache"}}
nachrichtentyp = {{code = "a.1", liste = "urn:test:l", version = "1", payload_schema = "urn:test:s"}}
"""


def inhalte(ordner: Path, leser: str) -> Counter[tuple[str, ...]]:
    """Hashes of the parts of every message that ever came for a reader."""
    return Counter(zeile.sha256 for zeile in bestand(ordner) if zeile.leser == leser)


@pytest.mark.postgresql
def test_a_kill_at_any_step_of_sending_leaves_exactly_one_message(
    bank: Absturzbank, neuer_standort: NeuerStandort, postamt: Postamt, postgres_url: str
) -> None:
    kreis = f"wbs:0511100000{postamt.konto():02d}"
    standort = neuer_standort(postgres_url, ziele=ziel_toml(postamt, kreis), ziel="kreis")
    assert bank.laufe(standort.konfig).code == 0
    maengel = []
    for nr, punkt in enumerate(PUNKTE, 1):
        standort.sende(anhang=70_000)
        ende = bank.laufe(standort.konfig, toete=punkt)
        if ende.code != -signal.SIGKILL:
            maengel.append(f"{punkt}: not killed there, but {ende}")
        danach = bank.laufe(standort.konfig)
        if danach.code != 0 or standort.frage("SELECT count(*) FROM vorgang WHERE status = 'done'") != [(nr,)]:
            maengel.append(f"{punkt}: not done afterwards: {danach}")
        angekommen = inhalte(postamt.ordner, kreis)
        if set(angekommen.values()) != {1} or len(angekommen) != nr:
            maengel.append(f"{punkt}: {sum(angekommen.values())} messages of {nr} cases")
    assert not maengel, "\n".join(maengel)
    assert inhalte(postamt.ordner, kreis) == inhalte(postamt.ordner, standort.leser), "every part as it came"
