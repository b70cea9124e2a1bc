"""EncodedScene -> SceneEmbedding."""

from perception_service.scene import EncodedScene, Scene
from perception_service.wire.agents import box_messages
from perception_service.wire.maps import polygon_messages
from waymend.perception.v1 import embedding_pb2, frame_pb2
from waymend.tensors import pack_tensor
from waymend.trajectory import EgoState


def embedding_message(
    scene: Scene, encoded: EncodedScene, contract_id: str, timings: embedding_pb2.StageTimings
) -> embedding_pb2.SceneEmbedding:
    """What followers and callers receive for one frame."""
    source = embedding_pb2.AGENT_SOURCE_GIVEN if encoded.agents_given else embedding_pb2.AGENT_SOURCE_DETECTED
    return embedding_pb2.SceneEmbedding(
        frame_id=scene.frame_id,
        timestamp_us=scene.timestamp_us,
        contract_id=contract_id,
        image_tokens=pack_tensor(encoded.image_tokens),
        bev_tokens=pack_tensor(encoded.bev_tokens),
        vector_tokens=pack_tensor(encoded.vector_tokens),
        detections=box_messages(encoded.detections),
        agents=box_messages(encoded.agents),
        agent_source=source,
        drivable_areas=polygon_messages(scene.map.drivable_areas if scene.map else ()),
        ego_state=_ego_state_message(scene.ego_state) if scene.ego_state else None,
        timings=timings,
    )


def _ego_state_message(state: EgoState) -> frame_pb2.EgoState:
    return frame_pb2.EgoState(
        speed_mps=state.speed_mps,
        acceleration_mps2=state.acceleration_mps2,
        yaw_rate_radps=state.yaw_rate_radps,
    )
