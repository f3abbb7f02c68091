"""The export folder of COM Vibilia with hostile names: every file belongs to one message, to nobody, or is named."""

from __future__ import annotations

from collections.abc import Iterator

from geruest import KANARIE, Los, Ziel

from fachwerk.testkit.wirt import ANFANG
from fachwerk_comvibilia import mapping, muster, namen, profil
from fachwerk_comvibilia.empfang import medientyp, zuletzt
from fachwerk_comvibilia.erledigung import merkmale
from fachwerk_comvibilia.mapping import Bestand, Eintrag
from fachwerk_comvibilia.settings import Kanaleinstellungen

_PROFILE = [profil.lade(name, profil.Path()) for name in profil.MITGELIEFERT]
_OHNE = frozenset({"verarbeitet"})


def lauf(daten: bytes) -> None:
    """First byte: the profile; then names: of files, or after ``/`` in front of a folder and its files."""
    los = Los(daten)
    layout = _PROFILE[los.zahl(1)]
    assert layout.eingang is not None
    werte = Kanaleinstellungen(verzeichnis="x", profil=layout.name)
    dateien: dict[str, Eintrag] = {}
    ordner: dict[str, dict[str, Eintrag]] = {}
    while los.offen() and len(dateien) + sum(map(len, ordner.values())) < 60:
        ort, zahl = los.text()[:255], los.zahl(65535)
        in_ordner, _, name = ort.rpartition("/")
        eintrag = Eintrag(name, zahl, zahl * 10**9 * (-1 if zahl % 7 == 6 else 1), fremd=zahl % 11 == 10)
        (ordner.setdefault(in_ordner.strip("/"), {}) if in_ordner.strip("/") else dateien)[name] = eintrag
    bestand = Bestand(tuple(dateien.values()), {name: tuple(innen.values()) for name, innen in ordner.items()})
    alle = mapping.kandidaten(layout, bestand, _OHNE)
    unbekannt = mapping.unbekannte(layout, bestand, alle, _OHNE)
    for kandidat in alle:
        warum = mapping.grund(layout, werte, kandidat, bestand)
        assert KANARIE not in kandidat.marke + str(warum)
        rollen = mapping.rollen(layout.eingang, kandidat)
        einzeln = [*rollen.nachricht, *rollen.anlagen, *(e for e, _ in rollen.behaelter)]
        assert len(set(einzeln)) == len(einzeln) <= len(kandidat.eintraege), "a file is taken twice"
        angaben = merkmale(layout.eingang, kandidat)
        assert all(wert.isascii() for wert in angaben.values())
        zuletzt(kandidat, ANFANG)
        kennung = mapping.nachricht_id("", kandidat.stamm, ["a" * 64])
        assert kennung.isascii()
        assert KANARIE not in kennung
    _pruefe_namen([*dateien, *ordner, *(name for innen in ordner.values() for name in innen)])
    verteilt = [e for k in alle if warum is None and not k.mehrdeutig for e in k.eintraege] if alle else []
    assert not set(unbekannt) & {e.pfad for e in verteilt} or layout.eingang.aufbau == "ordner"


def _pruefe_namen(alle: list[str]) -> None:
    vergeben: set[str] = set()
    for name in alle:
        sicher = namen.sicherer_name(name)
        assert namen.sicherer_name(sicher) == sicher
        neu = namen.frei(sicher, vergeben, 40)
        assert len(neu) <= 40
        assert namen.verglichen(neu) not in vergeben
        vergeben.add(namen.verglichen(neu))
        namen.anzeigbar(name).encode("utf-8")
        namen.vergleichbar(name).encode("utf-8")
        medientyp(name)
        stamm = muster.stamm_von("{stamm}.xml", name)
        assert not stamm or muster.passt("{stamm}.xml", name, stamm), "the stem of a name does not fit the name"


def saat() -> Iterator[bytes]:
    def name(text: str, zahl: int = 300) -> bytes:
        return text.encode("utf-8", "surrogateescape") + b"\0" + zahl.to_bytes(2, "big")

    yield b"\1" + name(f"{KANARIE}/nachricht.xml") + name(f"{KANARIE}/anlagen/x.pdf") + name(f"{KANARIE}.fertig")
    yield (
        b"\1" + name("eins/antrag.xml") + name("eins/.sperre") + name("zwei.lock") + name("CON/a.xml", 6) + name("../x")
    )
    yield b"\0" + name("eins.xml") + name("eins_1.pdf") + name("eins.fertig") + name("EINS.XML") + name("eins.meta.xml")
    yield (
        b"\0"
        + name("stra\u00dfe.xml")
        + name("STRASSE.fertig")
        + name("e\u0301.xml")
        + name("\udcff.xml", 10)
        + name("{stamm}.xml")
    )


ZIEL = Ziel(
    name="exportordner",
    was="the export folder of comvibilia with hostile names: candidates, roles, safe names",
    lauf=lauf,
    saat=saat,
    pakete=("fachwerk_comvibilia", "fachwerk.dateinamen"),
    woerter=(
        b".xml", b".fertig", b".lock", b".meta.xml", b"metadaten.xml", b"_1.pdf", b"/", b"\0", b"\0\0\0", b"\xff",
        b"\xc3\x9f", b"SS", b"\xc4\xb0", b"i\xcc\x87", b"CON", b"..", b" ", b"[", b"*", b"{stamm}", b"\xef\xac\x81",
        b"~", b"verarbeitet/", b"quittung_",
    ),
)  # fmt: skip
