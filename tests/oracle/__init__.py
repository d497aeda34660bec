"""The oracle: what the processor must say about a log, computed slowly and plainly from the lending definitions.

It shares no code with `stream` or `schemas`. A loan is computed anew from its whole history each time that something
about it may have changed; nothing is carried forward but the history itself and the alerts already given. Where the
product is quick, the oracle is obvious: a difference between the two is a bug in one of them.
"""

from tests.oracle.alert import Alert
from tests.oracle.loan import Loan
from tests.oracle.policy import Bucket, Policy, Product
from tests.oracle.standing import standing
from tests.oracle.task import DeadLetter, Task, judge

__all__ = ["Alert", "Bucket", "DeadLetter", "Loan", "Policy", "Product", "Task", "judge", "standing"]
