import threading

import pytest
import torch
from torch.utils.data import DataLoader

from hilum.training.data.batches import SideBySide, as_batch
from hilum.training.recipe.samplers import ShuffledSampler


class Drawn(torch.utils.data.Dataset):
    """An input and targets that follow from the draw; notes which threads made them, and waits for `together`."""

    def __init__(self, shape, together=1):
        self.shape, self.threads = shape, set()
        self.barrier = threading.Barrier(together, timeout=30)

    def __getitem__(self, draw):
        self.threads.add(threading.current_thread().name)
        self.barrier.wait()
        index, seed = draw
        values = torch.rand(self.shape, generator=torch.Generator().manual_seed(seed))
        return values, torch.tensor([float(index), float("nan")])


@pytest.fixture
def threads_of_torch():
    before = torch.get_num_threads()
    yield torch.set_num_threads
    torch.set_num_threads(before)


DRAWS = [(3, 7), (0, 8), (3, 9), (1, 7)]


@pytest.mark.parametrize("shape", [(3, 5, 4), (1, 6, 6), (11, 1, 1)])
def test_a_batch_holds_what_its_draws_say_in_their_order(threads_of_torch, shape):
    items = Drawn(shape)
    expected = torch.stack([items[draw][0] for draw in DRAWS])
    for threads in (1, 3):
        threads_of_torch(threads)
        inputs, targets = as_batch(SideBySide(items).__getitems__(DRAWS))
        assert torch.equal(inputs, expected)
        assert targets[:, 0].tolist() == [3.0, 0.0, 3.0, 1.0]
        assert targets[:, 1].isnan().all()


def test_images_lie_channels_last_also_where_channels_share_their_memory():
    plane = torch.rand(2, 1, 5, 4)
    samples = [(image.expand(3, 5, 4), torch.zeros(1)) for image in plane]
    inputs, _ = as_batch(samples)
    assert inputs.is_contiguous(memory_format=torch.channels_last)
    assert torch.equal(inputs, plane.expand(2, 3, 5, 4))


def test_samples_are_prepared_at_the_same_time_by_the_threads_that_torch_has(threads_of_torch):
    threads_of_torch(2)
    items = Drawn((2, 1, 1), together=2)  # each waits until another is at it too
    SideBySide(items).__getitems__(DRAWS)
    assert len(items.threads) == 2


def test_one_that_cannot_be_prepared_says_so():
    class Broken(torch.utils.data.Dataset):
        def __getitem__(self, draw):
            raise ValueError("no such image")

    with pytest.raises(ValueError, match="no such image"):
        SideBySide(Broken()).__getitems__(DRAWS)


def test_torchs_loader_takes_it(threads_of_torch):
    threads_of_torch(2)
    items = Drawn((3, 4, 4), together=2)
    loader = DataLoader(SideBySide(items), batch_size=4, sampler=ShuffledSampler(8, seed=1), collate_fn=as_batch)
    assert [tuple(inputs.shape) for inputs, _ in loader] == [(4, 3, 4, 4)] * 2
