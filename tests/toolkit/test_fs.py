"""`dbutils.fs` on this machine's disk: paths, answers and errors as on Databricks."""

from __future__ import annotations

from pathlib import Path

import pytest

from nbkit import serving as attempt
from nbkit.dialect.paths import Located, locate, spark_path
from nbkit.toolkit.dbutils import dbutils

fs = dbutils.fs


@pytest.fixture(autouse=True)
def project(context, tmp_path) -> Path:
    """A project whose `dbfs:/` is `.nbkit/files`."""
    attempt.serve(context)
    return tmp_path


@pytest.mark.parametrize(
    ("path", "uri", "below"),
    [
        ("dbfs:/tmp/x.csv", "dbfs:/tmp/x.csv", "tmp/x.csv"),
        ("dbfs:///tmp/x.csv", "dbfs:/tmp/x.csv", "tmp/x.csv"),
        ("/dbfs/tmp/x.csv", "dbfs:/tmp/x.csv", "tmp/x.csv"),
        ("/Volumes/main/raw/v/x", "dbfs:/Volumes/main/raw/v/x", "Volumes/main/raw/v/x"),
        ("dbfs:/Volumes/main/raw/v/x", "dbfs:/Volumes/main/raw/v/x", "Volumes/main/raw/v/x"),
        ("/dbfs/Volumes/main/raw/v", "dbfs:/Volumes/main/raw/v", "Volumes/main/raw/v"),
        ("file:/dbfs/tmp/x", "dbfs:/tmp/x", "tmp/x"),
        ("/mnt/no-such-mount/x", "dbfs:/mnt/no-such-mount/x", "mnt/no-such-mount/x"),
        ("/FileStore/x", "dbfs:/FileStore/x", "FileStore/x"),
        ("/", "dbfs:/", ""),
        ("dbfs:/", "dbfs:/", ""),
        ("dbfs:/a/../../../etc/passwd", "dbfs:/etc/passwd", "etc/passwd"),
    ],
)
def test_databricks_paths_lead_into_the_projects_folder(path, uri, below):
    """DBFS and volumes are one tree, whichever way they are spelt; nothing leads out of it."""
    folder = Path("/project/.nbkit/files")
    assert locate(path, folder, Path("/project")) == Located(uri, folder / below)


def test_other_paths_are_the_disks_or_somewhere_else(tmp_path):
    """`file:/` and folders that the disk has are the disk's; another scheme is Hadoop's."""
    there = locate(f"{tmp_path}/x", Path("/files"), Path("/project"))
    assert there == Located(f"file:{tmp_path}/x", tmp_path / "x")
    assert locate(f"file://{tmp_path}/x", Path("/files"), Path("/project")) == there
    assert locate("data/x", Path("/files"), Path("/project")).uri == "file:/project/data/x"
    assert locate(f"/Workspace{tmp_path}/x", Path("/files"), Path("/project")) == there
    assert locate(f"file:/Workspace{tmp_path}/x", Path("/files"), Path("/project")) == there
    assert locate("s3a://lake/x", Path("/files"), Path("/project")) == Located("s3a://lake/x", None)


def test_spark_gets_a_scheme_only_where_it_would_look_elsewhere(tmp_path):
    """Spark takes a path without a scheme for the disk's."""
    assert spark_path("/Volumes/main/raw/v/x.csv") == "dbfs:/Volumes/main/raw/v/x.csv"
    assert spark_path("/dbfs/x") == "dbfs:/x"
    assert spark_path(f"/Workspace{tmp_path}/x") == f"{tmp_path}/x"
    for same in (f"{tmp_path}/x", "dbfs:/x", "data/x", "s3a://lake/x"):
        assert spark_path(same) == same


