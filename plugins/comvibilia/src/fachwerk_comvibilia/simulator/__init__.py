"""The other side of the folders, for tests of sites and vendors. It is not COM Vibilia and does not claim to be."""

from fachwerk_comvibilia.simulator.gegenstelle import ComVibilia, Nachricht, Uebergeben
from fachwerk_comvibilia.simulator.temperament import Temperament

__all__ = ["ComVibilia", "Nachricht", "Temperament", "Uebergeben"]
