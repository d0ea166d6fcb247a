"""A folder of state, wherever Hadoop reaches: on this disk, in HDFS, in an object store."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pyspark.sql import SparkSession


@dataclass(frozen=True, slots=True)
class HadoopFolder:
    """A folder, or a file in one.

    Attributes:
        spark: whose Hadoop settings say how to reach it.
        address: a path or URI; `str` gives it as well.
    """

    spark: SparkSession
    address: str

    def __truediv__(self, name: str) -> HadoopFolder:
        """Return something in the folder."""
        return HadoopFolder(self.spark, f"{self.address.rstrip('/')}/{name}")

    def beside(self, name: str) -> HadoopFolder:
        """Return something in the same folder as this."""
        return HadoopFolder(self.spark, f"{self.address.rpartition('/')[0]}/{name}")

    def __str__(self) -> str:
        """Return the address, as Spark takes it."""
        return self.address

    def read(self) -> str | None:
        """Return the text of a file; None if there is none."""
        files, path = self._opened()
        if not files.exists(path):
            return None
        stream = files.open(path)
        try:
            return str(self._java.org.apache.commons.io.IOUtils.toString(stream, "UTF-8"))
        finally:
            stream.close()

    def write(self, text: str) -> None:
        """Write a file, whole or not at all."""
        files, path = self._opened()
        files.mkdirs(path.getParent())
        stream = files.createAtomic(path, True)
        stream.write(bytearray(text.encode()))
        stream.close()

    def names(self) -> list[str]:
        """Return what is in the folder; nothing if it is not there."""
        files, path = self._opened()
        found = files.list(path) if files.exists(path) else ()
        return [str(each.getPath().getName()) for each in found]

    def remove(self) -> None:
        """Remove it with everything in it."""
        files, path = self._opened()
        files.delete(path)

    @property
    def _java(self) -> Any:
        return self.spark._jvm  # noqa: SLF001 - PySpark has no other way to Hadoop

    def _opened(self) -> tuple[Any, Any]:
        """Return what Spark itself keeps checkpoints with, and the path."""
        of_spark = self._java.org.apache.spark.sql.execution.streaming.checkpointing
        conf = self.spark._jsparkSession.sessionState().newHadoopConf()  # noqa: SLF001
        path = self._java.org.apache.hadoop.fs.Path(self.address)
        manager = getattr(getattr(of_spark, "CheckpointFileManager$"), "MODULE$")
        return manager.create(path, conf), path
