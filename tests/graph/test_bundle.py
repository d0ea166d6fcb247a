"""Bundles as people write them: targets, variables, included files, anchors, fragments."""

from __future__ import annotations

import copy
import json
import textwrap
from contextlib import suppress

import pytest

from nbkit.errors import DefinitionError
from nbkit.graph.choice import Choice
from nbkit.graph.load import includes, inspect_job, is_fragment, parse_job, resource_keys
from nbkit.graph.yaml_text import read_yaml
from nbkit.rules.queue import waits

BUNDLE = """
bundle:
  name: shop
include:
- resources/*.yml
variables:
  catalog:
    description: Where tables go.
    default: dev_catalog
  day: {default: "{{job.start_time.iso_date}}"}
  retries:
    default: 2
  paths:
    type: complex
    default: {raw: "/raw/${bundle.target}", levels: [bronze, silver]}
  cluster_id:
    lookup: {cluster: shared}
  owner:
    description: no default on purpose
x-defaults: &defaults
  max_retries: ${var.retries}
  timeout_seconds: 600
workspace: {host: https://example.cloud.databricks.com}
targets:
  dev:
    default: true
    mode: development
  prod:
    variables:
      catalog: prod_catalog
      retries: {default: 5}
    resources:
      jobs:
        etl:
          name: etl in production
          parameters: [{name: day, default: "2026-01-01"}, {name: mode, default: full}]
          job_clusters:
          - job_cluster_key: main
            new_cluster: {num_workers: 8}
          tasks:
          - task_key: load
            max_retries: 9
          - task_key: notify
            depends_on: [{task_key: load}]
            notebook_task: {notebook_path: notify.ipynb}
        nightly:
          tasks:
          - {task_key: a, notebook_task: {notebook_path: a.ipynb}}
resources:
  pipelines:
    bronze: {name: bronze}
  jobs:
    etl:
      parameters: [{name: day, default: "${var.day}"}]
      schedule: {quartz_cron_expression: "0 0 5 * * ?", timezone_id: UTC}
      job_clusters:
      - job_cluster_key: main
        new_cluster: {num_workers: 1, spark_version: 17.3.x-scala2.13}
      tasks:
      - task_key: load
        <<: *defaults
        job_cluster_key: main
        notebook_task:
          notebook_path: load.ipynb
          base_parameters:
            catalog: ${var.catalog}
            table: ${var.catalog}.${bundle.name}_${bundle.target}.t
            raw: ${var.paths.raw}
            second: ${var.paths.levels[1]}
            host: ${workspace.host}
            retries: ${var.retries}
    child:
      tasks:
      - task_key: run
        run_job_task: {job_id: "${resources.jobs.etl.id}"}
      - task_key: pipe
        pipeline_task: {pipeline_id: "${resources.pipelines.bronze.id}"}
"""


def read(text=BUNDLE, job_key="etl", **choice):
    """Read a job of a bundle."""
    return parse_job(
        textwrap.dedent(text), source="databricks.yml", job_key=job_key, choice=Choice(**choice)
    )


def messages(text=BUNDLE, job_key="etl", **choice):
    """Return every problem of a bundle's job as (severity, text), but for notes."""
    try:
        found = read(text, job_key, **choice).warnings
    except DefinitionError as error:
        found = error.problems
    return [(each.severity, str(each)) for each in found if each.severity != "note"]


def small(value, variables="{}", more=""):
    """Write a bundle whose job has one task with this value in the parameter `p`."""
    task = (
        f'{{task_key: a, notebook_task: {{notebook_path: a, base_parameters: {{p: "{value}"}}}}}}'
    )
    return f"""
bundle: {{name: b}}
variables: {variables}
resources: {{jobs: {{etl: {{tasks: [{task}]}}}}}}
{more}
"""


