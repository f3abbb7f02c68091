"""A colour profile of a few hundred bytes: grey with gamma 2.2, made here, because PDF/A wants one to be named."""

from __future__ import annotations

import struct

_D50 = (0xF6D6, 0x10000, 0xD32D)


def graustufen() -> bytes:
    """An ICC profile of version 2 for a grey display."""
    marken = {
        b"desc": _beschreibung("Grau, Gamma 2,2"),
        b"cprt": b"text\0\0\0\0" + b"No copyright, use freely\0",
        b"wtpt": b"XYZ \0\0\0\0" + struct.pack(">3i", *_D50),
        b"kTRC": b"curv\0\0\0\0" + struct.pack(">IH", 1, round(2.2 * 256)),
    }
    verzeichnis, daten = struct.pack(">I", len(marken)), b""
    for name, inhalt in marken.items():
        stelle = 128 + 4 + 12 * len(marken) + len(daten)
        verzeichnis += name + struct.pack(">II", stelle, len(inhalt))
        daten += inhalt + b"\0" * (-len(inhalt) % 4)
    return _kopf(128 + len(verzeichnis) + len(daten)) + verzeichnis + daten


def _kopf(laenge: int) -> bytes:
    kopf = struct.pack(">I4sI4s4s4s6H4s", laenge, b"\0" * 4, 0x02100000, b"mntr", b"GRAY", b"XYZ ",
                       2026, 1, 1, 0, 0, 0, b"acsp")  # fmt: skip
    return (kopf + b"\0" * 28 + struct.pack(">3i", *_D50)).ljust(128, b"\0")


def _beschreibung(text: str) -> bytes:
    roh = text.encode("ascii") + b"\0"
    return b"desc\0\0\0\0" + struct.pack(">I", len(roh)) + roh + b"\0" * (4 + 4 + 2 + 1 + 67)
