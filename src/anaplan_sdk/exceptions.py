"""Everything this SDK raises on purpose.

    AnaplanException
    ├── InvalidCredentialsException        Anaplan (or a local check) refused who you are
    │   ├── InvalidPrivateKeyException     the private key can't be read or doesn't fit
    │   ├── OAuthException                 OAuth's own refusals; `code` is RFC 6749's word
    │   │   └── OAuthStateException        a callback that belongs to another sign-in
    │   ├── SignInRequiredException        someone has to sign in, and nobody is there to ask
    │   └── CredentialsNotFoundException   neither environment, profile nor kept tokens serve
    ├── InvalidIdentifierException         no such object, or not visible to you (404)
    │   ├── NameNotFoundException          `client.resolve` found nothing of this name
    │   └── AmbiguousNameException         `client.resolve` found several of this name
    ├── AnaplanRequestException            Anaplan refused the request (other 4xx, 5xx)
    │   ├── PermissionDeniedException      your role doesn't allow it (403)
    │   ├── RateLimitException             too many requests (429)
    │   ├── ModelUnavailableException      archived, locked, offline or deployed (422 to 425)
    │   └── ServerException                Anaplan or a gateway before it failed (5xx)
    ├── AnaplanConnectionException         the network failed before a whole reply arrived
    ├── AnaplanTimeoutException            a request or a wait took longer than allowed
    ├── AnaplanResponseException           a reply arrived that makes no sense
    ├── OutcomeUnknownException            it can't be told whether the work was started
    ├── WriteInterruptedException          a long write came to an end before its time
    ├── PartialFailureException                Anaplan refused some of the items or cells
    ├── PartialUpdateException                 SCIM left out some of a user's workspaces
    ├── LargeReadException                 Anaplan could not carry out a large read
    │   └── LargeReadExpiredException      it was left alone for too long
    ├── UploadIncompleteException          some chunks did not arrive; nothing was completed
    ├── TokenStoreException                a kept token can't be read or written
    ├── NotSyncableException               a model can't be brought to another one's revision
    ├── ClientClosedException              the client was used after it was closed
    ├── IntegrationRunException                a CloudWorks run failed or was cancelled
    └── AnaplanActionError                 an action ran and failed
        ├── AnaplanActionCancelledException    an action was cancelled
        └── SynchronizationException           a synchronization or comparison of revisions failed

Arguments that are wrong in themselves (a negative size, two ways to sign in at once) are plain
`ValueError` or `TypeError`, raised before anything is sent.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from anaplan_sdk.models import (
        CompletedTask,
        Failure,
        FailureDump,
        NamedObject,
        PendingTask,
        Task,
        TaskResult,
        WriteResult,
    )
    from anaplan_sdk.models.cloud_works import RunError, RunStatus
    from anaplan_sdk.models.scim import User

__all__ = [
    "AmbiguousNameException",
    "AnaplanActionCancelledException",
    "AnaplanActionError",
    "AnaplanConnectionException",
    "AnaplanException",
    "AnaplanRequestException",
    "AnaplanResponseException",
    "AnaplanTimeoutException",
    "ClientClosedException",
    "CredentialsNotFoundException",
    "IntegrationRunException",
    "InvalidCredentialsException",
    "InvalidIdentifierException",
    "InvalidPrivateKeyException",
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
    "ServerException",
    "SignInRequiredException",
    "SynchronizationException",
    "TokenStoreException",
    "UploadIncompleteException",
    "WriteInterruptedException",
]


class AnaplanException(Exception):
    """The root of the family. What isn't known of a failure is `None`.

    Attributes:
        message: What went wrong, for a person.
        method: The HTTP method of the request that failed.
        url: Its URL, without query, credentials or fragment.
        status_code: The status of Anaplan's reply.
        code: Anaplan's own word for the failure, such as `FAILURE_BAD_CREDENTIAL`.
        reason: Anaplan's own message.
        request_id: The id under which Anaplan's support can find the request.
        attempts: How often the request was sent.
        retryable: Whether the same call may succeed later without a change.
        not_performed: Whether Anaplan certainly did not act on the request.
        retry_after: Seconds Anaplan asks to wait before the next attempt.
        task_id: The task that was started, when an action was and the wait for its end failed.
    """

    def __init__(
        self,
        message: str = "",
        *,
        method: str | None = None,
        url: str | None = None,
        status_code: int | None = None,
        code: str | None = None,
        reason: str | None = None,
        request_id: str | None = None,
        attempts: int | None = None,
        retryable: bool = False,
        not_performed: bool = False,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.method = method
        self.url = url
        self.status_code = status_code
        self.code = code
        self.reason = reason
        self.request_id = request_id
        self.attempts = attempts
        self.retryable = retryable
        self.not_performed = not_performed
        self.retry_after = retry_after
        self.task_id: str | None = None

    def __str__(self) -> str:
        where = " ".join(part for part in (self.method, self.url) if part)
        facts = [
            f"HTTP {self.status_code}" if self.status_code is not None else "",
            self.code or "",
            f"request id {self.request_id}" if self.request_id else "",
            f"{self.attempts} attempts" if self.attempts and self.attempts > 1 else "",
        ]
        known = ", ".join(fact for fact in facts if fact)
        tail = " ".join(part for part in (where, f"[{known}]" if known else "") if part)
        return f"{self.message} ({tail})" if tail else self.message


class InvalidCredentialsException(AnaplanException):
    """Anaplan refused the credentials or the token, or a local check found them unusable."""


class InvalidPrivateKeyException(InvalidCredentialsException):
    """The private key can't be read, needs another password, or isn't the certificate's."""


