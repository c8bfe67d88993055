"""The API explains itself: its OpenAPI document, a page to read, and every problem code."""

from dataclasses import asdict

from odoo import http
from odoo.http import request
from pydantic import Field

from ..rest import ANYONE, Answer, NotFound, api_route
from ..rest.problem import PROBLEM_TYPES
from ..rest.shapes import View

HTML = "text/html; charset=utf-8"
#: The pages hold no script and load nothing.
PAGE_POLICY = {"Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'"}


class ProblemTypeView(View):
    """What a problem code means and what a till should do about it."""

    code: str = Field(examples=["version_conflict"])
    status: int = Field(examples=[409])
    title: str = Field(examples=["Version conflict"])
    meaning: str = Field(examples=["The record has changed since the client read it."])
    advice: str = Field(examples=["Show what changed, then repeat on the current version."])
    retryable: bool


class ProblemTypesView(View):
    items: list[ProblemTypeView]


class DocsController(http.Controller):
    @api_route(
        "/openapi.json",
        method="GET",
        permission=ANYONE,
        summary="This API as an OpenAPI 3.1 document",
        tag="system",
        cache_control="public, max-age=60",
    )
    def openapi(self):
        raw, compressed = request.env["ir.http"]._fynlo_openapi()
        return Answer(raw, compressed=compressed)

    @api_route(
        "/docs",
        method="GET",
        permission=ANYONE,
        summary="This API as a page to read",
        tag="system",
        answer_types=("text/html",),
        cache_control="public, max-age=60",
    )
    def docs(self):
        return _page(request.env["ir.http"]._fynlo_docs_page())

    @api_route(
        "/problems",
        method="GET",
        permission=ANYONE,
        summary="Every problem code: what it means and what a till should do",
        tag="system",
        returns=ProblemTypesView,
        answer_types=("application/json", "text/html"),
        cache_control="public, max-age=60",
    )
    def problems(self):
        kinds = sorted(PROBLEM_TYPES.values(), key=lambda kind: (kind.status, kind.code))
        return _in_wanted_form({"items": [asdict(kind) for kind in kinds]}, kinds)

    @api_route(
        "/problems/<string:code>",
        method="GET",
        permission=ANYONE,
        summary="One problem code: what it means and what a till should do",
        tag="system",
        returns=ProblemTypeView,
        answer_types=("application/json", "text/html"),
        cache_control="public, max-age=60",
    )
    def problem(self, code):
        kind = PROBLEM_TYPES.get(code)
        if not kind:
            raise NotFound("There is no such problem code.")
        return _in_wanted_form(asdict(kind), [kind])


def _in_wanted_form(value, kinds):
    """JSON, or a page for a browser: whatever ``Accept`` prefers."""
    wanted = request.httprequest.accept_mimetypes.best_match(["application/json", "text/html"])
    if wanted != "text/html":
        return Answer(value, headers={"Vary": "Accept"})
    html = request.env["ir.qweb"]._render("fynlo_pos_core.problem_page", {"kinds": kinds})
    return _page(html, Vary="Accept")


def _page(html, **headers):
    return Answer(f"<!doctype html>\n{html}".encode(), media_type=HTML, headers={**PAGE_POLICY, **headers})
