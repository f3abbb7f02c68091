"""Alembic migrations of Fachwerk's own tables; one file per step, named by number and purpose."""
