"""Messages of the wire contract to and from the dataclasses of `perception_service.scene`."""
