"""Operations: is the process alive, does the store answer, and the counters."""

from __future__ import annotations

from flask import Blueprint, Response, jsonify

from service import __version__
from service.problems import StoreUnavailable
from service.web.site import site

blueprint = Blueprint("health", __name__)


@blueprint.after_request
def never_stored(response: Response) -> Response:
    """Operations are about this instant."""
    response.headers["Cache-Control"] = "no-store"
    return response


@blueprint.get("/health/live")
def live() -> Response:
    """Answer as long as the process does."""
    return jsonify(status="live", version=__version__)


@blueprint.get("/health/ready")
def ready() -> Response:
    """Answer 200 when queries are answered, 503 otherwise."""
    here = site()
    if not here.ask("pages/ready"):
        raise StoreUnavailable("the store is empty", retry_after=10)
    return jsonify(status="ready", release=here.release().number)


@blueprint.get("/metrics")
def metrics() -> Response:
    """Return the counters as Prometheus text."""
    body = site().metrics.text().encode()
    return Response(body, headers={"Content-Type": "text/plain; version=0.0.4; charset=utf-8"})
