"""crackmap: find cracks in camera frames of a surface, place them in metres, log them.

This package is what the robot, the server and the models share: the words (ids, messages, scores, surfaces,
manifest), the errors and the one command `crackmap`.
"""

__version__ = "0.1.0"
