import sys
from pathlib import Path

import pytest
from conftest import hold, kill_while_waiting, recipe, starts, uploads

from anaplan_sdk.testing import EmulatedAnaplan

dg = pytest.importorskip("dagster")
load = recipe("dagster/anaplan_dagster.py")

MATERIALIZE = """
import sys, dagster as dg
sys.path.insert(0, sys.argv[1])
from anaplan_dagster import defs
defs.resolve_job_def("load_airlines").execute_in_process(
    instance=dg.DagsterInstance.local_temp(sys.argv[3]),
    run_config={"ops": {"airlines": {"config": {"path": sys.argv[2]}}}},
)
"""


def loading_job() -> "dg.JobDefinition":
    return load.defs.resolve_job_def("load_airlines")


def materialize(path: Path, **options: object) -> "dg.ExecuteInProcessResult":
    return dg.materialize(
        [load.airlines],
        resources={"anaplan": load.Anaplan(run_folder=str(path.parent / "runs"))},
        run_config={"ops": {"airlines": {"config": {"path": str(path)}}}},
        raise_on_error=False,
        **options,
    )


def metadata(result: "dg.ExecuteInProcessResult") -> dict[str, object]:
    [event] = result.asset_materializations_for_node("airlines")
    return {name: value.value for name, value in event.metadata.items()}


@pytest.mark.usefixtures("environ")
def test_refused_rows_are_metadata(anaplan: EmulatedAnaplan, airlines: Path) -> None:
    result = materialize(airlines)
    assert result.success
    found = metadata(result)
    assert found["refused"] == 1
    [row] = found["refused_rows"].records
    assert row.data["name"] == "Lost Airways"
    assert row.data["reason"] == "Empty key"
    assert found["rows"] == 3
    assert starts(anaplan) == 1
    # Materialized again, it is loaded again.
    assert materialize(airlines).success
    assert starts(anaplan) == 2


@pytest.mark.usefixtures("environ")
def test_a_retry_goes_on_with_the_run(anaplan: EmulatedAnaplan, airlines: Path) -> None:
    hold(anaplan, times=3)  # As often as the client asks.
    result = materialize(airlines)
    assert result.success
    assert [event.step_key for event in result.all_events if event.is_step_up_for_retry]
    assert (starts(anaplan), uploads(anaplan)) == (1, 1)


@pytest.mark.usefixtures("environ")
def test_what_cannot_succeed_is_not_retried(anaplan: EmulatedAnaplan, airlines: Path) -> None:
    airlines.write_text("carrier,title\nAA,American Airlines\n")
    result = materialize(airlines)
    assert not result.success
    assert not [event for event in result.all_events if event.is_step_up_for_retry]
    assert (starts(anaplan), uploads(anaplan)) == (0, 0)


def test_a_re_execution_after_a_kill_goes_on_with_the_run(
    anaplan: EmulatedAnaplan,
    environ: dict[str, str],
    airlines: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    storage = tmp_path / "dagster"
    storage.mkdir()
    (storage / "dagster.yaml").write_text("telemetry:\n  enabled: false\n")
    words = [sys.executable, "-c", MATERIALIZE, str(Path(load.__file__).parent)]
    kill_while_waiting(anaplan, [*words, str(airlines), str(storage)], environ, tmp_path)
    with dg.DagsterInstance.local_temp(str(storage)) as instance:
        [killed] = instance.get_runs()
        result = dg.execute_job(
            dg.reconstructable(loading_job),
            instance,
            run_config={
                "execution": {"config": {"in_process": {}}},
                "ops": {"airlines": {"config": {"path": str(airlines)}}},
            },
            reexecution_options=dg.ReexecutionOptions(parent_run_id=killed.run_id),
        )
        assert result.success
        assert result.run_id != killed.run_id
        [event] = [each for each in result.all_events if each.is_step_materialization]
    assert (starts(anaplan), uploads(anaplan)) == (1, 1)
    assert event.materialization.metadata["refused"].value == 1
