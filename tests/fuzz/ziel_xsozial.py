"""Messages of XSozial-basis: which format it is, what it says, what is wrong with it; unknown stays unknown."""

from __future__ import annotations

import io
from collections.abc import Iterator
from datetime import UTC, date, datetime
from typing import BinaryIO

from geruest import KANARIE, Los, Ziel

from fachwerk.errors import NeedsHumanError
from fachwerk.modell import Antrag, Eingang, Teil
from fachwerk.xml import entnimm_aus
from fachwerk_xsozial_basis.erzeuger import nachricht
from fachwerk_xsozial_basis.lesung import lies_eingang
from fachwerk_xsozial_basis.mapping import antrag_aus

_TAG = date(2026, 3, 2)
_NULL = b"\\\0"


class _Speicher:
    """Parts in memory, read as the content store reads them, slices included."""

    def __init__(self, inhalte: list[bytes]) -> None:
        self.inhalte = inhalte

    def oeffne(self, teil: Teil) -> BinaryIO:
        if teil.ausschnitt is not None:
            return entnimm_aus(io.BytesIO(self.inhalte[int(teil.ausschnitt.teil_id)]), teil.ausschnitt)
        return io.BytesIO(self.inhalte[int(teil.id)])


def lauf(daten: bytes) -> None:
    """Parts: name, media type, content, each up to a zero byte; of one without a zero byte all is the XML."""
    los = Los(daten)
    angaben: list[tuple[str, str, bytes]] = []
    if b"\0" in daten.replace(_NULL, b""):
        while los.offen() and len(angaben) < 6:
            angaben.append((los.zeichen(), los.zeichen(), los.bytes()))
    else:
        angaben = [("nachricht.xml", "application/xml", daten)]
    speicher = _Speicher([inhalt for _, _, inhalt in angaben])
    teile = tuple(
        Teil(id=str(nr), name=name, medientyp=typ, laenge=len(inhalt)).gebunden(speicher)
        for nr, (name, typ, inhalt) in enumerate(angaben)
    )
    zeit = datetime(2026, 3, 2, 9, tzinfo=UTC)
    eingang = Eingang(kanal="k", nachricht_id="n", empfangen=zeit, teile=teile, kanal_kennung="wbs:051110000001")
    try:
        antrag = antrag_aus(eingang)
    except NeedsHumanError as fehler:
        assert KANARIE not in f"{fehler} {fehler.details}"
    else:
        _pruefe(antrag)
    lesung = lies_eingang(eingang, _TAG)
    for befund in lesung.befunde:
        assert befund.code
    if lesung.antrag is not None:
        _pruefe(lesung.antrag)


def _pruefe(antrag: Antrag) -> None:
    """What does not stand in the message is not in the Antrag, and the Antrag can be stored and read back."""
    assert Antrag.model_validate_json(antrag.model_dump_json()).model_dump() == antrag.model_dump()
    texte = " ".join(antrag.felder.values())
    for person in antrag.personen:
        assert person.name.familienname in texte
        assert person.geburtsdatum is None or person.geburtsdatum.isoformat() in texte
    for dokument in antrag.dokumente:
        if dokument.teil is not None and dokument.teil.ausschnitt is not None:
            with dokument.teil.oeffnen() as strom:
                assert len(strom.read()) == dokument.teil.laenge


def saat() -> Iterator[bytes]:
    fall = {
        "stichtag": "2025-11-20",
        "haushalt": [
            {"name": KANARIE, "geburtsdatum": "1980-02-29", "beziehung": "antragsteller",
             "einkuenfte": [{"art": "lohn", "betrag": "2100.50", "zeitraum": "monat"}]},
            {"name": "Max Beispiel", "geburtsdatum": "2019-12-31", "beziehung": "kind"},
        ],
    }  # fmt: skip
    for leistung in ("wbs", "mietrueckstaende"):
        klein = nachricht(leistung, mit_pdf=False, seed=3)
        yield klein
    yield nachricht("wbs", fall, mit_pdf=False, version="2.5.0", erwachsene_als_dritte=True, test=True)
    yield nachricht("wbs", fall, mit_pdf=True, version="2.2.0")
    anhang = b"anhang_0002.pdf\0application/pdf\0%PDF-1.7 x\0anhang_1.pdf\0\0%PDF-1.7 y"
    yield b"a.xml\0text/xml\0" + nachricht("wbs", fall, mit_pdf=False) + b"\0" + anhang
    yield anhang
    yield b"x.xml\0application/xml\0<a/>\0b.pdf\0application/pdf\0nichts"


ZIEL = Ziel(
    name="xsozial",
    was="the reader of XSozial-basis: detection, mapping, findings",
    lauf=lauf,
    saat=saat,
    pakete=("fachwerk_xsozial_basis", "fachwerk.xml", "fachwerk.xml_strom", "fachwerk.katalog"),
    erlaubt=(),
    woerter=(
        b"<vorgang.transportieren.1000001", b"Version_2_4_0", b"Version_2_9_0", b"<anschrift>", b"<person>",
        b"</person>", b"<dokumentRepraesentation><inhalt>QQ==</inhalt></dokumentRepraesentation>",
        b"<antragsDatum>2026-02-30</antragsDatum>", b"<geburt><datum>0001-01-01</datum></geburt>", b"true", b"-1",
        b"1e400", b"NaN", b"Infinity", b"\0", b"anhang_1.pdf", b"<betrag>", b"</betrag>", b"<!-- -->", b"<?x?>",
        b"xmlns=''", b"&#xFFFD;", b"9999-12-31",
    ),
    groesster=20_000,
)  # fmt: skip
