"""Kills a forked child with SIGKILL at a numbered point of what it does, and says how it ended.

Everything the parent holds in memory is there in the child; what the child kept durably must lie on a disk or in a
server of the parent, or it is gone: exactly as in a power cut.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from typing import NoReturn

FRIST_S = 60
"""Seconds after which a child that does not come to an end is ended by SIGALRM."""


class Zaehlwerk:
    """Numbers the points that are passed; at ``toedlich`` the process kills itself."""

    def __init__(self) -> None:
        self.stand = 0
        self.toedlich = 0
        self.scharf = False

    def punkt(self, _: int = 0) -> None:
        """One point, before or after something that lasts."""
        if self.scharf:
            self.stand += 1
            if self.stand == self.toedlich:
                os.kill(os.getpid(), signal.SIGKILL)


def geht() -> bool:
    """Whether this system can fork."""
    return hasattr(os, "fork")


def getoetet(tue: Callable[[], object]) -> bool:
    """Run ``tue`` in a child; True if it was killed by SIGKILL, False if it came to its end, whatever that was."""
    kind = os.fork()
    if kind == 0:
        _im_kind(tue)
    _, ende = os.waitpid(kind, 0)
    if os.WIFSIGNALED(ende):
        nummer = os.WTERMSIG(ende)
        assert nummer == signal.SIGKILL, f"Das Kind endete nicht von selbst (Signal {nummer})."
        return True
    return False


def _im_kind(tue: Callable[[], object]) -> NoReturn:
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.alarm(FRIST_S)
    try:
        tue()
    except BaseException:
        os._exit(1)
    os._exit(0)
