"""pyhocon as jobs find it: its trees are there, and the rest comes when it is used."""

import os
import subprocess
import sys

import pytest

BEGIN = """
import sys
from sparkjobserver._worker import hocon
hocon.load_trees_alone()
from sparkjobserver._worker import configuration
tree = configuration.from_json('{"a": {"b": [1, {"c": "d"}]}}')
def parser():
    return "pyparsing" in sys.modules
"""


def run(code: str, begin: str = BEGIN) -> None:
    """Runs it in an interpreter of its own."""
    done = interpreted(begin + code)
    assert done.returncode == 0, done.stderr


def interpreted(code: str) -> subprocess.CompletedProcess[str]:
    """Runs it with the path that this process has."""
    return subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        capture_output=True,
        text=True,
        check=False,
    )


def test_trees_need_no_parser():
    run(
        "from pyhocon import ConfigTree, ConfigMissingException\n"
        "import pyhocon.config_tree\n"
        "assert type(tree) is ConfigTree is pyhocon.ConfigTree is pyhocon.config_tree.ConfigTree\n"
        "assert tree.get_list('a.b')[1].get_string('c') == 'd'\n"
        "try:\n    tree.get('x.y')\nexcept ConfigMissingException:\n    pass\n"
        "assert not parser()\n"
        "assert not {'ssl', 'urllib.request'} & set(sys.modules)\n"
    )


@pytest.mark.parametrize(
    "use",
    [
        "from pyhocon import ConfigFactory\nassert ConfigFactory.parse_string('x = 1')['x'] == 1",
        "import pyhocon\nassert pyhocon.ConfigFactory.parse_string('x { y = 1 }')['x.y'] == 1",
        "import pyhocon\nassert pyhocon.config_parser.ConfigParser",
        "from pyhocon.config_parser import ConfigFactory\nConfigFactory.parse_string('x = 1')",
        "from pyhocon.converter import HOCONConverter\nassert HOCONConverter.to_json(tree)",
        "import pyhocon.converter\nassert pyhocon.converter.HOCONConverter",
        "from pyhocon.tool import main\nassert main",
        "from pyhocon import config_parser\nassert config_parser.ConfigParser",
        "import pyhocon, importlib\nassert importlib.reload(pyhocon).ConfigFactory",
        "from pyhocon import *\nassert ConfigFactory and ConfigTree and HOCONConverter",
        "from pyhocon import HOCONConverter\nassert HOCONConverter.to_json(tree, indent=1)",
        "assert tree.with_fallback(__import__('pyhocon').ConfigTree({'z': 2}))['z'] == 2",
        "assert tree.with_fallback(configuration.from_dict({'z': 2}))['z'] == 2",
        "import pickle\nassert pickle.loads(pickle.dumps(tree)) == tree",
        "import copy\nassert copy.deepcopy(tree) == tree",
    ],
)
def test_the_rest_is_there_when_it_is_used(use: str):
    run(use)


def test_trees_made_before_and_after_are_of_one_kind():
    run(
        "from pyhocon import ConfigFactory\n"
        "assert parser()\n"
        "assert type(ConfigFactory.parse_string('x = 1')) is type(tree)\n"
        "assert ConfigFactory.parse_string('a.b = [1, { c = d }]') == tree\n"
    )


def test_an_error_of_a_tree_tells_where():
    run(
        "from pyhocon.config_tree import ConfigValues, ConfigTree, ConfigWrongTypeException\n"
        "values = ConfigValues([configuration.from_dict({'a': 1}), [1]], 'x\\ny = {} []', 4)\n"
        "try:\n    values.transform()\n"
        "except ConfigWrongTypeException as e:\n    assert '(line: 2, col: 3)' in str(e), e\n"
        "else:\n    raise AssertionError\n"
    )


def test_what_it_does_not_have_is_missed_as_ever():
    run(
        "import pyhocon\n"
        "assert not hasattr(pyhocon, '__wrapped__')\n"
        "assert not parser()\n"
        "try:\n    pyhocon.nothing\n"
        "except AttributeError as e:\n"
        "    assert str(e) == \"module 'pyhocon' has no attribute 'nothing'\", e\n"
        "try:\n    from pyhocon import nothing\nexcept ImportError:\n    pass\n"
    )


def test_many_threads_get_all_of_it_by_all_ways():
    run(
        "import faulthandler, threading\n"
        "faulthandler.dump_traceback_later(20, exit=True)\n"
        "from concurrent.futures import ThreadPoolExecutor\n"
        "ways = ['from pyhocon import ConfigFactory as it',\n"
        "        'from pyhocon import HOCONConverter as it',\n"
        "        'from pyhocon.converter import HOCONConverter as it',\n"
        "        'from pyhocon.config_parser import ConfigParser as it'] * 2\n"
        "start = threading.Barrier(len(ways))\n"
        "def use(way):\n"
        "    start.wait()\n"
        "    names = {}\n"
        "    exec(way, names)\n"
        "    return names['it']\n"
        "with ThreadPoolExecutor(len(ways)) as pool:\n"
        "    assert all(pool.map(use, ways))\n"
    )


@pytest.mark.parametrize("first", ["", "pyhocon.ConfigFactory\n"])
def test_a_function_that_uses_it_can_be_sent_to_executors(first: str):
    run(
        "import pyhocon, pickle\n"
        f"{first}"
        "from pyspark import cloudpickle\n"
        "sent = cloudpickle.dumps(lambda text: pyhocon.ConfigFactory.parse_string(text)['x'])\n"
        "assert pickle.loads(sent)('x = 1') == 1\n"
    )


def test_a_failure_to_load_the_rest_is_told_each_time_and_not_for_ever(tmp_path):
    (tmp_path / "pyparsing.py").write_text("raise ImportError('too old')\n")
    run(
        f"sys.path.insert(0, {str(tmp_path)!r})\n"
        "for _ in range(2):\n"
        "    try:\n        from pyhocon import ConfigFactory\n"
        "    except ImportError as e:\n        assert 'too old' in str(e), e\n"
        "    else:\n        raise AssertionError\n"
        "del sys.path[0]\n"
        "from pyhocon import ConfigFactory\n"
        "assert ConfigFactory.parse_string('x = 1')['x'] == 1\n"
    )


@pytest.mark.parametrize("first", ["import pyhocon", "import pyparsing"])
def test_where_it_is_loaded_already_it_stays(first: str):
    run("assert parser()\nfrom pyhocon import ConfigFactory", first + BEGIN)


@pytest.mark.parametrize("use", ["from pyparsing import Word", "import pyparsing\npyparsing.Word"])
def test_another_pyhocon_is_loaded_as_a_whole(tmp_path, use: str):
    package = tmp_path / "pyhocon"
    package.mkdir()
    (package / "__init__.py").write_text("from pyhocon.config_tree import ConfigTree\n")
    (package / "config_tree.py").write_text(f"{use}\nclass ConfigTree(dict):\n    pass\n")
    run("assert parser()", f"import sys\nsys.path.insert(0, {str(tmp_path)!r})\n" + BEGIN)


def test_without_any_it_says_so():
    done = interpreted(
        "from sparkjobserver._worker import hocon\n"
        "import sys\n"
        "sys.path_hooks.clear()\n"
        "sys.path_importer_cache.clear()\n"
        "hocon.load_trees_alone()\n"
    )
    assert "ImportError: there is no pyhocon" in done.stderr, done.stderr
