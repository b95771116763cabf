"""The figures of a package: what is counted, and what is not."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent

import pytest

from scripts.figures import Figure, format_table, measure_package


@pytest.fixture
def house(tmp_path: Path) -> Path:
    """A package with two rooms, `house.kitchen` and `house.cellar`, both still empty."""
    for room in ("house", "house/kitchen", "house/cellar"):
        (tmp_path / room).mkdir()
        (tmp_path / room / "__init__.py").touch()
    (tmp_path / "tests").mkdir()
    return tmp_path / "house"


def measure(house: Path, **sources: str) -> dict[str, Figure]:
    """Write modules (`kitchen__oven` is kitchen/oven.py) and return the figures by title."""
    for name, source in sources.items():
        (house / f"{name.replace('__', '/')}.py").write_text(dedent(source))
    figures = measure_package(house, house.parent / "tests")
    return {figure.title: figure for figure in figures}


def test_names_of_one_word_are_counted_without_underscores_properties_and_dunders(
    house: Path,
) -> None:
    source = """
        class Oven:
            def __init__(self): ...
            def _heat(self): ...
            def bake_bread(self):
                def knead(): ...
            @property
            def temperature(self): ...
            async def _open_door(self): ...
    """
    figure = measure(house, oven=source)["functions named by one word"]
    assert (figure.value, figure.offenders) == (50, ("house.oven: _heat, knead",))


def test_a_function_longer_than_forty_lines_is_named(house: Path) -> None:
    source = "def fits():" + "\n    a = 1" * 39 + "\n\ndef too_long():" + "\n    a = 1" * 40
    figure = measure(house, oven=source)["functions over 40 lines"]
    assert figure.offenders == ("house.oven.too_long: 41 lines",)


@pytest.mark.parametrize(
    "late",
    [
        "from house.cellar import wine",
        "from ..cellar.wine import Bottle",
        "def fetch():\n    import house.cellar.wine",
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from house.cellar.wine import A",
    ],
)
def test_an_import_cycle_is_found_wherever_its_import_stands(house: Path, late: str) -> None:
    cellar = "from house.kitchen import oven"
    figure = measure(house, kitchen__oven=late, cellar__wine=cellar)["import cycles"]
    assert figure.value == 1
    assert set(figure.offenders[0].split(" → ")) == {"house.kitchen.oven", "house.cellar.wine"}


def test_imports_that_point_one_way_are_no_cycle(house: Path) -> None:
    wine, oven = "from house.kitchen import oven, pan", "from house.kitchen.pan import Pan"
    figures = measure(house, cellar__wine=wine, kitchen__oven=oven, kitchen__pan="")
    assert figures["import cycles"].value == 0


def test_untyped_data_count_where_another_room_uses_them(house: Path) -> None:
    oven = """
        from typing import Any
        def list_dishes() -> dict[str, Any]: ...
        def list_pots() -> dict[str, Any]: ...
        class Oven:
            def describe_heat(self, options: "dict[str, Any]") -> None: ...
    """
    wine = """
        from house.kitchen.oven import list_dishes
        def drink(oven):
            list_dishes()
            oven.describe_heat({})
    """
    pan = "from house.kitchen.oven import list_pots\nlist_pots()"
    figures = measure(house, kitchen__oven=oven, kitchen__pan=pan, cellar__wine=wine)
    figure = figures["functions that pass dict[str, Any] to another room"]
    assert figure.offenders == (
        "house.kitchen.oven.list_dishes",
        "house.kitchen.oven.describe_heat",
    )


def test_a_docstring_names_what_its_function_raises(house: Path) -> None:
    source = '''
        def names_it():
            """Bake. Raises ColdError when the oven is cold."""
            raise ColdError("cold")
        def is_silent():
            """Bake."""
            raise errors.ColdError
        def hands_it_on():
            """Bake."""
            try: ...
            except OSError: raise
        def _is_private(): raise ColdError
    '''
    figure = measure(house, oven=source)["public functions that name what they raise"]
    assert (figure.value, figure.offenders) == (50, ("house.oven.is_silent",))


def test_a_module_is_tested_by_a_file_of_its_name_in_its_room(house: Path) -> None:
    tests = house.parent / "tests/kitchen"
    tests.mkdir()
    (tests / "test_oven.py").touch()
    source = "def bake(): return 200"
    figures = measure(house, kitchen__oven=source, cellar__oven=source)
    assert figures["modules with functions and no test"].offenders == ("house.cellar.oven",)


def test_a_module_of_types_and_constants_needs_no_test(house: Path) -> None:
    pan = """
        SIZE_CM = 28
        class Pan(Protocol):
            def heat(self) -> None:
                \"\"\"Heat it.\"\"\"
    """
    figures = measure(house, kitchen__pan=pan)
    assert figures["modules with functions and no test"].offenders == ()


def test_uses_of_the_container_of_parts_are_counted(house: Path) -> None:
    source = "from house import services\nhistory = services.current().history"
    assert measure(house, oven=source)["uses of services.current()"].offenders == ("house.oven:2",)


def test_the_table_marks_a_missed_goal_and_leaves_out_what_others_have_not() -> None:
    figures = [Figure("cycles", 2, 0), Figure("tested", 99.6, 90, True, True), Figure("size", 7)]
    rows = format_table(figures, {"flask 3": {"cycles": 46}}).splitlines()
    assert [row.split() for row in rows] == [
        ["here", "goal", "flask", "3"],
        ["cycles", "2", "!", "≤", "0", "46"],
        ["tested", "100", "%", "≥", "90", "%", "-"],
        ["size", "7", "-"],
    ]
