"""The benchmarks lie beside the library and are not installed."""

from __future__ import annotations

import sys
from pathlib import Path

_ROOT = str(Path(__file__).resolve().parents[2])
if _ROOT not in sys.path:
    sys.path.append(_ROOT)  # last, so that an installed synthkit stays the one that is tested
