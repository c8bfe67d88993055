"""Employees, for managers on a till."""

from typing import Annotated
from uuid import UUID

from odoo import http
from odoo.http import request
from pydantic import Field

from ...rest import SIGNED_IN, Answer, Invalid, api_route, current_identity
from ...rest.paging import decode, page
from ...rest.shapes import Id, Name, PageQuery, Shape, View
from .auth import Email, Pin
from .views import EmployeeView, EmptyView, Role

LocationIds = Annotated[list[Annotated[Id, Field(strict=False)]], Field(max_length=100)]


class EmployeeQuery(PageQuery):
    search: Annotated[str, Field(max_length=100)] | None = None
    role: Role | None = None
    active: bool = True


class HireShape(Shape):
    name: Name
    role: Role
    email: Email | None = None
    location_ids: LocationIds = []


class EmployeeShape(Shape):
    name: Name | None = None
    role: Role | None = None
    active: bool | None = None
    location_ids: LocationIds | None = None


class PinShape(Shape):
    pin: Pin


class EmployeePage(View):
    items: list[EmployeeView]
    next_cursor: str | None


class EmployeePermissionsView(View):
    id: UUID
    role: Role
    permissions: list[str]


class EmployeesController(http.Controller):
    @api_route(
        "/employees",
        method="GET",
        permission="employee.read",
        summary="Employees of the company",
        tag="employees",
        query=EmployeeQuery,
        returns=EmployeePage,
    )
    def list_employees(self, query):
        rows = request.env["fynlo.staff"]._list(
            current_identity(),
            after_id=decode(query.cursor, int)[0] if query.cursor else 0,
            limit=query.limit,
            search=query.search,
            role=query.role,
            active=query.active,
        )
        return page(rows, query.limit, lambda employee: employee._api_values(), lambda employee: (employee.id,))

    @api_route(
        "/employees",
        method="POST",
        permission="employee.manage",
        summary="Hire somebody; the PIN is set by a request of its own, so that it is never kept with this one",
        tag="employees",
        body=HireShape,
        returns=EmployeeView,
        status=201,
    )
    def hire_employee(self, body):
        employee = request.env["fynlo.staff"]._hire(
            current_identity(),
            name=body.name,
            role=body.role,
            email=body.email,
            location_uuids=body.location_ids,
        )
        return Answer(employee._api_values(), resource=("employee", employee.fynlo_uuid))

    @api_route(
        "/employees/<string:employee_id>",
        method="GET",
        permission="employee.read",
        summary="One employee",
        tag="employees",
        returns=EmployeeView,
    )
    def show_employee(self, employee_id):
        return request.env["fynlo.staff"]._find(current_identity(), employee_id)._api_values()

    @api_route(
        "/employees/<string:employee_id>",
        method="PATCH",
        permission="employee.manage",
        summary="Change name, role, locations or whether somebody works here",
        tag="employees",
        body=EmployeeShape,
        returns=EmployeeView,
        errors=("version_conflict",),
    )
    def change_employee(self, employee_id, body):
        changes = body.model_dump(exclude_none=True)
        if not changes:
            raise Invalid("There is nothing to change.")
        return _changed(employee_id, changes)

    @api_route(
        "/employees/<string:employee_id>",
        method="DELETE",
        permission="employee.manage",
        summary="Archive somebody; every sign-in of the person ends at once",
        tag="employees",
        returns=EmployeeView,
        errors=("version_conflict",),
    )
    def archive_employee(self, employee_id):
        return _changed(employee_id, {"active": False})

    @api_route(
        "/employees/<string:employee_id>/pin",
        method="POST",
        permission=SIGNED_IN,
        summary="Set a PIN: one's own, or with employee.manage somebody else's",
        tag="employees",
        body=PinShape,
        returns=EmptyView,
        idempotent=False,  # a repeat sets the same PIN; a record of the request would be a trace of it
        budget="auth",
    )
    def set_pin(self, employee_id, body):
        staff = request.env["fynlo.staff"]
        staff._set_pin(current_identity(), staff._find(current_identity(), employee_id), body.pin)
        return {}

    @api_route(
        "/employees/<string:employee_id>/permissions",
        method="GET",
        permission="employee.read",
        summary="What an employee may do now",
        tag="employees",
        returns=EmployeePermissionsView,
    )
    def list_permissions(self, employee_id):
        employee = request.env["fynlo.staff"]._find(current_identity(), employee_id)
        codes = request.env["fynlo.access"]._permissions_of(employee.company_id, employee.fynlo_role)
        return {"id": employee.fynlo_uuid, "role": employee.fynlo_role, "permissions": sorted(codes)}


def _changed(employee_id, changes):
    staff = request.env["fynlo.staff"]
    employee = staff._change(current_identity(), staff._find(current_identity(), employee_id), changes)
    return Answer(employee._api_values(), resource=("employee", employee.fynlo_uuid))
