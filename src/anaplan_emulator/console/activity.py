"""The overview, and the timeline of requests and tasks."""

import sqlite3
from dataclasses import dataclass
from datetime import datetime, timedelta

from starlette.responses import Response

from anaplan_emulator.console.received import request_rows, tone
from anaplan_emulator.console.rendering import live_page
from anaplan_emulator.console.tasks import TaskRow, read_tasks
from anaplan_emulator.console.visits import Visit, counted
from anaplan_emulator.request_log import ReceivedRequest
from anaplan_emulator.shell_lines import assignments
from anaplan_emulator.tenant_state import TenantState, UnknownUserError

SPANS = {"1": "1 minute", "5": "5 minutes", "15": "15 minutes", "60": "1 hour", "1440": "1 day"}
"""Choices of the timeline's span, in minutes."""

_WIDTH, _HEIGHT, _LEFT = 960, 160, 40
_BARS = 120
_LANE = 20
_MAX_LANES = 12
_TONES = ("good", "moved", "refused", "failed", "none")
_TONE_NAMES = {
    "good": "2xx",
    "moved": "3xx",
    "refused": "4xx",
    "failed": "5xx",
    "none": "no response",
}


@dataclass(frozen=True, slots=True)
class Shape:
    """A rectangle of the plot."""

    x: float
    y: float
    width: float
    height: float
    tone: str
    title: str
    href: str = ""


@dataclass(frozen=True, slots=True)
class Tick:
    """A mark on an axis."""

    position: float
    label: str


@dataclass(frozen=True, slots=True)
class Interval:
    """A row of the table that says the same as the plot."""

    start: datetime
    counts: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Plot:
    """The timeline as shapes.

    Attributes:
        width: Width of the plot.
        height: Height of the plot.
        base: Position of the time axis.
        bars: Requests, grouped by time and status.
        lanes: Tasks.
        times: Marks on the time axis.
        counts: Marks on the axis of numbers.
        summary: The plot in words.
        intervals: The numbers behind the bars.
        tasks: The tasks in the span.
    """

    width: int
    height: int
    base: int
    bars: tuple[Shape, ...]
    lanes: tuple[Shape, ...]
    times: tuple[Tick, ...]
    counts: tuple[Tick, ...]
    summary: str
    intervals: tuple[Interval, ...]
    tasks: tuple[TaskRow, ...]


def show_overview(visit: Visit) -> Response:
    """GET /: what runs here, how to connect to it, and what happened last."""
    tenant = visit.tenant
    requests = tenant.request_log.requests()
    with tenant.store.snapshot() as db:
        counts = _counts(db)
        rows = request_rows(db, requests[:-11:-1])
        tasks = read_tasks(db, tenant, limit=8)
    active = [each for each in tenant.faults.active() if each.can_apply]
    return live_page(
        visit,
        "overview.html",
        "Overview",
        counts=counts,
        rows=rows,
        tasks=tasks,
        total_requests=len(requests),
        active_faults=len(active),
        base_url=tenant.base_url,
        main_user=tenant.description.main_user.email,
        dialect=tenant.settings.dialect,
        lines=export_lines(tenant),
    )


