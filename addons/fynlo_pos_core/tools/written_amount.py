"""Amounts, rates and moments as people of a place write them."""

import re
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from babel import Locale, UnknownLocaleError
from babel.dates import format_datetime, get_timezone_name
from babel.numbers import format_currency, format_decimal, get_currency_precision


@dataclass(frozen=True, slots=True)
class Pen:
    """Writes in a language as it is written in a country; ``currency`` and ``zone`` are those of the place."""

    locale: Locale
    currency: str
    zone: str

    @classmethod
    def of(cls, language: str, country: str | None, currency: str, zone: str) -> "Pen":
        """The pen of a language code such as ``en_GB``; the country decides where the language leaves a choice."""
        spoken = language.partition("@")[0].partition("_")[0]
        for code in filter(None, (country and f"{spoken}_{country}", language.partition("@")[0], spoken, "en")):
            try:
                return cls(Locale.parse(code), currency, zone)
            except (UnknownLocaleError, ValueError):
                continue
        raise ValueError("there is no English")

    def amount(self, minor: int) -> str:
        """Minor units with the currency's sign: ``£12.50``, ``¥1,200``, ``KWD 1.250``."""
        major = Decimal(minor).scaleb(-get_currency_precision(self.currency))
        written = format_currency(major, self.currency, locale=self.locale)
        return re.sub(rf"(?<={self.currency})(?=\d)", "\N{NO-BREAK SPACE}", written)

    def figure(self, minor: int) -> str:
        """The same without the sign, for columns of figures."""
        places = get_currency_precision(self.currency)
        pattern = "#,##0" + ("." + "0" * places if places else "")
        return str(format_decimal(Decimal(minor).scaleb(-places), pattern, locale=self.locale))

    def rate(self, basis_points: int) -> str:
        """A rate in per cent: ``20%``, ``8.875%``."""
        return f"{format_decimal(Decimal(basis_points) / 100, '0.####', locale=self.locale)}%"

    def moment(self, moment: datetime) -> str:
        """An aware moment by the clock of the place: ``24 Nov 2026, 19:04 GMT``."""
        zone = ZoneInfo(self.zone)
        local = moment.astimezone(zone)
        written = format_datetime(local, "medium", tzinfo=zone, locale=self.locale)
        seconds = f":{local.second:02d}"
        return f"{written.replace(seconds, '', 1)} {get_timezone_name(local, 'short', locale=self.locale)}"

    def day(self, moment: datetime) -> str:
        """The day of an aware moment: ``24 Nov 2026``."""
        return str(format_datetime(moment.astimezone(ZoneInfo(self.zone)), "d MMM y", locale=self.locale))
