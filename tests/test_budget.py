"""The budget of a client: what it is counted by, who pays, and what it is told."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from service.front.budget import Budgets, Clients
from service.problems import TooManyRequests, UsageError
from tests.live_service import Answer, Live, address, live
from tests.serving_release import write_release

RUNAWAY = "SELECT (COUNT(*) AS ?n) { ?a ?p ?b . ?c ?q ?d . ?e ?r ?f FILTER(?a != ?e) }"


class Clock:
    """A clock that stands still until it is moved."""

    now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_a_spent_budget_is_429_and_comes_back_with_time() -> None:
    clock = Clock()
    budgets = Budgets(60, clock)
    budgets.check("a")
    budgets.charge("a", 310)
    with pytest.raises(TooManyRequests) as refused:
        budgets.check("a")
    assert refused.value.headers["Retry-After"] == "10"
    assert refused.value.headers["RateLimit"] == '"work";r=0;t=310'
    budgets.check("b")
    clock.now += 11
    budgets.check("a")


def test_a_bucket_fills_up_and_no_further() -> None:
    clock = Clock()
    budgets = Budgets(60, clock)
    assert budgets.headers("a") == {
        "RateLimit-Policy": '"work";q=300;qu="seconds";w=300',
        "RateLimit": '"work";r=300;t=0',
    }
    budgets.charge("a", 20.5)
    assert budgets.headers("a")["RateLimit"] == '"work";r=279;t=21'
    clock.now += 3600
    assert budgets.headers("a")["RateLimit"] == '"work";r=300;t=0'


def test_no_limit_is_no_header_and_no_refusal() -> None:
    budgets = Budgets(0)
    budgets.charge("a", 1e9)
    budgets.check("a")
    assert budgets.headers("a") == {}


@pytest.mark.parametrize(
    ("trusted", "peer", "forwarded", "name"),
    [
        ("", "192.0.2.1", None, "192.0.2.1"),
        ("", "192.0.2.1", "198.51.100.7", "192.0.2.1"),
        ("192.0.2.1", "192.0.2.1", "198.51.100.7", "198.51.100.7"),
        ("192.0.2.0/24", "192.0.2.9", "203.0.113.5, 198.51.100.7", "198.51.100.7"),
        ("192.0.2.0/24", "192.0.2.9", "203.0.113.5, 192.0.2.8", "203.0.113.5"),
        ("192.0.2.9", "192.0.2.9", None, "192.0.2.9"),
        ("192.0.2.9", "192.0.2.9", "unknown", "unknown"),
        ("::1", "::1", "2001:db8:1:2:3::4", "2001:db8:1:2::/64"),
        ("192.0.2.1", "::ffff:192.0.2.1", "198.51.100.7", "198.51.100.7"),
    ],
)
def test_the_client_is_the_last_hop_that_no_trusted_proxy_stands_for(
    trusted: str, peer: str, forwarded: str | None, name: str
) -> None:
    assert Clients(trusted).name(peer, forwarded) == name


def test_a_trusted_proxy_that_is_no_address_is_told_at_the_start() -> None:
    with pytest.raises(UsageError, match="TRUSTED_PROXIES"):
        Clients("the balancer")


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    home: Path = tmp_path_factory.mktemp("budget")
    write_release(home, 1, size=3000)
    with live(home, client_budget=1.0, trusted_proxies="127.0.0.0/8") as running:
        yield running


def runaway(number: int) -> str:
    """Return the address of a query that ends at its time, each time another one.

    So short a time is spent at normal priority, also where other tests keep the processors busy.
    """
    return address(f"{RUNAWAY} # {number}", timeout="250ms")


def left(answer: Answer) -> int:
    return int(answer.headers["ratelimit"].partition("r=")[2].partition(";")[0])


@pytest.mark.live
@pytest.mark.slow
def test_a_client_that_spends_its_budget_is_sent_away_and_others_are_not(service: Live) -> None:
    greedy, other = {"X-Forwarded-For": "203.0.113.5"}, {"X-Forwarded-For": "203.0.113.6"}
    first = service.ask(address("ASK { ?s ?p ?o }"), headers=greedy)
    assert first.headers["ratelimit-policy"] == '"work";q=5;qu="seconds";w=300'
    assert left(first) == 4, "a request costs something"
    for number in range(200):
        last = service.ask(runaway(number), headers=greedy)
        if last.status != 504:
            break
    assert last.status == 429
    assert int(last.headers["retry-after"]) >= 1
    assert left(last) == 0
    assert b"too-many-requests" in last.body
    assert service.ask(address("ASK { ?s ?p 1 }"), headers=other).status == 200
    cached = service.ask(address("ASK { ?s ?p ?o }"), headers=greedy)
    assert cached.status == 200, "what costs nothing is answered"


@pytest.mark.live
@pytest.mark.slow
def test_work_that_the_client_did_not_wait_for_is_paid_too(service: Live) -> None:
    leaver = {"X-Forwarded-For": "203.0.113.7"}
    before = left(service.ask(address("ASK { ?s ?p 2 }"), headers=leaver))
    for number in range(100):
        lines = (
            f"GET {address(f'{RUNAWAY} # gone {number}')} HTTP/1.1",
            "Host: x",
            "X-Forwarded-For: 203.0.113.7",
        )
        connection = service.raw("\r\n".join([*lines, "", ""]).encode())
        time.sleep(0.15)
        connection.close()
        now = left(service.ask(address(f"ASK {{ ?s ?p {number} }}"), headers=leaver))
        if now < before - 1:
            return
    raise AssertionError("a hundred queries of which nobody took the answer cost nothing")
