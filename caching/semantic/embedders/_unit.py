from __future__ import annotations

import numpy as np

from caching.semantic.embedders.base import Vectors


def unit(vectors: Vectors) -> Vectors:
    """Rows scaled to length 1; a row of zeros (no known token) becomes the first axis, similar to nothing else."""
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    scaled = np.divide(vectors, lengths, out=np.zeros_like(vectors, dtype=np.float32), where=lengths > 0)
    scaled[lengths[:, 0] == 0, 0] = 1.0
    return scaled
