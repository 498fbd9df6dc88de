"""How likely it is that rows keep a rule by chance: if the columns had nothing to do with each other."""

from __future__ import annotations

import math

import numpy as np

from synthkit.row_numbers import Flags, Floats, Integers

LEVEL = 1e-9  # the chance that some rule of one kind is proposed for one table of independent columns
SHARE = 0.05  # of the rows a rule is about that would break it by chance; with less it says nothing


def surprising(log_chance: float, candidates: int) -> bool:
    """Whether what was seen is practically impossible by chance, though so many candidates were looked at.

    Source: the bound of Bonferroni (1936) on the chance of any false alarm.
    """
    return log_chance < math.log(LEVEL) - math.log(max(candidates, 1))


def ordered(low: Floats, high: Floats) -> tuple[float, float]:
    """The logarithm of the chance that no low exceeds its high if the highs were dealt out anew, and the share broken.

    Exact: the number of ways to place rooks on a Ferrers board, over all n! ways (Kaplansky & Riordan, 1946).
    No number may be NaN, and in the pairs as they are no low exceeds its high.

    Example:
        >>> log_chance, share = ordered(np.array([1.0, 2.0, 3.0]), np.array([1.0, 2.0, 3.0]))
        >>> round(math.exp(log_chance), 4), round(share, 4)  # one way of six; a low exceeds 3 of 9 highs
        (0.1667, 0.3333)
    """
    count = len(low)
    suited = count - np.searchsorted(np.sort(high), np.sort(low)[::-1], side="left")
    dealt = np.arange(count)
    return float(np.log((suited - dealt) / (count - dealt)).sum()), 1 - float(suited.mean()) / count


def implied(premise: Flags, conclusion: Flags) -> tuple[float, float]:
    """The logarithm of the chance that a premise never comes without its conclusion, as it does not here.

    Exact: the hypergeometric distribution (Fisher, 1935). And the share of the rows with the premise
    that would break it.

    Example:
        >>> log_chance, share = implied(np.array([True, False, False, False]), np.array([True, True, False, False]))
        >>> round(math.exp(log_chance), 4), share
        (0.5, 0.5)
    """
    rows, held, true = len(premise), int(premise.sum()), int(conclusion.sum())
    return _log_choices(true, held) - _log_choices(rows, held), 1 - true / max(rows, 1)


def determined(groups: int, counts: Integers) -> tuple[float, float]:
    """The logarithm of (a bound on) the chance that each group holds one category only, and the share broken.

    ``counts`` are the rows of each category, of all groups together. Beyond the first row of its group, each
    row matches with at most the share of the most frequent category.
    """
    shares = counts / counts.sum()
    return float((counts.sum() - groups) * np.log(shares.max())), 1 - float((shares**2).sum())


def distinct(sizes: Integers, counts: Integers) -> float:
    """The logarithm of (a bound on) the chance that no category occurs twice in groups of these sizes.

    ``counts`` are the rows of each category, of all groups together. Pairs of rows that share no row
    coincide independently of each other.
    """
    same = float(((counts / counts.sum()) ** 2).sum())
    return float((sizes // 2).sum()) * math.log1p(-min(same, 0.5))


def matched(found: Floats, expected: Floats, tolerance: float) -> tuple[float, float]:
    """The logarithm of (a bound on) the chance that numbers match others within a tolerance, and the share broken.

    Each matches with at most the share of the numbers in the fullest window of that width.
    """
    order = np.sort(found)
    first = np.searchsorted(order, expected - tolerance, "left")
    last = np.searchsorted(order, expected + tolerance, "right")
    hits = (last - first) / len(found)
    return float(len(found) * np.log(max(hits.max(), 1 / len(found)))), 1 - float(hits.mean())


def _log_choices(rows: int, held: int) -> float:
    return math.lgamma(rows + 1) - math.lgamma(held + 1) - math.lgamma(rows - held + 1)
