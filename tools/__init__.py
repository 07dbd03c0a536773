"""What `make` runs. Standard library only: most of it runs before `.venv` exists."""
