"""``python -m mutants`` is ``make mutants``."""

import sys

from mutants.command import main

sys.exit(main())
