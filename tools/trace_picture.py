"""Draw one nightly load as a trace: run it on the emulator, and write docs/telemetry/.

The spans are those that OpenTelemetry's SDK receives. ``--check`` compares the names in the picture
with those of a new run; times differ each time.
"""

from __future__ import annotations

import argparse
import re
import sys
from dataclasses import dataclass, field
from html import escape, unescape
from itertools import pairwise
from pathlib import Path

from opentelemetry import trace
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from anaplan_emulator import Emulator, Fault
from anaplan_sdk import Client

ROOT = Path(__file__).resolve().parent.parent
PICTURE = ROOT / "docs" / "telemetry" / "nightly-load.svg"
FILE, IMPORT = 113000000003, 112000000005
ROWS = 54_000

# Layout, in pixels.
_WIDTH, _LEFT, _RIGHT, _ROW, _TOP = 1180, 420, 80, 24, 96
_FONT = "ui-sans-serif, system-ui, -apple-system, Segoe UI, Roboto, DejaVu Sans, sans-serif"
_MONO = "ui-monospace, SFMono-Regular, Menlo, Consolas, DejaVu Sans Mono, monospace"
_ROOT_COLOUR, _WORK_COLOUR, _REQUEST_COLOUR = "#334155", "#4f46e5", "#38bdf8"
_SIGN_IN_COLOUR, _ERROR_COLOUR, _EVENT_COLOUR = "#14b8a6", "#e11d48", "#f59e0b"


@dataclass
class Node:
    """A span with those below it."""

    span: ReadableSpan
    children: list[Node] = field(default_factory=list)

    @property
    def start(self) -> int:
        """When it began, in nanoseconds."""
        return self.span.start_time or 0

    @property
    def end(self) -> int:
        """When it ended, in nanoseconds."""
        return self.span.end_time or 0


def record(provider: TracerProvider) -> Node:
    """Run the load, and return its trace.

    Args:
        provider: The program's provider of traces.
    """
    exporter = InMemorySpanExporter()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    with Emulator() as anaplan:
        anaplan.settings.task_polls = 3
        # Like a network of some distance, and one gateway that is busy for a moment.
        anaplan.add_fault(Fault(method="PUT", path="*/chunks/1", status=503))
        anaplan.add_fault(Fault(delay_seconds=0.06, times=None))
        with (
            Client(
                base_url=anaplan.base_url,
                workspace_id=anaplan.workspace_id,
                model_id=anaplan.model_id,
                user_email=anaplan.user_email,
                password=anaplan.password,
                upload_chunk_size=1_000_000,
                status_poll_delay=0.5,
                backoff=0.2,
            ) as client,
            provider.get_tracer("nightly_load").start_as_current_span("nightly load"),
        ):
            load(client)
    return tree(exporter.get_finished_spans())


def load(client: Client) -> None:
    """Load a plan of which two rows are invalid."""
    rows = ["US,Mar 13,1000,0.5"] * ROWS + ["FR,Mar 13,junk,0.5", "XX,Mar 13,1000,0.5"]
    content = "\n".join(["country,month,passengers,load_factor", *rows])
    version = [{"entityType": "Version", "entityName": "Forecast"}]
    task = client.upload_and_import(FILE, content.encode(), IMPORT, mapping_parameters=version)
    for dump in task.dumps:
        print(f"{len(list(client.get_dump_rows(*dump)))} rows were refused.", file=sys.stderr)


def tree(spans: tuple[ReadableSpan, ...]) -> Node:
    """Return the span that has no parent, with all below it.

    Args:
        spans: The spans of one trace.
    """
    nodes = {
        span.context.span_id: Node(span)
        for span in sorted(spans, key=lambda span: span.start_time or 0)
        if span.context is not None
    }
    roots: list[Node] = []
    for node in nodes.values():
        parent = node.span.parent
        (roots if parent is None else nodes[parent.span_id].children).append(node)
    (root,) = roots
    return root


def rows_of(node: Node, depth: int = 0) -> list[tuple[int, Node]]:
    """Return a trace from top to bottom, with how deep each span is.

    Args:
        node: The span at the top.
        depth: How deep it is.
    """
    below = [row for child in node.children for row in rows_of(child, depth + 1)]
    return [(depth, node), *below]


def label_of(node: Node) -> str:
    """Return the name of a span; of a request without the part that all paths share.

    Args:
        node: The span.
    """
    name = node.span.name.replace("/2/0/models/{id}", "…")
    return f"{name} ↻" if "http.request.resend_count" in (node.span.attributes or {}) else name


def note_of(node: Node) -> str:
    """Return what is said beside a bar.

    Args:
        node: The span.
    """
    described = node.span.attributes or {}
    milliseconds = (node.end - node.start) / 1e6
    time = f"{milliseconds:,.0f} ms" if milliseconds < 1000 else f"{milliseconds / 1000:.2f} s"
    status = described.get("error.type")
    size = described.get("anaplan.transfer.size")
    state = described.get("anaplan.task.outcome")
    notes = [time, status, state]
    if isinstance(size, int):
        notes.append(f"{size:,} bytes" if size < 10_000 else f"{size / 1e6:.1f} MB")
    return " · ".join(str(note) for note in notes if note)


def colour_of(depth: int, node: Node) -> str:
    """Return the colour of a bar.

    Args:
        depth: How deep the span is.
        node: The span.
    """
    if not node.span.status.is_ok:
        return _ERROR_COLOUR
    if "url.template" in (node.span.attributes or {}):
        return _SIGN_IN_COLOUR if "/token/" in node.span.name else _REQUEST_COLOUR
    return _WORK_COLOUR if depth else _ROOT_COLOUR


