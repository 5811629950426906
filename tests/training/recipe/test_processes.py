"""Two processes that talk by gloo against one with the summed batch: what `follow.py` writes."""

import os
import runpy
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from hilum.training.recipe.processes import sum_over_processes, training_processes

SCRIPT = Path(__file__).parent / "follow.py"
UPDATES = 20


def run(processes, folder, *options):
    folder.mkdir()
    return subprocess.run(
        [sys.executable, str(SCRIPT), str(processes), str(folder), *options],
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


def follow(processes, folder, *options):
    """What each wrote; one alone is this process, which has imported all that it needs."""
    if processes == 1:
        folder.mkdir()
        threads = torch.get_num_threads()
        runpy.run_path(str(SCRIPT))["main"](1, folder, staged="staged" in options, plain=False)
        torch.set_num_threads(threads)
    else:
        done = run(processes, folder, *options)
        assert done.returncode == 0, done.stderr
    return [torch.load(folder / f"rank{rank}.pt", weights_only=True) for rank in range(processes)]


@pytest.mark.slow
@pytest.mark.parametrize("options", [(), ("staged",)], ids=["frozen batch norms", "staged release"])
def test_two_processes_follow_one_with_the_summed_batch(options, tmp_path):
    (one,) = follow(1, tmp_path / "one", *options)
    two = follow(2, tmp_path / "two", *options)
    assert [int(each["group"]) for each in (one, *two)] == [1, 2, 2]
    assert one["after"].shape[0] == UPDATES
    assert float((one["after"][-1] - one["after"][0]).abs().max()) > 0.05, "there was something to follow"
    for each in two:
        torch.testing.assert_close(each["after"], one["after"], rtol=0.0, atol=1e-5)
        torch.testing.assert_close(each["figures"], one["figures"], rtol=0.0, atol=1e-5)
    assert torch.equal(two[0]["after"], two[1]["after"])
    assert bool((two[0]["known"] != two[1]["known"]).any()), "means of each process's own labels would not follow"
    assert torch.equal(two[0]["known"] + two[1]["known"], one["known"])
    for update in range(UPDATES):
        shares = torch.cat([each["drawn"][update] for each in two]).tolist()
        assert sorted(shares) == sorted(one["drawn"][update].tolist())


@pytest.mark.slow
def test_a_strategy_that_waits_for_frozen_blocks_is_refused_with_the_one_to_set(tmp_path):
    done = run(1, tmp_path / "plain", "staged", "plain")
    assert done.returncode != 0
    assert "needs the strategy ddp_find_unused_parameters_true" in done.stderr


def test_alone_there_is_one_process_and_a_sum_is_what_it_was():
    assert (training_processes().count, training_processes().rank) == (1, 0)
    values = torch.tensor([1.0, 2.0], requires_grad=True)
    total = sum_over_processes(values)
    assert total.tolist() == [1.0, 2.0]
    assert not total.requires_grad
