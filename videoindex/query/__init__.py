"""From a question to moments and answers."""
