"""A small valid PDF of a few lines of text: one page, one built-in font. For invented applications only."""

from __future__ import annotations

from collections.abc import Sequence


def kleines_pdf(zeilen: Sequence[str]) -> bytes:
    """PDF 1.4 with ``zeilen`` below one another; characters outside Windows-1252 become ``?``."""
    inhalt = _seite(zeilen)
    objekte = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R"
        b" /Resources << /Font << /F1 5 0 R >> >> >>",
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(inhalt), inhalt),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
    ]
    return _datei(objekte)


def _seite(zeilen: Sequence[str]) -> bytes:
    texte = (zeile.encode("cp1252", "replace") for zeile in zeilen)
    sicher = (text.replace(b"\\", b"\\\\").replace(b"(", b"\\(").replace(b")", b"\\)") for text in texte)
    return b"BT /F1 11 Tf 14 TL 57 780 Td " + b" ".join(b"(%s) Tj T*" % text for text in sicher) + b" ET"


def _datei(objekte: Sequence[bytes]) -> bytes:
    datei = bytearray(b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n")
    stellen = []
    for nummer, objekt in enumerate(objekte, 1):
        stellen.append(len(datei))
        datei += b"%d 0 obj\n%s\nendobj\n" % (nummer, objekt)
    tabelle = len(datei)
    datei += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objekte) + 1)
    datei += b"".join(b"%010d 00000 n \n" % stelle for stelle in stellen)
    datei += b"trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (len(objekte) + 1, tabelle)
    return bytes(datei)
