//! Draws the state into a frame. Nothing here changes the state.

mod bars;
mod desk;
mod input;
pub(crate) mod list;
pub(crate) mod pane;
mod picker;
pub(crate) mod rows;
#[cfg(test)]
mod snapshots;
mod timeline;

use ratatui::layout::Position;

use crate::tui::app::model::geometry::Geometry;
use crate::tui::app::model::overlay::Overlay;
use crate::tui::app::model::state::State;
use crate::tui::text::paint::Link;

/// What a frame has besides its cells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Painted {
    /// Where the cursor of the terminal belongs in every frame: input methods show what is being
    /// composed there.
    pub(crate) caret: Position,
    pub(crate) links: Vec<Link>,
}

/// Draws everything.
pub(crate) fn paint(state: &State, buffer: &mut ratatui::buffer::Buffer) -> Painted {
    let geometry = Geometry::of(state);
    if let Some(area) = geometry.desk {
        list::desk(state, buffer, area);
    }
    if let Some(area) = geometry.list {
        list::draw(state, buffer, area);
    }
    bars::title(state, buffer, geometry.title);
    bars::bar(state, buffer, geometry.bar);
    if let Some(area) = geometry.about {
        input::about(state, buffer, area);
    }
    let mut painted = Painted {
        caret: input::composer(state, buffer, &geometry),
        links: Vec::new(),
    };
    match &state.overlay {
        None if state.desk.is_some() => desk::draw(state, buffer, geometry.timeline),
        None => timeline::draw(state, buffer, geometry.timeline, &mut painted.links),
        Some(Overlay::Pane(pane)) => pane::draw(state, pane, buffer, geometry.timeline),
        Some(Overlay::Picker(picker)) => {
            painted.caret = picker::draw(state, picker, buffer, geometry.timeline);
        }
    }
    painted
}
