"""The web console: pages for operators and, with the right to it, for people who look into a case.

:mod:`fachwerk.konsole.app` puts it together, :mod:`fachwerk.konsole.zugang` guards every page, and each module of
:mod:`fachwerk.konsole.seiten` holds the pages of one subject with a list ``ROUTEN``. No page needs JavaScript.
"""
