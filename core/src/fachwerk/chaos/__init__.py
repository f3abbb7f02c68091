"""``fachwerk chaos``: a busy day with faults of every kind at a site of its own, and a look at what is left of it.

What happens follows from a seed (:mod:`fachwerk.chaos.plan`); what is true afterwards is said by an oracle that uses
none of the code it judges (:mod:`fachwerk.chaos.abrechnung`).
"""
