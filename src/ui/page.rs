//! An HTML page: one self-contained file.

use std::fmt::{self, Write as _};

const STYLE: &str = "
:root { color-scheme: light dark; }
body { font: 15px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
table { border-collapse: collapse; margin: .5rem 0; }
th, td { text-align: right; padding: .15rem .8rem .15rem 0; border-bottom: 1px solid #8884; }
th:first-child, td:first-child, .text td, .text th { text-align: left; }
td { font-variant-numeric: tabular-nums; }
.text td:first-child { white-space: nowrap; }
svg { max-width: 100%; height: auto; }
pre { overflow-x: auto; padding: .6rem; border: 1px solid #8884; }
.caution { color: #d64541; }
";

/// Elements appear in the order in which they were added. Text is escaped.
#[derive(Debug)]
pub(crate) struct Page {
    title: String,
    body: String,
}

impl Page {
    pub(crate) fn new(title: &str) -> Self {
        let (title, body) = (
            Escaped(title).to_string(),
            format!("<h1>{}</h1>\n", Escaped(title)),
        );
        Self { title, body }
    }

    /// Adds paragraphs, separated by blank lines.
    pub(crate) fn text(&mut self, text: &str) {
        for paragraph in text.split("\n\n") {
            self.add(format_args!("<p>{}</p>", Escaped(paragraph)));
        }
    }

    pub(crate) fn caution(&mut self, text: &str) {
        self.add(format_args!("<p class=\"caution\">{}</p>", Escaped(text)));
    }

    pub(crate) fn heading(&mut self, text: &str) {
        self.add(format_args!("<h2>{}</h2>", Escaped(text)));
    }

    /// Adds rows: a name in the first column, numbers in the others.
    pub(crate) fn table(&mut self, header: &[String], rows: &[Vec<String>]) {
        self.rows("numbers", header, rows);
    }

    /// Adds rows of text.
    pub(crate) fn texts(&mut self, rows: &[Vec<String>]) {
        self.rows("text", &[], rows);
    }

    fn rows(&mut self, class: &str, header: &[String], rows: &[Vec<String>]) {
        let row = |cells: &[String], tag: &str| {
            let cell = |cell: &String| format!("<{tag}>{}</{tag}>", Escaped(cell));
            format!("<tr>{}</tr>\n", cells.iter().map(cell).collect::<String>())
        };
        let head = if header.is_empty() {
            String::new()
        } else {
            row(header, "th")
        };
        let rows: String = rows.iter().map(|cells| row(cells, "td")).collect();
        self.add(format_args!(
            "<table class=\"{class}\">\n{head}{rows}</table>"
        ));
    }

    /// Adds a drawing: one `<svg>` element.
    pub(crate) fn drawing(&mut self, svg: &str) {
        self.add(format_args!("{svg}"));
    }

    pub(crate) fn command(&mut self, command: &str) {
        self.add(format_args!("<pre>{}</pre>", Escaped(command)));
    }

    fn add(&mut self, html: fmt::Arguments<'_>) {
        // Writing to a string cannot fail.
        let _ = writeln!(self.body, "{html}");
    }
}

impl fmt::Display for Page {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { title, body } = self;
        writeln!(
            f,
            "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">"
        )?;
        writeln!(f, "<title>{title}</title>\n<style>{STYLE}</style>\n</head>")?;
        writeln!(f, "<body>\n{body}</body>\n</html>")
    }
}

/// Escapes text for HTML.
struct Escaped<'a>(&'a str);

impl fmt::Display for Escaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.chars().try_for_each(|char| match char {
            '&' => f.write_str("&amp;"),
            '<' => f.write_str("&lt;"),
            '>' => f.write_str("&gt;"),
            '"' => f.write_str("&quot;"),
            '\'' => f.write_str("&#39;"),
            char => f.write_char(char),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOSTILE: &str = "<script>alert('x')</script> \"&\"";

    fn page() -> String {
        let mut page = Page::new(HOSTILE);
        page.text(HOSTILE);
        page.caution(HOSTILE);
        page.heading(HOSTILE);
        page.table(&[HOSTILE.to_owned()], &[vec![HOSTILE.to_owned()]]);
        page.texts(&[vec![HOSTILE.to_owned()]]);
        page.command(HOSTILE);
        page.to_string()
    }

    #[test]
    fn no_text_becomes_markup() {
        let page = page();
        assert!(
            !page.contains("<script") && !page.contains("\"&\""),
            "{page}"
        );
        assert_eq!(page.matches("&lt;script&gt;").count(), 9, "{page}");
    }

    #[test]
    fn page_needs_nothing_else() {
        let page = page();
        for outside in [
            "http:", "https:", "//", "src=", "href=", "url(", "@import", "<link",
        ] {
            assert!(!page.contains(outside), "{outside}: {page}");
        }
    }
}
