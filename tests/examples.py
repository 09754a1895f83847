"""How many examples the property tests look at: DCMS_TEST_EXAMPLES=20 looks at 20 times as many."""

import os

from hypothesis import HealthCheck, settings

FACTOR = int(os.environ.get("DCMS_TEST_EXAMPLES", "1"))


def examples(number: int, steps: int = 50) -> settings:
    """Settings for a test whose examples share one database, which each of them empties first."""
    return settings(
        max_examples=number * FACTOR,
        stateful_step_count=steps,
        deadline=None,
        suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large],
    )
