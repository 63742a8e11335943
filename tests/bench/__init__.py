"""Speed measures, as ratios to a reference of the same run. `make bench` runs all; `make test` runs none."""
