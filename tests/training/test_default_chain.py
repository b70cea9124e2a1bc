"""The steps that `make train-default` would take."""

import shlex
import subprocess
from pathlib import Path

REPOSITORY = Path(__file__).parents[2]
DATA = [f"{made}{of}" for of in ("", "-9", "-10", "-11") for made in ("drives", "samples")]
DATA_AND_PARTS = (*DATA, "many-drives", "many-samples", "seeing", "perception", "controls")
MODEL = ("pretrain", "words", "maps", "sft", "motion-prior", "full")


def steps_left(out: Path) -> dict[str, list[str]]:
    """Arguments to `python -m training` by the directory that they fill."""
    told = subprocess.run(
        ["make", "-n", "train-default", f"DEFAULT={out}"], cwd=REPOSITORY, capture_output=True, text=True, check=True
    )
    lines = told.stdout.replace("\\\n", " ").splitlines()
    commands = [shlex.split(line)[3:] for line in lines if " -m training " in line]
    return {filled_by(command).name: command for command in commands}


def filled_by(command: list[str]) -> Path:
    if "--out" in command:
        return Path(command[command.index("--out") + 1])
    return next(Path(word.removeprefix("output_dir=")) for word in command if word.startswith("output_dir="))


def test_every_step_reads_what_steps_before_it_filled(tmp_path):
    steps = steps_left(tmp_path)
    assert sorted(steps) == sorted([*DATA_AND_PARTS, *MODEL, "bundle"])
    filled: set[Path] = set()
    for command in steps.values():
        paths = {Path(word.split("=")[-1]) for word in command if str(tmp_path) in word}
        assert all(path in filled or path.parent in filled for path in paths - {filled_by(command)})
        filled.add(filled_by(command))


def test_every_stage_has_its_recipe(tmp_path):
    stages = [command[1] for command in steps_left(tmp_path).values() if command[0] == "train"]
    assert len(stages) == len(MODEL) - 1
    assert all((REPOSITORY / "training" / config).is_file() for config in stages)


def test_a_chain_that_was_interrupted_goes_on_where_it_stopped(tmp_path):
    for step in (*DATA_AND_PARTS, "pretrain"):
        (tmp_path / f"{step}.done").touch()
    assert list(steps_left(tmp_path)) == [*MODEL[1:], "bundle"]
