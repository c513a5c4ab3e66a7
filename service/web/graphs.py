"""Graph Store Protocol, read only (SPARQL 1.1 GSP §5.2): ``/graphs?graph=IRI`` and ``?default``."""

from __future__ import annotations

from flask import Blueprint, Response, request

from service.formats import FORMATS, by_extension
from service.negotiation import Offer, negotiate
from service.problems import BadParameter, MethodNotAllowed, NotFound
from service.web.responses import document
from service.web.site import site

blueprint = Blueprint("graphs", __name__)
_METHODS = ["GET", "HEAD", "OPTIONS", "POST", "PUT", "DELETE", "PATCH"]
_ALLOWED = ["GET", "HEAD", "OPTIONS"]
_OFFERS = [Offer(row.media_type, row.extension) for row in FORMATS if row.kind == "graph"]


@blueprint.route("/graphs", methods=_METHODS)
def graph() -> Response:
    """Return one public graph, or the union of all.

    Raises:
        MethodNotAllowed: data changes only by publishing a new release.
    """
    if request.method not in _ALLOWED:
        raise MethodNotAllowed("data changes only by publishing a new release", _ALLOWED)
    name, whole = request.args.get("graph"), "default" in request.args
    if (name is None) != whole:
        raise BadParameter("graph", "give either graph=IRI or default")
    form = by_extension(negotiate(request.headers.get("Accept"), _OFFERS).value)
    if name is None:
        result = site().result("pages/default-graph", form)
    else:
        if name not in site().release().graphs:
            raise NotFound(f"there is no public graph <{name}>")
        result = site().result("pages/graph", form, graph=name)
    response = document(result.body, form.content_type)
    response.vary.add("Accept")
    return response
