"""Hypothesis settings for properties of random histories: few examples, each in its own workspace."""

from hypothesis import HealthCheck, Phase, settings


def few(examples: int) -> settings:
    return settings(
        max_examples=examples,
        phases=[Phase.explicit, Phase.reuse, Phase.generate],
        print_blob=True,
        suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    )
