"""What a coach does with a person beside talking: programs as data plus pure functions.

Why a program is data
    A *program* has states with a table, a catalogue of actions with typed parameters, and says who
    may do what in which phase, and what the model is told about it. All of that is one frozen value
    that an application declares in one module, with the parts that stand here; the programs that
    come with the library are made of the same parts (brief, section 7).

What is promised
    Actions of the coach's reply and of the user's clicks are judged one by one and in order:
    type, parameters, sender, phase, and then what the action itself says. Each is recorded, applied
    or refused, in the commit that changes the state. A refused one never spoils the others or the
    message. A phase moves only along the table.
"""

from coachwork.programs._agent_actions import (
    BeginAgent,
    FailAgent,
    FinishAgent,
    RunAgentAgain,
    agent_actions,
)
from coachwork.programs._agents import LOST, MAX_AGENT, Agent, AgentRun, AgentRuns, AgentStatus
from coachwork.programs._carrying import (
    MAX_ACTIONS,
    MAX_SHOWN,
    MAX_STATE,
    Carried,
    carried_again,
    carry_again,
    carry_out,
)
from coachwork.programs._program import (
    MAX_PHASE,
    ActionType,
    Done,
    Moment,
    Program,
    Refusal,
    Scope,
    declared_programs,
)
from coachwork.programs._progress import Progress, begun, read_state, rebuild
from coachwork.programs._telling import action_schema, told

__all__ = [
    "LOST",
    "MAX_ACTIONS",
    "MAX_AGENT",
    "MAX_PHASE",
    "MAX_SHOWN",
    "MAX_STATE",
    "ActionType",
    "Agent",
    "AgentRun",
    "AgentRuns",
    "AgentStatus",
    "BeginAgent",
    "Carried",
    "Done",
    "FailAgent",
    "FinishAgent",
    "Moment",
    "Program",
    "Progress",
    "Refusal",
    "RunAgentAgain",
    "Scope",
    "action_schema",
    "agent_actions",
    "begun",
    "carried_again",
    "carry_again",
    "carry_out",
    "declared_programs",
    "read_state",
    "rebuild",
    "told",
]
