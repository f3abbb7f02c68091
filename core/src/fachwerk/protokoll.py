"""The log: structlog, JSON lines or readable text, ids and codes only.

Exceptions are logged by class name, and those of our own tree by their code; never by text or with a traceback of
values, because a foreign message may hold what a citizen wrote. Libraries speak from WARNING on, or later.
"""

from __future__ import annotations

import io
import logging
import sys
from collections.abc import MutableMapping
from typing import Any, Literal, TextIO, cast

import structlog

_FREMDE = dict.fromkeys(("httpx", "httpcore", "dbos", "sqlalchemy", "alembic", "zeep", "uvicorn"), logging.WARNING) | {
    "apscheduler": logging.ERROR  # its warnings tell that a job was still at work at its next turn: nothing is lost
}
"""From which level on the loggers of libraries are heard."""

_Ereignis = MutableMapping[str, Any]


class _Fehlerausgabe(io.TextIOBase):
    """The standard error of the moment: whoever redirects it later gets the log as well."""

    def write(self, text: str) -> int:
        return sys.stderr.write(text)

    def flush(self) -> None:
        sys.stderr.flush()

    def isatty(self) -> bool:
        return sys.stderr.isatty()


class _Bibliotheken(logging.StreamHandler[TextIO]):
    """Our handler of the libraries' logs; handlers of others are left alone."""


def einrichten(
    form: Literal["json", "text"] = "text", *, stufe: int = logging.INFO, strom: TextIO | None = None
) -> None:
    """Configure the log once per process; ``strom`` is stderr unless told otherwise (stdout belongs to results)."""
    ausgabe = strom or cast(TextIO, _Fehlerausgabe())
    darstellung: Any = structlog.processors.JSONRenderer(ensure_ascii=False)
    if form == "text":
        darstellung = structlog.dev.ConsoleRenderer(colors=ausgabe.isatty(), exception_formatter=_ohne_text)
    gemeinsam: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        ohne_inhalt,
    ]
    structlog.configure(
        processors=[*gemeinsam, darstellung],
        wrapper_class=structlog.make_filtering_bound_logger(stufe),
        logger_factory=structlog.WriteLoggerFactory(ausgabe),
        cache_logger_on_first_use=False,
    )
    _bibliotheken(gemeinsam, darstellung, ausgabe)


def logger(bereich: str, **angaben: str) -> Any:
    """A logger bound to its part of Fachwerk, e.g. ``logger("polling", kanal="wbs-postfach")``."""
    return structlog.get_logger().bind(bereich=bereich, **angaben)


def ohne_inhalt(_logger: Any, _methode: str, ereignis: _Ereignis) -> _Ereignis:
    """Replace exceptions by what may be said about them: class, and code where it is one of ours."""
    ausnahme = ereignis.pop("exc_info", None)
    if ausnahme is True:
        ausnahme = sys.exc_info()[1]
    if isinstance(ausnahme, tuple):
        ausnahme = ausnahme[1]
    if isinstance(ausnahme, BaseException):
        ereignis["ausnahme"] = benenne(ausnahme)
    for schluessel, wert in ereignis.items():
        if isinstance(wert, BaseException):
            ereignis[schluessel] = benenne(wert)
    return ereignis


def benenne(ausnahme: BaseException) -> str:
    """``Klasse`` or ``Klasse(code)``: all that a log may hold of an exception."""
    code = getattr(ausnahme, "code", None)
    name = type(ausnahme).__name__
    return f"{name}({code})" if isinstance(code, str) else name


def _ohne_text(strom: TextIO, angaben: Any) -> None:
    """Exceptions were already replaced by :func:`ohne_inhalt`."""


def _bibliotheken(gemeinsam: list[Any], darstellung: Any, ausgabe: TextIO) -> None:
    formatierer = structlog.stdlib.ProcessorFormatter(
        processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, darstellung],
        foreign_pre_chain=[*gemeinsam, structlog.stdlib.add_logger_name],
    )
    handler = _Bibliotheken(ausgabe)
    handler.setFormatter(formatierer)
    wurzel = logging.getLogger()
    wurzel.handlers = [fremder for fremder in wurzel.handlers if not isinstance(fremder, _Bibliotheken)] + [handler]
    wurzel.setLevel(logging.WARNING)
    for name, ab in _FREMDE.items():
        logging.getLogger(name).setLevel(ab)
