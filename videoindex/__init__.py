"""videoindex finds the second in which something happens in hours of video."""
