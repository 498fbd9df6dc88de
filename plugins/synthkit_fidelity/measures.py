"""The formulas, each of counts or moments of the real and of the synthetic data; None where undefined."""

from __future__ import annotations

import math

import numpy as np

from synthkit_fidelity.states import Categories, Floats, Integers, Tally

_ROOT_OF_HALF_A_NORMAL = math.gamma(3 / 4) / (2 ** (3 / 4) * math.sqrt(math.pi))


def ks_complement(real: Tally, synthetic: Tally) -> float | None:
    """1 minus the greatest distance of both distribution functions (Kolmogorov-Smirnov), in [0, 1].

    Example:
        >>> ks_complement(Tally.of(np.array([1, 2])), Tally.of(np.array([2, 2])))
        0.5
    """
    if not (real.total and synthetic.total):
        return None
    points = np.concatenate([real.values, synthetic.values])
    return 1 - float(np.abs(_distribution(real, points) - _distribution(synthetic, points)).max())


def _distribution(tally: Tally, points: Floats) -> Floats:
    shares = np.append(0.0, tally.counts.cumsum(dtype=np.int64) / tally.total)
    return shares[np.searchsorted(tally.values, points, side="right")]


def tv_complement(real: Tally, synthetic: Tally) -> float | None:
    """1 minus the total variation distance of two sets of cells, in [0, 1].

    Example:
        >>> tv_complement(Tally.of(np.array([0, 0, 1, 1])), Tally.of(np.array([0, 0, 0, 7])))
        0.5
    """
    if not (real.total and synthetic.total):
        return None
    values, places = np.unique(np.concatenate([real.values, synthetic.values]), return_inverse=True)
    shares = [real.counts / real.total, synthetic.counts / -synthetic.total]
    return 1 - float(np.abs(np.bincount(places, np.concatenate(shares), len(values))).sum()) / 2


def categories_complement(real: Categories, synthetic: Categories) -> float:
    """1 minus the total variation distance of the shares of categories, in [0, 1]."""
    first, second = real.counts, synthetic.counts
    n, m = real.total, synthetic.total
    names = dict.fromkeys([*first, *second])
    apart = (first.get(name, 0) / n - second.get(name, 0) / m for name in names)
    return 1 - sum(map(abs, apart)) / 2


def coverage(real: Categories, synthetic: Categories) -> float:
    """The share of the real categories, each counted once however rare, that occur; in [0, 1]."""
    return sum(name in synthetic.counts for name in real.counts) / len(real.counts)


def similarity(real: float | None, synthetic: float | None) -> float | None:
    """1 minus half the distance of two correlations, in [0, 1]."""
    return None if real is None or synthetic is None else 1 - abs(real - synthetic) / 2


def association(cells: Tally, size: int) -> float | None:
    """The bias-corrected Cramer's V of a table of counts, in [0, 1]; 0 where a column has one value only.

    The cell in row i and column j has the number ``i * size + j``. A table in which the correction leaves
    a single row or column tells nothing: 0. Source: Bergsma (2013), A bias-correction for Cramer's V and
    Tschuprow's T.

    Example:
        >>> association(Tally.of(np.repeat([0, 3], 50)), 2)
        1.0
    """
    n = cells.total
    if n < 2:
        return None
    rows, r = _numbered(cells.values // size)
    columns, k = _numbered(cells.values % size)
    counts = cells.counts.astype(np.float64)
    expected = np.bincount(rows, counts)[rows] * np.bincount(columns, counts)[columns]
    phi = max(0.0, float((counts**2 / expected).sum()) - 1 - (r - 1) * (k - 1) / (n - 1))
    least = _least(n, r, k)
    return min(1.0, float(np.sqrt(phi / least))) if least > 1e-12 else 0.0


def association_by_chance(cells: Tally, size: int) -> float:
    """What ``association`` is on average where the two columns have nothing to do with each other, in [0, 1].

    Chi squared has a variance of twice its degrees of freedom, so that phi squared less its mean is about normal, and
    what is negative of it is cut off: the mean of the root of what is left is 0.411 times the root of its standard
    deviation, 0.411 being Gamma(3/4) / (2^(3/4) sqrt(pi)).

    Example:
        >>> round(association_by_chance(Tally.of(np.repeat([0, 1, 2, 3], 50)), 2), 3)
        0.035
    """
    n = cells.total
    r, k = (_numbered(codes)[1] for codes in (cells.values // size, cells.values % size))
    least = _least(n, r, k) if n > 1 else 0.0
    if least <= 1e-12:
        return 0.0
    return min(1.0, _ROOT_OF_HALF_A_NORMAL * float(np.sqrt(np.sqrt(2 * (r - 1) * (k - 1)) / n / least)))


def _least(n: int, rows: int, columns: int) -> float:
    """The greatest phi squared that so many rows and columns allow, corrected for the bias of small samples."""
    return min(size - (size - 1) ** 2 / (n - 1) for size in (rows, columns)) - 1


def _numbered(codes: Integers) -> tuple[Integers, int]:
    names, places = np.unique(codes, return_inverse=True)
    return places, len(names)
