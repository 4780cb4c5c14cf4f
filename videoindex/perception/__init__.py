"""The observers and the models under them."""
