"""The conditions and loops around the commands of a script."""

from __future__ import annotations

from dataclasses import dataclass, replace

from anaplan_sdk.cli.connect.script import Condition
from anaplan_sdk.cli.connect.values import Value


@dataclass
class _Branch:
    # Whether it is run: None if the script alone does not decide it.
    result: bool | None
    condition: Condition
    # Whether its condition is being read.
    in_condition: bool = False
    # Whether an earlier branch of the same condition is run.
    earlier: bool | None = False
    # Whether it has a branch around it that ends with it.
    is_nested: bool = False

    @property
    def is_reached(self) -> bool | None:
        return _negated(self.earlier) if self.in_condition else self.result


class Branches:
    """The conditions and loops around a command, the innermost last.

    Args:
        around: What the script as a whole depends on.
    """

    def __init__(self, around: Condition | None = None) -> None:
        self._around = around
        self._branches: list[_Branch] = []

    @property
    def are_skipped(self) -> bool:
        """Whether the command is not run."""
        return any(branch.is_reached is False for branch in self._branches)

    @property
    def unknown(self) -> Condition | None:
        """The innermost condition that decides whether the command is run; None if it is run."""
        found = [branch.condition for branch in self._branches if branch.is_reached is None]
        return found[-1] if found else self._around

    def begin(
        self,
        condition: Condition,
        result: bool | None = None,
        *,
        in_condition: bool = False,
        around: tuple[bool | None, Condition] | None = None,
    ) -> None:
        """Begin a condition or a loop.

        Args:
            condition: The condition.
            result: Its result, if it is known.
            in_condition: Whether the next commands decide the result.
            around: Another condition that all of it depends on.
        """
        if around is not None:
            self._branches.append(_Branch(*around))
        is_nested = around is not None
        self._branches.append(_Branch(result, condition, in_condition, is_nested=is_nested))

    def decide(self, result: bool | None, condition: Condition, operator: str) -> None:
        """Take the result of a command, if it is a condition.

        Args:
            result: The result, if it is known.
            condition: The command.
            operator: The operator before it.
        """
        if not self._branches or not self._branches[-1].in_condition:
            return
        branch = self._branches[-1]
        branch.result = result
        if branch.earlier is not False:
            branch.result = None if branch.earlier is None and result is not False else False
        before = branch.condition
        if operator in ("&&", "||"):
            text = None
            if before.text is not None and condition.text is not None:
                text = Value.of(before.text, f" {operator} ", condition.text)
            is_failure = before.is_failure and condition.is_failure
            branch.condition = Condition(before.line, text, is_failure)
        else:
            text = None if condition.text is None else Value.of("if ", condition.text)
            branch.condition = replace(condition, text=text)

    def name(self, condition: Condition) -> None:
        """Say more precisely what the innermost condition is.

        Args:
            condition: The condition.
        """
        if self._branches:
            self._branches[-1].condition = condition

    def begin_body(self) -> None:
        """End the condition: the commands that depend on it follow."""
        if self._branches:
            self._branches[-1].in_condition = False

    def begin_other_condition(self) -> None:
        """Begin another condition for the case that the last one is not fulfilled."""
        if self._branches:
            branch = self._branches[-1]
            branch.earlier = _either(branch.earlier, branch.result)
            branch.result = None
            branch.in_condition = True

    def begin_other_body(self) -> None:
        """Begin what is run if the condition is not fulfilled."""
        if self._branches:
            branch = self._branches[-1]
            branch.earlier = _either(branch.earlier, branch.result)
            branch.result = _negated(branch.earlier)
            branch.in_condition = False
            text = branch.condition.text
            text = None if text is None else Value.of("else of ", text)
            branch.condition = Condition(branch.condition.line, text)

    def end(self) -> None:
        """End the innermost condition or loop."""
        while self._branches and self._branches.pop().is_nested:
            pass

    @property
    def depth(self) -> int:
        """How many conditions and loops there are."""
        return len(self._branches)

    def end_or_nest(self, depth: int) -> None:
        """End a condition; if a block inside it goes on, it ends with that block.

        Args:
            depth: The number of conditions and loops up to it.
        """
        if self.depth > depth:
            self._branches[depth].is_nested = True
        else:
            self.end()


def _negated(result: bool | None) -> bool | None:
    return None if result is None else not result


def _either(first: bool | None, second: bool | None) -> bool | None:
    if first or second:
        return True
    return None if first is None or second is None else False
