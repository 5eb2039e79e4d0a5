"""The store of values with sizes: its bound, its order, and its generations."""

from api.asgi.bounded_store import SHARE_MAX, BoundedStore


def store(size_max: int = 100) -> BoundedStore[str]:
    made: BoundedStore[str] = BoundedStore(size_max)
    made.begin(1)
    return made


def test_least_recently_used_values_are_dropped_beyond_the_size() -> None:
    kept = store()
    for key in range(10):
        kept.put(1, key, str(key), 10)
    assert kept.get(1, 0) == "0"
    kept.put(1, "more", "more", 10)
    assert (kept.get(1, 0), kept.get(1, 1), kept.get(1, "more")) == ("0", None, "more")
    assert (kept.size, len(kept)) == (100, 10)


def test_value_of_more_than_a_share_of_the_size_is_not_stored() -> None:
    kept = store()
    kept.put(1, "large", "large", 100 // SHARE_MAX + 1)
    kept.put(1, "small", "small", 100 // SHARE_MAX)
    assert (kept.get(1, "large"), kept.get(1, "small")) == (None, "small")


def test_value_that_replaces_another_counts_once() -> None:
    kept = store()
    for size in (10, 4, 7):
        kept.put(1, "one", str(size), size)
    assert (kept.get(1, "one"), kept.size, len(kept)) == ("7", 7, 1)


def test_new_generation_drops_the_values_of_the_last_one() -> None:
    kept = store()
    kept.put(1, "one", "one", 10)
    kept.begin(1)
    assert kept.get(1, "one") == "one"
    kept.begin(2)
    assert (kept.get(1, "one"), kept.get(2, "one"), kept.size, len(kept)) == (None, None, 0, 0)


def test_value_of_an_earlier_generation_is_not_stored() -> None:
    kept = store()
    kept.begin(2)
    kept.put(1, "one", "one", 10)
    assert (kept.get(1, "one"), kept.get(2, "one"), kept.size) == (None, None, 0)


def test_store_without_size_stores_nothing() -> None:
    kept = store(0)
    kept.put(1, "one", "one", 1)
    assert (kept.get(1, "one"), len(kept)) == (None, 0)
