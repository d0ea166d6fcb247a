from __future__ import annotations

from itertools import combinations

from hypothesis import given
from hypothesis import strategies as st

from nbkit.report.layout import layout


def test_a_node_comes_in_the_layer_after_its_last_parent():
    """Layers are longest paths, in whatever order the nodes are given."""
    found = layout({"d": ["b", "a"], "a": [], "b": ["a"], "e": ["d", "a"]})
    layers = {key: layer for key, (layer, _) in found.nodes.items()}
    assert layers == {"a": 0, "b": 1, "d": 2, "e": 3}
    assert found.layers == 4


def test_a_long_edge_bends_in_every_layer_it_passes():
    """So it runs between the nodes of these layers, not through them."""
    found = layout({"a": [], "b": ["a"], "c": ["b"], "d": ["c", "a"]})
    assert [layer for layer, _ in found.edges["a", "d"]] == [0, 1, 2, 3]
    for layer, place in found.edges["a", "d"][1:-1]:
        neighbour = next(y for x, y in found.nodes.values() if x == layer)
        assert abs(place - neighbour) > 0.5


def test_a_crossing_that_can_be_avoided_is_avoided():
    """Two chains side by side stay side by side, though listed crosswise."""
    found = layout({"a": [], "b": [], "b2": ["b"], "a2": ["a"]})
    assert (found.nodes["a"][1] < found.nodes["b"][1]) == (
        found.nodes["a2"][1] < found.nodes["b2"][1]
    )


def test_no_tasks_make_an_empty_layout():
    assert layout({}).nodes == {}


@given(st.lists(st.sets(st.integers(0, 30), max_size=4), max_size=40))
def test_nodes_never_overlap(above: list[set[int]]):
    """Within a layer, nodes are at least one place apart, and none is left of the edge."""
    parents = {
        f"t{i}": [f"t{i - 1 - up}" for up in ups if i - 1 - up >= 0] for i, ups in enumerate(above)
    }
    nodes = layout(parents).nodes
    assert set(nodes) == set(parents)
    for (x1, y1), (x2, y2) in combinations(nodes.values(), 2):
        assert x1 != x2 or abs(y1 - y2) > 1 - 1e-6
    assert all(place >= -1e-6 for _, place in nodes.values())
