"""`keyframe verify` for reports: every change of the paper, of the figures or of the log is found."""

import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace
from pydantic import SecretStr

from api.execution.context import Caller
from api.report import page, seal
from api.report.content import ReportRequest, read, story_of
from api.report.report_figures import Figures, signer_of
from api.runtime import signing_key
from api.runtime.settings import Settings
from domain.commands.command import CycleBy
from domain.commands.discussion_commands import Reflect
from domain.commands.objective_commands import CommitObjective, DraftObjective
from domain.commands.people_commands import AddPerson, ErasePerson, FormTeam
from domain.commands.permissions import Role
from domain.primitives.values import Kind, Ref, ReflectionKind, Visibility
from domain.proof.report_seal import Sealed, digest
from domain.proof.signed_note import Signer
from projections.proof.signer import Keys
from tests.api.cli.terminal import keyframe
from tests.api.retrospective.quarter_by_hand import run_quarter
from tests.api.schema import goals
from tests.asking import AskedWorld
from tests.workspace import fresh_workspace, named_settings

Result = CompletedProcess[str]


class Company(AskedWorld):
    """A workspace with a key, whose command line is run in this process."""

    settings: Settings
    keys: Keys

    def run(self, *arguments: object) -> Result:
        return keyframe(self.settings, *map(str, arguments))

    def report(self, file: Path, *options: str, cycle: str = "2026-q1") -> str:
        done = self.run("report", cycle, "--html", file, *options)
        assert (done.returncode, done.stderr) == (0, "")
        return file.read_text()

    @property
    def vkey(self) -> str:
        return str(self.keys.signer.verifier)


@contextmanager
def made(server: str, folder: Path) -> Iterator[Company]:
    """A workspace with a key."""
    named = named_settings(server)
    keys = signing_key.create(folder / named.workspace / "key", f"okr.example.org/{named.workspace}")
    settings = named.model_copy(update={"checkpoint_key": folder / named.workspace / "key"})
    with fresh_workspace(server, settings) as database:
        company = Company(database)
        company.settings, company.keys = settings, keys
        yield company


@pytest.fixture(scope="module")
def company(server: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Company]:
    with made(server, tmp_path_factory.mktemp("keys")) as company:
        run_quarter(company)
        goals.cycle(company, "2026-q2", goals.Q2)
        yield company


@pytest.fixture
def file(company: Company, tmp_path: Path) -> Path:
    path = tmp_path / "q1.html"
    company.report(path)
    return path


def offline(company: Company, file: Path, *options: object) -> Result:
    """Verify a file where there is no database."""
    nowhere = SecretStr("postgresql://nobody@127.0.0.1:1/nothing")
    settings = Settings(database_url=nowhere, data_dir=file.parent / "data")
    return keyframe(settings, "verify", str(file), "--key", company.vkey, "--offline", *map(str, options))


def ok(done: Result) -> str:
    assert (done.returncode, done.stderr) == (0, ""), done.stdout + done.stderr
    return done.stdout


def refused(done: Result, status: int = 1) -> str:
    assert done.returncode == status, done.stdout + done.stderr
    return done.stderr


def resealed(text: str, signer: Signer, change: Callable[[dict[str, Any]], None] = lambda _: None) -> str:
    """The page of changed figures, sealed by somebody with a key."""
    figures = json.loads(seal.split(text).figures)
    change(figures)
    story = story_of(Figures.read(json.dumps(figures)))
    return page.rendered(story.heading, story, signer)


# ── the paper ────────────────────────────────────────────────────────────────────────────────────


def test_report_carries_the_checkpoint_the_positions_and_the_digest_of_its_figures(
    company: Company, file: Path
) -> None:
    text = file.read_text()
    figures = Figures.read(seal.split(text).figures)
    assert figures.proof is not None
    assert (figures.position, figures.proof.size) == (company.log.head().position,) * 2
    paper = text.partition("<script")[0]
    for fact in (figures.proof.origin, company.vkey, figures.sha256, f"<dd>{figures.position}</dd>"):
        assert str(fact) in paper
    for place in ("plan", "outcome"):
        assert f"<dd>{figures.retrospective[place]['position']}</dd>" in paper


