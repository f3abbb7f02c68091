"""What target systems answer: receipts of COM Vibilia and Lämmerzahl, SOAP answers and receipt files of PROSOZ."""

from __future__ import annotations

import io
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path

from geruest import KANARIE, Ziel

from fachwerk.errors import NeedsHumanError
from fachwerk.xml import XmlFehler
from fachwerk_comvibilia import profil as layout
from fachwerk_comvibilia import quittung
from fachwerk_comvibilia.xmlangaben import LAENGSTER_WERT, Angaben
from fachwerk_laemmerzahl.mapping import layout as laemmerzahl
from fachwerk_prosoz.antwort import AntwortFehler, Fault, bedeutung_von, deute, lies_rumpf, wert
from fachwerk_prosoz.profil import Antwort, Soapprofil
from fachwerk_prosoz.profil import lade as lade_prosoz

_ZEIT = datetime(2026, 3, 2, 9, tzinfo=UTC)
_ANTWORT = Antwort(
    kennung="Fall.Nummer", status="Status", grund="Grund", bedeutung={"ok": "uebernommen", "nein": "abgelehnt"}
)
_PFADE = ("stand", "a/b", "@x", "a/@b", "stand/@zeit")


@lru_cache(maxsize=1)
def _profile() -> tuple[list[layout.Quittungen], Soapprofil]:
    profile = [layout.lade(name, Path()) for name in layout.MITGELIEFERT] + [laemmerzahl("", Path())]
    eigenes = layout.Quittungen(
        muster=("*.xml",), bezug="bezug", stand="stand", grund="grund", abgelehnt=("nein",),
        stufen={"ok": "uebernommen", "da": "technisch_bestaetigt"},
    )  # fmt: skip
    prosoz = lade_prosoz("beispiel", "soap", Path())
    assert isinstance(prosoz, Soapprofil)
    return [*(p.quittungen for p in profile if p.quittungen), eigenes], prosoz


def lauf(daten: bytes) -> None:
    """First byte ``s``: an answer of a SOAP service; anything else: a receipt."""
    if daten[:1] == b"s":
        _soap(daten[1:])
        return
    angaben = Angaben(io.BytesIO(daten[1:]))
    for pfad in _PFADE:
        assert all(len(eines) <= LAENGSTER_WERT or "@" in pfad for eines in angaben.alle(pfad))
        angaben.ja(pfad)
        zeit = angaben.zeit(pfad)
        assert zeit is None or zeit.tzinfo is UTC
    for quittungen in _profile()[0]:
        zettel = quittung.lies(quittungen, angaben, _ZEIT, "cv-1")
        if zettel is None:
            continue
        ergebnis = quittung.zusammen([zettel, zettel])
        assert ergebnis.stufe is None or angaben.wert(quittungen.stand), "a stage nobody stated"
        try:
            quittung.pruefe(ergebnis)
        except NeedsHumanError as fehler:
            assert KANARIE not in f"{fehler} {fehler.details}"


def _soap(daten: bytes) -> None:
    antwort = lies_rumpf(daten, "urn:uuid:1")
    if isinstance(antwort, Fault):
        bedeutung_von(antwort, _profile()[1].faults)
        return
    ergebnis = deute(antwort, _ANTWORT)
    assert ergebnis.bedeutung in (None, "uebernommen", "abgelehnt")
    assert ergebnis.bedeutung is None or wert(antwort, "Status") in ("ok", "nein")
    deute(antwort, _profile()[1].uebergabe.antwort)
    wert(antwort, "."), wert(antwort, "a.b.c")


def saat() -> Iterator[bytes]:
    yield f"q<q><bezug>cv-1</bezug><stand zeit='2026-03-02T09:00:00Z'>ok</stand><grund>{KANARIE}</grund></q>".encode()
    innen = f"<stand>nein</stand><a b='1'><b>x<!-- -->y</b></a><grund>{KANARIE}</grund>"
    yield f"q<q xmlns='urn:x'><kennung>cv-1</kennung>{innen}</q>".encode()
    yield f"q<laufzettel><stand>0001-01-01T00:00:00+14:00</stand><a><b>{KANARIE * 60}</b></a></laufzettel>".encode()
    for raum in ("http://schemas.xmlsoap.org/soap/envelope/", "http://www.w3.org/2003/05/soap-envelope"):

        def huelle(text: str, raum: str = raum) -> bytes:
            kopf = "<s:Header><w:RelatesTo>urn:uuid:1</w:RelatesTo></s:Header>"
            return f"s<s:Envelope xmlns:s='{raum}' xmlns:w='http://www.w3.org/2005/08/addressing'>{kopf}<s:Body>{text}</s:Body></s:Envelope>".encode()

        yield huelle(f"<r xmlns='u'><Status>ok</Status><Fall><Nummer>7</Nummer></Fall><Grund>{KANARIE}</Grund></r>")
        if "2003" in raum:
            code = "<s:Code><s:Value>s:Receiver</s:Value><s:Subcode><s:Value>p:Doppelt</s:Value></s:Subcode></s:Code>"
            yield huelle(
                f"<s:Fault>{code}<s:Reason><s:Text>{KANARIE}</s:Text></s:Reason><s:Detail><a>b</a></s:Detail></s:Fault>"
            )
        else:
            yield huelle(
                f"<s:Fault><faultcode>s:Server</faultcode><faultstring>{KANARIE}</faultstring><detail><a>b</a></detail></s:Fault>"
            )


ZIEL = Ziel(
    name="laufzettel",
    was="receipts of comvibilia and laemmerzahl, SOAP answers of prosoz",
    lauf=lauf,
    saat=saat,
    pakete=("fachwerk_comvibilia", "fachwerk_prosoz", "fachwerk.xml", "fachwerk.xml_strom"),
    erlaubt=(XmlFehler, AntwortFehler),
    woerter=(
        b"<stand>", b"</stand>", b"<!-- -->", b"<?x y?>", b"<bezug>", b"cv-1", b"ok", b"nein", b"xmlns=''",
        b"<s:Body>", b"</s:Body>", b"<s:Fault>", b"</s:Fault>", b"9999-12-31T23:59:59-14:00", b"<detail>",
        b"<Status>ok</Status>", b"&#10;", b"xml:lang='de'",
    ),
)  # fmt: skip
