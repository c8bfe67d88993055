"""The permission map: which role may do what."""

from odoo import http
from odoo.http import request

from ...rest import Answer, Invalid, NotFound, api_route, current_identity
from ...rest.shapes import Shape, View


class RolesView(View):
    kitchen: bool
    server: bool
    cashier: bool
    supervisor: bool
    manager: bool
    owner: bool


class PermissionView(View):
    code: str
    name: str
    description: str | None
    roles: RolesView


class PermissionList(View):
    items: list[PermissionView]
    next_cursor: None


class PermissionShape(Shape):
    kitchen: bool | None = None
    server: bool | None = None
    cashier: bool | None = None
    supervisor: bool | None = None
    manager: bool | None = None


class PermissionsController(http.Controller):
    @api_route(
        "/permissions",
        method="GET",
        permission="employee.read",
        summary="The permission map of the company",
        tag="employees",
        returns=PermissionList,
    )
    def list_map(self):
        rows = _rows([])
        return {"items": [row._api_values() for row in rows], "next_cursor": None}

    @api_route(
        "/permissions/<string:code>",
        method="PATCH",
        permission="permission.manage",
        summary="Give a permission to roles or take it from them; in force with everyone's next request",
        tag="employees",
        body=PermissionShape,
        returns=PermissionView,
    )
    def change_map(self, code, body):
        changes = body.model_dump(exclude_none=True)
        if not changes:
            raise Invalid("There is nothing to change.")
        row = _rows([("code", "=", code)])
        if not row:
            raise NotFound("There is no permission with this code.")
        row._change(current_identity().role, changes)
        return Answer(row._api_values(), resource=("permission", code))


def _rows(domain):
    rows = request.env["fynlo.permission.map"].sudo()
    return rows.search([("company_id", "=", current_identity().company_id), *domain])
