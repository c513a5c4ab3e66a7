"""Who may ask what: the store that answers a stored query for the credential of a request."""

from __future__ import annotations

from service.problems import Unauthorized
from service.queries import StoredQuery, is_open
from service.store.base import Store
from service.web.site import Site

_CHALLENGE = {"WWW-Authenticate": 'Bearer realm="I-Monitor"'}


def store_for(site: Site, query: StoredQuery, authorization: str | None) -> Store:
    """Return the store that answers a query: the public one, or the full one to who may see it.

    Args:
        site: the service.
        query: its head says who may ask (``access``).
        authorization: the header of the request (RFC 9110 §11.6.2), None without one.

    Raises:
        Unauthorized: the query is not open, and no credential that is known came with it.
    """
    if is_open(query):
        return site.store
    said = "is not known here" if authorization else "is needed"
    raise Unauthorized(
        f"{query.name} is for {query.access}; a key {said}", headers=dict(_CHALLENGE)
    )
