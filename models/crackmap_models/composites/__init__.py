"""Drawn cracks and drawn look-alikes on photographs of crack-free concrete, new ones for every batch.

A classifier knows the cracks, cameras and walls that it was shown. What is drawn here goes on real backgrounds: crack
systems of every width and contrast that a person would see, and the things that are taken for cracks. Both are pure
functions of pixels and a random generator.
"""

from crackmap_models.composites.crack import draw_crack
from crackmap_models.composites.look_alike import draw_look_alike

__all__ = ["draw_crack", "draw_look_alike"]
