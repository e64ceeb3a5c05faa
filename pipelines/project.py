"""Where the code lies, and the dbt project of a workspace."""

from __future__ import annotations

import hashlib
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from dagster_dbt import DbtCliResource, DbtProject

from pipelines.workspace import ENVIRONMENT_VARIABLE, Workspace

REPO_ROOT = Path(__file__).resolve().parents[1]
DBT_PROJECT_DIR = REPO_ROOT / "dbt_project"


def dbt_project(workspace: Workspace) -> DbtProject:
    """Return the dbt project whose artefacts lie in the workspace, parsed anew when a file of it has changed."""
    os.environ[ENVIRONMENT_VARIABLE] = str(workspace.root)
    os.environ["STAMMKUNDE_MEMORY_LIMIT"] = f"{workspace.settings.memory_limit_gb}GB"
    os.environ["DBT_TARGET_PATH"] = str(workspace.dbt_target)
    project = DbtProject(project_dir=DBT_PROJECT_DIR, target_path=workspace.dbt_target)
    stamp = workspace.dbt_target / "parsed"
    content = _content_hash(DBT_PROJECT_DIR)
    if not (project.manifest_path.exists() and stamp.exists() and stamp.read_text() == content):
        workspace.dbt_target.mkdir(mode=0o700, parents=True, exist_ok=True)
        dbt_resource(project).cli(["parse", "--quiet"], target_path=project.target_path).wait()
        stamp.write_text(content)
    return project


class DbtChild(DbtCliResource):
    """dbt in a process of its own, which ends together with the run that started it.

    Dagster would also load dbt's adapter into its own process, to look up columns. That costs seconds, and would open
    the warehouse file there, which only dbt may.
    """

    def _initialize_dbt_core_adapter(self, args: Sequence[str]) -> None:  # type: ignore[override]  # noqa: ARG002
        return None


def dbt_resource(project: DbtProject) -> DbtCliResource:
    """Return the dbt command line as a resource."""
    executable = Path(sys.executable).parent / "stammkunde-dbt"
    return DbtChild(project_dir=project, dbt_executable=str(executable))  # type: ignore[arg-type]


def _content_hash(folder: Path) -> str:
    digest = hashlib.sha256(str(folder).encode())
    for path in sorted(folder.rglob("*")):
        if path.suffix in {".sql", ".yml", ".csv", ".md"} and "target" not in path.parts:
            digest.update(str(path.relative_to(folder)).encode())
            digest.update(path.read_bytes())
    return digest.hexdigest()
