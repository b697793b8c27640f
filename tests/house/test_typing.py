"""tests/typing/api.py, which type checkers read: that it leaves no public method out."""

import ast
from collections import Counter
from pathlib import Path

import pytest

from anaplan_sdk import AsyncClient, Client

API = Path(__file__).parents[1] / "typing" / "api.py"


@pytest.mark.parametrize("client", [Client, AsyncClient])
def test_every_public_method_is_called_for_type_checkers(client: type) -> None:
    called: Counter[str] = Counter()
    for function in ast.parse(API.read_text(encoding="utf-8")).body:
        if not isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        kinds = {ast.unparse(arg.annotation or ast.Constant(None)) for arg in function.args.args}
        if client.__name__ in kinds:
            called.update(
                node.func.attr
                for node in ast.walk(function)
                if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)
            )
            # A namespace is used where a method of its is called.
            called.update(
                node.func.value.attr
                for node in ast.walk(function)
                if isinstance(node, ast.Call)
                and isinstance(node.func, ast.Attribute)
                and isinstance(node.func.value, ast.Attribute)
            )
    public = {name for name in dir(client) if not name.startswith("_")}
    assert sorted(public - called.keys()) == []
