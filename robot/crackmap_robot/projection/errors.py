"""What can keep a picture from being placed."""

from crackmap.errors import InputError


class NoView(InputError):
    """The camera, with this lens and at this pose, does not see the surface with every pixel."""
