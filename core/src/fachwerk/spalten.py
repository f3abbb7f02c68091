"""Types of columns that mean the same on every database."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import DateTime, TypeDecorator

from fachwerk.modell import utc


class Zeitpunkt(TypeDecorator[datetime]):
    """A point in time, written in UTC whatever zone it is given in: SQLite keeps and compares only what is written."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Any) -> datetime | None:
        """Naive values are UTC, as everywhere."""
        return None if value is None else utc(value)
