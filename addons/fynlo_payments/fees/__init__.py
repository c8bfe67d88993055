"""Arithmetic of fees and tips: whole minor units in, whole minor units out. Imports no Odoo."""
