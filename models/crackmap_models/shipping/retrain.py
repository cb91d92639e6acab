"""The commands that make the shipped models, from data to card. One place: the cards quote it."""

DATA = (
    "--metu DATA/metu --sdnet2018 DATA/sdnet2018 --rendered DATA/rendered --splits models/splits --by-eye models/by_eye"
)
RETRAIN = (
    "crackmap models render DATA/rendered",
    f"crackmap models train RUN {DATA}",
    f"crackmap models convert RUN {DATA} --to models/shipped",
)
