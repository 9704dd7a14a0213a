"""The delivery file: what it may say, and every mistake with its line."""

import re
from pathlib import Path
from typing import Any

import pytest

from kaohe.delivery.config import Config, Failures, Mail, Webhook, read_config
from kaohe.errors import KaoheError
from kaohe.retries import Retries
from kaohe.secrets import Secret
from tests.helpers import ROOT

GOOD = """\
mail:
  host: smtp.bureau.example
  from: 党建考核 <Kaohe@Bureau.Example>
  user: kaohe
  password: {env: PASSWORD}
  ca: ca.pem
leadership: [leader@bureau.example, office@BUREAU.example, leader@bureau.example]
units:
  水务中心: [w@bureau.example]
  101: [j@bureau.example]
webhooks:
  - {kind: wecom, url: {env: WECOM}}
  - {kind: dingtalk, url: {prefect_secret: ding}, sign: {env: SIGN}, ca: other.pem, proxy: "http://proxy.example:3128"}
states: [announced, final]
failures: {mail: [night@B.example], webhooks: [{kind: wecom, url: {env: OFFICE}, ca: its.pem}]}
"""


def read(folder: Path, text: str) -> Config:
    path = folder / "delivery.yml"
    path.write_text(text, encoding="utf-8")
    return read_config(path)


def test_all_of_it(tmp_path: Path) -> None:
    config = read(tmp_path, GOOD)
    mail = config.mail
    assert mail == Mail.model_validate({
        "host": "smtp.bureau.example", "from": "党建考核 <Kaohe@Bureau.Example>", "user": "kaohe",
        "password": {"env": "PASSWORD"}, "ca": tmp_path / "ca.pem",
    })  # fmt: skip
    assert (mail.tls, mail.at_port, mail.timeout, mail.retries) == ("starttls", 587, 60, Retries())
    assert (mail.sender, mail.domain) == ("党建考核 <Kaohe@bureau.example>", "bureau.example")
    assert config.leadership == ["leader@bureau.example", "office@bureau.example"]
    assert config.units == {"水务中心": ["w@bureau.example"], "101": ["j@bureau.example"]}
    wecom, dingtalk = config.webhooks
    assert (wecom.name, wecom.url, wecom.sign, wecom.ca) == ("wecom:WECOM", Secret(env="WECOM"), None, None)
    assert (dingtalk.name, dingtalk.sign) == ("dingtalk:ding", Secret(env="SIGN"))
    assert (dingtalk.ca, dingtalk.proxy) == (tmp_path / "other.pem", "http://proxy.example:3128")
    assert config.states == ["announced", "final"]
    (office,) = config.failures.webhooks
    assert (config.failures.mail, office.name, office.ca) == (["night@b.example"], "wecom:OFFICE", tmp_path / "its.pem")


def test_an_empty_file_sends_nothing_and_all_states_are_the_default(tmp_path: Path) -> None:
    config = read(tmp_path, "")
    assert (config.mail, config.leadership, config.units, config.webhooks) == (None, [], {}, [])
    assert config.states == ["provisional", "announced", "reviewed", "final"]


def test_a_list_that_is_left_empty_is_empty(tmp_path: Path) -> None:
    config = read(tmp_path, "leadership:\nunits:\n  水务中心:\nwebhooks:\nmail: {host: h.example, from: a@b.example}\n")
    assert (config.leadership, config.units, config.webhooks) == ([], {"水务中心": []}, [])
    assert read(tmp_path, "leadership:\nunits:\nwebhooks:\n") == Config()


def test_a_number_with_a_nought_before_it_is_another_name(tmp_path: Path) -> None:
    units = (
        "units: {010: [a@b.example], 10: [b@b.example], +10: [c@b.example], 1_0: [d@b.example], 0x10: [e@b.example]}"
    )
    config = read(tmp_path, f"mail: {{host: h.example, from: a@b.example}}\n{units}\n")
    assert list(config.units) == ["010", "10", "+10", "1_0", "0x10"]


