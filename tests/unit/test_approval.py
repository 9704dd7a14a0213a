"""Who runs an act cannot be who approves it, however either writes the name."""

import getpass

import pytest

from kaohe.errors import KaoheError
from kaohe.lifecycle.acts import Kind
from kaohe.lifecycle.approval import APPROVED, check_approved, operator_named


def refused(by: str, operator: str, ran: str | None = None, document: str = "1号", kind: Kind = "announce") -> str:
    with pytest.raises(KaoheError) as caught:
        check_approved(kind, by, document, operator, ran)
    return caught.value.key


@pytest.mark.parametrize(
    ("by", "operator"),
    [
        ("wang.wei", "wang.wei"),
        ("Wang Wei", "wangwei"),
        ("ＷＡＮＧ－ＷＥＩ", "wang_wei"),
        ("王 伟", "王伟"),
        ("王\u200b伟", "王伟。"),
        ("STRASSE", "Straße"),
        ("bureau\\wang", "BUREAU/wang"),
    ],
)
def test_the_same_name_otherwise_written_is_the_same(by: str, operator: str) -> None:
    assert refused(by, operator) == "approver_operates"
    assert refused(by, "somebody else", ran=operator) == "approver_ran"


@pytest.mark.parametrize("kind", APPROVED)
def test_whatever_is_decided_needs_an_approver_and_a_document(kind: Kind) -> None:
    assert refused("", "a", kind=kind) == refused(" —。", "a", kind=kind) == "approval_missing"
    assert refused("b", "a", document=" / ", kind=kind) == "approval_missing"
    assert refused("a", "a", kind=kind) == "approver_operates"
    check_approved(kind, "b", "1号", "a", "a")
    check_approved(kind, "b", "1号", "a", None)


@pytest.mark.parametrize("kind", ["publish", "appeal"])
def test_what_decides_nothing_needs_nobody_else(kind: Kind) -> None:
    check_approved(kind, "a", "", "a", "a")


def test_the_operator_is_as_given_else_as_set_else_the_account(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("KAOHE_OPERATOR", raising=False)
    assert operator_named() == operator_named(" ") == getpass.getuser()
    monkeypatch.setenv("KAOHE_OPERATOR", " 李四 ")
    assert operator_named() == "李四"
    assert operator_named("张三") == "张三"


def test_an_account_without_a_name_is_asked_for_one(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("KAOHE_OPERATOR", "LOGNAME", "USER", "LNAME", "USERNAME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("os.getuid", lambda: 4_000_000_000)  # nobody has this number
    with pytest.raises(KaoheError) as caught:
        operator_named()
    assert "KAOHE_OPERATOR" in str(caught.value)
