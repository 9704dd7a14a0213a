"""The Java that Spark runs on: the system's own, found as Spark finds it."""

import os
import re
import shutil
import subprocess
from pathlib import Path

from kaohe.errors import KaoheError

#: Versions that Spark 4.3 starts on. From 23 on Java lacks what its file systems ask for.
OLDEST, NEWEST = 17, 22
_VERSION = re.compile(r'version "(?:1\.)?(\d+)')


def java_version() -> int | None:
    """The version of the Java that Spark would take (``JAVA_HOME``, else ``java`` on the path), None without one."""
    home = os.environ.get("JAVA_HOME")
    java = shutil.which("java", path=str(Path(home) / "bin") if home else None)
    if java is None:
        return None
    try:
        asked = subprocess.run([java, "-version"], capture_output=True, timeout=60, check=False)
    except OSError:
        return None
    found = _VERSION.search(asked.stderr.decode(errors="replace"))
    return int(found[1]) if found else None


def check_java() -> None:
    """Raises ``KaoheError`` where there is no Java, or none that Spark can use."""
    version = java_version()
    if version is None:
        raise KaoheError("java_missing")
    if not OLDEST <= version <= NEWEST:
        raise KaoheError("java_version", version=version)