def test_the_default_target_counts():
    """Without a choice it is the default target, here one for development."""
    parsed = read()
    assert [problem.severity for problem in parsed.warnings] == ["note"]
    assert parsed.job.max_concurrent_runs == 4
    assert parsed.document["schedule"]["pause_status"] == "PAUSED"
    assert parsed.document["tasks"][0]["notebook_task"]["base_parameters"] == {
        "catalog": "dev_catalog",
        "table": "dev_catalog.shop_dev.t",
        "raw": "/raw/dev",
        "second": "silver",
        "host": "https://example.cloud.databricks.com",
        "retries": 2,
    }
    assert parsed.job.tasks[0].max_retries == 2
    assert parsed.job.tasks[0].timeout_seconds == 600
    assert parsed.job.parameters[0].default == "{{job.start_time.iso_date}}"


def test_a_target_merges_by_name():
    """Tasks, clusters and parameters of the same name become one; others are added."""
    parsed = read(target="prod")
    job = parsed.job
    assert (job.name, job.max_concurrent_runs) == ("etl in production", 1)
    assert [(p.name, p.default) for p in job.parameters] == [
        ("day", "2026-01-01"),
        ("mode", "full"),
    ]
    assert parsed.graph.keys == ("load", "notify")
    load = parsed.document["tasks"][0]
    assert (load["max_retries"], load["timeout_seconds"]) == (9, 600)
    assert load["notebook_task"]["notebook_path"] == "load.ipynb"
    assert load["notebook_task"]["base_parameters"]["table"] == "prod_catalog.shop_prod.t"
    assert load["notebook_task"]["base_parameters"]["retries"] == 5
    (cluster,) = parsed.document["job_clusters"]
    assert cluster["new_cluster"] == {"num_workers": 8, "spark_version": "17.3.x-scala2.13"}


@pytest.mark.parametrize(
    ("choice", "value"),
    [
        ({}, "d"),
        ({"target": "t"}, "of t"),
        ({"environment": {"x": "e"}}, "e"),
        ({"target": "t", "environment": {"x": "e"}}, "e"),
        ({"variables": {"x": "v"}, "environment": {"x": "e"}, "target": "t"}, "v"),
        ({"variables": {"x": "a=b"}}, "a=b"),
        ({"overrides": {"o": '{"x": "of file", "y": 1}'}}, "of file"),
        ({"overrides": {"o": '{"x": 5}'}}, 5),
        ({"overrides": {"o": '{"y": 1}'}}, "d"),
        ({"overrides": {"o": '{"x": "of file"}'}, "target": "t"}, "of t"),
        ({"overrides": {"t": '{"x": "of file"}'}, "target": "t"}, "of file"),
        ({"overrides": {"o": '{"x": "of file"}'}, "environment": {"x": "e"}}, "e"),
        ({"overrides": {"o": '{"x": "of file"}'}, "variables": {"x": "v"}}, "v"),
    ],
)
def test_who_says_what_a_variable_is(choice, value):
    """--var above BUNDLE_VAR_x, above the target's overrides file, the target and the default."""
    targets = "targets: {o: {default: true}, t: {variables: {x: of t}}}"
    text = small("${var.x}", "{x: {default: d}}", targets)
    parameters = read(text, **choice).document["tasks"][0]["notebook_task"]["base_parameters"]
    assert parameters == {"p": value}


def test_an_overrides_file_may_hold_a_complex_variable():
    """It is JSON, so it needs no text around objects and lists."""
    text = small("${var.x.a[1]}", "{x: {type: complex}}")
    parsed = read(text, overrides={"default": '{"x": {"a": [1, 2]}}'})
    assert parsed.document["tasks"][0]["notebook_task"]["base_parameters"] == {"p": 2}


@pytest.mark.parametrize(("file", "message"), [("{", "is no JSON: "), ("[]", "must be an object")])
def test_a_wrong_overrides_file_is_named(file, message):
    """With its place."""
    ((severity, told),) = messages(small("${var.x}"), overrides={"default": file})
    assert severity == "error"
    assert told.startswith(f".databricks/bundle/default/variable-overrides.json {message}")


@pytest.mark.parametrize(
    ("text", "variables"),
    [
        (small("${var.x}", "{x: , v: }"), {"x": "e", "v": "given"}),
        (small("${var.x}", "{}").replace("bundle: {name: b}", ""), {"x": "e", "z": "e"}),
    ],
)
def test_variables_of_the_environment_that_count(text, variables):
    """A whole bundle hears the ones that it declares; a fragment's may be declared elsewhere."""
    environment = {"x": "e", "z": "e"}
    given = {"v": "given"} if "v" in variables else {}
    found = inspect_job(text, source="b.yml", choice=Choice(None, given, environment))
    assert found.variables == variables


