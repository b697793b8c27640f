"""Every exception that this SDK raises for a failure of its work.

    AnaplanException
    ├── InvalidArgumentException           an argument is not valid; also a ValueError
    │   ├── ArgumentTypeException          an argument has the wrong type; also a TypeError
    │   └── InvalidTableException          a table has a value or a type that Anaplan cannot take
    │       ├── ColumnMismatchException    a table has other columns than an import
    │       └── TableCheckException        checking a table against an import found problems
    ├── InvalidCredentialsException        Anaplan, or a local check, refused the credentials
    │   ├── InvalidPrivateKeyException     the private key is unreadable or not the certificate's
    │   ├── OAuthException                 an OAuth error; `code` is the code of RFC 6749
    │   │   └── OAuthStateException        a callback that belongs to another sign-in
    │   ├── SignInRequiredException        a person has to sign in, and cannot be asked
    │   └── CredentialsNotFoundException   no credentials in environment, profile or token store
    ├── InvalidIdentifierException         no such object, or not visible to the user (404)
    │   ├── FileContentMissingException    a file or a failure dump has no content at Anaplan
    │   ├── NameNotFoundException          `client.resolve` found no object of this name
    │   └── AmbiguousNameException         `client.resolve` found several objects of this name
    ├── AnaplanRequestException            Anaplan refused the request (other 4xx, 5xx)
    │   ├── PermissionDeniedException      the user's role does not allow the request (403)
    │   ├── RateLimitException             too many requests (429)
    │   ├── ModelUnavailableException      archived, locked, offline or deployed (422 to 425)
    │   ├── ServerException                Anaplan or a gateway before it failed (5xx)
    │   └── WriteRefusedException          a write was refused; also a PartialFailureException
    ├── AnaplanConnectionException         the network failed before a complete reply arrived
    ├── AnaplanTimeoutException            a request or a wait took longer than allowed
    ├── AnaplanResponseException           a reply is not what Anaplan documents
    │   ├── ReplyTooLargeException         a reply or a listing exceeds the client's limits
    │   └── UnexpectedValueException       a value in a table is not of its column's type
    ├── OutcomeUnknownException            it is unknown whether work was started, or how it ended
    ├── WriteInterruptedException          a write ended before all of its items were sent
    ├── PartialFailureException            Anaplan rejected some of the items or cells
    ├── RowsRefusedException               more rows of a table were refused than allowed
    ├── StreamConsumedException            a stream was read twice, or after it was closed
    ├── PartialUpdateException             SCIM did not change some of a user's workspaces
    ├── LargeReadException                 a large read failed or was cancelled
    │   └── LargeReadExpiredException      Anaplan no longer keeps a large read
    ├── UploadIncompleteException          an upload was not completed
    ├── TokenStoreException                a stored token cannot be read or written
    ├── RunStoreException                  the record of a run cannot be read or written
    ├── NotSyncableException               a model cannot be synchronized to a revision
    ├── ClientClosedException              the client was used after it was closed
    ├── IntegrationRunException            a CloudWorks run failed or was cancelled
    └── AnaplanActionError                 an action ran and failed
        ├── AnaplanActionCancelledException    an action was cancelled
        └── SynchronizationException           a synchronization or comparison of revisions failed

Invalid arguments are refused before anything is sent.
"""

from __future__ import annotations

from dataclasses import dataclass, field

# A model is imported when it is used: most programs import the exceptions without the models.
import anaplan_sdk.models as models  # noqa: PLR0402 - not a name that this module exports
from anaplan_sdk import _arrow, _table_checks
from anaplan_sdk._base_exceptions import (
    AnaplanException,
    ArgumentTypeException,
    InvalidArgumentException,
)

