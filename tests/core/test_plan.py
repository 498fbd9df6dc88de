"""The plan: what the file and the command line say becomes settings, or one line that names key and place."""

from __future__ import annotations

from pathlib import Path

import pydantic
import pytest

from synthkit.errors import UnsetVariableError, UsageError
from synthkit.gates import Gate
from synthkit.plan import Plan, find_file, load, load_gates

pytestmark = pytest.mark.slow  # whole runs, or processes of their own


@pytest.fixture
def written(tmp_path):
    """Write a configuration file and give its path."""

    def write(text: str, name: str = "synthkit.toml") -> Path:
        file = tmp_path / name
        file.write_text(text, "utf-8")
        return file

    return write


def refusal(file: Path | None, **overrides) -> str:
    with pytest.raises(UsageError) as caught:
        load(file, overrides)
    assert caught.value.exit_code == 2
    return str(caught.value)


# --- settings -------------------------------------------------------------------------------------


def test_without_file_and_options_the_defaults_hold():
    assert load(None, {}) == Plan()
    assert Plan().holdout == 0.2


def test_every_setting_can_be_written_in_the_file(written):
    file = written(
        """
        plugin = "ctgan"
        data = "shop"
        schema = "schema.toml"
        holdout = 0.3
        tables = ["customers", "orders"]
        table = "customers"
        rows = 500
        seed = 7
        out = "made"
        format = "parquet"
        csv_safe = true
        plots = "svg"
        evaluators = ["means"]
        no_gates = true
        allow_small = true
        k = 3
        locale = "de_DE"
        rare = "star"
        overwrite = true
        repeats = 5
        where = "age < 30"
        balance = "churned"
        given = "rows.csv"
        max_minutes = 2.5
        resume = true
        options.epochs = 3
        gate_set = "strict"
        gates."means.closeness.customers".min = 0.5
        """
    )
    plan = load(file, {})
    assert plan == Plan(
        plugin="ctgan",
        data=file.parent / "shop",
        schema=file.parent / "schema.toml",
        holdout=0.3,
        tables=("customers", "orders"),
        table="customers",
        rows=500,
        seed=7,
        out=file.parent / "made",
        format="parquet",
        csv_safe=True,
        plots="svg",
        evaluators=("means",),
        no_gates=True,
        allow_small=True,
        k=3,
        locale="de_DE",
        rare="star",
        overwrite=True,
        repeats=5,
        where="age < 30",
        balance="churned",
        given=file.parent / "rows.csv",
        max_minutes=2.5,
        resume=True,
        options={"epochs": 3},
        gate_set="strict",
        gates={"means.closeness.customers": Gate(min=0.5)},
    )
    assert set(Plan.model_fields) == plan.model_fields_set


def test_the_command_line_goes_before_the_file(written):
    plan = load(written('plugin = "hma"\nseed = 1\nschema = "a.toml"'), {"seed": 2, "schema": Path("b.toml")})
    assert (plan.plugin, plan.seed, plan.schema_file) == ("hma", 2, Path("b.toml"))


def test_options_and_gates_are_merged_one_by_one(written):
    file = written("[options]\na = 1\nb = 1\n[gates.x]\nmin = 0.1\n[gates.y]\nmin = 0.1\nmax = 0.9")
    plan = load(file, {"options": {"b": 2, "c": 2}, "gates": {"y": {"min": 0.2}, "z": {"max": 0}}})
    assert plan.options == {"a": 1, "b": 2, "c": 2}
    assert plan.gates == {"x": Gate(min=0.1), "y": Gate(min=0.2), "z": Gate(max=0)}


def test_options_and_gates_of_the_command_line_need_no_file():
    plan = load(None, {"options": {"epochs": 3}, "gates": {"x": {"min": 0.2}}})
    assert (plan.options, plan.gates) == ({"epochs": 3}, {"x": Gate(min=0.2)})


def test_paths_in_the_file_are_relative_to_the_file_and_those_of_the_command_line_are_not(written):
    file = written('data = "shop"\nholdout = "kept"\nout = "/elsewhere/made"')
    plan = load(file, {})
    assert (plan.data, plan.holdout) == (file.parent / "shop", file.parent / "kept")
    assert plan.out == Path("/elsewhere/made")
    assert load(file, {"data": Path("shop")}).data == Path("shop")


def test_a_plan_is_frozen():
    with pytest.raises(pydantic.ValidationError):
        Plan().seed = 1


# --- finding the file -----------------------------------------------------------------------------


@pytest.fixture
def deep(tmp_path):
    folder = tmp_path / "a" / "b" / "c"
    folder.mkdir(parents=True)
    return folder


def test_the_nearest_file_upwards_is_found(deep):
    for folder in (deep.parent, deep.parent.parent):
        (folder / "synthkit.toml").touch()
    assert find_file(deep) == deep.parent / "synthkit.toml"


