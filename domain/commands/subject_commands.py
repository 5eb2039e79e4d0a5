"""Commands on things of several kinds."""

from typing import Annotated

from domain.commands.command import Command, Key, Parsed, Title
from domain.commands.permissions import edit_subject
from domain.model.discussion import ExternalReferenceSet
from domain.model.objective import ObjectiveLabelled
from domain.primitives.checks import label_checks, reference_checks
from domain.primitives.documentation import doc
from domain.primitives.errors import Faults, invalid
from domain.primitives.rules import Rule
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


class SetExternalReference(Command, frozen=True):
    """Set, replace or remove the reference of a thing to its counterpart in another system. A thing has one counterpart
    in each system, and a counterpart belongs to one thing: `DUPLICATE` otherwise. It can be set on what has ended, too:
    it changes nothing of the thing itself."""

    NEEDS = edit_subject("subject", Kind.CYCLE, Kind.KPI, Kind.TEAM, Kind.PERSON)
    ANSWERS = None
    RECORDS = ExternalReferenceSet

    subject: Annotated[Ref, doc("The cycle, objective, key result, KPI, initiative, team or person.")]
    system: Annotated[Key, doc("The key of the other system, like jira: lower-case letters, digits, `-`, `_`, `.`.")]
    id: Annotated[
        Title | None, doc("The id of the counterpart, one line of 1 to 300 characters; null removes the reference.")
    ]
    url: Annotated[
        Annotated[str, Parsed(reference_checks.url)] | None, doc("The address of the counterpart, with http or https.")
    ] = None

    def check(self, faults: Faults) -> None:
        super().check(faults)
        with faults:
            if self.id is None and self.url is not None:
                raise invalid("A removed reference has no address; omit it.", "url", rule=Rule.URL_WITHOUT_ID)
