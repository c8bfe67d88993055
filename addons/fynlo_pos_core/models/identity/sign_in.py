"""Sign-in: by PIN on a paired device, or by e-mail and password anywhere."""

from odoo import api, models
from odoo.exceptions import AccessDenied

from ...rest import Invalid, NotFound, Problem, declare
from ...tools import secret_hash
from .lockout import Subject

declare(
    "credentials_invalid",
    401,
    "Sign-in refused",
    "The PIN, or the e-mail address and password, are not right.",
    "Ask the person to enter them again.",
)
declare(
    "totp_required",
    401,
    "Second factor needed",
    "The password is right; this person also uses an authenticator app.",
    "Ask for the six digits and send them as totp.",
)
declare(
    "totp_invalid", 401, "Second factor refused", "The six digits are not right or were used.", "Ask for the next ones."
)


class FynloSignIn(models.AbstractModel):
    _name = "fynlo.sign.in"
    _description = "Sign-in"

    # --- PIN -------------------------------------------------------------------------------------

    @api.model
    def _by_pin(self, device, employee_uuid, pin, *, address="", user_agent="", app_version=None):
        """Sign an employee in on a paired device; returns the answer with its tokens.

        Raises ``sign_in_locked`` or ``credentials_invalid``; which of device, employee, place or
        PIN did not fit is not told.
        """
        employee = self._known_by_pin(device, employee_uuid, pin, address)
        device._seen(address, app_version)
        location = device.config_id
        return self._open(employee, location, device=device, method="pin", address=address, user_agent=user_agent)

    @api.model
    def _known_by_pin(self, device, employee_uuid, pin, address=""):
        """The employee behind a PIN on ``device``, without signing in. Raises as :meth:`_by_pin`; failures count."""
        company, location = device.company_id, device.config_id
        employee = self._employee_at(company, employee_uuid)
        subjects = self._pin_subjects(device, employee)
        lockouts = self.env["fynlo.lockout"].sudo()
        lockouts._hold(subjects)
        welcome = employee if employee and employee.user_id.active and employee._fynlo_may_work_at(location) else None
        if not self.env["fynlo.credential"].sudo()._pin_matches(welcome, pin):
            lockouts._fail(subjects, address)
            self._log_failure(company, employee, device, "pin", address)
            raise Problem("credentials_invalid", "This PIN is not right.", lasting=True)
        lockouts._clear([one for one in subjects if one.kind == "device_employee"])
        return employee

    def _employee_at(self, company, uuid):
        employees = self.env["hr.employee"].sudo()
        domain = [("fynlo_uuid", "=", str(uuid)), ("company_id", "=", company.id), ("fynlo_role", "!=", False)]
        return employees.search(domain, limit=1)

    def _pin_subjects(self, device, employee):
        company_id = device.company_id.id
        subjects = [Subject("device", device.fynlo_uuid, company_id, None, device.id)]
        if employee:
            pair = f"{device.fynlo_uuid}/{employee.fynlo_uuid}"
            subjects.append(Subject("device_employee", pair, company_id, employee.id, device.id))
            subjects.append(Subject("employee", employee.fynlo_uuid, company_id, employee.id))
        return subjects

    # --- password ----------------------------------------------------------------------------------

    @api.model
    def _by_password(self, email, password, *, totp=None, location_uuid=None, device=None, address="", user_agent=""):
        """Sign in with Odoo's own password, and its second factor where that is on.

        Raises ``sign_in_locked``, ``credentials_invalid``, ``totp_required`` or ``totp_invalid``.
        An address that nobody has takes as long, and is counted, like one that somebody has.
        """
        login = email.strip().lower()
        self._take_turn(login)
        user, employees = self._user_of(login)
        company_id = employees[:1].company_id.id or None
        subjects = [Subject("login", secret_hash.digest(login), company_id, employees[:1].id or None)]
        lockouts = self.env["fynlo.lockout"].sudo()
        lockouts._hold(subjects)
        self._check_password(user, password, lambda code: self._refuse_password(code, subjects, employees, address))
        self._check_totp(user, totp, lambda code: self._refuse_password(code, subjects, employees, address))
        lockouts._clear(subjects)
        employee, location = self._place(employees, location_uuid, device)
        return self._open(employee, location, device=device, method="password", address=address, user_agent=user_agent)

    def _take_turn(self, login):
        """One check at a time for an address: a password hash is slow, and a flood of guesses must not
        keep every worker waiting. Raises ``operation_in_progress`` for the others."""
        self.env.cr.execute("SELECT pg_try_advisory_xact_lock(hashtextextended(%s, 1))", (f"login:{login}",))
        if not self.env.cr.fetchone()[0]:
            raise Problem(
                "operation_in_progress",
                "Another sign-in with this address is being checked.",
                headers={"Retry-After": "1"},
            )

    def _user_of(self, login):
        """The user and its employees who may sign in; none unless both exist."""
        user = self.env["res.users"].sudo().search([("login", "=", login)], limit=1)
        employees = user._fynlo_employees()
        return (user, employees) if employees else (user.browse(), employees)

    def _check_password(self, user, password, refuse):
        if not user:
            # takes as long as a check does, so that the clock does not tell which addresses are known
            self.env["res.users"].sudo()._crypt_context().hash(password)
            refuse("credentials_invalid")
        self._check_credential(user, {"type": "password", "password": password}, "credentials_invalid", refuse)

    def _check_totp(self, user, totp, refuse):
        kind = user._mfa_type()
        if not kind:
            return
        if not totp or kind != "totp":
            raise Problem("totp_required", "Send the six digits of the authenticator app as totp.")
        self._check_credential(user, {"type": "totp", "token": int(totp)}, "totp_invalid", refuse)

    def _check_credential(self, user, credential, code, refuse):
        try:
            user.with_user(user).sudo()._check_credentials({"login": user.login, **credential}, {"interactive": True})
        except AccessDenied:
            refuse(code)

    def _refuse_password(self, code, subjects, employees, address):
        self.env["fynlo.lockout"].sudo()._fail(subjects, address)
        if employees:
            self._log_failure(employees[0].company_id, employees[0], None, "password", address)
        detail = (
            "The six digits are not right."
            if code == "totp_invalid"
            else "The e-mail address or password is not right."
        )
        raise Problem(code, detail, lasting=True)

    def _place(self, employees, location_uuid, device):
        """The employee and location of the new session. Raises ``not_found`` or ``validation_failed``."""
        if device or location_uuid:
            location = device.config_id if device else self._location(location_uuid)
            for employee in employees:
                if location and employee._fynlo_may_work_at(location):
                    return employee, location
            raise NotFound("There is no such location for this sign-in.")
        for employee in employees:
            for location in employee.fynlo_location_ids or self._locations(employee.company_id):
                if employee._fynlo_may_work_at(location):
                    return employee, location
        raise Invalid("This employee has no location to work at.", field="location_id")

    def _location(self, uuid):
        return self.env["pos.config"].sudo().search([("fynlo_uuid", "=", str(uuid))], limit=1)

    def _locations(self, company):
        return self.env["pos.config"].sudo().search([("company_id", "=", company.id)], order="id")

    # --- both ----------------------------------------------------------------------------------------

    def _open(self, employee, location, *, device, method, address, user_agent):
        answer = self.env["fynlo.session"]._open(
            employee, location, device=device, method=method, address=address, user_agent=user_agent
        )
        self.env["fynlo.audit.log"]._record(
            "sign_in.succeeded",
            company_id=employee.company_id.id,
            resource=("session", answer["session_id"]),
            after={"method": method, "location": location.fynlo_uuid},
            actor=employee,
            device=device,
        )
        return answer

    def _log_failure(self, company, employee, device, method, address):
        self.env["fynlo.audit.log"]._record(
            "sign_in.failed",
            company_id=company.id,
            resource=("employee", employee.fynlo_uuid if employee else None),
            after={"method": method, "address": address},
            actor=employee,
            device=device,
        )
