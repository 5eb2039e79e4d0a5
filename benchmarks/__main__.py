"""All figures, one after the other."""

from benchmarks import hiding, hostile, reading, readings, rebuilding, verifying, writing

for benchmark in (reading, hiding, writing, readings, rebuilding, verifying, hostile):
    benchmark.main()
