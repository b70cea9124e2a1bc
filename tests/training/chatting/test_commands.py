"""What the command refuses before it loads anything, and where a model comes from."""

import typer
from typer.testing import CliRunner

from tests.training.chatting.conftest import BUNDLE, FRAME
from training.chatting.commands import chat
from training.exporting.commands import export

app = typer.Typer()
app.command()(chat)
app.command()(export)


def run(*arguments):
    result = CliRunner().invoke(app, list(map(str, arguments)))
    return result.exit_code, result.stderr.strip()


def test_a_scene_is_a_sample_or_a_frame():
    assert run("chat", "--bundle", BUNDLE) == (1, "scene: expected --data or --frame, given neither")
    assert run("chat", "--bundle", BUNDLE, "--data", "x", "--frame", FRAME)[1].endswith("given both")


def test_a_model_is_needed():
    code, message = run("chat", "--frame", FRAME)
    assert (code, message) == (1, "model: expected a configuration file, --bundle or --url, given none")


def test_what_is_neither_bundle_nor_stage_is_refused(tmp_path):
    code, message = run("chat", "--bundle", tmp_path, "--frame", FRAME)
    assert code == 1
    assert message.startswith("model_name_or_path: expected a bundle with a manifest.json, or a finished stage")


def test_an_unknown_command_word_is_refused():
    assert (
        "command: expected one of left, right, straight"
        in run("chat", "--bundle", BUNDLE, "--frame", FRAME, "--command", "back")[1]
    )


def test_a_running_service_samples_no_words_and_that_is_told(tmp_path):
    config = tmp_path / "chat.yaml"
    config.write_text("model_name_or_path: none\n")
    asked = ["chat", "--url", "http://127.0.0.1:9", "--frame", FRAME, config]
    note = "takes the likeliest word always"
    shown = [CliRunner().invoke(app, list(map(str, [*asked, *keys]))).stdout for keys in (["temperature=0.7"], [])]
    assert [note in text for text in shown] == [True, False]


def test_export_of_something_else_is_one_line(tmp_path):
    code, message = run("export", tmp_path, "--out", tmp_path / "out")
    assert code == 1
    assert message.startswith("run: expected a stage directory with stage.json")
    assert "Traceback" not in message
