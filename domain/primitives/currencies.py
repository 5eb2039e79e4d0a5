"""Currencies by their symbols: codes and decimals of ISO 4217."""

from typing import Final, NamedTuple

from domain.primitives.values import Unit, UnitKind


class Currency(NamedTuple):
    """A currency: its code, and how many decimals its amounts have."""

    code: str
    decimals: int


_WITHOUT_DECIMALS: Final = "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF"
_WITH_TWO: Final = (
    "AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BMD BND BOB BOV BRL BSD BTN BWP BYN BZD CAD CDF CHE CHF CHW CNY "
    "COP COU CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD HKD HNL HTG HUF IDR ILS "
    "INR IRR JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MXV MYR "
    "MZN NAD NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP "
    "STN SVC SYP SZL THB TJS TMT TOP TRY TTD TWD TZS UAH USD USN UYU UZS VED VES WST XCD YER ZAR ZMW ZWG"
)
_WITH_THREE: Final = "BHD IQD JOD KWD LYD OMR TND"
_WITH_FOUR: Final = "CLF UYW"
_DECIMALS: Final = {
    code: decimals
    for decimals, codes in ((0, _WITHOUT_DECIMALS), (2, _WITH_TWO), (3, _WITH_THREE), (4, _WITH_FOUR))
    for code in codes.split()
}
"""By code, as of the list of active currencies of ISO 4217."""
_CODES: Final = {
    "€": "EUR", "£": "GBP", "₹": "INR", "₺": "TRY", "₽": "RUB", "₩": "KRW", "₪": "ILS", "₫": "VND", "₴": "UAH",
    "₦": "NGN", "₱": "PHP", "฿": "THB", "₸": "KZT", "₾": "GEL", "₼": "AZN", "₡": "CRC", "₲": "PYG", "₵": "GHS",
    "US$": "USD", "A$": "AUD", "AU$": "AUD", "C$": "CAD", "CA$": "CAD", "NZ$": "NZD", "HK$": "HKD", "S$": "SGD",
    "R$": "BRL", "MX$": "MXN", "NT$": "TWD", "JP¥": "JPY", "CN¥": "CNY", "RMB": "CNY", "zł": "PLN", "Kč": "CZK",
    "Ft": "HUF", "lei": "RON", "Fr.": "CHF", "SFr.": "CHF",
}  # fmt: skip
"""By symbols of one currency only; "$", "¥" and "kr" stand for several."""


def currency_of(unit: Unit) -> Currency | None:
    """The currency that the symbol of a unit names: by its code in any case, or by a symbol of one currency only. None
    for another kind of unit, and for a symbol that names none or several."""
    if unit.kind is not UnitKind.CURRENCY:
        return None
    symbol = unit.symbol.strip()
    code = _CODES.get(symbol, symbol.upper())
    decimals = _DECIMALS.get(code)
    return None if decimals is None else Currency(code, decimals)
