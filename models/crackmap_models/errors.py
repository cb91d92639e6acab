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


class MissingImages(TrainingDataError):
    """The split file and the image folder do not belong together."""


class UnreadableImage(TrainingDataError):
    """An image file does not decode."""


class EmptyClass(TrainingDataError):
    """Training data without one of the two classes teaches nothing."""


class OneClassSet(TrainingDataError):
    """AUROC, recall and the like need tiles of both classes."""


class TileInTwoSplits(TrainingDataError):
    """One file or picture is in two splits: figures would tell how well it was remembered."""


class ByEyeError(TrainingDataError):
    """A file of labels by eye cannot be used."""


class PhotographError(TrainingDataError):
    """A whole photograph or its tile labels cannot be used."""


class RunError(InputError):
    """A run folder or model file is not what the command needs."""


class PrecisionLost(InputError):
    """Conversion costs more than it may."""


class BrokenPromise(InputError):
    """A shipped file is not what its manifest or card says."""


class CannotCompile(InputError):
    """A model cannot be turned into a C program."""
