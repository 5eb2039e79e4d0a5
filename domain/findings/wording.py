"""What titles say: words, numbers, the verbs of deliverables, vague promises and counted activities.

The word lists are English. A title in another language matches none of them, so it has no finding rather than a wrong
one; numbers and repeated titles are found in any language.
"""

import re
import unicodedata

# ── words and numbers ────────────────────────────────────────────────────────────────────────────


def words(title: str) -> list[str]:
    """The words of a title in lower case, without numbers and punctuation."""
    return re.findall(r"[^\W\d_]+", title.lower())


def word_set(listed: str) -> frozenset[str]:
    """The words of a list that is written with spaces."""
    return frozenset(listed.split())


def folded(title: str) -> str:
    """A key that is equal for titles which differ only in case, accents, Unicode form, spaces and punctuation."""
    plain = unicodedata.normalize("NFKD", title.casefold())
    letters = "".join(one for one in plain if not unicodedata.combining(one))
    return " ".join(re.findall(r"\w+", letters)) or title


_NUMBER = re.compile(
    r"(?<![\w.,/-])\d+(?:[.,]\d+)*\s?(?:%|[kmx]\b)?(?![\w/])"
    r"|\b(?:two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|twenty|fifty|dozens?|hundreds?"
    r"|thousands?|millions?|billions?|double|triple)\b",
    re.IGNORECASE,
)
_YEAR = re.compile(r"(?:19|20)\d\d")


def numbers(title: str) -> list[str]:
    """The numbers in a title, in digits or words, without years."""
    found = (match.group().strip() for match in _NUMBER.finditer(title))
    return [number for number in found if not _YEAR.fullmatch(number)]


def _forms(verbs: str) -> frozenset[str]:
    """The verbs and their -ing forms, such as write and writing, run and running."""
    return frozenset(
        form
        for verb in verbs.split()
        for form in (verb, f"{verb}ing", f"{verb.removesuffix('e')}ing", f"{verb}{verb[-1]}ing")
    )


# ── deliverables and vague promises ──────────────────────────────────────────────────────────────

_DELIVERABLES = _forms(
    "build complete create define deliver deploy design develop document draft finalise finalize finish fix hire "
    "host implement install introduce launch migrate organise organize prepare produce publish refactor release "
    "rewrite roll run setup ship start update upgrade write"
)
_PREDICATES = word_set("are becomes can feels gets has is makes needs stays takes that which will works")
"""Before one of these words, a deliverable's verb is a noun: "Shipping feels instant", "Design that delights"."""


def deliverable(title: str) -> str | None:
    """The verb of a deliverable with which a title begins; None if it does not."""
    first, second, *_ = *words(title), "", ""
    is_verb = second not in _PREDICATES and not second.endswith("ly")
    return first if first in _DELIVERABLES and is_verb else None


_VAGUE_VERBS = _forms("enhance improve optimise optimize strengthen")
_ADVERBS = word_set("and constantly continually continuously drastically further greatly significantly to we")
_SPECIFIC = word_set(
    "because before by for from if instead less more so than that to until when where which who whom whose without "
    "colleagues clients customers employees everybody everyone guests members partners people readers students teams "
    "us users visitors"
)
"""Words that say what changes, or for whom."""
_VAGUE_WORDS_MAX = 8


def vague(title: str) -> str | None:
    """The word of a title that promises an improvement without what changes or for whom; None if it does not.

    "Improve documentation" and "Be a better company" are vague; "Improve documentation so that nobody has to ask",
    "A better first day for customers" and "10x better" are not. A longer title is taken as specific.
    """
    all_words = words(title)
    meant = [word for word in all_words if word not in _ADVERBS]
    if numbers(title) or len(all_words) > _VAGUE_WORDS_MAX or _SPECIFIC & set(all_words[1:]):
        return None
    if meant and meant[0] in _VAGUE_VERBS:
        return meant[0]
    return "better" if "better" in all_words else None


