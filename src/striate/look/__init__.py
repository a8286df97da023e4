"""Pictures of what a network does and how it learned. Matplotlib is imported when a picture is drawn."""
