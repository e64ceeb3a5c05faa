"""Commands for setting up: `stammkunde init`, `stammkunde settings`, `stammkunde completion`."""

from __future__ import annotations

import json
import os
from pathlib import Path

import click

from pipelines.command_line import json_option, usable, workspace_option
from pipelines.workspace import SETTINGS_FILE, Settings, Workspace

_SHELLS = ("bash", "zsh", "fish")


@click.command()
@workspace_option
def init(folder: Path | None) -> None:
    """Make a workspace: landing/ for your exports, and a settings.yml that explains every key.

    A settings.yml that is there already stays as it is. Editors that know YAML schemas (VS Code, JetBrains,
    Neovim) complete and check the file by the settings.schema.json beside it.

    \b
    Examples:
      stammkunde init
      stammkunde init --workspace /data/acme
    """
    from pipelines.settings_guide import SCHEMA_FILE, commented_settings, schema_text

    workspace = Workspace.locate(folder)
    os.umask(0o077)
    workspace.create_folders()
    settings = workspace.root / SETTINGS_FILE
    is_new = not settings.exists()
    if is_new:
        settings.write_text(commented_settings(), encoding="utf-8")
    (workspace.root / SCHEMA_FILE).write_text(schema_text(), encoding="utf-8")
    click.echo(
        f"{settings} explains every setting; all of them have defaults."
        if is_new
        else f"{settings} is there already and stays as it is; {SCHEMA_FILE} beside it is up to date."
    )
    click.echo(f"Put your exports into {workspace.landing}, then: stammkunde run --workspace {workspace.root}")


@click.command()
@workspace_option
@json_option
@click.option("--schema", is_flag=True, help="The JSON schema of settings.yml instead, for editors.")
@click.option("--template", is_flag=True, help="A settings.yml with every key explained instead, as init writes it.")
def settings(folder: Path | None, *, as_json: bool, schema: bool, template: bool) -> None:
    """Check settings.yml, and show the settings in force with what differs from the default.

    \b
    Examples:
      stammkunde settings
      stammkunde settings --json
      stammkunde settings --template > acme/settings.yml
    """
    from pipelines.settings_guide import commented_settings, plain, schema_text

    if schema or template:
        click.echo(schema_text() if schema else commented_settings(), nl=False)
        return
    workspace = usable(folder)
    in_force, defaults = plain(workspace.settings), plain(Settings())
    if as_json:
        click.echo(json.dumps(in_force, ensure_ascii=False))
        return
    written = "" if (workspace.root / SETTINGS_FILE).exists() else ", which is not there: all are defaults"
    click.echo(f"{workspace.root / SETTINGS_FILE}{written}")
    for key, value in in_force.items():
        mark = "" if value == defaults[key] else f"   (default: {json.dumps(defaults[key], ensure_ascii=False)})"
        click.echo(f"  {key}: {json.dumps(value, ensure_ascii=False)}{mark}")


@click.command()
@click.argument("shell", type=click.Choice(_SHELLS))
@click.pass_context
def completion(ctx: click.Context, shell: str) -> None:
    """Print the script by which a shell completes commands and options.

    \b
    Put it where the shell looks, and open a new shell:
      stammkunde completion bash > ~/.local/share/bash-completion/completions/stammkunde
      stammkunde completion zsh > "${fpath[1]}/_stammkunde"
      stammkunde completion fish > ~/.config/fish/completions/stammkunde.fish
    """
    from click.shell_completion import get_completion_class

    kind = get_completion_class(shell)
    if kind is None:
        raise click.UsageError(f"{shell} is not known.")
    click.echo(kind(ctx.find_root().command, {}, "stammkunde", "_STAMMKUNDE_COMPLETE").source())
