import pytest
from typer.testing import CliRunner

from fabricate_kermany import fabricate_kermany
from hilum.cli.main import app


def run(*arguments):
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


@pytest.fixture(scope="module")
def release(tmp_path_factory):
    return fabricate_kermany(tmp_path_factory.mktemp("kermany"), train=2, test=4)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["nothing", "--data", "kermany=x", "--out", "o"], "expected a recipe among"),
        (["pneumonia", "--data", "kermany", "--out", "o"], "expected --data NAME=FOLDER"),
        (["pneumonia", "--data", "zoo=x", "--out", "o"], "with NAME among"),
    ],
)
def test_wrong_words_end_with_exit_code_2_and_one_line(arguments, message):
    result = run("train", *arguments)
    assert result.exit_code == 2
    assert message in result.stderr
    assert "Traceback" not in result.output


def test_a_missing_release_folder_is_named(tmp_path):
    result = run("train", "pneumonia", "--data", f"kermany={tmp_path / 'absent'}", "--out", tmp_path / "run")
    assert result.exit_code == 1
    assert "absent" in result.stderr


def test_missing_starting_weights_are_named(release, tmp_path):
    weights = tmp_path / "none.safetensors"
    result = run("train", "pneumonia", "--data", f"kermany={release}", "--weights", weights, "--out", tmp_path / "run")
    assert result.exit_code == 1
    assert "none.safetensors" in result.stderr
