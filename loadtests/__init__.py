"""Load tests of the API and the event stream."""
