"""Sensors to scene tokens: a gRPC server and client around BEVFusion, a vector encoder and a camera encoder."""
