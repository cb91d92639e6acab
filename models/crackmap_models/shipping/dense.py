"""The dense file beside a shipped model: made from it alone, promised by its manifest, named in its card."""

import hashlib
from pathlib import Path

from crackmap.manifest import Dense, Manifest, dense_path, manifest_path, read_manifest
from crackmap_models.conversion.dense import dense_stride_px, to_dense
from crackmap_models.shipping.card import card, card_path


def add_dense(model: Path) -> Manifest:
    """Write the dense file of `model`, and manifest and card anew; no figure changes.

    Raises InputError when model and manifest do not belong together, RunError for a model that cannot have one.
    """
    manifest, content = read_manifest(model)
    dense = to_dense(content)
    promised = manifest.model_copy(update={"dense": promise(dense, manifest.tile_px)})
    dense_path(model).write_bytes(dense)
    manifest_path(model).write_text(promised.model_dump_json(indent=1) + "\n")
    card_path(model).write_text(card(promised))
    return promised


def promise(dense: bytes, tile_px: int) -> Dense:
    """What a manifest says of a dense file."""
    return Dense(sha256=hashlib.sha256(dense).hexdigest(), size_bytes=len(dense), stride_px=dense_stride_px(tile_px))
