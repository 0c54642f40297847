//! Draws the state into a frame. Nothing here changes the state.

mod bars;
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

/// Draws everything, and returns where the caret is. The cursor of the terminal belongs there in
/// every frame: input methods show what is being composed at the cursor.
pub(crate) fn paint(state: &State, buffer: &mut ratatui::buffer::Buffer) -> Position {
    let geometry = Geometry::of(state);
    if let Some(area) = geometry.list {
        list::draw(state, buffer, area);
    }
    bars::title(state, buffer, geometry.title);
    bars::bar(state, buffer, geometry.bar);
    if let Some(area) = geometry.about {
        input::about(state, buffer, area);
    }
    let caret = input::composer(state, buffer, &geometry);
    match &state.overlay {
        None => {
            timeline::draw(state, buffer, geometry.timeline);
            caret
        }
        Some(Overlay::Pane(pane)) => {
            pane::draw(state, pane, buffer, geometry.timeline);
            caret
        }
        Some(Overlay::Picker(picker)) => picker::draw(state, picker, buffer, geometry.timeline),
    }
}