def test_untouched_report_is_verified_offline_and_against_the_log(company: Company, file: Path) -> None:
    printed = ok(company.run("verify", file))
    assert "Its text and its figures are unchanged." in printed
    assert "They were computed again from the log at hand: none differs." in printed
    assert "Its text and its figures are unchanged." in ok(offline(company, file))


def test_served_report_with_links_is_verified(company: Company, file: Path) -> None:
    context = replace(company.context, keys=company.keys)
    story = read(context, ReportRequest("2026-q1"))
    cut = msgspec.structs.replace(story, objective_page=msgspec.structs.replace(story.objective_page, total_count=999))
    rest = page.parts(cut, company.keys.signer, is_linked=True)
    file.write_text("".join([page.head(cut.heading), *rest]))
    assert "does not follow from its figures" in refused(offline(company, file))
    rest = page.parts(story, company.keys.signer, is_linked=True)
    file.write_text("".join([page.head(story.heading), *rest]))
    assert "none differs" in ok(company.run("verify", file))


def test_report_of_another_version_is_compared_in_the_fields_of_both(company: Company, file: Path) -> None:
    def older(figures: dict[str, Any]) -> None:
        figures["program"] = "0.0.1"
        figures["retrospective"]["silences"].pop("totalCount")

    text = file.read_text()
    figures = json.loads(seal.split(text).figures)
    older(figures)
    old = Figures.read(json.dumps(figures))
    before = seal.split(text).page.rpartition("<script")[0]
    body = f'{before}<script type="application/json" id="figures">{old.text}</script>'
    note = Sealed.of(old.position, digest(old.text), digest(body)).signed(company.keys.signer)
    file.write_text(body + seal.end(note))
    assert "none differs" in ok(company.run("verify", file))


def test_report_is_verified_at_its_position_after_later_changes(company: Company, file: Path) -> None:
    company.do(AddPerson(handle="late", name="Late", effective_at=goals.day(0)))
    company.record(
        DraftObjective(cycle=CycleBy(key="2026-q2"), title="Grow in the second quarter", effective_at=goals.day(92))
    )
    assert "none differs" in ok(company.run("verify", file))


def test_report_of_an_open_cycle_is_verified_at_its_moment(server: str, tmp_path: Path) -> None:
    with made(server, tmp_path) as company:
        ids = run_quarter(company, closed=False)
        file = tmp_path / "q1.html"
        now = company.conn.execute("select clock_timestamp()").fetchone()
        assert now is not None
        for options in ([], ["--known", now[0].isoformat()]):
            assert "Not final" in company.report(file, *options)
            company.do(Reflect(subject=Ref(Kind.OBJECTIVE, ids["A"]), kind=ReflectionKind.LEARNED, body=str(options)))
            assert "none differs" in ok(company.run("verify", file))


def test_narrowed_report_is_verified_with_its_arguments(server: str, tmp_path: Path) -> None:
    with made(server, tmp_path) as company:
        company.do(FormTeam(key="north", name="North", effective_at=goals.day(0)))
        company.do(AddPerson(handle="lin", name="Lin", effective_at=goals.day(0)))
        run_quarter(company)
        file = tmp_path / "north.html"
        company.report(file, "--team", "north", "--person", "lin")
        assert "none differs" in ok(company.run("verify", file))


def test_names_of_erased_people_do_not_count_as_differences(server: str, tmp_path: Path) -> None:
    with made(server, tmp_path) as company:
        person = company.record(AddPerson(handle="lin", name="Lin", effective_at=goals.day(-1)))
        run_quarter(company)
        company.do(Reflect(subject=Ref(Kind.CYCLE, goals.cycle_id(company)), kind=ReflectionKind.LEARNED, body="Less."),
                   goals.author(person))  # fmt: skip
        file = tmp_path / "q1.html"
        assert "Lin" in company.report(file)
        company.do(ErasePerson(person=person, reason="Asked for."))
        printed = ok(company.run("verify", file))
        assert re.search(r"none differs. \d names are of people who were erased since.", printed)


# ── damage to the file ───────────────────────────────────────────────────────────────────────────


def change_percentage(text: str) -> str:
    """One visible figure of the page is another."""
    return re.sub(r"<dd>(\d+)(\u00a0%)</dd>", r"<dd>99\2</dd>", text, count=1)


