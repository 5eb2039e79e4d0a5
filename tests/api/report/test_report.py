"""The report: one self-contained page, from the command line and over HTTP."""

import re
from base64 import b64encode
from collections.abc import Iterator
from datetime import date
from hashlib import sha256
from html import unescape
from pathlib import Path
from urllib.parse import unquote

import msgspec
import pytest
from starlette.applications import Starlette
from starlette.routing import Route
from starlette.testclient import TestClient

from api.report import amounts, page
from api.report.content import Heading, ReportRequest, Story, read, read_heading
from api.report.drawings import bars, marks
from api.report.goal_looks import (
    Attainment,
    Attribution,
    GoalCounts,
    HealthCount,
    KeyedTeam,
    KeyResultLook,
    Metric,
    ObjectiveLook,
    Progress,
    TeamLook,
    Unit,
)
from api.report.goalposts import KpiGoal, Measure, Moved, PlanPoint, Target, WorkspaceCalendar
from api.report.report_endpoint import Reports
from api.report.team_pages import team_pages
from api.report.words import ClosingReflection, Page, Subject
from api.runtime.database import Database
from api.schema.schema import QueryFailed
from domain.commands.command import CycleBy, KpiBy
from domain.commands.cycle_commands import ActivateCycle, CloseCycle
from domain.commands.discussion_commands import Reflect
from domain.commands.key_result_commands import LinkKpi
from domain.commands.people_commands import AddPerson, FormTeam
from domain.primitives.values import Direction, Kind, Milestone, Ref, ReflectionKind
from domain.primitives.values import Metric as Measured
from tests.api.cli.terminal import keyframe
from tests.api.retrospective.conftest import made
from tests.api.retrospective.quarter_by_hand import run_quarter
from tests.api.schema import goals
from tests.api.schema.goals import check_in, day
from tests.asking import AskedWorld
from tests.html_tags import Tags

NASTY = "<script>alert(1)</script> & \"more\" 'quotes'"


@pytest.fixture(scope="module")
def world(server: str) -> Iterator[AskedWorld]:
    with made(server) as world:
        own = run_quarter(world, closed=False)
        nasty = goals.objective(world, NASTY, effective_at=day(60))
        steps = Measured(Direction.MILESTONES, milestones=(Milestone("m", NASTY),))
        for title, metric in ((NASTY, steps), ("Within", Measured(Direction.WITHIN, lower=1.0, upper=3.0))):
            goals.key_result(world, nasty, title, metric=metric, effective_at=day(60))
        linked = goals.key_result(world, nasty, "Users", effective_at=day(60))
        world.do(LinkKpi(key_result=linked, kpi=KpiBy(key="users"), effective_at=day(60)))
        check_in(world, own["a1"], 46, 85, note=NASTY)
        world.do(FormTeam(key="north", name="North", effective_at=day(0)))
        world.do(AddPerson(handle="lin", name="Lin", effective_at=day(0)))
        world.do(CloseCycle(cycle=goals.CYCLE, close_objectives=True, effective_at=day(91)))
        cycle = Ref(Kind.CYCLE, goals.cycle_id(world))
        world.do(Reflect(subject=cycle, kind=ReflectionKind.LEARNED, body=NASTY))
        goals.cycle(world, "2026-q2", goals.Q2)
        yield world


HEADING = Heading("2026-Q1", "")


@pytest.fixture(scope="module")
def story(world: AskedWorld) -> Story:
    return read(world.context, ReportRequest("2026-q1"))


@pytest.fixture(scope="module")
def whole(story: Story) -> str:
    return page.rendered(HEADING, story)


@pytest.fixture(scope="module")
def html(whole: str) -> str:
    """The page without its figures, which are JSON."""
    return visible(whole)


def visible(page: str) -> str:
    text, figures, end = re.split(r"(<script type=\"application/json\".*?</script>)", page, flags=re.DOTALL)
    assert figures.count("<") == figures.count(">") == 2
    return text + end


# ── the page ──────────────────────────────────────────────────────────────────────────────────────


def test_page_has_no_external_resources_or_scripts(html: str) -> None:
    tags = Tags(html).found
    assert not {tag for tag, _ in tags} & {"script", "link", "img", "iframe", "object", "form", "base"}
    named = {name for _, attrs in tags for name in attrs}
    assert not {name for name in named if name.startswith("on") or name in ("src", "style", "xlink:href")}
    assert all(str(attrs["href"]).startswith("#") for _, attrs in tags if "href" in attrs)
    assert "http" not in re.sub(r'xmlns="http://www.w3.org/2000/svg"|http-equiv', "", html)
    assert not re.search(r"url\(|@import", html)


