//! Tables for terminals: columns without borders, names on the left and numbers on the right.

use comfy_table::{Cell, CellAlignment, Table};

/// Spaces between two columns.
const GAP: u16 = 2;

/// Returns the rows as text: the first column aligned left, all others right, so that numbers can
/// be compared.
///
/// No line ends with a space; the last one ends with a newline.
pub(crate) fn render(header: &[String], rows: &[Vec<String>]) -> String {
    let align = |at| match at {
        0 => CellAlignment::Left,
        _ => CellAlignment::Right,
    };
    text(header, rows.iter().map(Vec::as_slice), align)
}

/// Returns rows of a name, a value and its meaning, all aligned left.
pub(crate) fn described(rows: &[[String; 3]]) -> String {
    text(&[], rows.iter().map(<[_; 3]>::as_slice), |_| {
        CellAlignment::Left
    })
}

fn text<'a>(
    header: &[String],
    rows: impl Iterator<Item = &'a [String]>,
    align: impl Fn(usize) -> CellAlignment,
) -> String {
    let cells = |row: &[String]| -> Vec<Cell> {
        let cell = |(at, text)| Cell::new(text).set_alignment(align(at));
        row.iter().enumerate().map(cell).collect()
    };
    let mut table = Table::new();
    table.load_style(comfy_table::presets::NOTHING);
    if !header.is_empty() {
        table.set_header(cells(header));
    }
    for row in rows {
        table.add_row(cells(row));
    }
    for (at, column) in table.column_iter_mut().enumerate() {
        column.set_padding(if at == 0 { (0, 0) } else { (GAP, 0) });
    }
    let mut text = table.trim_fmt();
    text.push('\n');
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn strings<const N: usize>(row: [&str; N]) -> Vec<String> {
        row.map(str::to_owned).to_vec()
    }

    #[test]
    fn numbers_are_aligned_right() {
        let rows = [strings(["a", "1,000"]), strings(["longer", "2"])];
        assert_eq!(
            render(&strings(["engine", "/s"]), &rows),
            "engine     /s\na       1,000\nlonger      2\n"
        );
    }

    #[test]
    fn header_is_optional() {
        assert_eq!(render(&[], &[strings(["sessions", "3"])]), "sessions  3\n");
    }

    #[test]
    fn wide_characters_take_two_columns() {
        let rows = [strings(["小明", "1"]), strings(["ada", "12"])];
        assert_eq!(render(&[], &rows), "小明   1\nada   12\n");
    }
}
