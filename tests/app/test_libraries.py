"""Libraries and dependencies are looked for among what is installed."""

from __future__ import annotations

from importlib.metadata import version

import pytest

from nbkit.app.libraries import not_installed
from nbkit.graph.model import Job

NUMPY = version("numpy")


def messages(directory, *libraries, dependencies=()):
    task = {"task_key": "a", "notebook_task": {"notebook_path": "a"}, "libraries": list(libraries)}
    environment = {"environment_key": "e", "spec": {"dependencies": list(dependencies)}}
    job = Job.model_validate({"tasks": [task], "environments": [environment]})
    return [str(problem) for problem in not_installed(job, directory, "warning")]


@pytest.mark.parametrize(
    ("wanted", "message"),
    [
        ("numpy", None),
        ("NumPy>=1", None),
        (f"numpy=={NUMPY}", None),
        ("numpy<1", f"numpy {NUMPY} is installed here, not <1"),
        ("nosuch-package[extra]==1.0", "nosuch-package is not installed here"),
        ('nosuch-package; python_version < "3"', None),
        ("nosuch @ https://example.com/nosuch.zip", "nosuch is not installed here"),
        ("numpy = 1", "numpy = 1 names no package"),
        ("--index-url https://example.com", None),
        ("git+https://example.com/x.git", None),
        ("/Workspace/Users/me/shop", None),
        ("${var.wheel}", None),
        ("./dist/*.whl", None),
        ("dist/nosuch-*.whl", "nosuch is not installed here"),
        ("dist/numpy-*.whl", None),
        (f"/Volumes/x/numpy-{NUMPY}-py3-none-any.whl", None),
        ("numpy-0.1-py3-none-any.whl", f"numpy {NUMPY} is installed here, not 0.1"),
    ],
)
def test_a_dependency_is_there_or_not(tmp_path, wanted, message):
    """By name and version; what cannot be known without building or fetching is let be."""
    found = messages(tmp_path, dependencies=[wanted])
    assert found == ([f"environments[0].spec.dependencies[0]: {message}"] if message else [])


def test_libraries_of_tasks(tmp_path):
    """Packages, wheels and requirements files; each complaint once, jars and eggs none."""
    (tmp_path / "wants.txt").write_text("# packages\nnumpy  # fine\n-c x.txt\n\nnosuch>1\nother\n")
    found = messages(
        tmp_path,
        {"pypi": {"package": "nosuch"}},
        {"whl": "dist/nosuch-1.0-py3-none-any.whl"},
        {"requirements": "wants.txt"},
        {"requirements": "missing.txt"},
        {"requirements": "/Workspace/wants.txt"},
        {"jar": "x.jar"},
        {"maven": {"coordinates": "a:b:1"}},
    )
    assert found == [
        "tasks[0].libraries[0].pypi.package: nosuch is not installed here",
        "tasks[0].libraries[2].requirements: other is not installed here",
        "tasks[0].libraries[3].requirements: the file missing.txt cannot be read",
    ]


def test_the_command_line_says_it(project):
    """A warning, an error to the strict, and no obstacle to a run."""
    from nbkit.app.loading import load, problems
    from nbkit.errors import DefinitionError

    gate = project.condition("gate", "1", "EQUAL_TO", "1")
    job = project.job(gate | {"libraries": [{"pypi": {"package": "nosuch"}}]})
    severities = [(problem.severity, problem.message) for problem in problems(job)]
    assert [severity for severity, _ in severities] == ["note", "warning"]
    assert len(load(job).parsed.warnings) == 2
    with pytest.raises(DefinitionError, match="nosuch is not installed here"):
        load(job, strict=True)
