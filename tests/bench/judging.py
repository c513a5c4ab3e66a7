"""What validation costs: one response at acceptance and a wave at publish, beside pySHACL."""

from __future__ import annotations

from service.release.validation import GATES
from service.shapes import ShapeSet
from tests.bench.publishing import cpu
from tests.made_responses import one_response, wave
from tests.reference_shacl import Reference

_TIMES = 1000
_RESPONSES = 400  # more than a wave of the real frame brings


def validation() -> None:
    """Print responses a CPU second by the local shapes, and CPU seconds of a wave by its shapes."""
    ours, theirs = _spent(GATES["local"], one_response(), _TIMES)
    print(f"one response, local shapes: {_TIMES / ours:,.0f} a CPU-s")
    print(f"  by pySHACL {_TIMES / theirs:,.0f} a CPU-s; ratio {theirs / ours:.0f}")
    ours, theirs = _spent(GATES["wave"], wave(_RESPONSES), 1)
    print(f"a wave of {_RESPONSES} responses: {ours:.2f} CPU-s")
    print(f"  by pySHACL {theirs:.1f} CPU-s; ratio {theirs / ours:.0f}")


def _spent(names: tuple[str, ...], data: bytes, times: int) -> tuple[float, float]:
    """Return the CPU seconds of some validations by `ShapeSet`, and of as many by pySHACL."""
    ours, theirs = ShapeSet.load(names), Reference(names)
    assert ours.validate(data).conforms
    theirs.validate(one_response())  # it reads its queries now, as the other did when it compiled

    def repeat() -> None:
        for _ in range(times):
            ours.validate(data)

    return cpu(repeat), cpu(lambda: theirs.validate(data)) * times
