"""Parses GraphQL documents within bounds of tokens and nesting.

The lexer counts while the parser reads, so that a document beyond the bounds is rejected early.
"""

from typing import Final

from graphql import DocumentNode, Lexer, Source, Token, TokenKind
from graphql.language.parser import Parser

NESTING_MAX: Final = 200
"""Braces and brackets within each other; fields have a lower limit of their own, `api.execution.cost.DEPTH_MAX`."""

_OPENING: Final = (TokenKind.BRACE_L, TokenKind.BRACKET_L)
_CLOSING: Final = (TokenKind.BRACE_R, TokenKind.BRACKET_R)


class TooManyTokens(Exception):
    """The document has more tokens than the parser may read."""


class NestedTooDeeply(Exception):
    """The document has more than `NESTING_MAX` braces and brackets within each other."""


def parse_within(text: str, tokens_max: int) -> DocumentNode:
    """The document. Raises `GraphQLSyntaxError`, `TooManyTokens`, `NestedTooDeeply`.

    Comments count as tokens.
    """
    source = Source(text)
    try:
        return Parser(source, lexer=_BoundedLexer(source, tokens_max)).parse_document()
    except RecursionError:
        raise NestedTooDeeply from None


class _BoundedLexer(Lexer):
    """Counts the tokens that it reads, and the braces and brackets that are open."""

    def __init__(self, source: Source, tokens_max: int) -> None:
        super().__init__(source)
        self._tokens_left = tokens_max
        self._nesting = 0

    def read_next_token(self, start: int) -> Token:
        token = super().read_next_token(start)
        if token.kind is TokenKind.EOF:
            return token
        self._tokens_left -= 1
        if self._tokens_left < 0:
            raise TooManyTokens
        self._nesting += (token.kind in _OPENING) - (token.kind in _CLOSING)
        if self._nesting > NESTING_MAX:
            raise NestedTooDeeply
        return token
