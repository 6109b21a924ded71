"""What the model answered: read strictly, and what it should look like (brief, section 4)."""

from coachwork.replies._parse import (
    ABSENT,
    LEFT_OUT,
    MAX_DEPTH,
    MAX_DIGITS,
    MAX_REPLY_BYTES,
    Absent,
    BadReply,
    BadReplyCode,
    Reply,
    parse_reply,
    parse_result,
)
from coachwork.replies._schema import reply_schema, result_schema
from coachwork.replies._stream import MessageStream

__all__ = [
    "ABSENT",
    "LEFT_OUT",
    "MAX_DEPTH",
    "MAX_DIGITS",
    "MAX_REPLY_BYTES",
    "Absent",
    "BadReply",
    "BadReplyCode",
    "MessageStream",
    "Reply",
    "parse_reply",
    "parse_result",
    "reply_schema",
    "result_schema",
]
