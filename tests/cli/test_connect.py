from __future__ import annotations

import os
import re
import shlex
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from anaplan_sdk.cli.command_groups import Group
from anaplan_sdk.cli.tree import root

if TYPE_CHECKING:
    from tests.cli.conftest import Command

GUIDE = Path(__file__).parents[2] / "docs" / "guides" / "moving-from-anaplan-connect.md"
SECRET = "s3cr3t-Pa55"
SH = "AnaplanClient.sh -user 'me@x.example:s3cr3t-Pa55' -w W -m M "
BAT = "@echo off\r\ncall AnaplanClient.bat -u me@x.example:s3cr3t-Pa55 -w W -m M "


def shown(marker: str) -> str:
    found = re.search(rf"<!-- {marker} -->\n```sh\n(.*?)```", GUIDE.read_text("utf-8"), re.DOTALL)
    assert found is not None
    return found[1]


def parse(line: str) -> None:
    """Parse a command line of `anaplan` as the command does, without running it."""
    program, *arguments = shlex.split(line)
    assert program == "anaplan"
    command: Any = root()
    while isinstance(command, Group):
        name, *arguments = arguments
        command = command.get_command(None, name)  # type: ignore[arg-type]
        assert command is not None, line
    command.make_context(name, arguments)


class Convert:
    """Converts a script, and checks what applies to every conversion."""

    def __init__(self, anaplan: Command, home: Path) -> None:
        self._anaplan = anaplan
        self._home = home

    def __call__(self, script: str, name: str = "old.sh", *options: str) -> str:
        (self._home / name).write_bytes(script.encode())
        done = self._anaplan("convert-connect", name, "-o", "json", *options)
        assert done.code == 0, done.err
        assert SECRET not in done.out + done.err
        text: str = done.json["script"]
        if text.startswith("#!"):
            for line in done.json["commands"]:
                parse(line.partition(" > ")[0])
        return text

    def commands(self, script: str, *variables: str) -> list[list[str]]:
        """Run the converted script in bash, and return the arguments that `anaplan` receives."""
        text = self(script)
        stub = "anaplan() { printf '%s\\0' \"$@\" END; }\n"
        done = subprocess.run(
            ["bash", "-c", f"{stub}{text}", *variables],
            env={**os.environ, "ANAPLAN_PRIVATE_KEY_PASSWORD": "p", "X": "x", "SQL_TOOL": "cat"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            cwd=self._home,
        )
        assert done.returncode == 0, done.stderr + text
        return [line.split("\0")[:-1] for line in done.stdout.split("END\0") if line]


@pytest.fixture
def convert(anaplan: Command, home: Path) -> Convert:
    return Convert(anaplan, home)


IMPORT = ["--allow-refused", "all"]


def test_the_guide_shows_the_conversion(convert: Convert) -> None:
    assert convert(shown("before"), "nightly.sh") == shown("after")


def test_the_converted_script_of_the_guide_runs(
    convert: Convert, home: Path, shell: Command
) -> None:
    (home / "airlines.csv").write_text("carrier,name\nZZ,Zeppelin\n")
    done = shell(convert(shown("before")))
    assert done.code == 0, done.err
    assert (home / "facts.csv").read_text().startswith("Flights,Date,")


def test_an_upload_and_its_import_become_one_command(convert: Convert) -> None:
    assert convert.commands(SH + "-f 'My File' -p 'a b.csv' -i 'Load it' -x -o 'r s.csv'") == [
        [
            "import",
            "a b.csv",
            "--run",
            "Load it",
            "--to",
            "My File",
            *IMPORT,
            "--refused",
            "r s.csv",
        ]
    ]


def test_arguments_are_run_in_order(convert: Convert) -> None:
    script = SH + "-f A -p a.csv -f B -p b.csv -i IA -x -i IB -x -o b-refused.csv -pr P -x -o out"
    assert convert.commands(script) == [
        ["upload", "a.csv", "--to", "A"],
        ["upload", "b.csv", "--to", "B"],
        ["run", "IA", *IMPORT],
        ["run", "IB", *IMPORT, "--refused", "b-refused.csv"],
        ["run", "P", *IMPORT, "--refused", "out/refused.csv"],
    ]


def test_parameters_belong_to_the_next_run(convert: Convert) -> None:
    script = SH + "-i I -xm Versions:Actual -xm I/Time:2024 -xc s/file:$X -xl de_DE -x -a Delete -x"
    assert convert.commands(script) == [
        ["run", "I", "--map", "Versions=Actual", "--map", "I/Time=2024", "--connector", "s/file=x",
         "--locale", "de_DE", *IMPORT],
        ["run", "Delete", "--locale", "de_DE"],
    ]  # fmt: skip


def test_exports_files_and_listings(convert: Convert) -> None:
    script = SH + "-W -F -MO -emd -e E -emd -x -get e.csv -e E2 -x -e E3 -gets -f F -get:csv f.csv"
    assert convert.commands(script) == [
        ["ls", "workspaces"],
        ["ls", "files"],
        ["ls", "modules"],
        ["show", "E"],
        ["export", "E", "e.csv"],
        ["run", "E2"],
        ["download", "E3", "-"],
        ["download", "F", "f.csv"],
    ]


def test_items_and_views(convert: Convert, home: Path) -> None:
    script = SH + (
        "-l Airlines -putItems:csv new.csv -output:csv refused.csv -upsertItems:json x.json "
        "-deleteItems:csv old.csv -get:json items.json "
        "-mo Plan -vi Grid -pages 'Versions:Forecast,Time:2024' -get:csv_sc view.csv"
    )
    assert convert.commands(script) == [
        ["list", "insert", "Airlines", "new.csv", *IMPORT, "--refused", "refused.csv"],
        ["list", "upsert", "Airlines", "x.json", *IMPORT],
        ["list", "delete", "Airlines", "old.csv", *IMPORT, "--yes"],
    ]
    items, view = [
        (home / name).read_text().split("\0")[:-2] for name in ("items.json", "view.csv")
    ]
    assert items == ["list", "read", "Airlines", "--output", "json"]
    assert view == [
        "view", "read", "Plan.Grid", "--page", "Versions=Forecast", "--page", "Time=2024",
        "--layout", "single", "--output", "csv",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("script", "arguments"),
    [
        ('X="-f F -p \'a b.csv\'"\neval AnaplanClient.sh -m M $X', ["a b.csv", "--to", "F"]),
        ('X="-f F -p \'a b.csv\'"\nAnaplanClient.sh -m M $X', ["a b.csv", "--to", "F"]),
        ("AnaplanClient.sh -m M \\\n -f 'it'\"'\"'s' \\\n -p a.csv # x", ["a.csv", "--to", "it's"]),
        ("A=(-m M -f 'F f' -p \"a b\")\n./AnaplanClient.sh \"${A[@]}\"", ["a b", "--to", "F f"]),
        ("run() {\n AnaplanClient.sh -m M -f F -p \"$1\"\n}\nrun x", ["x", "--to", "F"]),
        ("out=$(AnaplanClient.sh -m M -f F -p a 2>&1)\necho $out", ["a", "--to", "F"]),
        ("java -cp 'a.jar:lib/*' com.anaplan.client.Program -m M -f F -p a", ["a", "--to", "F"]),
        ("java -jar anaplan-connect-4.2.1.jar -m M -f F -p a", ["a", "--to", "F"]),
        ('F=a\nF=${F}_b.csv\nAnaplanClient.sh -m M -f F -p "$F"', ["a_b.csv", "--to", "F"]),
        ('D=$(basename "a/x y")\nAnaplanClient.sh -m M -f F -p "$D.csv"', ["x y.csv", "--to", "F"]),
        ('F="a b"\nAnaplanClient.sh -m M -f F -p "${F%b}c"', ["a c", "--to", "F"]),
        ("cat <<X\nAnaplanClient.sh -W\nX\nAnaplanClient.sh -m M -f F -p a", ["a", "--to", "F"]),
        ('if [ -z "" ]; then P=a; else P=b; fi\nAnaplanClient.sh -f F -p $P', ["a", "--to", "F"]),
        ("E=p\n[ $E = q ] && P=a || P=b\nAnaplanClient.sh -f F -p $P", ["b", "--to", "F"]),
        ("case $1 in\n x) echo;;\nesac\nAnaplanClient.sh -f F -p '$a`b'", ["$a`b", "--to", "F"]),
    ],
)  # fmt: skip
def test_shell_scripts_are_understood(convert: Convert, script: str, arguments: list[str]) -> None:
    assert convert.commands(f"{script}\n", "bash", "first") == [["upload", *arguments]]


def test_variables_stay_variables(convert: Convert) -> None:
    script = (
        'Dir=/data\nName="$Dir/a b.csv"\nOps="-f F -p \'$Name\'"\nsh -c "AnaplanClient.sh $Ops"'
    )
    new = convert(script)
    assert 'Dir=/data\nName="$Dir/a b.csv"\n' in new
    assert 'anaplan upload "$Name" --to F' in new
    assert "Ops" not in new


@pytest.mark.parametrize(
    ("sign_in", "expected"),
    [
        ("-u me@x.example:s3cr3t-Pa55", ["_EMAIL=me@x.example", ': "${ANAPLAN_PASSWORD:?']),
        ("-u me@x.example:?", ["_EMAIL=me@x.example", ': "${ANAPLAN_PASSWORD:?']),
        ("-u ?", ["ANAPLAN_USER_EMAIL && export ANAPLAN_USER_EMAIL"]),
        ('-u "me:$PW"', ['export ANAPLAN_PASSWORD="$PW"']),
        ("-u ${A:-me:s3cr3t-Pa55}", [': "${ANAPLAN_USER_EMAIL:?']),
        ('-u "${U%%:*}:${U#*:}"', [': "${ANAPLAN_USER_EMAIL:?', ': "${ANAPLAN_PASSWORD:?']),
        (
            "-c c.pem -pkey 'C:\\k.pem:s3cr3t-Pa55'",
            ["export ANAPLAN_CERTIFICATE=c.pem", "export ANAPLAN_PRIVATE_KEY='C:\\k.pem'",
             ': "${ANAPLAN_PRIVATE_KEY_PASSWORD:?'],
        ),
        (
            "-k 'my.jks' -ka me -kp s3cr3t-Pa55",
            ["keytool -importkeystore -srckeystore my.jks -srcalias me -destkeystore anaplan.p12",
             "export ANAPLAN_CERTIFICATE=anaplan.p12"],
        ),
        (
            "-oauth-client-id abc --rotatable --forceRegister",
            ["anaplan login device --client-id abc", "export ANAPLAN_DEVICE_CLIENT_ID=abc"],
        ),
        ("-s https://eu3.api.anaplan.com/ -auth https://x", ["export ANAPLAN_REGION=eu3"]),
        ("-s https://a.example", ["export ANAPLAN_BASE_URL=https://a.example"]),
        ("-v proxy:80", ["export HTTPS_PROXY=http://proxy:80"]),
        ("-v proxy:80 -vu me:s3cr3t-Pa55", [': "${HTTPS_PROXY:?']),
        ("-v http://me:s3cr3t-Pa55@p:80", [': "${HTTPS_PROXY:?']),
        ("-s https://me:s3cr3t-Pa55@a.example", [': "${ANAPLAN_BASE_URL:?']),
        ("-i I -xc s3/secretKey:s3cr3t-Pa55 -x", [': "${CONNECTOR_S3_SECRETKEY:?']),
        ("-unheard of s3cr3t-Pa55", ["an option that is not known"]),
        ("-keystorepass=s3cr3t-Pa55", ["an option that is not known"]),
        ("-ks3cr3t-Pa55", ["an option that is not known"]),
        ("-u me@x.example/s3cr3t-Pa55", [': "${ANAPLAN_USER_EMAIL:?']),
        ("-u me@x.examples3cr3t-Pa55", [': "${ANAPLAN_USER_EMAIL:?']),
        ("-u me:p&s3cr3t-Pa55", ["are left out (line 3)"]),
        ("-c c.pem -pkey k:s3cr3t-Pa55", [': "${ANAPLAN_PRIVATE_KEY:?']),
        ("-c c.pem -W;s3cr3t-Pa55", ["export ANAPLAN_CERTIFICATE=c.pem"]),
        ("-c c.pems3cr3t-Pa55", [': "${ANAPLAN_CERTIFICATE:?']),
        ("-k a.jks:s3cr3t-Pa55 -ka a:s3cr3t-Pa55", ["-srckeystore KEYSTORE -srcalias ALIAS"]),
        ("-oauth-client-id a:s3cr3t-Pa55", ["--client-id CLIENT_ID"]),
        ("-v me:s3cr3t-Pa55:80", [': "${HTTPS_PROXY:?']),
        ("-s https://me:s3cr3t-Pa55/w@a", [': "${ANAPLAN_BASE_URL:?']),
        ("-i I -xc url:https://x?sig=s3cr3t-Pa55 -x", [': "${CONNECTOR_URL:?']),
        ("-i I -xc 's3 s3cr3t-Pa55' -x", ["-xc: one without a value is left out."]),
        ("-x:s3cr3t-Pa55 -i I -x:s3cr3t-Pa55", ["-execute:KIND"]),
        ('-f F -p "$(curl -u s3cr3t-Pa55 x)"', [': "${REPLACE_1:?', "old script computes there"]),
        ('-f F -p "${X:-s3cr3t-Pa55}"', [': "${REPLACE_1:?']),
        ("-f F -jdbcquery \"select 's3cr3t-Pa55' password\"", ["$SQL_TOOL < query.sql"]),
    ],
)  # fmt: skip
def test_signing_in_and_secrets(convert: Convert, sign_in: str, expected: list[str]) -> None:
    new = convert(f"U='me:s3cr3t-Pa55'\nP=s3cr3t-Pa55\n./AnaplanClient.sh {sign_in} -W\n")
    assert [line for line in expected if line not in new] == []


@pytest.mark.parametrize(
    ("name", "script"),
    [
        ("old.sh", "AnaplanClient.sh -u 'me@x.example:s3cr3t-Pa55 -W\n"),
        ("old.sh", 'AnaplanClient.sh -W\nAnaplanClient.sh -f F -p "s3cr3t-Pa55\n'),
        ("old.sh", "AnaplanClient.sh -f F -p `s3cr3t-Pa55\n"),
        ("old.sh", "AnaplanClient.sh -f F -p ${s3cr3t-Pa55\n"),
        ("old.sh", "A=(-f F -p s3cr3t-Pa55\nAnaplanClient.sh ${A[@]}\n"),
        ("old.bat", 'AnaplanClient.bat -u "me@x.example:s3cr3t-Pa55 -W\r\n'),
    ],
)
def test_nothing_of_a_damaged_script_is_shown(
    anaplan: Command, home: Path, name: str, script: str
) -> None:
    (home / name).write_text(script)
    done = anaplan("convert-connect", name)
    assert (done.code, done.out) == (2, "")
    assert "of the script is not closed" in done.err
    assert "s3cr3t" not in done.err


@pytest.mark.parametrize(
    "arguments",
    ["-u me@x.example s3cr3t-Pa55 -f F -p a", "-u me@x.example:a -f My s3cr3t-Pa55 -p s3cr3t-Pa55"],
)
def test_nothing_of_an_unclear_call_is_shown(convert: Convert, arguments: str) -> None:
    new = convert(f"AnaplanClient.sh {arguments}\nAnaplanClient.sh -W")
    assert "# Line 1: this call is not converted" in new
    assert "anaplan ls workspaces" in new
    assert "upload" not in new


@pytest.mark.parametrize(
    "folder",
    ['$(cd "$(dirname "$0")" && pwd)', '$(dirname "${BASH_SOURCE[0]}")', "$(date -d '1 day' +%F)"],
)
def test_code_without_a_secret_stays(convert: Convert, folder: str) -> None:
    new = convert(f"D={folder}\nAnaplanClient.sh -f F -p $D/x")
    assert f'D="{folder}"\n' in new


@pytest.mark.parametrize(
    "rest", ["-f F -p /a/s3cr3t-Pa55/b", "-f s3cr3t-Pa55", "-f F -p http://a:other@b/c"]
)
def test_a_result_with_a_password_is_refused(anaplan: Command, rest: str) -> None:
    script = f"AnaplanClient.sh -u me@x.example:s3cr3t-Pa55 {rest} -x -gets -p x"
    done = anaplan("convert-connect", "-", stdin=script)
    assert (done.code, done.out) == (2, "")
    assert "would contain a password" in done.err
    assert "s3cr3t" not in done.err


def test_variables_with_secrets_are_not_set(convert: Convert) -> None:
    new = convert(
        'C=me:s3cr3t-Pa55\nP=s3cr3t-Pa55\nAnaplanClient.sh -m M -u $C -f F -p "${C#*:}" -p $P -p x'
    )
    assert ': "${C:?' in new
    assert ': "${P:?' in new


def test_hosts_that_are_the_default_are_left_out(convert: Convert) -> None:
    new = convert("AnaplanClient.sh -s https://api.anaplan.com -auth https://auth.anaplan.com -W")
    assert "ANAPLAN_BASE_URL" not in new
    assert "ANAPLAN_REGION" not in new


def test_what_cannot_be_carried_over_is_said(convert: Convert) -> None:
    new = convert(
        "for f in *.csv; do\n  AnaplanClient.sh -m M -mrc 5 -ch 20 -f F -p $f -i I -x:all > log\n"
        "done\ngrep -q ERROR log && mail -s failed me\ncat x | AnaplanClient.sh -m M -f F -puts\n"
    )
    for text in (
        "Line 2: Anaplan Connect is called under a condition or in a loop (line 1: for f in *.csv)",
        "echo 'Stopped: line 2",
        'anaplan import "$f" --run I',
        "(-mrc, -rt, -ct) are built in",
        "chunk size (-ch)",
        "-execute:KIND",
        "redirects output",
        "are left out (line 4, 5)",
        "Line 5: the old script pipes data",
        "anaplan upload - --to F",
        "--allow-refused all: refused rows are no failure",
        "Locale: en_US",
    ):
        assert text in re.sub(r"\n#\s*", " ", new), text


CALL = '\nAnaplanClient.sh -u me:s3cr3t-Pa55 -m "$ModelId" -a Delete -x\n'


def run_in_bash(script: str, *arguments: str) -> tuple[int, str, str]:
    done = subprocess.run(
        ["bash", "-c", f'anaplan() {{ echo "anaplan $*"; }}\n{script}', "bash", *arguments],
        env={**os.environ, "ANAPLAN_USER_EMAIL": "u", "ANAPLAN_PASSWORD": "p"},
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout, done.stderr


@pytest.mark.parametrize(
    "script",
    [
        'if [ "$1" = "prod" ]; then ModelId="PROD"; fi',
        'if [ "$1" = prod ]\nthen\n  ModelId=PROD\nelse\n  ModelId=TEST\nfi',
        'case "$1" in prod) ModelId="PROD";; esac',
        'case $1 in\n  x|prod)\n    ModelId=PROD ;;\n  *) ;;\nesac',
        '[ "$1" = prod ] && ModelId=PROD',
        '[ "$1" = prod ] &&\n  ModelId=PROD',
        '[ "$1" = prod ] && [ 1 = 1 ] && ModelId=PROD',
        '[ "$1" = prod ] && { echo x\n ModelId=PROD; }',
        '[ "$1" = dev ] || ModelId=PROD',
        'if [ 1 = 1 ] && [ "$1" = prod ]; then ModelId=PROD; fi',
        'if [ "$1" = dev ]; then X=1; elif [ 1 = 1 ]; then ModelId=PROD; fi',
        'if [ "$1" = dev ]; then X=1; elif [ 1 = 2 ]; then X=2; else ModelId=PROD; fi',
        'if [[ $1 == prod* ]]; then export ModelId=PROD; fi',
        'prod() {\n  ModelId=PROD\n}\nif [ "$1" = prod ]; then prod; fi',
        'function prod {\n  ModelId=PROD\n}\n[ "$1" = prod ] && prod',
        'for ModelId in PROD; do :; done',
        'while [ "$1" ]; do ModelId=PROD; shift; done',
        'read ModelId',
    ],
)  # fmt: skip
def test_no_assignment_under_a_condition_is_taken_as_certain(convert: Convert, script: str) -> None:
    new = convert(f"ModelId=DEV\n{script}{CALL}")
    assert "\nModelId=" not in new
    code, out, err = run_in_bash(new)
    assert (code != 0, out) == (True, "")
    assert "ModelId: was " in err


def test_the_condition_is_shown_where_a_person_has_to_decide(convert: Convert) -> None:
    new = convert(f'ModelId=DEV\nif [ "$1" = prod ]; then ModelId=PROD; fi{CALL}')
    assert (
        "# ModelId=DEV, before\n# ModelId=PROD, line 2: if [ $1 = prod ]\n"
        ': "${ModelId:?was set under a condition in the old script: set it here}"\n'
    ) in new


@pytest.mark.parametrize(
    "script",
    [
        'if [ "$1" = p ]; then P=s3cr3t-Pa55; fi\nAnaplanClient.sh -u "me:$P" -W',
        'if [ "$1" = p ]; then U=me:s3cr3t-Pa55; fi\nAnaplanClient.sh -u "$U" -W',
        'U=me:s3cr3t-Pa55\nif [ "$1" = p ]; then U=me:x; fi\nAnaplanClient.sh -u "$U" -W',
        'if [ "$1" = p ]; then U="-u me:s3cr3t-Pa55"; fi\nAnaplanClient.sh $U -W',
        'if [ $1 = p ]; then P=s3cr3t-Pa55; fi\n[ $P ] && U=me:$P\nAnaplanClient.sh -u $U -W',
        'if curl -u me:s3cr3t-Pa55 x; then AnaplanClient.sh -W; fi',
        'if [ "$PW" = s3cr3t-Pa55 ]; then AnaplanClient.sh -W; fi',
        'if [ "$1" = p ]; then K=s3cr3t-Pa55; fi\nAnaplanClient.sh -i I -xc a:$K -x',
    ],
)  # fmt: skip
def test_no_secret_of_a_condition_is_shown(convert: Convert, script: str) -> None:
    convert(script)  # It checks that.


@pytest.mark.parametrize(
    ("script", "before"),
    [
        ("if [ $1 = x ]; then AnaplanClient.sh -m M -a A -x; fi", ""),
        ("for f in a b; do AnaplanClient.sh -m M -a A -x; done", ""),
        ("if [ $1 = x ]; then out=$(AnaplanClient.sh -m M -a A -x); fi", ""),
        ("AnaplanClient.sh -m M -a B -x\n[ -f x ] && AnaplanClient.sh -a A -x", "anaplan run B\n"),
        ("[ -f x ] || exit 1\nAnaplanClient.sh -m M -a A -x", ""),
        ("if [ ! -f x ]; then exit 1; fi\nAnaplanClient.sh -m M -a A -x", ""),
        ("[ -d x ] && cd x\nAnaplanClient.sh -m M -a A -x", ""),
    ],
)
def test_the_script_stops_before_what_depends_on_a_condition(
    convert: Convert, script: str, before: str
) -> None:
    new = convert(script)
    assert "anaplan run A" in new
    code, out, err = run_in_bash(new)
    assert (code, out) == (2, before)
    assert "Stopped: line " in err


def test_what_the_script_decides_itself_is_no_reason_to_stop(convert: Convert) -> None:
    script = (
        'if [ "$X" ]; then C="-u $X:y"; fi\nload() { AnaplanClient.sh $C -m M -f F -p "$1"; }\n'
        "load a || exit 1\nif ! load b; then exit 1; fi\nAnaplanClient.sh $C -m M -a A -x\n"
        "if [ $? -ne 0 ]; then echo failed; exit 1; fi\nAnaplanClient.sh $C -m M -a B -x\nexit 0\n"
        "AnaplanClient.sh -m M -a C -x\n"
    )
    new = convert(script)
    assert "Stopped" not in new
    assert re.findall("anaplan (.*)", new)[-4:] == [
        "upload a --to F", "upload b --to F", "run A", "run B",
    ]  # fmt: skip


@pytest.mark.parametrize(
    "script",
    [
        'if "%1"=="prod" set ModelId="PROD"',
        'if "%1"=="prod" (\n  set ModelId=PROD\n) else (\n  set ModelId=TEST\n)',
        'if "%1"=="x" (\n set X=1\n) else if "%1"=="prod" (\n set ModelId=PROD\n)',
        'cd x & if "%1"=="prod" set ModelId=PROD',
        'if "%1"=="prod" goto prod\ngoto run\n:prod\nset ModelId=PROD\n:run',
        "for /f \"tokens=2 delims==\" %%I in ('wmic os get x') do set ModelId=%%I",
        "set /p ModelId=Model:",
        'if "%1"=="prod" call :prod\ngoto run\n:prod\nset ModelId=PROD\ngoto :eof\n:run',
    ],
)
def test_no_assignment_under_a_condition_of_a_batch_file_is_taken_as_certain(
    convert: Convert, script: str
) -> None:
    text = f"set ModelId=DEV\n{script}\nAnaplanClient.bat -m %ModelId% -f F -p x%ModelId:~0,4%\n"
    new = convert(text, "old.bat")
    assert 'set "ModelId=' not in new
    required = new.index("if not defined ModelId (echo ModelId was ")
    assert required < new.index("anaplan upload")


@pytest.mark.parametrize(
    "script",
    [
        "if exist x.csv CALL",
        "for %%f in (*.csv) do CALL",
        "if not exist x.csv exit /b 1\nCALL",
        "if exist x.csv (\n CALL\n)",
        "if not exist x.csv goto end\nCALL\n:end",
    ],
)
def test_a_batch_file_stops_before_what_depends_on_a_condition(
    convert: Convert, script: str
) -> None:
    new = convert(script.replace("CALL", "AnaplanClient.bat -m M -a A -x"), "old.bat")
    assert new.index("1>&2 & exit /b 2") < new.index("anaplan run A")


def test_a_service_applies_to_its_call_only(convert: Convert) -> None:
    new = convert("AnaplanClient.sh -s https://a.example -W\nAnaplanClient.sh -F\n")
    assert new.index("ls workspaces") < new.index("unset ANAPLAN_BASE_URL") < new.index("ls files")


def test_a_process_writes_into_its_folder(convert: Convert, home: Path) -> None:
    convert.commands(SH + "-pr P -x -o 'my out/x'")
    assert (home / "my out" / "x").is_dir()


def test_a_query_is_printed_with_a_pipe(convert: Convert, home: Path) -> None:
    (home / "jdbc.properties").write_text(
        "jdbc.connect.url=jdbc:x:password=s3cr3t-Pa55\njdbc.password=s3cr3t-Pa55\n"
        "jdbc.query=select 'a' \\\n  from flights\njdbc.params=1\n"
    )
    script = (
        SH + "-f F -jdbcproperties jdbc.properties -i I -x -l L -putItems:jdbc other.properties"
    )
    new = convert(script)
    assert "$SQL_TOOL <<'END-OF-QUERY' | anaplan import - --run I --to F" in new
    assert "\nselect 'a' from flights\nEND-OF-QUERY\n" in new
    assert "$SQL_TOOL < query.sql | anaplan list insert L -" in new
    assert "bind them" in new
    assert "Save the query in other.properties as query.sql." in new
    as_batch = convert(script, "old.sh", "--to", "batch")
    assert "rem   select 'a' from flights" in as_batch
    assert "%SQL_TOOL% < query.sql | anaplan import - --run I --to F" in as_batch


def test_a_mapping_that_was_asked_for_is_asked_for(convert: Convert) -> None:
    new = convert(SH + "-i I -xm Time:? -xm 'Versions:?' -x -i J -xm Time:? -x")
    assert "read -rp 'Time: ' VALUE_1\nread -rp 'Versions: ' VALUE_2\n" in new
    assert '--map "Time=$VALUE_1" --map "Versions=$VALUE_2"' in new
    assert '--map "Time=$VALUE_3"' in new


BATCH = """@echo off
rem The script of the documentation.
set AnaplanUser="me@x.example:s3cr3t-Pa55"
set ModelId="1234"
set FileName=My 100%% Source.txt
set Folder="C:\\Errors\\"
set Operation=-file "%FileName%" -put "%~dp0in\\%FileName%" ^
 -import "Load it" -execute -output "C:\\My Errors.txt" -process "All & more" -x -o %Folder%
setlocal enableextensions enabledelayedexpansion || exit /b 1
cd %~dp0
if not %AnaplanUser% == "" set Credentials=-user %AnaplanUser%
if "%ModelId%"=="" (
  set Operation=-W
) else (
  set Model=-model !ModelId!
)
set Command=.\\AnaplanClient.bat %Credentials% %Model% %Operation%
@echo %Command%
cmd /c %Command%
pause
""".replace("\n", "\r\n")


def test_batch_files_are_understood(convert: Convert) -> None:
    new = convert(BATCH, "old.bat")
    assert new.startswith("@echo off\n")
    assert 'set "FileName=My 100%% Source.txt"\n' in new
    assert 'set "ANAPLAN_MODEL_ID=%ModelId%"\n' in new
    joined = new.replace(" ^\n   ", "")
    assert (
        'anaplan import "%~dp0in\\%FileName%" --run "Load it" --to "%FileName%" '
        '--allow-refused all --refused "C:\\My Errors.txt" || exit /b\n'
    ) in joined
    # A backslash before the quotation mark would be read as part of it.
    assert (
        'anaplan run "All & more" --allow-refused all --refused "%Folder%refused.csv" || exit'
        in joined
    )
    assert 'if not exist "%Folder%" mkdir "%Folder%"\n' in joined
    assert "Line" not in new


def test_a_batch_file_becomes_a_shell_script(convert: Convert) -> None:
    new = convert(BATCH, "old.bat", "--to", "bash").replace(" \\\n   ", "")
    assert "FileName='My 100% Source.txt'\n" in new
    assert 'SCRIPT_FOLDER=$(cd "$(dirname "$0")" && pwd)\n' in new
    assert "anaplan import \"$SCRIPT_FOLDER/in\\\\$FileName\" --run 'Load it'" in new


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ("-f F -p %1", 'anaplan upload "%~1" --to F || exit /b'),
        ("-f F -p %~dp0", 'anaplan upload "%~dp0." --to F || exit /b'),
        ("-f F -p x%DATE:~0,4%.csv", 'anaplan upload "x%DATE:~0,4%.csv" --to F || exit /b'),
        ("-f F -p a^&b > log 2>&1 && echo done", 'anaplan upload "a&b" --to F || exit /b'),
        ("-i I -xm Time:? -x", 'set /p "VALUE_1=Time: "'),
    ],
)
def test_arguments_in_batch_files(convert: Convert, arguments: str, expected: str) -> None:
    assert expected in convert(BAT + arguments + "\r\n", "old.bat")


