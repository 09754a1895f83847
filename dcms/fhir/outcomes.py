"""A problem as FHIR's OperationOutcome, with the same status."""

from dcms.fhir.elements import BASE, FHIR_JSON, Resource, compact
from dcms.web.problems import TITLES, Problem, ProblemForm

# of http://hl7.org/fhir/ValueSet/issue-type
ISSUE_TYPES = {
    400: "invalid",
    401: "login",
    403: "forbidden",
    404: "not-found",
    405: "not-supported",
    409: "conflict",
    412: "conflict",
    413: "too-long",
    415: "not-supported",
    422: "business-rule",
    429: "throttled",
    503: "transient",
    504: "timeout",
}
# the stable codes of docs/api.md
CODES = "urn:dcms:problem"


def outcome(problem: Problem, request_id: str, path: str) -> Resource:
    """The resource: an issue for each bad parameter, else one."""
    detail = problem.detail or TITLES[problem.code]
    texts = [f"{fault.field}: {fault.message}" if fault.field else fault.message for fault in problem.errors]
    return {
        "resourceType": "OperationOutcome",
        "issue": [
            compact(
                {
                    "severity": "error" if problem.status < 500 else "fatal",
                    "code": ISSUE_TYPES.get(problem.status, "exception"),
                    "details": {"coding": [{"system": CODES, "code": problem.code}], "text": text},
                    "diagnostics": f"request {request_id}",
                }
            )
            for text in texts or [detail]
        ],
    }


OUTCOMES = ProblemForm(BASE, FHIR_JSON, outcome)
