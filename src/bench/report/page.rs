//! A sheet as a page for a browser: one file that needs nothing else.

use std::fmt;

use super::escape::Escaped;
use super::plot;
use super::sheet::{Condition, Figure, Setting, Sheet, Table};
use crate::bench::latency::Percentiles;

/// The looks of the page, light and dark.
const STYLE: &str = include_str!("page.css");

/// Numbers that stand in large letters at the top.
const CARDS_MAX: usize = 4;

/// A value with more characters than this is too long for large letters.
const LARGE_MAX: usize = 16;

/// A sheet as a page for a browser.
#[derive(Debug)]
pub(crate) struct Page<'a> {
    pub(crate) sheet: &'a Sheet,
    /// What such a run is for: paragraphs with blank lines between, commands in backquotes.
    pub(crate) about: &'a str,
    /// What makes the run again.
    pub(crate) command: &'a str,
}

impl fmt::Display for Page<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { sheet, about, command } = self;
        let title = Escaped(&sheet.title);
        writeln!(f, "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">")?;
        writeln!(f, "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">")?;
        writeln!(f, "<title>{title}: {}</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n<main>", Escaped(&sheet.summary))?;
        writeln!(f, "<h1>{title}</h1>\n{}", Paragraphs(about))?;
        writeln!(f, "<p class=\"soft\">This run: {}.</p>", Escaped(&sheet.summary))?;
        if !sheet.cautions.is_empty() {
            let cautions = sheet.cautions.iter().map(|caution| format!("<li>{}</li>", Escaped(caution)));
            writeln!(f, "<ul class=\"cautions\">{}</ul>", cautions.collect::<String>())?;
        }
        writeln!(f, "<div class=\"cards\">")?;
        cards(&sheet.figures).iter().try_for_each(|card| card.fmt(f))?;
        writeln!(f, "</div>")?;
        if !sheet.plots.is_empty() {
            writeln!(f, "<h2>How it went</h2>\n<div class=\"plots\">")?;
            sheet.plots.iter().try_for_each(|plot| plot::Figure(plot).fmt(f))?;
            writeln!(f, "</div>")?;
        }
        figures(f, &sheet.figures)?;
        sheet.tables.iter().try_for_each(|each| table(f, each))?;
        settings(f, &sheet.settings)?;
        conditions(f, &sheet.conditions)?;
        writeln!(f, "<h2>Measure it again</h2>\n<div class=\"box\"><pre>{}</pre></div>", Escaped(command))?;
        writeln!(f, "<footer>Written by cairn. The page is one file: it can be sent, kept and read without a network.</footer>")?;
        writeln!(f, "</main>\n</body>\n</html>")
    }
}

/// Paragraphs with blank lines between, commands in backquotes. The first tells the most.
struct Paragraphs<'a>(&'a str);

impl fmt::Display for Paragraphs<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, paragraph) in self.0.split("\n\n").enumerate() {
            f.write_str(if at == 0 { "<p class=\"lead\">" } else { "<p>" })?;
            for (at, part) in paragraph.split('`').enumerate() {
                match at % 2 {
                    0 => write!(f, "{}", Escaped(part))?,
                    _ => write!(f, "<code>{}</code>", Escaped(part))?,
                }
            }
            writeln!(f, "{}</p>", if paragraph.ends_with('.') { "" } else { "." })?;
        }
        Ok(())
    }
}

/// A number in large letters.
struct Card {
    name: String,
    value: String,
    unit: String,
    meaning: String,
}

impl fmt::Display for Card {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [name, value, unit, meaning] = [&self.name, &self.value, &self.unit, &self.meaning].map(|text| Escaped(text));
        writeln!(f, "<div class=\"card\"><div class=\"name\">{name}</div>")?;
        writeln!(f, "<div class=\"value\">{value} <span class=\"unit\">{unit}</span></div><div class=\"meaning\">{meaning}</div></div>")
    }
}

