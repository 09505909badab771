"""Targets as people type them, and one clear line for each that does not load."""

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from agent_chaos.errors import RequirementMissing, ScenarioError
from agent_chaos.scenario.loader import load

HEAD = "from agent_chaos.scenario.model import BaselineScenario\n"


def scenario(name: str) -> str:
    return f"BaselineScenario(name={name!r}, agent=lambda ctx, text: text, turns=['hi'])"


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    before = set(sys.modules)
    yield tmp_path
    for name in set(sys.modules) - before:
        del sys.modules[name]


def write(path: str, body: str, head: str = HEAD) -> None:
    file = Path(path)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(head + body)


def names(*targets: str) -> list[str]:
    return [one.scenario.name for one in load(targets)]


def refusal(*targets: str) -> str:
    with pytest.raises(ScenarioError) as caught:
        load(targets)
    return str(caught.value)


@pytest.mark.parametrize(
    "body",
    [
        f"scenario = {scenario('a')}",
        f"scenarios = [{scenario('a')}]",
        f"def get_scenarios():\n    return [{scenario('a')}]",
        f"def get_scenario():\n    return {scenario('a')}",
        f"anything = {scenario('a')}",
    ],
    ids=["scenario", "scenarios", "get_scenarios", "get_scenario", "any name"],
)
def test_a_file_names_its_scenario_in_many_ways(body: str) -> None:
    write("one.py", body)

    assert names("one.py") == ["a"]


def test_without_a_target_the_scenarios_folder_is_loaded() -> None:
    write("scenarios/one.py", f"a = {scenario('a')}")
    write("scenarios/deep/two.py", f"b = {scenario('b')}")
    write("scenarios/_private.py", "raise SystemExit")
    write("scenarios/tools.py", "import json", head="")

    assert sorted(names()) == ["a", "b"]


def test_a_folder_may_be_loaded_flat() -> None:
    write("scenarios/one.py", f"a = {scenario('a')}")
    write("scenarios/deep/two.py", f"b = {scenario('b')}")

    assert [one.scenario.name for one in load(["scenarios"], recursive=False)] == ["a"]


def test_a_package_that_exposes_scenarios_speaks_for_its_files() -> None:
    write("suite/__init__.py", "from .one import chosen\nscenarios = [chosen]", head="")
    write("suite/one.py", f"chosen = {scenario('chosen')}\nother = {scenario('other')}")

    assert names("suite") == ["chosen"]


def test_files_of_a_package_import_each_other_relatively() -> None:
    write("suite/__init__.py", "", head="")
    write("suite/inner/__init__.py", "", head="")
    write("suite/shared.py", "NAME = 'shared'", head="")
    write(
        "suite/inner/one.py", f"from ..shared import NAME\none = {scenario('x').replace(repr('x'), 'NAME')}"
    )

    assert names("suite") == ["shared"]


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        ("pkg.mod:one", ["first"]),
        ("pkg.mod:first", ["first"]),
        ("pkg.mod:many", ["first", "second"]),
        ("pkg.mod:make", ["made"]),
    ],
    ids=["attribute", "scenario name", "list", "callable"],
)
def test_a_module_target_names_an_attribute_or_a_scenario(target: str, expected: list[str]) -> None:
    write("pkg/__init__.py", "", head="")
    write(
        "pkg/mod.py",
        f"one = {scenario('first')}\ntwo = {scenario('second')}\nmany = [one, two]\ndef make():\n    return {scenario('made')}",
    )

    assert names(target) == expected


def test_a_reference_loads_its_scenario_and_no_other() -> None:
    write(
        "many.py",
        f"scenarios = [{scenario('a')}, {scenario('b-2')}]\nextra = [{scenario('c')}, {scenario('d')}]",
    )
    loaded = load(["many.py", "many.py:extra"])

    assert [one.ref for one in loaded] == ["many.py:a", "many.py:b-2", "many.py:extra[0]", "many.py:extra[1]"]
    assert [load([one.ref])[0].scenario for one in loaded] == [one.scenario for one in loaded]


def test_a_file_is_imported_once() -> None:
    write("one.py", f"print('imported', file=open('log', 'a'))\na = {scenario('a')}")
    load(["one.py"])
    load(["one.py:a", str(Path("one.py").resolve())])

    assert Path("log").read_text().splitlines() == ["imported"]


