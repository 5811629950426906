"""Occlusion maps against a slow one written square by square, and against networks of which the answer is known."""

from collections.abc import Callable

import numpy as np
import pytest

from hilum.errors import UsageError
from hilum.explain.occlusion import BATCH, occlusion_maps, passes

Ask = Callable[[np.ndarray], np.ndarray]


def random_network(*, labels: int, shape: tuple[int, ...], seed: int = 0) -> Ask:
    """Logits that are no sum over the picture: a hyperbolic tangent between two layers."""
    draw = np.random.default_rng(seed)
    first, second = draw.normal(size=(8, int(np.prod(shape)))) / 8, draw.normal(size=(labels, 8))
    return lambda batch: (np.tanh(batch.reshape(len(batch), -1) @ first.T) @ second.T).astype(np.float32)


def square_by_square(picture: np.ndarray, *, ask: Ask, cells: int, square: int) -> np.ndarray:
    """The same in loops, a pixel's cell found by its place."""
    _, rows, columns = picture.shape
    whole = ask(picture[None])[0]
    maps = np.zeros((len(whole), cells, cells))
    row_cell = np.searchsorted(np.rint(np.arange(1, cells) * rows / cells), np.arange(rows), side="right")
    column_cell = np.searchsorted(np.rint(np.arange(1, cells) * columns / cells), np.arange(columns), side="right")
    for i in range(cells):
        for j in range(cells):
            worth = []
            for top in range(i - square + 1, i + 1):
                for left in range(j - square + 1, j + 1):
                    hidden = picture.copy()
                    down = (row_cell >= top) & (row_cell < top + square)
                    across = (column_cell >= left) & (column_cell < left + square)
                    for channel in hidden:
                        channel[np.ix_(down, across)] = channel.mean()
                    worth.append((whole - ask(hidden[None])[0]) / square**2)
            maps[:, i, j] = np.mean(worth, axis=0)
    return maps


@pytest.mark.parametrize(
    ("shape", "cells", "square"),
    [((1, 12, 12), 4, 1), ((3, 13, 17), 5, 2), ((1, 7, 9), 7, 3), ((2, 8, 8), 4, 4), ((1, 5, 5), 1, 1)],
)
def test_it_is_the_one_that_is_made_square_by_square(shape: tuple[int, ...], cells: int, square: int) -> None:
    picture = np.random.default_rng(1).normal(size=shape).astype(np.float32)
    ask = random_network(labels=3, shape=shape)
    maps = occlusion_maps(picture, logits=ask(picture[None])[0], ask=ask, cells=cells, square=square)
    assert maps.shape == (3, cells, cells)
    assert maps.dtype == np.float32
    np.testing.assert_allclose(maps, square_by_square(picture, ask=ask, cells=cells, square=square), atol=1e-5)


def test_what_a_planted_spot_is_worth_to_each_label() -> None:
    """Label 0 sums the picture, label 1 sees its lower half alone, label 2 sees nothing."""
    picture = np.zeros((1, 28, 28), np.float32)
    picture[0, 4:6, 20:22] = 1.0  # cell (2, 10) of 14 x 14

    def ask(batch: np.ndarray) -> np.ndarray:
        lower = batch[:, 0, 14:].sum(axis=(1, 2))
        return np.stack([batch.sum(axis=(1, 2, 3)), lower, np.full(len(batch), 3.0)], axis=1).astype(np.float32)

    maps = occlusion_maps(picture, logits=ask(picture[None])[0], ask=ask, cells=14, square=1)
    grey = 4 / 28**2
    assert np.unravel_index(maps[0].argmax(), (14, 14)) == (2, 10)
    assert maps[0, 2, 10] == pytest.approx(4 * (1 - grey), abs=1e-4)
    assert maps[0, 0, 0] == pytest.approx(-4 * grey, abs=1e-4), "black is darker than the grey that hides it"
    assert maps[1, 2, 10] == 0
    assert not maps[2].any()


@pytest.mark.parametrize("square", [1, 2, 3, 4])
def test_a_spot_peaks_in_its_own_cell_and_weighs_the_same_wherever_it_lies(square: int) -> None:
    def ask(batch: np.ndarray) -> np.ndarray:
        return np.maximum(batch.max(axis=(1, 2, 3)) - 0.5, 0)[:, None].astype(np.float32)

    for row, column in ((0, 0), (0, 3), (1, 1), (2, 2), (4, 6), (6, 6)):
        picture = np.zeros((1, 28, 28), np.float32)
        picture[0, 4 * row + 1, 4 * column + 2] = 1.0
        (grid,) = occlusion_maps(picture, logits=ask(picture[None])[0], ask=ask, cells=7, square=square)
        assert np.unravel_index(grid.argmax(), grid.shape) == (row, column)
        assert np.sort(grid.ravel())[-2] < grid.max()
        assert grid.max() == pytest.approx(0.5 / square**2)


def test_pictures_are_asked_for_in_batches_and_the_picture_stays_as_it_was() -> None:
    picture = np.random.default_rng(2).random((1, 20, 20), np.float32)
    before, asked = picture.copy(), []

    def ask(batch: np.ndarray) -> np.ndarray:
        asked.append(len(batch))
        return np.zeros((len(batch), 1), np.float32)

    occlusion_maps(picture, logits=np.zeros(1, np.float32), ask=ask, cells=10, square=3)
    assert max(asked) <= BATCH
    assert sum(asked) == passes(10, 3) == 144
    np.testing.assert_array_equal(picture, before)


@pytest.mark.parametrize(
    "answer", [np.full((8, 1), np.nan), np.full((8, 1), np.inf), np.zeros((8, 2)), np.zeros((7, 1))]
)
def test_answers_that_are_no_logits_are_refused(answer: np.ndarray) -> None:
    with pytest.raises(UsageError, match=r"logits of hidden pictures must be finite and \(8, 1\)"):
        occlusion_maps(
            np.zeros((1, 20, 20), np.float32),
            logits=np.zeros(1, np.float32),
            ask=lambda _: answer.astype(np.float32),
            cells=10,
            square=3,
        )


def test_who_stops_while_it_is_asking_is_not_asked_again() -> None:
    asked = []

    def ask(batch: np.ndarray) -> np.ndarray:
        asked.append(len(batch))
        if len(asked) == 2:
            raise KeyboardInterrupt
        return np.zeros((len(batch), 1), np.float32)

    with pytest.raises(KeyboardInterrupt):
        occlusion_maps(np.zeros((1, 20, 20), np.float32), logits=np.zeros(1, np.float32), ask=ask, cells=10, square=3)
    assert asked == [BATCH, BATCH]


@pytest.mark.parametrize(("cells", "square"), [(4, 5), (4, 0), (9, 1)])
def test_what_cannot_be_hidden_is_refused(cells: int, square: int) -> None:
    with pytest.raises(UsageError, match=f"the square must be 1 to {cells} cells"):
        occlusion_maps(
            np.zeros((1, 8, 30), np.float32),
            logits=np.zeros(1, np.float32),
            ask=lambda batch: np.zeros((len(batch), 1), np.float32),
            cells=cells,
            square=square,
        )
