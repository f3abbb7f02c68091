"""The content part, the one value of the line through which bytes are reached, and the base of all values.

Re-exported by :mod:`fachwerk.modell`, where authors look for it.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Annotated, Any, BinaryIO, Literal, Protocol, Self

from pydantic import BaseModel, ConfigDict, Field, PrivateAttr

SCHEMA = 1
"""Version of the journal values; a reader for the previous version is kept (design, section 6)."""

MAX_FELD_BYTES = 64 * 1024
"""No value of the line carries more than this many bytes in one field; longer text stays in its Teil."""

FeldText = Annotated[str, Field(max_length=MAX_FELD_BYTES)]


class Wert(BaseModel):
    """Base of all values of the line: frozen, no unknown fields, JSON round trip without loss."""

    model_config = ConfigDict(frozen=True, extra="forbid", ser_json_bytes="base64")


class InhaltLeser(Protocol):
    """What a Teil needs to be read: implemented by the content store, handed in as validation context."""

    def oeffne(self, teil: Teil) -> BinaryIO: ...


class Ausschnitt(Wert):
    """A part that lies inside another part, e.g. base64 text inside an XML document.

    ``von`` and ``bis`` are byte offsets of the element's content in the decrypted parent; ``kodierung`` says how
    to turn this slice into bytes. So an embedded PDF is a Teil like any other without being stored twice.
    """

    teil_id: str
    von: int
    bis: int
    kodierung: Literal["xml-base64"] = "xml-base64"


class Teil(Wert):
    """A handle on one content part: the XML, an attachment, a rendered PDF.

    ``id`` names it in the content store; ``name`` is data (the sender's file name, hostile until made safe);
    ``laenge`` is in bytes, ``sha256`` is hex of the plain content. Both are empty for an Ausschnitt or an Entwurf
    that has not been sealed into the store yet. ``transport`` is what the transport said of the part besides (XTA:
    id, encoding, language), kept so that it can be passed on as it came.
    """

    id: str
    name: str = ""
    medientyp: str = "application/octet-stream"
    laenge: int | None = None
    sha256: str | None = None
    beschreibung: str = ""
    ausschnitt: Ausschnitt | None = None
    transport: dict[str, str] = Field(default_factory=dict)

    _leser: InhaltLeser | None = PrivateAttr(default=None)
    _erzeuge: Callable[[], Iterable[bytes]] | None = PrivateAttr(default=None)

    def model_post_init(self, context: Any, /) -> None:
        """Bind the content reader of the validation context, so that nested parts can be opened."""
        if isinstance(context, Mapping):
            self._leser = context.get("inhalt")

    def __eq__(self, other: object) -> bool:
        """Parts are equal if their description is; through which reader they are bound does not matter."""
        return isinstance(other, Teil) and self.model_dump() == other.model_dump()

    def __hash__(self) -> int:
        return hash((self.id, self.name, self.sha256))

    @classmethod
    def entwurf(cls, name: str, medientyp: str, erzeuge: Callable[[], Iterable[bytes]], beschreibung: str = "") -> Teil:
        """A part that a pure hook makes: ``erzeuge`` is called once, when the core streams it into the store.

        ``erzeuge`` must be deterministic: same Antrag, same bytes.
        """
        teil = cls(id="", name=name, medientyp=medientyp, beschreibung=beschreibung)
        teil._erzeuge = erzeuge
        return teil

    @property
    def ist_entwurf(self) -> bool:
        """True until the core has sealed the part into the content store."""
        return self._erzeuge is not None

    def bytes_strom(self) -> Iterator[bytes]:
        """The content in pieces of at most 1 MiB, from the store or, for an Entwurf, from its maker."""
        if self._erzeuge is not None:
            yield from self._erzeuge()
            return
        with self.oeffnen() as strom:
            while stueck := strom.read(1 << 20):
                yield stueck

    def oeffnen(self) -> BinaryIO:
        """Open the decrypted content for reading from its beginning.

        Raises ``LookupError`` where the part is not bound to a store (a value built by hand in a test without
        content), and ``PermanentError`` where the content was shredded or is damaged.
        """
        if self._erzeuge is not None:
            return io.BytesIO(b"".join(self._erzeuge()))
        if self._leser is None:
            raise LookupError(f"Teil {self.id!r} is not bound to a content store")
        return self._leser.oeffne(self)

    def gebunden(self, leser: InhaltLeser) -> Self:
        """The same part, readable through ``leser``."""
        kopie = self.model_copy()
        kopie._leser = leser
        return kopie
