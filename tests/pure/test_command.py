import subprocess
import sys


def test_help_shows_no_type_beside_flags() -> None:
    done = subprocess.run(
        [sys.executable, "-c", "from anaplan_sdk.cli import main; main()", "--help"],
        capture_output=True,
        text=True,
        timeout=30,
        check=True,
    )

    assert "--version" in done.stdout
    assert "emulator" in done.stdout
    assert "<bool>" not in done.stdout.lower()
