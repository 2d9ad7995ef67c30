"""Reports composed from stored numbers, as neutral documents."""
