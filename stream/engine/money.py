"""Money is an integer in minor units of one currency; an installment is a row of integers."""

from __future__ import annotations

from typing import Final

Money = int
"""An amount in minor units (cents, 分) of the loan's currency; never a float."""

Row = list[int]
"""What is still owed of one installment; the places are named below."""

NUMBER: Final = 0
DUE: Final = 1
PRINCIPAL: Final = 2
INTEREST: Final = 3
FEE: Final = 4
PENALTY: Final = 5
TOTAL: Final = 6
"""What the installment came to in the schedule: the base of a tolerance in percent."""

COMPONENTS: Final = (PRINCIPAL, INTEREST, FEE, PENALTY)
COMPONENT_OF_NAME: Final = {"principal": PRINCIPAL, "interest": INTEREST, "fee": FEE, "penalty": PENALTY}
