"""Who may use which part of the working memory when."""

from collections.abc import Sequence

from crackmap_models.conversion.graph import Operator


def plan(steps: Sequence[Operator]) -> tuple[dict[int, int], int]:
    """Where in the working memory each tensor lies, by first fit over the time that it is needed; and how much."""
    last = {value.index: when for when, step in enumerate(steps) for value in step.inputs}
    places: dict[int, int] = {}
    alive: list[tuple[int, int, int]] = []  # begin, end, tensor
    most = 0
    for when, step in enumerate(steps):
        alive = [spot for spot in alive if last[spot[2]] >= when]
        size, begin = step.output.size, 0
        for start, end, _ in sorted(alive):
            if begin + size <= start:
                break
            begin = max(begin, end)
        places[step.output.index] = begin
        last.setdefault(step.output.index, len(steps))
        alive.append((begin, begin + size, step.output.index))
        most = max(most, begin + size)
    return places, most
