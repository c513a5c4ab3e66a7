"""The service with processes that die in the middle of an answer, for `tests.test_completeness`.

``python -m tests.dying_service HOME PORT MORE`` is the real service but for one thing: its zygotes
and its front are started as modules of the tests, which then run the real ones.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping

from service.front import serve
from service.store import children, keeper
from tests.live_service import settings_of

_INSTEAD = {
    "service.store.zygote": "tests.dying_zygote",
    "service.front.server": "tests.dying_front",
}


class _Child(children.Child):
    def __init__(
        self, module: str, *arguments: str, environment: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(_INSTEAD[module], *arguments, environment=environment)


if __name__ == "__main__":
    keeper.Child = serve.Child = _Child  # type of both: the class that is extended here
    serve.run(settings_of(sys.argv[1:]))
