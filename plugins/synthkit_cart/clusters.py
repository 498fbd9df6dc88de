"""Points in a few clusters."""

from __future__ import annotations

import numpy as np

from synthkit_cart.tokens import Floats, Integers


def clusters(points: Floats, most: int, weights: Floats | None = None) -> Integers:
    """The cluster of each point, from 0 on (Lloyd 1982): as many as there are different points, or ``most``.

    Example:
        >>> found = clusters(np.array([[0.0], [0.1], [9.0]]), 2)
        >>> bool(found[0] == found[1] != found[2])
        True
    """
    from sklearn.cluster import KMeans
    from threadpoolctl import threadpool_limits

    number = min(most, len(np.unique(points.round(9), axis=0)))
    if number < 2:
        return np.zeros(len(points), dtype="int64")
    with threadpool_limits(1):  # so that sums are the same on any number of cores
        found = KMeans(number, n_init=1, max_iter=20, random_state=0).fit_predict(points, sample_weight=weights)
    return np.asarray(np.unique(found, return_inverse=True)[1], dtype="int64")
