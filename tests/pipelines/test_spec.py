"""Settings of pipelines, Spark's and those of bundles."""

from __future__ import annotations

import pytest

from nbkit.errors import DefinitionError, UsageError
from nbkit.pipelines.declare.spec import read_spec

SPARK = """
name: sales
storage: file:///tmp/sales
schema: shop
libraries:
  - glob: {include: src/**}
  - glob: {include: extra.sql}
configuration: {day: "1"}
"""
BUNDLE = """
bundle: {name: b}
variables: {schema: {default: shop}}
resources:
  pipelines:
    sales:
      name: sales of ${bundle.target}
      schema: ${var.schema}
      catalog: main
      serverless: true
      continuous: false
      configuration: {fast: true}
      libraries:
        - notebook: {path: src/a}
        - file: {path: src/b.sql}
targets:
  dev: {default: true}
"""


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "src" / "deep").mkdir(parents=True)
    for name in ("src/a.py", "src/b.sql", "src/deep/c.ipynb", "src/notes.md", "extra.sql"):
        (tmp_path / name).write_text("")
    return tmp_path


def test_sparks_own_settings_are_read(folder):
    """Globs take sources of every kind, in one order, and nothing else."""
    (folder / "spark-pipeline.yml").write_text(SPARK)
    spec = read_spec(folder)
    names = [path.relative_to(folder).as_posix() for path in spec.sources]
    assert names == ["src/a.py", "src/b.sql", "src/deep/c.ipynb", "extra.sql"]
    assert (spec.name, spec.schema, spec.configuration) == ("sales", "shop", {"day": "1"})
    assert read_spec(folder / "spark-pipeline.yml") == spec


def test_a_pipeline_of_a_bundle_is_read(folder):
    """Variables and target are filled in; what only a workspace does is remembered."""
    file = folder / "databricks.yml"
    file.write_text(BUNDLE)
    spec = read_spec(f"{file}:sales")
    assert (spec.name, spec.schema, spec.catalog) == ("sales of dev", "shop", "main")
    assert [path.name for path in spec.sources] == ["a.py", "b.sql"]
    assert spec.configuration == {"fast": "true"}
    assert spec.ignored == ("serverless",)
    assert read_spec(file) == spec
    other = read_spec(f"{file}:sales --var schema=mine")
    assert other.schema == "mine"


def test_a_bundle_is_read_as_it_is_for_jobs(folder, monkeypatch):
    """Included files, targets on top of what is below, variables of the environment."""
    main, _, pipelines = BUNDLE.partition("resources:")
    resources, _, targets = pipelines.partition("targets:")
    (folder / "resources").mkdir()
    fragment = resources.replace("path: src/", "path: ../src/")
    (folder / "resources" / "sales.pipeline.yml").write_text(f"resources:{fragment}")
    more = "{resources: {pipelines: {sales: {schema: big, configuration: {slow: 1}}}}}"
    file = folder / "databricks.yml"
    file.write_text(f"{main}include: [resources/*.yml]\ntargets:{targets}  prod: {more}\n")
    assert read_spec(file).schema == "shop"
    monkeypatch.setenv("BUNDLE_VAR_schema", "from_outside")
    monkeypatch.setenv("BUNDLE_VAR_else", "is somebody else's")
    assert read_spec(file).schema == "from_outside"
    assert read_spec(f"{file} --var schema=mine").schema == "mine"
    assert read_spec(folder / "resources" / "sales.pipeline.yml").schema == "from_outside"
    overrides = folder / ".databricks" / "bundle" / "dev" / "variable-overrides.json"
    overrides.parent.mkdir(parents=True)
    overrides.write_text('{"schema": "kept"}')
    monkeypatch.delenv("BUNDLE_VAR_schema")
    assert read_spec(file).schema == "kept"
    prod = read_spec(f"{file}:sales --target prod")
    assert (prod.name, prod.schema) == ("sales of prod", "big")
    assert prod.configuration == {"fast": "true", "slow": "1"}
    assert [path.name for path in prod.sources] == ["a.py", "b.sql"]
    by_glob = fragment.partition("      libraries:")[0] + (
        "      root_path: ../src\n      libraries:\n        - glob: {include: ../src/**}\n"
    )
    (folder / "resources" / "sales.pipeline.yml").write_text(f"resources:{by_glob}")
    spec = read_spec(file)
    assert (spec.root, len(spec.sources)) == (folder / "src", 3)
    for wrong, message in (
        ("--target dve", "there is no target dve; nearest: dev"),
        ("--var schem=x", "there is no variable schem here; nearest: schema"),
    ):
        with pytest.raises(DefinitionError, match=message):
            read_spec(f"{file}:sales {wrong}")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("schema:", "shcema:"), "shcema: is no setting of a pipeline; nearest: schema"),
        (("name: sales", ""), "name: is missing"),
        (("src/**", "scr/**"), r"libraries\[0\].glob.include: nothing matches scr/\*\*"),
    ],
)
def test_wrong_settings_are_named_with_their_place(folder, change, message):
    """All at once, with the nearest valid name."""
    (folder / "spark-pipeline.yml").write_text(SPARK.replace(*change))
    with pytest.raises(DefinitionError, match=message):
        read_spec(folder)


def test_a_missing_source_of_a_bundle_is_named(folder):
    """With the file that was probably meant."""
    file = folder / "databricks.yml"
    file.write_text(BUNDLE.replace("src/b.sql", "src/bb.sql"))
    with pytest.raises(DefinitionError, match=r"there is no src/bb.sql; nearest: b.sql"):
        read_spec(file)
    with pytest.raises(DefinitionError, match="there is no pipeline sale; nearest: sales"):
        read_spec(f"{file}:sale")


def test_a_missing_file_is_named(folder):
    """Not found is a mistake of the command."""
    (folder / "spark-pipeline.yml").write_text(SPARK)
    with pytest.raises(UsageError, match=r"nearest: spark-pipeline\.yml"):
        read_spec(folder / "spark-pipelines.yml")
    with pytest.raises(UsageError, match=r"no spark-pipeline.yml in"):
        read_spec(folder / "src")


def test_one_source_is_a_pipeline_by_itself(folder):
    """To try it, no settings are needed."""
    spec = read_spec(folder / "src" / "a.py")
    assert (spec.name, spec.schema) == ("a", "default")