def test_policy_allows_only_the_pages_own_style(html: str) -> None:
    (style,) = re.findall(r"<style>(.*?)</style>", html, re.DOTALL)
    digest = b64encode(sha256(style.encode()).digest()).decode()
    assert f"style-src 'sha256-{digest}'" in page.POLICY
    assert "default-src 'none'" in page.POLICY
    assert "unsafe" not in page.POLICY
    (policy,) = [attrs for tag, attrs in Tags(html).found if tag == "meta" and "http-equiv" in attrs]
    assert policy["content"] == page.POLICY


def test_user_text_is_escaped(html: str) -> None:
    assert "<script" not in html
    assert html.count("&lt;script&gt;alert(1)&lt;/script&gt; &amp;") >= 5


def test_page_has_every_section_of_the_retrospective(html: str) -> None:
    headings = (
        "Summary", "Moved goalposts", "Where progress came from", "Reflections", "Without a team",
        "Confidence and calibration", "Silences", "KPIs", "Reasons of other changes", "Proof",
    )  # fmt: skip
    assert tuple(found.strip() for found in re.findall(r"<h2>([^<]+)", html)) == headings
    for text in ("The market shrank.", "added later", "dropped", "<del>0 → 100</del>", "breached", "1 to 3"):
        assert text in html
    assert "The figures are final." in html
    assert re.search(r"<strong>Said \d+ % on average, \d+ % came true \(\d+ statements\)\.</strong>", html)


def test_contents_lead_to_every_section_and_objective(html: str) -> None:
    tags = Tags(html).found
    places = {str(attrs["id"]) for _, attrs in tags if "id" in attrs}
    links = [unquote(str(attrs["href"])).removeprefix("#") for tag, attrs in tags if tag == "a"]
    assert set(links) <= places
    assert {str(attrs["id"]) for tag, attrs in tags if tag == "section" and "id" in attrs} - {"summary"} <= set(links)


def all_goals(story: Story) -> list[ObjectiveLook | KeyResultLook]:
    """The objectives, each before its key results."""
    return [goal for look in story.objectives for goal in look.goals]


def judged(name: str, text: str = "") -> str:
    label = name.lower().replace("_", " ")
    return f'<span class="judged {name.lower()}">{marks.mark(name)} {text}{label}</span>'


def test_page_shows_how_the_cycle_and_its_goals_ended(story: Story, html: str) -> None:
    health = story.cycle.progress.health
    assert health in ("ACHIEVED", "PARTIAL", "MISSED")
    assert f"<h1>{story.cycle.name} {judged(health)}</h1>" in html
    objectives, key_results = story.cycle.counts
    assert (objectives[0], key_results[0]) == ("Objectives", "Key results")
    for one in (*objectives[1], *key_results[1]):
        assert judged(one.health, f"{one.count} ") in html
    partial = msgspec.structs.replace(story.cycle, objectives=[HealthCount("PARTIAL", 2), HealthCount("MISSED", 0)])
    html = visible(page.rendered(HEADING, msgspec.structs.replace(story, cycle=partial)))
    assert judged("PARTIAL", "2 ") in html
    assert "0 missed" not in html


def test_goals_closed_without_a_score_are_marked_as_not_scored(story: Story, html: str) -> None:
    assert "not scored" not in html
    unscored = Progress(expected=1.0, health=None)
    cycle = msgspec.structs.replace(story.cycle, progress=unscored)
    first, *others = story.objectives
    closed = msgspec.structs.replace(first.objective, state="CLOSED", progress=unscored)
    looks = [msgspec.structs.replace(first, objective=closed), *others]
    shown = msgspec.structs.replace(story.objective_page, nodes=looks)
    html = visible(page.rendered(HEADING, msgspec.structs.replace(story, cycle=cycle, objective_page=shown)))
    assert html.count(judged("NOT_SCORED")) == html.count(marks.mark("NOT_SCORED", "not scored")) == 1


def test_open_cycle_shows_the_expected_progress_beside_the_value(story: Story, html: str) -> None:
    assert "expected" not in html
    assert 'class="rule planned"' not in html
    cycle = msgspec.structs.replace(story.cycle, state="ACTIVE", progress=Progress(expected=0.625, health="AT_RISK"))
    html = visible(page.rendered(HEADING, msgspec.structs.replace(story, is_final=False, cycle=cycle)))
    assert f"<h1>{story.cycle.name} {judged('AT_RISK')}</h1>" in html
    assert "<dt>expected by now</dt><dd>62\xa0%</dd>" in html
    goals_shown = all_goals(story)
    assert html.count('data-label="expected"') == len(goals_shown)
    assert html.count('class="rule planned"') == len([one for one in goals_shown if one.presence != "DROPPED"])


