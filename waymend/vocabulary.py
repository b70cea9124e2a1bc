"""Closed lists of names, in the order that tensors and enums use."""

CAMERA_NAMES = ("CAM_FRONT", "CAM_FRONT_RIGHT", "CAM_FRONT_LEFT", "CAM_BACK", "CAM_BACK_LEFT", "CAM_BACK_RIGHT")
"""nuScenes cameras, in mmdet3d's order; `CameraName` of the wire contract counts them from 1."""

OBJECT_CLASSES = (
    "car",
    "truck",
    "construction_vehicle",
    "bus",
    "trailer",
    "barrier",
    "motorcycle",
    "bicycle",
    "pedestrian",
    "traffic_cone",
)
"""Classes of the nuScenes detection task, in mmdet3d's order; `ObjectClass` of the wire contract counts them from 1."""

POLYLINE_KINDS = ("lane_centerline", "lane_divider", "road_boundary", "crossing", "stop_line")
"""Kinds of map polyline; `PolylineKind` of the wire contract counts them from 1."""

COMMANDS = ("left", "right", "straight")
"""Route commands, as nuScenes planners are given them."""

MODALITIES = ("image", "bev", "vector")
"""Token sets of a scene embedding."""