def draw(root: Node) -> str:
    """Return a trace as a picture.

    Args:
        root: The span at the top.
    """
    rows = rows_of(root)
    height = _TOP + _ROW * len(rows) + 28
    total = max(node.end for _, node in rows) - root.start
    scale = (_WIDTH - _LEFT - _RIGHT) / total
    parts = [
        (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" '
            f'width="{_WIDTH}" height="{height}" font-family="{_FONT}" font-size="12" role="img" '
            'aria-label="A nightly load as a trace: spans and their times">'
        ),
        f'<rect width="{_WIDTH}" height="{height}" rx="10" fill="#ffffff" stroke="#cbd5e1"/>',
        (
            '<text x="24" y="34" font-size="17" font-weight="600" fill="#0f172a">'
            "A nightly load as a trace</text>"
        ),
        *_legend(),
        *_axis(total, scale, height),
    ]
    for number, (depth, node) in enumerate(rows):
        parts += _row(number, depth, node, _LEFT + (node.start - root.start) * scale, scale, root)
    return "\n".join([*parts, "</svg>", ""])


def _legend() -> list[str]:
    parts: list[str] = []
    x = 24
    for colour, text in (
        (_WORK_COLOUR, "operation"),
        (_SIGN_IN_COLOUR, "sign-in"),
        (_REQUEST_COLOUR, "request"),
        (_ERROR_COLOUR, "failed request"),
    ):
        parts.append(f'<rect x="{x}" y="50" width="12" height="12" rx="3" fill="{colour}"/>')
        parts.append(f'<text x="{x + 18}" y="60" fill="#475569">{text}</text>')
        x += 40 + 7 * len(text)
    parts.append(_diamond(x + 6, 56))
    parts.append(f'<text x="{x + 18}" y="60" fill="#475569">event: chunk, retry, state</text>')
    parts.append(f'<text x="{x + 190}" y="60" fill="#475569">↻ sent again</text>')
    return parts


def _axis(total: int, scale: float, height: int) -> list[str]:
    step = next(each for each in (50, 100, 250, 500, 1000, 2500) if total / 1e6 / each <= 8)
    parts: list[str] = []
    for tick in range(int(total / 1e6) // step + 1):
        x = _LEFT + tick * step * 1e6 * scale
        text = f"{tick * step / 1000:g} s"
        parts.append(
            f'<line x1="{x:.1f}" y1="{_TOP - 8}" x2="{x:.1f}" y2="{height - 20}" stroke="#e2e8f0"/>'
        )
        parts.append(
            f'<text x="{x:.1f}" y="{_TOP - 14}" text-anchor="middle" font-size="11" '
            f'fill="#64748b">{text}</text>'
        )
    return parts


def _row(number: int, depth: int, node: Node, x: float, scale: float, root: Node) -> list[str]:
    y = _TOP + number * _ROW
    width = max(2.0, (node.end - node.start) * scale)
    colour = colour_of(depth, node)
    is_request = "url.template" in (node.span.attributes or {})
    font = f'font-family="{_MONO}" font-size="11.5"' if is_request else 'font-weight="600"'
    parts = [
        f'<rect x="12" y="{y}" width="{_WIDTH - 24}" height="{_ROW}" fill="#f8fafc"/>'
        if number % 2
        else "",
        (
            f'<text class="name" x="{24 + 18 * depth}" y="{y + 16}" {font} fill="#1e293b">'
            f"{escape(label_of(node))}</text>"
        ),
        f'<rect x="{x:.1f}" y="{y + 5}" width="{width:.1f}" height="14" rx="3" fill="{colour}"/>',
    ]
    for event in node.span.events:
        at = _LEFT + (event.timestamp - root.start) * scale
        parts.append(_diamond(at, y + 12, event.name))
    note = escape(note_of(node))
    fill = _ERROR_COLOUR if colour == _ERROR_COLOUR else "#64748b"
    if x + width + 8 + 6.2 * len(note) < _WIDTH - 16:
        place = f'x="{x + width + 8:.1f}"'
    elif width > 6.2 * len(note) + 80:
        # In the bar, between the two events that are farthest apart.
        marks = [x, *(_LEFT + (each.timestamp - root.start) * scale for each in node.span.events)]
        _, middle = max((b - a, (a + b) / 2) for a, b in pairwise([*marks, x + width]))
        place, fill = f'x="{middle:.1f}" text-anchor="middle"', "#ffffff"
    else:
        place = f'x="{x - 8:.1f}" text-anchor="end"'
    parts.append(f'<text {place} y="{y + 16}" font-size="11" fill="{fill}">{note}</text>')
    return [part for part in parts if part]


def _diamond(x: float, y: float, title: str = "") -> str:
    points = f"{x:.1f},{y - 5} {x + 5:.1f},{y} {x:.1f},{y + 5} {x - 5:.1f},{y}"
    return (
        f'<polygon points="{points}" fill="{_EVENT_COLOUR}" stroke="#ffffff">'
        f"<title>{escape(title)}</title></polygon>"
    )


def names_in(picture: str) -> list[str]:
    """Return the different names of the spans in a picture, sorted.

    Args:
        picture: The picture.
    """
    return sorted({unescape(name) for name in re.findall(r'class="name"[^>]*>([^<]*)<', picture)})


def main() -> int:
    """Draw the picture, or compare it with a new run."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="compare, and write nothing")
    check: bool = parser.parse_args().check
    provider = TracerProvider()
    trace.set_tracer_provider(provider)
    drawn = draw(record(provider))
    if check:
        is_current = names_in(PICTURE.read_text(encoding="utf-8")) == names_in(drawn)
        print("The picture is current." if is_current else "Run tools/trace_picture.py.")
        return 0 if is_current else 1
    PICTURE.parent.mkdir(exist_ok=True)
    PICTURE.write_text(drawn, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
