"""Artifacts, embeddings, the store and ingest."""