# ── activities ───────────────────────────────────────────────────────────────────────────────────

_ACTIVITY_VERBS = "attend conduct hold organise organize perform publish send speak write"
_ACTIVITY_VERBS_OR_NOUNS = _forms(_ACTIVITY_VERBS) - word_set(_ACTIVITY_VERBS) | word_set(
    "call contact host hosting interview meet post present run schedule talk train visit"
)
"""Verbs of activities that are also nouns. They are verbs before a number, an article, a preposition or people."""
_ARTICLES = word_set("a all an at each every more new our that the these this those to with")
_ACTIVITY_NOUNS = word_set(
    "activity article blogpost campaign conference demo hackathon interview meeting meetup newsletter post "
    "presentation release sprint survey talk training webinar workshop"
)
_SHARED_NOUNS = word_set("call email event session visit")
"""What both we and customers do: an activity only if the title says that we do it."""
_DONE_BY_US = word_set("conducted held hosted made organised organized performed published sent written")
_CUSTOMERS = (
    "audience buyers candidates clients colleagues community customers employees experts fans guests leads members "
    "partners people prospects readers shoppers students subscribers users visitors"
)
_DONE_BY_CUSTOMERS = re.compile(
    rf"\b(?:by|from)\s+(?:\w+\s+){{0,2}}(?:{_CUSTOMERS.replace(' ', '|')})\b"
    r"|\b(?:about us|answered|booked|clicked|completed|downloaded|opened|per user|press|read|requested|shared"
    r"|started|viewed|watched)\b"
)
_WITH_CUSTOMERS = re.compile(rf"\b(?:with|to|at)\s+(?:\w+\s+){{0,2}}(?:{_CUSTOMERS.replace(' ', '|')})\b")
_HEAD_END = word_set(
    "about across after among at before between by during for from in into near of on per since than that through to "
    "under until when where which while who whose with within without"
)
_AT_LEAST = re.compile(r"\bat (?:least|most)\b")
_GENERIC_SYMBOLS = word_set("count counts number pcs piece pieces time times unit units x")


def counts_activity(title: str, symbol: str) -> bool:
    """Whether a number with this title and unit symbol counts what we do (sessions held, posts written).

    What is counted is the unit's last word, or else a word of the title before its first preposition. What customers do
    (visits to the shop, posts by users, demos booked) is not counted as our activity.
    """
    text = _AT_LEAST.sub("", title.lower())
    if _DONE_BY_CUSTOMERS.search(text):
        return False
    return _begins_with_activity(text) or any(_is_activity(one, text) for one in _counted(text, symbol))


def _begins_with_activity(text: str) -> bool:
    first, second, *_ = *re.findall(r"\w+", text), "", ""
    if first in word_set(_ACTIVITY_VERBS):
        return True
    is_verb = second in _ARTICLES | _HEAD_END | word_set(_CUSTOMERS) or second.isdigit() or bool(numbers(second))
    return first in _ACTIVITY_VERBS_OR_NOUNS and is_verb


def _counted(text: str, symbol: str) -> list[str]:
    """The words that may be what is counted, in the singular."""
    of_unit = words(symbol)
    if of_unit and of_unit[-1] not in _GENERIC_SYMBOLS:
        return [_singular(of_unit[-1])]
    head = words(text)
    end = next((place for place, word in enumerate(head) if place and word in _HEAD_END), len(head))
    followed = zip(head[:end], [*head[1:end], ""], strict=True)
    return [_singular(word) for word, after in followed if word.endswith("s") or after in ("", "a", "and", "or")]


def _singular(word: str) -> str:
    return f"{word.removesuffix('ies')}y" if word.endswith("ies") else word.removesuffix("s")


def _is_activity(noun: str, text: str) -> bool:
    if noun in _SHARED_NOUNS:
        return bool(_DONE_BY_US & set(words(text))) or bool(_WITH_CUSTOMERS.search(text))
    return noun in _ACTIVITY_NOUNS or bool({"published", "written"} & set(words(text)))
