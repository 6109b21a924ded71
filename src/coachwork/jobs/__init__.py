"""Every call of the model is one durable thing: the job."""

from coachwork.jobs._job import (
    ErrorCode,
    Job,
    JobError,
    JobStatus,
    Lease,
    Settlement,
    Step,
)
from coachwork.jobs._ref import JobRef
from coachwork.jobs._table import JOB, OPEN, JobEffect, JobEvent, JobGiven, Kept, Settled
from coachwork.sessions import JobKind

__all__ = [
    "JOB",
    "OPEN",
    "ErrorCode",
    "Job",
    "JobEffect",
    "JobError",
    "JobEvent",
    "JobGiven",
    "JobKind",
    "JobRef",
    "JobStatus",
    "Kept",
    "Lease",
    "Settled",
    "Settlement",
    "Step",
]
