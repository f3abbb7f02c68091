"""A fetched message from the wire to its parts: multipart, envelope and references together; nothing is invented."""

from __future__ import annotations

import base64
from collections.abc import Iterator

from geruest import Ziel
from ziel_umschlag import metadaten, umschlag

from fachwerk.errors import StepError
from fachwerk.testkit.wirt import SpeicherInhalt
from fachwerk_generic_xta.codec import Adressen, Anfrage
from fachwerk_generic_xta.codec211 import Codec211
from fachwerk_generic_xta.empfang import Empfang
from fachwerk_generic_xta.mehrteilig import MehrteiligFehler, lies_teile
from fachwerk_generic_xta.nachricht import Partei
from fachwerk_generic_xta.soap import lies_umschlag

_CODEC = Codec211(Adressen("http://a", "http://b", "http://c"), Partei("wbs:1"))
_ANFRAGE = Anfrage(
    "http://b", "http://www.osci.eu/ws/2008/05/transport/urn/messageTypes/MsgBoxFetchRequest", b"", "urn:uuid:1"
)
_KOPF = 'multipart/related; type="application/xop+xml"; boundary="grenze"; start="<w@x>"'


def lauf(daten: bytes) -> None:
    """First byte ``m``: a multipart body; anything else: a plain envelope."""
    inhalt = SpeicherInhalt()
    empfang = Empfang(_ANFRAGE, inhalt, _CODEC, 1 << 20)
    try:
        if daten[:1] == b"m":
            for teil in lies_teile([daten[1:]], _KOPF):
                empfang.nimm(teil)
        else:
            empfang.nimm_umschlag(lies_umschlag(daten[1:]))
        abholung = empfang.abschluss()
    except MehrteiligFehler:
        return
    for teil in abholung.teile if abholung else ():
        with teil.oeffnen() as strom:
            geholt = strom.read()
        assert len(geholt) == teil.laenge
        assert _gesendet(geholt, daten), "a content nobody sent"


def _gesendet(geholt: bytes, daten: bytes) -> bool:
    """Whether a content stands in the input as it is, or as base64 (as far as that is written plainly)."""
    if geholt in daten or any(zeichen in daten for zeichen in (b"&", b"<!", b"<?", b"\0")):
        return True
    ganze = geholt[: len(geholt) // 3 * 3][:30]
    return base64.b64encode(ganze) in b"".join(daten.split())


def _mehrteilig(wurzel: str, *teile: tuple[str, bytes], zuletzt: bool = False) -> bytes:
    stuecke = [("Content-Type: application/xop+xml\r\nContent-ID: <w@x>", wurzel.encode())]
    stuecke += [(f"Content-Type: application/pdf\r\nContent-ID: <{kennung}>", inhalt) for kennung, inhalt in teile]
    if zuletzt:
        stuecke.reverse()
    return b"m" + b"".join(b"\r\n--grenze\r\n%s\r\n\r\n%s" % (k.encode(), i) for k, i in stuecke) + b"\r\n--grenze--"


def saat() -> Iterator[bytes]:
    kopf = metadaten() + '<o:MsgBoxResponse MsgBoxRequestID="urn:r"/><a:RelatesTo>urn:uuid:1</a:RelatesTo>'
    behaelter = "<x:GenericContentContainer><x:ContentContainer>{}</x:ContentContainer></x:GenericContentContainer>"
    bezug = '<x:{} contentType="application/xml" filename="a.xml" size="5"><i:Include href="cid:{}"/></x:{}>'
    eins = bezug.format("Message", "eins@x", "Message")
    zwei = bezug.format("Attachment", "zwei%40x", "Attachment").replace('size="5"', "")
    beide = umschlag(behaelter.format(eins + zwei), kopf)
    yield _mehrteilig(beide, ("eins@x", b"<a/>\n"), ("zwei@x", b"%PDF-1.7"))
    yield _mehrteilig(beide, ("eins@x", b"<a/>\n"), ("zwei%40x", b""), zuletzt=True)
    yield _mehrteilig(umschlag(behaelter.format(eins), kopf), ("falsch@x", b"<a/>\n"))
    inline = '<x:Message contentType="application/xml">QUJD\n&#10;REVG</x:Message><x:Attachment>IA==</x:Attachment>'
    yield b"e" + umschlag(behaelter.format(inline), kopf).encode()
    yield b"e" + ("<?xml version='1.0' encoding='utf-16'?>" + umschlag(behaelter.format(inline), kopf)).encode("utf-16")
    geheim = "<e:EncryptedData><i:Include href='cid:eins@x'/></e:EncryptedData>"
    geheim = f"<x:GenericContentContainer>{geheim}</x:GenericContentContainer>"
    yield _mehrteilig(umschlag(geheim, kopf), ("eins@x", b"\x01\x02"))
    yield b"e" + umschlag("", kopf + "<o:MsgBoxResponse><o:NoMessageAvailable/></o:MsgBoxResponse>").encode()
    yield b"e" + umschlag(behaelter.format(inline.replace("QUJD", "QUJD" * 4000)), kopf).encode()


ZIEL = Ziel(
    name="abholung",
    was="fetching a message: multipart, envelope, references and content of generic_xta together",
    lauf=lauf,
    saat=saat,
    pakete=("fachwerk_generic_xta", "fachwerk.xml", "fachwerk.xml_strom"),
    erlaubt=(StepError,),
    woerter=(
        b"\r\n--grenze\r\n", b"\r\n--grenze--", b"Content-ID: <eins@x>", b"<i:Include href='cid:eins@x'/>",
        b"size='5'", b"\r\n\r\n", b"QUJD", b"=", b"&#10;", b"&#x3d;", b"<![CDATA[QQ==]]>", b"<!-- -->",
        b"encoding='utf-16le'", b"<x:Attachment>",
    ),
)  # fmt: skip
