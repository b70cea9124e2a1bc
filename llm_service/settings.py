"""Settings of the LLM service: environment variables `WAYMEND_LLM_...` or a `.env` file."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict


class LlmSettings(BaseSettings):
    """Everything that an operator can set, with defaults for a loopback deployment on a CPU."""

    model_config = SettingsConfigDict(env_prefix="WAYMEND_LLM_", env_file=".env", extra="ignore")

    bundle_dir: Path = Field(Path("bundles/default"), description="Directory of the bundle to serve.")
    host: str = Field("127.0.0.1", description="Address to listen on.")
    port: Annotated[int, Field(ge=0, le=65535)] = Field(8000, description="TCP port to listen on.")
    api_key: SecretStr | None = Field(None, description="Where set, /v1 wants `Authorization: Bearer <key>`.")
    log_format: Literal["console", "json"] = Field("console", description="Log lines for a person or as JSON.")

    perception_target: str = Field("127.0.0.1:50051", description="gRPC address of the perception service.")
    perception_tls: bool = Field(False, description="Whether perception speaks TLS.")
    perception_ca_file: Path | None = Field(None, description="PEM root certificates; the system's where unset.")
    frames_root: Path | None = Field(None, description="Directory whose frame directories requests may name.")

    default_deadline_ms: Annotated[int, Field(ge=1)] = Field(30_000, description="Deadline where a request sets none.")
    max_deadline_ms: Annotated[int, Field(ge=1)] = Field(120_000, description="Longest deadline of a request.")
    max_requests_in_flight: Annotated[int, Field(ge=1)] = Field(64, description="Corrections at once; more get a 503.")
    max_body_bytes: Annotated[int, Field(ge=1)] = Field(40 << 20, description="Largest request body.")
    max_instruction_tokens: Annotated[int, Field(ge=0)] = Field(128, description="Longest instruction, in tokens.")
    max_explanation_tokens: Annotated[int, Field(ge=1)] = Field(128, description="Longest explanation, in tokens.")

    max_sessions: Annotated[int, Field(ge=1)] = Field(64, description="Sessions at once.")
    session_idle_s: Annotated[float, Field(gt=0)] = Field(300.0, description="A session unused for so long expires.")
    max_embedding_age_ms: Annotated[float, Field(gt=0)] = Field(
        1000.0, description="A session's newest embedding may be this old when a correction uses it."
    )

    verifier_limits: Path | None = Field(None, description="YAML file of verifier limits; the defaults where unset.")
    max_model_len: Annotated[int, Field(ge=256)] = Field(1024, description="Longest prompt plus answer, in tokens.")
    max_num_seqs: Annotated[int, Field(ge=1)] = Field(16, description="Requests that the engine runs at once.")
    kv_cache_bytes: Annotated[int, Field(ge=1 << 20)] = Field(256 << 20, description="Size of the KV cache, bytes.")
    dtype: str = Field("auto", description="Engine dtype: auto, float32, bfloat16 or float16.")
