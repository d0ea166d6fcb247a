"""A run as a still picture: what is left of the widget where nothing can run it."""

from __future__ import annotations

import base64
from html import escape
from typing import TYPE_CHECKING

from nbkit.report.drawing import draw
from nbkit.report.page import environment
from nbkit.report.wording import duration

if TYPE_CHECKING:
    from nbkit.report.view import RunView

_STYLE = """
text { font-family: system-ui, sans-serif; fill: #1f2328; }
text.kind { font-size: 11px; fill: #59636e; } text.name { font-size: 13.5px; font-weight: 600; }
text.state { font-size: 11.5px; font-weight: 600; }
text.outcome { font-size: 11.5px; font-weight: 600; paint-order: stroke; stroke: #fff;
  stroke-width: 5px; stroke-linejoin: round; }
.paper { fill: #fff; } .box { fill: #fff; stroke: #59636e; stroke-width: 1.25; }
.good .box { stroke: #1a7f37; fill: #e3f8e8; } .good .state { fill: #1a7f37; }
.bad .box { stroke: #c21c28; fill: #ffebe9; stroke-width: 2; } .bad .state { fill: #c21c28; }
.warn .box { stroke: #8a5a00; fill: #fff5d1; } .warn .state { fill: #8a5a00; }
.active .box { stroke: #0860c4; fill: #e2f1ff; } .active .state { fill: #0860c4; }
.quiet .box { fill: #eff2f5; stroke-dasharray: 4 3; } .quiet .state { fill: #59636e; }
.edge { fill: none; stroke: #59636e; stroke-width: 1.4; } .idle { stroke-dasharray: 5 4; }
marker path { fill: #59636e; }
"""


def graph_svg(run: RunView) -> str:
    """Return the graph of a run as SVG, for a page that has the style."""
    template = environment().get_template("graph.svg.j2")
    anchors = {task.key: f"task-{at}" for at, task in enumerate(run.tasks)}
    return template.render(run=run, drawing=draw(run), anchors=anchors)


def picture_svg(run: RunView) -> str:
    """Return the graph of a run as an SVG file of its own, on white."""
    _, _, rest = graph_svg(run).partition("<svg")
    attributes, _, shapes = rest.partition(">")
    drawing = draw(run)
    size = f'width="{drawing.width:.0f}" height="{drawing.height:.0f}"'
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" {size}{attributes}>'
        f'<style>{_STYLE}</style><rect class="paper" width="100%" height="100%"/>{shapes}'
    )


def picture_html(run: RunView) -> str:
    """Return a run as HTML that needs no style and no script: a line, the graph, what failed.

    Where pictures are dropped too, the list says what they show.
    """
    counts = ", ".join(f"{look.glyph} {amount} {look.word}" for look, amount in run.counts)
    state = f"{run.look.glyph} {run.look.word}, run {run.run_id}" if run.run_id else "not run yet"
    failures = "".join(
        f"<li><b>{escape(task.key)}</b>: {escape(task.trouble.error)}</li>" for task in run.failed
    )
    code = base64.b64encode(picture_svg(run).encode("utf-8", "replace")).decode()
    alt = escape(f"Graph of {run.name}: {counts}", quote=True)
    return (
        f"<p><b>{escape(run.name)}</b>: {escape(state)}<br>{escape(counts)}</p>"
        f'<img alt="{alt}" style="max-width: 100%" src="data:image/svg+xml;base64,{code}">'
        + (f"<ul>{failures}</ul>" if failures else "")
        + f"<details><summary>Tasks</summary><ul>{_list_of_tasks(run)}</ul></details>"
    )


def _list_of_tasks(run: RunView) -> str:
    lines = []
    for task in run.tasks:
        said = ", ".join(filter(None, (task.look.word, duration(task.milliseconds))))
        after = ", ".join(parent for parent, _ in task.depends_on)
        line = f"{task.look.glyph} {task.key}: {said}" + (f"; after {after}" if after else "")
        lines.append(f"<li>{escape(line)}</li>")
    return "".join(lines)