def test_files_are_put_listed_read_copied_moved_and_removed(project, capsys):
    """The seven everyday methods, with Databricks' answers."""
    assert fs.put("dbfs:/in/a.txt", "grüße", overwrite=False)
    assert "Wrote 7 bytes." in capsys.readouterr().out
    assert (project / ".nbkit/files/in/a.txt").read_text() == "grüße"
    assert fs.mkdirs("/dbfs/in/deep/er")
    deep, file = sorted(fs.ls("dbfs:/in"), key=lambda info: info.isFile())
    assert (deep.path, deep.name, deep.size, deep.isDir()) == ("dbfs:/in/deep/", "deep/", 0, True)
    assert (file.path, file.name, file.size) == ("dbfs:/in/a.txt", "a.txt", 7)
    assert file.isFile()
    assert (
        abs(file.modificationTime / 1000 - (project / ".nbkit/files/in/a.txt").stat().st_mtime) < 1
    )
    assert fs.ls("dbfs:/in/a.txt") == [file]
    assert fs.head("dbfs:/in/a.txt") == "grüße"
    assert fs.head("dbfs:/in/a.txt", 2) == "gr"
    assert "[Truncated to first 2 bytes]" in capsys.readouterr().out
    assert fs.cp("dbfs:/in/a.txt", "/Volumes/main/raw/v/b.txt")
    assert fs.cp("dbfs:/in/a.txt", "/Volumes/main/raw/v")  # into a folder
    assert [info.name for info in fs.ls("/Volumes/main/raw/v")] == ["a.txt", "b.txt"]
    assert fs.cp("dbfs:/in", "dbfs:/out", recurse=True)
    assert fs.cp("dbfs:/in", "dbfs:/out", recurse=True)  # again: what is there is replaced
    assert [info.name for info in fs.ls("dbfs:/out")] == ["a.txt", "deep/"]
    assert fs.mv("dbfs:/out", f"file:{project}/moved", True)
    assert (project / "moved/deep/er").is_dir()
    assert not fs.rm("dbfs:/out", True)
    assert fs.rm("dbfs:/in/a.txt")
    assert fs.rm("dbfs:/in", True)
    assert [info.path for info in fs.ls("/")] == ["dbfs:/Volumes/"]


def test_errors_are_the_ones_that_people_look_for(project):
    """Code that searches the message for Java's exception finds it."""
    missing = r"java\.io\.FileNotFoundException: No such file or directory dbfs:/no"
    for act in (fs.ls, fs.head, lambda path: fs.cp(path, "dbfs:/x")):
        with pytest.raises(FileNotFoundError, match=missing):
            act("dbfs:/no")
    with pytest.raises(FileNotFoundError, match="Databricks' sample data is not here"):
        fs.ls("/databricks-datasets/airlines")
    fs.put("dbfs:/d/x", "1")
    with pytest.raises(FileExistsError, match="FileAlreadyExistsException: dbfs:/d/x"):
        fs.put("dbfs:/d/x", "2")
    assert fs.put("dbfs:/d/x", "2", True)
    with pytest.raises(FileExistsError):
        fs.mkdirs("dbfs:/d/x")
    with pytest.raises(OSError, match="not empty; give recurse=True"):
        fs.rm("dbfs:/d")
    with pytest.raises(IsADirectoryError, match="give recurse=True"):
        fs.mv("dbfs:/d", "dbfs:/e")
    with pytest.raises(IsADirectoryError, match="Cannot head a directory"):
        fs.head("dbfs:/d")
    with pytest.raises(ValueError, match="into itself"):
        fs.cp("dbfs:/d", "dbfs:/d/e", recurse=True)
    assert fs.head("dbfs:/d/x") == "2"


def test_the_machines_own_folders_are_not_removed(project):
    """`rm("/tmp", True)` means Databricks' folder; here it would be everybody's."""
    for path in ("/tmp", str(project), str(project.parent), "file:/", str(Path.home())):
        with pytest.raises(PermissionError, match="not DBFS"):
            fs.rm(path, True)
    assert project.is_dir()


def test_a_checksum_of_sparks_never_outlives_its_file(project):
    """Spark refuses a file whose hidden checksum is another content's; listings hide it."""
    fs.put("dbfs:/x.txt", "new")
    checksum = project / ".nbkit/files/.x.txt.crc"
    checksum.write_bytes(b"old")
    assert [info.name for info in fs.ls("dbfs:/")] == ["x.txt"]
    fs.put("dbfs:/x.txt", "newer", True)
    assert not checksum.exists()


def test_mounts_say_what_is_here_instead(capsys):
    """The project's folder is the one mount; others cannot be made, in one sentence."""
    (mount,) = fs.mounts()
    assert (mount.mountPoint, mount.source[:8]) == ("/", "file:///")
    assert fs.refreshMounts()
    with pytest.raises(AttributeError, match="connects no storage here"):
        fs.mount("s3a://lake", "/mnt/lake")
    fs.help("mount")
    assert "s3a:// or abfss://" in capsys.readouterr().out


def test_the_folder_is_the_settings(project):
    """`[files] directory` says where the tree is."""
    from nbkit.dialect import paths

    (project / "nbkit.toml").write_text('[files]\ndirectory = "lake"\n')
    paths._project.cache_clear()
    fs.put("/Volumes/main/raw/v/x", "1")
    assert (project / "lake/Volumes/main/raw/v/x").read_text() == "1"
