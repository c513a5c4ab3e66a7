"""The answer to everything that goes wrong: RFC 9457, or the same fields as a page."""

from __future__ import annotations

import json
import uuid

from service import log
from service.negotiation import language, wants_page
from service.problems import Problem, QueryMemory, ResultTooLarge
from service.replies import OPEN_TO_ALL, SECURITY, Reply
from service.web.rendering import render

PROBLEM_JSON = "application/problem+json"


def reply_to(
    problem: Problem, base: str, accept: str | None, accept_language: str | None, incident: str = ""
) -> Reply:
    """Return the answer for a problem; ``incident`` is the number under which it is logged."""
    lang = language(accept_language)
    fields = describe(problem, base, lang, incident)
    if wants_page(accept):
        body = render("problem.html", lang, base=base, path="", fields=fields, slug=problem.slug)
        content_type = "text/html; charset=utf-8"
    else:
        body = json.dumps(fields, ensure_ascii=False).encode()
        content_type = PROBLEM_JSON
    headers = {
        **SECURITY,
        **OPEN_TO_ALL,
        "Content-Type": content_type,
        "Content-Language": lang,
        "Cache-Control": "no-store",
        "Vary": "Accept, Accept-Language",
        **problem.headers,
    }
    return Reply(problem.status, headers, body)


def describe(problem: Problem, base: str, lang: str, incident: str = "") -> dict[str, object]:
    """Return the members of the problem document (RFC 9457 §3.1, §3.2)."""
    fields: dict[str, object] = {
        "type": f"{base}problems/{problem.slug}",
        "title": problem.title_en if lang == "en" else problem.title_nl,
        "status": problem.status,
        "detail": problem.detail,
        "instance": f"urn:uuid:{incident}" if incident else None,
        **problem.members,
    }
    if isinstance(problem, ResultTooLarge | QueryMemory):
        fields["dump"] = f"{base}download/all.nq.gz"
    return {name: value for name, value in fields.items() if value not in (None, "")}


def unexpected(error: BaseException, what: str) -> tuple[Problem, str]:
    """Log what nobody foresaw; return a problem that tells nothing of it, and its number."""
    number = str(uuid.uuid4())
    log.incident(f"incident {number}: {what}", error)
    return Problem("the service failed; tell us the instance when you report this"), number
