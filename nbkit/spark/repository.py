"""Where jars are downloaded from: a mirror that somebody named, or Maven Central."""

from __future__ import annotations

import os
from pathlib import Path
from xml.etree import ElementTree as ET

from nbkit.errors import SetupError
from nbkit.spark.short_java import short_java

MIRROR = "NBKIT_MAVEN_MIRROR"
_SETTINGS = Path(".m2", "settings.xml")
_FOR_CENTRAL = {"*", "central", "external:*"}


def repository(spark_jars: Path) -> str:
    """Return the address of a Maven repository, without a slash at its end.

    In this order: NBKIT_MAVEN_MIRROR; a mirror of Maven's own settings (`~/.m2/settings.xml`);
    Maven Central, whose address is what the Ivy that comes with Spark takes for it.

    Args:
        spark_jars: folder of Spark's own jars.

    Raises:
        SetupError: Maven's settings cannot be read, or there is no Java to ask Ivy.
    """
    return (os.environ.get(MIRROR) or _mirror() or _central(spark_jars)).rstrip("/")


def _mirror() -> str:
    """Return the mirror of Maven Central that Maven's settings name; empty for none."""
    file = Path.home() / _SETTINGS
    try:
        root = ET.fromstring(file.read_text("utf-8"))  # noqa: S314 - the person's own file
    except FileNotFoundError:
        return ""
    except (OSError, ValueError, ET.ParseError) as error:
        raise SetupError(f"{file} cannot be read: {error}", "Mend it, or move it away.") from None
    for mirror in root.iter():
        if _tag(mirror) != "mirror":
            continue
        told = {_tag(child): (child.text or "").strip() for child in mirror}
        if _FOR_CENTRAL & {each.strip() for each in told.get("mirrorOf", "").split(",")}:
            return told.get("url", "")
    return ""


def _tag(element: ET.Element) -> str:
    return element.tag.rpartition("}")[2]


def _central(spark_jars: Path) -> str:
    jars = [next(spark_jars.glob(f"{name}-*.jar")) for name in ("py4j", "ivy")]
    with short_java(jars) as gateway:
        return str(gateway.jvm.org.apache.ivy.plugins.resolver.IBiblioResolver.DEFAULT_M2_ROOT)