__all__ = [
    "AmbiguousNameException",
    "AnaplanActionCancelledException",
    "AnaplanActionError",
    "AnaplanConnectionException",
    "AnaplanException",
    "AnaplanRequestException",
    "AnaplanResponseException",
    "AnaplanTimeoutException",
    "ArgumentTypeException",
    "ClientClosedException",
    "ColumnMismatchException",
    "CredentialsNotFoundException",
    "FileContentMissingException",
    "IntegrationRunException",
    "InvalidArgumentException",
    "InvalidCredentialsException",
    "InvalidIdentifierException",
    "InvalidPrivateKeyException",
    "InvalidTableException",
    "LargeReadException",
    "LargeReadExpiredException",
    "ModelUnavailableException",
    "NameNotFoundException",
    "NotSyncableException",
    "OAuthException",
    "OAuthStateException",
    "OutcomeUnknownException",
    "PartialFailureException",
    "PartialUpdateException",
    "PermissionDeniedException",
    "RateLimitException",
    "ReplyTooLargeException",
    "RowsRefusedException",
    "RunStoreException",
    "ServerException",
    "SignInRequiredException",
    "StreamConsumedException",
    "SynchronizationException",
    "TableCheckException",
    "TokenStoreException",
    "UnexpectedValueException",
    "UploadIncompleteException",
    "WriteInterruptedException",
    "WriteRefusedException",
]


@dataclass(eq=False, repr=False, kw_only=True)
class InvalidTableException(InvalidArgumentException):
    """A table has a type, a value or a text that cannot be written as Anaplan reads it.

    Attributes:
        row: The index of the row in the table, from 0; `None` if the whole column is the reason.
        column: The column; `None` if it is not one column.
    """

    row: int | None = None
    column: str | None = None


@dataclass(eq=False, repr=False, kw_only=True)
class ColumnMismatchException(InvalidTableException):
    """A table's columns are not those of the import's file; nothing was sent.

    Attributes:
        missing: Columns of the import that the table does not have.
        unexpected: Columns of the table that the import does not have.
        repeated: Columns that the table has more than once.
        expected: The columns of the import, in their order.
    """

    missing: list[str] = field(default_factory=list[str])
    unexpected: list[str] = field(default_factory=list[str])
    repeated: list[str] = field(default_factory=list[str])
    expected: list[str] = field(default_factory=list[str])


@dataclass(eq=False, repr=False, kw_only=True)
class TableCheckException(InvalidTableException):
    """Checking a table against an import found problems; nothing was sent.

    Attributes:
        report: The report, as `check_table` returns it.
    """

    report: _table_checks.CheckedTable | None = None


class InvalidCredentialsException(AnaplanException):
    """Anaplan refused the credentials or the token, or a local check found them unusable."""


class InvalidPrivateKeyException(InvalidCredentialsException):
    """The private key is unreadable, needs another password, or is not the certificate's key."""


class OAuthException(InvalidCredentialsException):
    """The authorization server refused; `code` is OAuth's error code, such as `invalid_grant`.

    Source: RFC 6749, section 5.2.
    """


class OAuthStateException(OAuthException):
    """The state of a callback is not that of the sign-in: it is of another one, or forged."""


class SignInRequiredException(InvalidCredentialsException):
    """A person has to sign in, and the client has no way to ask one."""


class CredentialsNotFoundException(InvalidCredentialsException):
    """`from_env` found no usable credentials; the message lists where it searched."""


class TokenStoreException(AnaplanException):
    """A token store cannot be read or written."""


class RunStoreException(AnaplanException):
    """A run store cannot be read or written; the action was not started."""


class InvalidIdentifierException(AnaplanException):
    """The object does not exist, is not visible to the user, or its id is malformed (404)."""


class FileContentMissingException(InvalidIdentifierException):
    """A file, the output of an export, a failure dump or a log has no content at Anaplan.

    It was never made, was deleted, or has expired: Anaplan keeps content for 48 hours after its
    last use. A download has not touched its target.
    """


@dataclass(eq=False, repr=False, kw_only=True)
class NameNotFoundException(InvalidIdentifierException):
    """No object that is visible to the user has this name.

    Attributes:
        name: The name.
        candidates: Objects with similar names.
    """

    name: str = ""
    candidates: list[models.NamedObject] = field(default_factory=list["models.NamedObject"])


