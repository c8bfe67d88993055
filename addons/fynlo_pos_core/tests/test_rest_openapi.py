"""The API's description of itself: valid, complete, checked in, readable."""

import ast
import json
import re
from pathlib import Path

from odoo.tests import TransactionCase, tagged
from openapi_spec_validator import OpenAPIV31SpecValidator
from pydantic import TypeAdapter

from ..rest import openapi
from ..rest.docs_page import read_chapters
from ..rest.example import example_of
from ..rest.problem import PROBLEM_TYPES
from .common import ApiCase

CHECKED_IN = Path(__file__).parents[3] / "docs" / "api" / "openapi.json"


def _codes_raised(node):
    """The literal codes in a call of ``Problem("code", …)`` or ``Invalid(…, code="code")``."""
    name = getattr(node.func, "id", "") if isinstance(node, ast.Call) else ""
    if name == "Problem":
        return [part.value for part in node.args[:1] if isinstance(part, ast.Constant)]
    if name in {"Invalid", "NotFound"}:
        return [
            word.value.value for word in node.keywords if word.arg == "code" and isinstance(word.value, ast.Constant)
        ]
    return []


@tagged("post_install", "-at_install")
class TestOpenapi(TransactionCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.routes = cls.env["ir.http"]._fynlo_routes()
        cls.document = openapi.document(cls.env)

    def operations(self):
        for path, methods in self.document["paths"].items():
            for method, operation in methods.items():
                yield f"{method.upper()} {path}", operation

    def test_it_is_valid(self):
        self.assertEqual(list(OpenAPIV31SpecValidator(self.document).iter_errors()), [])

    def test_it_is_the_one_checked_in(self):
        """Without all our addons only a part of it is served, but that part is the same."""
        kept = json.loads(CHECKED_IN.read_text(encoding="utf-8"))
        for path, methods in self.document["paths"].items():
            for method, operation in methods.items():
                self.assertEqual(operation, kept["paths"].get(path, {}).get(method), f"make openapi: {method} {path}")
        for name, schema in self.document["components"]["schemas"].items():
            self.assertEqual(schema, kept["components"]["schemas"].get(name), f"make openapi: {name}")
        if self.env["ir.module.module"]._get("fynlo_payments").state == "installed":
            self.assertEqual(json.loads(openapi.to_text(self.document)), kept)

    def test_every_route_is_told(self):
        told = {name for name, _operation in self.operations()}
        self.assertEqual(told, {f"{route.method} {openapi.template(route.path)}" for route in self.routes})
        ids = [operation["operationId"] for _name, operation in self.operations()]
        self.assertEqual(len(ids), len(set(ids)))

    def test_every_code_is_declared(self):
        for route in self.routes:
            with self.subTest(route.name):
                self.assertLessEqual(set(openapi.problem_codes(route)), set(PROBLEM_TYPES))

    def test_every_code_that_is_raised_is_declared(self):
        """Read from the source, as a code that is missing shows only when its failure happens."""
        for file in sorted(CHECKED_IN.parents[2].glob("addons/*/**/*.py")):
            if "tests" in file.parts:
                continue
            for call in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
                for code in _codes_raised(call):
                    self.assertIn(code, PROBLEM_TYPES, f"{file.name}:{call.lineno}")

    def test_the_examples_are_of_their_shapes(self):
        for route in self.routes:
            operation = self.document["paths"][openapi.template(route.path)][route.method.lower()]
            with self.subTest(route.name):
                if route.body:
                    example = operation["requestBody"]["content"][route.media_types[0]]["example"]
                    self.assertIsNotNone(TypeAdapter(route.body).validate_json(json.dumps(example)))
                if route.returns:
                    content = operation["responses"][str(route.status)]["content"]
                    TypeAdapter(route.returns).validate_json(json.dumps(content["application/json"]["example"]))

    def test_every_answer_has_a_shape(self):
        shapeless = [
            route.path for route in self.routes if route.returns is None and "application/json" in route.answer_types
        ]
        self.assertEqual(shapeless, ["/api/v1/openapi.json"])

    def test_the_same_routes_give_the_same_text(self):
        self.assertEqual(openapi.to_text(self.document), openapi.to_text(openapi.document(self.env)))

    def test_examples(self):
        for schema, expected in (
            ({"type": "integer", "minimum": 3}, 3),
            ({"type": "integer", "exclusiveMinimum": 3}, 4),
            ({"type": "string", "minLength": 6}, "textxx"),
            ({"type": "array", "items": {"enum": ["a", "b"]}}, ["a"]),
            ({"type": "array", "items": {"const": 1}, "minItems": 2}, [1, 1]),
            ({"anyOf": [{"type": "null"}, {"type": "boolean"}]}, False),
            ({"type": "null"}, None),
            ({"$ref": "#/components/schemas/A"}, {"a": "2026-11-22"}),
        ):
            with self.subTest(schema=schema):
                components = {"A": {"type": "object", "properties": {"a": {"type": "string", "format": "date"}}}}
                self.assertEqual(example_of(schema, components), expected)

    def test_a_shape_that_holds_itself_ends(self):
        node = {"type": "object", "properties": {"next": {"anyOf": [{"$ref": "#/x/Node"}, {"type": "null"}]}}}
        self.assertLess(len(json.dumps(example_of(node, {"Node": node}))), 200)

    def test_the_page_shows_every_operation(self):
        shown = [operation for chapter in read_chapters(self.document) for operation in chapter.operations]
        self.assertEqual(len(shown), len(self.routes))
        order = next(operation for operation in shown if operation.path == "/api/v1/orders" and operation.body)
        self.assertIn("lines[].quantity", [line.name for line in order.body])
        self.assertIn('-H "Idempotency-Key: $(uuidgen)"', order.curl)


@tagged("post_install", "-at_install")
class TestDocumentation(ApiCase):
    def test_the_document_is_served(self):
        response = self.api("GET", "/openapi.json")
        self.assertEqual(response.json(), json.loads(openapi.to_text(openapi.document(self.env))))
        again = self.api("GET", "/openapi.json", headers={"If-None-Match": response.headers["ETag"]})
        self.assertEqual((again.status_code, again.content), (304, b""))

    def test_the_page_loads_nothing(self):
        response = self.api("GET", "/docs")
        self.assertEqual(response.headers["Content-Type"], "text/html; charset=utf-8")
        self.assertIn("default-src 'none'", response.headers["Content-Security-Policy"])
        self.assertTrue(response.text.startswith("<!doctype html>"))
        self.assertNotRegex(response.text, r"<script|<link|<img|\son\w+=")
        self.assertEqual(re.findall(r'(?:href|src)="(https?:[^"]*)"', response.text), [])
        self.assertIn("/api/v1/operations/{key}", response.text)

    def test_every_problem_is_explained(self):
        told = {kind["code"]: kind for kind in self.api("GET", "/problems").json()["items"]}
        self.assertEqual(set(told), set(PROBLEM_TYPES))
        for code, kind in told.items():
            self.assertTrue(kind["meaning"] and kind["advice"], code)
            self.assertEqual(self.api("GET", f"/problems/{code}").json(), kind)
        self.assertProblem(self.api("GET", "/problems/no_such_code"), "not_found", 404)

    def test_problems_as_a_page(self):
        browser = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
        for path in ("/problems", "/problems/version_conflict"):
            response = self.api("GET", path, headers=browser)
            self.assertEqual(response.headers["Content-Type"], "text/html; charset=utf-8")
            self.assertIn("repeat on the current version", response.text)
            self.assertIn("Accept", response.headers["Vary"].split(", "))
