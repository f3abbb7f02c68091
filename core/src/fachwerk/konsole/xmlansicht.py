"""An XML message for the eye: indented, long content shortened, and raw as it came. Both are plain text."""

from __future__ import annotations

from lxml import etree

ANGESEHEN = 4 * 1024 * 1024
"""So many bytes of a document are shown; the whole is there for download."""

TEXT_HOECHSTENS = 2_000
"""Longer texts, such as an embedded PDF in base64, are shortened."""


def lesbar(roh: bytes) -> str:
    """The document indented; with the reason in German where it cannot be read as XML."""
    if len(roh) > ANGESEHEN:
        return f"[Das Dokument ist größer als {ANGESEHEN // 1024 // 1024} MiB; bitte herunterladen.]"
    try:
        wurzel = etree.fromstring(roh, _leser())
    except (etree.XMLSyntaxError, ValueError) as fehler:
        stelle = getattr(fehler, "lineno", None)
        return "[Das ist kein lesbares XML" + (f"; Fehler in Zeile {stelle}" if stelle else "") + ".]"
    if b"<!DOCTYPE" in roh:
        return "[Das Dokument enthält eine DOCTYPE-Angabe und wird nicht aufbereitet.]"
    for element in wurzel.iter():
        if element.text and len(element.text) > TEXT_HOECHSTENS:
            element.text = f"{element.text[:80]} … [{len(element.text)} Zeichen]"
    etree.indent(wurzel)
    return str(etree.tostring(wurzel, encoding="unicode"))


def _leser() -> etree.XMLParser:
    """A reader that fetches and replaces nothing."""
    return etree.XMLParser(
        remove_blank_text=True, resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False
    )


def roh_als_text(roh: bytes) -> str:
    """The first bytes as they came; what is no text becomes a replacement character."""
    text = roh[:ANGESEHEN].decode("utf-8", errors="replace")
    return "".join(zeichen if zeichen in "\n\t" or zeichen.isprintable() else "�" for zeichen in text)
