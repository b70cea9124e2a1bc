"""The ego vehicle: the Renault Zoe that recorded nuScenes.

4.084 m by 1.730 m without mirrors, 1.562 m high, a wheelbase of 2.588 m (Renault's data sheet). Its rear overhang of
0.657 m puts the rear axle, the origin of the ego frame, 4.084 / 2 - 0.657 = 1.385 m behind the middle.
"""

LENGTH_M = 4.084
WIDTH_M = 1.730
HEIGHT_M = 1.562
REAR_AXLE_TO_CENTER_M = 1.385
REAR_AXLE_TO_FRONT_M = REAR_AXLE_TO_CENTER_M + LENGTH_M / 2
