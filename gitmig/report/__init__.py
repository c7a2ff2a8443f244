"""Reports as text and JSON. The only place with rich."""
