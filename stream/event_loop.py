"""The worker's event loop: uvloop, with an end to how long a closing TLS connection is waited for.

A broker that holds a fetch of ours does not answer the farewell of TLS; asyncio and uvloop wait 30 s for it by default,
and every restore, rebalance and stop would.
"""

from __future__ import annotations

import asyncio
from typing import Any, Final

import uvloop

FAREWELL_SECONDS: Final = 0.5


class Loop(uvloop.Loop):  # type: ignore[misc]
    """uvloop, impatient with TLS farewells."""

    async def create_connection(self, *arguments: Any, **options: Any) -> Any:
        """As uvloop's."""
        if options.get("ssl"):
            options.setdefault("ssl_shutdown_timeout", FAREWELL_SECONDS)
        return await super().create_connection(*arguments, **options)


class Policy(uvloop.EventLoopPolicy):  # type: ignore[misc]
    """Makes such loops."""

    def _loop_factory(self) -> Loop:
        return Loop()


def install() -> None:
    """Use such loops from now on."""
    asyncio.set_event_loop_policy(Policy())