@pytest.mark.parametrize(
    ("text", "fragment"),
    [
        ("resources: {jobs: {}}", True),
        ("variables: {}", True),
        ("{bundle: {name: b}, resources: {}}", False),
        ("{name: resources, tasks: []}", False),
    ],
)
def test_a_fragment_has_no_name_of_a_bundle(text, fragment):
    """What is a job, or a main file, is none."""
    assert is_fragment(text, source="x.yml") == fragment


@pytest.mark.parametrize(
    ("queue", "enabled"), [("", None), ("queue: {}", None), ("queue: {enabled: false}", False)]
)
def test_runs_of_bundles_queue_unless_they_say_otherwise(queue, enabled):
    """Bundles have `queue.enabled: true` where nothing is said, like the API 2.2."""
    job = read(
        f"resources: {{jobs: {{etl: {{tasks: [], {queue}}}}}}}".replace(
            "tasks: []", "tasks: [{task_key: a, notebook_task: {notebook_path: a}}]"
        )
    ).job
    assert (job.queue and job.queue.enabled) is enabled
    assert waits(job) is (enabled is not False)


@pytest.mark.parametrize(
    ("variables", "value", "given"),
    [
        ("{x: {default: 5}}", "${var.x}", 5),
        ("{x: {default: true}}", "${var.x}", True),
        ("{x: {default: 1.5}}", "${var.x}", 1.5),
        ("{x: {default: 5}}", "n${var.x}", "n5"),
        ("{x: {default: true}}", "is ${var.x}!", "is true!"),
        ("{x: {default: ''}}", "a${var.x}b", "ab"),
        ("{x: {default: '${var.y}'}, y: {default: 1}}", "${var.x}", 1),
        ("{x-1: {default: a}, x_2: {default: b}}", "${var.x-1}${var.x_2}", "ab"),
        ("{x: {default: {a: [{b: c}]}}}", "${var.x.a[0].b}", "c"),
        ("{}", "${bundle.target}/${bundle.name}", "default/b"),
        ("{}", "${HOME} $PATH ${1} ${a b} $${", "${HOME} $PATH ${1} ${a b} $${"),
        ("{}", "${resources.jobs.etl.tasks[0].task_key}", "a"),
        ("{x: {default: '{{job.id}}'}}", "{{job.run_id}}-${var.x}", "{{job.run_id}}-{{job.id}}"),
    ],
)
def test_a_whole_reference_keeps_its_type(variables, value, given):
    """Alone, a reference is what it stands for; within text it is spelt as JSON spells it."""
    task = read(small(value, variables)).document["tasks"][0]
    assert task["notebook_task"]["base_parameters"]["p"] == given


def test_a_variable_may_be_the_whole_of_anything():
    """Tasks, inputs, a cluster and a list may be one reference each."""
    text = """
        variables:
          tasks:
            type: complex
            default:
            - task_key: each
              for_each_task:
                inputs: ${var.tables}
                task: {task_key: one, new_cluster: "${var.cluster}",
                       notebook_task: {notebook_path: one.ipynb}}
          tables: {default: '["a", "b"]'}
          cluster: {type: complex, default: {num_workers: 1, spark_conf: {a: 1}}}
          mails: {type: complex, default: [me@example.com]}
        resources:
          jobs:
            etl:
              tasks: ${var.tasks}
              email_notifications: {on_failure: "${var.mails}"}
        """
    parsed = read(text, "etl")
    each = parsed.graph.task("each").for_each_task
    assert each.inputs == '["a", "b"]'
    assert each.task.new_cluster.num_workers == 1
    assert parsed.job.email_notifications.on_failure == ["me@example.com"]
    given = '[{"task_key": "a", "notebook_task": {"notebook_path": "a.ipynb"}}]'
    assert read(text, variables={"tasks": given}).graph.keys == ("a",)


