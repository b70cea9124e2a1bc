"""What both services agree on: frames, units, tensors on the wire, frame directories and the bundle.

Light on purpose: numpy, pydantic and protobuf, never torch. `waymend.perception.v1` holds the stubs generated from
`protos/`.
"""
