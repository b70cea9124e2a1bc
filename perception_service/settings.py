"""Configuration of the server, from `WAYMEND_PERCEPTION_*` variables."""

from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from perception_service.inference_options import CompileMode, InferenceOptions, PoolKernel, Precision, SparseConvKernel
from perception_service.limits import FrameLimits
from waymend.vocabulary import CAMERA_NAMES

_DEFAULTS = FrameLimits()
_GPU_BATCH = 4
Port = Annotated[int, Field(ge=0, le=65535)]


class PerceptionSettings(BaseSettings):
    """What an operator may set.

    Attributes:
        bundle_dir: Directory of the bundle to serve.
        host, port: Where to listen; port 0 takes any free one.
        device: Torch device, such as `cpu` or `cuda:0`.
        precision: Of convolutions and matrix products; below float32 only where a GPU gains from it.
        compile_mode: `torch.compile` of the dense parts; the first frames then take minutes.
        sparse_conv_kernel: torch, or on CUDA triton or spconv.
        pool_kernel: Of the lift-splat pool: torch, or on CUDA triton.
        batch_size: Frames that may be encoded together; 0 for 4 on a GPU and 1 on a CPU, which gains nothing from more.
        batch_delay_ms: How long a frame waits for others that are being decoded, so as to be encoded with them.
        threads: Torch threads of the one worker, and JPEG decoders.
        max_sessions: Drives at a time.
        session_idle_s: A session without frames or an open stream for so long is closed.
        queue_length: Frames that may wait or be worked on at a time.
        max_lidar_points, max_jpeg_bytes, max_image_pixels: Limits of one frame.
        min_cameras: Cameras that a frame must have: 6 refuses frames that lack one, fewer lets them pass without it.
        max_calls: Calls at a time, followers included.
        stop_grace_s: How long calls may take to finish when the server stops.
        metrics_port: Where Prometheus finds metrics; none without it.
        tls_certificate, tls_key: PEM files; both or neither.
    """

    model_config = SettingsConfigDict(env_prefix="WAYMEND_PERCEPTION_", extra="ignore", frozen=True)

    bundle_dir: Path = Path("bundles/default")
    host: str = "127.0.0.1"
    port: Port = 50051
    device: str = "cpu"
    precision: Precision = "float32"
    compile_mode: CompileMode = "none"
    sparse_conv_kernel: SparseConvKernel = "torch"
    pool_kernel: PoolKernel = "torch"
    batch_size: Annotated[int, Field(ge=0, le=64)] = 0
    batch_delay_ms: Annotated[float, Field(ge=0, le=1000)] = 5.0
    threads: Annotated[int, Field(ge=1, le=256)] = 2
    max_sessions: Annotated[int, Field(ge=1)] = 64
    session_idle_s: Annotated[float, Field(gt=0)] = 300.0
    queue_length: Annotated[int, Field(ge=1)] = 8
    max_lidar_points: Annotated[int, Field(ge=1)] = _DEFAULTS.lidar_points
    max_jpeg_bytes: Annotated[int, Field(ge=1024)] = _DEFAULTS.jpeg_bytes
    max_image_pixels: Annotated[int, Field(ge=1)] = _DEFAULTS.image_pixels
    min_cameras: Annotated[int, Field(ge=1, le=len(CAMERA_NAMES))] = _DEFAULTS.min_cameras
    max_calls: Annotated[int, Field(ge=1)] = 256
    stop_grace_s: Annotated[float, Field(ge=0)] = 10.0
    metrics_host: str = "127.0.0.1"
    metrics_port: Port | None = None
    tls_certificate: Path | None = None
    tls_key: Path | None = None
    log_format: Literal["console", "json"] = "console"

    @model_validator(mode="after")
    def _certificate_comes_with_its_key(self) -> Self:
        if (self.tls_certificate is None) != (self.tls_key is None):
            raise ValueError("tls_certificate and tls_key go together")
        return self

    @property
    def frame_limits(self) -> FrameLimits:
        return FrameLimits(
            lidar_points=self.max_lidar_points,
            jpeg_bytes=self.max_jpeg_bytes,
            image_pixels=self.max_image_pixels,
            min_cameras=self.min_cameras,
        )

    @property
    def inference_options(self) -> InferenceOptions:
        return InferenceOptions(self.precision, self.compile_mode, self.sparse_conv_kernel, self.pool_kernel)

    @property
    def frames_per_batch(self) -> int:
        return self.batch_size or (1 if self.device == "cpu" else _GPU_BATCH)
