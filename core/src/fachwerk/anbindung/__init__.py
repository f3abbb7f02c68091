"""The life cycle of a connection: letters, deadlines, progress (design, section 12; sources in ``docs/anbindung.md``).

:mod:`.frist` and :mod:`.schreiben` are pure; :mod:`.ablage` writes the letters as files; :mod:`.stufen` keeps how far
each service has come. What a route's state does to arriving cases stands in :mod:`fachwerk.routenstand`.
"""
