"""Bodies that only claim to be JSON are refused in the words of the API that was asked."""

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.emulator.conftest import Shop

BROKEN = ["[" * 100_000, '{"items": [{"name": "\\ud800"}]}', '{"interval": NaN}', "{", "\ufeff{}"]


@pytest.mark.parametrize("body", BROKEN, ids=["deep", "half a character", "NaN", "cut off", "BOM"])
def test_what_is_no_json_is_refused(shop: "Shop", body: str) -> None:
    items = shop.path("/lists/101000000000/items?action=add")
    for path in (
        items,
        "/scim/1/0/v2/Users",
        "/admin/1/0/permissions/exception-users/search",
        "/audit/api/1/events/search",
        "/2/0/integrations",
        "/oauth/token",
    ):
        answer = shop.http.post(
            path, content=body.encode(), headers={"Content-Type": "application/json"}
        )
        assert answer.status_code == 400, (path, answer.text)
