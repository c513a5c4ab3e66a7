"""Random numbers that are the same everywhere: the raw stream of PCG64.

NumPy promises the stream of a bit generator over versions, but not how its distributions are made
from it; so numbers from 0 to 1 are made here (the upper 53 bits).
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]


def uniform(seed: int, *shape: int) -> Floats:
    """Return numbers from 0 (included) to 1 (not included) in an array of this shape."""
    raw = np.random.PCG64(seed).random_raw(int(np.prod(shape)))
    upper = (np.asarray(raw, dtype=np.uint64) >> np.uint64(11)).astype(np.float64)
    return (upper * 2.0**-53).reshape(shape)
