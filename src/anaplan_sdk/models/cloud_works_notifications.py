"""Models of the CloudWorks API: notifications, part of `models.cloud_works`."""

from __future__ import annotations

from typing import Literal, TypeAlias

from pydantic import Field

from anaplan_sdk.models._base import AnaplanModel, empty_list

NotificationKind: TypeAlias = Literal["success", "partial_failure", "full_failure"]
"""The outcomes of a run that users can be notified of."""
Channel: TypeAlias = Literal["email", "in_app"]
"""The channels of a notification."""


class NotificationUser(AnaplanModel):
    """A user who is notified.

    Attributes:
        user_guid: The id of the user, 32 lower-case hexadecimal digits.
        first_name: The first name.
        last_name: The last name.

    Source: Anaplan CloudWorks API guide, "Get a notification configuration".
    """

    user_guid: str = ""
    first_name: str = ""
    last_name: str = ""


class NotificationItem(AnaplanModel):
    """The users who are notified of an outcome.

    Attributes:
        type: The outcome, one of `NotificationKind` or one that is not known yet.
        users: The users.

    Source: Anaplan CloudWorks API guide, "Get a notification configuration".
    """

    type: NotificationKind | str = ""
    users: list[NotificationUser] = Field(default_factory=empty_list)


class Notification(AnaplanModel):
    """The users who are notified, by outcome.

    Attributes:
        config: The users of each outcome.

    Source: Anaplan CloudWorks API guide, "Get a notification configuration".
    """

    config: list[NotificationItem] = Field(default_factory=empty_list)


class NotificationConfig(AnaplanModel):
    """The notifications of an integration.

    Attributes:
        notification_id: The id, 32 lower-case hexadecimal digits.
        integration_ids: The id of the integration.
        channels: How users are notified, each one of `Channel` or one that is not known yet.
        notifications: The users who are notified, by outcome.

    Source: Anaplan CloudWorks API guide, "Get a notification configuration".
    """

    notification_id: str = ""
    integration_ids: list[str] = Field(default_factory=empty_list)
    channels: list[Channel | str] = Field(default_factory=empty_list)
    notifications: Notification = Field(default_factory=Notification)


class NotificationItemInput(AnaplanModel):
    """The users to notify of an outcome.

    Attributes:
        type: The outcome.
        users: The ids of the users, at most 5.

    Source: Anaplan CloudWorks API guide, "Create a notification configuration".
    """

    type: NotificationKind
    users: list[str] = Field(max_length=5)


class NotificationConfigInput(AnaplanModel):
    """The users to notify, by outcome.

    Attributes:
        config: The users of each outcome.

    Source: Anaplan CloudWorks API guide, "Create a notification configuration".
    """

    config: list[NotificationItemInput]


class NotificationInput(AnaplanModel):
    """The notifications of an integration to create.

    Attributes:
        integration_ids: The id of the integration; Anaplan accepts one.
        channels: How users are notified: `email`, `in_app`, or both.
        notifications: The users to notify, by outcome.

    Source: Anaplan CloudWorks API guide, "Create a notification configuration".
    """

    integration_ids: list[str] = Field(min_length=1)
    channels: list[Channel]
    notifications: NotificationConfigInput
