"""Finding payment card numbers in text, without taking barcodes, phone numbers or ids for them."""

import re
from collections.abc import Iterator

#: Digits in a row, or in the groups that are printed on cards, each parted by one space or hyphen.
_CANDIDATE = re.compile(
    r"(?<![0-9A-Za-z])(?=([0-9]{13,19}|[0-9]{4}([ -])[0-9]{4}\2[0-9]{4}\2[0-9]{1,4}(?:\2[0-9]{1,3})?"
    r"|[0-9]{4}([ -])[0-9]{6}\3[0-9]{4,5})(?![0-9A-Za-z]))"
)
_UUID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")

#: First digits of the card schemes, from and to, with the lengths that they give out.
_SCHEMES = (
    ("4", "4", {13, 16, 18, 19}),  # Visa
    ("51", "55", {16}),  # Mastercard
    ("2221", "2720", {16}),
    ("34", "34", {15}),  # American Express
    ("37", "37", {15}),
    ("300", "305", {14, 16, 19}),  # Diners
    ("36", "36", {14, 16, 19}),
    ("38", "39", {14, 16, 19}),
    ("3528", "3589", {16, 17, 18, 19}),  # JCB
    ("2200", "2204", {16, 17, 18, 19}),  # Mir
    ("50", "50", {16, 17, 18, 19}),  # Maestro
    ("56", "58", {16, 17, 18, 19}),
    ("60", "69", {16, 17, 18, 19}),  # Discover, UnionPay, RuPay, Maestro
)
#: Lengths of a card number that barcodes of goods and pallets have too.
_BARCODE_LENGTHS = {13, 14, 18}
#: An international phone number has no more digits than that.
PHONE_DIGITS = 15


def find_card_numbers(text: str) -> Iterator[tuple[int, int]]:
    """Where card numbers begin and end in ``text``: of a scheme, of its lengths, with the right check digit.

    A number that is a valid barcode as well counts as a barcode, one after ``+`` as a phone's (E.164: up to 15 digits).
    """
    identifiers = [found.span() for found in _UUID.finditer(text)]
    past = 0
    for found in _CANDIDATE.finditer(text):
        begin = found.start()
        if begin < past or any(first <= begin < last for first, last in identifiers):
            continue
        for written in (found[1], found[1][: max(found[1].rfind(" "), found[1].rfind("-"), 0)]):  # a date may follow
            digits = re.sub("[ -]", "", written)
            if is_card_number(digits) and not (len(digits) <= PHONE_DIGITS and text[:begin].endswith("+")):
                past = begin + len(written)
                yield begin, past
                break


def is_card_number(digits: str) -> bool:
    """Whether these digits alone are a card's."""
    if not any(_in_range(digits, *scheme) for scheme in _SCHEMES) or not _has_luhn_digit(digits):
        return False
    return len(digits) not in _BARCODE_LENGTHS or not _is_barcode(digits)


def _in_range(digits: str, first: str, last: str, lengths: set[int]) -> bool:
    return len(digits) in lengths and first <= digits[: len(first)] <= last


def _has_luhn_digit(digits: str) -> bool:
    doubled = (sum(divmod(2 * int(digit), 10)) for digit in digits[-2::-2])
    return (sum(doubled) + sum(int(digit) for digit in digits[::-2])) % 10 == 0


def _is_barcode(digits: str) -> bool:
    """By the check digit of GS1: EAN-13, GTIN-14, SSCC."""
    return (3 * sum(int(digit) for digit in digits[-2::-2]) + sum(int(digit) for digit in digits[::-2])) % 10 == 0
