"""Colour profiles of a few hundred bytes, made here, because PDF/A wants one to be named.

Grey for everything the documents draw, and RGB with the primaries of sRGB and gamma 2.2 for a coloured logo.
"""

from __future__ import annotations

import struct

_D50 = (0xF6D6, 0x10000, 0xD32D)
_ROT, _GRUEN, _BLAU = (0x6FA2, 0x38F5, 0x0390), (0x6299, 0xB785, 0x18DA), (0x24A0, 0x0F84, 0xB6CF)
_GAMMA = b"curv\0\0\0\0" + struct.pack(">IH", 1, round(2.2 * 256))


def graustufen() -> bytes:
    """An ICC profile of version 2 for a grey display."""
    return _profil(b"GRAY", "Grau, Gamma 2,2", {b"kTRC": _GAMMA})


def farben() -> bytes:
    """An ICC profile of version 2 for an RGB display."""
    toene = {b"rXYZ": _xyz(_ROT), b"gXYZ": _xyz(_GRUEN), b"bXYZ": _xyz(_BLAU)}
    return _profil(b"RGB ", "RGB, Gamma 2,2", toene | dict.fromkeys((b"rTRC", b"gTRC", b"bTRC"), _GAMMA))


def _profil(raum: bytes, name: str, eigene: dict[bytes, bytes]) -> bytes:
    marken = {
        b"desc": _beschreibung(name),
        b"cprt": b"text\0\0\0\0" + b"No copyright, use freely\0",
        b"wtpt": _xyz(_D50),
        **eigene,
    }
    verzeichnis, daten = struct.pack(">I", len(marken)), b""
    for marke, inhalt in marken.items():
        stelle = 128 + 4 + 12 * len(marken) + len(daten)
        verzeichnis += marke + struct.pack(">II", stelle, len(inhalt))
        daten += inhalt + b"\0" * (-len(inhalt) % 4)
    return _kopf(128 + len(verzeichnis) + len(daten), raum) + verzeichnis + daten


def _xyz(werte: tuple[int, int, int]) -> bytes:
    return b"XYZ \0\0\0\0" + struct.pack(">3i", *werte)


def _kopf(laenge: int, raum: bytes) -> bytes:
    kopf = struct.pack(">I4sI4s4s4s6H4s", laenge, b"\0" * 4, 0x02100000, b"mntr", raum, b"XYZ ",
                       2026, 1, 1, 0, 0, 0, b"acsp")  # fmt: skip
    return (kopf + b"\0" * 28 + struct.pack(">3i", *_D50)).ljust(128, b"\0")


def _beschreibung(text: str) -> bytes:
    roh = text.encode("ascii") + b"\0"
    return b"desc\0\0\0\0" + struct.pack(">I", len(roh)) + roh + b"\0" * (4 + 4 + 2 + 1 + 67)
