"""`python -m training chat`."""

from collections.abc import Generator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

if TYPE_CHECKING:
    from training.chatting.answerer import Answerer
    from training.recipe.chat_recipe import ChatRecipe

_GREEDY_NOTE = "note: a running service takes the likeliest word always; temperature and top_p have no effect"


def chat(
    config: Annotated[Path | None, typer.Argument(help="YAML file, such as configs/api.yaml.")] = None,
    overrides: Annotated[list[str] | None, typer.Argument(help="Keys that rule over the file: key=value.")] = None,
    bundle: Annotated[Path | None, typer.Option(help="Bundle or finished stage, instead of the file's.")] = None,
    url: Annotated[str | None, typer.Option(help="A running llm_service that answers instead.")] = None,
    api_key: Annotated[str | None, typer.Option(envvar="WAYMEND_LLM_API_KEY", help="Of that service.")] = None,
    data: Annotated[Path | None, typer.Option(help="Correction samples, as `data build` writes them.")] = None,
    sample: Annotated[str | None, typer.Option(help="Token of a key frame; the first where not given.")] = None,
    nuscenes: Annotated[Path | None, typer.Option(help="Its data set, where that has moved since the build.")] = None,
    version: Annotated[str | None, typer.Option(help="Of the data set.")] = None,
    frame: Annotated[Path | None, typer.Option(help="A frame directory, instead of a sample.")] = None,
    command: Annotated[str, typer.Option(help="Route command with --frame: left, right or straight.")] = "straight",
    speed_mps: Annotated[float | None, typer.Option(help="For a frame without an ego state.")] = None,
) -> None:
    """A conversation about a scene: its proposals, their corrections, and why."""
    from llm_service.engine import EngineUnavailable
    from training.chatting.answerer import AnswerFailed
    from training.chatting.chat_scene import scene_of_frame, scene_of_sample
    from training.chatting.conversation import converse
    from training.chatting.terminal import Terminal
    from waymend.bundle import BundleError
    from waymend.errors import InvalidField
    from waymend.vocabulary import COMMANDS

    console = Console()
    try:
        if (data is None) == (frame is None):
            raise InvalidField("scene", "--data or --frame", "both" if data else "neither")
        if command not in COMMANDS:
            raise InvalidField("command", f"one of {', '.join(COMMANDS)}", command)
        with _answerer(_recipe(config, overrides or [], bundle, url), url, api_key, console) as answerer:
            scene = (
                scene_of_frame(frame, answerer.horizon, command, speed_mps)
                if frame is not None
                else scene_of_sample(data, sample, nuscenes, version)  # ty: ignore[invalid-argument-type]
            )
            converse(scene, answerer, Terminal(console))
    except (AnswerFailed, BundleError, EngineUnavailable, InvalidField, OSError) as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from None
    except KeyboardInterrupt:
        console.print()


def _recipe(config: Path | None, overrides: list[str], bundle: Path | None, url: str | None) -> "ChatRecipe":
    from training.recipe.chat_recipe import ChatRecipe, read_chat_recipe
    from waymend.errors import InvalidField

    if config is not None:
        named = [f"model_name_or_path={bundle}"] if bundle is not None else []
        return read_chat_recipe(config, [*overrides, *named])
    if bundle is None and url is None:
        raise InvalidField("model", "a configuration file, --bundle or --url", "none")
    return ChatRecipe(model_name_or_path=str(bundle or url))


@contextmanager
def _answerer(recipe: "ChatRecipe", url: str | None, api_key: str | None, console: Console) -> "Generator[Answerer]":
    from llm_service.engine import Sampling
    from training.chatting.bundle_source import bundle_of
    from training.chatting.local_answerer import local_answerer
    from training.chatting.remote_answerer import remote_answerer

    for note in recipe.notes:
        console.print(f"note: {note}", markup=False, style="dim")
    with ExitStack() as stack:
        if url is not None:
            if recipe.temperature > 0:
                console.print(_GREEDY_NOTE, style="dim")
            yield stack.enter_context(remote_answerer(url, api_key))
            return
        sampling = Sampling(recipe.temperature, recipe.top_p, recipe.seed)
        with console.status("starting the engine"):
            directory = stack.enter_context(bundle_of(Path(recipe.model_name_or_path)))
            answerer = stack.enter_context(local_answerer(directory, recipe.max_new_tokens, sampling))
        yield answerer
