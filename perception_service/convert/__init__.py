"""Frame directories out of other people's data sets; offline commands, never part of the server."""
