"""Hypothesis strategies for every public value: valid ones in all their forms, and refused ones.

Import it as the strategies that come with Hypothesis are imported, and draw from both::

    from hypothesis import given
    from coachwork.testing import strategies as st

    @given(session=st.sessions(), now=st.instants())
    def test_what_i_show(session, now): ...

Sessions and jobs have gone through their tables, and answers are given by the workflows: what is
drawn can come to be. It needs Hypothesis (extra ``testing``).
"""

from __future__ import annotations

from coachwork.testing import _hypothesis as _hypothesis  # it says what to install
from coachwork.testing.strategies._agents import agent_runs
from coachwork.testing.strategies._answers import (
    acted,
    action_lists,
    agents_views,
    checks,
    completed,
    conversations,
    exports,
    histories,
    job_outcomes,
    job_reports,
    job_views,
    program_views,
    resumed,
    scenarios,
    session_lists,
    session_views,
    started,
    timelines,
    topic_standings,
    turns,
)
from coachwork.testing.strategies._asks import (
    admissions,
    agent_asks,
    answers,
    asks,
    effects,
    events,
    observations,
    partials,
    prompts,
    worker_options,
)
from coachwork.testing.strategies._companions import (
    accounts,
    backgrounds,
    claims,
    receipts,
    spendings,
    standings,
)
from coachwork.testing.strategies._components import buttons, components
from coachwork.testing.strategies._errors import errors, problems
from coachwork.testing.strategies._faults import fault_plans
from coachwork.testing.strategies._jobs import job_errors, job_refs, jobs
from coachwork.testing.strategies._leaves import (
    HOSTILE,
    counts,
    durations,
    idempotency_keys,
    ids,
    instants,
    refused_ids,
)
from coachwork.testing.strategies._of import of
from coachwork.testing.strategies._plain import (
    contexts,
    plain_data,
    refused_contexts,
    sound_data,
)
from coachwork.testing.strategies._plan import plan_policies
from coachwork.testing.strategies._programs import (
    actions,
    audits,
    business_briefs,
    coach_states,
    coaching_plans,
    identities,
    moments,
    progresses,
)
from coachwork.testing.strategies._records import (
    commits,
    facts,
    from_kind,
    keys,
    ops,
    queries,
    records,
    stored,
)
from coachwork.testing.strategies._replies import (
    bad_replies,
    extractions,
    model_failures,
    read_bad_replies,
    read_replies,
    replies,
)
from coachwork.testing.strategies._sessions import (
    abouts,
    conclusions,
    endings,
    messages,
    sessions,
    usages,
)
from coachwork.testing.strategies._texts import any_texts, refused_texts, sound_texts, texts
from coachwork.testing.strategies._topics import (
    Values,
    callers,
    filled_templates,
    gaps_of,
    settings,
    setups,
    templates,
    topics,
    values,
)

__all__ = [
    "HOSTILE",
    "Values",
    "abouts",
    "accounts",
    "acted",
    "action_lists",
    "actions",
    "admissions",
    "agent_asks",
    "agent_runs",
    "agents_views",
    "answers",
    "any_texts",
    "asks",
    "audits",
    "backgrounds",
    "bad_replies",
    "business_briefs",
    "buttons",
    "callers",
    "checks",
    "claims",
    "coach_states",
    "coaching_plans",
    "commits",
    "completed",
    "components",
    "conclusions",
    "contexts",
    "conversations",
    "counts",
    "durations",
    "effects",
    "endings",
    "errors",
    "events",
    "exports",
    "extractions",
    "facts",
    "fault_plans",
    "filled_templates",
    "from_kind",
    "gaps_of",
    "histories",
    "idempotency_keys",
    "identities",
    "ids",
    "instants",
    "job_errors",
    "job_outcomes",
    "job_refs",
    "job_reports",
    "job_views",
    "jobs",
    "keys",
    "messages",
    "model_failures",
    "moments",
    "observations",
    "of",
    "ops",
    "partials",
    "plain_data",
    "plan_policies",
    "problems",
    "program_views",
    "progresses",
    "prompts",
    "queries",
    "read_bad_replies",
    "read_replies",
    "receipts",
    "records",
    "refused_contexts",
    "refused_ids",
    "refused_texts",
    "replies",
    "resumed",
    "scenarios",
    "session_lists",
    "session_views",
    "sessions",
    "settings",
    "setups",
    "sound_data",
    "sound_texts",
    "spendings",
    "standings",
    "started",
    "stored",
    "templates",
    "texts",
    "timelines",
    "topic_standings",
    "topics",
    "turns",
    "usages",
    "values",
    "worker_options",
]
