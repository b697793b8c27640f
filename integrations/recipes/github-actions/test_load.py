"""What the pull request would load, tried on the emulator."""

from pathlib import Path

from anaplan_sdk import Client


def test_anaplan_accepts_the_file() -> None:
    with Client.from_env() as client:
        action = client.resolve.action("Airlines from airlines.csv")
        result = client.import_table(action, Path("airlines.csv"))
        assert result.refused is not None
        assert result.rows > 0
        assert len(result.refused) == 0
