"""A reference is resolved once, in the text that an author wrote; data is never a template.

The oracle knows what each text was made of, and shares no code with what is tested.
"""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from nbkit.events import RunStarted, Unit
from nbkit.rules.parameters import with_parameters

SECRETS = ["{{secrets/s/k}}", "{{ secrets/prod/token }}"]
DATA = st.sampled_from(
    [
        *SECRETS,
        "{{job.run_id}}",
        "{{job.parameters.other}}",
        "{{tasks.load.values.v}}",
        "{{input}}",
        "{{",
        "}}",
        "{{secrets/s/",
        "k}}",
        "plain",
        "ü✓",
        "",
    ]
)
WORDS = st.lists(DATA, max_size=4).map("".join)
PIECE = st.one_of(
    st.tuples(st.just("text"), st.sampled_from(["a", " ", "-", "ü"])),
    st.tuples(st.just("secret"), st.sampled_from(SECRETS)),
    st.tuples(st.just("value"), st.just("{{tasks.load.values.v}}")),
    st.tuples(st.just("given"), st.just("{{job.parameters.given}}")),
    st.tuples(st.just("default"), st.just("{{job.parameters.default}}")),
)


def started(kit, tasks, defaults, given_, value):
    """Run a job whose task `load` sets the task value `v`; return what started each attempt."""
    declared = [{"name": name, "default": default} for name, default in defaults.items()]
    graph = kit.graph_of(tasks, parameters=declared)
    event = with_parameters(graph, RunStarted(kit.START, 7, 1, "job"), given_)
    script = {"load": kit.Ending(values={"v": value})}
    run = kit.Simulation(tasks, script, parameters=event.parameters, secrets=event.secrets)
    run.run()
    return run.started


@given(
    template=st.lists(PIECE, max_size=6), value=WORDS, given_=WORDS, secret=st.sampled_from(SECRETS)
)
@settings(deadline=None)
def test_what_a_task_gets_is_its_template_filled_once(template, value, given_, secret, kit):
    """Data passes as it is; the secrets are those of the author, where the author wrote them."""
    base = {"own": "".join(text for _, text in template)}
    tasks = [kit.notebook("load"), kit.notebook("use", "load", base_parameters=base)]
    defaults = {"given": secret, "default": f"<{secret}>"}
    expected, places = "", []
    for kind, text in template:
        filled = {"value": value, "given": given_, "default": f"<{secret}>"}.get(kind, text)
        if kind == "secret":
            places.append((len(expected), len(expected) + len(text)))
        if kind == "default":
            places.append((len(expected) + 1, len(expected) + 1 + len(secret)))
        expected += filled

    found = started(kit, tasks, defaults, {"given": given_}, value)[Unit("use")]

    assert found.parameters["own"] == expected
    assert found.parameters["given"] == given_
    assert found.parameters["default"] == f"<{secret}>"
    assert found.secrets.get("own", ()) == tuple(places)
    assert "given" not in found.secrets
    assert found.secrets["default"] == ((1, 1 + len(secret)),)


@given(inputs=st.lists(WORDS, min_size=1, max_size=3))
@settings(deadline=None)
def test_inputs_of_a_for_each_are_data(inputs, kit):
    """Wherever they come from."""
    inner = kit.notebook("one", base_parameters={"x": "{{input}}"})
    each = kit.for_each("each", "load", inputs="{{tasks.load.values.v}}", task=inner)

    found = started(kit, [kit.notebook("load"), each], {}, {}, inputs)

    for number, text in enumerate(inputs):
        command = found[Unit("each", number)]
        assert command.parameters == {"x": text}
        assert command.secrets == {}


@given(text=WORDS)
def test_what_is_given_for_a_run_is_data(text, kit):
    """Of a person, a notebook, or a task that runs the job."""
    graph = kit.graph_of([kit.notebook("a")], parameters=[{"name": "x", "default": "{{job.id}}"}])

    found = with_parameters(graph, RunStarted(1, 7, 1, "job"), {"x": text, "y": text})

    assert found.parameters == {"x": text, "y": text}
    assert found.secrets == {}


def test_secrets_that_an_author_gives_to_another_job_stay_secrets(kit):
    """At the places that come with the values, and nowhere else."""
    graph = kit.graph_of([kit.notebook("a")])
    text = "{{secrets/s/k}} {{secrets/s/k}}"

    found = with_parameters(graph, RunStarted(1, 7, 1, "job"), {"x": text}, {"x": ((0, 15),)})

    assert found.secrets == {"x": ((0, 15),)}
