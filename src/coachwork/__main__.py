"""``python -m coachwork``: the same as the installed program ``coachwork``."""

import sys

from coachwork.cli import main

if __name__ == "__main__":
    sys.exit(main())
