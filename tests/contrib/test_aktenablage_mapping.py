"""What lies in a case folder: everything the message said, in order, the same at every run."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from types import ModuleType
from typing import Any

import pytest

import fachwerk_aktenablage as ablage
from fachwerk.modell import Art, Dokument, Idempotenz, Sendung
from fachwerk.testkit.wirt import SpeicherInhalt
from fachwerk_aktenablage.mapping import bezeichnung


def inhalte(sendung: Sendung) -> dict[str, bytes]:
    return {anlage.pfad: b"".join(anlage.teil.bytes_strom()) for anlage in sendung.anlagen}


def akte(faelle: ModuleType, inhalt: SpeicherInhalt | None = None, **anders: Any) -> dict[str, bytes]:
    antrag = faelle.antrag(inhalt or SpeicherInhalt(), **anders)
    return inhalte(ablage.render(antrag, faelle.entscheidung(), faelle.ziel()))


def test_the_manifest_promises_that_a_key_has_one_effect() -> None:
    manifest = ablage.manifest()
    assert (manifest.name, manifest.arten, manifest.idempotenz) == (
        "aktenablage",
        frozenset({Art.ZIEL}),
        Idempotenz.SCHLUESSEL,
    )
    assert set(manifest.einstellungen) == {Art.ZIEL}


def test_original_and_documents_pass_through_unchanged_and_in_order(aktenablage_faelle: ModuleType) -> None:
    dateien = akte(aktenablage_faelle)
    assert list(dateien) == [
        "original.xml",
        "anlagen/01_Mietvertrag_Groesse.pdf",
        "anlagen/02_Foto.jpg",
        "antrag.pdf",
        "pruefvermerk.pdf",
        "pruefvermerk.json",
        "wbs_entwurf.pdf",
        "index.html",
        "vorgang.json",
    ]
    assert dateien["original.xml"] == aktenablage_faelle.ORIGINAL
    assert dateien["anlagen/01_Mietvertrag_Groesse.pdf"] == b"%PDF-1.4 Mietvertrag"


@pytest.mark.parametrize(
    ("name", "medientyp", "pfad"),
    [
        ("urn_de_xta_messageid_x", "application/xml", "original.xml"),
        ("Antrag.pdf", "application/pdf", "original.pdf"),
        ("ohne Endung", "", "original"),
        ("boese.exe", "application/octet-stream", "original_exe.gesperrt"),
        ("Antrag.xml", "application/octet-stream", "original.xml"),
    ],
)
def test_the_original_is_named_by_its_kind(
    aktenablage_faelle: ModuleType, name: str, medientyp: str, pfad: str
) -> None:
    inhalt = SpeicherInhalt()
    dateien = akte(aktenablage_faelle, inhalt, original=inhalt.schreibe([b"?"], name, medientyp))
    assert next(iter(dateien)) == pfad


def test_a_message_without_original_persons_or_fields_still_makes_a_folder(aktenablage_faelle: ModuleType) -> None:
    leer = {"original": None, "personen": (), "dritte": (), "dokumente": (), "anlagen": (), "felder": {}, "fall": None}
    dateien = akte(aktenablage_faelle, **leer)
    assert {"antrag.pdf", "pruefvermerk.pdf", "pruefvermerk.json", "index.html", "vorgang.json"} < set(dateien)


def test_two_hundred_documents_of_the_same_name_keep_their_order(aktenablage_faelle: ModuleType) -> None:
    inhalt = SpeicherInhalt()
    teile = [inhalt.schreibe([str(n).encode()], "scan.pdf", "application/pdf") for n in range(200)]
    dokumente = tuple(Dokument(id=str(n), teil=teil) for n, teil in enumerate(teile))
    dateien = akte(aktenablage_faelle, inhalt, dokumente=dokumente, anlagen=())
    anlagen = [(pfad, wert) for pfad, wert in dateien.items() if pfad.startswith("anlagen/")]
    assert [wert for _, wert in anlagen] == [str(n).encode() for n in range(200)]
    assert [pfad for pfad, _ in anlagen] == sorted(pfad for pfad, _ in anlagen)


def test_two_runs_give_equal_bytes(aktenablage_faelle: ModuleType) -> None:
    assert akte(aktenablage_faelle) == akte(aktenablage_faelle)


def test_the_name_of_the_folder_says_no_more_than_service_day_and_number(aktenablage_faelle: ModuleType) -> None:
    def name(**anders: Any) -> str:
        return bezeichnung(aktenablage_faelle.antrag(SpeicherInhalt(), **anders))

    assert name() == "wbs_2026-03-01_3f0c8a5277aa"
    assert name(antragsdatum=None, empfangen=datetime(2026, 6, 30, 22, 30, tzinfo=UTC)).startswith("wbs_2026-07-01_")
    assert "gruen" not in name(nachrichten_uuid="Antrag von Jürgen Grünwald").lower()
    assert name(nachrichten_uuid="") == name(nachrichten_uuid="")
    assert name(leistung="../böse", nachrichten_uuid="x").startswith("boese_2026-03-01_")


def test_the_summary_names_ids_times_and_files_but_no_person(aktenablage_faelle: ModuleType) -> None:
    text = akte(aktenablage_faelle)["vorgang.json"]
    werte = json.loads(text)
    assert werte["leistung"] == "wbs"
    assert werte["empfehlung"] == "bewilligen"
    assert werte["empfangen"] == "2026-03-01T23:05:09Z"
    assert [datei["originalname"] for datei in werte["dateien"]] == [
        "nachricht.xml",
        "Mietvertrag Größe.pdf",
        "Foto.JPG",
    ]
    assert all(len(datei["sha256"]) == 64 for datei in werte["dateien"])
    assert b"Gr\\u00fcnwald" not in text
