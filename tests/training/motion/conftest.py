"""Samples and small recipes, as runs are tested with."""

from tests.training.running.conftest import dataroot, samples, small_keys

__all__ = ["dataroot", "samples", "small_keys"]
