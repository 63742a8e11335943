import logging
import sys

import structlog

from deploy.commands.app import main

# Standard output is for answers: `--json` must stay JSON.
structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))
# Unavailable reports the same in one sentence.
logging.getLogger("aiokafka").setLevel(logging.CRITICAL)
main()
