"""tests/typing, which type checkers read: that it leaves no public method out."""

import ast
from collections.abc import Iterator
from functools import cached_property
from inspect import getattr_static
from pathlib import Path

import pytest

from anaplan_sdk import AsyncClient, Client

FILES = sorted((Path(__file__).parents[1] / "typing").glob("*.py"))


def calls(client: str) -> Iterator[str]:
    """Find what functions that are given a client call on it, such as `audit.get_user`."""
    for path in FILES:
        for function in ast.parse(path.read_text(encoding="utf-8")).body:
            if not isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
                continue
            given = {
                arg.arg
                for arg in function.args.args
                if ast.unparse(arg.annotation or ast.Constant(None)) == client
            }
            for node in ast.walk(function):
                if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
                    root, *path_to_method = ast.unparse(node.func).split(".")
                    if root in given | {client}:
                        yield ".".join(path_to_method)


def public_methods(owner: object, prefix: str = "") -> Iterator[str]:
    """Name the public methods of a client, and those of its namespaces after their names."""
    for name in dir(owner):
        if not name.startswith("_"):
            if isinstance(getattr_static(type(owner), name, None), property | cached_property):
                yield from public_methods(getattr(owner, name), f"{prefix}{name}.")
            else:
                yield prefix + name


@pytest.mark.parametrize("client", [Client, AsyncClient])
def test_every_public_method_is_called_for_type_checkers(client: type) -> None:
    public = set(public_methods(client(token="token")))
    assert sorted(public - set(calls(client.__name__))) == []
