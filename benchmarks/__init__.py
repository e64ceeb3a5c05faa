"""Speed, memory and accuracy against peers and limits. Benchmarks print; tests assert."""
