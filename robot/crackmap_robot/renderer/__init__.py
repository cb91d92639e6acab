"""Simulated concrete walls with known cracks, and a simulated camera that photographs them.

An independent truth for the rest of the robot: nothing here knows the projection, and nothing here knows a clock, a
socket or a database.
"""

from crackmap_robot.renderer.camera import SimulatedCamera, pixels_of, surface_points_m
from crackmap_robot.renderer.concrete import Concrete, random_concrete
from crackmap_robot.renderer.cracks import CrackStyle, TrueCrack, random_crack, random_cracks
from crackmap_robot.renderer.formwork import Formwork, Joint, TieHole, random_formwork
from crackmap_robot.renderer.lighting import Lighting, Shadow, random_lighting
from crackmap_robot.renderer.path import Handling, PathPose, independent_covariance, lawn_mower
from crackmap_robot.renderer.photograph import render
from crackmap_robot.renderer.pose import Pose, looking_at
from crackmap_robot.renderer.recording import write_recording
from crackmap_robot.renderer.tiles import LabelledTiles, render_tiles
from crackmap_robot.renderer.wall import Wall, make_wall

__all__ = [
    "Concrete",
    "CrackStyle",
    "Formwork",
    "Handling",
    "Joint",
    "LabelledTiles",
    "Lighting",
    "PathPose",
    "Pose",
    "Shadow",
    "SimulatedCamera",
    "TieHole",
    "TrueCrack",
    "Wall",
    "independent_covariance",
    "lawn_mower",
    "looking_at",
    "make_wall",
    "pixels_of",
    "random_concrete",
    "random_crack",
    "random_cracks",
    "random_formwork",
    "random_lighting",
    "render",
    "render_tiles",
    "surface_points_m",
    "write_recording",
]
