"""The reference till: a client of the API and the event stream that loses nothing and doubles nothing."""
