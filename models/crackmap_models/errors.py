"""What can go wrong between a folder of photographs and a shipped model.

InputError
├── TrainingDataError
│   ├── MissingImages     a folder or a file that the split file names is not there
│   ├── UnreadableImage   a file that does not decode to a colour picture
│   ├── EmptyClass        a training set or a folder without one of the two classes
│   ├── OneClassSet       an evaluation set on which no figure can be computed
│   ├── TileInTwoSplits   a file or a picture that is learnt and tested on
│   ├── ByEyeError        a file of labels by eye that cannot be used
│   └── PhotographError   a whole photograph and its labels that do not belong together
├── RunError              a training run that cannot be resumed, converted or evaluated
├── PrecisionLost         a converted file that answers worse than its network
├── BrokenPromise         a shipped file that is not what its manifest or card says
└── CannotCompile         a model that the C generator or the C compiler does not take
"""

from crackmap.errors import InputError


class TrainingDataError(InputError):
    """The training data cannot be used as it is."""


class MissingImages(TrainingDataError):  # noqa: N818 - it reads as what it is
    """The split file and the image folder do not belong together."""


class UnreadableImage(TrainingDataError):  # noqa: N818
    """An image file does not decode."""


class EmptyClass(TrainingDataError):  # noqa: N818
    """Training data without one of the two classes teaches nothing."""


class OneClassSet(TrainingDataError):  # noqa: N818
    """AUROC, recall and the like need tiles of both classes."""


class TileInTwoSplits(TrainingDataError):  # noqa: N818
    """One file or picture is in two splits: figures would tell how well it was remembered."""


class ByEyeError(TrainingDataError):
    """A file of labels by eye cannot be used."""


class PhotographError(TrainingDataError):
    """A whole photograph or its tile labels cannot be used."""


class RunError(InputError):
    """A run folder or model file is not what the command needs."""


class PrecisionLost(InputError):  # noqa: N818
    """Conversion costs more than it may."""


class BrokenPromise(InputError):  # noqa: N818
    """A shipped file is not what its manifest or card says."""


class CannotCompile(InputError):  # noqa: N818
    """A model cannot be turned into a C program."""
