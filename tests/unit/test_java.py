"""Which Java there is, and what is said where Spark cannot use it."""

import sys
from pathlib import Path

import pytest

from kaohe.engines.java import check_java, java_version
from kaohe.errors import KaoheError
from kaohe.words import use_language


@pytest.mark.parametrize(
    ("says", "version", "key"),
    [
        ('openjdk version "17.0.15" 2025-04-15', 17, None),
        ('openjdk version "21" 2023-09-19', 21, None),
        ('java version "1.8.0_401"', 8, "java_version"),
        ('openjdk version "25.0.1" 2025-10-21', 25, "java_version"),
        ("no Java here", None, "java_missing"),
    ],
)
def test_versions(
    says: str, version: int | None, key: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    java = tmp_path / "bin" / "java"
    java.parent.mkdir()
    java.write_text(f"#!{sys.executable}\nimport sys\nsys.stderr.write('''{says}\\n''')\n")
    java.chmod(0o755)
    monkeypatch.setenv("JAVA_HOME", str(tmp_path))
    assert java_version() == version
    if key is None:
        check_java()
    else:
        with pytest.raises(KaoheError) as refused:
            check_java()
        assert refused.value.key == key


def test_no_java_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("JAVA_HOME", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    use_language("en")
    with pytest.raises(KaoheError, match="install Java 17 from the system"):
        check_java()
    monkeypatch.setenv("JAVA_HOME", str(tmp_path))
    assert java_version() is None
