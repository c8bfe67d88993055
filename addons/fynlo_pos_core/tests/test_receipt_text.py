"""What a receipt's PDF and address are made of: scripts from right to left, fonts, amounts, links."""

import io
from datetime import UTC, datetime
from unittest.mock import patch

from odoo.tests import BaseCase, tagged
from pypdf import PdfReader

from ..tools import qr_code, typeface
from ..tools.bidi_text import isolated, visual
from ..tools.receipt_link import ReceiptLink
from ..tools.receipt_pdf import receipt_pdf
from ..tools.receipt_sheet import Code, Pair, Rule, Sheet, Table, Words
from ..tools.receipt_slip import receipt_slip
from ..tools.settings import Settings
from ..tools.written_amount import Pen
from .common import use_test_settings

MOMENT = datetime(2026, 7, 24, 18, 5, 4, tzinfo=UTC)


@tagged("post_install", "-at_install")
class TestReceiptText(BaseCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        use_test_settings(cls)

    def test_text_from_right_to_left_is_turned(self):
        self.assertEqual(visual("Crème (large) 12"), "Crème (large) 12")
        self.assertEqual(visual("שלום"), "םולש")
        self.assertEqual(visual("שלום (abc) 12"), "12 (abc) םולש")
        self.assertEqual(visual("Salad שלום (12) fresh"), "Salad םולש (12) fresh")
        self.assertEqual(visual(f"2 × {isolated('שלום 12')} · A"), "2 × 12 םולש · A")

    def test_marks_cannot_turn_what_follows(self):
        self.assertEqual(visual("abc\u202e 12.50"), "abc 12.50")
        self.assertEqual(isolated("a\u2069b\u202ec"), "\u2068abc\u2069")

    def test_every_character_finds_a_font_or_leaves_no_gap(self):
        self.assertEqual("".join(run.text for run in typeface.runs("£ € ₹ Ł α Я")), "£ € ₹ Ł α Я")
        self.assertEqual([run.text for run in typeface.runs("🍕")], [])
        self.assertEqual([run.text for run in typeface.runs("ש")], [typeface.REPLACEMENT])
        self.assertEqual(len({run.font for run in typeface.runs("Tea مرحبا カ 가")}), 4)

    def test_lines_are_no_wider_than_their_room(self):
        text = f"A dish with a very long name {isolated('مرحبا بكم في المطعم')} {'m' * 60} 🍕 end"
        lines = typeface.wrap(text, 90, 9)
        self.assertGreater(len(lines), 5)
        self.assertLessEqual(max(typeface.width(line, 9) for line in lines), 90)
        self.assertTrue(lines[-1].endswith("end"))
        for line in lines:
            self.assertEqual(line.count("\u2068"), line.count("\u2069"), lines)

    def test_amounts_have_the_places_of_their_currency(self):
        cases = [
            (("en_GB", "GB", "GBP"), 125_050, "£1,250.50"),
            (("en_US", "GB", "GBP"), -500, "-£5.00"),
            (("en_US", "US", "USD"), 125_050, "$1,250.50"),
            (("en_GB", "JP", "JPY"), 1_200, "JP¥1,200"),
            (("en_US", "KW", "KWD"), 1_250, "KWD\xa01.250"),
            (("fr_FR", "FR", "EUR"), 125_050, "1\u202f250,50\xa0€"),
            (("sr@latin", None, "EUR"), 100, "1,00\xa0€"),
            (("xx_YY", "GB", "GBP"), 100, "£1.00"),
        ]
        for (language, country, currency), minor, written in cases:
            with self.subTest(language=language, currency=currency):
                self.assertEqual(Pen.of(language, country, currency, "Europe/London").amount(minor), written)

    def test_moments_are_those_of_the_clock_on_the_wall(self):
        self.assertEqual(Pen.of("en_GB", "GB", "GBP", "Europe/London").moment(MOMENT), "24 Jul 2026, 19:05 BST")
        american = Pen.of("en_US", "US", "USD", "America/New_York").moment(MOMENT)
        self.assertEqual(american.replace("\u202f", " "), "Jul 24, 2026, 2:05 PM EDT")

    def test_rates_are_exact(self):
        pen = Pen.of("en_GB", "GB", "GBP", "Europe/London")
        self.assertEqual([pen.rate(2000), pen.rate(888), pen.rate(0)], ["20%", "8.88%", "0%"])

    def test_a_link_proves_its_order_and_generation(self):
        link = ReceiptLink("0192f0a1-7c3e-7b44-9d55-2f6b1c0e8a70", 3)
        self.assertEqual(len(link.token), 44)
        self.assertEqual(ReceiptLink.of_token(link.token), link)
        self.assertNotEqual(link.token, ReceiptLink(link.order_uuid, 4).token)
        for place in range(44):
            other = "A" if link.token[place] != "A" else "B"
            self.assertIsNone(ReceiptLink.of_token(link.token[:place] + other + link.token[place + 1 :]))
        for garbage in ("", "x", link.token + "A", link.token[:-4], "é" * 44, "../../etc/passwd", link.token + "\n"):
            self.assertIsNone(ReceiptLink.of_token(garbage), garbage)

    def test_a_qr_code_has_its_quiet_zone_and_reads_as_drawn(self):
        modules = qr_code.matrix("https://fynlo.example/r/abc")
        self.assertFalse(any(any(line) for line in modules[:4]))
        drawn = [[False] * len(modules) for _ in modules]
        for row, line in enumerate(modules):
            for start, length in qr_code.dark_runs(line):
                drawn[row][start : start + length] = [True] * length
        self.assertEqual(drawn, modules)
        self.assertIn(f'viewBox="0 0 {len(modules)} {len(modules)}"', qr_code.svg("https://fynlo.example/r/abc"))

    def sheet(self):
        return Sheet(
            "Receipt L1-T1-000001",
            "#1f3a5f",
            "en-GB",
            [
                Words("Harbour Bistro", "centre", "large", bold=True, accent=True),
                Rule(),
                Pair(f"2 × {isolated('Café مرحبا')} · A", "9.00"),
                Pair("+ Cheese", size="small", muted=True, indent=1),
                Pair("A very long name of a dish that needs more than one line on the paper", "1,234.50"),
                Table(("Rate", "Net", "VAT"), (("A 20%", "7.50", "1.50"),)),
                Rule(blank=True),
                Code("https://fynlo.example/r/abc"),
            ],
        )

    def test_a_pdf_is_one_page_of_text_and_always_the_same(self):
        raw = receipt_pdf(self.sheet())
        self.assertEqual(raw, receipt_pdf(self.sheet()))
        reader = PdfReader(io.BytesIO(raw))
        self.assertEqual((len(reader.pages), reader.metadata.title), (1, "Receipt L1-T1-000001"))
        text = reader.pages[0].extract_text()
        for words in ("Harbour Bistro", "2 × Café", "9.00", "1,234.50", "A 20%"):
            self.assertIn(words, text)

    def test_a_slip_keeps_its_columns(self):
        for paper, columns in (("80", 48), ("58", 32)):
            text = receipt_slip(self.sheet(), paper=paper).decode("cp437", "replace")
            self.assertIn("Harbour Bistro", text)
            self.assertIn("https://fynlo.example/r/abc", text)
            amount = next(line for line in text.splitlines() if line.endswith("1,234.50"))
            self.assertTrue(amount.rpartition("\x1b")[2].endswith("1,234.50"))
            self.assertNotIn("\u2068", text)
            self.assertIn("-" * columns, text)

    def test_the_address_is_the_operators(self):
        with patch(
            "odoo.addons.fynlo_pos_core.tools.receipt_link.settings", lambda: Settings(public_url="https://x.test")
        ):
            link = ReceiptLink("0192f0a1-7c3e-7b44-9d55-2f6b1c0e8a70")
            self.assertTrue(link.url.startswith("https://x.test/r/"))
