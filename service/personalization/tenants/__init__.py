"""A tenant as a whole: whose actors there are, and how much of the service one tenant may take."""
