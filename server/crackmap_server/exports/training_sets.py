"""Reviewed tiles as training sets: class folders for `crackmap models train`, COCO, YOLO. Files as (name, content).

What is not in a box was not reviewed: it may well show cracks. So boxes of both classes are given.
"""

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from crackmap_server.evidence import EvidenceFolder
from crackmap_server.pictures import Cut, tile_png
from crackmap_server.training_samples import Picture, Sample

File = tuple[str, Iterator[bytes]]
CLASSES = ("crack", "no_crack")
SUFFIXES = {"image/jpeg": "jpg", "image/png": "png", "image/tiff": "tif"}


def class_folders(
    samples: Sequence[Sample],
    pictures: Mapping[str, Picture],
    crops: Mapping[tuple[str, Cut], str],
    files: EvidenceFolder,
) -> Iterator[File]:
    """`crack/` and `no_crack/` with one picture for each tile, and `tiles.json`, which says what each of them is.

    Tiles are cut out of the photograph pixel for pixel; where only the tile was kept, its file is given as it is.
    """
    told = []
    for sample in samples:
        crop = crops.get((sample.image_sha256, sample.cut))
        name = None
        if sample.image_sha256 in pictures:
            name = f"{_class(sample)}/{sample.name}.png"
            with files.reading(sample.image_sha256) as path:
                tile = tile_png(path, sample.cut)
            yield name, iter((tile,))
        elif crop is not None:
            name = f"{_class(sample)}/{sample.name}.jpg"
            yield name, files.parts(crop)
        told.append({"file": name, **_described(sample)})
    yield "tiles.json", _json(told)


def coco(samples: Sequence[Sample], pictures: Mapping[str, Picture], files: EvidenceFolder) -> Iterator[File]:
    """`annotations.json` with a box for each tile, and `images/` with the photographs that are held."""
    held = _by_picture(samples, pictures)
    ids = {sha256: number for number, sha256 in enumerate(held, 1)}
    boxes = [(sha256, sample) for sha256, of_picture in held.items() for sample in of_picture]
    document = {
        "info": {"description": "tiles that people reviewed; what is in no box was not reviewed"},
        "categories": [{"id": number, "name": name} for number, name in enumerate(CLASSES, 1)],
        "images": [
            {
                "id": ids[sha256],
                "file_name": _file_name(pictures[sha256]),
                "width": pictures[sha256].width_px,
                "height": pictures[sha256].height_px,
            }
            for sha256 in held
        ],
        "annotations": [
            {
                "id": number,
                "image_id": ids[sha256],
                "category_id": 1 + CLASSES.index(_class(sample)),
                "bbox": [sample.cut.x_px, sample.cut.y_px, sample.cut.width_px, sample.cut.height_px],
                "area": sample.cut.width_px * sample.cut.height_px,
                "segmentation": [],
                "iscrowd": 0,
            }
            for number, (sha256, sample) in enumerate(boxes, 1)
        ],
    }
    yield "annotations.json", _json(document)
    for sha256 in held:
        yield f"images/{_file_name(pictures[sha256])}", files.parts(sha256)


def yolo(samples: Sequence[Sample], pictures: Mapping[str, Picture], files: EvidenceFolder) -> Iterator[File]:
    """`data.yaml`, `images/` and `labels/`: class, middle and size of each box as shares of the photograph."""
    names = "".join(f"  {number}: {name}\n" for number, name in enumerate(CLASSES))
    yield "data.yaml", iter((f"path: .\ntrain: images\nval: images\nnames:\n{names}".encode(),))
    for sha256, of_picture in _by_picture(samples, pictures).items():
        picture = pictures[sha256]
        lines = "".join(f"{CLASSES.index(_class(sample))} {_shares(sample.cut, picture)}\n" for sample in of_picture)
        yield f"labels/{sha256[:16]}.txt", iter((lines.encode(),))
        yield f"images/{_file_name(picture)}", files.parts(sha256)


def _class(sample: Sample) -> str:
    return CLASSES[0] if sample.crack else CLASSES[1]


def _described(sample: Sample) -> dict[str, Any]:
    return {
        "class": _class(sample),
        "frame_id": str(sample.frame_id),
        "image_sha256": sample.image_sha256,
        "rectangle_px": [sample.cut.x_px, sample.cut.y_px, sample.cut.width_px, sample.cut.height_px],
        "review_ids": [str(each) for each in sample.review_ids],
    }


def _by_picture(samples: Sequence[Sample], pictures: Mapping[str, Picture]) -> dict[str, list[Sample]]:
    found: defaultdict[str, list[Sample]] = defaultdict(list)
    for sample in samples:
        if sample.image_sha256 in pictures:
            found[sample.image_sha256].append(sample)
    return found


def _file_name(picture: Picture) -> str:
    return f"{picture.sha256[:16]}.{SUFFIXES[picture.media_type]}"


def _shares(cut: Cut, picture: Picture) -> str:
    middle = ((cut.x_px + cut.width_px / 2) / picture.width_px, (cut.y_px + cut.height_px / 2) / picture.height_px)
    size = (cut.width_px / picture.width_px, cut.height_px / picture.height_px)
    return " ".join(f"{value:.8f}" for value in (*middle, *size))


def _json(document: Any) -> Iterator[bytes]:
    return iter((json.dumps(document, indent=1).encode(),))
