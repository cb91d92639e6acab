"""`crackmap models networks`."""

import typer

from crackmap_models.commands.options import say


def networks(
    tile_px: int = typer.Option(227, min=64, help="Tile size to count for: a flattening network grows with it."),
) -> None:
    """List the networks that can be trained, with parameters and multiplications per tile."""
    from crackmap_models.networks.catalogue import NETWORKS
    from crackmap_models.networks.cost import cost

    say(f"{'network':12}{'parameters':>12}{'MACs':>10}   {tile_px} px tiles")
    for network in NETWORKS.values():
        counted = cost(network.build(tile_px))
        say(f"{network.name:12}{counted.parameters:12,}{counted.macs / 1e6:8.1f} M   {network.about}")
