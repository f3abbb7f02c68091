"""The content store: what is written is read back, bound to its case, and gone when its key is gone."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fachwerk import tabellen
from fachwerk.empfangsinhalt import IM_SPEICHER, Empfangsinhalt
from fachwerk.errors import PermanentError
from fachwerk.inhalt import Inhaltsspeicher
from fachwerk.schluessel import Schluesselbund, neuer_schluessel
from fachwerk.stuecke import STUECK
from fachwerk.tabellen import fallschluessel, inhalt, teil


@pytest.fixture
def speicher(datenbank: sa.Engine) -> Inhaltsspeicher:
    neuer = Inhaltsspeicher(datenbank, Schluesselbund(neuer_schluessel()))
    with datenbank.begin() as verbindung:
        neuer.lege_fall_an(verbindung, "fall")
    return neuer


def test_what_is_streamed_in_comes_out_unchanged_with_its_hash(speicher: Inhaltsspeicher) -> None:
    daten = bytes(range(256)) * 10_000
    geschrieben = speicher.schreibe_vorlaeufig("fall", [daten[:100], daten[100:]], "a.bin")
    assert geschrieben.laenge == len(daten)
    assert geschrieben.sha256 == hashlib.sha256(daten).hexdigest()
    with geschrieben.oeffnen() as strom:
        assert strom.read() == daten


@pytest.mark.parametrize("laenge", [0, 1, STUECK - 1, STUECK, STUECK + 1, 3 * STUECK])
def test_every_length_around_the_chunk_border_survives(speicher: Inhaltsspeicher, laenge: int) -> None:
    daten = b"x" * laenge
    geschrieben = speicher.schreibe_vorlaeufig("fall", [daten])
    assert b"".join(geschrieben.bytes_strom()) == daten


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(stuecke=st.lists(st.binary(max_size=2000), max_size=30))
def test_how_the_stream_was_cut_does_not_matter(speicher: Inhaltsspeicher, stuecke: list[bytes]) -> None:
    assert b"".join(speicher.schreibe_vorlaeufig("fall", stuecke).bytes_strom()) == b"".join(stuecke)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(spruenge=st.lists(st.tuples(st.integers(0, 2 * STUECK + 500), st.integers(0, STUECK)), min_size=1, max_size=5))
def test_reading_may_begin_anywhere(speicher: Inhaltsspeicher, spruenge: list[tuple[int, int]]) -> None:
    daten = bytes(range(251)) * 9000
    daten = daten[: 2 * STUECK + 99]
    with speicher.schreibe_vorlaeufig("fall", [daten]).oeffnen() as strom:
        for stelle, anzahl in spruenge:
            strom.seek(stelle)
            assert strom.read(anzahl) == daten[stelle : stelle + anzahl]


def test_no_plain_byte_lies_in_the_database(speicher: Inhaltsspeicher, datenbank: sa.Engine) -> None:
    speicher.schreibe_vorlaeufig("fall", [b"KANARIENVOGEL" * 50], "Mustermann.pdf")
    with datenbank.connect() as verbindung:
        daten = b"".join(verbindung.execute(sa.select(inhalt.c.daten)).scalars())
        namen = repr(verbindung.execute(sa.select(teil)).all())
    assert b"KANARIENVOGEL" not in daten
    assert "Mustermann" not in namen


def test_a_broken_stream_leaves_nothing_behind(speicher: Inhaltsspeicher, datenbank: sa.Engine) -> None:
    def bricht_ab() -> Iterator[bytes]:
        yield b"y" * (2 * STUECK)
        raise OSError("line cut")

    with pytest.raises(OSError, match="line cut"):
        speicher.schreibe_vorlaeufig("fall", bricht_ab())
    with datenbank.connect() as verbindung:
        assert verbindung.execute(sa.select(sa.func.count()).select_from(inhalt)).scalar_one() == 0
        assert verbindung.execute(sa.select(sa.func.count()).select_from(teil)).scalar_one() == 0


def _vertausche(datenbank: sa.Engine, teil_id: str) -> None:
    with datenbank.begin() as verbindung:
        for alt, neu in ((0, 90), (1, 0), (90, 1)):
            verbindung.execute(inhalt.update().where(inhalt.c.teil_id == teil_id, inhalt.c.nr == alt).values(nr=neu))


def _kuerze(datenbank: sa.Engine, teil_id: str) -> None:
    with datenbank.begin() as verbindung:
        verbindung.execute(inhalt.delete().where(inhalt.c.teil_id == teil_id, inhalt.c.nr == 2))
        verbindung.execute(teil.update().where(teil.c.id == teil_id).values(stuecke=2))


def _veraendere(datenbank: sa.Engine, teil_id: str) -> None:
    with datenbank.begin() as verbindung:
        daten = verbindung.execute(sa.select(inhalt.c.daten).where(inhalt.c.teil_id == teil_id)).scalars().first()
        assert daten is not None
        anders = daten[:-1] + bytes([daten[-1] ^ 1])
        verbindung.execute(inhalt.update().where(inhalt.c.teil_id == teil_id, inhalt.c.nr == 0).values(daten=anders))


@pytest.mark.parametrize("angriff", [_vertausche, _kuerze, _veraendere])
def test_moved_cut_or_changed_chunks_are_noticed(
    speicher: Inhaltsspeicher, datenbank: sa.Engine, angriff: object
) -> None:
    geschrieben = speicher.schreibe_vorlaeufig("fall", [b"a" * STUECK, b"b" * STUECK, b"c"])
    angriff(datenbank, geschrieben.id)  # type: ignore[operator]
    with pytest.raises(PermanentError, match="inhalt_beschaedigt"):
        b"".join(geschrieben.bytes_strom())


def test_a_chunk_of_another_case_does_not_fit(speicher: Inhaltsspeicher, datenbank: sa.Engine) -> None:
    with datenbank.begin() as verbindung:
        speicher.lege_fall_an(verbindung, "anderer")
    eigener = speicher.schreibe_vorlaeufig("fall", [b"eigen"])
    fremder = speicher.schreibe_vorlaeufig("anderer", [b"fremd"])
    with datenbank.begin() as verbindung:
        daten = verbindung.execute(sa.select(inhalt.c.daten).where(inhalt.c.teil_id == fremder.id)).scalar_one()
        verbindung.execute(inhalt.update().where(inhalt.c.teil_id == eigener.id).values(daten=daten))
    with pytest.raises(PermanentError, match="inhalt_beschaedigt"):
        eigener.oeffnen().read()


def test_without_the_case_key_the_content_is_gone(speicher: Inhaltsspeicher, datenbank: sa.Engine) -> None:
    geschrieben = speicher.schreibe_vorlaeufig("fall", [b"geheim"])
    speicher.schreddere("fall")
    with pytest.raises(PermanentError, match="inhalt_fehlt"):
        geschrieben.oeffnen()
    with datenbank.connect() as verbindung:
        assert verbindung.execute(sa.select(sa.func.count()).select_from(fallschluessel)).scalar_one() == 0
        assert verbindung.execute(sa.select(sa.func.count()).select_from(inhalt)).scalar_one() == 0


def test_another_site_key_opens_nothing(speicher: Inhaltsspeicher, datenbank: sa.Engine) -> None:
    geschrieben = speicher.schreibe_vorlaeufig("fall", [b"geheim"])
    fremd = Inhaltsspeicher(datenbank, Schluesselbund(neuer_schluessel()))
    with pytest.raises(PermanentError, match="schluessel_passt_nicht"):
        fremd.oeffne(geschrieben).read()


def test_only_what_nobody_claimed_is_swept(speicher: Inhaltsspeicher, datenbank: sa.Engine) -> None:
    behalten = speicher.schreibe_vorlaeufig("fall", [b"ja"])
    verwaist = speicher.schreibe_vorlaeufig("fall", [b"nein"])
    with datenbank.begin() as verbindung:
        speicher.beanspruche(verbindung, [behalten.id])
    assert speicher.fege(timedelta(days=1)) == 0
    assert speicher.fege(timedelta(seconds=-1)) == 1
    assert behalten.oeffnen().read() == b"ja"
    with pytest.raises(PermanentError, match="inhalt_fehlt"):
        verwaist.oeffnen()


def test_every_message_begins_its_own_case(speicher: Inhaltsspeicher, datenbank: sa.Engine) -> None:
    empfang = Empfangsinhalt(datenbank, speicher)
    erster = empfang.vorgang_id
    empfang.schreibe([b"eins"])
    assert empfang.vorgang_id == erster
    empfang.naechster()
    assert empfang.vorgang_id != erster


def test_small_parts_wait_for_the_commit_that_makes_the_case(speicher: Inhaltsspeicher, datenbank: sa.Engine) -> None:
    empfang = Empfangsinhalt(datenbank, speicher)
    klein = empfang.schreibe([b"kl", b"ein"], "a.txt")
    assert klein.oeffnen().read() == b"klein"
    assert _zeilen(datenbank) == (0, 0)
    with datenbank.begin() as verbindung:
        empfang.beanspruche(verbindung, [klein.id])
    assert _zeilen(datenbank) == (1, 1)
    empfang.naechster()
    assert klein.oeffnen().read() == b"klein" == speicher.oeffne(klein).read()
    assert speicher.fege(timedelta(seconds=-1)) == 0


def test_large_parts_are_written_at_once_and_claimed_with_the_small_ones(
    speicher: Inhaltsspeicher, datenbank: sa.Engine
) -> None:
    empfang = Empfangsinhalt(datenbank, speicher)
    klein, gross = empfang.schreibe([b"klein"]), empfang.schreibe([b"g" * (STUECK + 1)])
    assert _zeilen(datenbank) == (1, 2)
    with datenbank.begin() as verbindung:
        empfang.beanspruche(verbindung, [klein.id, gross.id])
    assert speicher.fege(timedelta(seconds=-1)) == 0
    assert (klein.oeffnen().read(), gross.oeffnen().read(1)) == (b"klein", b"g")


def test_many_small_parts_do_not_pile_up_in_memory(speicher: Inhaltsspeicher, datenbank: sa.Engine) -> None:
    empfang = Empfangsinhalt(datenbank, speicher)
    teile = [empfang.schreibe([b"x" * (STUECK // 2)]) for _ in range(2 * IM_SPEICHER // STUECK + 3)]
    assert _zeilen(datenbank)[0] == 3
    with datenbank.begin() as verbindung:
        empfang.beanspruche(verbindung, [einer.id for einer in teile])
    assert all(einer.oeffnen().read(1) == b"x" for einer in teile)


def test_a_commit_that_failed_may_be_tried_again(speicher: Inhaltsspeicher, datenbank: sa.Engine) -> None:
    empfang = Empfangsinhalt(datenbank, speicher)
    klein = empfang.schreibe([b"klein"])
    with datenbank.connect() as verbindung:
        empfang.beanspruche(verbindung, [klein.id])
        verbindung.rollback()
    assert _zeilen(datenbank) == (0, 0)
    with datenbank.begin() as verbindung:
        empfang.beanspruche(verbindung, [klein.id])
    empfang.naechster()
    assert klein.oeffnen().read() == b"klein"


def test_a_message_that_is_known_leaves_nothing_behind(speicher: Inhaltsspeicher, datenbank: sa.Engine) -> None:
    empfang = Empfangsinhalt(datenbank, speicher)
    teile = [empfang.schreibe([b"klein"]), empfang.schreibe([b"g" * (STUECK + 1)])]
    empfang.verwirf([einer.id for einer in teile])
    empfang.naechster()
    assert _zeilen(datenbank) == (0, 0)
    with pytest.raises(PermanentError, match="inhalt_fehlt"):
        teile[0].oeffnen()


def test_a_job_fetches_the_small_parts_it_will_open_at_once(speicher: Inhaltsspeicher, datenbank: sa.Engine) -> None:
    klein = [speicher.schreibe_vorlaeufig("fall", [b"%d" % nummer]) for nummer in range(3)]
    gross = speicher.schreibe_vorlaeufig("fall", [b"g" * (STUECK + 1)])
    fremd = klein[0].model_copy(update={"id": "gibt-es-nicht"}).gebunden(speicher)
    with speicher.gemerkt():
        speicher.hole_voraus([*klein, gross, fremd])
        with _gezaehlt(datenbank) as fragen:
            assert [einer.oeffnen().read() for einer in klein] == [b"0", b"1", b"2"]
        assert fragen == []
        assert gross.oeffnen().read(1) == b"g"
        with pytest.raises(PermanentError, match="inhalt_fehlt"):
            fremd.oeffnen()


def test_what_was_damaged_is_met_when_it_is_opened_and_not_before(
    speicher: Inhaltsspeicher, datenbank: sa.Engine
) -> None:
    heil, kaputt = speicher.schreibe_vorlaeufig("fall", [b"heil"]), speicher.schreibe_vorlaeufig("fall", [b"kaputt"])
    with datenbank.begin() as verbindung:
        verbindung.execute(inhalt.update().where(inhalt.c.teil_id == kaputt.id).values(daten=b"x" * 40))
    with speicher.gemerkt():
        speicher.hole_voraus([heil, kaputt])
        assert heil.oeffnen().read() == b"heil"
        with pytest.raises(PermanentError, match="inhalt_beschaedigt"):
            kaputt.oeffnen()


@contextmanager
def _gezaehlt(datenbank: sa.Engine) -> Iterator[list[str]]:
    fragen: list[str] = []

    def merke(_verbindung: object, _zeiger: object, frage: str, *_weitere: object) -> None:
        fragen.append(frage)

    sa.event.listen(datenbank, "before_cursor_execute", merke)
    yield fragen
    sa.event.remove(datenbank, "before_cursor_execute", merke)


def _zeilen(datenbank: sa.Engine) -> tuple[int, int]:
    """How many parts and how many chunks are stored."""
    with datenbank.connect() as verbindung:
        zaehle = (sa.select(sa.func.count()).select_from(tabelle) for tabelle in (tabellen.teil, tabellen.inhalt))
        teile, stuecke = (verbindung.execute(frage).scalar_one() for frage in zaehle)
    return teile, stuecke
