//! The place in the timeline: the newest message, or a line of a row.
//!
//! Rows have keys that outlive loading, edits and new messages, so what is on screen stays where it
//! is. Only the user's input and jumps change the place.

use cairn_session::{Row, RowKey};

/// The place in the timeline.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Scroll {
    /// The last line is at the bottom, and new messages push the others up.
    #[default]
    End,
    /// This line of this row is at the top.
    At { key: RowKey, line: usize },
}

/// The first line on screen: an index of a row, and lines of it that are above the screen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Top {
    pub(crate) row: usize,
    pub(crate) line: usize,
}

/// Rows with their heights, which are computed when they are needed.
pub(crate) struct Rows<'a, H> {
    pub(crate) rows: &'a [Row],
    pub(crate) height_of: H,
    /// Lines of the screen.
    pub(crate) screen: usize,
    /// Whether the last row is the newest one.
    pub(crate) is_at_end: bool,
}

impl<H: Fn(&Row) -> usize> Rows<'_, H> {
    /// Finds the first line on screen.
    pub(crate) fn top(&self, scroll: Scroll) -> Top {
        let last = self.last_top();
        let Scroll::At { key, line } = scroll else {
            return last;
        };
        let Some(row) = self.rows.iter().position(|row| row.key == key) else {
            return last;
        };
        let line = line.min(self.height(row).saturating_sub(1));
        // Never blank lines below the last message.
        match (row, line) > (last.row, last.line) {
            true => last,
            false => Top { row, line },
        }
    }

    /// The place after scrolling by lines, upwards if negative.
    pub(crate) fn scrolled(&self, scroll: Scroll, lines: isize) -> Scroll {
        let top = self.top(scroll);
        let count = lines.unsigned_abs();
        let moved = match lines < 0 {
            true => self.up(top, count),
            false => self.down(top, count),
        };
        let last = self.last_top();
        match (moved.row, moved.line) >= (last.row, last.line) {
            true if self.is_at_end => Scroll::End,
            true => self.place(last),
            false => self.place(moved),
        }
    }

    /// The place in which a row is on screen, with the least movement.
    pub(crate) fn showing(&self, scroll: Scroll, key: RowKey) -> Scroll {
        let Some(row) = self.rows.iter().position(|row| row.key == key) else {
            return scroll;
        };
        let top = self.top(scroll);
        if (row, 0) < (top.row, top.line) {
            return self.place(Top { row, line: 0 });
        }
        let end = Top {
            row,
            line: self.height(row),
        };
        let first = self.up(end, self.screen);
        match (first.row, first.line) > (top.row, top.line) {
            // A row higher than the screen is shown from its start.
            true if first.row == row => self.place(Top { row, line: 0 }),
            true if row + 1 == self.rows.len() && self.is_at_end => Scroll::End,
            true => self.place(first),
            false => scroll,
        }
    }

    /// The place in which a row is in the upper part of the screen.
    pub(crate) fn jumped(&self, key: RowKey) -> Scroll {
        self.scrolled(
            Scroll::At { key, line: 0 },
            -isize::try_from(self.screen / 4).unwrap_or(0),
        )
    }

    /// The rows on screen: indices of the first and the last one.
    pub(crate) fn on_screen(&self, scroll: Scroll) -> Option<(usize, usize)> {
        let last = self.rows.len().checked_sub(1)?;
        let top = self.top(scroll);
        let bottom = self.down(top, self.screen.saturating_sub(1));
        Some((top.row, bottom.row.min(last)))
    }

    /// Lines above the first row, if all rows together are lower than the screen.
    pub(crate) fn blank(&self, top: Top) -> usize {
        let mut left = self.screen + top.line;
        for row in top.row..self.rows.len() {
            left = left.saturating_sub(self.height(row));
            if left == 0 {
                break;
            }
        }
        left
    }

    /// The place of a line.
    pub(crate) fn place(&self, top: Top) -> Scroll {
        match self.rows.get(top.row) {
            Some(row) => Scroll::At {
                key: row.key,
                line: top.line,
            },
            None => Scroll::End,
        }
    }

    fn height(&self, row: usize) -> usize {
        self.rows.get(row).map_or(0, |row| (self.height_of)(row))
    }

    fn last_top(&self) -> Top {
        let end = Top {
            row: self.rows.len(),
            line: 0,
        };
        self.up(end, self.screen)
    }

    fn up(&self, from: Top, lines: usize) -> Top {
        let Top { mut row, mut line } = from;
        let mut left = lines;
        while left > line {
            if row == 0 {
                return Top { row: 0, line: 0 };
            }
            left -= line;
            row -= 1;
            line = self.height(row);
        }
        Top {
            row,
            line: line - left,
        }
    }

    fn down(&self, from: Top, lines: usize) -> Top {
        let Top { mut row, line } = from;
        let mut line = line + lines;
        while row < self.rows.len() && line >= self.height(row) {
            line -= self.height(row);
            row += 1;
        }
        match row < self.rows.len() {
            true => Top { row, line },
            false => Top { row, line: 0 },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use cairn_proto::ids::MsgId;
    use cairn_session::What;
    use proptest::prelude::*;

    fn rows(first: u64, count: u64) -> Vec<Row> {
        let row = |n| Row {
            key: RowKey::Entry(MsgId::new(n)),
            what: What::Start,
        };
        (first..first + count).map(row).collect()
    }

    fn view(rows: &[Row], screen: usize) -> Rows<'_, impl Fn(&Row) -> usize> {
        Rows {
            rows,
            // 1 to 3 lines.
            height_of: |row: &Row| match row.key {
                RowKey::Entry(msgid) => 1 + usize::try_from(msgid.get() % 3).unwrap(),
                _ => 1,
            },
            screen,
            is_at_end: true,
        }
    }

    #[test]
    fn the_end_follows_new_messages() {
        let (few, many) = (rows(1, 10), rows(1, 12));
        let scrolled = view(&few, 5).scrolled(Scroll::End, 3);
        assert_eq!(scrolled, Scroll::End);
        assert_ne!(view(&few, 5).top(scrolled), view(&many, 5).top(scrolled));
    }

    #[test]
    fn history_above_and_messages_below_move_nothing() {
        let before = rows(50, 10);
        let scroll = view(&before, 5).scrolled(Scroll::End, -6);
        let top = view(&before, 5).top(scroll);
        let key = before[top.row].key;
        let after = rows(20, 60);
        let moved = view(&after, 5).top(scroll);
        assert_eq!((after[moved.row].key, moved.line), (key, top.line));
    }

    #[test]
    fn unknown_places_are_the_end() {
        let rows = rows(1, 4);
        let key = RowKey::Entry(MsgId::new(99));
        let view = view(&rows, 3);
        assert_eq!(view.top(Scroll::At { key, line: 0 }), view.top(Scroll::End));
    }

    proptest! {
        #[test]
        fn selected_rows_are_on_screen(
            count in 1_u64..40, screen in 3_usize..12, at in 0_u64..40, lines in -30_isize..30,
        ) {
            let rows = rows(1, count);
            let view = view(&rows, screen);
            let scroll = view.scrolled(Scroll::End, lines);
            let key = rows[usize::try_from(at % count).unwrap()].key;
            let (first, last) = view.on_screen(view.showing(scroll, key)).unwrap();
            prop_assert!(rows[first..=last].iter().any(|row| row.key == key));
        }

        #[test]
        fn scrolling_down_undoes_scrolling_up(count in 20_u64..40, lines in 1_isize..9) {
            let rows = rows(1, count);
            let view = view(&rows, 4);
            let start = view.scrolled(Scroll::End, -12);
            let there = view.scrolled(start, -lines);
            prop_assert_eq!(view.top(view.scrolled(there, lines)), view.top(start));
        }
    }
}
