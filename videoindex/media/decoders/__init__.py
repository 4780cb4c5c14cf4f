"""One small protocol over several decoders."""
