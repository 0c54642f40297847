//! A sheet as text for a terminal.

use std::fmt;

use super::sheet::{Condition, Figure, Sheet, Table};

const NAME_WIDTH: usize = 15;
const VALUE_WIDTH: usize = 14;

/// What is told of a table.
const LINE_WIDTH: usize = 100;

/// Between the columns of a table.
const GAP: &str = "  ";

impl fmt::Display for Sheet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}: {}", self.title, self.summary)?;
        if !self.figures.is_empty() {
            writeln!(f)?;
        }
        self.figures.iter().try_for_each(|figure| figure.fmt(f))?;
        self.tables.iter().try_for_each(|table| table.fmt(f))?;
        self.conditions
            .iter()
            .try_for_each(|Condition { name, value }| write!(f, "\n  {name:NAME_WIDTH$}{value}"))
    }
}

impl fmt::Display for Figure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            name,
            value,
            meaning,
            ..
        } = self;
        let is_wide = value.chars().count() > VALUE_WIDTH;
        let indent = if is_wide {
            format!("\n{:NAME_WIDTH$}  {:VALUE_WIDTH$}", "", "")
        } else {
            String::new()
        };
        writeln!(
            f,
            "  {name:NAME_WIDTH$}{value:<VALUE_WIDTH$}{indent}  {meaning}"
        )
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "\n  {}", self.title)?;
        let width = |at: usize| {
            let cells = self
                .rows
                .iter()
                .filter_map(|row| row.get(at))
                .chain(self.columns.get(at));
            cells
                .map(|cell| cell.chars().count())
                .max()
                .unwrap_or_default()
        };
        let widths: Vec<usize> = (0..self.columns.len()).map(width).collect();
        for row in std::iter::once(&self.columns).chain(&self.rows) {
            // Names stand on the left, numbers on the right, where they can be compared.
            let cells = row
                .iter()
                .zip(&widths)
                .enumerate()
                .map(|(at, (cell, &width))| match at {
                    0 => format!("{cell:<width$}"),
                    _ => format!("{cell:>width$}"),
                });
            writeln!(f, "  {}", cells.collect::<Vec<_>>().join(GAP).trim_end())?;
        }
        wrapped(&self.meaning)
            .iter()
            .try_for_each(|line| writeln!(f, "  {line}"))
    }
}

/// Lines that are easy to read.
fn wrapped(text: &str) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        match lines.last_mut() {
            Some(line) if line.chars().count() + 1 + word.chars().count() <= LINE_WIDTH => {
                line.extend([" ", word])
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_stand_below_each_other_and_wide_ones_push_their_meaning_down() {
        let figures = vec![
            Figure::new("accepted", "450,000 /s".to_owned(), "messages"),
            Figure::new("latency", "p50 1.00  p90 2.00".to_owned(), "wait"),
        ];
        let condition = |name, value: &str| Condition {
            name,
            value: value.to_owned(),
        };
        let sheet = Sheet {
            title: "t".to_owned(),
            summary: "s".to_owned(),
            settings: Vec::new(),
            cautions: Vec::new(),
            figures,
            tables: Vec::new(),
            plots: Vec::new(),
            conditions: vec![condition("machine", "one"), condition("seed", "7")],
        };
        let expected = "t: s\n\n  accepted       450,000 /s      messages\n  latency        p50 1.00  p90 2.00\n                                 wait\n\n  machine        one\n  seed           7";
        assert_eq!(sheet.to_string(), expected);
    }

    #[test]
    fn tables_are_aligned() {
        let cells = |cells: [&str; 2]| cells.map(str::to_owned).to_vec();
        let table = Table {
            title: "Speed".to_owned(),
            meaning: "More is better.".to_owned(),
            columns: cells(["engine", "/s"]),
            rows: vec![cells(["a", "1,000"]), cells(["longer", "2"])],
        };
        assert_eq!(
            table.to_string(),
            "\n  Speed\n  engine     /s\n  a       1,000\n  longer      2\n  More is better.\n"
        );
    }

    #[test]
    fn long_meanings_are_broken_between_words() {
        let text = "abcd ".repeat(50);
        let lines = wrapped(&text);
        assert_eq!(
            lines.iter().map(String::len).collect::<Vec<_>>(),
            [99, 99, 49]
        );
        assert_eq!(lines.join(" "), text.trim_end());
        assert_eq!(wrapped(&"x".repeat(200)).len(), 1);
    }
}
