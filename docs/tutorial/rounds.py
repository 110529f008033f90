"""Two threads that add up in rounds, and wait for each other after each."""

from threading import Thread

from verified_barrier import Barrier

barrier = Barrier(2, timeout=10)
sums = [[0, 0], [0, 0], [0, 0]]


def work(me: int) -> None:
    """Add one to the sum of the last round, which the other thread has finished, too."""
    for now in (1, 2):
        sums[now][me] = sum(sums[now - 1]) + 1
        barrier.wait()


threads = [Thread(target=work, args=(me,)) for me in (0, 1)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print(sums[-1])
