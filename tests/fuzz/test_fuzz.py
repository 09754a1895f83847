"""The short run of `make fuzz`: every kind of right and wrong value once for each operation, as an admin."""

import pytest

from tests.fuzz.run import fuzz


@pytest.mark.fuzz
def test_generated_requests_get_answers_that_fit_the_document() -> None:
    outcome = fuzz("admin", "--phases", "examples,coverage", "--seed", "1")

    assert outcome.is_well, f"{outcome}\n{outcome.output}"
    assert outcome.requests > 5000
