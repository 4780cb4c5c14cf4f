"""The questions of benchmarks/questions.py: what is true, how people ask, and how an answer is judged."""
