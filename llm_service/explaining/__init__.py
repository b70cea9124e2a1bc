"""What an explanation may say, whether it is so, and a model's words held to it. Start at `held.HeldText`."""
