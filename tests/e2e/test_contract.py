"""The live API against its own OpenAPI document: schemathesis sends what the document allows and what it forbids."""

import subprocess
from pathlib import Path

from tests.e2e.caller import Caller, sign_in

#: Each would end the sign-in that the run itself uses; metrics are no JSON and for scrapers.
LEFT_OUT = ("post_auth_logout", "post_auth_refresh", "delete_auth_sessions_session_id", "get_metrics")

#: What changes the staff, rights, tills and drawers that other tests share is sent by one who may not.
REFUSED = (
    "patch_employees_employee_id",
    "delete_employees_employee_id",
    "post_employees_employee_id_pin",
    "patch_permissions_code",
    "patch_devices_device_id",
    "delete_devices_device_id",
    "post_till_sessions",
    "post_till_sessions_session_id_close",
)

CHECKS = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
    "negative_data_rejection",
    "unsupported_method",
    "ignored_auth",
    "missing_required_header",
)
# Not asked for: positive_data_acceptance (a well-formed order of products that do not exist is rightly refused)
# and use_after_free, ensure_resource_availability (they need the stateful phase).


def findings(restaurant, caller: Caller, folder: Path, *selection: str) -> str:
    """The report of a run of schemathesis as ``caller``; empty when it found nothing."""
    command = [
        str(Path(restaurant.python).with_name("schemathesis")), "run", f"{restaurant.url}/api/v1/openapi.json",
        "--phases", "examples,coverage,fuzzing", "--max-examples", "4", "--seed", "1", "--checks", ",".join(CHECKS),
        "--header", f"Authorization: {caller.authorization}", "--request-timeout", "20",
        "--suppress-health-check", "all", "--no-color", "--continue-on-failure", *selection,
    ]  # fmt: skip
    found = subprocess.run(command, capture_output=True, text=True, cwd=folder, timeout=900)
    failures = found.stdout[max(0, found.stdout.find("= FAILURES")) :]  # advice and statistics come after them
    return failures[:12_000] + found.stderr[-2000:] if found.returncode else ""


def test_the_api_keeps_its_contract(restaurant, tmp_path):
    owner, kitchen = sign_in(restaurant.url, restaurant.welcome(), "owner", "kitchen")
    aside = [word for name in (*LEFT_OUT, *REFUSED) for word in ("--exclude-operation-id", name)]
    alone = [word for name in REFUSED for word in ("--include-operation-id", name)]
    for caller, selection in ((owner, aside), (kitchen, alone)):
        found = findings(restaurant, caller, tmp_path, *selection)
        assert not found, f"\n{found}"
