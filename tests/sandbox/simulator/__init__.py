"""The project simulator: two stories of projects, with the true answers about them. Start with `story.py`."""