def test_a_project_file_counts_only_with_its_table(deep):
    (deep / "pyproject.toml").write_text("[project]\nname = 'x'", "utf-8")
    (deep.parent / "pyproject.toml").write_text("[tool.other]", "utf-8")
    project = deep.parent.parent / "pyproject.toml"
    project.write_text("[tool.synthkit]", "utf-8")
    assert find_file(deep) == project


def test_our_own_file_goes_before_a_project_file_beside_it(deep):
    (deep / "pyproject.toml").write_text("[tool.synthkit]", "utf-8")
    (deep / "synthkit.toml").touch()
    assert find_file(deep) == deep / "synthkit.toml"


def test_a_folder_of_that_name_is_no_file(deep):
    (deep / "synthkit.toml").mkdir()
    (deep / "pyproject.toml").mkdir()
    (deep.parent / "synthkit.toml").touch()
    assert find_file(deep) == deep.parent / "synthkit.toml"


def test_a_relative_start_is_walked_up_too(deep, monkeypatch):
    (deep.parent / "synthkit.toml").touch()
    monkeypatch.chdir(deep)
    assert find_file(Path()) == deep.parent / "synthkit.toml"


def test_where_there_is_no_file_there_is_none(deep):
    found = find_file(deep)
    assert found is None or deep not in found.parents  # somebody may have one above the temporary folder


def test_a_project_file_on_the_way_that_is_not_toml_is_named(deep):
    (deep / "pyproject.toml").write_text("[tool", "utf-8")
    with pytest.raises(UsageError, match=r"pyproject\.toml is not valid TOML"):
        find_file(deep)


def test_settings_of_a_project_lie_in_its_table(written):
    file = written("[project]\nname = 'x'\n[tool.synthkit]\nseed = 3\ndata = 'shop'", "pyproject.toml")
    assert load(file, {}) == Plan(seed=3, data=file.parent / "shop")
    assert load(written("[tool.synthkit]", "pyproject.toml"), {}) == Plan()


@pytest.mark.parametrize("text", ["[project]\nname = 'x'", "tool = 3", "[tool]\nsynthkit = 3"])
def test_a_project_without_that_table_is_refused_when_it_was_asked_for(written, text):
    said = refusal(written(text, "pyproject.toml"))
    assert said == "pyproject.toml: there is no table [tool.synthkit]; add it, or check --config"


# --- what cannot be used --------------------------------------------------------------------------

WRONG = {
    "plugn = 'hma'": "synthkit.toml:1: unknown key 'plugn'; did you mean 'plugin'?",
    "seed = 1\n\n# a comment\nschem = 'x'": "synthkit.toml:4: unknown key 'schem'; did you mean 'schema'?",
    "schema_file = 'x'": "synthkit.toml:1: unknown key 'schema_file'; did you mean 'schema'?",
    "path = 'x'": "synthkit.toml:1: unknown key 'path'; known are allow_small, balance, csv_safe, data, evaluators, "
    "format, gate_set, gates, given, holdout, k, locale, max_minutes, no_gates, options, out, overwrite, plots, "
    "plugin, rare, repeats, resume, rows, schema, seed, table, tables, where",
    "k = 4": "synthkit.toml:1: k: fewer than 5 subjects hide nobody; allow_small = true (--allow-small) for a test; "
    "correct it",
    "allow_small = true\nk = 0": "synthkit.toml:2: k: input should be greater than 0; correct it",
    "rare = 'hide'": "synthkit.toml:1: rare: input should be 'draw' or 'star'; correct it",
    "rows = 0": "synthkit.toml:1: rows: input should be greater than 0; correct it",
    "seed = -1": "synthkit.toml:1: seed: input should be greater than or equal to 0; correct it",
    "holdout = 0": "synthkit.toml:1: holdout: a fraction must lie between 0 and 1; correct it",
    "holdout = 1.0": "synthkit.toml:1: holdout: a fraction must lie between 0 and 1; correct it",
    "holdout = nan": "synthkit.toml:1: holdout: a fraction must lie between 0 and 1; correct it",
    "holdout = []": "synthkit.toml:1: holdout: input should be a valid number; correct it",
    "tables = [\n  'a',\n  3,\n]": "synthkit.toml:4: tables.1: input should be a valid string; correct it",
    "gates = 3": "synthkit.toml:1: gates: input should be a valid dictionary; correct it",
    "options = 3": "synthkit.toml:1: options: input should be a valid dictionary; correct it",
    "[gates.x]": "synthkit.toml:1: gates.x: a gate needs min, max or min_of_ceiling; correct it",
    "[gates.x]\nmin = 1\n[gates.y]\nmin = 'a'": "synthkit.toml:4: gates.y.min: input should be a valid number, "
    "unable to parse string as a number; correct it",
    "[gates.'a.b']\nmim = 1": "synthkit.toml:2: unknown key 'gates.a.b.mim'; did you mean 'min'?",
    "[gates]\n'a.b' = {min = 1,  severty = 'warn'}": "synthkit.toml:2: unknown key 'gates.a.b.severty'; "
    "did you mean 'severity'?",
    "[gates.a]\nmin = 1\nseverity = 'fatal'": "synthkit.toml:3: gates.a.severity: input should be 'error' or 'warn'; "
    "correct it",
    "[gates.means.closeness]\nmin = 1": "synthkit.toml:1: unknown key 'gates.means.closeness'; "
    'known are confidence, max, min, min_of_ceiling, severity, and a name with dots stands in quotes: [gates."a.b"]',
}


