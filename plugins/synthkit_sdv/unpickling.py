"""Reading a pickle that may name nothing but what a model of SDV is made of."""

from __future__ import annotations

import io
import pickle
from pathlib import Path
from typing import Any

from synthkit import SecurityError

_CLASSES = (  # of these modules any class, and nothing else that they hold or import
    "copulas.multivariate.",
    "copulas.univariate.",
    "ctgan.",
    "rdt.hyper_transformer",
    "rdt.transformers.",
    "sdv.data_processing.",
    "sdv.metadata.",
    "sdv.multi_table.hma",
    "sdv.single_table.",
    "torch.nn.modules.",
)
_NAMES = {
    "builtins": {"dict", "list", "set", "slice"},
    "collections": {"OrderedDict", "defaultdict"},
    "numpy": {"dtype", "ndarray"},
    "numpy._core.multiarray": {"_reconstruct", "scalar"},
    "numpy.core.multiarray": {"_reconstruct", "scalar"},
    "numpy.random._mt19937": {"MT19937"},
    "numpy.random._pickle": {"__bit_generator_ctor", "__randomstate_ctor"},
    "numpy.random.bit_generator": {"SeedSequence", "__pyx_unpickle_SeedSequence"},
    "pandas._libs.internals": {"_unpickle_block"},
    "pandas.core.frame": {"DataFrame"},
    "pandas.core.indexes.base": {"Index", "_new_Index"},
    "pandas.core.indexes.range": {"RangeIndex"},
    "pandas.core.internals.managers": {"BlockManager", "SingleBlockManager"},
    "pandas.core.series": {"Series"},
    "sklearn.mixture._bayesian_mixture": {"BayesianGaussianMixture"},
    "torch": {"device"},
    "torch._utils": {"_rebuild_parameter", "_rebuild_tensor_v2"},
}


class _Unpickler(pickle.Unpickler):
    """Looks up listed names only: none of them runs what the file says."""

    def find_class(self, module_name: str, global_name: str, /) -> Any:
        if (module_name, global_name) == ("torch.storage", "_load_from_bytes"):
            return _weights  # torch's own would start an unpickler that looks up everything
        if "." not in global_name:  # a dotted name would reach through a class to whatever it imports
            if global_name in _NAMES.get(module_name, ()):
                return super().find_class(module_name, global_name)
            if module_name.startswith(_CLASSES):
                found = super().find_class(module_name, global_name)
                if isinstance(found, type) and found.__module__.startswith(_CLASSES):
                    return found
        problem = f"the model's pickle asks for {module_name}.{global_name}, which no model of SDV is made of"
        raise SecurityError(problem, "it may be an attack; delete it")


def read_pickle(path: Path) -> Any:
    """The model in a pickle.

    Raises:
        SecurityError: it names a class or function that no model is made of; nothing of it was called.
    """
    with path.open("rb") as file:
        return _Unpickler(file).load()


def _weights(content: bytes) -> Any:
    import torch

    return torch.load(io.BytesIO(content), weights_only=True)