@dataclass(eq=False, repr=False, kw_only=True)
class AmbiguousNameException(InvalidIdentifierException):
    """Several objects have this name: use the id of one of them.

    Attributes:
        name: The name.
        candidates: The objects that have it.
    """

    name: str = ""
    candidates: list[models.NamedObject] = field(default_factory=list["models.NamedObject"])


class AnaplanRequestException(AnaplanException):
    """Anaplan refused the request."""


class PermissionDeniedException(AnaplanRequestException):
    """The user's role does not allow the request (403; 401 from the Audit API)."""


class RateLimitException(AnaplanRequestException):
    """Too many requests (429); `retry_after` has the seconds to wait if Anaplan named them."""


@dataclass(eq=False, repr=False, kw_only=True)
class ModelUnavailableException(AnaplanRequestException):
    """The model is archived (422), locked (423), offline (424), deployed (425) or not open.

    Attributes:
        current_step: What the model was doing when the client stopped waiting for it, such as
            `Opening`; `None` if the client did not wait.
    """

    current_step: str | None = None

    @property
    def state(self) -> str | None:
        """The state: "archived", "locked", "offline", "deployed", or `current_step`."""
        return _MODEL_STATES.get(self.status_code or 0) or self.current_step


_MODEL_STATES = {422: "archived", 423: "locked", 424: "offline", 425: "deployed"}


class ServerException(AnaplanRequestException):
    """Anaplan, or a gateway before it, failed (5xx)."""


class AnaplanConnectionException(AnaplanException):
    """The connection failed before a complete reply had arrived."""


class AnaplanTimeoutException(AnaplanException):
    """A request, or a wait for the end of work at Anaplan, took longer than allowed."""


class AnaplanResponseException(AnaplanException):
    """A reply is not what Anaplan documents: not JSON, an HTML page, empty, or a key is missing."""


class ReplyTooLargeException(AnaplanResponseException):
    """A reply has more bytes, or a listing more pages, than the client's `reply_limits` allow."""


@dataclass(eq=False, repr=False, kw_only=True)
class UnexpectedValueException(AnaplanResponseException):
    """A value that Anaplan returned is not of the type of its column.

    Attributes:
        row: The index of the row, from 0.
        column: The column.
    """

    row: int | None = None
    column: str | None = None


class StreamConsumedException(AnaplanException):
    """A stream was read twice, or after it was closed: `read_all` keeps it as a table."""


class ClientClosedException(AnaplanException):
    """The client was closed: create a new one."""


@dataclass(eq=False, repr=False, kw_only=True)
class OutcomeUnknownException(AnaplanException):
    """It is unknown whether a request started or created something, or how a task has ended.

    The request got no clear answer, and Anaplan's lists do not show its outcome. It was not sent a
    second time. Or a task that was started, `task_id`, can no longer be read, or has ended without
    an outcome.

    Attributes:
        candidates: Ids of the tasks or objects that the request may have started or created.
    """

    candidates: list[str] = field(default_factory=list[str])


class NotSyncableException(AnaplanException):
    """A model cannot be synchronized to a revision of another model."""


@dataclass(eq=False, repr=False, kw_only=True)
class PartialFailureException(AnaplanException):
    """Anaplan carried out a write, but rejected some of its items or cells.

    Attributes:
        result: The result of the whole write; `None` if unknown.
    """

    result: models.WriteResult | None = None

    @property
    def failures(self) -> list[models.Failure]:
        """The rejected items or cells, each with the reason."""
        return self.result.failures if self.result else []


class WriteRefusedException(AnaplanRequestException, PartialFailureException):
    """Anaplan refused a request for some of its items or cells, and wrote nothing of it (400).

    `failures` has those items or cells, each with the reason.
    """


@dataclass(eq=False, repr=False, kw_only=True)
class RowsRefusedException(AnaplanException):
    """More rows of a table were refused than `max_refused` allows, or it is unknown how many.

    The other rows were written.

    Attributes:
        task: The task of an import, which was successful.
        refused: The refused rows, as the result's attribute `refused` has them; `None` if they are
            unknown, since a failure dump could not be read.
    """

    task: models.CompletedTask | None = None
    refused: _arrow.ArrowStream | None = None


