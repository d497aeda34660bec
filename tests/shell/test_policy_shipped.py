"""Every policy that comes with the program loads, and says what its convention says."""

from __future__ import annotations

from pathlib import Path

import pytest

from stream.policy_file import load_policy, parse_policy, shipped_policies
from stream.policy_file.notes import notes
from stream.policy_file.schemes import shipped as shipped_schemes
from stream.policy_file.shown import shown


def test_there_is_one_for_each_convention() -> None:
    """A Chinese lender's, cards, small business, MBA, OTS, 12 CFR 561.47, RBI, APRA, CRR, FFIEC, Fineract."""
    assert shipped_policies() == [
        "apra.toml",
        "cn.toml",
        "cn_cards.toml",
        "cn_small_business.toml",
        "crr_178.toml",
        "ffiec_metro2.toml",
        "fineract.toml",
        "mba.toml",
        "ots.toml",
        "rbi.toml",
        "us_561_47.toml",
    ]


@pytest.mark.parametrize("name", shipped_policies())
def test_a_shipped_policy_loads(name: str) -> None:
    """Each is right, has schemes and buckets without a gap, and a version of its own."""
    policy = load_policy(Path(name))
    for rules in (policy.default, *policy.products.values()):
        assert rules.schemes
        assert [remark for remark in notes(policy) if "bucket" in remark] == []
        assert rules.buckets[-1].max_days is None
    versions = {load_policy(Path(other)).version for other in shipped_policies()}
    assert len(versions) == len(shipped_policies())


@pytest.mark.parametrize("name", shipped_policies())
def test_a_shipped_policy_explains_itself(name: str) -> None:
    """Each begins with what lender it is for, in words."""
    folder = Path(__file__).resolve().parents[2] / "stream" / "policies"
    first = (folder / name).read_text("utf-8").split("\n")[:2]
    assert all(line.startswith("# ") for line in first)


@pytest.mark.parametrize("name", shipped_schemes())
def test_every_shipped_scheme_can_be_turned_on(name: str) -> None:
    """Each scheme of schemes.toml is right, and its first code is the one of a loan with nothing wrong."""
    rules = parse_policy(f'[products.default]\nschemes = ["{name}"]').default
    assert rules.normal_classes == f"{name}:{shipped_schemes()[name]['codes'][0]}"


def test_crr_has_one_threshold_for_retail_and_one_for_others() -> None:
    """Reg. 2018/171: 100 EUR retail, 500 EUR others, 1 % each."""
    policy = load_policy(Path("crr_178.toml"))
    assert [policy.rules(product).material_amount for product in ("default", "corporate")] == [100_00, 500_00]
    assert policy.rules("corporate").count_from == "first_material"


def test_what_is_shown_has_every_key_in_force() -> None:
    """A product shows what it inherits: the cards of a US bank have the default's buckets and their own schemes."""
    figures = shown(load_policy(Path("ffiec_metro2.toml")), "credit_card")
    assert "scheme ffiec_open_end" in figures
    assert "scheme ffiec_closed_end" not in figures
    assert len(figures["buckets"]) == 7


def test_who_comes_from_fineract_has_its_notices_and_days() -> None:
    """Domain 9.13: notices one day before and one day after; 9.7: days per installment; 9.15: goodwill to the last."""
    rules = load_policy(Path("fineract.toml")).default
    assert (rules.due_soon_days, rules.overdue_notice_days) == ((1,), (1,))
    assert rules.installment_level
    assert rules.advance_last == {"goodwill_credit"}


@pytest.mark.parametrize(
    ("line", "ahead", "behind"),
    [
        ("", (), ()),
        ("notices = {}", (1,), (1,)),
        ("notices = { due_soon_days = [3] }", (3,), (1,)),
        ("notices = { overdue_days = [] }", (1,), ()),
    ],
)
def test_notices_that_are_turned_on_without_days_come_one_day_before_and_after(
    line: str, ahead: tuple[int, ...], behind: tuple[int, ...]
) -> None:
    """Domain 9.13: N and M per product over a global default of 1 and 1; a policy without notices has none."""
    rules = parse_policy(f"[products.default]\n{line}\n").default
    assert (rules.due_soon_days, rules.overdue_notice_days) == (ahead, behind)
