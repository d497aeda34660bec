"""The catalogue of faults: what is asked for is found, and a bad row is seen."""

from __future__ import annotations

import json
import socket
from pathlib import Path

import pytest

from tests.faults.catalogue import FAULTS, chosen
from tests.faults.cut import TO_BROKER, TO_WORKER, Proxy
from tests.faults.injuries import Ward
from tests.faults.refusals import Refusal
from tests.faults.rows import Row, table, write_json

ROW = Row("F1", "kill -9 of a worker", seed=7, times=25, events=1234, alerts=99, takeover=12.34, exact=True)


def test_faults_are_chosen_by_name() -> None:
    """One, several or all; an unknown name is refused with those that there are."""
    assert [fault.name for fault in chosen("F4,F1")] == ["F4", "F1"]
    assert chosen("all") == list(FAULTS)
    with pytest.raises(ValueError, match=r"no fault F99.*F1, F2"):
        chosen("F1,F99")


def test_every_kind_of_fault_has_its_doing() -> None:
    """What a plan of the catalogue names is a method of the ward, so that no run ends half way."""
    for kind in ("kill", "rolling", "zombie", "broker", "restart", "leader", "controller", "majority", "storm"):
        assert callable(getattr(Ward, f"do_{kind}"))
    for kind in ("cut", "deaf", "mute"):
        assert callable(getattr(Ward, f"do_{kind}"))


def test_the_table_and_the_file_say_the_same(tmp_path: Path) -> None:
    """A row in both, with its verdict."""
    bad = Row("F3", "zombie", seed=7, times=1, lost=2, words=("alert: ...",))
    lines = table([ROW, bad]).splitlines()
    assert lines[1].split()[:4] == ["F1", "25", "1,234", "99"]
    assert "exact" in lines[1]
    assert "FAILED" in lines[2]
    write_json([ROW, bad], tmp_path / "rows.json")
    read = json.loads((tmp_path / "rows.json").read_text("utf-8"))
    assert [(row["fault"], row["lost"], row["verdict"]) for row in read] == [("F1", 0, "exact"), ("F3", 2, "FAILED")]


@pytest.mark.parametrize(
    ("code", "said", "failure"),
    [(4, "do this", ""), (4, "something", "does not say"), (0, "do this", "went on"), (None, "", "went on")],
)
def test_a_refusal_needs_an_exit_code_and_an_instruction(code: int | None, said: str, failure: str) -> None:
    """A worker that goes on, or that does not say what to do, has failed."""
    found = Refusal("damage", code, 1.0, said, ("do this",)).failure
    assert (failure in found) if failure else not found


def test_a_cut_holds_bytes_back_in_one_way_or_both_and_gives_them_later() -> None:
    """What is sent while the network is cut arrives when it is whole again; the other way goes on."""
    with socket.create_server(("127.0.0.1", 0)) as broker:
        proxy = Proxy(0, broker.getsockname()[1])
        with socket.create_connection(("127.0.0.1", proxy.port)) as worker:
            served, _ = broker.accept()
            with served:
                proxy.hold(TO_BROKER)
                worker.sendall(b"up")
                served.sendall(b"down")
                assert worker.recv(4) == b"down"
                served.settimeout(0.1)
                with pytest.raises(TimeoutError):
                    served.recv(2)
                proxy.hold(TO_BROKER, TO_WORKER)
                served.sendall(b"more")
                worker.settimeout(0.1)
                with pytest.raises(TimeoutError):
                    worker.recv(4)
                proxy.heal()
                served.settimeout(5)
                worker.settimeout(5)
                assert (served.recv(2), worker.recv(4)) == (b"up", b"more")
        proxy.close()
