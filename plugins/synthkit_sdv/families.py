"""The Gaussian copulas of many parents' children, as arrays instead of one object for each parent."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import numpy.typing as npt
import pandas as pd

from synthkit_sdv.moments import EDGE

_Array = npt.NDArray[Any]
_Floats = npt.NDArray[np.float64]

NEAREST = 10  # how often SDV tries to make a matrix both positive and 1 on its diagonal
UNTOLD = 1e-6  # what SDV takes where a parent has no parameter
SINGULAR = 1e6 * np.finfo(np.float64).eps  # what scipy takes for 0, as a part of the greatest eigenvalue


def uncovered(parents: Iterable[str], prefix: str, columns: Iterable[str]) -> bool:
    """Whether the columns of parents hold other parameters of their children than those of normal margins."""
    kinds = re.compile(rf"{re.escape(prefix)}(correlation__\d+__\d+|num_rows)$")
    told = {name for name in parents if name.startswith(prefix) and not kinds.match(name)}
    return told != {f"{prefix}univariates__{name}__{part}" for name in columns for part in ("loc", "scale")}


@dataclass(frozen=True)
class Families:
    """One Gaussian copula with normal margins for the children of each parent.

    Attributes:
        loc, scale: of the margins, of shape (parents, columns).
        values, vectors: eigenvalues, none negative, of shape (parents, columns), and eigenvectors, of shape
            (parents, columns, columns), of the correlations.
    """

    loc: _Floats
    scale: _Floats
    values: _Floats
    vectors: _Floats

    @classmethod
    def of(cls, model: Any, child: str, prefix: str, columns: Iterable[str], parents: pd.DataFrame) -> Self:
        """What drawn rows of a parent table tell of their children.

        The same as SDV's ``_extract_parameters`` and ``_set_parameters``, row by row: parameters within what was
        seen, deviations not negative, correlations made a correlation matrix.

        Args:
            model: a fitted HMASynthesizer.
            child: the table of the children, as SDV calls it.
            prefix: how the columns of ``parents`` begin that tell of them.
            columns: the columns of the children.
            parents: rows of the parent table, as SDV models them.
        """
        names = sorted(columns)
        known = model.extended_columns[child]

        def told(parameters: list[str]) -> _Floats:
            labels = [f"{prefix}{parameter}" for parameter in parameters]
            least, most = ([getattr(known[label], end) for label in labels] for end in ("_min_value", "_max_value"))
            found: _Floats = np.clip(parents[labels].fillna(UNTOLD).to_numpy("float64"), least, most)
            return found

        matrices = np.zeros((len(parents), len(names), len(names)))
        for row in range(1, len(names)):
            pairs = told([f"correlation__{row - 1}__{column}" for column in range(row)])
            matrices[:, row, :row] = matrices[:, :row, row] = pairs
        loc, scale = (told([f"univariates__{name}__{part}" for name in names]) for part in ("loc", "scale"))
        return cls(loc, np.maximum(scale, 0), *nearest(matrices))

    def draw(self, counts: _Array) -> _Floats:
        """So many children of each parent, one parent after another, of shape (children, columns).

        All chance comes from numpy's global generator.
        """
        owner = np.repeat(np.arange(len(counts)), counts)
        noise = np.random.standard_normal((len(owner), self.loc.shape[1]))  # noqa: NPY002 - seeded outside
        roots = self.vectors * np.sqrt(self.values)[:, np.newaxis, :]
        scores = np.empty_like(noise)
        for column in range(noise.shape[1]):
            scores[:, column] = np.einsum("rk,rk->r", roots[owner, column], noise)
        return self.loc[owner] + self.scale[owner] * scores

    def likelihoods(self, rows: _Floats, among: _Array) -> _Floats:
        """The density of the normal scores of each row in each of some families, of shape (rows, families).

        Where a family's correlations are singular, a row off their plane has none (scipy's ``allow_singular``).
        """
        scores = self._scores(rows, among)
        squares = np.square(scores @ self.vectors[among]).transpose(1, 0, 2)
        values = self.values[among]
        zero = values <= SINGULAR * values.max(axis=1, keepdims=True)
        safe = np.where(zero, 1, values)
        distance = np.einsum("rpk,pk->rp", squares, np.where(zero, 0, 1 / safe))
        rank = (~zero).sum(axis=1)
        density: _Floats = np.exp(-0.5 * (rank * np.log(2 * np.pi) + np.log(safe).sum(axis=1) + distance))
        off = np.sqrt(np.einsum("rpk,pk->rp", squares, zero.astype("float64")))
        density[(off >= 1e3 * SINGULAR * values.max(axis=1)) & (rank < zero.shape[1])] = 0
        return density

    def _scores(self, rows: _Floats, among: _Array) -> _Floats:
        """Of shape (families, rows, columns); a constant column lies at one end or the other."""
        from scipy.special import ndtri

        with np.errstate(divide="ignore", invalid="ignore"):
            scores = (rows - self.loc[among, np.newaxis]) / self.scale[among, np.newaxis]
        end = -float(ndtri(EDGE))
        cut: _Floats = np.clip(np.where(np.isnan(scores), end, scores), -end, end)
        return cut


def nearest(matrices: _Floats) -> tuple[_Floats, _Floats]:
    """Eigenvalues and eigenvectors of the correlation matrices nearest to some symmetric ones.

    The same as SDV's ``_rebuild_correlation_matrix`` does with one: scaled where a correlation exceeds 1, then
    negative eigenvalues set to 0 and the diagonal to 1 in turns, ten times at most.

    Args:
        matrices: with zeros on the diagonal, of shape (matrices, columns, columns).

    Example:
        >>> values, _ = nearest(np.array([[[0.0, 0.5], [0.5, 0.0]]]))
        >>> values.round(3).tolist()
        [[0.5, 1.5]]
    """
    unit = np.identity(matrices.shape[-1])
    values, vectors = np.linalg.eigh(_scaled(matrices) + unit)
    for _ in range(NEAREST):
        bad = (values < 0).any(axis=1)
        if not bad.any():
            break
        rebuilt = (vectors[bad] * np.maximum(values[bad], 0)[:, np.newaxis, :]) @ vectors[bad].transpose(0, 2, 1)
        values[bad], vectors[bad] = np.linalg.eigh(_scaled(np.where(unit == 1, 1, rebuilt)))
    return np.maximum(values, 0), vectors


def _scaled(matrices: _Floats) -> _Floats:
    """Each divided by its greatest entry, where that is above 1."""
    scaled: _Floats = matrices / np.maximum(np.abs(matrices).max(axis=(1, 2), keepdims=True), 1)
    return scaled