def test_code_of_the_other_shell_is_asked_for(convert: Convert) -> None:
    new = convert("AnaplanClient.sh -m M -f F -p $(date +%F).csv", "old.sh", "--to", "batch")
    assert (
        "rem Line 1: set REPLACE_1 to what this was: $(date +%F)\nif not defined REPLACE_1" in new
    )
    assert 'anaplan upload "%REPLACE_1%.csv" --to F' in new


def test_stdin_is_converted(anaplan: Command) -> None:
    done = anaplan("convert-connect", "-", stdin=BAT + "-F\r\n")
    assert done.out.endswith('set "ANAPLAN_MODEL_ID=M"\nanaplan ls files || exit /b\n')
    assert done.err == "1 command, 2 notes.\n"


def test_json_has_commands_notes_and_script(anaplan: Command) -> None:
    found = anaplan("convert-connect", "-", "-o", "json", stdin=SH + "-F -i 'A b' -x").json
    assert found["commands"] == ["anaplan ls files", "anaplan run 'A b' --allow-refused all"]
    assert any("ANAPLAN_PASSWORD" in note for note in found["notes"])
    assert found["script"].startswith("#!")


@pytest.mark.parametrize(
    "text", ["", "echo hello\n", "[ -f AnaplanClient.sh ] && echo AnaplanClient.sh\n", "\0\1"]
)
def test_other_files_are_refused(anaplan: Command, home: Path, text: str) -> None:
    (home / "x.sh").write_text(text)
    done = anaplan("convert-connect", "x.sh")
    assert (done.code, done.out) == (2, "")
    assert "x.sh" in done.err


def test_a_missing_file_is_reported(anaplan: Command) -> None:
    assert anaplan("convert-connect", "missing.sh").code != 0
