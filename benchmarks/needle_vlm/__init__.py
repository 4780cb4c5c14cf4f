"""The parts of ``benchmarks/train_needle_vlm.py``: what is shown and asked, the model's folder, the training."""
