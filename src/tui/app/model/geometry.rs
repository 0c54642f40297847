//! Where the parts of the screen are.

use cairn_session::Aim;
use ratatui::layout::Rect;

use crate::tui::app::model::overlay::Overlay;
use crate::tui::app::model::state::State;
use crate::tui::compose::layout::{Layout, ROWS_MAX};

/// Narrower terminals hide the list of conversations.
pub(crate) const LIST_FROM_COLUMNS: u16 = 80;
const LIST_COLUMNS: u16 = 26;

/// The prompt of the composer.
pub(crate) const PROMPT: &str = "> ";

/// The parts of the screen, from top to bottom, and the list at the left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Geometry {
    /// The line of the support desk, above the list.
    pub(crate) desk: Option<Rect>,
    pub(crate) list: Option<Rect>,
    pub(crate) title: Rect,
    pub(crate) timeline: Rect,
    pub(crate) bar: Rect,
    /// What the message replies to or edits, and its files.
    pub(crate) about: Option<Rect>,
    pub(crate) prompt: Rect,
    pub(crate) composer: Rect,
}

impl Geometry {
    pub(crate) fn of(state: &State) -> Self {
        let screen = Rect::new(0, 0, state.columns, state.rows);
        // Panes and the desk need the width, and a selection by the terminal takes whole lines.
        let has_pane = matches!(state.overlay, Some(Overlay::Pane(_)))
            || state.overlay.is_none() && state.desk.is_some();
        let shown = if has_pane || state.is_bare {
            Some(false)
        } else {
            state.is_list_shown
        };
        let is_wide = screen.width >= LIST_FROM_COLUMNS;
        let list_width = match shown.unwrap_or(is_wide) {
            false => 0,
            true if is_wide => LIST_COLUMNS.max(screen.width / 5).min(36),
            true => screen.width.min(LIST_COLUMNS),
        };
        let list = (list_width > 0).then_some(Rect {
            width: list_width,
            ..screen
        });
        let is_agent = state.world.desk.is_some();
        let desk = list.filter(|_| is_agent).map(|list| Rect {
            height: 1.min(list.height),
            ..list
        });
        let list = list.map(|list| {
            let above = desk.map_or(0, |desk| desk.height);
            Rect {
                y: list.y + above,
                height: list.height - above,
                ..list
            }
        });
        // One column separates the list from the rest.
        let left = match list_width {
            0 => 0,
            width => (width + 1).min(screen.width),
        };
        let column = Rect {
            x: left,
            width: screen.width - left,
            ..screen
        };
        let (head, tail) = state.columns_of_composer(column.width);
        let wanted = Layout::new(&state.editor, tail, state.settings.ambiguous).rows();
        let has_about = state.aim != Aim::New || !state.files.is_empty();
        let fixed = 2 + u16::from(has_about);
        let rows = u16::try_from(wanted.min(ROWS_MAX)).unwrap_or(1);
        // The timeline keeps at least three rows.
        let rows = rows.min(screen.height.saturating_sub(fixed + 3)).max(1);
        let timeline = screen.height.saturating_sub(fixed + rows);
        let mut y = 0;
        let mut next = |height: u16| {
            let height = height.min(screen.height - y);
            let area = Rect {
                y,
                height,
                ..column
            };
            y += height;
            area
        };
        let title = next(1);
        let timeline = next(timeline);
        let bar = next(1);
        let about = has_about.then(|| next(1));
        let input = next(rows);
        let head = u16::try_from(head).unwrap_or(0).min(input.width);
        Self {
            desk,
            list,
            title,
            timeline,
            bar,
            about,
            prompt: Rect {
                width: head,
                ..input
            },
            composer: Rect {
                x: input.x + head,
                width: input.width - head,
                ..input
            },
        }
    }
}

impl State {
    /// Columns of the prompt, and of the text after it.
    fn columns_of_composer(&self, columns: u16) -> (usize, usize) {
        let columns = usize::from(columns);
        let prompt = PROMPT.len().min(columns);
        (prompt, columns - prompt)
    }

    /// The lines of the composer.
    pub(crate) fn composer_layout(&self) -> Layout {
        let geometry = Geometry::of(self);
        let columns = usize::from(geometry.composer.width);
        Layout::new(&self.editor, columns, self.settings.ambiguous)
    }
}
