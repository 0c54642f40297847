//! A sheet as a page for a browser: one file that needs nothing else.

use std::fmt;

use super::escape::Escaped;
use super::numbers::grouped;
use super::plot;
use super::sheet::{Condition, Figure, Setting, Sheet, Table};
use crate::latency::Percentiles;

/// The looks of the page, light and dark.
const STYLE: &str = include_str!("page.css");

/// Numbers that stand in large letters at the top.
const CARDS_MAX: usize = 4;

/// A value with more characters than this is too long for large letters.
const LARGE_MAX: usize = 16;

/// How the columns of latencies are read.
const PERCENTILES: &str = "Half of all took at most as long as p50 says, 90 of 100 as p90, 99 of 100 as p99, 999 of 1,000 as p99.9. \
    The slowest of all took as long as max.";

/// A sheet as a page for a browser.
#[derive(Debug)]
pub struct Page<'a> {
    pub sheet: &'a Sheet,
    /// What such a run is for: paragraphs with blank lines between, commands in backquotes.
    pub about: &'a str,
    /// What makes the run again.
    pub command: &'a str,
}

impl fmt::Display for Page<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            sheet,
            about,
            command,
        } = self;
        let title = Escaped(&sheet.title);
        writeln!(
            f,
            "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">"
        )?;
        writeln!(
            f,
            "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">"
        )?;
        writeln!(
            f,
            "<title>{title}: {}</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n<main>",
            Escaped(&sheet.summary)
        )?;
        writeln!(f, "<h1>{title}</h1>\n{}", Paragraphs(about))?;
        writeln!(
            f,
            "<p class=\"summary\">This run: {}.</p>",
            Escaped(&sheet.summary)
        )?;
        if !sheet.cautions.is_empty() {
            let cautions = sheet
                .cautions
                .iter()
                .map(|caution| format!("<li>{}</li>", Escaped(caution)));
            writeln!(
                f,
                "<ul class=\"cautions\">{}</ul>",
                cautions.collect::<String>()
            )?;
        }
        let cards = cards(&sheet.figures);
        if !cards.is_empty() {
            writeln!(
                f,
                "<div class=\"cards\">{}</div>",
                cards.iter().map(ToString::to_string).collect::<String>()
            )?;
        }
        if !sheet.plots.is_empty() {
            writeln!(f, "<h2>How it went</h2>\n<div class=\"plots\">")?;
            sheet
                .plots
                .iter()
                .try_for_each(|plot| plot::Figure(plot).fmt(f))?;
            writeln!(f, "</div>")?;
        }
        figures(f, &sheet.figures)?;
        sheet.tables.iter().try_for_each(|each| table(f, each))?;
        settings(f, &sheet.settings)?;
        conditions(f, &sheet.conditions)?;
        writeln!(
            f,
            "<h2>Repeat it</h2>\n<div class=\"box\"><pre>{}</pre></div>",
            Escaped(command)
        )?;
        writeln!(
            f,
            "<footer>Written by cairn. The page is one file: it can be sent, kept and read without a network.</footer>"
        )?;
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
        let [name, value, unit, meaning] =
            [&self.name, &self.value, &self.unit, &self.meaning].map(|text| Escaped(text));
        writeln!(f, "<div class=\"card\"><div class=\"name\">{name}</div>")?;
        writeln!(
            f,
            "<div class=\"value\">{value} <span class=\"unit\">{unit}</span></div><div class=\"meaning\">{meaning}</div></div>"
        )
    }
}

