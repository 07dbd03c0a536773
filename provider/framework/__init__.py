"""A provider framework in the terms of terraform-plugin-framework; it knows nothing of Tama.

Values are plain Python: None, bool, int, float, str, list and dict, and `UNKNOWN` for what is known after apply. It is
read at every launch of the provider, so it imports nothing heavy (no `typing`, `re`, `json`, `threading`).
"""
