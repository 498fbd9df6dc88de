"""The children of all parents fitted at once: the parameters that SDV finds with a model object for each parent."""

# ruff: noqa: SLF001 - SDV offers no public way; a test fails when one of these names is gone

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

_Array = npt.NDArray[Any]

NORMAL = {"default_distribution": "norm"}  # how SDV fits tables that have parents
EDGE = float(np.finfo(np.float32).eps)  # copulas keeps probabilities that far from 0 and 1


def uncovered(model: Any, child: str, rows: pd.DataFrame, key: str) -> str | None:
    """Why SDV itself must fit these children, or None.

    SDV passes over a parent with a null among its children's values, and fits infinite ones in its own way.
    """
    if model._table_parameters[child] != NORMAL:
        return "its columns are not fitted with norm"
    if key not in rows or not np.isfinite(rows[_columns(model, child, rows)].to_numpy("float64")).all():
        return "it has values that are not finite"
    return None


def extension(model: Any, child: str, rows: pd.DataFrame, key: str) -> pd.DataFrame:
    """What ``HMASynthesizer._get_extension`` tells a parent of its children: one row for each parent that has some.

    Columns and their order are SDV's: the lower triangle of the correlations of normal scores, mean and
    standard deviation of each column, the number of children; an only child has no standard deviation.

    Args:
        model: an HMASynthesizer at work.
        child: the table of the children, as SDV calls it.
        rows: the children as numbers, and their parents' keys.
        key: the column of these; rows without one are left out.
    """
    names = _columns(model, child, rows)
    known = rows[rows[key].notna()]
    codes, parents = pd.factorize(known[key])
    counts = np.bincount(codes, minlength=len(parents))
    values = known[names].to_numpy("float64").T[:, np.argsort(codes, kind="stable")]
    columns = fitted(np.ascontiguousarray(values), counts, names) if names else {}
    told = pd.DataFrame({**columns, "num_rows": counts.astype("float64")}, index=parents)
    return told.add_prefix(f"__{child}__{key}__")


def fitted(values: _Array, counts: _Array, names: list[str]) -> dict[str, _Array]:
    """The parameters of a Gaussian copula with normal margins for each group, by the names that SDV gives them.

    The groups stand one after another, none is empty. Where a group has one value only, or values too close for a
    standard deviation, the column is constant and correlates with none, as in copulas.

    Args:
        values: finite, of shape (columns, rows).
        counts: the rows of each group.
        names: of the columns.

    Example:
        >>> found = fitted(np.array([[1.0, 3.0, 5.0], [2.0, 4.0, 4.0]]), np.array([2, 1]), ["a", "b"])
        >>> {name: numbers.tolist() for name, numbers in found.items() if name.startswith("univariates__a")}
        {'univariates__a__loc': [2.0, 5.0], 'univariates__a__scale': [1.0, nan]}
    """
    starts = np.cumsum(counts) - counts
    mean, deviation, scores = _margins(values, starts, counts)
    found: dict[str, _Array] = {}
    for row, correlations in enumerate(_correlations(scores, starts, counts)):
        found |= {f"correlation__{row}__{column}": numbers for column, numbers in enumerate(correlations)}
    for name, own_mean, own_deviation in zip(names, mean, deviation, strict=True):
        found[f"univariates__{name}__loc"] = own_mean
        found[f"univariates__{name}__scale"] = np.where(counts == 1, np.nan, own_deviation)
    return found


def _columns(model: Any, child: str, rows: pd.DataFrame) -> list[str]:
    """What is learned, in SDV's order: sorted."""
    return sorted(set(rows.columns) - set(model.metadata._get_all_foreign_keys(child)))


def _margins(values: _Array, starts: _Array, counts: _Array) -> tuple[_Array, _Array, _Array]:
    """Means and standard deviations of each column and group, and the normal scores of all values, 0 where constant."""
    least, most = np.minimum.reduceat(values, starts, axis=1), np.maximum.reduceat(values, starts, axis=1)
    constant = least == most
    mean = np.where(constant, least, np.add.reduceat(values, starts, axis=1) / counts)
    apart = values - np.repeat(mean, counts, axis=1)
    deviation = np.where(constant, 0, np.sqrt(np.add.reduceat(apart * apart, starts, axis=1) / counts))
    with np.errstate(divide="ignore", invalid="ignore"):
        scores = _scores(apart / np.repeat(deviation, counts, axis=1))
    return mean, deviation, np.where(np.repeat(deviation > 0, counts, axis=1), scores, 0)


def _scores(standardized: _Array) -> _Array:
    """Through the probabilities and back, as copulas does it: the ends are cut, the rest stays but for rounding."""
    from scipy.special import ndtr, ndtri

    scores: _Array = ndtri(np.clip(ndtr(standardized), EDGE, 1 - EDGE))
    return scores


def _correlations(scores: _Array, starts: _Array, counts: _Array) -> list[_Array]:
    """Of each column but the first with those before it, of shape (columns before it, groups)."""
    mean = np.add.reduceat(scores, starts, axis=1) / counts
    apart = scores - np.repeat(mean, counts, axis=1)
    squares = np.add.reduceat(apart * apart, starts, axis=1)
    found = []
    for row in range(1, len(scores)):
        products = np.add.reduceat(apart[:row] * apart[row], starts, axis=1)
        size = np.sqrt(squares[:row] * squares[row])
        found.append(np.clip(np.divide(products, size, out=np.zeros_like(size), where=size > 0), -1, 1))
    return found
