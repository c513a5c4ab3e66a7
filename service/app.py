"""The Flask application: one function that puts the blueprints together."""

from __future__ import annotations

from flask import Flask

from service.metrics import Metrics
from service.queries import Library
from service.settings import Settings
from service.store.base import Store
from service.web import (
    api,
    assets,
    catalogue,
    concepts,
    cubes,
    download,
    graphs,
    health,
    home,
    problems,
    reconcile,
    releases,
    resources,
    responses,
    vocabulary,
)
from service.web.site import Site, attach

BLUEPRINTS = (
    home.blueprint,
    assets.blueprint,
    resources.blueprint,
    graphs.blueprint,
    catalogue.blueprint,
    cubes.blueprint,
    vocabulary.blueprint,
    concepts.blueprint,
    api.blueprint,
    reconcile.blueprint,
    download.blueprint,
    releases.blueprint,
    health.blueprint,
)


def create_app(
    settings: Settings,
    store: Store,
    library: Library | None = None,
    metrics: Metrics | None = None,
) -> Flask:
    """Return the facade over a store; ``/sparql`` is the front's (`service.front`)."""
    app = Flask(
        __name__, static_folder="web/static", static_url_path="/static", template_folder=None
    )
    app.url_map.strict_slashes = False
    attach(app, Site(settings, store, library or Library.load(), metrics or Metrics()))
    problems.register(app)
    for blueprint in BLUEPRINTS:
        app.register_blueprint(blueprint)
    responses.finish(app)
    return app