def test_a_file_named_like_an_sdk_does_not_hide_it() -> None:
    write("scenarios/json.py", f"import json\na = {scenario('a')}\nassert json.dumps")
    write("scenarios/openai.py", f"import openai\nb = {scenario('b')}\nassert openai.OpenAI")

    assert sorted(names("scenarios")) == ["a", "b"]


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("x = 1\n\nraise KeyError('price')", "bad.py:4: does not import: KeyError: 'price'"),
        (
            "x = 1\nimport nowhere",
            "bad.py:3: does not import: ModuleNotFoundError: No module named 'nowhere'",
        ),
        (
            "import os\n\nos.environ['MY_GATEWAY_URL']",
            "bad.py:4: does not import: KeyError: 'MY_GATEWAY_URL'; set that variable: to replay any value does, as "
            "MY_GATEWAY_URL=https://offline.invalid",
        ),
        ("def f(:\n  pass", "bad.py:2: does not import: SyntaxError: invalid syntax"),
        ("raise SystemExit(3)", "bad.py:2: does not import: SystemExit: 3"),
        ("import os; os._exit(0)", "bad.py:2: does not import: SystemExit: os._exit(0)"),
        ("x = 1", "bad.py: holds no scenario; define `scenario = BaselineScenario(...)` in it"),
        ("scenario = 7", "bad.py:scenario: expected scenarios, found int"),
        (
            "def get_scenario():\n    return 1 / 0",
            "bad.py:3: get_scenario() fails: ZeroDivisionError: division by zero",
        ),
        (
            "s = BaselineScenario(name='a b', agent=print, turns=['x'])",
            (
                "bad.py:2: BaselineScenario: name: String should match pattern "
                "'^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$' (got 'a b')"
            ),
        ),
        (
            "s = BaselineScenario(name='a', agent=print, turns=['x'], turn=3)",
            "bad.py:2: BaselineScenario: turn: Extra inputs are not permitted (got 3)",
        ),
    ],
    ids=[
        "raises",
        "missing module",
        "an environment variable",
        "syntax",
        "exits",
        "exits at once",
        "none",
        "wrong type",
        "factory",
        "bad field",
        "extra field",
    ],
)
def test_a_bad_file_is_refused_in_one_line(body: str, expected: str) -> None:
    write("bad.py", body)

    assert refusal("bad.py") == expected


@pytest.mark.parametrize(
    ("module", "extra"), [("anthropic", "anthropic"), ("openai", "openai"), ("google.genai", "gemini")]
)
def test_a_missing_sdk_names_the_line_that_installs_it(
    module: str, extra: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    write("one.py", f"import {module}\na = {scenario('a')}")
    monkeypatch.setitem(sys.modules, module, None)

    assert f'pip install "agent-chaos[{extra}]"' in refusal("one.py")


def test_two_scenarios_of_one_name_in_a_file_are_refused_too() -> None:
    write("one.py", f"a = {scenario('same')}\nb = {scenario('same')}")

    assert refusal("one.py") == (
        "two scenarios are named 'same', so that they would share a cassette: in one.py and in one.py; rename one"
    )


@pytest.mark.parametrize(("home", "other"), [("one", "two"), ("two", "one")])
def test_a_scenario_that_another_file_imports_is_the_one_of_its_own_file(
    home: str, other: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(f"scenarios/{home}.py", f"def agent(ctx, text):\n    return text\n\n\na = {scenario('a')}")
    write(f"scenarios/{other}.py", f"from {home} import a\nb = a.variant(name='b', chaos=[])")
    monkeypatch.syspath_prepend("scenarios")
    found = load(["scenarios"], variants=True)

    assert {one.ref for one in found} == {
        f"scenarios{os.sep}{home}.py:a",
        f"scenarios{os.sep}{other}.py:b",
    }


def test_two_scenarios_of_one_name_are_refused_with_both_places() -> None:
    write("scenarios/one.py", f"a = {scenario('same')}")
    write("scenarios/two.py", f"b = {scenario('same')}")

    assert refusal() == (
        "two scenarios are named 'same', so that they would share a cassette: "
        f"in scenarios{os.sep}one.py and in scenarios{os.sep}two.py; rename one"
    )


# No system has names that long, and says so instead of finding nothing.
TOO_LONG = f"{'a' * 300}/b.py"


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        ("nowhere.py", "nowhere.py: no such file or folder; expected a file, a folder or pkg.module:attr"),
        (TOO_LONG, f"{TOO_LONG}: no such file or folder; expected a file, a folder or pkg.module:attr"),
        (
            f"{TOO_LONG}:a",
            f"{TOO_LONG}:a: no such file or folder; expected a file, a folder or pkg.module:attr",
        ),
        ("no.where:x", "no.where: there is no module 'no'"),
        ("one.py:b", "one.py: no scenario or attribute 'b'; scenarios in it: a"),
        ("one.py:many[7]", "one.py:many[7]: holds no scenario"),
        ("empty", "empty: holds no scenario (0 files match *.py)"),
    ],
    ids=[
        "no file",
        "too long a name",
        "too long a name, with a colon",
        "no module",
        "no attribute",
        "no item",
        "empty folder",
    ],
)
def test_a_target_that_leads_nowhere_is_refused(target: str, expected: str) -> None:
    write("one.py", f"a = {scenario('a')}\nmany = [a]")
    Path("empty").mkdir()

    assert refusal(target) == expected


@pytest.mark.parametrize(
    ("target", "meant"),
    [
        ("scenarios/refnd.py", "scenarios/refund.py"),
        ("refund", "scenarios/refund.py"),
        ("refund.py", "scenarios/refund.py"),
        ("scenario", "scenarios/"),
        ("agents/dsk.py", "agents/desk.py"),
    ],
)
def test_a_mistyped_target_is_told_what_lies_near_it(target: str, meant: str) -> None:
    write("scenarios/refund.py", f"a = {scenario('a')}")
    write("agents/desk.py", f"b = {scenario('b')}")

    assert refusal(target).endswith(f"; did you mean {meant}?")


