"""Where a key stands in a policy file."""

from __future__ import annotations

import pytest

from stream.policy_file.lines import line_of

TEXT = """version = "x"            # 1
# grace_days = 3
[products.default]       # 3
grace_days = 3
tolerance = { amount = 1, percent = "0" }
buckets = [              # 6
    { code = "A, {1", min_days = 1, max_days = 30 },
    { code = "B", min_days = 31 },
]
schemes = ["ifrs9", "rbi"]
[products."gold card"]
grace_days = 4
[schemes.mine]
cure.months = 6
"""


@pytest.mark.parametrize(
    ("path", "line"),
    [
        (("version",), 1),
        (("products", "default"), 3),
        (("products", "default", "grace_days"), 4),
        (("products", "default", "tolerance", "amount"), 5),
        (("products", "default", "buckets"), 6),
        (("products", "default", "buckets", 0, "code"), 7),
        (("products", "default", "buckets", 1, "min_days"), 8),
        (("products", "default", "schemes", 1), 10),
        (("products", "gold card", "grace_days"), 12),
        (("schemes", "mine", "cure", "months"), 14),
        (("time_zone",), 0),
    ],
)
def test_the_deepest_part_that_is_found(path: tuple[str | int, ...], line: int) -> None:
    """Tables by heading, keys by line, elements of a list over several lines; 0 where there is nothing."""
    assert line_of(TEXT, path) == line
