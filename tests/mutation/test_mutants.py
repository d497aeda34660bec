"""The mutants are what they say, and each is the code of the function with one damage."""

from __future__ import annotations

from pathlib import Path
from types import CodeType, FunctionType
from typing import Any

import pytest

from tests.mutation.mutants import Mutant, mutants_of

SOURCE = '''
def late(days, grace=0):
    """Whether so many days are late."""
    over = days - grace
    if over > 3 and not days == 9:
        return True
    return False
'''


@pytest.fixture
def found(tmp_path: Path) -> list[Mutant]:
    file = tmp_path / "late.py"
    file.write_text(SOURCE, "utf-8")
    return list(mutants_of("late", file))


def run(code: CodeType, *arguments: Any) -> Any:
    """What a function of this code gives."""
    return FunctionType(code, {}, "late", (0,))(*arguments)


def test_every_part_of_a_function_is_damaged_once(found: list[Mutant]) -> None:
    """Operators, comparisons, constants, conditions and results, none of the docstring or the defaults."""
    assert sorted(mutant.words.replace("`", "") for mutant in found) == [
        "3 becomes 4",
        "9 becomes 10",
        "False becomes True",
        "True becomes False",
        "days - grace: the operator becomes Add",
        "days == 9: Eq becomes NotEq",
        "not days == 9: the not is left out",
        "over = days - grace becomes None",
        "over > 3 and (not days == 9) is turned round",
        "over > 3 and (not days == 9): becomes Or",
        "over > 3: Gt becomes GtE",
        "return False returns None",
        "return True returns None",
    ]


def test_a_mutant_is_the_function_with_that_one_damage(found: list[Mutant]) -> None:
    """`>` that becomes `>=` is late a day early, and is right otherwise."""
    code = next(mutant.code for mutant in found if "Gt becomes GtE" in mutant.words)
    assert [run(code, days) for days in (2, 3, 4, 9)] == [False, True, True, False]


def test_mutants_come_in_one_order(found: list[Mutant], tmp_path: Path) -> None:
    """Two runs try the same mutants in the same order."""
    again = list(mutants_of("late", tmp_path / "late.py"))
    assert [mutant.name for mutant in again] == [mutant.name for mutant in found]
