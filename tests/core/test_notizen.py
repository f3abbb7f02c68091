"""Notes of a delivery: durable before they are used, the plugin's own, ids and nothing else."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import sqlalchemy as sa

from fachwerk.errors import ContractError
from fachwerk.modell import Idempotenz
from fachwerk.notizen import Notizen
from fachwerk.tabellen import notiz
from fachwerk.testkit.mitspieler import Stufenziel
from fachwerk.testkit.welt import Welt, antrag_xml
from fachwerk.wirt import Wirt

KEY = "v1:amt:1"


def test_a_note_is_there_for_another_process_and_replaced_by_the_next(welt: Welt) -> None:
    wirt = welt.betrieb.wirt("mit_schluessel")
    assert wirt.notiz(KEY, "nachricht_id") == ""
    wirt.notiere(KEY, "nachricht_id", "urn:de:xta:messageid:a:1")
    assert welt.nachbar().betrieb.wirt("mit_schluessel").notiz(KEY, "nachricht_id") == "urn:de:xta:messageid:a:1"
    wirt.notiere(KEY, "nachricht_id", "zweite")
    welt.neuer_prozess()
    assert welt.betrieb.wirt("mit_schluessel").notiz(KEY, "nachricht_id") == "zweite"


def test_each_plugin_key_and_name_has_a_note_of_its_own(welt: Welt) -> None:
    eines, anderes = welt.betrieb.wirt("mit_schluessel"), welt.betrieb.wirt("mit_abfrage")
    eines.notiere(KEY, "a", "1")
    eines.notiere(KEY, "b", "2")
    eines.notiere("v2:amt:1", "a", "3")
    anderes.notiere(KEY, "a", "4")
    assert [eines.notiz(KEY, "a"), eines.notiz(KEY, "b"), eines.notiz("v2:amt:1", "a")] == ["1", "2", "3"]
    assert anderes.notiz(KEY, "a") == "4"


@pytest.mark.parametrize("wert", ["x" * 301, "a\x00b", "\x00"])
def test_what_is_no_id_breaks_the_contract_and_keeps_the_old_note(welt: Welt, wert: str) -> None:
    wirt = welt.betrieb.wirt("mit_schluessel")
    wirt.notiere(KEY, "id", "x" * 300)
    with pytest.raises(ContractError, match="notiz_unzulaessig"):
        wirt.notiere(KEY, "id", wert)
    with pytest.raises(ContractError, match="notiz_unzulaessig"):
        wirt.notiere(KEY, wert, "1")
    assert wirt.notiz(KEY, "id") == "x" * 300


def test_the_error_about_a_note_does_not_repeat_it(welt: Welt) -> None:
    with pytest.raises(ContractError) as gefangen:
        welt.betrieb.wirt("mit_schluessel").notiere(KEY, "id", "Musterfrau" * 40)
    assert "Musterfrau" not in str(gefangen.value) + repr(gefangen.value.details)


def test_a_plugin_notes_in_deliver_and_reads_it_when_it_is_asked(baue_welt: Callable[..., Welt]) -> None:
    amt = Stufenziel("amt", Idempotenz.ABFRAGE)
    welt = baue_welt(plugins={"amt": amt}, ziel={"akte": "amt"})
    gesehen: list[str] = []
    amt.waehrend = lambda schluessel: gesehen.append(Notizen(welt.betrieb.store).lies("amt", schluessel, "kennung"))
    welt.lege_ein("n-1", antrag_xml(uuid="u-1"))
    welt.rufe_ab()
    welt.arbeite()
    (eintrag,) = welt.zeilen(notiz)
    assert (eintrag.plugin, eintrag.schluessel, eintrag.name) == ("amt", f"{welt.der_vorgang().id}:akte:1", "kennung")
    assert gesehen == [eintrag.wert] == ["id-1"]


def test_a_note_is_a_commit_of_its_own_with_a_name(welt: Welt, monkeypatch: pytest.MonkeyPatch) -> None:
    namen: list[str] = []
    vorher = welt.betrieb.store.transaktion
    monkeypatch.setattr(welt.betrieb.store, "transaktion", lambda name: namen.append(name) or vorher(name))  # type: ignore[func-returns-value]
    wirt = welt.betrieb.wirt("mit_schluessel")
    wirt.notiere(KEY, "id", "1")
    assert namen == ["notiz"]


def test_a_preflight_reads_no_notes_and_keeps_none(welt: Welt) -> None:
    wirt = Wirt("check", welt.betrieb.einstellungen.ordner)
    assert wirt.notiz(KEY, "id") == ""
    with pytest.raises(LookupError):
        wirt.notiere(KEY, "id", "1")
    with welt.betrieb.store.lesend() as verbindung:
        assert verbindung.execute(sa.select(sa.func.count()).select_from(notiz)).scalar_one() == 0
