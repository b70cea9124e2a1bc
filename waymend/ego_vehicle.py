"""The ego vehicle: the Renault Zoe that recorded nuScenes, 4.084 m by 1.730 m without mirrors.

Its rear overhang is 0.657 m, so that the rear axle, the origin of the ego frame, lies 4.084 / 2 - 0.657 = 1.385 m behind
the middle.
"""

LENGTH_M = 4.084
WIDTH_M = 1.730
HEIGHT_M = 1.562
REAR_AXLE_TO_CENTER_M = 1.385
