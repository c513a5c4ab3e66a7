"""Who pays for a query: a request says where its work is counted, the pool says how much it was."""

from __future__ import annotations

from collections.abc import Callable
from contextvars import ContextVar

_account: ContextVar[Callable[[float], None] | None] = ContextVar("account", default=None)


def charge_to(account: Callable[[float], None]) -> None:
    """Let ``account(seconds)`` be called for all work of the present context and its tasks."""
    _account.set(account)


def spend(seconds: float) -> None:
    """Count processor time of a query; it may come after the request has ended."""
    account = _account.get()
    if account is not None and seconds > 0:
        account(seconds)
