"""What a retrospective is narrowed to: the objectives and key results of teams, of a person, or of one objective."""

from uuid import UUID

import msgspec

from projections.tables.key_result import KeyResultRow
from projections.tables.objective import ObjectiveRow


class Narrowing(msgspec.Struct, frozen=True):
    """All conditions given must hold at the outcome; without any, the whole cycle remains.

    `teams`: one of them owns the objective. `person`: owns the objective or a key result of it. `objective`: that one.
    """

    teams: frozenset[UUID] | None = None
    person: UUID | None = None
    objective: UUID | None = None

    @property
    def is_whole(self) -> bool:
        """Whether nothing is left out."""
        return self.teams is None and self.person is None and self.objective is None

    def keeps(self, objective: ObjectiveRow, key_results: list[KeyResultRow]) -> bool:
        """Whether an objective with these key results remains."""
        if self.objective not in (None, objective.id):
            return False
        if self.teams is not None and objective.team not in self.teams:
            return False
        return self.person in (None, objective.owner) or any(self.keeps_part(objective, one) for one in key_results)

    def keeps_part(self, objective: ObjectiveRow, key_result: KeyResultRow) -> bool:
        """Whether a key result of an objective that remains does, too: of an objective that the person does not own,
        only those that the person owns."""
        return self.person in (None, objective.owner, key_result.owner)


WHOLE = Narrowing()
