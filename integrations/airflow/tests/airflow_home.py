"""A temporary home of Airflow, and connections to the emulator."""

from __future__ import annotations

import json
import os
import tempfile
from pathlib import Path
from typing import Any

# Airflow reads these when it is imported.
FOLDER = tempfile.TemporaryDirectory(prefix="airflow-")
HOME = Path(FOLDER.name)
(HOME / "dags").mkdir()
os.environ.update(
    {
        "AIRFLOW_HOME": str(HOME),
        "AIRFLOW__CORE__DAGS_FOLDER": str(HOME / "dags"),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{HOME}/airflow.db",
        "AIRFLOW__LOGGING__BASE_LOG_FOLDER": str(HOME / "logs"),
        "AIRFLOW__CORE__ALLOWED_DESERIALIZATION_CLASSES_REGEXP": "airflow.*",
    }
)


def connection_of(emulator: Any, **extra: str) -> str:
    """Describe a connection to the emulator, as AIRFLOW_CONN_... expects it."""
    return json.dumps(
        {
            "conn_type": "anaplan",
            "host": emulator.base_url,
            "login": emulator.user_email,
            "password": emulator.password,
            "extra": {
                "workspace_id": emulator.workspace_id,
                "model_id": emulator.model_id,
                **extra,
            },
        }
    )