@pytest.mark.parametrize(
    ("variables", "value", "message"),
    [
        ("{}", "${var.x}", "${var.x} is declared nowhere here"),
        ("{schema: {default: a}}", "${var.shema}", "is declared nowhere here; nearest: schema"),
        ("{x: }", "${var.x}", "has no value; give it one with --var x=… or BUNDLE_VAR_x"),
        ("{x: {}}", "a ${var.x}", "${var.x} has no value"),
        ("{x: {lookup: {cluster: c}}}", "${var.x}", "is looked up in a workspace"),
        ("{}", "${vars.x}", "is no reference that bundles know; nearest: var"),
        ("{}", "${bundle.nme}", "is declared nowhere here; nearest: name"),
        ("{}", "${workspace.host}", "${workspace.host} is declared nowhere here"),
        ("{}", "${resources.jobs.etll.id}", "is declared nowhere here; nearest: etl"),
        ("{}", "${resources.pipelines.p.id}", "is declared nowhere here"),
        ("{x: {default: [1]}}", "a${var.x}", "is a list, which cannot stand within text"),
        (
            "{x: {default: '${var.y}'}, y: {default: '-${var.x}'}}",
            "${var.x}",
            "refers to itself: var.x → var.y → var.x",
        ),
        (
            "{x: {default: '${var.y}'}}",
            "${var.x}",
            "${var.x} needs ${var.y}, which is declared nowhere here",
        ),
    ],
)
def test_what_has_no_value_is_said(variables, value, message):
    """A warning for those who check, an error for those who run; the text stays as it is."""
    text = small(value, variables)
    parsed = read(text)
    (warning,) = parsed.warnings
    assert warning.pointer == "tasks[0].notebook_task.base_parameters.p"
    assert message in warning.message
    assert parsed.document["tasks"][0]["notebook_task"]["base_parameters"]["p"] == value
    ((severity, _),) = messages(text, undeclared="error")
    assert severity == "error"


def test_what_only_a_workspace_knows_is_no_obstacle_where_it_does_not_matter():
    """A cluster that is looked up by name keeps no job from running; a parameter would."""
    text = """
        variables:
          cluster: {lookup: {cluster: shared}}
          same: {default: "${var.cluster}"}
        resources:
          jobs:
            etl:
              tasks:
              - {task_key: a, notebook_task: {notebook_path: a}, existing_cluster_id: "${var.same}"}
              - {task_key: b, sql_task: {warehouse_id: "${var.cluster}", file: {path: b.sql}}}
        """
    assert [severity for severity, _ in messages(text, undeclared="error")] == ["warning"] * 2
    text = text.replace("path: b.sql", 'path: "${var.cluster}"')
    severities = [severity for severity, _ in messages(text, undeclared="error")]
    assert sorted(severities) == ["error", "warning", "warning"]
    text = text.replace("${var.same}", "${var.smae}")
    assert "error" in messages(text, undeclared="error")[0]


def test_what_follows_from_a_missing_value_is_not_said():
    """A number that is still `${…}` is no second problem, nor are tasks that are not known."""
    text = """
        resources:
          jobs:
            etl: {max_concurrent_runs: "${var.n}", timeout_seconds: "${var.n}",
                  tasks: "${var.tasks}"}
        """
    assert messages(text) == [
        ("warning", "max_concurrent_runs: ${var.n} is declared nowhere here (in 2 places)"),
        ("warning", "tasks: ${var.tasks} is declared nowhere here"),
    ]


@pytest.mark.parametrize(
    ("choice", "job_key", "message"),
    [
        ({"target": "pord"}, "etl", "targets: there is no target pord; nearest: prod"),
        ({"variables": {"catlog": "x"}}, "etl", "variables: there is no variable catlog here; "),
        ({}, "nightly", "job nightly is only in targets: prod; say which with --target"),
        ({}, "etll", "resources.jobs: the bundle has no job etll; nearest: etl"),
        ({"target": "prod"}, None, "the bundle has 3 jobs: etl, child, nightly; say which"),
        ({"variables": {"paths": "[1"}}, "etl", 'is complex, so its value must be JSON, not "[1"'),
    ],
)
def test_a_wrong_choice_is_said(choice, job_key, message):
    """A target, a variable or a job that is not there, with the nearest that is."""
    assert message in messages(BUNDLE, job_key, **choice)[0][1]


