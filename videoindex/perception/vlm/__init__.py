"""Vision-language models behind one protocol: local through transformers, served, or scripted."""
