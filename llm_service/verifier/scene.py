"""What a trajectory is judged against, prepared once per scene."""

from collections.abc import Sequence
from dataclasses import dataclass

from llm_service.verifier.drivable_area import DrivableRegion
from llm_service.verifier.forecast import AgentForecast
from waymend.agents import AgentBox, DrivableArea


@dataclass(frozen=True, slots=True, eq=False)
class PreparedScene:
    """Agents and map in the ego frame of now, indexed; None for what is unknown.

    Build it once per scene embedding: it serves any number of trajectories and threads.
    """

    forecast: AgentForecast | None
    region: DrivableRegion | None

    @classmethod
    def of(cls, agents: Sequence[AgentBox] | None, drivable_areas: Sequence[DrivableArea] | None) -> "PreparedScene":
        """The scene; no agents means that the road is empty, no drivable areas that they are unknown.

        Raises:
            InvalidField: An agent or a ring holds a number that is not finite or a shape without extent.
        """
        return cls(
            forecast=None if agents is None else AgentForecast.of(agents),
            region=DrivableRegion.of(drivable_areas) if drivable_areas else None,
        )
