"""How laws are tried on random histories: a few examples each, every one a workspace of its own."""

from hypothesis import HealthCheck, Phase, settings


def few(examples: int) -> settings:
    return settings(
        max_examples=examples,
        deadline=None,
        phases=[Phase.explicit, Phase.reuse, Phase.generate],
        print_blob=True,
        suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    )
