"""What is promised of a repository.

Numbers: R01 to R08 are about a record, R09 to R25 about a commit, R26 to R34 about the log, R35 to
R50 about a user's view, R51 to R60 about what is due and what has expired, R61 to R69 about several
at once, R70 to R74 about other times and processes. A new promise gets the next number.
"""

from coachwork.testing.conformance.repository._suite import (
    REPOSITORY,
    RepositoryMake,
    check_async_repository,
    check_repository,
)

__all__ = ["REPOSITORY", "RepositoryMake", "check_async_repository", "check_repository"]