def test_every_goal_has_a_row_with_a_bar_its_owner_and_the_figures_of_the_answer(story: Story, html: str) -> None:
    rows = re.findall(r"<tr class=\"(?:whole|part)\">.*?</tr>", html, re.DOTALL)
    shown = all_goals(story)
    assert len(rows) == len(shown) == 12
    for row, goal in zip(rows, shown, strict=True):
        figures = [goal.attainment.against_original, goal.attainment.against_final, goal.attainment.score]
        assert re.findall(r'<td class="n"[^>]*>([^<]*)</td>', row) == [amounts.percent(share) for share in figures]
        assert f': {amounts.percent(goal.attainment.against_final)}">' in row


def test_every_chart_has_an_accessible_label(story: Story, html: str) -> None:
    drawings = [attrs for tag, attrs in Tags(html).found if tag == "svg" and attrs["class"] == "chart"]
    assert all(attrs["role"] == "img" and attrs["aria-label"] for attrs in drawings)
    labels = [str(attrs["aria-label"]) for attrs in drawings]
    looks = [*story.objectives]
    assert sum(", scope " in label for label in labels) == sum(look.has_progress for look in looks) + 1 == 5
    assert sum(label.startswith("Values of") for label in labels) == 6
    assert sum(label.startswith("Progress of") for label in labels) == 4 + 1
    assert labels.count("In per cent") == 2
    assert labels[-2] == "Share of statements that came true, by stated confidence"
    assert labels[-1] == "Periods of Users: first plan, last plan and actual"
    assert len(labels) == 5 + 6 + 4 + 1 + 2 + 2 + 12


def test_parts_of_progress_that_are_zero_are_left_out(story: Story) -> None:
    assert [amounts.part(share) for share in (None, 0.0, 0.0004, -0.0004)] == [""] * 4
    assert amounts.part(-0.045) == "\N{MINUS SIGN}4.5\xa0%"
    still = Attribution(0, 0, 0, 0, 0)
    looks = [msgspec.structs.replace(look, attribution=still) for look in story.objectives[:2]]
    shown = msgspec.structs.replace(story.objective_page, nodes=[*looks, *story.objectives[2:]])
    html = visible(page.rendered(HEADING, msgspec.structs.replace(story, objective_page=shown)))
    assert "2 objectives without progress: Win the hearts of users; Grow in the north." in html
    assert "0.0" not in re.sub(r"<svg.*?</svg>", "", html.partition("<tbody>")[2].partition("</section>")[0])


def test_reflections_on_an_objective_are_beside_it(story: Story, html: str) -> None:
    (learned,) = [one for one in story.reflections if one.kind == "LEARNED"]
    objective = story.objectives[1].objective
    on_it = msgspec.structs.replace(learned, subject=Subject(objective.title, objective.id), body="It was cold.")
    closing = ClosingReflection("We left.", learned.by, Subject("Elsewhere", "other"))
    told = msgspec.structs.replace(story, reflections=[learned, on_it], closing_reflections=[closing])
    assert {id: [one.body for one in found] for id, found in told.remarks.items() if found} == {
        objective.id: ["It was cold."]
    }
    assert [one.body for one in told.other_remarks] == ["We left.", NASTY]
    goals_of_it = visible(page.rendered(HEADING, told)).partition(f'id="{objective.id}"')[2].partition("</tbody>")[0]
    assert "<q>It was cold.</q>" in goals_of_it
    assert 'class="remark"' not in html


def test_each_team_has_a_page_of_its_own(story: Story) -> None:
    first, second, *others = story.objectives
    north, south = KeyedTeam("north", "North"), KeyedTeam("south", "Arctic")
    teams = [msgspec.structs.replace(look, objective=msgspec.structs.replace(look.objective, team=team))
             for look, team in ((first, north), (second, south))]  # fmt: skip
    shown = msgspec.structs.replace(story.objective_page, nodes=[*teams, *others])
    looked = Page(1, [TeamLook(north, GoalCounts(1, 0, 0), Attainment(0.5, 0.25, 0.75))])
    of_teams = msgspec.structs.replace(story, objective_page=shown, teams=looked)
    assert [(one.name, one.anchor, len(one.objectives)) for one in team_pages(of_teams)] == [
        ("Arctic", "team-south", 1), ("North", "team-north", 1), ("Without a team", "team-", 2),
    ]  # fmt: skip
    html = visible(page.rendered(HEADING, of_teams))
    assert html.count('<section id="team-') == 3
    assert "1 objective: 50\xa0% of the original targets, 25\xa0% of the final ones, score 75\xa0%" in html
    assert ".team { break-before: page;" in html


