"""An actor as a whole: all that is kept of them as one document, and two ids that turn out to be one person."""
