"""What tests of plugins and of the core share: a Host in memory, a throw-away PostgreSQL, pytest fixtures.

Nothing is imported here, so that the pytest plugin costs nothing where it is not used.
"""
