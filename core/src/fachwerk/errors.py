"""The error tree, ordered by who acts next.

::

    FachwerkError                code, hint (German, for the operator), details (no personal data)
    ├── ConfigError              configuration is wrong                     the start is refused, exit 3
    ├── ContractError            a plugin broke the contract                held for Technik
    └── StepError
        ├── RetryableError       try again later (retry_after seconds)      waiting; I/O hooks only
        ├── PermanentError       the same input never works                 held for Technik
        ├── NeedsHumanError      frage                                      held for Sachbearbeitung or Betrieb
        └── OutcomeUnknownError  sent, no answer                            find_delivered, else held

``str(error)`` is its code and hint: both are safe to log. Text of the message itself belongs into a Befund,
which is content and encrypted, never into an error.
"""

from __future__ import annotations

from collections.abc import Mapping

from fachwerk.modell import Befund, GehaltenFuer


class FachwerkError(Exception):
    """Base of all errors a plugin or the core raises on purpose."""

    def __init__(self, code: str, hint: str, details: Mapping[str, str] | None = None) -> None:
        """``code`` is stable and lower case, ``hint`` a German sentence: what, where, what to do."""
        super().__init__(code)
        self.code = code
        self.hint = hint
        self.details = dict(details or {})

    def __str__(self) -> str:
        return f"{self.code}: {self.hint}"


class ConfigError(FachwerkError):
    """The configuration cannot work; names file, key and environment variable where known."""

    def __init__(self, code: str, hint: str, *, datei: str = "", schluessel: str = "", umgebung: str = "") -> None:
        super().__init__(code, hint, {"datei": datei, "schluessel": schluessel, "umgebung": umgebung})


class ConfigErrors(ConfigError):
    """All problems of a configuration in one report (``probleme``), because nobody wants them one at a time."""

    def __init__(self, probleme: list[ConfigError]) -> None:
        super().__init__("config", "\n".join(str(problem) for problem in probleme))
        self.probleme = probleme


class ContractError(FachwerkError):
    """A plugin broke the contract: wrong type returned, forbidden raise, hook missing."""


class StepError(FachwerkError):
    """A step of the line could not be done; ``befunde`` (content) explain it to people.

    ``vom_ziel`` says that the Ziel itself refused this one case: the way to it works.
    """

    def __init__(
        self,
        code: str,
        hint: str,
        details: Mapping[str, str] | None = None,
        *,
        befunde: tuple[Befund, ...] = (),
        vom_ziel: bool = False,
    ) -> None:
        super().__init__(code, hint, details)
        self.befunde = befunde
        self.vom_ziel = vom_ziel


class RetryableError(StepError):
    """The machine tries again; ``retry_after`` is in seconds, None leaves it to the core's back-off.

    ``routenfehler`` says that the route, not the message, is at fault: several in a row open the circuit.
    ``hoechstens`` bounds the attempts: after so many a delivery is held for Technik (None: bounded by age only).
    """

    def __init__(
        self,
        code: str,
        hint: str,
        details: Mapping[str, str] | None = None,
        *,
        retry_after: float | None = None,
        routenfehler: bool = True,
        hoechstens: int | None = None,
    ) -> None:
        super().__init__(code, hint, details)
        self.retry_after = retry_after
        self.routenfehler = routenfehler
        self.hoechstens = hoechstens


class PermanentError(StepError):
    """The same input never works: held for Technik."""


class NeedsHumanError(StepError):
    """A person must answer ``frage``: held for ``fuer``.

    ``routenfehler`` says that no case is at fault but the route itself (account locked, certificate refused): the
    Kanal or Ziel stops with an alarm and is probed slowly; its cases wait instead of being held.
    """

    def __init__(
        self,
        code: str,
        frage: str,
        details: Mapping[str, str] | None = None,
        *,
        fuer: GehaltenFuer = GehaltenFuer.SACHBEARBEITUNG,
        befunde: tuple[Befund, ...] = (),
        vom_ziel: bool = False,
        routenfehler: bool = False,
    ) -> None:
        super().__init__(code, frage, details, befunde=befunde, vom_ziel=vom_ziel)
        self.frage = frage
        self.fuer = fuer
        self.routenfehler = routenfehler


class OutcomeUnknownError(StepError):
    """It was sent and no answer came: it may have arrived. Never repeated blindly."""
