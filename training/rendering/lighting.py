"""Sun, sky, haze and the film that records them."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from training.rendering.materials import GLOSS, Material
from training.rendering.noise import fractal_noise
from training.rendering.world import World

_OFFSET_M = 0.004
_OCCLUSION_REACH_M = 5.0


@dataclass(frozen=True, slots=True)
class Daylight:
    """A clear day, the sun half-way up; radiances are relative, colours linear RGB.

    Attributes:
        sun_azimuth_rad: Where the sun stands, in the world's x-y plane.
        haze_m: Distance at which 63 % of a surface's light is replaced by the horizon's.
        exposure: Factor before the film curve.
    """

    sun_azimuth_rad: float = 2.72
    sun_elevation_rad: float = 0.76
    sun: tuple[float, float, float] = (3.3, 3.0, 2.55)
    zenith: tuple[float, float, float] = (0.16, 0.33, 0.70)
    horizon: tuple[float, float, float] = (0.78, 0.86, 0.93)
    bounce: tuple[float, float, float] = (0.20, 0.19, 0.17)
    haze_m: float = 420.0
    exposure: float = 0.68

    @property
    def sun_direction(self) -> NDArray[np.float64]:
        """Unit vector towards the sun."""
        flat = np.cos(self.sun_elevation_rad)
        return np.array(
            [flat * np.cos(self.sun_azimuth_rad), flat * np.sin(self.sun_azimuth_rad), np.sin(self.sun_elevation_rad)]
        )

    def sky(self, directions: NDArray[np.float64], clouds: bool = True) -> NDArray[np.float64]:
        """Radiance [N, 3] of the sky along unit directions."""
        height = np.clip(directions[:, 2], 0.0, 1.0)
        share = (1.0 - height[:, None]) ** 4
        radiance = np.asarray(self.zenith) * (1 - share) + np.asarray(self.horizon) * share
        glow = np.clip(directions @ self.sun_direction, 0.0, 1.0)[:, None]
        radiance = radiance + np.asarray(self.sun) * (0.10 * glow**12 + 0.6 * glow**400)
        return self._clouded(radiance, directions, height) if clouds else radiance

    def _clouded(
        self, radiance: NDArray[np.float64], directions: NDArray[np.float64], height: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        plane = directions[:, :2] / (height[:, None] + 0.12)
        cover = np.clip((fractal_noise(plane * 1.7, 5, seed=11) - 0.50) * 4.0, 0.0, 1.0) * np.clip(
            height * 7.0, 0.0, 1.0
        )
        return radiance + (np.array([0.98, 0.99, 1.02]) - radiance) * (0.75 * cover[:, None])

    def expose(self, radiance: NDArray[np.float64]) -> NDArray[np.float64]:
        """Linear radiance to display values 0..1: Narkowicz's fit of the ACES film curve, then the sRGB gamma."""
        light = radiance * self.exposure
        film = np.clip(light * (2.51 * light + 0.03) / (light * (2.43 * light + 0.59) + 0.14), 0.0, 1.0)
        return np.where(film <= 0.0031308, 12.92 * film, 1.055 * film ** (1 / 2.4) - 0.055)


@dataclass(frozen=True, slots=True, eq=False)
class LightSamples:
    """One direction towards the sun's disc, unit [3], and one into the sky [3], or None for an open sky.

    They differ per sub-pixel.
    """

    sun: NDArray[np.float64]
    sky: NDArray[np.float64] | None


def shade(
    world: World,
    light: Daylight,
    origins_m: NDArray[np.float64],
    directions: NDArray[np.float64],
    samples: LightSamples,
    pixel_rad: float,
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Radiance [N, 3] along rays, and the instance [N] each one meets."""
    hits = world.cast(origins_m, directions)
    found = hits.found
    radiance = np.empty_like(directions)
    radiance[~found] = light.sky(directions[~found])
    ray, face, distance = directions[found], hits.face[found], hits.distance_m[found]
    points = origins_m[found] + distance[:, None] * ray
    normal = world.normals[face] * -np.sign(np.einsum("ij,ij->i", world.normals[face], ray))[:, None]
    albedo, _ = world.surface(face, points, distance * pixel_rad)
    lit = _diffuse(world, light, points + normal * _OFFSET_M, normal, samples) * albedo
    lit = _glossed(world, light, lit, ray, normal, face)
    glowing = world.materials[face] == Material.LIGHT
    lit[glowing] = world.colors[face[glowing]]
    haze = np.exp(-distance / light.haze_m)[:, None]
    radiance[found] = lit * haze + np.asarray(light.horizon) * 0.9 * (1 - haze)
    return radiance, world.instance_of(hits)


def _diffuse(
    world: World, light: Daylight, points_m: NDArray[np.float64], normal: NDArray[np.float64], samples: LightSamples
) -> NDArray[np.float64]:
    """Irradiance / pi [N, 3]: sun with shadow, sky with occlusion by near surfaces, light from the ground."""
    facing = np.clip(normal @ samples.sun, 0.0, None)
    lit = facing > 0
    facing[lit] *= ~world.cast(points_m[lit], np.broadcast_to(samples.sun, points_m[lit].shape)).found
    openness = np.ones(len(points_m)) if samples.sky is None else _openness(world, points_m, normal, samples.sky)
    upward = 0.5 + 0.5 * normal[:, 2:]
    ambient = (0.40 * np.asarray(light.zenith) + 0.60 * np.asarray(light.horizon)) * upward
    ambient = (ambient + np.asarray(light.bounce) * (1 - upward)) * (0.15 + 0.85 * openness[:, None])
    return facing[:, None] * np.asarray(light.sun) * 0.5 + ambient


def _openness(
    world: World, points_m: NDArray[np.float64], normal: NDArray[np.float64], sky: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Share of the skylight [N] that near surfaces let through."""
    tilted = normal * 1.1 + sky
    tilted /= np.linalg.norm(tilted, axis=1, keepdims=True)
    return np.clip(world.cast(points_m, tilted).distance_m / _OCCLUSION_REACH_M, 0.0, 1.0) ** 0.6


def _glossed(
    world: World,
    light: Daylight,
    radiance: NDArray[np.float64],
    ray: NDArray[np.float64],
    normal: NDArray[np.float64],
    face: NDArray[np.int64],
) -> NDArray[np.float64]:
    """Adds the mirrored sky on glass, paint and metal; Fresnel's factor after Schlick (1994)."""
    base = GLOSS[world.materials[face]]
    glossy = base > 0
    into, outward = ray[glossy], normal[glossy]
    cosine = -np.einsum("ij,ij->i", into, outward)
    mirrored = into + 2 * cosine[:, None] * outward
    share = (base[glossy] + (1 - base[glossy]) * (1 - np.clip(cosine, 0, 1)) ** 5)[:, None]
    sky = np.where(mirrored[:, 2:] > 0, light.sky(mirrored, clouds=False), np.asarray(light.bounce))
    radiance[glossy] = radiance[glossy] * (1 - share) + sky * share
    return radiance
