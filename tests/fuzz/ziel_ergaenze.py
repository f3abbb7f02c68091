"""``vorgang ergaenze``: any file is facts as plain JSON values, or an error that repeats none."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from geruest import KANARIE, Ziel

from fachwerk.ergaenzung import ergaenze, verschmelze
from fachwerk.errors import FachwerkError, NeedsHumanError
from fachwerk.konsole.seiten.ergaenzen import art, wort
from fachwerk.modell import Antrag, Ergaenzung
from fachwerk.nachtrag import lies_angaben

_ZEIT = datetime(2026, 3, 2, 9, tzinfo=UTC)
_FALL: dict[str, Any] = {
    "ehe_seit": "2023-06-01",
    "wohnung": {"miete": "512.30", "flaeche": 44},
    "haushalt": [
        {"name": KANARIE, "einkuenfte": [{"art": "lohn", "betrag": "1"}]},
        {"name": "Max Beispiel"},
        {"name": ""},
    ],
}
_HERKUNFT = {"haushalt.0.name": "annahme-1", "wohnung": "annahme-2", "haushalt.1.name": "annahme-1"}


def lauf(daten: bytes) -> None:
    angaben = lies_angaben(daten)
    json.dumps(angaben, allow_nan=False)
    fall, aenderungen = verschmelze(_FALL, angaben)
    json.dumps(fall, allow_nan=False)
    for aenderung in aenderungen:
        art(aenderung)
        wort(aenderung.vorher), wort(aenderung.nachher)
    for name, wert in _FALL.items():
        if name not in angaben:
            assert fall[name] == wert, "a fact nobody mentioned has changed"
    antrag = Antrag(
        leistung="wbs",
        format="x",
        fall=_FALL,
        fall_annahmen=("annahme-1", "annahme-2"),
        fall_herkunft=_HERKUNFT,
        empfangen=_ZEIT,
    )
    try:
        danach = ergaenze(antrag, [Ergaenzung(wer="lena", zeit=_ZEIT, angaben=angaben)])
    except NeedsHumanError as fehler:
        raise AssertionError("merged alone, not in an Antrag") from fehler
    assert danach.fall == fall
    assert Antrag.model_validate_json(danach.model_dump_json()).fall == fall


def saat() -> Iterator[bytes]:
    yield b"ehe_seit: 2024-06-01\nwohnung: {miete: 600.00}\n"
    mitglied = f"  - name: {KANARIE.upper()}\n    einkuenfte: [{{art: rente, betrag: 12.5}}]\n"
    yield f"haushalt:\n{mitglied}  - nr: 2\n    name: Neu\n".encode()
    yield b"haushalt:\n  - name: max  beispiel\n    entfernen: true\n  - name: Dazu\n    geburtsdatum: 1990-01-01\n"
    yield b"a: &x {b: 1}\nc: *x\nd: [*x, *x]\ne: null\nf: ~\ng: yes\nh: 0x1F\ni: 1:30\nj: .nan\n"
    yield f"\xef\xbb\xbfhaushalt:\n- name: {KANARIE}\n- name: {KANARIE}\n".encode("latin-1")
    yield b"haushalt: []\nwohnung: null\nx: !!binary QQ==\n"
    yield b'{"haushalt": [{"nr": 1, "entfernen": true}], "b": 1e5}'


ZIEL = Ziel(
    name="ergaenze",
    was="facts a person adds: YAML, merging, what changed",
    lauf=lauf,
    saat=saat,
    pakete=("fachwerk.nachtrag", "fachwerk.ergaenzung", "fachwerk.parameter"),
    erlaubt=(FachwerkError,),
    woerter=(
        b"&a ", b"*a", b"<<: *a\n", b"? [a]\n: b\n", b"? {a: b}\n: c\n", b"[[[[[[[[[[[[[[[[", b"!!binary QQ==",
        b"!!set {a}", b"!!timestamp x", b".nan", b"-.inf", b"1e400", b"1e999999999", b"0x1F", b"1:30", b"haushalt:\n",
        b"- name: ", b"  nr: 1\n", b"entfernen: true\n", b"null", b"~", b"yes", b": ", b"- ", b"\n", b"  ",
        b'"\\ud800"', b'"\\0"', b"!!omap [a: b]", b"!!pairs [a: b]", b"!!str 1", b"!!int x", b"!!float x", b"!!bool x",
        b"!!null x", b"=",
    ),
)  # fmt: skip