/// The first figures in large letters. Of a latency, what is usual and what is rare.
fn cards(figures: &[Figure]) -> Vec<Card> {
    let card = |name: String, value: &str, meaning: String| {
        let (value, unit) = value.split_once(' ').unwrap_or((value, ""));
        Card {
            name,
            value: value.to_owned(),
            unit: unit.to_owned(),
            meaning,
        }
    };
    let of_one = |figure: &Figure| match figure.percentiles {
        Some(Percentiles { p50, p99, .. }) => {
            let card = |part: &str, time: f64, meaning| {
                card(
                    format!("{} {part}", figure.name),
                    &format!("{} ms", digits(time)),
                    meaning,
                )
            };
            let half = format!("half of all took at most this long, {}", figure.meaning);
            vec![
                card("p50", p50, half),
                card("p99", p99, "99 of 100 took at most this long".to_owned()),
            ]
        }
        None => vec![card(
            figure.name.to_owned(),
            &figure.value,
            figure.meaning.to_owned(),
        )],
    };
    let is_short = |figure: &&Figure| {
        figure.percentiles.is_some() || figure.value.chars().count() <= LARGE_MAX
    };
    figures
        .iter()
        .filter(is_short)
        .flat_map(of_one)
        .take(CARDS_MAX)
        .collect()
}

/// A time with the digits that matter.
fn digits(time: f64) -> String {
    match time {
        ..10.0 => format!("{time:.2}"),
        10.0..100.0 => format!("{time:.1}"),
        _ => grouped(time),
    }
}

fn figures(f: &mut fmt::Formatter<'_>, figures: &[Figure]) -> fmt::Result {
    let (latencies, single): (Vec<_>, Vec<_>) = figures
        .iter()
        .partition(|figure| figure.percentiles.is_some());
    let rows = single.iter().map(
        |Figure {
             name,
             value,
             meaning,
             ..
         }| Row {
            name,
            value,
            meaning,
        },
    );
    explained(f, "All figures", rows)?;
    let rows: Vec<_> = latencies
        .iter()
        .filter_map(|figure| figure.percentiles.map(|taken| latency_row(figure, taken)))
        .collect();
    if rows.is_empty() {
        return Ok(());
    }
    let columns = ["milliseconds", "p50", "p90", "p99", "p99.9", "max"]
        .map(str::to_owned)
        .to_vec();
    table(
        f,
        &Table {
            title: "Latencies".to_owned(),
            meaning: PERCENTILES.to_owned(),
            columns,
            rows,
        },
    )
}

fn settings(f: &mut fmt::Formatter<'_>, settings: &[Setting]) -> fmt::Result {
    let rows = settings.iter().map(
        |Setting {
             option,
             value,
             meaning,
         }| Row {
            name: option,
            value: value.as_deref().unwrap_or("–"),
            meaning,
        },
    );
    explained(f, "Settings", rows)
}

/// A value with what it means.
struct Row<'a> {
    name: &'a str,
    value: &'a str,
    meaning: &'a str,
}

/// A table of values with their meanings, where there are any.
fn explained<'a>(
    f: &mut fmt::Formatter<'_>,
    title: &str,
    rows: impl Iterator<Item = Row<'a>>,
) -> fmt::Result {
    let row = |Row {
                   name,
                   value,
                   meaning,
               }: Row<'_>| {
        let (name, value, meaning) = (Escaped(name), Escaped(value), Escaped(meaning));
        format!(
            "<tr><th scope=\"row\">{name}</th><td class=\"number\">{value}</td><td>{meaning}</td></tr>\n"
        )
    };
    let rows: String = rows.map(row).collect();
    match rows.is_empty() {
        true => Ok(()),
        false => writeln!(
            f,
            "<h2>{title}</h2>\n<div class=\"box\"><table class=\"explained\">\n{rows}</table></div>"
        ),
    }
}

fn latency_row(figure: &Figure, taken: Percentiles) -> Vec<String> {
    let Percentiles {
        p50,
        p90,
        p99,
        p999,
        max,
    } = taken;
    let times = [p50, p90, p99, p999, max].map(digits);
    std::iter::once(format!("{}: {}", figure.name, figure.meaning))
        .chain(times)
        .collect()
}

