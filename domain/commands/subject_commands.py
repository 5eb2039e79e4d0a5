"""Commands on things of several kinds."""

from typing import Annotated

from domain.commands.command import Command, Parsed
from domain.commands.permissions import edit_subject
from domain.model.objective import ObjectiveLabelled
from domain.primitives import label_checks
from domain.primitives.documentation import doc
from domain.primitives.values import Kind, Ref


class SetLabels(Command, frozen=True):
    """Replace all labels of an objective, a key result, a KPI or a team."""

    NEEDS = edit_subject("subject", Kind.KPI, Kind.TEAM)
    ANSWERS = None
    RECORDS = ObjectiveLabelled

    subject: Annotated[Ref, doc("The objective, key result, KPI or team.")]
    labels: Annotated[
        list[str],
        doc("All of its labels from now on: up to 20 lines of 1 to 50 characters. Upper and lower case differ."),
        Parsed(label_checks.labels),
    ]
