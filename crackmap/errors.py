"""What can go wrong, as a tree. `crackmap.__main__.main` is the only place that turns it into text and exit code 2.

    CrackmapError
    ├── SettingError        a flag, an environment variable or a settings file
    ├── InputError          a file that a user gave: photograph, poses, camera, model
    ├── StorageError        a disk or a database that cannot take what it must keep
    └── ServerUnavailable   a server that is away, slow or refuses

Parts derive their own errors from these four.
"""


class CrackmapError(Exception):
    """Bad input or a failed resource. The message says what, where (file, line, key, value) and what to do."""


class SettingError(CrackmapError):
    """A setting cannot be used as it was given."""


class InputError(CrackmapError):
    """A file or value that the user gave cannot be used."""


class StorageError(CrackmapError):
    """Something that must be kept could not be written; what was stored before is whole."""


class ServerUnavailable(CrackmapError):
    """The server did not answer, or answered that it cannot take more now. Nothing is lost: try again later."""
