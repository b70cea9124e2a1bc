"""`/v1/models`, `/healthz` and `/readyz`."""

from fastapi import APIRouter, Request, Response

from llm_service.rest.answers import Model, ModelCard, ModelList, Readiness, TokenSet
from llm_service.service import LlmService
from perception_service.client import PerceptionError

models = APIRouter(tags=["models"])
health = APIRouter(tags=["health"])
_PROBE_TIMEOUT_S = 2.0


@models.get("/v1/models")
async def list_models(request: Request) -> ModelList:
    """The bundle that is served."""
    service: LlmService = request.app.state.service
    manifest = service.bundle.manifest
    contract = manifest.contract
    card = ModelCard(
        **Model.of(manifest).model_dump(),
        manifest_sha256=service.bundle.manifest_sha256,
        base_model=manifest.base_model.name,
        waypoints=contract.horizon.waypoints,
        step_s=contract.horizon.step_s,
        ego_frame=contract.ego_frame,
        modalities={
            name: TokenSet(tokens=modality.tokens, width=modality.width)
            for name, modality in contract.modalities.items()
        },
    )
    return ModelList(models=[card])


@health.get("/healthz")
async def healthz() -> dict[str, str]:
    """The process is alive."""
    return {"status": "alive"}


@health.get("/readyz", responses={503: {"model": Readiness}})
async def readyz(request: Request, response: Response) -> Readiness:
    """The engine is up, perception is SERVING, and both halves are of one contract."""
    readiness = await _readiness(request.app.state.service)
    response.status_code = 200 if readiness.ready else 503
    return readiness


async def _readiness(service: LlmService) -> Readiness:
    engine = service.engine.is_ready()
    try:
        serving = await service.perception.is_serving(timeout_s=_PROBE_TIMEOUT_S)
        info = await service.perception.model_info(timeout_s=_PROBE_TIMEOUT_S)
    except PerceptionError as error:
        return Readiness(ready=False, engine=engine, perception=False, contract=False, detail=str(error))
    expected = service.bundle.manifest.contract_id
    agreed = info.contract_id == expected
    detail = "" if agreed else f"contract id: expected {expected}, perception has {info.contract_id}"
    return Readiness(
        ready=engine and serving and agreed, engine=engine, perception=serving, contract=agreed, detail=detail
    )
