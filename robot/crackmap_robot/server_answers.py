"""What a server's answer says, for people, and how long to wait when it says no or nothing."""

import random
from collections.abc import Callable

import httpx2

TIMEOUTS = httpx2.Timeout(30.0, connect=5.0)
LONGEST_RETRY_AFTER_S = 60.0


def words_of(answer: httpx2.Response) -> str:
    """Status and the reason that the server gives (application/problem+json), for people."""
    try:
        problem = answer.json()
    except (ValueError, RecursionError):
        problem = None
    detail = problem.get("detail") or problem.get("title") if isinstance(problem, dict) else None
    return f"{answer.status_code} {detail if isinstance(detail, str) else answer.reason_phrase}"[:1000]


def retry_after_s(answer: httpx2.Response) -> float | None:
    """In seconds; the date form of the header is not used by crackmap servers."""
    value = answer.headers.get("Retry-After", "")
    return float(value) if value.isdecimal() else None


def wait_s(failures: int, retry_after_s: float | None = None, chance: Callable[[], float] = random.random) -> float:
    """How long to wait after the n-th failure in a row: as the server wishes, else doubling up to 30 s.

    Half of it is left to `chance` (0 … 1): robots that lost their server together must not come back together.
    """
    if retry_after_s is not None:
        return min(retry_after_s, LONGEST_RETRY_AFTER_S)
    return min(0.5 * 2.0 ** min(failures - 1, 10), 30.0) * (0.5 + 0.5 * chance())
