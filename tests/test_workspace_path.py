"""A repository's own absolute path leads to the project, and nothing else does."""

from __future__ import annotations

import pytest

from nbkit.workspace_path import split


@pytest.fixture
def project(tmp_path):
    root = tmp_path / "shop"
    (root / "conf").mkdir(parents=True)
    (root / "conf" / "a.yml").write_text("a: 1")
    return root


@pytest.mark.parametrize(
    ("folder", "below"),
    [
        ("/Workspace/Users/me@example.com/shop", "conf/a.yml"),
        ("/Workspace/Repos/me@example.com/another name", "conf/a.yml"),
        ("/Repos/team/shop", "conf/b.yml"),
        ("/Workspace/Shared/shop", ""),
        ("/Workspace/Users/me/.bundle/sales/dev/files", "conf"),
        ("/Workspace/Shared/.bundle/sales/prod/files", "./conf//a.yml"),
        ("/Workspace/Users/me/code/shop", "conf/a.yml"),
    ],
)
def test_folders_of_repositories_are_the_project(project, folder, below):
    """Of any name; deeper ones where they are called as the project."""
    assert split(f"{folder}/{below}".rstrip("/"), project) == (folder, project / below)


@pytest.mark.parametrize(
    "path",
    [
        "/Workspace/Users/me/code/other/conf/a.yml",
        "/Workspace/Users/me/shop/nowhere/a.yml",
        "/Workspace/Users/me/shop/../../conf/a.yml",
        "/Workspace/Users/me",
        "/Workspace/Shared/util.py",
        "/Workspace/Users/me/other",
        "/Workspace/Users/me/files",
        "/Workspace/conf/a.yml",
        "/Users/me/shop/conf/a.yml",
        "/Volumes/main/shop/conf/a.yml",
        "conf/a.yml",
        "/Workspace/Users/me/shop/conf/\0",
    ],
)
def test_other_paths_are_left_alone(project, path):
    """What leads nowhere in the project, or out of it, is what it was."""
    assert split(path, project) is None or "\0" in path
