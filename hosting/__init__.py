"""What all that runs here shares: how it is served, logged and measured, and what its pages and commands say."""
