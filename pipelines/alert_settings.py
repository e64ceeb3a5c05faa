"""Where a company wants to be told of a failed run."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field


def _web_address(text: str) -> str:
    if not re.fullmatch(r"https?://[^\s/]+(?:/\S*)?", text):
        raise ValueError("must be a web address that begins with https:// or http://")
    return text


def _own_file(text: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]*", text):
        raise ValueError("must be the name of a file in the workspace, such as alerts.jsonl, without a folder")
    return text


class AlertSettings(BaseModel):
    """Who is told of a step that failed. Without them, nobody; nothing leaves the machine unless webhook is set."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    webhook: Annotated[str, AfterValidator(_web_address)] | None = Field(
        None,
        description="Web address that gets a POST with JSON: text, workspace, step, run_id. Chat tools such as Slack "
        "show the text. It holds no personal data.",
        examples=["https://chat.example.com/hooks/abc"],
    )
    file: Annotated[str, AfterValidator(_own_file)] | None = Field(
        None,
        description="File in the workspace to which each alert is added as a line of JSON.",
        examples=["alerts.jsonl"],
    )