def show_timeline(visit: Visit) -> Response:
    """GET /timeline: requests and tasks over time."""
    minutes = visit.query.get("minutes", "5")
    minutes = minutes if minutes in SPANS else "5"
    span = timedelta(minutes=int(minutes))
    end = visit.tenant.clock.now()
    # The axis moves by whole bars, so that a plot without anything new stays the same.
    step = span / _BARS
    end = datetime.fromtimestamp(
        (end.timestamp() // step.total_seconds() + 1) * step.total_seconds(), end.tzinfo
    )
    start = end - span
    requests = [
        each for each in visit.tenant.request_log.requests() if start <= each.received_at < end
    ]
    with visit.tenant.store.snapshot() as db:
        tasks = read_tasks(
            db,
            visit.tenant,
            where="tasks.created_at < ? AND coalesce(ended_at, ?) >= ?",
            values=(end.timestamp() * 1000, end.timestamp() * 1000, start.timestamp() * 1000),
            limit=200,
        )
    return live_page(
        visit,
        "timeline.html",
        "Timeline",
        plot=plot(start, end, requests, tasks),
        spans=SPANS,
        minutes=minutes,
        tones=_TONE_NAMES,
    )


def export_lines(tenant: TenantState) -> str:
    """Return lines that connect clients to the emulator. They name files instead of secrets."""
    try:
        info = tenant.info()
    except UnknownUserError:
        # The main user has another e-mail address by now.
        info = {"base_url": tenant.base_url}
    names = ("base_url", "certificate", "private_key", "workspace_id", "model_id")
    variables = {f"ANAPLAN_{name.upper()}": info.get(name) for name in names}
    return "\n".join(assignments({**variables, "SSL_CERT_FILE": info.get("ca_certificate")}))


def plot(
    start: datetime, end: datetime, requests: list[ReceivedRequest], tasks: list[TaskRow]
) -> Plot:
    """Return the plot of requests and tasks in a span of time."""
    intervals = _intervals(start, end, requests)
    greatest = max((sum(each.counts) for each in intervals), default=0)
    top = _round_up(greatest)
    base = _HEIGHT
    lanes = _task_shapes(start, end, tasks, base + 34)
    rows = max((round((shape.y - base - 34) / _LANE) + 1 for shape in lanes), default=0)
    failed = sum(1 for each in requests if each.status is None or each.status >= 400)
    return Plot(
        width=_WIDTH,
        height=base + 34 + max(rows, 1) * _LANE + 4,
        base=base,
        bars=tuple(_bars(start, end, intervals, top)),
        lanes=tuple(lanes),
        times=tuple(
            Tick(
                _LEFT + (_WIDTH - _LEFT) * part / 6, f"{start + (end - start) * part / 6:%H:%M:%S}"
            )
            for part in range(6)
        ),
        counts=tuple(
            Tick(base - (base - 10) * part / 2, f"{top * part / 2:g}") for part in range(3)
        ),
        summary=(
            f"{counted(len(requests), 'request')}, {failed:,} of them refused, failed or without a "
            f"response, and {counted(len(tasks), 'task')} between {start:%H:%M:%S} and "
            f"{end:%H:%M:%S} UTC."
        ),
        intervals=tuple(each for each in intervals if any(each.counts)),
        tasks=tuple(tasks),
    )


def _counts(db: sqlite3.Connection) -> dict[str, int]:
    names = ("workspaces", "models", "users", "tasks")
    return {
        name: db.execute(f"SELECT count(*) FROM {name}").fetchone()[0]  # noqa: S608
        for name in names
    }


def _intervals(start: datetime, end: datetime, requests: list[ReceivedRequest]) -> list[Interval]:
    step = (end - start) / _BARS
    counts = [[0] * len(_TONES) for _ in range(_BARS)]
    for each in requests:
        bar = min(int((each.received_at - start) / step), _BARS - 1)
        counts[bar][_TONES.index(tone(each.status))] += 1
    return [Interval(start + step * bar, tuple(counts[bar])) for bar in range(_BARS)]


def _bars(start: datetime, end: datetime, intervals: list[Interval], top: int) -> list[Shape]:
    width = (_WIDTH - _LEFT) / _BARS
    step = (end - start) / _BARS
    shapes = []
    for number, interval in enumerate(intervals):
        bottom = float(_HEIGHT)
        parts = [
            f"{count} with {_TONE_NAMES[name]}" if name != "none" else f"{count} without a response"
            for name, count in zip(_TONES, interval.counts, strict=True)
            if count
        ]
        until = interval.start + step
        title = f"{interval.start:%H:%M:%S} to {until:%H:%M:%S}: {', '.join(parts)}"
        for name, count in zip(_TONES, interval.counts, strict=True):
            if count:
                height = (_HEIGHT - 10) * count / top
                bottom -= height
                x = _LEFT + number * width
                shapes.append(
                    Shape(
                        round(x, 1),
                        round(bottom, 1),
                        round(width - 1, 1),
                        round(height, 1),
                        name,
                        title,
                    )
                )
    return shapes


def _task_shapes(start: datetime, end: datetime, tasks: list[TaskRow], top: int) -> list[Shape]:
    """Place tasks in the first free lane, the earliest first."""
    first, last = start.timestamp() * 1000, end.timestamp() * 1000
    scale = (_WIDTH - _LEFT) / (last - first)
    free: list[float] = []
    shapes = []
    for row in sorted(tasks, key=lambda each: each.task.created_at):
        begun = max(row.task.created_at, first)
        ended = min(row.task.ended_at if row.task.ended_at is not None else last, last)
        x = _LEFT + (begun - first) * scale
        width = max((ended - begun) * scale, 6)
        lane = next((number for number, edge in enumerate(free) if edge <= x), len(free))
        if lane >= _MAX_LANES:
            lane = _MAX_LANES - 1
        elif lane == len(free):
            free.append(0)
        free[lane] = x + width + 2
        took = f" in {row.took:.2f} s" if row.took is not None else ""
        shapes.append(
            Shape(
                x=round(min(x, _WIDTH - 6), 1),
                y=top + lane * _LANE,
                width=round(width, 1),
                height=_LANE - 6,
                tone={"failed": "failed", "with warnings": "refused", "succeeded": "good"}.get(
                    row.outcome, "none"
                ),
                title=f"{row.name} ({row.model_name}): {row.outcome}{took}",
                href=row.task.id,
            )
        )
    return shapes


def _round_up(number: int) -> int:
    """Return an even number at least as great, that is easy to read."""
    size = 2
    while size < number:
        size = size * 5 // 2 if str(size)[0] == "2" else size * 2
    return size
