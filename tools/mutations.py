"""Mutants of a module: copies of its code with one small change each, chosen by a fixed rule.

The changes are made by Cosmic Ray's operators and two of our own. A place in the code is chosen or
not by a hash of its own line, so that other changes to a module hardly change the sample.
"""

from __future__ import annotations

import ast
import difflib
import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any, NamedTuple, Protocol

_BIT_OPERATORS = ("_BitOr", "_BitAnd", "_BitXor", "_LShift", "_RShift")

Position = tuple[int, int]
Span = tuple[Position, Position]


class Operator(Protocol):
    """A way to change code, as Cosmic Ray's operators have it; nodes are parso's."""

    def mutation_positions(self, node: Any) -> Iterable[Span]:
        """Where a node can be changed, once for each change."""
        ...

    def mutate(self, node: Any, index: int) -> Any:
        """Make one of these changes."""
        ...


class RemoveStatement:
    """Replaces a statement that is there for its effect by `pass`: a call, a raise, `self.x = y`.

    Assignments to plain names are left out: a name that is missing fails at once.
    """

    def mutation_positions(self, node: Any) -> Iterator[Span]:
        """The statement's own place."""
        kind = node.type
        if node.parent is None or node.parent.type != "simple_stmt":
            return
        is_call = kind in {"atom_expr", "power"} and _has_call(node)
        is_state = kind == "expr_stmt" and node.children[0].type in {"atom_expr", "power"}
        if is_call or is_state or kind in {"raise_stmt", "del_stmt"}:
            yield node.start_pos, node.end_pos

    def mutate(self, node: Any, index: int) -> Any:
        """Make it `pass`."""
        del index
        return _parsed("pass", node)


class RemoveContext:
    """Replaces `with x:` by `if True:`, where the body doesn't use what the context returns."""

    def mutation_positions(self, node: Any) -> Iterator[Span]:
        """The head of the statement."""
        is_inner = node.parent is not None and node.parent.type == "async_stmt"
        statement = node.children[1] if node.type == "async_stmt" else node
        if statement.type != "with_stmt" or is_inner:
            return
        if not any(child.type == "with_item" for child in statement.children):
            yield node.start_pos, statement.children[-2].end_pos

    def mutate(self, node: Any, index: int) -> Any:
        """Keep the body only."""
        del index
        statement = node.children[1] if node.type == "async_stmt" else node
        body = statement.children[-1].get_code()
        return _parsed(f"if True:{body}", node)


def _has_call(node: Any) -> bool:
    return any(child.type == "trailer" and child.children[0] == "(" for child in node.children)


def _parsed(code: str, replaced: Any) -> Any:
    import parso

    node: Any = parso.parse(code).children[0]
    if node.type == "simple_stmt":
        node = node.children[0]
    node.get_first_leaf().prefix = replaced.get_first_leaf().prefix
    return node


@dataclass(frozen=True)
class Mutant:
    """One change to one module.

    Attributes:
        module: The module's path below the SDK.
        line: The line of the change.
        operator: The name of the operator that made it.
        before: The module's code.
        after: The code with the change.
    """

    module: str
    line: int
    operator: str
    before: str
    after: str

    def __str__(self) -> str:
        return f"{self.module}:{self.line} {self.operator}"

    @property
    def diff(self) -> str:
        """The change, with the lines around it."""
        lines = difflib.unified_diff(
            self.before.splitlines(), self.after.splitlines(), self.module, str(self), "", "", 2, ""
        )
        return "\n".join(lines)


class Change(NamedTuple):
    """What makes a mutant of a module: an operator, and which of its changes."""

    start: Position
    kind: str
    name: str
    operator: Operator
    occurrence: int


