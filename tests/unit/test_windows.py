"""What can be told without a Windows of what would fail there: calls that only POSIX has, encodings, names of files."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from kaohe.publishing.check_up_pdf import unit_folders
from kaohe.safely import append, file_name, whole_lines
from tests.helpers import ROOT, SAMPLE

FILES = [path for folder in ("kaohe", "flows") for path in sorted((ROOT / folder).rglob("*.py"))]
MODULES = {"fcntl", "grp", "posix", "pty", "pwd", "resource", "syslog", "termios", "tty"}
#: Of ``os``, ``signal``, ``socket`` and ``time``.
NAMES = {
    "chown", "chroot", "confstr", "fchmod", "fchown", "fork", "forkpty", "getegid", "geteuid", "getgid", "getgroups",
    "getloadavg", "getpgid", "getpgrp", "getsid", "getuid", "initgroups", "killpg", "lchown", "mkfifo", "mknod", "nice",
    "pathconf", "posix_fallocate", "posix_spawn", "sched_getaffinity", "sendfile", "setgid", "setpgid", "setsid", "setuid",
    "statvfs", "sync", "sysconf", "ttyname", "uname", "wait3", "wait4",
    "O_CLOEXEC", "O_DIRECTORY", "O_NOFOLLOW", "O_NONBLOCK", "O_SYNC",
    "SIGALRM", "SIGCHLD", "SIGHUP", "SIGKILL", "SIGQUIT", "SIGUSR1", "SIGUSR2", "alarm", "pause", "setitimer",
    "SO_REUSEADDR", "SO_REUSEPORT", "AF_UNIX", "tzset",
}  # fmt: skip
#: Text is read and written by these; the place of ``encoding`` among their arguments.
TEXT = {"read_text": 0, "write_text": 1, "open": 2}

#: What these open is no text.
NO_TEXT = ("os.", "archive.", "tarfile.", "self.channel.", "urllib.")


def parsed(source: str) -> ast.Module:
    """A source in which every node knows its parent."""
    tree = ast.parse(source)
    for node in ast.walk(tree):
        for child in ast.iter_child_nodes(node):
            child.parent = node  # type: ignore[attr-defined]
    return tree


def is_guarded(node: ast.AST | None) -> bool:
    """It runs only where the system has it: after a look at the system, or with a way out."""
    while node := getattr(node, "parent", None):
        if isinstance(node, ast.If) and ("os.name" in (test := ast.unparse(node.test)) or "sys.platform" in test):
            return True
        if isinstance(node, ast.Try) and any("ImportError" in ast.unparse(each.type or node) for each in node.handlers):
            return True
    return False


def posix_only(source: str) -> Iterator[str]:
    """What of a source only POSIX has."""
    for node in ast.walk(parsed(source)):
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
        names += [node.attr] if isinstance(node, ast.Attribute) and node.attr in NAMES else []
        if any(name in MODULES | NAMES for name in names) and not is_guarded(node):
            yield ast.unparse(node)


def unencoded(source: str) -> Iterator[str]:
    """Text that is read or written in whatever encoding the system has."""
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.Call):
            continue
        name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        given = {option.arg: ast.unparse(option.value) for option in node.keywords}
        # The first argument of a path's open is the mode, of a plain one the file.
        if name in TEXT and not ast.unparse(node.func).startswith(NO_TEXT):
            mode = ast.unparse(node.args[0]) if name == "open" and node.args else given.get("mode", "''")
            if "b" not in mode and "encoding" not in given and len(node.args) <= TEXT[name]:
                yield ast.unparse(node)
        is_text = given.get("text") == "True" or given.get("universal_newlines") == "True"
        if ast.unparse(node.func).startswith("subprocess.") and is_text and "encoding" not in given:
            yield ast.unparse(node)


@pytest.mark.parametrize("look", [posix_only, unencoded])
def test_no_line_would_fail_there(look: object) -> None:
    assert callable(look)
    found = {path: list(look(path.read_text("utf-8"))) for path in FILES}
    assert {path: lines for path, lines in found.items() if lines} == {}


def test_these_tests_find_what_they_look_for() -> None:
    for bad in (
        "import resource",
        "from fcntl import flock",
        "os.fork()",
        "signal.signal(signal.SIGHUP, f)",
        "os.geteuid()",
    ):
        assert list(posix_only(bad)), bad
        assert not list(posix_only(f"if os.name == 'posix':\n    {bad}")), bad
    assert not list(posix_only("try:\n    import resource\nexcept ImportError:\n    pass"))
    for bad in (
        "p.read_text()",
        "p.write_text('x')",
        "open('x')",
        "p.open()",
        "p.open('w')",
        "subprocess.run(['x'], text=True)",
    ):
        assert list(unencoded(bad)), bad
    for good in ("p.read_text('utf-8')", "p.open('rb')", "p.open('w', encoding='utf-8')", "os.open(p, 1)"):
        assert not list(unencoded(good)), good


@pytest.mark.parametrize("name", ["CON", "nul", "com1", "COM¹", "lpt9.txt", "CON .txt", "conin$", "Aux.tar.gz"])
def test_names_of_devices_are_no_names_of_files(name: str) -> None:
    assert file_name(name) == f"_{name}"
    assert unit_folders([("U1", name)]) == {"U1": f"_{name}_U1"}


@pytest.mark.parametrize(
    ("name", "borne"),
    [
        ("考核.", "考核"),
        ("a:b", "a_b"),
        ("a\\b/c", "a_b_c"),
        ('<"|?*>', "______"),
        (" x ", "x"),
        ("console", "console"),
        ("com10", "com10"),
    ],
)
def test_names_that_windows_bears(name: str, borne: str) -> None:
    assert file_name(name) == borne


def test_what_is_carried_along_has_names_that_windows_bears() -> None:
    """And short ones: a path there has 260 characters, of which the folder of an installed program takes up to 150."""
    for folder in (SAMPLE, ROOT / "sql", ROOT / "expectations", ROOT / "data" / "schemes", ROOT / "kaohe"):
        paths = [path.relative_to(ROOT) for path in folder.rglob("*")]
        assert all(file_name(part) == part for path in paths for part in path.parts if part != "__pycache__")
        assert max(len(str(path)) for path in paths) < 90
        folded = [str(path).casefold() for path in paths]
        assert len(folded) == len(set(folded))


def test_a_log_ends_its_lines_in_one_way(tmp_path: Path) -> None:
    log = tmp_path / "log"
    append(log, b"one\n", 0o600)
    append(log, b"two\n", 0o600)
    assert log.read_bytes() == b"one\ntwo\n"
    assert whole_lines(log) == [b"one\n", b"two\n"]