/// The first figures in large letters. Of a latency, what is usual and what is rare.
fn cards(figures: &[Figure]) -> Vec<Card> {
    let card = |name: String, value: &str, meaning: String| {
        let (value, unit) = value.split_once(' ').unwrap_or((value, ""));
        Card { name, value: value.to_owned(), unit: unit.to_owned(), meaning }
    };
    let of_one = |figure: &Figure| match &figure.percentiles {
        Some(Percentiles { p50, p99, .. }) => vec![
            card(format!("{}, half (p50)", figure.name), &millis(*p50), format!("half took at most this long, {}", figure.meaning)),
            card(format!("{}, 99 of 100 (p99)", figure.name), &millis(*p99), "one of 100 took longer".to_owned()),
        ],
        None => vec![card(figure.name.to_owned(), &figure.value, figure.meaning.to_owned())],
    };
    let is_short = |figure: &&Figure| figure.percentiles.is_some() || figure.value.chars().count() <= LARGE_MAX;
    figures.iter().filter(is_short).flat_map(of_one).take(CARDS_MAX).collect()
}

/// A time with the digits that matter.
fn millis(time: f64) -> String {
    match time {
        ..10.0 => format!("{time:.2} ms"),
        10.0..100.0 => format!("{time:.1} ms"),
        _ => format!("{} ms", super::grouped(time)),
    }
}

fn figures(f: &mut fmt::Formatter<'_>, figures: &[Figure]) -> fmt::Result {
    writeln!(f, "<h2>All figures</h2>\n<div class=\"box\"><table class=\"figures explained\">")?;
    let row = |f: &mut fmt::Formatter<'_>, class: &str, name: &str, value: &str, meaning: &str| {
        let (name, value, meaning) = (Escaped(name), Escaped(value), Escaped(meaning));
        writeln!(f, "<tr{class}><th scope=\"row\">{name}</th><td class=\"number\">{value}</td><td>{meaning}</td></tr>")
    };
    for Figure { name, value, meaning, percentiles } in figures {
        let Some(Percentiles { p50, p90, p99, p999, max }) = *percentiles else {
            row(f, "", name, value, meaning)?;
            continue;
        };
        row(f, "", name, &millis(p50), &format!("p50: half took at most this long, {meaning}"))?;
        let rest = [(p90, "p90: nine of ten"), (p99, "p99: 99 of 100"), (p999, "p99.9: 999 of 1,000"), (max, "max: the slowest of all")];
        rest.iter().try_for_each(|(time, meaning)| row(f, " class=\"p\"", "", &millis(*time), meaning))?;
    }
    writeln!(f, "</table></div>")
}

fn table(f: &mut fmt::Formatter<'_>, table: &Table) -> fmt::Result {
    let Table { title, meaning, columns, rows } = table;
    writeln!(f, "<h2>{}</h2>\n<p class=\"soft\">{}</p>\n<div class=\"box\"><table>\n<thead><tr>", Escaped(title), Escaped(meaning))?;
    let class = |at: usize| if at == 0 { "" } else { " class=\"number\"" };
    for (at, column) in columns.iter().enumerate() {
        write!(f, "<th scope=\"col\"{}>{}</th>", class(at), Escaped(column))?;
    }
    writeln!(f, "</tr></thead>\n<tbody>")?;
    for row in rows {
        f.write_str("<tr>")?;
        for (at, cell) in row.iter().enumerate() {
            match at {
                0 => write!(f, "<th scope=\"row\">{}</th>", Escaped(cell))?,
                _ => write!(f, "<td{}>{}</td>", class(at), Escaped(cell))?,
            }
        }
        writeln!(f, "</tr>")?;
    }
    writeln!(f, "</tbody>\n</table></div>")
}

fn settings(f: &mut fmt::Formatter<'_>, settings: &[Setting]) -> fmt::Result {
    if settings.is_empty() {
        return Ok(());
    }
    writeln!(f, "<h2>What was asked for</h2>\n<div class=\"box\"><table class=\"explained\">")?;
    for Setting { option, value, meaning } in settings {
        let (option, value, meaning) = (Escaped(option), Escaped(value.as_deref().unwrap_or("–")), Escaped(meaning));
        writeln!(f, "<tr><th scope=\"row\"><code>{option}</code></th><td class=\"number\">{value}</td><td>{meaning}</td></tr>")?;
    }
    writeln!(f, "</table></div>")
}