def sample(sources: Mapping[str, str], count: int, seed: str) -> list[Mutant]:
    """Choose mutants, at least one of each module and more of those with more to change.

    Args:
        sources: The code of each module.
        count: How many mutants there should be, about.
        seed: Any text; another one leads to another sample.
    """
    changes = {module: _places(source) for module, source in sources.items()}
    total = sum(map(len, changes.values()))
    chosen: list[Mutant] = []
    for module, places in changes.items():
        source = sources[module]
        lines = source.splitlines()
        share = max(1, round(count * len(places) / total))
        seen: Counter[tuple[str, str]] = Counter()
        ranked: list[tuple[str, list[Change]]] = []
        for place in places:
            line = lines[place[0].start[0] - 1].strip()
            key = (place[0].kind, line)
            seen[key] += 1
            ranked.append((_hash(seed, *key, seen[key]), place))
        mutants = (
            _mutant(module, source, place[int(rank, 16) % len(place)])
            for rank, place in sorted(ranked)
        )
        chosen += islice(filter(_compiles, mutants), share)
    return sorted(chosen, key=lambda mutant: (mutant.module, mutant.line, mutant.operator))


def _mutant(module: str, source: str, change: Change) -> Mutant:
    from cosmic_ray.mutating import mutate_code

    mutated: str = mutate_code(source, change.operator, change.occurrence)
    return Mutant(module, change.start[0], change.name, source, mutated)


def _compiles(mutant: Mutant) -> bool:
    # The star of keyword-only parameters is taken for a multiplication, for instance.
    try:
        ast.parse(mutant.after)
    except SyntaxError:
        return False
    return True


def _places(source: str) -> list[list[Change]]:
    """Find the places to change; those that can be changed in several ways count once."""
    from cosmic_ray.ast import ast_nodes, get_ast

    nodes = list(ast_nodes(get_ast(source)))
    skipped = list(_without_effect(ast.parse(source)))
    places: dict[tuple[Position, str], list[Change]] = defaultdict(list)
    for kind, name, operator in _operators():
        spans = [span for node in nodes for span in operator.mutation_positions(node)]
        for occurrence, (start, _) in enumerate(spans):
            if not any(first <= start < last for first, last in skipped):
                change = Change(start, kind, name, operator, occurrence)
                places[start, kind].append(change)
    return [places[key] for key in sorted(places)]


def _operators() -> Iterator[tuple[str, str, Operator]]:
    """Take the operators that need no arguments, with the kind of change each is of.

    Those that put a bit operator in the place of another one only lead to a TypeError.
    """
    from cosmic_ray.plugins import get_operator, operator_names

    for name in operator_names():
        operator = get_operator(name)
        if not operator.arguments() and not name.endswith(_BIT_OPERATORS):
            yield operator.__module__.rpartition(".")[2], operator.__name__, operator()
    for ours in (RemoveStatement, RemoveContext):
        yield ours.__name__, ours.__name__, ours()


def _without_effect(tree: ast.AST) -> Iterator[Span]:
    """Find what a test can't or needn't detect: annotations, decorators, protocols."""
    for node in ast.walk(tree):
        parts: list[ast.expr | ast.stmt | None] = []
        match node:
            case ast.arg() | ast.AnnAssign():
                parts = [node.annotation]
            case ast.If() if ast.unparse(node.test) == "TYPE_CHECKING":
                parts = [node]
            case ast.ClassDef():
                is_protocol = any("Protocol" in ast.unparse(base) for base in node.bases)
                parts = [*node.decorator_list, node if is_protocol else None]
            case ast.FunctionDef() | ast.AsyncFunctionDef():
                decorators = node.decorator_list
                is_overload = any(ast.unparse(each) == "overload" for each in decorators)
                parts = [node.returns, *decorators, node if is_overload else None]
            case _:
                pass
        for part in (part for part in parts if part is not None):
            # The sign of a decorator is in the column before its expression.
            start = (part.lineno, max(0, part.col_offset - 1))
            yield start, (part.end_lineno or 0, part.end_col_offset or 0)


def _hash(*parts: object) -> str:
    return hashlib.sha256(repr(parts).encode()).hexdigest()
