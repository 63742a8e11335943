"""A decode child: reads jobs from standard input, a line each, and answers by lines. `decoder.py` starts and ends it.

Usage: `python -m services.media.worker.child MEMORY_MB SECONDS NICENESS`; SECONDS of processor time for each step of a job.
"""

import os
import sys
from collections.abc import Iterator, Mapping

import orjson

from services.media.worker.child.checking import check
from services.media.worker.child.images import prepare
from services.media.worker.child.limits import allow_seconds, confine
from services.media.worker.child.making import make_variants
from services.media.worker.jobs import CheckJob, Job, from_line


def serve(memory_mb: int, seconds: int, niceness: int) -> None:
    """Answer jobs until standard input ends."""
    # Libraries write to the standard streams; answers have a stream of their own.
    answers = os.fdopen(os.dup(1), "wb", buffering=0)
    os.dup2(2, 1)
    confine(memory_mb, niceness)
    prepare()
    for line in sys.stdin.buffer:
        allow_seconds(seconds)
        for answer in _answers(from_line(line)):
            answers.write(orjson.dumps(answer) + b"\n")
            allow_seconds(seconds)


def _answers(job: Job) -> Iterator[Mapping[str, object]]:
    return check(job) if isinstance(job, CheckJob) else make_variants(job)


if __name__ == "__main__":
    serve(*(int(argument) for argument in sys.argv[1:4]))
