"""What was said, by whom, and what saying it cost."""

from coachwork.messages._message import FIRST, Message, Role
from coachwork.messages._text import checked_text, is_blank
from coachwork.messages._usage import NO_USAGE, Usage

__all__ = ["FIRST", "NO_USAGE", "Message", "Role", "Usage", "checked_text", "is_blank"]
