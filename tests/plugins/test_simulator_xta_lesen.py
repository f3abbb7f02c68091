"""How the simulator reads requests: bodies in any pieces, base64 in any pieces, envelopes within limits."""

from __future__ import annotations

import base64
import hashlib
import io
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fachwerk_generic_xta.simulator.annahme import Annahme, Base64Leser
from fachwerk_generic_xta.simulator.fehler import HttpFehler, SoapFehler, VerbindungAbgebrochen
from fachwerk_generic_xta.simulator.rumpf import Rumpf
from fachwerk_generic_xta.simulator.umschlag import MAX_UMSCHLAG, lies_umschlag

SOAP = "http://www.w3.org/2003/05/soap-envelope"


def gestueckelt(stuecke: list[bytes]) -> bytes:
    return b"".join(b"%x;a=b\r\n%b\r\n" % (len(stueck), stueck) for stueck in stuecke if stueck) + b"0\r\nX: y\r\n\r\n"


@given(st.lists(st.binary(max_size=300), max_size=8), st.binary(max_size=20))
def test_a_chunked_body_is_read_exactly(stuecke: list[bytes], danach: bytes) -> None:
    quelle = io.BytesIO(gestueckelt(stuecke) + danach)
    assert b"".join(Rumpf(quelle, {"transfer-encoding": "chunked"})) == b"".join(stuecke)
    assert quelle.read() == danach, "the next request is untouched"


@given(st.lists(st.binary(min_size=1, max_size=50), min_size=1, max_size=4), st.data())
def test_a_cut_body_is_never_taken_for_whole(stuecke: list[bytes], data: st.DataObject) -> None:
    ganz = gestueckelt(stuecke)
    kurz = ganz[: data.draw(st.integers(0, len(ganz) - 1))]
    with pytest.raises(VerbindungAbgebrochen):
        list(Rumpf(io.BytesIO(kurz), {"transfer-encoding": "chunked"}))
    inhalt = b"".join(stuecke)
    with pytest.raises(VerbindungAbgebrochen):
        list(Rumpf(io.BytesIO(inhalt[:-1]), {"content-length": str(len(inhalt))}))


@pytest.mark.parametrize(
    ("kopf", "status"),
    [
        ({}, 411),
        ({"content-length": "-1"}, 411),
        ({"content-length": "1, 1"}, 411),
        ({"transfer-encoding": "gzip, chunked"}, 400),
        ({"transfer-encoding": "chunked", "content-length": "3"}, 400),
    ],
)
def test_ambiguous_lengths_are_refused(kopf: dict[str, str], status: int) -> None:
    with pytest.raises(HttpFehler) as fehler:
        Rumpf(io.BytesIO(b""), kopf)
    assert fehler.value.status == status


@pytest.mark.parametrize("koerper", [b"\r\n", b"g\r\n", b"-1\r\n", b"1_0\r\n", b"1\r\nab\r\n", b"f" * 16 + b"\r\n"])
def test_a_broken_chunk_is_refused(koerper: bytes) -> None:
    with pytest.raises(HttpFehler):
        list(Rumpf(io.BytesIO(koerper), {"transfer-encoding": "chunked"}))


def test_what_is_left_of_a_body_is_emptied_within_limits() -> None:
    assert Rumpf(io.BytesIO(b"a" * 100), {"content-length": "100"}).leere(100)
    assert not Rumpf(io.BytesIO(b"a" * 100), {"content-length": "100"}).leere(99)


@given(st.binary(max_size=400), st.data())
def test_base64_is_decoded_in_any_pieces(inhalt: bytes, data: st.DataObject) -> None:
    text = base64.encodebytes(inhalt).decode()
    schnitte = sorted(data.draw(st.lists(st.integers(0, len(text)), max_size=10)))
    with tempfile.TemporaryDirectory() as ordner, Annahme(Path(ordner), 1000) as annahme:
        leser = Base64Leser(annahme.neuer_teil())
        for von, bis in zip([0, *schnitte], [*schnitte, len(text)], strict=True):
            leser.weiter(text[von:bis])
        teil = leser.fertig()
        assert (annahme.ordner / teil.datei).read_bytes() == inhalt
    assert (teil.groesse, teil.sha256) == (len(inhalt), hashlib.sha256(inhalt).hexdigest())


def test_what_exceeds_the_limit_is_counted_but_not_kept(tmp_path: Path) -> None:
    with Annahme(tmp_path, 10) as annahme:
        teil = annahme.nimm([b"a" * 8, b"b" * 8, b"c" * 1000])
        assert annahme.zu_gross
        assert teil.groesse == 1016
        assert (annahme.ordner / teil.datei).stat().st_size == 8
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("rumpf", "meldung"),
    [
        ("<a>" * 150 + "</a>" * 150, "geschachtelt"),
        (f"<a b='{'x' * (MAX_UMSCHLAG + 1)}'/>", "10 MiB"),
        (f"<a>{'x' * 1000}</a>" * (MAX_UMSCHLAG // 1000), "10 MiB"),
        (f"<!--{'x' * (MAX_UMSCHLAG + 1)}-->", "10 MiB"),
        ("<?php echo 1?>", "Verarbeitungsanweisungen"),
    ],
)
def test_an_envelope_has_limits(tmp_path: Path, rumpf: str, meldung: str) -> None:
    umschlag = f"<s:Envelope xmlns:s='{SOAP}'><s:Header/><s:Body>{rumpf}</s:Body></s:Envelope>"
    with Annahme(tmp_path, 10) as annahme, pytest.raises(SoapFehler) as fehler:
        lies_umschlag([umschlag.encode()], annahme)
    assert meldung in fehler.value.text


@pytest.mark.parametrize("doctype", ["[<!ENTITY x 'y'>]", "SYSTEM 'file:///etc/passwd'", ""])
def test_a_doctype_is_refused_as_such(tmp_path: Path, doctype: str) -> None:
    umschlag = f"<!DOCTYPE a {doctype}><a>&lt;</a>".encode()
    with Annahme(tmp_path, 10) as annahme, pytest.raises(SoapFehler) as fehler:
        lies_umschlag([umschlag], annahme)
    assert "DOCTYPE" in fehler.value.text


def test_an_envelope_may_arrive_byte_by_byte(tmp_path: Path) -> None:
    umschlag = (
        f"<s:Envelope xmlns:s='{SOAP}' xmlns:x='http://xoev.de/transport/xta/211'><s:Header/><s:Body>"
        "<x:Message contentType='ä'>QUJ\nDRA==</x:Message></s:Body></s:Envelope>"
    ).encode()
    with Annahme(tmp_path, 10) as annahme:
        gelesen = lies_umschlag((umschlag[i : i + 1] for i in range(len(umschlag))), annahme)
        (inhalt,) = gelesen.inhalte
        assert inhalt.element.get("contentType") == "ä"
        assert inhalt.element.text is None
        assert inhalt.teil is not None
        assert (annahme.ordner / inhalt.teil.datei).read_bytes() == b"ABCD"


def test_the_balance_uses_no_code_of_the_server() -> None:
    programm = (
        "import sys; from fachwerk_generic_xta.simulator import bestand; bestand('gibt-es-nicht');"
        "print([name for name in sys.modules if name.startswith('fachwerk_generic_xta.simulator.')])"
    )
    ausgabe = subprocess.run([sys.executable, "-c", programm], capture_output=True, text=True, check=True).stdout
    assert ausgabe.strip() == "['fachwerk_generic_xta.simulator.bestandsaufnahme']"
