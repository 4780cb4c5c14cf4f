"""Which instants to look at, and how they pack into segments. Pure: no I/O, no heavy imports."""
