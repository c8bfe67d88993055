"""Scenes: functions of Odoo's ``env`` that are sent through its shell to prepare a database."""
