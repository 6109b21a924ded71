"""Plans whose answers will do, and short agents that write their briefs."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Final

from coachwork.programs import Agent
from coachwork.programs.plan import CoachingPlan, Step, section_agent

ANSWERS: Final = json.dumps(
    {
        "message": "Well.",
        "is_final": False,
        "actions": [
            {
                "type": "assess_answer",
                "parameters": {
                    "step": step.value,
                    "complete": True,
                    "confidence": 0.9,
                    "response": f"My {step}.",
                },
            }
            for step in Step
        ],
    }
)
"""A reply that finds an answer to each step, every one of which will do."""


def section_agents(*stages: int) -> Sequence[Agent[CoachingPlan]]:
    """Return so many agents in each stage; the last one of all is optional."""
    names = [
        (f"part_{stage}_{number}", stage)
        for stage, many in enumerate(stages, 1)
        for number in range(1, many + 1)
    ]
    return [
        section_agent(name, f"Write {name}.", stage=stage, required=(name, stage) != names[-1])
        for name, stage in names
    ]