def test_unmeasured_key_results_are_listed_without_a_chart(story: Story, html: str) -> None:
    unmeasured = [part for look in story.objectives for part in look.key_results if not part.plan_curve.was_measured]
    assert len(unmeasured) == 2
    assert html.count("<small>never measured</small>") == 2
    assert "<small>1 to 3</small>" in html


def test_silences_are_grouped_by_key_result(story: Story) -> None:
    one, *others = silences = story.silences.nodes
    twice = msgspec.structs.replace(story, silences=msgspec.structs.replace(story.silences, nodes=[one, *others, one]))
    assert (len(twice.silent), len(story.silent)) == (len(silences), len(silences))
    assert story.silent_key_results == len(silences)
    assert sum(len(silent.silences) for silent in twice.silent) == len(silences) + 1
    days = [silent.days for silent in twice.silent]
    assert days == sorted(days, reverse=True)
    assert sum(days) == sum(silence.days for silence in twice.silences.nodes)


def test_all_objective_bars_share_one_axis() -> None:
    of = [Attribution(0.4, *parts) for parts in ((0.7, -0.3, -0.2, 0.6), (0.1, 0, 0, 0.5))]
    assert bars.ticks(of) == [-0.5, 0, 0.5, 1, 1.5]
    assert bars.ticks(of[1:]) == bars.ticks([]) == pytest.approx([0, 0.2, 0.4, 0.6, 0.8, 1])


def test_rendering_is_deterministic(story: Story, whole: str) -> None:
    assert page.rendered(HEADING, story) == whole


def test_head_is_known_before_the_figures(world: AskedWorld, html: str) -> None:
    found = read_heading(world.context, ReportRequest("2026-q1"))
    head = page.head(found)
    assert html.startswith(page.head(HEADING))
    assert f"<title>{found.cycle}: retrospective</title>" in head
    assert page.POLICY in unescape(head)


def test_objectives_beyond_the_most_of_one_page_are_in_the_reports_of_their_teams(story: Story) -> None:
    teams = [TeamLook(KeyedTeam("north", "North <b>"), GoalCounts(3, 1, 1), Attainment(0.5, 0.6, None)),
             TeamLook(None, GoalCounts(2, 0, 0), Attainment(None, None, None))]  # fmt: skip
    few = msgspec.structs.replace(story.objective_page, total_count=400)
    asked = ReportRequest("2026-q1", known="2026-05-01T00:00:00Z")
    cut = msgspec.structs.replace(story, asked=asked, objective_page=few, teams=Page(2, teams))
    served, written = ("".join(page.parts(cut, is_linked=linked)) for linked in (True, False))
    assert "4 of 400 objectives" in served
    assert '<a href="?team=north&amp;known=2026-05-01T00%3A00%3A00Z">North &lt;b&gt;</a>' in served
    assert "?team=" not in written
    assert "Without a team" in written
    assert "<h2>Teams</h2>" not in "".join(page.parts(story))


def test_empty_cycle_has_a_page(world: AskedWorld) -> None:
    world.do(ActivateCycle(cycle=CycleBy(key="2026-q2"), effective_at=day(92)))
    html = visible(page.rendered(HEADING, read(world.context, ReportRequest("2026-q2"))))
    for text in (
        "Not final",
        "None: every target, due day, plan and measure",
        "Not known yet",
        "None: every key result",
    ):
        assert text in html


# ── numbers and texts ─────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("value", "expected"),
    [(None, "–"), (0.0, "0 h"), (-0.5, "−0.5 h"), (1234.5, "1,234 h"), (12_345.6, "12,346 h"), (59.844, "59.84 h")],  # noqa: RUF001
)
def test_numbers_are_formatted_briefly(value: float | None, expected: str) -> None:
    assert amounts.figure(value, "h") == expected


def test_change_of_a_percentage_is_in_points() -> None:
    assert [amounts.change(value, "%") for value in (2.0, -0.5, 0.0, None)] == ["+2 pp", "−0.5 pp", "0 pp", "–"]  # noqa: RUF001
    assert amounts.change(3, "h") == "+3 h"


@pytest.mark.parametrize(
    ("value", "expected"),
    [(0.5, "0.5"), (99_000, "99,000"), (250_000, "250K"), (-1_250_000, "−1.25M"), (3e9, "3B")],  # noqa: RUF001
)
def test_values_beside_an_axis_are_short(value: float, expected: str) -> None:
    assert amounts.compact(value) == expected