def test_a_folder_within_a_project_is_told_where_the_scenarios_are(monkeypatch) -> None:
    write("scenarios/refund.py", f"a = {scenario('a')}")
    project = Path.cwd()
    (project / "src").mkdir()
    monkeypatch.chdir(project / "src")

    assert refusal().endswith(f"; {project} has one: run this there")


def test_an_agent_named_as_the_scenario_is_told_what_to_write() -> None:
    write("desk.py", "def agent(ctx, turn_input):\n    return turn_input")

    assert refusal("desk.py:agent") == (
        "desk.py: agent takes ctx, turn_input; expected a scenario, or a function without arguments that returns "
        "one: BaselineScenario(name=…, agent=agent, turns=[…])"
    )


def test_no_target_and_no_scenarios_folder_is_refused() -> None:
    assert refusal().startswith("no TARGET given and no scenarios/ folder here")


def test_a_file_whose_packages_are_not_installed_is_skipped_with_the_line_that_installs_them() -> None:
    write("scenarios/one.py", f"a = {scenario('a')}")
    write("scenarios/graph/two.py", f"import no_such_framework.graph\na = {scenario('b')}")
    write("scenarios/graph/requirements.txt", "no-such-framework>=1\n")
    skipped: list[ScenarioError] = []
    found = load(skip=skipped.append)

    assert [one.scenario.name for one in found] == ["a"]
    assert str(skipped[0]) == (
        "scenarios/graph/two.py:2: needs no_such_framework, which is not installed: "
        "pip install -r scenarios/graph/requirements.txt"
    )


def test_a_file_that_does_not_import_is_told_and_does_not_keep_others_from_being_loaded() -> None:
    write("scenarios/one.py", f"a = {scenario('a')}")
    write("scenarios/two.py", f"import no_such_framework\na = {scenario('b')}")
    write("scenarios/worse.py", "a = (")
    skipped: list[ScenarioError] = []
    found = load(skip=skipped.append)

    assert [one.scenario.name for one in found] == ["a"]
    assert ["ModuleNotFoundError" in str(skipped[0]), "SyntaxError" in str(skipped[1])] == [True, True]


@pytest.mark.parametrize("name", ["scenario", "base"])
def test_variants_beside_the_scenario_of_a_file_are_loaded_with_it(name: str) -> None:
    write("one.py", f"{name} = {scenario('a')}\nlimited = {name}.variant(name='limited')")

    assert [one.scenario.name for one in load(["one.py"], variants=True)] == ["a", "limited"]
    assert [one.scenario.name for one in load(["one.py:limited"], variants=True)] == ["limited"]
    assert [one.scenario.name for one in load(["one.py"])] == ["a"]


def test_where_all_is_skipped_the_first_is_an_error() -> None:
    write("graph/two.py", f"import no_such_framework\na = {scenario('b')}")
    write("graph/requirements.txt", "no-such-framework>=1\n")

    assert refusal("graph").endswith("pip install -r graph/requirements.txt")


def test_a_run_at_the_top_of_a_file_waits_until_the_file_is_run() -> None:
    write("one.py", f"import agent_chaos\na = {scenario('a')}\nreport = agent_chaos.run_scenario(a)")

    with pytest.warns(RuntimeWarning, match="a is not run: its file was only loaded"):
        found = load(["one.py"])
    assert [one.scenario.name for one in found] == ["a"]


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        (
            "providers=['antropic']",
            "providers: unknown provider 'antropic'; known are anthropic, bedrock, cohere, gemini, mistral, ollama, openai",
        ),
        ("assertions=[TurnCompletes(turn=3)]", "there is no turn 3; turns count from 0 to 1"),
    ],
    ids=["provider", "turn"],
)
def test_a_wrong_name_or_index_is_told_with_those_that_are_right(fields, said, tmp_path):
    (tmp_path / "wrong.py").write_text(
        "from agent_chaos.scenario import BaselineScenario, TurnCompletes\n"
        f"scenario = BaselineScenario(name='w', agent=print, turns=['a', 'b'], {fields})\n"
    )

    with pytest.raises(ScenarioError) as caught:
        load([str(tmp_path / "wrong.py")])
    assert said in str(caught.value)
    assert "wrong.py:2: BaselineScenario: " in str(caught.value)
    assert "Value error" not in str(caught.value)


def test_a_mistyped_import_is_no_package_that_is_missing() -> None:
    write("graph/requirements.txt", "# what the agent needs\npytest>=1\n", head="")
    write("graph/scenario.py", "import pytset")

    with pytest.raises(
        ScenarioError, match="does not import: ModuleNotFoundError: No module named 'pytset'"
    ) as caught:
        load(["graph/scenario.py"])
    assert not isinstance(caught.value, RequirementMissing)
