"""A metric as a command takes it."""

from domain.commands.key_result_commands import MetricInput
from domain.primitives.values import Metric


def as_input(metric: Metric) -> MetricInput:
    """The input that asks for this metric, unit included."""
    return MetricInput(**{name: getattr(metric, name) for name in Metric.__struct_fields__})
