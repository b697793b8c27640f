"""The family of errors: its drawing, what each carries, and that it survives a trip."""

import copy
import pickle
import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from anaplan_sdk import exceptions
from anaplan_sdk.exceptions import (
    AnaplanActionCancelledException,
    AnaplanActionError,
    AnaplanException,
    InvalidArgumentException,
    OutcomeUnknownException,
    SynchronizationException,
    UploadIncompleteException,
)
from anaplan_sdk.models import CompletedTask, FailureDump, Task

FAMILY: list[type[AnaplanException]] = [getattr(exceptions, name) for name in exceptions.__all__]
COMPLETED = CompletedTask.model_validate(
    {
        "taskId": "A" * 32,
        "taskState": "COMPLETE",
        "creationTime": 1780000000000,
        "result": {
            "successful": False,
            "objectId": "118000000001",
            "failureDumpAvailable": True,
            "nestedResults": [
                {"successful": True, "objectId": "112000000001", "failureDumpAvailable": True},
                {"successful": False, "objectId": "112000000002"},
            ],
        },
    }
)
EXAMPLES: list[AnaplanException] = [
    *(kind("what happened") for kind in FAMILY),
    AnaplanException(
        "refused",
        method="GET",
        url="https://api.anaplan.com/2/0/models",
        status_code=503,
        code="FAILURE",
        reason="busy",
        request_id="r-1",
        attempts=3,
        retryable=True,
        not_performed=True,
        retry_after=1.5,
    ),
    OutcomeUnknownException("unclear", candidates=["T1", "T2"]),
    UploadIncompleteException("half", file_id=113000000001, missing=[1, 4], retryable=True),
    AnaplanActionError("failed", action_id=118000000001, task=COMPLETED),
]
TRIPS: list[Callable[[Any], Any]] = [
    *(lambda error, n=n: pickle.loads(pickle.dumps(error, n)) for n in range(6)),
    copy.copy,
    copy.deepcopy,
]


def drawn() -> Iterator[tuple[str, str]]:
    """Each class of the drawing with the one it hangs from."""
    path: list[str] = []
    for line in (exceptions.__doc__ or "").splitlines():
        if found := re.match(r"    ((?:[│ ]   )*)(?:[├└]── )?(\w+)", line):
            depth = len(found[0].partition(found[2])[0].removeprefix("    ")) // 4
            path[depth:] = [found[2]]
            yield found[2], path[depth - 1] if depth else "Exception"


def test_the_drawn_tree_is_the_real_one() -> None:
    pairs = list(drawn())
    assert dict(pairs) == {kind.__name__: kind.__bases__[0].__name__ for kind in FAMILY}
    assert len(pairs) == len(FAMILY)
    others = {kind.__name__: kind.__bases__[1:] for kind in FAMILY if kind.__bases__[1:]}
    assert others == {
        "InvalidArgumentException": (ValueError,),
        "ArgumentTypeException": (TypeError,),
        "WriteRefusedException": (exceptions.PartialFailureException,),
    }


def test_every_class_is_exported() -> None:
    defined = {
        name
        for name, value in vars(exceptions).items()
        if isinstance(value, type) and issubclass(value, Exception)
    }
    assert defined == set(exceptions.__all__)


@pytest.mark.parametrize(
    "trip", TRIPS, ids=[*(f"pickle {n}" for n in range(6)), "copy", "deepcopy"]
)
@pytest.mark.parametrize("error", EXAMPLES, ids=lambda error: type(error).__name__)
def test_errors_keep_what_they_know(
    error: AnaplanException, trip: Callable[[AnaplanException], AnaplanException]
) -> None:
    other = trip(error)
    assert type(other) is type(error)
    assert other is not error
    assert vars(other) == vars(error)
    assert str(other) == str(error)
    assert other.args == error.args


@pytest.mark.parametrize("kind", FAMILY)
def test_every_error_answers_the_same_questions(kind: type[AnaplanException]) -> None:
    error = kind("what happened")
    assert str(error) == error.message == "what happened"
    assert error.retryable is False
    assert error.not_performed is issubclass(kind, InvalidArgumentException)
    assert (error.method, error.url, error.status_code, error.request_id) == (None,) * 4
    assert str(kind()) == ""


def test_an_error_says_where_and_what() -> None:
    error = AnaplanException(
        "No answer in time",
        method="GET",
        url="https://api.anaplan.com/2/0/models",
        status_code=504,
        code="FAILURE",
        request_id="r-1",
        attempts=3,
    )
    assert str(error) == (
        "No answer in time (GET https://api.anaplan.com/2/0/models "
        "[HTTP 504, FAILURE, request id r-1, 3 attempts])"
    )
    assert str(AnaplanException("Gone", status_code=404, attempts=1)) == "Gone ([HTTP 404])"


@pytest.mark.parametrize("kind", FAMILY)
def test_another_class_keeps_what_is_known(kind: type[AnaplanException]) -> None:
    facts: dict[str, Any] = {
        "method": "GET",
        "url": "https://api.anaplan.com/2/0/models",
        "status_code": 503,
        "code": "FAILURE",
        "reason": "busy",
        "request_id": "r-1",
        "attempts": 3,
        "retryable": True,
        "not_performed": True,
        "retry_after": 1.5,
        "task_id": "T" if kind is not SynchronizationException else None,
    }
    other = AnaplanException("busy", **facts).as_type(kind, "failed")
    assert type(other) is kind
    assert other.message == other.args[0] == "failed"
    assert {name: getattr(other, name) for name in facts} == facts
    assert other.as_type(kind, "failed", attempts=4, retryable=False).attempts == 4


def test_another_class_takes_attributes_of_its_own() -> None:
    error = AnaplanException("lost", attempts=2)
    other = error.as_type(OutcomeUnknownException, "unclear", candidates=["T"])
    assert (other.candidates, other.attempts) == (["T"], 2)
    with pytest.raises(TypeError, match="attempt"):
        error.as_type(OutcomeUnknownException, "unclear", attempt=2)


def test_a_replaced_message_is_the_one_that_is_shown_and_copied() -> None:
    error = AnaplanException("no", status_code=400)
    error.replace_message("No, since it is too large.")
    assert str(error) == str(copy.copy(error)) == "No, since it is too large. ([HTTP 400])"


def test_a_failed_action_carries_its_results_and_dumps() -> None:
    error = AnaplanActionError("failed", action_id=118000000001, task=COMPLETED)
    assert error.result is COMPLETED.result
    assert [step.successful for step in error.nested_results] == [True, False]
    assert error.dumps == [FailureDump(118000000001, "A" * 32, 112000000001)]


@pytest.mark.parametrize("extra", [{}, {"result": {"successful": False}}, {"dumps": [1]}], ids=str)
def test_a_cancelled_task_has_no_result_whatever_anaplan_adds(extra: dict[str, object]) -> None:
    state = {"taskId": "T", "taskState": "CANCELLED", "creationTime": 0, **extra}
    error = AnaplanActionCancelledException("cancelled", task=Task.model_validate(state))
    assert error.result is None
    assert error.nested_results == []
    assert error.dumps == []
    assert AnaplanActionError("failed").dumps == []
