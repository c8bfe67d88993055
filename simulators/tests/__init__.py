"""Tests of the simulators by themselves, over HTTP and without Odoo."""
