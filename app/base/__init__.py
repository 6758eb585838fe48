"""What every room shares: geometry, errors, signals, notices, cancelling. Imports nothing of ours."""
