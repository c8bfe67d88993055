"""The live API against its own OpenAPI document: schemathesis sends what the document allows and what it forbids."""

import subprocess
from pathlib import Path

from tests.e2e.caller import sign_in

#: Each would end the sign-in or the pairing that the run itself uses.
LEFT_OUT = ("/api/v1/auth/logout", "/api/v1/auth/refresh", "/api/v1/auth/sessions/{session_id}", "/api/v1/metrics")

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


def test_the_api_keeps_its_contract(restaurant, tmp_path):
    caller = sign_in(restaurant.url, restaurant.welcome())
    command = [
        str(Path(restaurant.python).with_name("schemathesis")), "run", f"{restaurant.url}/api/v1/openapi.json",
        "--phases", "examples,coverage,fuzzing", "--max-examples", "8", "--seed", "1", "--checks", ",".join(CHECKS),
        "--header", f"Authorization: {caller.authorization}", "--rate-limit", "60/s", "--request-timeout", "20",
        "--suppress-health-check", "all", "--no-color", "--continue-on-failure",
    ]  # fmt: skip
    for path in LEFT_OUT:
        command += ["--exclude-path", path]
    run = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, timeout=600)
    assert run.returncode == 0, run.stdout[-8000:] + run.stderr[-2000:]
