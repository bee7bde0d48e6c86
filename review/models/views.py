"""Saved views, and those that are always there."""

from __future__ import annotations

from pydantic import Field

from review.models.base import Model
from review.view_lists import View


class ViewModel(Model):
    """A named way of looking at the desk."""

    id: str
    name: str
    conditions: dict[str, str] = Field(description="as they stand in the address of the desk")
    built_in: bool = Field(description="always there; nobody saved it")
    shared: bool = Field(description="everybody sees it")
    created_by: str | None
    on_dashboard: bool
    page: str = Field(description="address of the desk narrowed to it")
    atom: str
    json_feed: str
    csv: str
    jsonl: str

    @classmethod
    def of(cls, view: View) -> ViewModel:
        """Build it from a view."""
        saved = view.saved
        return cls(
            id=view.id,
            name=view.name,
            conditions=view.wanted.parameters(),
            built_in=saved is None,
            shared=saved is None or saved.person_id is None,
            created_by=None if saved is None else saved.created_by,
            on_dashboard=saved is None or saved.on_dashboard,
            page=view.address,
            atom=f"/feeds/{view.id}.atom",
            json_feed=f"/feeds/{view.id}.json",
            csv=f"/views/{view.id}.csv",
            jsonl=f"/views/{view.id}.jsonl",
        )


class ViewList(Model):
    """Every view that whoever asks may see."""

    views: tuple[ViewModel, ...]
