"""What upstream finds out of a borrower's ability to pay, and takes back: indications, and the assessed impairment.

Whether a borrower is unlikely to pay, or how much of a loan is expected to be lost, is decided upstream, by people and
models; here it is kept, classified by the policy's floors, and ended. Sources: CRR art. 178(3) with EBA/GL/2016/07
(unlikeliness to pay), the 2023 Measures for the classification of financial assets (impairment, expected credit loss,
liquidation, refinancing to repay).

Each comes as a flag, so that journal, replay and retelling know it: `indication_set:<code>`, `indication_ended:<code>`,
`impaired:<expected loss, hundredths of a percent>`, `not_impaired`.
"""

from __future__ import annotations

import json
from typing import Final

from stream.engine.entries import Flag
from stream.engine.journal import Entries
from stream.engine.loan import Loan
from stream.engine.memory import Memory, keep, memory_text
from stream.engine.schemes import CREDIT_IMPAIRED, INDICATIONS_OF_UNLIKELINESS, UNLIKELY_TO_PAY, Floor

SET: Final = "indication_set"
ENDED: Final = "indication_ended"
IMPAIRED: Final = "impaired"
NOT_IMPAIRED: Final = "not_impaired"
KINDS: Final = frozenset({SET, ENDED, IMPAIRED, NOT_IMPAIRED})


def parts(flag: str) -> tuple[str, str]:
    """Kind and what it is about, "" for nothing, of a flag of this module or of any other."""
    kind, _, about = flag.partition(":")
    return kind, about


def note(loan: Loan, flag: str) -> None:
    """Remember what a flag says; of a flag of another kind, nothing."""
    kind, about = parts(flag)
    if kind not in KINDS:
        return
    past = Memory(memory_text(loan))
    _take(past, kind, about)
    keep(loan, past)


def _take(past: Memory, kind: str, about: str) -> None:
    if kind == SET:
        if about not in past.indications:
            past.indications.append(about)
        past.distressed = past.distressed or about == "distressed_restructuring"
    elif kind == ENDED:
        past.indications = [indication for indication in past.indications if indication != about]
    else:
        past.expected_loss = int(about) if kind == IMPAIRED else -1


def in_force(entries: Entries, indication: str, day: int) -> bool:
    """Whether an indication is in force on a day, by the facts of the journal."""
    past = Memory(json.loads(entries.extras)[-1] if entries.extras else "")
    flags = [fact for fact in entries.servicing if isinstance(fact, Flag) and fact.effective <= day]
    for flag in sorted(flags):
        kind, about = parts(flag.flag)
        if kind in KINDS:
            _take(past, kind, about)
    return indication in past.indications


def holds(floor: Floor, past: Memory) -> bool:
    """Whether a floor of this module's circumstances holds by what is remembered."""
    if floor.when == CREDIT_IMPAIRED:
        return past.expected_loss >= floor.least_loss
    if floor.when == UNLIKELY_TO_PAY:
        return any(indication in INDICATIONS_OF_UNLIKELINESS for indication in past.indications)
    return floor.when in past.indications
