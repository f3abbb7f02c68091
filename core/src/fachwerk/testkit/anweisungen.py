"""Keeps compiled statements for the whole test process, where each of a thousand tests opens a database of its own.

A service compiles a statement once for its one database; tests that open a new one each would do so again and again,
and that is a fifth of their time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, MutableMapping
from typing import Any

import sqlalchemy as sa

HOECHSTENS = 4_000
"""Then it begins anew: statements that are made of values would grow without end."""

_OHNE_EINFLUSS = {"module", "connect_args", "creator", "pool_size", "max_overflow", "poolclass"}
"""What may be said of a database without changing what SQL is made for it."""


class Anweisungen(MutableMapping[Any, Any]):
    """The compiled statements of one kind of database; those of SQLAlchemy know only the one they were made for."""

    def __init__(self) -> None:
        self._alle: dict[Any, Any] = {}

    def __getitem__(self, schluessel: Any) -> Any:
        return self._alle[schluessel[1:]]

    def __setitem__(self, schluessel: Any, anweisung: Any) -> None:
        if len(self._alle) >= HOECHSTENS:
            self._alle.clear()
        self._alle[schluessel[1:]] = anweisung

    def __delitem__(self, schluessel: Any) -> None:
        del self._alle[schluessel[1:]]

    def __iter__(self) -> Iterator[Any]:
        return iter(self._alle)

    def __len__(self) -> int:
        return len(self._alle)


def teile(create_engine: Callable[..., sa.Engine]) -> Callable[..., sa.Engine]:
    """What makes engines, in its place: those of one kind share their compiled statements."""
    arten: dict[tuple[Any, ...], Anweisungen] = {}

    def mache(url: str | sa.URL, **angaben: Any) -> sa.Engine:
        engine = create_engine(url, **angaben)
        if not angaben.keys() <= _OHNE_EINFLUSS:
            return engine
        art = type(engine.dialect), engine.dialect.dbapi, engine.dialect.paramstyle
        engine.update_execution_options(compiled_cache=arten.setdefault(art, Anweisungen()))
        return engine

    return mache