@pytest.mark.parametrize("text", WRONG)
def test_a_setting_that_cannot_be_used_is_named_with_its_line(written, text):
    assert refusal(written(text)) == WRONG[text]


def test_the_line_is_that_of_the_setting_not_of_a_namesake(written):
    file = written("[project]\nname = 'x'\nrows = 0\n[tool.synthkit]\nseed = 1\nrows = 0", "pyproject.toml")
    assert refusal(file).startswith("pyproject.toml:6: rows:")


def test_a_wrong_option_of_the_command_line_is_not_blamed_on_the_file(written):
    said = "rows: input should be greater than 0; correct it"
    assert refusal(None, rows=0) == refusal(written(""), rows=0) == refusal(written("rows = 5"), rows=0) == said
    assert refusal(written(""), gates={"x": {}}) == "gates.x: a gate needs min, max or min_of_ceiling; correct it"


def test_a_wrong_gate_of_the_file_is_found_beside_one_of_the_command_line(written):
    assert refusal(written("[gates.x]"), gates={"y": {"min": 1}}).startswith("synthkit.toml:1: gates.x:")
    assert refusal(written("gates = 3"), gates={"y": {"min": 1}}).startswith("gates:")


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"rows = ", "synthkit.toml is not valid TOML: Invalid value (at end of document); correct it"),
        (b"a = 1\na = 2", "synthkit.toml is not valid TOML: Cannot overwrite a value (at end of document); correct it"),
        (b"plugin = '\xff'", "synthkit.toml is not valid TOML: 'utf-8' codec can't decode byte 0xff"),
    ],
    ids=["syntax", "twice", "bytes"],
)
def test_what_is_not_toml_is_refused(tmp_path, content, problem):
    file = tmp_path / "synthkit.toml"
    file.write_bytes(content)
    assert refusal(file).startswith(problem)


def test_a_file_that_cannot_be_read_is_named(tmp_path):
    for file in (tmp_path / "nowhere.toml", tmp_path):
        assert refusal(file) == f"{file} cannot be read; check --config"


# --- environment variables and gate files ---------------------------------------------------------


def test_a_path_may_name_an_environment_variable(written, monkeypatch):
    monkeypatch.setenv("SHOPS", "/elsewhere")
    plan = load(written('data = "${SHOPS}/one"\nholdout = "kept/$5"'), {})
    assert (plan.data, plan.holdout.name) == (Path("/elsewhere/one"), "$5")


def test_an_environment_variable_that_is_not_set_is_named_with_its_line(written):
    file = written('seed = 1\ndata = "${NOT_SET_AT_ALL}/one"')
    with pytest.raises(UnsetVariableError) as caught:
        load(file, {})
    assert str(caught.value) == "synthkit.toml:2: the environment variable NOT_SET_AT_ALL is not set; set it"


GATES = 'gates."a.b".min = 0.5\n'


@pytest.mark.parametrize(
    ("text", "runs"),
    [
        ('plugin = "a"', {"a": ("a", 0)}),
        ('plugin = "a"\nseed = 3', {"a": ("a", 3)}),
        ('plugins = ["a", "b"]\nseeds = [4]', {"a": ("a", 4), "b": ("b", 4)}),
        ('plugins = ["a", "b"]\nseeds = [0, 1]', {"a-0": ("a", 0), "a-1": ("a", 1), "b-0": ("b", 0), "b-1": ("b", 1)}),
    ],
)
def test_a_gate_file_is_a_plan_for_each_plugin_and_seed(written, text, runs):
    plans = load_gates(written(f'data = "shop"\n{text}\n{GATES}', "x.synthkit.toml"))
    assert {name: (plan.plugin, plan.seed) for name, plan in plans.items()} == runs
    assert {plan.data.name for plan in plans.values()} == {"shop"}
    assert all(plan.gates == {"a.b": Gate(min=0.5)} for plan in plans.values())


def test_a_misspelt_key_of_a_gate_file_is_told_the_nearest_one_of_a_gate_file(written):
    with pytest.raises(UsageError, match=r"x\.synthkit\.toml:1: unknown key 'plugns'; did you mean 'plugins'\?"):
        load_gates(written(f"plugns = []\n{GATES}", "x.synthkit.toml"))
