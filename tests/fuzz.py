"""`python -m tests.fuzz contract|codec|policy`: coverage-guided fuzz by hand, with atheris (pip install atheris).

contract: any bytes as the value of a record, on each input topic, in both modes: a fact or a reason code, nothing else.
codec: any bytes as the stored state of a loan: a loan or StateError, nothing else.
policy: any text as a policy file: a policy or PolicyError, nothing else.
A finding ends the run and leaves the input in a file `crash-...` here; give that file as the last argument to replay.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path

from tests.bad_messages import bad_messages

SECONDS = 600


def _targets() -> dict[str, tuple[Callable[[bytes], None], list[bytes]]]:
    """What is fuzzed, by name, each with inputs to begin with."""
    from stream.policy_file import PolicyError, parse_policy
    from stream.translate.inbound import Inbound
    from stream.translate.lines import Line
    from stream.translate.rejected import Rejected
    from stream.translate.state import StateError, load
    from tests.faults.portfolio import POLICY

    inbound = Inbound("Asia/Shanghai")
    topics = ("loans.disbursements", "loans.servicing", "loans.repayments", "business-days", "borrowers.signals")
    structured = (("content-type", b"application/cloudevents+json"),)

    def contract(raw: bytes) -> None:
        topic = topics[raw[0] % len(topics)] if raw else topics[0]
        binary = tuple((f"ce_{name}", b"loan.repaid") for name in ("id", "type", "source", "time", "specversion"))
        for headers in (structured, binary):
            try:
                inbound.decode(Line(topic, 0, 0, 1_709_600_000_000, b"L1", raw[1:], headers))
            except Rejected:
                continue

    def codec(raw: bytes) -> None:
        try:
            load(raw)
        except StateError:
            return

    def policy(raw: bytes) -> None:
        try:
            parse_policy(raw.decode("utf-8", "replace"))
        except PolicyError:
            return

    messages = [bytes([number % 5]) + (bad.value or b"") for number, bad in enumerate(bad_messages("L1"))]
    return {
        "contract": (contract, [message for message in messages if len(message) < 10_000]),
        "codec": (codec, _states()),
        "policy": (policy, [POLICY.encode()]),
    }


def _states() -> list[bytes]:
    from tests.shell.test_state_check import states

    return sorted(states().values())


def main() -> int:
    """Fuzz for some time; atheris ends the process itself."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("target", choices=("contract", "codec", "policy"))
    parser.add_argument("--seconds", type=int, default=SECONDS, help="so long (%(default)s)")
    parser.add_argument("--corpus", type=Path, default=Path("build/fuzz"), help="inputs that were found (%(default)s)")
    parser.add_argument("replay", nargs="?", type=Path, help="only this input")
    said = parser.parse_args()
    try:
        import atheris
    except ImportError:
        parser.error("atheris is not here: pip install atheris (Linux, Python up to 3.13)")
    with atheris.instrument_imports(include=["stream.translate", "stream.policy_file", "schemas"]):
        run, seeds = _targets()[said.target]
    if said.replay:
        run(said.replay.read_bytes())
        return 0
    folder = said.corpus / said.target
    folder.mkdir(parents=True, exist_ok=True)
    for number, seed in enumerate(seeds):
        (folder / f"seed-{number}").write_bytes(seed)
    atheris.Setup([sys.argv[0], f"-max_total_time={said.seconds}", "-max_len=8192", str(folder)], run)
    atheris.Fuzz()
    return 0


if __name__ == "__main__":
    sys.exit(main())
