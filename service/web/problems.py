"""The one error handler of the facade, and the pages that explain each type of problem."""

from __future__ import annotations

from http import HTTPStatus

from flask import Blueprint, Flask, Response, request
from werkzeug.exceptions import HTTPException, MethodNotAllowed, RequestedRangeNotSatisfiable

from service import problems
from service.problems import NotFound, Problem, all_problems
from service.web.failure import reply_to, unexpected
from service.web.responses import as_response, page
from service.web.site import site

blueprint = Blueprint("problems", __name__)

_BY_STATUS: dict[int, type[Problem]] = {
    400: problems.BadRequest,
    404: NotFound,
    408: problems.RequestTimeout,
    413: problems.TooLarge,
    415: problems.UnsupportedMediaType,
}


@blueprint.get("/problems")
def overview() -> Response:
    """List the types of problems."""
    return page("problems.html", problems=_public())


@blueprint.get("/problems/<slug>")
def explain(slug: str) -> Response:
    """Explain one type: this is what its ``type`` IRI leads to."""
    found = [row for row in _public() if row.slug == slug]
    if not found:
        raise NotFound(f"no type of problem is called {slug!r}")
    return page("problems.html", problems=found)


def _public() -> list[type[Problem]]:
    return sorted(all_problems(), key=lambda row: (row.status, row.slug))


def register(app: Flask) -> None:
    """Let every failure of the application, whatever raised it, come out in one shape."""
    app.register_blueprint(blueprint)
    app.register_error_handler(Exception, _handle)


def _handle(error: Exception) -> Response:
    incident = ""
    if isinstance(error, Problem):
        problem = error
    elif isinstance(error, HTTPException):
        problem = _from_http(error)
    else:
        problem, incident = unexpected(error, f"{request.method} {request.path}")
    headers = request.headers
    reply = reply_to(
        problem, site().base, headers.get("Accept"), headers.get("Accept-Language"), incident
    )
    return as_response(reply)


def _from_http(error: HTTPException) -> Problem:
    """Return the problem for one of Werkzeug's own exceptions."""
    status = error.code or HTTPStatus.INTERNAL_SERVER_ERROR
    if isinstance(error, MethodNotAllowed):
        return problems.MethodNotAllowed(
            f"{request.method} does not apply here", sorted(error.valid_methods or [])
        )
    if status == HTTPStatus.NOT_FOUND:
        return NotFound(f"there is nothing at {request.path}")
    kind = _BY_STATUS.get(status, problems.BadRequest if status < 500 else Problem)
    problem = kind(error.description or "")
    problem.status = int(status)
    if isinstance(error, RequestedRangeNotSatisfiable):
        problem.headers["Content-Range"] = f"bytes */{error.length}"
    return problem
