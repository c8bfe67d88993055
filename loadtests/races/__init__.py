"""Races between tills on a live server: nothing may be lost, doubled or numbered with a gap."""
