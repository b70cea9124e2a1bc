"""nuScenes' raster of a map: white where there is road or pavement, 0.1 m a pixel, the origin at the bottom left."""

from pathlib import Path

import numpy as np
import shapely
from PIL import Image, ImageDraw
from shapely import Polygon

from training.data.drives.road_map import RoadMap

_PIXEL_M = 0.1


def write_map_raster(road_map: RoadMap, canvas_m: tuple[float, float], path: Path) -> None:
    """Writes a one-channel PNG of 0 and 255 that covers the canvas, width and height in metres."""
    width, height = (int(np.ceil(side / _PIXEL_M)) for side in canvas_m)
    image = Image.new("L", (width, height))
    drawing = ImageDraw.Draw(image)

    def ring(line: shapely.LinearRing) -> list[tuple[float, float]]:
        points = shapely.get_coordinates(line) / _PIXEL_M
        return [(x, height - y) for x, y in points.tolist()]

    for area in shapely.get_parts(shapely.union_all([road_map.drivable, *road_map.walkways])):
        if isinstance(area, Polygon):
            drawing.polygon(ring(area.exterior), fill=255)
            for hole in area.interiors:
                drawing.polygon(ring(hole), fill=0)
    path.parent.mkdir(parents=True, exist_ok=True)
    image.save(path, compress_level=1)
