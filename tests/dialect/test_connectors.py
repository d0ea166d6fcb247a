"""What people are told of a connector that is not here."""

from __future__ import annotations

import pytest

from nbkit.dialect.connectors import missing


@pytest.mark.parametrize(
    ("said", "name"),
    [
        ("Failed to find data source: kafka. Please deploy the application", "kafka"),
        ("[DATA_SOURCE_NOT_FOUND] Failed to find the data source: eventhubs. Make", "eventhubs"),
        (
            'org.apache.hadoop.fs.UnsupportedFileSystemException: No FileSystem for scheme "s3"',
            "s3",
        ),
        ("Class org.apache.hadoop.fs.azurebfs.SecureAzureBlobFileSystem not found", "abfss"),
        ("Class org.apache.hadoop.fs.s3a.S3AFileSystem not found", "s3a"),
    ],
)
def test_the_connector_is_named(said, name):
    """By the word that the author knows it by."""
    assert f"has no connector for {name} among its jars" in missing(said)


def test_other_errors_are_left_alone():
    """They have nothing to do with it."""
    assert not missing("[TABLE_OR_VIEW_NOT_FOUND] The table or view `kafka` cannot be found.")
