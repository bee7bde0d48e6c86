"""The ladder of escalation of two states, as the interface and the command line show it."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, HTTPException, Query
from pydantic import Field
from sqlite_utils import Database

from alerts.ladder import WINDOW, Ladder, Side, ladder
from alerts.replies import Reply
from alerts.state_acts import AFFAIR, Standing, StateAct, state_acts
from alerts.story_acts import acts_of
from review.models.base import Model, Pair
from review.parameters import Moment
from review.room import Room
from storage import ladder as stored
from storage.types import ToldAct

#: days that a chart shows, and that an act counts, at most
LONGEST = 3_660
#: nothing is told of times before
EARLIEST = datetime(1900, 1, 1, tzinfo=UTC)
#: stories that are read anew while a page waits; the service soon reads the others
MOST_DUE = 50
PAIR_PATTERN = r"^[A-Z]{2,8}-[A-Z]{2,8}$"


class LadderActModel(Model):
    """One act of one state on another, as first told."""

    type: str
    actor: str
    target: str
    severity: int = Field(ge=1, le=5, description="its rung")
    at: datetime = Field(description="when it was first told")
    story_id: int
    persons: int | None = Field(description="people expelled, null where nobody gives a number")
    sentence: str

    @classmethod
    def of(cls, act: StateAct) -> LadderActModel:
        """Build it from an act."""
        return cls.model_validate(act)


class StandingActModel(LadderActModel):
    """An act with the time for which it counts."""

    until: datetime
    ended_by: str = Field(description="`window`, `taken_back` or `denied`")

    @classmethod
    def of_standing(cls, one: Standing) -> StandingActModel:
        """Build it from an act and its time."""
        known = LadderActModel.of(one.act).model_dump()
        return cls(**known, until=one.until, ended_by=one.ended_by)


class RungChangeModel(Model):
    """A step of one state towards or away from another."""

    key: str
    actor: str
    target: str
    at: datetime
    before: int = Field(ge=0, le=5, description="0 is none")
    after: int = Field(ge=0, le=5)
    reason: str = Field(description="`act`, `taken_back`, `denied` or `window`")
    type: str = Field(description="of the act that led up, or that stopped counting")
    story_id: int


class ReplyModel(Model):
    """An act of one state that answers an act of the other."""

    action: LadderActModel
    reaction: LadderActModel
    after_seconds: float = Field(description="how long the answer took")
    reason: str = Field(description="`says_so` or `same_affair`")
    reciprocal: bool = Field(description="the same kind of act came back")
    numbers: tuple[int, int] | None = Field(description="people expelled by either, first the action")
    matched: bool = Field(description="the answer hits as many people, or more")

    @classmethod
    def of(cls, reply: Reply) -> ReplyModel:
        """Build it from a reply."""
        return cls(
            action=LadderActModel.of(reply.action),
            reaction=LadderActModel.of(reply.reaction),
            after_seconds=reply.after.total_seconds(),
            reason=reply.reason,
            reciprocal=reply.reciprocal,
            numbers=reply.numbers,
            matched=reply.matched,
        )


class PointModel(Model):
    """The highest rung of a day (UTC)."""

    day: date
    rung: int = Field(ge=0, le=5)


class SideModel(Model):
    """One direction of a pair."""

    actor: str
    target: str
    rung: int = Field(ge=0, le=5, description="at the end; 0 is none")
    held_by: StandingActModel | None = Field(description="the act that holds it")
    points: tuple[PointModel, ...]

    @classmethod
    def of(cls, side: Side) -> SideModel:
        """Build it from a side."""
        return cls(
            actor=side.actor,
            target=side.target,
            rung=side.rung,
            held_by=StandingActModel.of_standing(side.held_by) if side.held_by else None,
            points=tuple(PointModel.model_validate(point) for point in side.points),
        )


class LadderModel(Model):
    """How far two states have gone towards each other, and how that changed."""

    pair: Pair
    since: datetime
    until: datetime
    window_days: int = Field(description="how long an act counts")
    sides: tuple[SideModel, SideModel]
    acts: tuple[StandingActModel, ...]
    changes: tuple[RungChangeModel, ...]
    replies: tuple[ReplyModel, ...]

    @classmethod
    def of(cls, found: Ladder) -> LadderModel:
        """Build it from a ladder."""
        first, second = found.sides
        return cls(
            pair=(first.actor, first.target),
            since=found.since,
            until=found.until,
            window_days=found.window.days,
            sides=(SideModel.of(first), SideModel.of(second)),
            acts=tuple(StandingActModel.of_standing(one) for one in found.acts),
            changes=tuple(RungChangeModel.model_validate(one) for one in found.changes),
            replies=tuple(ReplyModel.of(one) for one in found.replies),
        )


def read_ladder(
    database: Database, pair: tuple[str, str], *, since: datetime, until: datetime, window: timedelta = WINDOW
) -> Ladder:
    """Return the ladder of a pair as the archive tells it.

    Args:
        database: the archive.
        pair: codes of two states.
        since: beginning of the time looked at; aware.
        until: its end, usually now; aware.
        window: how long an act counts.
    """
    begin = since - window - AFFAIR
    told: list[ToldAct] = []
    for actor, target in (pair, pair[::-1]):
        told += stored.told(database, actor, target, begin, until)
    # What has just been moved between stories is looked at as it stands now.
    due = stored.due_stories(database, MOST_DUE)
    told = [one for one in told if one.story_id not in due]
    anew = (one for story_id in due for one in acts_of(stored.reports(database, story_id)).values())
    told += (one for one in anew if one.at >= begin)
    return ladder(state_acts(told), pair, since=since, until=until, window=window)


def ladder_routes(room: Room) -> APIRouter:
    """Return the routes of the ladder."""
    router = APIRouter(tags=["ladder"])

    @router.get("/ladder", summary="How far two states have gone towards each other, with the data of a chart")
    def show_ladder(
        *,
        pair: Annotated[str, Query(pattern=PAIR_PATTERN, description="`FRA-MLI`")],
        days: Annotated[int, Query(ge=1, le=LONGEST, description="so far back from `until`")] = 90,
        until: Annotated[Moment | None, Query(description="end of the time looked at; now if not given")] = None,
        window: Annotated[int, Query(ge=1, le=LONGEST, description="days for which an act counts")] = WINDOW.days,
    ) -> LadderModel:
        first, _, second = pair.partition("-")
        end = until or room.now()
        if first == second or end < EARLIEST:
            raise HTTPException(status_code=422, detail=f"pair must name two states, and until lie after {EARLIEST:%Y}")
        with room.readers.reading() as database:
            found = read_ladder(
                database, (first, second), since=end - timedelta(days=days), until=end, window=timedelta(days=window)
            )
        return LadderModel.of(found)

    return router