class OAuthException(InvalidCredentialsException):
    """The authorization server refused; `code` is OAuth's word for it, such as `invalid_grant`."""


class OAuthStateException(OAuthException):
    """A callback's state isn't that of the sign-in: it belongs to another one, or was forged."""


class SignInRequiredException(InvalidCredentialsException):
    """A person has to sign in, and this session has no way to ask one."""


class CredentialsNotFoundException(InvalidCredentialsException):
    """`from_env` found no way to sign in; the message lists what was looked at."""


class TokenStoreException(AnaplanException):
    """A store of tokens can't be read or written."""


class InvalidIdentifierException(AnaplanException):
    """The object doesn't exist, isn't visible to this user, or its id has the wrong form."""


class NameNotFoundException(InvalidIdentifierException):
    """Nothing that this user may see has this name.

    Attributes:
        name: The name.
        candidates: What has a similar one.
    """

    def __init__(
        self, message: str = "", *, name: str = "", candidates: list[NamedObject] | None = None
    ) -> None:
        super().__init__(message)
        self.name = name
        self.candidates = candidates or []


class AmbiguousNameException(InvalidIdentifierException):
    """Several things have this name; take the id of the one that is meant.

    Attributes:
        name: The name.
        candidates: All that have it.
    """

    def __init__(
        self, message: str = "", *, name: str = "", candidates: list[NamedObject] | None = None
    ) -> None:
        super().__init__(message)
        self.name = name
        self.candidates = candidates or []


class AnaplanRequestException(AnaplanException):
    """Anaplan understood the request and refused it."""


class PermissionDeniedException(AnaplanRequestException):
    """The user's role doesn't allow the request (403; the Audit API answers 401)."""


class RateLimitException(AnaplanRequestException):
    """Too many requests; `retry_after` says how long to wait, when Anaplan told it (429)."""


class ModelUnavailableException(AnaplanRequestException):
    """The model is archived (422), locked (423), offline (424) or deployed (425), or isn't open.

    Attributes:
        current_step: What the model was doing when it was waited for, such as `Opening`.
    """

    current_step: str | None = None

    @property
    def state(self) -> str | None:
        """What keeps the model: "archived", "locked", "offline", "deployed", or its step."""
        return _MODEL_STATES.get(self.status_code or 0) or self.current_step


_MODEL_STATES = {422: "archived", 423: "locked", 424: "offline", 425: "deployed"}


class ServerException(AnaplanRequestException):
    """Anaplan, or a gateway before it, failed (5xx)."""


class AnaplanConnectionException(AnaplanException):
    """The connection failed before a whole reply had arrived."""


class AnaplanTimeoutException(AnaplanException):
    """A request, or the wait for a task, took longer than allowed."""


class AnaplanResponseException(AnaplanException):
    """The reply isn't what Anaplan documents: not JSON, an HTML page, no body, a missing key."""


class ClientClosedException(AnaplanException):
    """The client was closed; make a new one."""


class OutcomeUnknownException(AnaplanException):
    """A request to start work got no clear answer, and Anaplan's lists could not settle it.

    The work may or may not be running. It was not asked for a second time.

    Attributes:
        candidates: Ids of the tasks that may be the one in question.
    """

    def __init__(self, message: str = "", *, candidates: list[str] | None = None) -> None:
        super().__init__(message)
        self.candidates = candidates or []


class NotSyncableException(AnaplanException):
    """The target can't be brought to the source's revision: their structures have parted."""


class PartialFailureException(AnaplanException):
    """Anaplan took a write, but refused some of its items or cells.

    Attributes:
        result: What came of the whole write; `result.failures` are those that were refused.
    """

    def __init__(self, message: str = "", *, result: WriteResult | None = None) -> None:
        super().__init__(message)
        self.result = result

    @property
    def failures(self) -> list[Failure]:
        """The items or cells that were refused, and why."""
        return self.result.failures if self.result else []


