"""From a received scene and a proposal to a judged correction and its explanation."""
