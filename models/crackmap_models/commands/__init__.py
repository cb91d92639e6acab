"""`crackmap models …`: one command, one file."""

import typer

from crackmap_models.commands.compare import compare
from crackmap_models.commands.compile import compile  # noqa: A004 - the command's name
from crackmap_models.commands.convert import convert
from crackmap_models.commands.data import data
from crackmap_models.commands.dense import dense
from crackmap_models.commands.evaluate import evaluate
from crackmap_models.commands.explain import explain
from crackmap_models.commands.leak import leak
from crackmap_models.commands.networks import networks
from crackmap_models.commands.photographs import photographs
from crackmap_models.commands.render import render
from crackmap_models.commands.robustness import robustness
from crackmap_models.commands.train import train
from crackmap_models.commands.verify import verify
from crackmap_models.commands.visible import visible

app = typer.Typer(help="Train, convert and evaluate crack classifiers.", no_args_is_help=True)
for command in (
    networks,
    render,
    data,
    train,
    convert,
    verify,
    dense,
    compile,
    evaluate,
    compare,
    robustness,
    visible,
    photographs,
    explain,
    leak,
):
    app.command()(command)
