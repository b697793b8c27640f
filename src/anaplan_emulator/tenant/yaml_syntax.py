"""Parsing YAML 1.2, and finding positions in it."""

from collections.abc import Sequence

from ruamel.yaml import YAML
from ruamel.yaml.constructor import DuplicateKeyError, SafeConstructor
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import MappingNode, Node, SequenceNode


class YamlSyntaxError(Exception):
    """A text is not valid YAML.

    Args:
        reason: Why.
        line: The line, from 1, if it is known.
        column: The column, from 1, likewise.
        member: The member that is there twice, if that is the reason.
    """

    def __init__(
        self,
        reason: str,
        line: int | None = None,
        column: int | None = None,
        member: str | None = None,
    ) -> None:
        super().__init__(reason)
        self.reason = reason
        self.line = line
        self.column = column
        self.member = member


# More merged members than this come from merges within merges, not from a person.
_MOST_MERGED = 100_000


class _PlainConstructor(SafeConstructor):
    """Makes Python values of YAML 1.2's core schema: dates and numbers such as 1_0 are texts."""

    merged = 0

    def flatten_mapping(self, node: MappingNode) -> None:
        """Add the members of other mappings (`<<`), whose number can double with each line."""
        members = len(node.value)
        super().flatten_mapping(node)
        self.merged += max(len(node.value) - members, 0)
        if self.merged > _MOST_MERGED:
            raise YAMLError(f"merges (<<) add more than {_MOST_MERGED:,} members")


def _integer(constructor: SafeConstructor, node: Node) -> object:
    return node.value if "_" in node.value else constructor.construct_yaml_int(node)


def _decimal(constructor: SafeConstructor, node: Node) -> object:
    return node.value if "_" in node.value else constructor.construct_yaml_float(node)


for _tag, _construct in (
    ("tag:yaml.org,2002:int", _integer),
    ("tag:yaml.org,2002:float", _decimal),
    ("tag:yaml.org,2002:timestamp", SafeConstructor.construct_yaml_str),
    # Tags of YAML 1.1 for which JSON has no type.
    ("tag:yaml.org,2002:binary", SafeConstructor.construct_undefined),
    ("tag:yaml.org,2002:set", SafeConstructor.construct_undefined),
    ("tag:yaml.org,2002:omap", SafeConstructor.construct_undefined),
    ("tag:yaml.org,2002:pairs", SafeConstructor.construct_undefined),
):
    _PlainConstructor.add_constructor(_tag, _construct)


def load_yaml(text: str) -> object:
    """Parse a text.

    Args:
        text: The text.

    Returns:
        Its content, as JSON has it.

    Raises:
        YamlSyntaxError: It is not valid.
    """
    yaml = YAML(typ="safe", pure=True)
    yaml.Constructor = _PlainConstructor
    try:
        content: object = yaml.load(text)
    except DuplicateKeyError as error:
        mark = error.problem_mark
        name = str(error.problem).partition('"')[2].partition('"')[0]
        raise YamlSyntaxError("", mark.line + 1, mark.column + 1, name) from error
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = (mark.line + 1, mark.column + 1) if mark else (None, None)
        reason = ", ".join(str(each) for each in (error.context, error.problem) if each)
        raise YamlSyntaxError(reason, *place) from error
    except (YAMLError, ValueError, TypeError, AttributeError, LookupError) as error:
        # The parser fails in these ways at some texts that are not YAML.
        raise YamlSyntaxError(str(error).partition("\n")[0]) from error
    return content


class YamlPositions:
    """Finds positions in YAML or JSON.

    Args:
        text: The text. Nothing is found in one that is not valid.
    """

    def __init__(self, text: str) -> None:
        self._root: Node | None = None
        try:
            self._root = YAML(typ="safe", pure=True).compose(text)
        except (YAMLError, RecursionError, ValueError, TypeError, AttributeError, LookupError):
            return

    def find(self, location: Sequence[str | int], *, key: bool) -> tuple[int, int] | None:
        """Find a place.

        Args:
            location: The place. If it is not there, the innermost object around it is found.
            key: Whether the position of a member's name is returned instead of its value's.

        Returns:
            The line and the column, from 1; None if the text is not valid.
        """
        node = self._root
        if node is None:
            return None
        mark = node.start_mark
        for step in location:
            found = _child(node, step)
            if found is None:
                break
            name, node = found
            mark = name.start_mark if name is not None and key else node.start_mark
        return mark.line + 1, mark.column + 1


def _child(node: Node, step: str | int) -> tuple[Node | None, Node] | None:
    """Return a member's name and value, or an element."""
    if isinstance(node, MappingNode):
        for name, value in node.value:
            if name.value == str(step):
                return name, value
    elif isinstance(node, SequenceNode) and isinstance(step, int) and step < len(node.value):
        return None, node.value[step]
    return None