@pytest.mark.parametrize(("share", "expected"), [(None, "–"), (0.725, "72\xa0%"), (-0.04, "−4\xa0%")])  # noqa: RUF001
def test_shares_are_whole_percentages(share: float | None, expected: str) -> None:
    assert amounts.percent(share) == expected


@pytest.mark.parametrize(
    ("metric", "expected"),
    [
        (Metric("INCREASE", Unit("€"), 0, 40, None, None), "0 → 40 €"),
        (Metric("DECREASE", Unit("h"), 9, 1.5, None, None), "9 → 1.5 h"),
        (Metric("AT_LEAST", Unit("%"), None, 98, None, None), "≥ 98 %"),
        (Metric("AT_MOST", Unit(""), None, 5, None, None), "≤ 5"),
        (Metric("WITHIN", Unit("°"), None, None, 18, 21), "18 to 21 °"),
        (Metric("MILESTONES", Unit(""), None, None, None, None), "milestones"),
        (Metric("DONE", Unit(""), None, None, None, None), "done"),
    ],
)
def test_goal_is_described_briefly(metric: Metric, expected: str) -> None:
    assert page.goal(metric) == expected


AT_LEAST, WITHIN = KpiGoal("AT_LEAST", 5, None, None), KpiGoal("WITHIN", None, 1, 3)
PLAN = [PlanPoint(date(2026, 2, 1), 20), PlanPoint(date(2026, 3, 31), 100)]


@pytest.mark.parametrize(
    ("moved", "expected"),
    [
        (Metric("INCREASE", Unit("€"), 0, 40, None, None), "0 → 40 €"),
        (date(2026, 3, 31), "due 31\xa0Mar"),
        (PLAN, "20 by 1\xa0Feb, 100 by 31\xa0Mar"),
        ([], "a straight line"),
        (AT_LEAST, "≥ 5"),
        (Target(WITHIN, date(2026, 3, 1)), "1 to 3 from 1\xa0Mar"),
        (Measure(None, None), "measured by check-ins"),
        (Measure("Open matters", None), "measured by the last reading of “Open matters”"),
        (Measure("Visits", "SUM"), "measured by the sum of “Visits”"),
        (
            WorkspaceCalendar("Europe/Lisbon", 2, "MONDAY"),
            "days of Europe/Lisbon, years from February, weeks from Monday",
        ),
        (None, "–"),  # noqa: RUF001
    ],
)
def test_moved_goalpost_is_described_briefly(moved: Moved, expected: str) -> None:
    assert page.goalpost(moved) == expected


# ── over HTTP and from the command line ───────────────────────────────────────────────────────────


def test_report_is_served_with_its_policy(world: AskedWorld) -> None:
    app = Starlette(routes=[Route("/report/{cycle}", Reports(lambda _: world.context).page)])
    with TestClient(app) as http:
        answer = http.get("/report/2026-q1")
        assert (answer.status_code, answer.text) == (
            200,
            page.rendered(HEADING, read(world.context, ReportRequest("2026-q1"))),
        )
        assert answer.headers["content-type"] == "text/html; charset=utf-8"
        assert answer.headers["content-security-policy"] == f"{page.POLICY}; frame-ancestors 'none'"
        assert http.get("/report/nothing").status_code == 404
        assert http.get("/report/2026-q1?known=yesterday").status_code == 400
        assert (
            http.get("/report/2026-q1?known=2100-01-01T00:00:00Z").json()["errors"][0]["extensions"]["code"]
            == "INVALID"
        )
        assert http.get("/report/2026-q1?team=nobody").status_code == 404
        narrowed = http.get("/report/2026-q1?team=north&person=lin")
        assert "<h1>2026-Q1 <small>team north and person lin</small></h1>" in narrowed.text
        assert "Planned: nothing." in narrowed.text
        assert http.post("/report/2026-q1").status_code == 405


def test_cycle_without_a_plan_has_no_report(world: AskedWorld) -> None:
    goals.cycle(world, "2027-q1", goals.Q2)
    with pytest.raises(QueryFailed) as why:
        read(world.context, ReportRequest("2027-q1"))
    assert why.value.code == "CONFLICT"


def test_report_command_writes_the_page(database: Database, tmp_path: Path) -> None:
    run_quarter(AskedWorld(database))
    file = tmp_path / "q1.html"
    done = keyframe(database.settings, "report", "2026-q1", "--html", str(file))
    assert (done.returncode, done.stderr) == (0, "")
    assert file.read_text().startswith("<!doctype html>")
    refused = keyframe(database.settings, "report", "nothing", "--html", str(file))
    assert (refused.returncode, refused.stderr) == (1, "keyframe: There is no such cycle.\n")
