"""What the tests share: an emulated Anaplan, a Spark session, and how both find each other."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from pyspark.sql import DataFrame, SparkSession

from anaplan_emulator import Emulator
from anaplan_sdk.testing import EmulatedAnaplan

AIRLINES_FILE = 113000000000
AIRLINES_IMPORT = "112000000001"


@dataclass(frozen=True)
class SparkAnaplan:
    """The emulated Anaplan, and how Spark's processes reach it.

    Attributes:
        anaplan: The emulated Anaplan.
        options: The options of a read or write as the integration user.
        auditor: The options of a read as the user with the role Tenant Auditor.
        passwords: The secrets, which nothing may show.
    """

    anaplan: EmulatedAnaplan
    options: dict[str, str]
    auditor: dict[str, str]
    passwords: tuple[str, ...]

    def runs(self) -> int:
        """Return how many actions were started."""
        return len(self.anaplan.requests("POST", "*/tasks"))

    def export_named(self, part: str) -> str:
        """Return the id of the export whose name contains a text."""
        with self.anaplan.client() as client:
            return str(next(each.id for each in client.get_exports() if part in each.name))


@dataclass(frozen=True)
class Airlines:
    """Writes airlines, and looks at what has become of them.

    Attributes:
        source: The emulated Anaplan, and the options that reach it.
        spark: The Spark session.
        staging: A folder for staged pieces.
    """

    source: SparkAnaplan
    spark: SparkSession
    staging: Path

    def frame(self, count: int, partitions: int = 2) -> DataFrame:
        """Return a frame of new airlines, in order."""
        return self.spark.range(0, count, 1, partitions).selectExpr(
            "concat('X', id) carrier", "concat('Airline ', id) name"
        )

    def write(self, frame: DataFrame, **options: str) -> None:
        """Write a frame to the import of airlines, unless the options name a process."""
        target = {} if "process" in options else {"import": AIRLINES_IMPORT}
        writer = frame.write.format("anaplan").mode("append")
        writer.options(**{**self.source.options, **target, **options}).save()

    def stage(self, frame: DataFrame, **options: str) -> None:
        """Write a frame through the staging folder."""
        self.write(frame, staging=str(self.staging), **options)

    def codes(self) -> list[str]:
        """Return the codes of the new airlines in the file at Anaplan, in order."""
        with self.source.anaplan.client() as client:
            content = client.get_file(AIRLINES_FILE)
        return [line.partition(",")[0] for line in content.decode().splitlines()[1:]]

    def members(self) -> set[str]:
        """Return the codes of the airlines in the list at Anaplan."""
        with self.source.anaplan.client() as client:
            (found,) = [each.id for each in client.tr.get_lists() if each.name == "Airlines"]
            return {str(item.code) for item in client.tr.get_list_items(found)}

    def runs(self) -> int:
        """Return how many tasks Anaplan has started, and lists."""
        started = self.source.runs()
        with self.source.anaplan.client() as client:
            listed = len(client.get_task_summaries(int(AIRLINES_IMPORT)))
        assert started == listed
        return started

    def staged(self) -> list[str]:
        """Return the names of the staged files."""
        return sorted(path.name for path in self.staging.rglob("*") if path.is_file())


@pytest.fixture(scope="session")
def secrets(
    anaplan_emulator: Emulator, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, Path]:
    """Write the credentials of two users to files, as an administrator of a cluster does."""
    folder = tmp_path_factory.mktemp("secrets")
    passwords = {user.email: user.password for user in anaplan_emulator.tenant.description.users}
    files = {}
    for email in (anaplan_emulator.user_email, "auditor@skyline.example"):
        files[email] = folder / f"{email.partition('@')[0]}.json"
        files[email].write_text(json.dumps({"user_email": email, "password": passwords[email]}))
    return files


@pytest.fixture
def source(
    anaplan: EmulatedAnaplan, anaplan_emulator: Emulator, secrets: dict[str, Path]
) -> SparkAnaplan:
    """Return the emulated Anaplan, reset, with the options that reach it."""
    places = {
        "base_url": anaplan_emulator.base_url,
        "workspace_id": anaplan_emulator.workspace_id,
        "model_id": anaplan_emulator.model_id,
    }
    return SparkAnaplan(
        anaplan,
        {**places, "secret": f"file:{secrets[anaplan_emulator.user_email]}"},
        {**places, "secret": f"file:{secrets['auditor@skyline.example']}"},
        tuple(json.loads(file.read_text())["password"] for file in secrets.values()),
    )


@pytest.fixture(scope="session")
def spark(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SparkSession]:
    """Start the one Spark session of the tests. A task that fails is tried three times."""
    from anaplan_spark import AnaplanDataSource

    events = tmp_path_factory.mktemp("events")
    session = (
        SparkSession.builder.master("local[2,3]")
        .appName("anaplan-spark tests")
        .config("spark.driver.memory", "512m")
        .config("spark.driver.extraJavaOptions", "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC")
        # Python may take longer to start on a busy machine than the default of 15 seconds.
        .config("spark.python.authenticate.socketTimeout", "120s")
        .config("spark.ui.enabled", "false")
        .config("spark.driver.bindAddress", "127.0.0.1")
        .config("spark.sql.shuffle.partitions", "2")
        .config("spark.sql.session.timeZone", "UTC")
        .config("spark.eventLog.enabled", "true")
        .config("spark.eventLog.compress", "false")
        .config("spark.eventLog.dir", events.as_uri())
        .config("spark.sql.warehouse.dir", str(tmp_path_factory.mktemp("warehouse")))
        .getOrCreate()
    )
    session.sparkContext.setLogLevel("OFF")
    session.dataSource.register(AnaplanDataSource)
    yield session
    session.stop()


@pytest.fixture
def airlines(source: SparkAnaplan, spark: SparkSession, tmp_path: Path) -> Airlines:
    """Return what writes airlines to the emulated Anaplan."""
    return Airlines(source, spark, tmp_path / "staging")