fn conditions(f: &mut fmt::Formatter<'_>, conditions: &[Condition]) -> fmt::Result {
    writeln!(f, "<h2>Where and how</h2>\n<div class=\"box\"><table>")?;
    for Condition { name, value } in conditions {
        writeln!(f, "<tr><th scope=\"row\">{}</th><td>{}</td></tr>", Escaped(name), Escaped(value))?;
    }
    writeln!(f, "</table></div>")
}

#[cfg(test)]
mod tests {
    use super::super::sheet::{Axis, Plot, Scale, Series};
    use super::*;

    const HOSTILE: &str = "<script>alert('x')</script> \"&\"";

    fn sheet() -> Sheet {
        let latency = Percentiles { p50: 1.234, p90: 2.0, p99: 34.56, p999: 456.7, max: 5_678.9 };
        let axis = |label| Axis { label, scale: Scale::Linear };
        let series = vec![Series { name: HOSTILE.to_owned(), points: vec![(0.0, 1.0), (1.0, 2.0)] }; 2];
        Sheet {
            title: HOSTILE.to_owned(),
            summary: HOSTILE.to_owned(),
            settings: vec![Setting { option: HOSTILE.to_owned(), value: Some(HOSTILE.to_owned()), meaning: HOSTILE.to_owned() }],
            cautions: vec![HOSTILE],
            figures: vec![
                Figure::new("accepted", "450,000 /s".to_owned(), HOSTILE),
                Figure::of_latency("latency", latency, HOSTILE),
                Figure::new(HOSTILE, HOSTILE.to_owned(), HOSTILE),
            ],
            tables: vec![Table {
                title: HOSTILE.to_owned(),
                meaning: HOSTILE.to_owned(),
                columns: vec![HOSTILE.to_owned(); 2],
                rows: vec![vec![HOSTILE.to_owned(); 2]],
            }],
            plots: vec![Plot { title: HOSTILE.to_owned(), meaning: HOSTILE.to_owned(), x: axis(HOSTILE), y: axis(HOSTILE), series }],
            conditions: vec![Condition { name: HOSTILE, value: HOSTILE.to_owned() }],
        }
    }

    fn page(about: &str) -> String {
        Page { sheet: &sheet(), about, command: HOSTILE }.to_string()
    }

    #[test]
    fn no_text_becomes_markup() {
        let page = page(HOSTILE);
        assert!(!page.contains("<script") && !page.contains("\"&\""), "{page}");
        assert!(page.matches("&lt;script&gt;").count() > 20, "{page}");
    }

    #[test]
    fn the_page_needs_nothing_else() {
        let page = page("about");
        for outside in ["http:", "https:", "//", "src=", "href=", "url(", "@import", "<link"] {
            assert!(!page.contains(outside), "{outside}: {page}");
        }
    }

    #[test]
    fn the_numbers_that_matter_stand_in_large_letters() {
        let page = page("about");
        let large = |value: &str, unit: &str| format!("<div class=\"value\">{value} <span class=\"unit\">{unit}</span></div>");
        for card in [large("450,000", "/s"), large("1.23", "ms"), large("34.6", "ms")] {
            assert!(page.contains(&card), "{card}: {page}");
        }
        assert_eq!(page.matches("class=\"card\"").count(), 3, "a long value is no card");
        assert!(page.contains("<td class=\"number\">5,679 ms</td>"), "{page}");
    }

    #[test]
    fn what_the_run_is_for_is_told_in_paragraphs() {
        let page = page("How many\n\nSee `cairn bench <x>`.");
        assert!(page.contains("<p class=\"lead\">How many.</p>\n<p>See <code>cairn bench &lt;x&gt;</code>.</p>"), "{page}");
    }
}
