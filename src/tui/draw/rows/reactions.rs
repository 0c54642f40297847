//! The reactions below a message.

use std::collections::BTreeSet;

use cairn_proto::ids::UserId;
use cairn_session::{Entry, MessageRow};
use ratatui::style::Style;

use super::summary::emoji;
use super::{GUTTER, RowLayout};
use crate::tui::text::line::{Line, Span};
use crate::tui::theme::Role;

/// Columns between two reactions.
const BETWEEN: usize = 2;

/// Where one reaction stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Spot {
    /// The line, among those of the reactions.
    line: usize,
    /// Its first column, and the one after its last.
    columns: (usize, usize),
    name: String,
}

impl RowLayout<'_> {
    /// The lines of the reactions, and where each of them stands.
    pub(super) fn reactions(&self, entry: &Entry) -> (Vec<Line>, Vec<Spot>) {
        let mut lines: Vec<Line> = Vec::new();
        let mut spots = Vec::new();
        let mut column = 0;
        for (name, users) in &entry.reactions {
            let (text, style) = self.reaction(name.as_str(), users);
            let width = self.layout.ambiguous.text(&text);
            if lines.is_empty() || column + BETWEEN + width > self.layout.columns {
                lines.push(self.gutter(None));
                column = GUTTER;
            } else if let Some(line) = lines.last_mut() {
                line.push_span(Span::styled(" ".repeat(BETWEEN), Style::new()));
                column += BETWEEN;
            }
            spots.push(Spot {
                line: lines.len() - 1,
                columns: (column, column + width),
                name: name.as_str().to_owned(),
            });
            column += width;
            if let Some(line) = lines.last_mut() {
                line.push_span(Span::styled(text, style));
            }
        }
        (lines, spots)
    }

    fn reaction(&self, name: &str, users: &BTreeSet<UserId>) -> (String, Style) {
        let text = format!("{} {}", emoji(name), users.len());
        // Brackets mark the own ones, not only the weight.
        match users.contains(&self.state.settings.me) {
            true => (format!("[{text}]"), Style::new().bold()),
            false => (text, self.style(Role::Dim)),
        }
    }

    /// The name of the reaction on a line of a message, at a column of the timeline.
    pub(crate) fn reaction_at(
        &self,
        message: &MessageRow,
        height: usize,
        (line, column): (usize, usize),
    ) -> Option<String> {
        let (lines, spots) = self.reactions(&message.entry);
        // They are the last lines of a message.
        let line = line.checked_sub(height - lines.len())?;
        // The first column is that of the mark of the selection.
        let column = column.checked_sub(1)?;
        let mut spots = spots.into_iter();
        spots
            .find(|spot| spot.line == line && (spot.columns.0..spot.columns.1).contains(&column))
            .map(|spot| spot.name)
    }
}
