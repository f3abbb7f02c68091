"""YAML from people: numbers exact, keys plain, and no file so deep, so wide or so strange that it harms the process."""

from __future__ import annotations

from decimal import Decimal

import pytest

from fachwerk.errors import ContractError
from fachwerk.parameter import lies_yaml


def bombe(ebenen: int) -> str:
    """Ten references to ten references to …: 10 to the power of ``ebenen`` values in a few lines."""
    zeilen = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    zeilen += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, ebenen)]
    return "\n".join(zeilen)


@pytest.mark.parametrize("text", ["[" * 60_000, "{" * 60_000, "- " * 60_000, "? " * 60_000, "[" * 150 + "]" * 150])
def test_a_file_that_is_nested_without_end_is_refused_and_kills_no_process(text: str) -> None:
    with pytest.raises(ContractError, match="yaml"):
        lies_yaml(text)


def test_a_few_references_that_are_billions_of_values_are_refused() -> None:
    with pytest.raises(ContractError, match="Verweise"):
        lies_yaml(bombe(11))
    assert len(lies_yaml(bombe(3))["a2"]) == 10


def test_a_reference_to_itself_is_refused() -> None:
    with pytest.raises(ContractError):
        lies_yaml("a: &a [1, *a]")


@pytest.mark.parametrize(
    "text",
    ["a: !!binary QQ==", "a: !!timestamp x", "a: !!set {b}", "a: !!bool x", "a: !!omap [b: c]", "a: !eigenes x"],
)
def test_what_is_marked_as_another_type_is_refused_without_repeating_it(text: str) -> None:
    with pytest.raises(ContractError) as fehler:
        lies_yaml(text)
    assert text[3:] not in fehler.value.hint


@pytest.mark.parametrize(
    "text", [f"a: !!{art} {wert}" for art in ("int", "float", "bool", "null", "str") for wert in ("[ORT]", "{ORT: 1}")]
)
def test_what_only_claims_to_be_a_plain_value_is_refused(text: str) -> None:
    with pytest.raises(ContractError, match="Zeile 1") as fehler:
        lies_yaml(text)
    assert "ORT" not in fehler.value.hint


@pytest.mark.parametrize("text", ["a: !!map ORT", "a: !!map [ORT]", "a: !!map", "a: !!seq ORT", "a: !!seq {ORT: 1}"])
def test_what_only_claims_to_have_values_is_refused(text: str) -> None:
    with pytest.raises(ContractError, match="Zeile 1") as fehler:
        lies_yaml(text)
    assert "ORT" not in fehler.value.hint


def test_a_key_that_is_no_plain_word_is_refused() -> None:
    with pytest.raises(ContractError, match="Schlüssel"):
        lies_yaml("? {a: b}\n: c")


@pytest.mark.parametrize("zahl", ["1.0e+999999999", "1.0e-999999999", "-1.0e+99999", "0.0e+999999999"])
def test_a_number_that_would_take_all_the_time_to_write_out_is_refused(zahl: str) -> None:
    with pytest.raises(ContractError, match="Stellen"):
        lies_yaml(f"a: {zahl}")
    assert lies_yaml(f"a: {zahl.split('e')[0]}e+20")["a"].is_finite()


@pytest.mark.parametrize("zahl", ["nan", "snan", "inf", "-Infinity"])
def test_a_word_that_claims_to_be_a_number_is_refused(zahl: str) -> None:
    with pytest.raises(ContractError, match="keine Dezimalzahl"):
        lies_yaml(f"miete: !!float {zahl}", "x.yaml")


@pytest.mark.parametrize("kennung", ["01067", "00", "-01", "+0_1", "01.5"])
@pytest.mark.parametrize("muster", ["plz: {}", "{}: x", "[{}]"])
def test_a_code_that_would_lose_its_zeros_as_a_number_must_be_quoted(muster: str, kennung: str) -> None:
    with pytest.raises(ContractError, match=r"Zeile 1.*Anführungszeichen"):
        lies_yaml(muster.format(kennung))
    assert kennung in str(lies_yaml(muster.format(f'"{kennung}"')))


@pytest.mark.parametrize("zahl", ["0", "0.5", "-0.50", "10", "0.00"])
def test_a_number_with_a_zero_is_a_number(zahl: str) -> None:
    assert lies_yaml(f"a: {zahl}") == {"a": Decimal(zahl)}


def test_many_keys_take_time_in_proportion_and_a_double_one_is_found() -> None:
    viele = "\n".join(f"k{n}: {n}" for n in range(5000))
    assert lies_yaml(viele)["k4999"] == Decimal(4999)
    with pytest.raises(ContractError, match="k17"):
        lies_yaml(f"{viele}\nk17: 0")


def test_plain_values_are_what_they_say() -> None:
    gelesen = lies_yaml("a: 1.10\nb: ja\nc: yes\nd: 2026-03-02\ne: ~\nf: !!str 1\ng: !!int 7")
    assert gelesen == {
        "a": Decimal("1.10"), "b": "ja", "c": True, "d": "2026-03-02", "e": None, "f": "1", "g": Decimal(7),
    }  # fmt: skip