@pytest.mark.parametrize("target", [None, "one"])
def test_the_only_target_needs_no_name(target):
    """Jobs that exist only under one target are found."""
    job = "{tasks: [{task_key: a, notebook_task: {notebook_path: a.ipynb}}]}"
    text = f"targets: {{one: {{resources: {{jobs: {{etl: {job}}}}}}}}}"
    assert read(text, None, target=target).graph.keys == ("a",)
    several = text.replace("{one:", "{two: {}, one:")
    found = messages(several, None)
    assert "its jobs etl are only in targets: one; say which with --target" in found[0][1]


def test_without_a_default_target_none_is_used():
    """Databricks would refuse; here it is a warning."""
    text = small("x", more="targets: {a: {}, b: {}}")
    assert messages(text) == [
        (
            "warning",
            "targets: none of a, b is the default, so none is used; say which with --target",
        )
    ]


def test_a_single_job_has_no_targets():
    """A target for a file that has none is a mistake."""
    text = "tasks: [{task_key: a, notebook_task: {notebook_path: a.ipynb}}]"
    found = messages(text, None, target="dev", variables={"day": "1"})
    assert found == [
        ("error", "the file is a single job; it has no targets"),
        ("error", "variables: there is no variable day here"),
    ]


def test_a_fragment_takes_variables_from_elsewhere():
    """Without `bundle:`, variables may be given that the file does not declare."""
    text = small("${var.x}").replace("bundle: {name: b}", "").replace("variables: {}", "")
    parsed = read(text, variables={"x": "1"})
    assert parsed.document["tasks"][0]["notebook_task"]["base_parameters"] == {"p": "1"}


def test_a_whole_bundle_declares_all_its_variables():
    """The environment gives no value to a name that a bundle does not declare."""
    assert "is declared nowhere" in messages(small("${var.x}"), environment={"x": "1"})[0][1]
    fragment = small("${var.x}").replace("bundle: {name: b}", "")
    assert messages(fragment, environment={"x": "1"}) == []


def test_other_resources_have_addresses():
    """The id of a job or a pipeline is what finds it again, with the same choice."""
    tasks = read(job_key="child").document["tasks"]
    assert tasks[0]["run_job_task"]["job_id"] == "databricks.yml:etl"
    assert tasks[1]["pipeline_task"]["pipeline_id"] == "databricks.yml:bronze"
    tasks = read(job_key="child", target="prod", variables={"day": "a b"}).document["tasks"]
    address = "databricks.yml:etl --target prod --var 'day=a b'"
    assert tasks[0]["run_job_task"]["job_id"] == address


def test_facts_are_above_the_file():
    """What only the surroundings know, such as the folder, is theirs to say."""
    text = small("${workspace.file_path}/x by ${workspace.current_user.userName}")
    facts = {"workspace.file_path": "/here", "workspace.current_user.userName": "me"}
    parsed = read(text, facts=facts)
    assert parsed.document["tasks"][0]["notebook_task"]["base_parameters"]["p"] == "/here/x by me"


INCLUDED = """
resources:
  jobs:
    report:
      tasks:
      - {task_key: a, task_key: b, notebook_task: {notebook_path: ../src/report}}
      - task_key: c
        notebook_task: {notebook_path: /Workspace/x}
      - task_key: d
        spark_python_task: {python_file: main.py}
        libraries: [{whl: ../dist/*.whl}, {pypi: {package: numpy}}]
      - task_key: e
        sql_task: {warehouse_id: "1", file: {path: ./q.sql}}
      - task_key: f
        notebook_task: {notebook_path: "${workspace.file_path}/x"}
      - task_key: g
        notebook_task: {notebook_path: in/git, source: GIT}
targets:
  prod:
    resources: {jobs: {report: {name: "report of ${var.catalog}"}}}
"""


