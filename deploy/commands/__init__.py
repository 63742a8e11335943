"""`world-monitor`: the one command line of the platform's operators."""
