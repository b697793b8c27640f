"""Options of a write that are not valid, which are refused before anything is staged or sent."""

from __future__ import annotations

import pytest

from anaplan_sdk.exceptions import InvalidArgumentException
from anaplan_spark.write_options import WriteOptions

IMPORT = {"import": "112000000001"}
PROCESS = {"process": "118000000000"}


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({}, "Give one of the options import"),
        ({**IMPORT, **PROCESS}, "Give one of the options import"),
        ({"import": "116000000000"}, "import must be an id that begins with 112"),
        ({"import": "112x"}, "import must be an id"),
        (PROCESS, "process needs the option file"),
        ({**PROCESS, "file": "112000000001"}, "file must be an id that begins with 113"),
        ({**IMPORT, "file": "113000000000"}, "an import reads its own file"),
        ({**IMPORT, "path": "/tmp"}, "has no option path"),
        ({**IMPORT, "run_id": "a"}, "run_id needs the option staging"),
        ({**IMPORT, "staging": "/s", "run_id": "../a"}, "run_id must consist of"),
        ({**IMPORT, "staging": " "}, "staging is empty"),
        ({**IMPORT, "staging": "sftp://me:hidden@host/s"}, "staging contains a password"),
        ({**IMPORT, "refused_path": "sftp://me:hidden@host/s"}, "refused_path contains a password"),
        ({**IMPORT, "keep_staging": "yes"}, "keep_staging must be one of true, false"),
        ({**IMPORT, "max_refused": "-1"}, "max_refused must be a whole number"),
        ({**IMPORT, "timeout": "nan"}, "timeout must be a number"),
        ({**IMPORT, "timeout": "soon"}, "timeout must be a number"),
        ({**IMPORT, "timestamps": "iso"}, "timestamps must be one of date, text"),
        ({**IMPORT, "columns": "a,b"}, "columns must be JSON"),
        ({**IMPORT, "columns": '{"a": 1}'}, "columns must be JSON"),
        ({**IMPORT, "columns": "[]"}, "columns must be JSON"),
        ({**IMPORT, "password": "hidden"}, "password can't be an option"),
        ({**IMPORT, "secret": "hidden"}, "secret must be"),
    ],
)
def test_options_that_are_not_valid(options: dict[str, str], message: str) -> None:
    with pytest.raises(InvalidArgumentException) as error:
        WriteOptions.from_options(options, overwrite=False)
    assert message in error.value.message
    assert "hidden" not in error.value.message


def test_names_ignore_case_and_values_have_types() -> None:
    options = WriteOptions.from_options(
        {
            "IMPORT": "112000000001",
            "Max_Refused": "5",
            "timeout": "1.5",
            "keep_staging": "True",
            "columns": '["a", "b"]',
            "staging": "abfs://box@account.dfs.core.windows.net/s",
            "Profile": "production",
        },
        overwrite=False,
    )
    assert (options.action_id, options.max_refused, options.timeout) == ("112000000001", 5, 1.5)
    assert (options.keep_staging, options.columns) == (True, ["a", "b"])
    assert options.connection.profile == "production"


def test_overwriting_is_refused() -> None:
    with pytest.raises(InvalidArgumentException, match="Use mode 'append'"):
        WriteOptions.from_options(IMPORT, overwrite=True)