@pytest.mark.parametrize(("tls", "port"), [("starttls", 587), ("tls", 465), ("none", 25)])
def test_the_port_follows_from_tls(tls: str, port: int) -> None:
    assert Mail.model_validate({"host": "localhost", "tls": tls, "from": "a@b.example"}).at_port == port


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "127.8.8.8", "::1"])
def test_plain_mail_goes_to_this_machine_only(host: str, tmp_path: Path) -> None:
    text = "mail:\n  host: '{host}'\n  from: a@b.example\n  tls: none\n"
    assert read(tmp_path, text.format(host=host)).mail
    for other in ("mail.example", "10.0.0.1", "localhost.example", "127.0.0.1.example", "0.0.0.0"):
        with pytest.raises(KaoheError) as caught:
            read(tmp_path, text.format(host=other))
        assert "delivery.yml 第 4 行" in str(caught.value)
        assert "只能用于本机" in str(caught.value)


MAIL = "mail: {host: h.example, from: a@b.example"
MISTAKES: list[Any] = [
    (f"{MAIL}, tsl: none}}", 1, "tsl"),
    ("mail: {host: h.example}", 1, "from"),
    (f"{MAIL}, password: hunter2, user: a}}", 1, "这里不能直接写密码"),
    (f"{MAIL}, password: {{env: A, prefect_secret: b}}, user: a}}", 1, "只写一个"),
    (f"{MAIL}, user: a}}", 1, "user 和 password"),
    (f"{MAIL}, port: 0}}", 1, "0"),
    (f"{MAIL}, tls: ssl}}", 1, "starttls"),
    (f'{MAIL}}}\nleadership:\n  - a@b.example\n  - "a@b.example\\nBcc: c@d.example"', 4, "不是邮箱地址"),
    (f"{MAIL}}}\nleadership: [张三]", 2, "张三"),
    (f"{MAIL}}}\nunits:\n  水务中心: [w@b.example]\n  办公室: [w b@b.example]", 4, "w b@b.example"),
    (f"{MAIL}}}\nunits: {{水务中心: w@b.example}}", 2, "w@b.example"),
    ('mail:\n  host: h.example\n  from: "a\\nBcc: <a@b.example>"', 3, "不是邮箱地址"),
    ('mail:\n  from: a@b.example\n  host: "h.example\\r\\nQUIT"', 3, "QUIT"),
    ("\nleadership: [a@b.example]", 2, "要有 mail"),
    ("\n\nunits: {水务中心: [a@b.example]}", 3, "要有 mail"),
    ("webhooks:\n  - {kind: wecom, url: 'https://h.example/send?key=hunter2'}", 2, "这里不能直接写密码"),
    ("webhooks:\n  - {kind: wecom, url: {env: 'https://h.example/hunter2'}}", 2, "这里不能直接写密码"),
    (f"{MAIL}, password: {{env: 'hunter2!'}}, user: a}}", 1, "这里不能直接写密码"),
    (f"{MAIL}, password: {{env: 2hunter2}}, user: a}}", 1, "这里不能直接写密码"),
    (f"{MAIL}, password: {{prefect_secret: Hunter2_hunter2}}, user: a}}", 1, "这里不能直接写密码"),
    (f"{MAIL}, password: {{env: [hunter2]}}, user: a}}", 1, "这里不能直接写密码"),
    ("webhooks:\n  - {kind: wecom, url: {env: A}, sign: {env: B}}", 2, "只用于钉钉"),
    ("webhooks:\n  - {kind: wecom, url: {env: A}}\n  - {kind: wecom, url: {env: A}}", 3, "写了两次"),
    ("webhooks:\n  - {kind: feishu, url: {env: A}}", 2, "dingtalk"),
    ("webhooks:\n  - {kind: wecom, url: {env: A}, proxy: 'http://a:hunter2@p.example'}", 2, "这里不能直接写密码"),
    ("webhooks:\n  - {kind: wecom, url: {env: A}, proxy: 'http://a:hunter2@[p'}", 2, "这里不能直接写密码"),
    ("webhooks:\n  - {kind: wecom, url: {env: A}, proxy: 'http://p:99999'}", 2, "地址写法不对"),
    ("webhooks:\n  - {kind: wecom, url: {env: A}, proxy: 'http://[p'}", 2, "地址写法不对"),
    ("webhooks:\n  - {kind: wecom, url: {env: A}, proxy: 'http://a..b'}", 2, "地址写法不对"),
    ("webhooks:\n  - {kind: wecom, url: {env: A}, timeout: 3601}", 2, "不能大于 3600"),
    ("mail: {host: a..b, from: a@b.example}", 1, "不是主机名"),
    (f"mail: {{host: {'a' * 64}.example, from: a@b.example}}", 1, "不是主机名"),
    (f"{MAIL}, timeout: inf}}", 1, "要写数字"),
    (f"{MAIL}, timeout: nan}}", 1, "要写数字"),
    (f"{MAIL}, timeout: 0}}", 1, "要大于 0"),
    (f"{MAIL}, timeout: soon}}", 1, "要写数字"),
    (f"{MAIL}, port: 0}}", 1, "不能小于 1"),
    (f"{MAIL}}}\nleadership: a@b.example", 2, "要写成列表"),
    (f"{MAIL}}}\nunits: [a@b.example]", 2, "要写成“名称: 值”的样子"),
    ("mail: h.example", 1, "要写成“名称: 值”的样子"),
    ("mail: {host: 1, from: a@b.example}", 1, "要写文字"),
    (f"{MAIL}}}\nleadership: [a..b@c.example]", 2, "不是邮箱地址"),
    (f"{MAIL}}}\nleadership: [.a@c.example]", 2, "不是邮箱地址"),
    (f"{MAIL}}}\nleadership: [a.@c.example]", 2, "不是邮箱地址"),
    ("states:", 1, "要写成列表"),
    ("states: [draft]", 1, "draft"),
    ("states: []", 1, "至少要写 1 项"),
    (f"{MAIL}, port: 25.5}}", 1, "要写整数"),
    (f"{MAIL}, port: smtp}}", 1, "要写整数"),
    ("failures: [a@b.example]", 1, "failures"),
]