def change_chart(text: str) -> str:
    return re.sub('height="8" rx', 'height="9" rx', text, count=1)


def change_reason(text: str) -> str:
    return text.replace("The market shrank.", "The market grew.", 1)


def change_figures(text: str) -> str:
    return re.sub(r'"againstOriginal":0?\.?\d+', '"againstOriginal":1', text, count=1)


def change_root(text: str) -> str:
    return re.sub(r"(<dt>Root hash</dt><dd>)(.)", lambda found: found[1] + ("B" if found[2] == "A" else "A"), text)


def change_digest(text: str) -> str:
    return re.sub(r"(SHA-256 of the figures</dt><dd>)....", r"\g<1>ffff", text)


def hide_section(text: str) -> str:
    return text.replace("<h2>Silences</h2>", "<h2 hidden>Silences</h2>")


def append_text(text: str) -> str:
    return text.replace("</body>", "<p>Score: 100 %</p></body>")


def append_after_the_end(text: str) -> str:
    return f"{text}<p>Score: 100 %</p>"


def change_seal(text: str) -> str:
    page, mark, end = text.rpartition('id="seal">')
    return page + mark + re.sub(r"(keyframe-report/1\n)(\d+)", r"\g<1>9\2", end)


def remove_seal(text: str) -> str:
    return re.sub(r'(id="seal">)[^<]*', r"\1", text)


DAMAGE = [
    change_percentage, change_chart, change_reason, change_figures, change_root, change_digest, hide_section,
    append_text, append_after_the_end, change_seal, remove_seal,
]  # fmt: skip


@pytest.mark.parametrize("damage", DAMAGE)
def test_changed_report_is_rejected(company: Company, file: Path, damage: Callable[[str], str]) -> None:
    before = file.read_text()
    file.write_text(damage(before))
    assert file.read_text() != before
    for done in (company.run("verify", file), offline(company, file)):
        assert re.search("changed|does not match|not signed|not a report", refused(done))
        assert done.stdout == ""


def test_message_tells_changed_figures_from_changed_text(company: Company, file: Path) -> None:
    before = file.read_text()
    file.write_text(change_percentage(before))
    assert "The text of the page was changed" in refused(offline(company, file))
    file.write_text(change_figures(before))
    assert "The figures in the file were changed" in refused(offline(company, file))


def test_changed_figures_and_text_with_a_matching_digest_are_rejected(company: Company, file: Path) -> None:
    def better(figures: dict[str, Any]) -> None:
        figures["retrospective"]["attainment"]["score"] = 1.0

    forged = resealed(file.read_text(), Signer("okr.example.org/x", bytes(32)), better)
    file.write_text(forged)
    assert "not signed by a known key" in refused(offline(company, file))


# ── damage by those who have the key ─────────────────────────────────────────────────────────────


def test_figures_that_the_log_does_not_give_are_named(company: Company, file: Path) -> None:
    def better(figures: dict[str, Any]) -> None:
        figures["retrospective"]["attainment"]["score"] = 1.0
        figures["retrospective"]["objectives"]["nodes"][0]["attribution"]["movement"] = 0.5
        figures["retrospective"]["reasons"]["nodes"].pop()

    file.write_text(resealed(file.read_text(), company.keys.signer, better))
    assert "unchanged" in ok(offline(company, file))
    message = refused(company.run("verify", file))
    assert "attainment.score: 1.0 in the report, " in message
    assert "objectives.nodes[0 “Win the hearts of users”].attribution.movement: 0.5 in the report, " in message
    assert "nothing in the report, an entry by the log" in message
    assert "3 figures of the report are not those of the log." in message


def test_text_that_does_not_follow_from_the_figures_is_rejected_though_sealed(company: Company, file: Path) -> None:
    text = file.read_text()
    forged = change_percentage(seal.split(text).page)
    figures = Figures.read(seal.split(text).figures)
    statement = Sealed.of(figures.position, digest(figures.text), digest(forged))
    file.write_text(forged + seal.end(statement.signed(company.keys.signer)))
    assert "does not follow from its figures" in refused(offline(company, file))


