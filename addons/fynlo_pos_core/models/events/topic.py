"""Counters of the relay: the last offset of each topic, the last sequence of each company's feed."""

from odoo import fields, models


class FynloTopic(models.Model):
    """One row a topic. Written by the relay alone."""

    _name = "fynlo.topic"
    _description = "Event topic"
    _log_access = False
    _rec_name = "topic"

    topic = fields.Char(required=True, readonly=True)
    company_id = fields.Many2one("res.company", readonly=True, ondelete="cascade")
    last_offset = fields.Integer(default=0, required=True, readonly=True)

    _topic_unique = models.UniqueIndex("(topic)")


class FynloFeed(models.Model):
    """One row a company: the server clock of its change feed. Written by the relay alone."""

    _name = "fynlo.feed"
    _description = "Change feed of a company"
    _log_access = False
    _rec_name = "company_id"

    company_id = fields.Many2one("res.company", required=True, readonly=True, ondelete="cascade")
    last_seq = fields.Integer(default=0, required=True, readonly=True)

    _company_unique = models.UniqueIndex("(company_id)")