@pytest.mark.parametrize(("text", "line", "said"), MISTAKES)
def test_a_mistake_is_named_with_its_line(text: str, line: int, said: str, tmp_path: Path) -> None:
    with pytest.raises(KaoheError) as caught:
        read(tmp_path, text)
    sentence = str(caught.value)
    assert f"delivery.yml 第 {line} 行" in sentence
    assert said in sentence
    assert "hunter2" not in sentence.lower()
    assert "\n" not in sentence


def test_a_webhook_of_the_same_place_is_another_of_another_kind() -> None:
    hooks = [{"kind": kind, "url": {"env": "A"}} for kind in ("wecom", "dingtalk")]
    assert [hook.name for hook in Config.model_validate({"webhooks": hooks}).webhooks] == ["wecom:A", "dingtalk:A"]


def test_the_example_can_be_copied() -> None:
    config = read_config(ROOT / "data" / "delivery.example.yml")
    assert config.mail
    assert list(config.units) == ["水务中心", "办公室"]
    assert [hook.kind for hook in config.webhooks] == ["wecom", "dingtalk"]


def test_every_key_is_in_the_docs() -> None:
    said = (ROOT / "docs" / "delivery.md").read_text(encoding="utf-8")
    for model in (Config, Mail, Webhook, Failures, Retries, Secret):
        for name, field in model.model_fields.items():
            assert re.search(rf"`{field.alias or name}`|\b{field.alias or name}:", said), name


def test_the_example_of_the_docs_is_read(tmp_path: Path) -> None:
    (text,) = re.findall(r"```yaml\n(.*?)```", (ROOT / "docs" / "delivery.md").read_text(encoding="utf-8"), re.DOTALL)
    config = read(tmp_path, text)
    assert config.states == ["announced", "reviewed", "final"]
    assert config.webhooks[1].retries.attempts == 3
