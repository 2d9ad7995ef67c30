"""What should stand at a target held against what stands there, and the difference sent once."""
