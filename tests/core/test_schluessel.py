"""Keys: the site key opens the case keys of its own cases and nothing else, and its file is read strictly."""

from __future__ import annotations

import base64
from pathlib import Path

import pytest
from cryptography.exceptions import InvalidTag
from hypothesis import given
from hypothesis import strategies as st

from fachwerk.errors import ConfigError, PermanentError
from fachwerk.schluessel import Schluesselbund, entschluessle, lies_schluesseldatei, neuer_schluessel, verschluessle

BUND = Schluesselbund(bytes(32))


@given(fall=st.binary(min_size=32, max_size=32), vorgang=st.text(min_size=1, max_size=64))
def test_a_wrapped_case_key_comes_back(fall: bytes, vorgang: str) -> None:
    verpackt = BUND.verpacke(vorgang, fall)
    assert fall not in verpackt
    assert BUND.entpacke(vorgang, verpackt) == fall


def test_a_case_key_opens_under_its_own_case_and_site_key_only() -> None:
    verpackt = BUND.verpacke("v1", neuer_schluessel())
    for bund, vorgang in ((BUND, "v2"), (Schluesselbund(neuer_schluessel()), "v1")):
        with pytest.raises(PermanentError, match="schluessel_passt_nicht"):
            bund.entpacke(vorgang, verpackt)


@pytest.mark.parametrize("stelle", [0, 11, 12, 30, -1])
def test_a_wrapped_key_with_one_changed_bit_does_not_open(stelle: int) -> None:
    verpackt = bytearray(BUND.verpacke("v1", neuer_schluessel()))
    verpackt[stelle] ^= 1
    with pytest.raises(PermanentError):
        BUND.entpacke("v1", bytes(verpackt))


def test_two_wrappings_and_two_keys_are_never_alike() -> None:
    fall = neuer_schluessel()
    assert BUND.verpacke("v1", fall) != BUND.verpacke("v1", fall)
    assert len({neuer_schluessel() for _ in range(100)}) == 100


@given(klartext=st.binary(max_size=300), bindung=st.binary(max_size=40))
def test_content_comes_back_only_with_what_it_was_bound_to(klartext: bytes, bindung: bytes) -> None:
    schluessel = bytes(range(32))
    daten = verschluessle(schluessel, klartext, bindung)
    assert entschluessle(schluessel, daten, bindung) == klartext
    for falsch in ((schluessel, daten, bindung + b"x"), (bytes(32), daten, bindung), (schluessel, daten[:-1], bindung)):
        with pytest.raises(InvalidTag):
            entschluessle(*falsch)


def test_a_seal_depends_on_line_and_site_key() -> None:
    siegel = BUND.siegle("zeile")
    assert siegel == Schluesselbund(bytes(32)).siegle("zeile")
    assert len({siegel, BUND.siegle("Zeile"), Schluesselbund(neuer_schluessel()).siegle("zeile")}) == 3
    assert len(siegel) == 64


# -- the file ---------------------------------------------------------------------------------------------------------


def test_a_key_file_is_read_with_or_without_a_line_end(tmp_path: Path) -> None:
    schluessel = neuer_schluessel()
    for ende in ("", "\n", "\r\n"):
        (tmp_path / "k").write_bytes(base64.b64encode(schluessel) + ende.encode())
        assert lies_schluesseldatei(tmp_path / "k") == schluessel


@pytest.mark.parametrize(
    "inhalt",
    [
        b"",
        b"\n",
        b"kein base64!",
        base64.b64encode(bytes(31)),
        base64.b64encode(bytes(33)),
        "schlüssel".encode(),
        b"\xff",
    ],
)
def test_a_damaged_key_file_is_refused_without_showing_it(tmp_path: Path, inhalt: bytes) -> None:
    (tmp_path / "fachwerk.key").write_bytes(inhalt)
    with pytest.raises(ConfigError, match="schluessel_beschaedigt") as gefangen:
        lies_schluesseldatei(tmp_path / "fachwerk.key")
    assert "fachwerk.key" in gefangen.value.hint
    assert "Sicherung" in gefangen.value.hint


def test_a_missing_key_file_says_where_to_get_it_and_not_to_make_a_new_one(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="schluessel_fehlt") as gefangen:
        lies_schluesseldatei(tmp_path / "weg.key")
    assert "aus der getrennten Sicherung" in gefangen.value.hint
    assert gefangen.value.details["umgebung"] == "FACHWERK_SCHLUESSELDATEI"


def test_a_key_file_nobody_may_read_is_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def verboten(pfad: Path, **_: str) -> str:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "read_text", verboten)
    with pytest.raises(ConfigError, match="schluessel_fehlt") as gefangen:
        lies_schluesseldatei(tmp_path / "fachwerk.key")
    assert "Permission denied" in gefangen.value.hint


def test_a_folder_in_place_of_the_key_file_is_missing(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="schluessel_fehlt"):
        lies_schluesseldatei(tmp_path)
