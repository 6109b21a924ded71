"""Sub-agents without network that answer what they were told to."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Mapping
from threading import Lock

from coachwork.errors import LLMError, MisuseError
from coachwork.plain import to_json
from coachwork.ports import AgentAsk, Answer


class ScriptedAgents:
    """Sub-agents that follow a script: answers by the agent's name, or a function.

    An answer is a value of the class that the agent is to answer, plain data, a text as a model
    would write it, a whole `Answer`, or an error to raise. It may be used by several threads.

    Attributes:
        asked: Everything that they were asked, in order.
    """

    def __init__(
        self, script: Mapping[str, Iterable[object]] | Callable[[AgentAsk], object]
    ) -> None:
        """Take the answers of each agent in order, or a function of what is asked.

        Raises:
            MisuseError: The answers of an agent are one text.
        """
        self.asked: list[AgentAsk] = []
        self._lock = Lock()
        if callable(script):
            self._say = script
        else:
            self._answers = {name: _listed(answers) for name, answers in script.items()}
            self._say = self._following

    def run(self, ask: AgentAsk, /) -> Answer:
        """See `coachwork.ports.SubAgents.run`.

        Raises:
            LLMError: The script of that agent is used up.
            BaseException: What the script says.
        """
        with self._lock:  # two threads must not get one answer
            self.asked.append(ask)
        said = self._say(ask)
        if isinstance(said, BaseException):
            raise said.with_traceback(None)
        if isinstance(said, Answer):
            return said
        return Answer(text=said) if isinstance(said, str) else Answer(data=to_json(said))

    def for_async(self) -> AsyncScriptedAgents:
        """Return the same script for an async coach."""
        return AsyncScriptedAgents(self)

    def _following(self, ask: AgentAsk) -> object:
        """Return the next answer of an agent; when there is none it fails, each time anew."""
        with self._lock:
            answers = self._answers.get(ask.agent)
            return answers.popleft() if answers else LLMError("the script is used up")


def _listed(answers: Iterable[object]) -> deque[object]:
    """Return the answers of one agent.

    Raises:
        MisuseError: They are one text.
    """
    if isinstance(answers, str):
        raise MisuseError("the script of an agent is a list of answers: put the text into one")
    return deque(answers)


class AsyncScriptedAgents:
    """The same script, awaited."""

    def __init__(self, agents: ScriptedAgents) -> None:
        """Stand before *agents*."""
        self._agents = agents

    async def run(self, ask: AgentAsk, /) -> Answer:
        """See `coachwork.ports.SubAgents.run`."""
        return self._agents.run(ask)