class PartialUpdateException(AnaplanException):
    """Anaplan changed a user, but not all of the workspaces as it was asked to.

    Attributes:
        user: The user as they are now.
        not_assigned: Workspaces that could not be assigned, by id or as they were named.
        still_assigned: Workspaces that could not be taken from the user.
    """

    def __init__(
        self,
        message: str = "",
        *,
        user: User | None = None,
        not_assigned: list[str] | None = None,
        still_assigned: list[str] | None = None,
    ) -> None:
        super().__init__(message)
        self.user = user
        self.not_assigned = not_assigned or []
        self.still_assigned = still_assigned or []


class WriteInterruptedException(AnaplanException):
    """A write came to an end before its time, or it can't be told whether it was done.

    All indexes are those of what was passed to the method, from 0.

    Attributes:
        result: What came of the requests that were answered; `None` if none was.
        in_doubt: Spans of items that were sent and not answered: they may be written or not.
        refused: Spans of items that Anaplan certainly did not act on.
        unsent_from: The first item of those that were never sent.
    """

    def __init__(
        self,
        message: str = "",
        *,
        result: WriteResult | None = None,
        in_doubt: list[range] | None = None,
        refused: list[range] | None = None,
        unsent_from: int = 0,
    ) -> None:
        super().__init__(message)
        self.result = result
        self.in_doubt = in_doubt or []
        self.refused = refused or []
        self.unsent_from = unsent_from


class LargeReadException(AnaplanException):
    """Anaplan ended a large read without success, or someone cancelled it; start it again."""


class LargeReadExpiredException(LargeReadException):
    """Anaplan dropped a large read, as it does when no page is asked for in 30 minutes."""


class UploadIncompleteException(AnaplanException):
    """Chunks of an upload did not arrive. The file was not completed and must not be imported.

    Attributes:
        file_id: The file.
        missing: Indexes of the chunks Anaplan has not acknowledged, from 0; of an upload whose
            length was not known beforehand, those that had been read from the source.
    """

    def __init__(
        self,
        message: str = "",
        *,
        file_id: str | int | None = None,
        missing: list[int] | None = None,
        retryable: bool = False,
    ) -> None:
        super().__init__(message, retryable=retryable)
        self.file_id = file_id
        self.missing = missing or []


class IntegrationRunException(AnaplanException):
    """A CloudWorks run did not succeed.

    Attributes:
        run: The run as it ended.
        error: What CloudWorks tells of the reasons; `None` when it tells nothing.
    """

    def __init__(
        self,
        message: str = "",
        *,
        run: RunStatus | None = None,
        error: RunError | None = None,
    ) -> None:
        super().__init__(message)
        self.run = run
        self.error = error


class AnaplanActionError(AnaplanException):
    """An action ran and did not succeed.

    Attributes:
        action_id: The action that was run.
        task: The task as Anaplan last described it.
    """

    def __init__(
        self,
        message: str = "",
        *,
        action_id: int | str | None = None,
        task: Task | CompletedTask | None = None,
    ) -> None:
        super().__init__(message)
        self.action_id = action_id
        self.task = task

    @property
    def result(self) -> TaskResult | None:
        """The task's result, or `None` when it has none."""
        task = self._completed
        return task.result if task else None

    @property
    def nested_results(self) -> list[TaskResult]:
        """A process's results, one for each step that ran."""
        return self.result.nested_results if self.result else []

    @property
    def dumps(self) -> list[FailureDump]:
        """The failure dumps of this run, to hand to `client.get_dump(*dump)` or its siblings."""
        task = self._completed
        return task.dumps if task else []

    @property
    def _completed(self) -> CompletedTask | None:
        # Imported here: reading errors is rarer than importing them.
        from anaplan_sdk.models import CompletedTask

        return self.task if isinstance(self.task, CompletedTask) else None


class AnaplanActionCancelledException(AnaplanActionError):
    """The task was cancelled, by someone at Anaplan or by `cancel_task`.

    The model is as it was before, but for the steps of a process that had ended by then.
    """


class SynchronizationException(AnaplanActionError):
    """A synchronization or a comparison of revisions ran and failed; the model is unchanged.

    Attributes:
        task: The task as Anaplan last described it.
        title: Anaplan's heading for the failure.
        text: Anaplan's explanation of it.
    """

    task: PendingTask | None  # type: ignore[assignment]  # pyright: ignore[reportIncompatibleVariableOverride]

    def __init__(
        self,
        message: str = "",
        *,
        task: PendingTask | None = None,
        title: str = "",
        text: str = "",
    ) -> None:
        super().__init__(message)
        self.task = task
        self.title = title
        self.text = text
        self.task_id = task.id if task else None
