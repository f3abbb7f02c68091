"""The checker of the official schemas must itself be able to say no."""

from __future__ import annotations

from typing import Any

import pytest

pytestmark = pytest.mark.shared

ANFRAGE = """<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope" xmlns:w="http://www.w3.org/2005/08/addressing"
 xmlns:o="http://www.osci.eu/ws/2008/05/transport" xmlns:x="http://xoev.de/transport/xta/211"
 xmlns:i="http://www.w3.org/2004/08/xop/include"><s:Header><w:Action>urn:a</w:Action></s:Header>
 <s:Body>{rumpf}</s:Body></s:Envelope>"""


def test_a_valid_envelope_is_accepted(xta_schema_pruefer: Any) -> None:
    xta_schema_pruefer(ANFRAGE.format(rumpf='<o:MsgBoxStatusListRequest maxListItems="50"/>').encode())


def test_an_include_stands_for_content(xta_schema_pruefer: Any) -> None:
    rumpf = (
        "<x:GenericContentContainer><x:ContentContainer><x:Message contentType='text/xml'><i:Include href='cid:a'/>"
        "</x:Message></x:ContentContainer></x:GenericContentContainer>"
    )
    xta_schema_pruefer(ANFRAGE.format(rumpf=rumpf).encode())


@pytest.mark.parametrize(
    "rumpf",
    [
        '<o:MsgBoxStatusListRequest maxListItems="0"/>',
        "<o:MsgBoxCloseRequest/>",
        "<x:GibtEsNicht/>",
        "<x:PermissionDeniedException><x:errorCode><x:code>9012</x:code></x:errorCode></x:PermissionDeniedException>",
    ],
)
def test_an_invalid_body_is_refused(xta_schema_pruefer: Any, rumpf: str) -> None:
    assert xta_schema_pruefer.fehler(ANFRAGE.format(rumpf=rumpf).encode())
