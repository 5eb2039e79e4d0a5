"""Entity tags: whether the cached response of a client is still valid."""


def matches(etag: str, if_none_match: str) -> bool:
    """Whether an `If-None-Match` header lists this tag, or is `*`. Compared weakly (RFC 9110, 13.1.2): proxies weaken
    tags."""
    return bool({"*", etag.removeprefix("W/")} & {tag.strip().removeprefix("W/") for tag in if_none_match.split(",")})
