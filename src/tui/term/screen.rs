//! Frames on the terminal. A frame that equals the one before writes nothing.

use std::io::{self, Stdout, Write as _, stdout};

use crossterm::terminal::{BeginSynchronizedUpdate, Clear, ClearType, EndSynchronizedUpdate};
use crossterm::{cursor, execute, queue};
use ratatui::backend::{Backend as _, CrosstermBackend};
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use crate::tui::app::model::state::State;
use crate::tui::draw::{self, Painted};
use crate::tui::term::{links, osc};

/// The screen, and what it shows.
#[derive(Debug)]
pub(crate) struct Screen {
    backend: CrosstermBackend<Stdout>,
    shown: Option<(Buffer, Painted)>,
    title: String,
    /// Whether the terminal understands links.
    has_links: bool,
}

impl Screen {
    pub(crate) fn new(has_links: bool) -> Self {
        Self {
            backend: CrosstermBackend::new(stdout()),
            shown: None,
            title: String::new(),
            has_links,
        }
    }

    /// Draws the state, if it looks different from what is shown.
    pub(crate) fn draw(&mut self, state: &State) -> io::Result<()> {
        let area = Rect::new(0, 0, state.columns, state.rows);
        let mut buffer = Buffer::empty(area);
        let mut painted = draw::paint(state, &mut buffer);
        if !self.has_links {
            painted.links.clear();
        }
        let mut out = stdout();
        let before = match self.shown.take() {
            Some((shown, before)) if shown == buffer && before == painted => {
                self.shown = Some((shown, before));
                return Ok(());
            }
            Some((mut shown, before)) if shown.area == area => {
                queue!(out, BeginSynchronizedUpdate, cursor::Hide)?;
                links::invalidate(&mut shown, &before.links, &painted.links);
                shown
            }
            _ => {
                queue!(
                    out,
                    BeginSynchronizedUpdate,
                    cursor::Hide,
                    Clear(ClearType::All)
                )?;
                Buffer::empty(area)
            }
        };
        for (url, cells) in links::runs(before.diff(&buffer), &painted.links) {
            let open = url.and_then(osc::link);
            if let Some(open) = &open {
                out.write_all(open.as_bytes())?;
            }
            self.backend.draw(cells.into_iter())?;
            if open.is_some() {
                out.write_all(osc::LINK_END.as_bytes())?;
            }
        }
        // Input methods show what is being composed at the cursor of the terminal.
        let Position { x, y } = painted.caret;
        execute!(
            out,
            cursor::MoveTo(x, y),
            cursor::Show,
            EndSynchronizedUpdate
        )?;
        self.shown = Some((buffer, painted));
        Ok(())
    }

    /// Forgets what is shown, after a resize or when other programs wrote to the terminal.
    pub(crate) fn clear(&mut self) {
        self.shown = None;
    }

    /// Writes a sequence outside of frames.
    pub(crate) fn write(sequence: &str) -> io::Result<()> {
        let mut out = stdout();
        out.write_all(sequence.as_bytes())?;
        out.flush()
    }

    /// Sets the title of the window, if it differs.
    pub(crate) fn title(&mut self, title: String) -> io::Result<()> {
        if self.title != title {
            Self::write(&osc::title(&title))?;
            self.title = title;
        }
        Ok(())
    }
}
