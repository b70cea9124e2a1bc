"""What a run writes, and how often."""

from typing import Annotated, Any, ClassVar, Literal

from pydantic import BeforeValidator, Field

from training.recipe.keys.section import Count, PathKey, Section


def _reporters(given: Any) -> Any:
    """`none`, one name or several, as names."""
    if given in (None, "none", [], ["none"]):
        return ()
    return (given,) if isinstance(given, str) else given


class OutputKeys(Section):
    """Logs, checkpoints and plots.

    Attributes:
        output_dir: Directory of the finished stage, with a `checkpoint-N` for each save.
        overwrite_output_dir: Whether `output_dir` may hold another run.
        resume_from_checkpoint: True: the newest checkpoint in `output_dir`; else the directory of one.
        logging_steps, save_steps: Optimizer steps between two log lines and two saves.
        save_strategy: When checkpoints are written.
        save_total_limit: So many checkpoints are kept; None: all.
        report_to: Where the log also goes: `none`, `tensorboard`, `wandb`, or a list.
        run_name: Name of the run there.
        plot_loss: Whether the loss and its terms are drawn at the end.
    """

    title: ClassVar[str] = "output"

    output_dir: PathKey
    overwrite_output_dir: bool = False
    resume_from_checkpoint: bool | str | None = None
    logging_steps: Count = 10
    save_strategy: Literal["no", "steps", "epoch"] = "steps"
    save_steps: Count = 500
    save_total_limit: Count | None = None
    report_to: Annotated[
        tuple[Literal["tensorboard", "wandb"], ...], BeforeValidator(_reporters), Field(strict=False)
    ] = ()
    run_name: str | None = None
    plot_loss: bool = False
