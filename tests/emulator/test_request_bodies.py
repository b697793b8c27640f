"""Invalid JSON results in an error in the shape of the API."""

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.emulator.conftest import TenantClient

BROKEN = ["[" * 100_000, '{"items": [{"name": "\\ud800"}]}', '{"interval": NaN}', "{", "\ufeff{}"]


@pytest.mark.parametrize("body", BROKEN, ids=["deep", "half a character", "NaN", "cut off", "BOM"])
def test_invalid_json_is_rejected(shop: "TenantClient", body: str) -> None:
    items = shop.path("/lists/101000000000/items?action=add")
    for path in (
        items,
        "/scim/1/0/v2/Users",
        "/admin/1/0/permissions/exception-users/search",
        "/audit/api/1/events/search",
        "/2/0/integrations",
        "/oauth/token",
    ):
        reply = shop.http.post(
            path, content=body.encode(), headers={"Content-Type": "application/json"}
        )
        assert reply.status_code == 400, (path, reply.text)
