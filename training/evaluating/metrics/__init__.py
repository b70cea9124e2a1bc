"""One file per metric, each with its formula and where it comes from."""