fn table(f: &mut fmt::Formatter<'_>, table: &Table) -> fmt::Result {
    let Table {
        title,
        meaning,
        columns,
        rows,
    } = table;
    writeln!(
        f,
        "<h2>{}</h2>\n<p class=\"soft\">{}</p>\n<div class=\"box\"><table>\n<thead><tr>",
        Escaped(title),
        Escaped(meaning)
    )?;
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

fn conditions(f: &mut fmt::Formatter<'_>, conditions: &[Condition]) -> fmt::Result {
    writeln!(f, "<h2>Conditions</h2>\n<div class=\"box\"><table>")?;
    for Condition { name, value } in conditions {
        writeln!(
            f,
            "<tr><th scope=\"row\">{}</th><td>{}</td></tr>",
            Escaped(name),
            Escaped(value)
        )?;
    }
    writeln!(f, "</table></div>")
}

#[cfg(test)]
mod tests {
    use super::super::sheet::{Axis, Plot, Scale, Series};
    use super::*;

    const HOSTILE: &str = "<script>alert('x')</script> \"&\"";

    fn sheet() -> Sheet {
        let latency = Percentiles {
            p50: 1.234,
            p90: 2.0,
            p99: 34.56,
            p999: 456.7,
            max: 5_678.9,
        };
        let axis = |label| Axis {
            label,
            scale: Scale::Linear,
        };
        let series = vec![
            Series {
                name: HOSTILE.to_owned(),
                points: vec![(0.0, 1.0), (1.0, 2.0)]
            };
            2
        ];
        Sheet {
            title: HOSTILE.to_owned(),
            summary: HOSTILE.to_owned(),
            settings: vec![Setting {
                option: HOSTILE.to_owned(),
                value: Some(HOSTILE.to_owned()),
                meaning: HOSTILE.to_owned(),
            }],
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
            plots: vec![Plot {
                title: HOSTILE.to_owned(),
                meaning: HOSTILE.to_owned(),
                x: axis(HOSTILE),
                y: axis(HOSTILE),
                series,
            }],
            conditions: vec![Condition {
                name: HOSTILE,
                value: HOSTILE.to_owned(),
            }],
        }
    }

    fn page(about: &str) -> String {
        Page {
            sheet: &sheet(),
            about,
            command: HOSTILE,
        }
        .to_string()
    }

    #[test]
    fn no_text_becomes_markup() {
        let page = page(HOSTILE);
        assert!(
            !page.contains("<script") && !page.contains("\"&\""),
            "{page}"
        );
        assert!(page.matches("&lt;script&gt;").count() > 20, "{page}");
    }

    #[test]
    fn the_page_needs_nothing_else() {
        let page = page("about");
        for outside in [
            "http:", "https:", "//", "src=", "href=", "url(", "@import", "<link",
        ] {
            assert!(!page.contains(outside), "{outside}: {page}");
        }
    }

    #[test]
    fn the_numbers_that_matter_stand_in_large_letters() {
        let page = page("about");
        let large = |value: &str, unit: &str| {
            format!("<div class=\"value\">{value} <span class=\"unit\">{unit}</span></div>")
        };
        for card in [
            large("450,000", "/s"),
            large("1.23", "ms"),
            large("34.6", "ms"),
        ] {
            assert!(page.contains(&card), "{card}: {page}");
        }
        assert_eq!(
            page.matches("class=\"card\"").count(),
            3,
            "a long value is no card"
        );
        assert!(
            page.contains("<td class=\"number\">457</td><td class=\"number\">5,679</td>"),
            "{page}"
        );
    }

    #[test]
    fn what_the_run_is_for_is_told_in_paragraphs() {
        let page = page("How many\n\nSee `cairn bench <x>`.");
        assert!(
            page.contains(
                "<p class=\"lead\">How many.</p>\n<p>See <code>cairn bench &lt;x&gt;</code>.</p>"
            ),
            "{page}"
        );
    }
}
