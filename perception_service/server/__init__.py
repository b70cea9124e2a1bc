"""The gRPC server: calls, sessions, the one worker that encodes, health, metrics and an orderly stop."""
