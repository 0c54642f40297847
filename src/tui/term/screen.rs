//! Frames on the terminal. A frame that equals the one before writes nothing.

use std::io::{self, Stdout, Write as _, stdout};

use crossterm::terminal::{BeginSynchronizedUpdate, Clear, ClearType, EndSynchronizedUpdate};
use crossterm::{cursor, execute, queue};
use ratatui::backend::{Backend as _, CrosstermBackend};
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use crate::tui::app::model::state::State;
use crate::tui::draw;
use crate::tui::term::osc;

/// The screen, and what it shows.
#[derive(Debug)]
pub(crate) struct Screen {
    backend: CrosstermBackend<Stdout>,
    shown: Option<(Buffer, Position)>,
    title: String,
}

impl Screen {
    pub(crate) fn new() -> Self {
        Self {
            backend: CrosstermBackend::new(stdout()),
            shown: None,
            title: String::new(),
        }
    }

    /// Draws the state, if it looks different from what is shown.
    pub(crate) fn draw(&mut self, state: &State) -> io::Result<()> {
        let area = Rect::new(0, 0, state.columns, state.rows);
        let mut buffer = Buffer::empty(area);
        let caret = draw::paint(state, &mut buffer);
        let mut out = stdout();
        let before = match self.shown.take() {
            Some((shown, at)) if shown == buffer && at == caret => {
                self.shown = Some((shown, at));
                return Ok(());
            }
            Some((shown, _)) if shown.area == area => {
                queue!(out, BeginSynchronizedUpdate, cursor::Hide)?;
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
        self.backend.draw(before.diff(&buffer).into_iter())?;
        // Input methods show what is being composed at the cursor of the terminal.
        let Position { x, y } = caret;
        execute!(
            out,
            cursor::MoveTo(x, y),
            cursor::Show,
            EndSynchronizedUpdate
        )?;
        self.shown = Some((buffer, caret));
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