@dataclass(eq=False, repr=False, kw_only=True)
class PartialUpdateException(AnaplanException):
    """Anaplan changed a user, but not all of the workspaces as requested.

    Attributes:
        user: The user after the change.
        not_assigned: Workspaces that could not be assigned to the user, by the ids or names of the
            request.
        still_assigned: Workspaces that could not be taken from the user.
    """

    user: models.scim.User | None = None
    not_assigned: list[str] = field(default_factory=list[str])
    still_assigned: list[str] = field(default_factory=list[str])


@dataclass(eq=False, repr=False, kw_only=True)
class WriteInterruptedException(AnaplanException):
    """A write ended before all of its items were sent, or its outcome is unknown.

    All indexes are those of the method's argument, from 0.

    Attributes:
        result: The result of the requests that were answered; `None` if none was.
        in_doubt: Ranges of items that were sent without a reply: Anaplan may have written them.
        refused: Ranges of items that Anaplan certainly did not act on.
        unsent_from: Index of the first item that was never sent.
    """

    result: models.WriteResult | None = None
    in_doubt: list[range] = field(default_factory=list[range])
    refused: list[range] = field(default_factory=list[range])
    unsent_from: int = 0


class LargeReadException(AnaplanException):
    """A large read failed at Anaplan, or was cancelled there: start it again."""


class LargeReadExpiredException(LargeReadException):
    """Anaplan no longer keeps a large read, since no page of it was requested for 30 minutes."""


@dataclass(eq=False, repr=False, kw_only=True)
class UploadIncompleteException(AnaplanException):
    """An upload was not completed, so that its file must not be imported.

    Attributes:
        file_id: The file.
        missing: Indexes of the chunks that Anaplan has not acknowledged, from 0. Of an upload whose
            number of chunks was not known in advance, only those that had been read.
    """

    file_id: str | int | None = None
    missing: list[int] = field(default_factory=list[int])


@dataclass(eq=False, repr=False, kw_only=True)
class IntegrationRunException(AnaplanException):
    """A CloudWorks run failed or was cancelled.

    Attributes:
        run: The run after its end.
        error: The reasons that CloudWorks gives; `None` if it gives none.
    """

    run: models.cloud_works.RunStatus | None = None
    error: models.cloud_works.RunError | None = None


@dataclass(eq=False, repr=False, kw_only=True)
class AnaplanActionError(AnaplanException):
    """An action ran and failed.

    Attributes:
        action_id: The action.
        task: The task as Anaplan described it last.
    """

    action_id: int | str | None = None
    task: models.Task | models.CompletedTask | None = None

    @property
    def result(self) -> models.TaskResult | None:
        """The result of the task, or `None` if it has none."""
        task = self._completed
        return task.result if task else None

    @property
    def nested_results(self) -> list[models.TaskResult]:
        """The results of a process, one for each step that ran."""
        return self.result.nested_results if self.result else []

    @property
    def dumps(self) -> list[models.FailureDump]:
        """The failure dumps of this run, as arguments for `client.get_dump(*dump)`."""
        task = self._completed
        return task.dumps if task else []

    @property
    def _completed(self) -> models.CompletedTask | None:
        return self.task if isinstance(self.task, models.CompletedTask) else None


class AnaplanActionCancelledException(AnaplanActionError):
    """A task was cancelled, by a user of Anaplan or by `cancel_task`.

    The model is unchanged, except by the steps of a process that had already ended.
    """


@dataclass(eq=False, repr=False, kw_only=True)
class SynchronizationException(AnaplanActionError):
    """A synchronization or a comparison of revisions ran and failed; the model is unchanged.

    Attributes:
        task: The task as Anaplan described it last.
        title: Anaplan's title of the failure.
        text: Anaplan's explanation.
    """

    task: models.PendingTask | None = None  # type: ignore[assignment]  # pyright: ignore[reportIncompatibleVariableOverride]
    title: str = ""
    text: str = ""

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.task is not None:
            self.task_id = self.task.id
