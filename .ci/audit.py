"""Looks up known holes in what the service depends on: `make audit`, with further arguments for pip-audit.

A hole that is found is a failure. Advisories that can't be reached are not: the warning says that nobody looked, and
the machine's other checks go on.
"""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

PROJECT_DIR = Path(__file__).resolve().parent.parent
REQUIREMENTS = PROJECT_DIR / "requirements-runtime.lock"
# how pip-audit ends when the source of its advisories doesn't answer, or not with advisories
UNREACHABLE = ("your network may be blocking", "requests.exceptions.", "pip_audit._service.interface.")


def main(arguments: list[str]) -> int:
    """0 when nothing is known, or nothing could be asked."""
    command = [sys.executable, "-m", "pip_audit", "--requirement", str(REQUIREMENTS), "--require-hashes"]
    options = ["--disable-pip", "--progress-spinner=off", "--format=json", *arguments]
    done = subprocess.run([*command, *options], capture_output=True, text=True, check=False)
    try:
        dependencies = json.loads(done.stdout)["dependencies"]
    except ValueError:
        return _say_why_not(done.stderr)
    return report(dependencies)


def report(dependencies: list[dict[str, Any]]) -> int:
    """Say what is known of the dependencies."""
    holes = [(each, hole) for each in dependencies for hole in each.get("vulns", ())]
    for each, hole in holes:
        mended = ", ".join(hole["fix_versions"]) or "nothing yet"
        print(f"{each['name']} {each['version']}: {hole['id']}, mended by {mended}")
    unknown = [each["name"] for each in dependencies if "skip_reason" in each]
    if len(unknown) == len(dependencies):
        print("warning: known holes were NOT looked up, as the source of advisories knows none of the dependencies")
        return 0
    if unknown:
        print(f"warning: NOT looked up, as the source of advisories doesn't know them: {', '.join(unknown)}")
    print(f"{len(holes)} known holes in {len(dependencies) - len(unknown)} of {len(dependencies)} dependencies")
    return 1 if holes else 0


def _say_why_not(report: str) -> int:
    last = next((line for line in reversed(report.splitlines()) if line.strip()), "no word")
    if any(sign in report for sign in UNREACHABLE):
        print(f"warning: known holes were NOT looked up, as the advisories can't be reached: {last[:200]}")
        return 0
    print(f"pip-audit failed:\n{report}", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
