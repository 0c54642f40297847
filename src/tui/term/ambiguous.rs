//! Asks the terminal how wide it shows ambiguous characters.

use std::io::{self, Write as _, stdout};

use crossterm::cursor::{self, MoveToColumn};
use crossterm::execute;
use crossterm::terminal::{Clear, ClearType};

use crate::tui::text::width::Ambiguous;

/// Writes an ambiguous character and asks where the cursor is then.
pub(crate) fn probe() -> io::Result<Ambiguous> {
    let mut out = stdout();
    execute!(out, MoveToColumn(0))?;
    out.write_all("·".as_bytes())?;
    out.flush()?;
    let column = cursor::position().map(|(column, _)| column);
    execute!(out, MoveToColumn(0), Clear(ClearType::CurrentLine))?;
    Ok(match column? {
        2 => Ambiguous::Wide,
        _ => Ambiguous::Narrow,
    })
}
