"""Writing graphs to a store elsewhere by the SPARQL 1.1 Graph Store HTTP Protocol (§5.3, §5.4)."""

from __future__ import annotations

import requests

from service.problems import StoreUnavailable
from service.store.remote import new_session

_SECONDS = 600.0
_DONE = (200, 201, 202, 204)


class GraphStore:
    """The graphs behind one Graph Store Protocol address."""

    def __init__(self, address: str, user: str, password: str) -> None:
        self._address = address
        self._session, _ = new_session(address, user, password)

    def put(self, graph: str, ntriples: bytes) -> None:
        """Replace a graph.

        Raises:
            StoreUnavailable: the store cannot be reached, or refuses.
        """
        # N-Triples is Turtle, which every store reads; application/n-triples not every one does.
        headers = {"Content-Type": "text/turtle; charset=utf-8"}
        self._send("PUT", graph, _DONE, data=ntriples, headers=headers)

    def delete(self, graph: str) -> None:
        """Remove a graph; one that is not there is no fault.

        Raises:
            StoreUnavailable: the store cannot be reached, or refuses.
        """
        self._send("DELETE", graph, (*_DONE, 404))

    def _send(
        self,
        method: str,
        graph: str,
        accepted: tuple[int, ...],
        data: bytes = b"",
        headers: dict[str, str] | None = None,
    ) -> None:
        try:
            response = self._session.request(
                method,
                self._address,
                params={"graph": graph},
                data=data,
                headers=headers,
                timeout=_SECONDS,
                allow_redirects=False,
            )
        except requests.RequestException as error:
            raise StoreUnavailable(f"{method} <{graph}>: {error}") from error
        if response.status_code not in accepted:
            detail = " ".join(response.text.split())[:300]
            raise StoreUnavailable(f"{method} <{graph}>: {response.status_code} {detail}")
