"""Convert a metric to the input of a command."""

from domain.commands.key_result_commands import MetricInput
from domain.primitives.values import Metric


def as_input(metric: Metric) -> MetricInput:
    """The command input for this metric, including its unit."""
    return MetricInput(**{name: getattr(metric, name) for name in Metric.__struct_fields__})