def test_included_files_are_part_of_the_bundle():
    """Their paths start at themselves, their targets merge, their repetitions are said."""
    files = {"resources/report.yml": INCLUDED}
    parsed = read(job_key="report", files=files, target="prod", facts={"workspace.file_path": "/b"})
    tasks = parsed.document["tasks"]
    assert parsed.job.name == "report of prod_catalog"
    assert [
        tasks[0]["notebook_task"]["notebook_path"],
        tasks[1]["notebook_task"]["notebook_path"],
        tasks[2]["spark_python_task"]["python_file"],
        tasks[2]["libraries"][0]["whl"],
        tasks[3]["sql_task"]["file"]["path"],
        tasks[4]["notebook_task"]["notebook_path"],
        tasks[5]["notebook_task"]["notebook_path"],
    ] == [
        "src/report",
        "/Workspace/x",
        "resources/main.py",
        "dist/*.whl",
        "resources/q.sql",
        "/b/x",
        "in/git",
    ]
    assert [problem.pointer for problem in parsed.warnings] == ["", "tasks[0].task_key"]
    assert resource_keys(BUNDLE, "jobs", source="b.yml", choice=Choice(files=files)) == (
        "etl",
        "child",
        "report",
    )


def test_what_a_bundle_includes():
    """The patterns are for others to follow; a single job includes nothing."""
    assert includes(BUNDLE, source="databricks.yml") == ("resources/*.yml",)
    assert includes("include: [5, a.yml]", source="databricks.yml") == ("a.yml",)
    assert includes("include: [a.yml]\ntasks: []", source="job.yml") == ()
    assert includes("bundle: {}", source="databricks.yml") == ()


def test_unreadable_included_files_are_named():
    """The problem says which file it is in."""
    with pytest.raises(DefinitionError, match=r"resources/x\.yml:\n.*not YAML"):
        read(files={"resources/x.yml": "a: ["})


def test_unknown_top_level_fields_are_warned_of():
    """Anchors have homes that start with x-; everything else is a slip."""
    text = small("x", more="x-mine: {}\nvaribles: {}\n")
    assert messages(text) == [
        ("warning", "varibles: bundles have no field varibles here; nearest: variables")
    ]


def test_endless_text_is_refused():
    """Variables that double one another come to an end."""
    doubled = ", ".join(
        f"x{n}: {{default: '${{var.x{n - 1}}}${{var.x{n - 1}}}'}}" for n in range(1, 60)
    )
    text = small("${var.x59}", f"{{x0: {{default: 0123456789}}, {doubled}}}")
    assert "unfolds to too much text" in messages(text)[0][1]


@pytest.mark.parametrize("odd", ["5", "[]", "[1]", "x", "{a: 5}", "{a: []}", "''", "{'': }"])
@pytest.mark.parametrize(
    "field", ["variables", "targets", "resources", "include", "bundle", "workspace", "artifacts"]
)
def test_odd_bundles_have_plain_problems(field, odd):
    """Whatever stands where an object should, nothing breaks."""
    text = f"{field}: {odd}\n{'bundle' if field != 'bundle' else 'targets'}: {{}}"
    assert messages(text, None)
    other = "resources: {jobs: {etl: {tasks: [{task_key: a, notebook_task: {notebook_path: a}}]}}}"
    if field != "resources":
        messages(f"{field}: {odd}\n{other}")


def places(value, way=()):
    """Yield the ways to every value of a document but the document itself."""
    inner = value.items() if isinstance(value, dict) else ()
    for step, deeper in enumerate(value) if isinstance(value, list) else inner:
        yield (*way, step)
        yield from places(deeper, (*way, step))


@pytest.mark.parametrize(
    "odd", [None, 5, "", [{}], "${var.paths}", "${resources.jobs.etl}"], ids=str
)
def test_spoiled_bundles_have_plain_problems(odd):
    """Whatever stands wherever, the answer is a job or problems."""
    sound = read_yaml(BUNDLE).value
    for way in places(sound):
        spoiled = copy.deepcopy(sound)
        holder = spoiled
        for step in way[:-1]:
            holder = holder[step]
        holder[way[-1]] = odd
        for target in (None, "prod"):
            with suppress(DefinitionError):
                read(json.dumps(spoiled), target=target)
