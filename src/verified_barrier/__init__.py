"""A barrier for threads whose behaviour is a formal model.

``Barrier`` is used like ``threading.Barrier``; what it does is written in ``spec/Barrier.tla``.
"""

from verified_barrier.barrier import Barrier, BrokenBarrierError

__all__ = ["Barrier", "BrokenBarrierError"]
