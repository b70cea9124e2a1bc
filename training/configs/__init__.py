"""The recipes that ship: three stages, two ablations, chat, and files for several GPUs."""
