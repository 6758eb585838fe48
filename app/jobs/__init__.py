"""The request worker: queue, states, concurrency, cancelling. Knows no pixels."""
