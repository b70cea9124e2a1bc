"""A ray-caster for synthetic camera images and LiDAR clouds.

`world.World` holds the geometry, `cameras.render_camera` and `lidar.scan` look at it with the sensors of `sensors`.
"""
