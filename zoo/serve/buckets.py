"""Token buckets: how often each client may do something."""

from __future__ import annotations

import math
import time
from collections import OrderedDict
from collections.abc import Callable

# The clients that are remembered; beyond, the one that was heard of longest ago is forgotten.
MAX_CLIENTS = 10_000


class Buckets:
    """One token bucket per client.

    A bucket holds up to `capacity` tokens and is refilled by `rate` tokens per second; what takes a
    token from an empty bucket must wait.

    Args:
        capacity: how often at once.
        rate: how often per second in the long run.
        clock: returns seconds.

    >>> seconds = [0.0]
    >>> buckets = Buckets(2, 0.5, lambda: seconds[0])
    >>> [buckets.take("a"), buckets.take("a"), buckets.take("a"), buckets.take("b")]
    [0, 0, 2, 0]
    >>> seconds[0] = 2.0
    >>> [buckets.take("a"), buckets.take("a")]
    [0, 2]
    """

    def __init__(self, capacity: int, rate: float, clock: Callable[[], float] = time.monotonic):
        self._capacity = capacity
        self._rate = rate
        self._clock = clock
        # Of each client: the tokens that there were, and when.
        self._found: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def take(self, client: str) -> int:
        """Take a token, and return 0; or the seconds, rounded up, until there will be one."""
        wait = self.wait(client)
        if not wait:
            tokens, then = self._found[client]
            self._found[client] = (tokens - 1, then)
        return wait

    def wait(self, client: str) -> int:
        """Return the seconds, rounded up, until a client has a token; it stays in the bucket."""
        now = self._clock()
        tokens, then = self._found.get(client, (float(self._capacity), now))
        tokens = min(float(self._capacity), tokens + self._rate * (now - then))
        self._found[client] = (tokens, now)
        self._found.move_to_end(client)
        while len(self._found) > MAX_CLIENTS:
            self._found.popitem(last=False)
        return 0 if tokens >= 1 else math.ceil((1 - tokens) / self._rate)