def test_falsified_views_are_found(company: Company, file: Path) -> None:
    with company.database.connect() as conn:
        conn.execute("update check_in set value = value + 1")
        try:
            assert "figures of the report are not those of the log" in refused(company.run("verify", file))
        finally:
            conn.execute("update check_in set value = value - 1")
    assert "none differs" in company.run("verify", file).stdout


def test_rewritten_log_is_found(server: str, tmp_path: Path) -> None:
    with made(server, tmp_path) as company:
        run_quarter(company)
        file = tmp_path / "q1.html"
        company.report(file)
        with company.database.connect() as conn:
            conn.execute("alter table log disable trigger append_only")
            conn.execute("update log set leaf_hash = sha256(leaf_hash) where position = 4")
        message = refused(company.run("verify", file))
        assert "does not hold the log" in message
        assert "--offline" in message


def test_report_of_another_log_is_not_compared(company: Company, server: str, tmp_path: Path) -> None:
    with made(server, tmp_path) as other:
        goals.cycle(other)
        file = tmp_path / "q1.html"
        company.report(file)
        done = other.run("verify", file, "--key", company.vkey)
        assert "does not hold the log" in refused(done)


# ── without a key or access ──────────────────────────────────────────────────────────────────────


def test_report_without_a_key_says_so_and_is_not_verified(company: Company, file: Path) -> None:
    story = read(company.context, ReportRequest("2026-q1"))
    file.write_text(page.rendered(story.heading, story))
    assert "This report is not signed" in file.read_text()
    assert "is not signed" in refused(company.run("verify", file))


@pytest.mark.parametrize(
    ("role", "is_signed"), [(Role.ADMIN, True), (Role.AUDITOR, True), (Role.LEAD, True), (Role.MEMBER, False)]
)
def test_report_is_signed_for_those_who_may_read_the_ledger(
    company: Company, tmp_path: Path, role: Role, is_signed: bool
) -> None:
    context = replace(company.context, keys=company.keys, caller=Caller("robot", frozenset({role})))
    story = read(context, ReportRequest("2026-q1"))
    assert (story.figures.checkpoint is not None) is is_signed
    assert (story.figures.reader is None) is (role in (Role.ADMIN, Role.AUDITOR))
    file = tmp_path / "q1.html"
    file.write_text(page.rendered(story.heading, story, signer_of(context)))
    if is_signed:
        assert "none differs" in ok(company.run("verify", file))


def test_report_of_a_reader_with_hidden_goals_is_computed_again_for_that_reader(server: str, tmp_path: Path) -> None:
    with made(server, tmp_path) as company:
        run_quarter(company, closed=False)
        board = company.record(FormTeam(key="board", name="Board", effective_at=goals.day(0)))
        secret = {"team": board, "visibility": Visibility.TEAM, "effective_at": goals.day(50)}
        hidden = goals.objective(company, "Buy a rival", **secret)
        company.do(CommitObjective(objective=hidden, effective_at=goals.day(51)))
        lead = Caller("robot", frozenset({Role.LEAD}))
        filtered = company.database.pool(filtered=True)
        context = replace(company.context, keys=company.keys, caller=lead, filtered=filtered)
        story = read(context, ReportRequest("2026-q1"))
        file = tmp_path / "q1.html"
        file.write_text(page.rendered(story.heading, story, signer_of(context)))
        assert "Buy a rival" not in file.read_text()
        assert "Buy a rival" in company.report(tmp_path / "all.html")
        assert "none differs" in ok(company.run("verify", file))


def test_reading_needs_a_key_and_a_readable_file(company: Company, file: Path) -> None:
    settings = Settings(data_dir=file.parent / "data")
    assert "--key" in refused(keyframe(settings, "verify", str(file)), 2)
    assert "no database at hand" in ok(keyframe(settings, "verify", str(file), "--key", company.vkey))
    file.write_bytes(b"<!doctype html>\xff")
    assert "not UTF-8" in refused(offline(company, file))
    file.write_text("<!doctype html>\n<p>Hello</p>")
    assert "not a report" in refused(offline(company, file))


def test_unreachable_database_is_reported(company: Company, file: Path) -> None:
    nowhere = SecretStr("postgresql://nobody@127.0.0.1:1/nothing")
    settings = Settings(database_url=nowhere, data_dir=file.parent / "data")
    assert "--offline" in refused(keyframe(settings, "verify", str(file), "--key", company.vkey))
