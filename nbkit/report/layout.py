"""Where the nodes of a graph go: layers by longest path, few crossings, straight edges.

The three steps of Sugiyama's method, each in its simple form. Positions are abstract: `layer`
counts along the flow and `place` across it, both in node sizes; who draws chooses the direction.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from graphlib import TopologicalSorter
from itertools import pairwise
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

_SWEEPS = 8
_MANY_BENDS = 4000
_BEND_SIZE = 0.2

Node = str | tuple[str, str, int]
"""A task, or a bend: where the edge (parent, child) crosses a layer."""


@dataclass(frozen=True, slots=True)
class Layout:
    """Positions of a graph's nodes and the bends of its edges.

    Attributes:
        nodes: by key, (layer, place).
        edges: by (parent, child), the points from parent to child, bends in between.
        layers: how many layers there are.
        width: the greatest place plus one.
    """

    nodes: dict[str, tuple[float, float]]
    edges: dict[tuple[str, str], tuple[tuple[float, float], ...]]
    layers: int
    width: float


def layout(parents: Mapping[str, Sequence[str]]) -> Layout:
    """Lay out a graph without cycles, given as each node's parents."""
    layer = _longest_path(parents)
    chains = _chains(parents, layer)
    rows: list[list[Node]] = [[] for _ in range(max(layer.values(), default=-1) + 1)]
    for key, at in layer.items():
        rows[at].append(key)
    above: dict[Node, list[Node]] = defaultdict(list)
    below: dict[Node, list[Node]] = defaultdict(list)
    for (parent, _), chain in chains.items():
        for at, bend in enumerate(chain[1:-1], layer[parent] + 1):
            rows[at].append(bend)
        for first, second in pairwise(chain):
            above[second].append(first)
            below[first].append(second)
    _order(rows, above, below)
    place = _straighten(rows, above, below)
    least = min(place.values(), default=0.0)
    position: dict[Node, tuple[float, float]] = {
        node: (float(at), place[node] - least) for at, row in enumerate(rows) for node in row
    }
    return Layout(
        nodes={key: position[key] for key in layer},
        edges={edge: tuple(position[node] for node in chain) for edge, chain in chains.items()},
        layers=len(rows),
        width=max(place.values(), default=0.0) - least + 1,
    )


def _longest_path(parents: Mapping[str, Sequence[str]]) -> dict[str, int]:
    layer: dict[str, int] = {}
    for key in TopologicalSorter(parents).static_order():
        layer[key] = max((layer[parent] + 1 for parent in parents[key]), default=0)
    return {key: layer[key] for key in parents}


def _chains(
    parents: Mapping[str, Sequence[str]], layer: Mapping[str, int]
) -> dict[tuple[str, str], list[Node]]:
    """Return each edge as the nodes it passes; bends keep long edges off the nodes between."""
    edges = [(above, key) for key in parents for above in parents[key]]
    bends = sum(layer[child] - layer[parent] - 1 for parent, child in edges)
    if bends > _MANY_BENDS:
        return {edge: [*edge] for edge in edges}
    return {
        (parent, child): [
            parent,
            *((parent, child, at) for at in range(layer[parent] + 1, layer[child])),
            child,
        ]
        for parent, child in edges
    }


def _order(
    rows: list[list[Node]],
    above: Mapping[Node, list[Node]],
    below: Mapping[Node, list[Node]],
) -> None:
    """Sort each layer by the mean place of its neighbours, down and up by turns."""
    place = {node: float(at) for row in rows for at, node in enumerate(row)}
    best, fewest = [list(row) for row in rows], _crossings(rows, below)
    for sweep in range(_SWEEPS):
        if fewest == 0:
            break
        down = sweep % 2 == 0
        for row in rows if down else reversed(rows):
            near = above if down else below
            means = {
                node: _mean((place[n] for n in near.get(node, ())), place[node]) for node in row
            }
            row.sort(key=means.__getitem__)
            place.update((node, float(at)) for at, node in enumerate(row))
        found = _crossings(rows, below)
        if found < fewest:
            best, fewest = [list(row) for row in rows], found
    rows[:] = best


def _crossings(rows: Sequence[Sequence[Node]], below: Mapping[Node, list[Node]]) -> int:
    """Count crossings between neighbouring layers: inversions among the edges' ends."""
    total = 0
    for row, following in pairwise(rows):
        at = {node: index for index, node in enumerate(following)}
        tree = [0] * (len(following) + 1)
        seen = 0
        for node in row:
            ends = [at[child] for child in below.get(node, ()) if child in at]
            for end in ends:
                total += seen - _sum_to(tree, end + 1)
            for end in ends:
                seen += 1
                index = end + 1
                while index < len(tree):
                    tree[index] += 1
                    index += index & -index
    return total


def _sum_to(tree: Sequence[int], index: int) -> int:
    """Return a Fenwick tree's sum of the first `index` entries."""
    found = 0
    while index:
        found += tree[index]
        index -= index & -index
    return found


def _straighten(
    rows: Sequence[Sequence[Node]],
    above: Mapping[Node, list[Node]],
    below: Mapping[Node, list[Node]],
) -> dict[Node, float]:
    """Move nodes towards their neighbours without changing their order."""
    place: dict[Node, float] = {}
    for row in rows:
        offsets = _offsets(row)
        middle = (offsets[-1] if offsets else 0.0) / 2
        place.update((node, at - middle) for node, at in zip(row, offsets, strict=True))
    for sweep in range(_SWEEPS):
        near = (above, below)[sweep % 2]
        for row in rows if sweep % 2 == 0 else reversed(rows):
            wanted = [_mean((place[n] for n in near.get(node, ())), place[node]) for node in row]
            place.update(zip(row, _spread(wanted, _offsets(row)), strict=True))
    return place


def _offsets(row: Sequence[Node]) -> list[float]:
    """Return the least place of each node of a layer, counted from its first."""
    found: list[float] = []
    for at, node in enumerate(row):
        gap = (_size(row[at - 1]) + _size(node)) / 2 if at else 0.0
        found.append((found[-1] if found else 0.0) + gap)
    return found


def _size(node: Node) -> float:
    return 1.0 if isinstance(node, str) else _BEND_SIZE


def _spread(wanted: Sequence[float], offsets: Sequence[float]) -> list[float]:
    """Return the places nearest to `wanted` that keep the order and the gaps of `offsets`.

    Least squares by pooling adjacent violators: neighbours that want to pass each other
    become one block at their mean.
    """
    blocks: list[tuple[float, int]] = []
    for want, offset in zip(wanted, offsets, strict=True):
        mean, size = want - offset, 1
        while blocks and blocks[-1][0] > mean:
            before, count = blocks.pop()
            mean = (before * count + mean * size) / (count + size)
            size += count
        blocks.append((mean, size))
    flat = [mean for mean, size in blocks for _ in range(size)]
    return [mean + offset for mean, offset in zip(flat, offsets, strict=True)]


def _mean(values: Iterable[float], otherwise: float) -> float:
    found = list(values)
    return sum(found) / len(found) if found else otherwise
