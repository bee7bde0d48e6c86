"""The domain types of Vigie: one frozen dataclass per stage an article passes through.

Every value is immutable, keyword-only and built from plain serialisable parts, so that an order or
a result can cross a process border unchanged. Times are aware UTC datetimes (:func:`utc` makes
sure); collections are tuples.
"""

from __future__ import annotations

from storage.types.alerting import (
    Alert,
    Decision,
    DecisionKind,
    Delivery,
    DeliveryState,
    Outcome,
    OutcomeClass,
    Silence,
    Watch,
)
from storage.types.events import (
    Signal,
    Status,
    Story,
    StoryArticle,
    StoryState,
)
from storage.types.health import (
    WELL,
    CanaryRun,
    Cause,
    Drift,
    Health,
    HealthEvent,
    HealthState,
    Network,
    NetworkState,
    SourcePause,
)
from storage.types.holding import (
    DAYS,
    Batch,
    BatchKind,
    BatchPlan,
    Digest,
    QuietHours,
)
from storage.types.hubs import (
    Subscription,
    SubscriptionState,
)
from storage.types.ladder import (
    Report,
    RungChange,
    ToldAct,
)
from storage.types.moments import (
    utc,
)
from storage.types.pacing import (
    WEEK_HOURS,
    HostHold,
    Lane,
    Plan,
    PlanReason,
    Rhythm,
)
from storage.types.people import (
    Done,
    Person,
    Role,
)
from storage.types.press import (
    AddressKind,
    Article,
    CrawlFailure,
    Evidence,
    FailureReason,
    FeedEntry,
    FeedState,
    FetchOrder,
    FetchResult,
    HomePage,
    NamedAddress,
    PaceHints,
    PollOrder,
    PollResult,
    Revision,
    Source,
    SourceState,
)

__all__ = [
    "DAYS",
    "WEEK_HOURS",
    "WELL",
    "AddressKind",
    "Alert",
    "Article",
    "Batch",
    "BatchKind",
    "BatchPlan",
    "CanaryRun",
    "Cause",
    "CrawlFailure",
    "Decision",
    "DecisionKind",
    "Delivery",
    "DeliveryState",
    "Digest",
    "Done",
    "Drift",
    "Evidence",
    "FailureReason",
    "FeedEntry",
    "FeedState",
    "FetchOrder",
    "FetchResult",
    "Health",
    "HealthEvent",
    "HealthState",
    "HomePage",
    "HostHold",
    "Lane",
    "NamedAddress",
    "Network",
    "NetworkState",
    "Outcome",
    "OutcomeClass",
    "PaceHints",
    "Person",
    "Plan",
    "PlanReason",
    "PollOrder",
    "PollResult",
    "QuietHours",
    "Report",
    "Revision",
    "Rhythm",
    "Role",
    "RungChange",
    "Signal",
    "Silence",
    "Source",
    "SourcePause",
    "SourceState",
    "Status",
    "Story",
    "StoryArticle",
    "StoryState",
    "Subscription",
    "SubscriptionState",
    "ToldAct",
    "Watch",
    "utc",
]
