"""Running a recipe: data, corrector, trainer, log, stage directory. Start at `training.train`."""
