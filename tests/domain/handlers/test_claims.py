"""An imported measurement keeps when it was reported: the `at` of its fact, where it was measured at another time."""

from datetime import datetime

from domain.commands.key_result_commands import CheckIn, CorrectCheckIn
from domain.commands.kpi_commands import CorrectReading, RecordReadings, RetractReading
from domain.commands.permissions import Author, Role
from domain.model.measurements.check_in import CheckInCorrected, KeyResultCheckedIn
from domain.model.measurements.reading import ReadingCorrected, ReadingRecorded, ReadingRetracted, reading_id
from domain.primitives.values import Source
from tests.domain.given_goals import (
    CHECK_IN,
    KEY_RESULT,
    KPI_ID,
    checked_in,
    defined,
    in_february,
    read,
    reading,
    working,
)
from tests.domain.scenario import given, on

MEASURED = on(2, 1)
READING = reading_id(KPI_ID, MEASURED)
ahead = CheckIn(key_result=KEY_RESULT, value=3, measured_at=MEASURED)


def importing(at: datetime) -> Author:
    """The author of an imported fact with this `at`."""
    return Author("machine:console", Source.IMPORT, frozenset({Role.ADMIN}), claimed_at=at)


def test_imported_check_in_keeps_when_it_was_claimed() -> None:
    then = given(*working).when(ahead, importing(on(2, 3)))
    then.then(KeyResultCheckedIn(key_result=KEY_RESULT, value=3.0, claimed_at=on(2, 3))).effective(MEASURED)
    then = given(*working).when(ahead, importing(on(1, 30)))
    then.then(KeyResultCheckedIn(key_result=KEY_RESULT, value=3.0, claimed_at=on(1, 30)))


def test_claim_that_is_the_time_of_measurement_is_not_kept() -> None:
    given(*working).when(ahead, importing(MEASURED)).then(KeyResultCheckedIn(key_result=KEY_RESULT, value=3.0))
    undated = CheckIn(key_result=KEY_RESULT, value=3, effective_at=on(2, 3))
    given(*working).when(undated, importing(on(2, 3))).then(KeyResultCheckedIn(key_result=KEY_RESULT, value=3.0))


def test_only_an_import_claims() -> None:
    dated = CheckIn(key_result=KEY_RESULT, value=3, measured_at=MEASURED, effective_at=on(2, 3))
    given(*working).when(dated).then(KeyResultCheckedIn(key_result=KEY_RESULT, value=3.0))


def test_claim_in_the_future_is_refused() -> None:
    given(*working).when(ahead, importing(on(2, 11))).then_refused("INVALID", "at", "in the future")


def test_imported_correction_keeps_its_own_claim() -> None:
    corrected = CorrectCheckIn(check_in=CHECK_IN, value=4, reason="miscounted")
    then = given(*working, checked_in(3)).when(corrected, importing(on(2, 5)))
    then.then(CheckInCorrected(value=4.0, claimed_at=on(2, 5))).effective(MEASURED)
    then = given(*working, checked_in(3)).when(corrected, importing(MEASURED))
    then.then(CheckInCorrected(value=4.0))


def test_imported_correction_and_retraction_of_a_reading_keep_their_own_claims() -> None:
    base = (defined, in_february, read(3))
    corrected = CorrectReading(reading=READING, value=4, reason="miscounted")
    retracted = RetractReading(reading=READING, reason="a wrong meter")
    given(*base).when(corrected, importing(on(2, 5))).then(ReadingCorrected(value=4.0, claimed_at=on(2, 5)))
    given(*base).when(retracted, importing(on(2, 5))).then(ReadingRetracted(claimed_at=on(2, 5)))
    given(*base, retracted).when(read(5), importing(on(2, 6))).then(ReadingCorrected(value=5.0, claimed_at=on(2, 6)))


def test_imported_batch_keeps_one_claim_for_its_readings() -> None:
    batch = RecordReadings(readings=[reading(1), reading(2, 2, 2), reading(3, 2, 3)])
    assert claims(batch, on(2, 5)) == [on(2, 5)] * 3
    assert claims(batch, on(1, 31)) == [on(1, 31)] * 3
    assert claims(batch, on(2, 3)) == [on(2, 3), on(2, 3), None]


def test_the_time_of_the_earliest_reading_claims_nothing_about_the_others() -> None:
    assert claims(RecordReadings(readings=[reading(2, 2, 2), reading(1)]), MEASURED) == [None, None]


def claims(batch: RecordReadings, at: datetime) -> list[datetime | None]:
    """The claims of the readings of an imported batch."""
    then = given(defined, in_february).when(batch, importing(at))
    events = [then.given.log.event(entry) for entry in then.entries]
    return [event.claimed_at for event in events if isinstance(event, ReadingRecorded)]
