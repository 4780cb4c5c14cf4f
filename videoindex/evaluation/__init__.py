"""Needles, grounding, metrics, reports, and recordings with known truth."""
