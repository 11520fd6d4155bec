import pytest
from pyhocon import ConfigFactory, ConfigTree

from sparkjobserver._worker.configuration import from_dict, from_json


def test_values_are_found_by_their_paths():
    config = from_json('{"a":{"b":[1,{"c":2.5}],"n":null},"on":true,"big":12345678901234567890}')
    assert isinstance(config, ConfigTree)
    assert config.get("a.b")[1].get("c") == 2.5
    assert isinstance(config.get_config("a"), ConfigTree)
    assert config.get("a.n", "default") is None
    assert config.get("a.none", None) is None
    assert config.get_bool("on") is True
    assert config.get_int("big") == 12345678901234567890
    assert "a.b" in config
    assert "a.none" not in config


def test_keys_with_special_characters_are_as_pyhocons_own_parser_has_them():
    text = '{"a.b":1,"$x":2,"e f":3,"l":[{"p.q":4}],"t@u":5}'
    config = from_json(text)
    assert config == ConfigFactory.parse_string(text)
    assert config.get('"a.b"') == 1
    assert config.get("l")[0].get('"p.q"') == 4


@pytest.mark.parametrize("key", ["", "$", '"', "a..b", ".", "'a'"])
def test_no_key_is_refused(key):
    assert list(from_dict({key: 1}).values()) == [1]


def test_the_slow_parser_of_hocon_is_not_asked(monkeypatch):
    def parse(*arguments, **keywords):
        raise AssertionError("it takes milliseconds, and includes files")

    monkeypatch.setattr("pyhocon.config_parser.ConfigParser.parse", parse)
    text = '{"a":"${HOME}","b":"include \\"/etc/passwd\\"","c":"1 day"}'
    assert dict(from_json(text)) == {"a": "${HOME}", "b": 'include "/etc/passwd"', "c": "1 day"}


def test_control_characters_are_kept():
    assert from_json('{"a":"\\u0000\\n"}').get("a") == "\0\n"


def test_a_configuration_is_an_object():
    with pytest.raises(ValueError, match="not list"):
        from_json("[]")
