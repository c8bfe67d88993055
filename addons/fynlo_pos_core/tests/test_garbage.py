"""What the registry loaded is kept out of Python's garbage collections, for as long as it serves."""

import gc
import weakref

from odoo.tests import TransactionCase, tagged


class Cycle:
    def __init__(self):
        self.itself = self


@tagged("post_install", "-at_install")
class TestGarbage(TransactionCase):
    def test_models_are_out_of_collections(self):
        self.assertGreater(gc.get_freeze_count(), 100_000)
        watched = {id(thing) for thing in gc.get_objects()}
        self.assertNotIn(id(type(self.env["pos.order"])), watched)

    def test_a_registry_that_is_loaded_anew_gives_up_the_former(self):
        former = Cycle()
        gone = weakref.ref(former)
        gc.freeze()
        del former
        gc.collect()
        self.assertIsNotNone(gone())
        self.env["ir.http"]._register_hook()
        self.assertIsNone(gone())
