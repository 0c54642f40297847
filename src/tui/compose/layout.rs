//! The lines of the composer, and where the caret stands in them.

use std::ops::Range;

use crate::tui::compose::editor::Editor;
use crate::tui::compose::motion;
use crate::tui::text::width::{Ambiguous, graphemes};
use crate::tui::text::wrap::wrap;

/// Rows that the composer grows to.
pub(crate) const ROWS_MAX: usize = 8;

/// A text in lines of a given width.
#[derive(Clone, Debug)]
pub(crate) struct Layout {
    lines: Vec<Range<usize>>,
    caret_row: usize,
    caret_column: usize,
    columns: usize,
    ambiguous: Ambiguous,
}

impl Layout {
    /// Lays out the text for an area of this many columns. One of them is kept for the caret.
    pub(crate) fn new(editor: &Editor, columns: usize, ambiguous: Ambiguous) -> Self {
        let columns = columns.saturating_sub(1).max(1);
        let lines = wrap(editor.text(), columns, ambiguous);
        let caret = editor.caret();
        // At a soft break, the caret stands at the start of the next line.
        let row = lines
            .iter()
            .rposition(|line| line.start <= caret)
            .unwrap_or(0);
        let start = lines.get(row).map_or(0, |line| line.start);
        let before = editor.text().get(start..caret).unwrap_or_default();
        Self {
            caret_row: row,
            // Blanks may go beyond the edge; the caret does not.
            caret_column: ambiguous.text(before).min(columns),
            lines,
            columns,
            ambiguous,
        }
    }

    /// Rows on the screen: 1 to [`ROWS_MAX`].
    pub(crate) fn rows(&self) -> usize {
        self.lines.len().clamp(1, ROWS_MAX)
    }

    /// The lines on the screen, if it has this many rows, and the row and column of the caret.
    pub(crate) fn view(&self, rows: usize) -> (&[Range<usize>], (usize, usize)) {
        let rows = rows.max(1);
        let first = (self.caret_row + 1).saturating_sub(rows);
        let end = (first + rows).min(self.lines.len());
        let lines = self.lines.get(first..end).unwrap_or_default();
        (lines, (self.caret_row - first, self.caret_column))
    }

    /// The caret one line up, or `None` in the first line.
    pub(crate) fn up(&self, editor: &Editor) -> Option<usize> {
        self.at(editor, self.caret_row.checked_sub(1)?)
    }

    /// The caret one line down, or `None` in the last line.
    pub(crate) fn down(&self, editor: &Editor) -> Option<usize> {
        self.at(editor, self.caret_row + 1)
    }

    /// The offset in a line that is nearest to the column of the caret.
    fn at(&self, editor: &Editor, row: usize) -> Option<usize> {
        let line = self.lines.get(row)?;
        let text = editor.text().get(line.clone())?;
        let mut column = 0;
        for (at, cluster) in graphemes(text) {
            let width = self.ambiguous.cluster(cluster);
            if column + width > self.caret_column.min(self.columns) {
                return Some(line.start + at);
            }
            column += width;
        }
        // The end of a soft line is the start of the next one.
        let is_soft = self
            .lines
            .get(row + 1)
            .is_some_and(|next| next.start == line.end);
        match is_soft && !text.is_empty() {
            true => Some(motion::left(editor.text(), line.end)),
            false => Some(line.end),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn caret(text: &str, at: usize, columns: usize) -> (usize, usize) {
        let mut editor = Editor::new(text);
        editor.set_caret(at);
        Layout::new(&editor, columns, Ambiguous::Narrow)
            .view(ROWS_MAX)
            .1
    }

    #[test]
    fn the_caret_stands_behind_what_is_before_it() {
        assert_eq!(caret("", 0, 10), (0, 0));
        assert_eq!(caret("你好", 6, 10), (0, 4));
        assert_eq!(caret("a👍🏽b", 10, 20), (0, 4));
        assert_eq!(caret("one\ntwo", 4, 10), (1, 0));
        assert_eq!(caret("one two", 7, 6), (1, 3));
        assert_eq!(caret("one    ", 7, 5), (0, 4));
    }

    #[test]
    fn long_texts_scroll_with_the_caret() {
        let text = "x\n".repeat(20);
        let editor = Editor::new(text);
        let layout = Layout::new(&editor, 10, Ambiguous::Narrow);
        assert_eq!(layout.rows(), ROWS_MAX);
        let (lines, caret) = layout.view(ROWS_MAX);
        assert_eq!((lines.len(), caret), (ROWS_MAX, (ROWS_MAX - 1, 0)));
    }

    #[test]
    fn the_caret_moves_between_lines() {
        let mut editor = Editor::new("abcd\n你好");
        let layout = |editor: &Editor| Layout::new(editor, 20, Ambiguous::Narrow);
        let up = layout(&editor).up(&editor);
        assert_eq!(up, Some(4));
        editor.set_caret(3);
        assert_eq!(layout(&editor).up(&editor), None);
        assert_eq!(layout(&editor).down(&editor), Some(8));
        editor.set_caret(8);
        assert_eq!(layout(&editor).down(&editor), None);
    }
}
