"""The only home of ffmpeg-python, decord, PyAV and torchcodec."""
