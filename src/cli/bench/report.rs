//! The report of a benchmark, as text for a terminal and as a page for a browser.

use std::fmt;

use cairn_bench::{Durability, Machine, Report, Scale};
use clap::{Arg, Command};
use serde::Serialize;
use serde_json::Value;

use crate::ui::page::Page;
use crate::ui::{plot, table};

/// The columns of names and values in a terminal.
const NAME_WIDTH: usize = 15;
const VALUE_WIDTH: usize = 14;

const LINE_WIDTH: usize = 100;

/// A report with the definition of its command, which explains the options.
#[derive(Debug, Serialize)]
pub(super) struct Shown<'a> {
    #[serde(flatten)]
    pub(super) report: &'a Report,
    #[serde(skip)]
    pub(super) command: Command,
}

impl Shown<'_> {
    /// The options that have a value, as they are typed, each with its help.
    fn options(&self) -> Vec<[String; 3]> {
        let option = |argument: &Arg| {
            let id = argument.get_id().as_str();
            let value = as_typed(self.report.settings.get(id)?)?;
            let meaning = argument
                .get_help()
                .map(ToString::to_string)
                .unwrap_or_default();
            Some([
                format!("--{}", argument.get_long().unwrap_or(id)),
                value,
                meaning,
            ])
        };
        self.command.get_arguments().filter_map(option).collect()
    }

    fn title(&self) -> String {
        let options = self.options();
        let options = options
            .iter()
            .map(|[option, value, _]| format!(" {option} {value}"));
        format!(
            "cairn bench {}{}",
            self.report.benchmark,
            options.collect::<String>()
        )
    }

    /// Warnings about the validity of the results, each a sentence.
    fn cautions(&self) -> impl Iterator<Item = &'static str> {
        let (report, failed) = (self.report, self.report.results.has_failed);
        let in_memory = report.subject.durability == Durability::None;
        let cautions = [
            (
                failed,
                "A check failed: not everything is as it must be. The figures say what.",
            ),
            (
                report.interrupted,
                "The run was ended early. The numbers are of what was measured until then.",
            ),
            (
                in_memory,
                "Nothing here is durable: the data lies in memory, and no disk was waited for.",
            ),
            (
                cfg!(debug_assertions),
                "This is a debug build of cairn, many times slower than a release.",
            ),
        ];
        cautions
            .into_iter()
            .filter(|&(applies, _)| applies)
            .map(|(_, caution)| caution)
    }

    /// The durability of the results, and the machine.
    fn conditions(&self) -> Vec<(&'static str, String)> {
        let report = self.report;
        let durability = match report.subject.durability {
            Durability::Fdatasync => "every accept is on disk (fdatasync)",
            Durability::None => "NOT durable: the data directory lies in memory",
        };
        let time = report
            .results
            .counted_s
            .map(|seconds| format!("for {seconds:.1} s"));
        let ended = report.interrupted.then(|| "ended early".to_owned());
        let counted: Vec<_> = time.into_iter().chain(ended).collect();
        let server = report
            .subject
            .server
            .as_deref()
            .unwrap_or("none: in one process");
        let build = if cfg!(debug_assertions) {
            " (debug build)"
        } else {
            ""
        };
        let Machine { cores, cpu, kernel } = &report.machine;
        let unknown = |name: &Option<String>| name.clone().unwrap_or_else(|| "unknown".to_owned());
        let machine = format!(
            "{cores} cores, CPU {}, kernel {}",
            unknown(cpu),
            unknown(kernel)
        );
        let set = report.subject.server_settings.iter();
        let set: Vec<_> = set.map(|(name, value)| format!("{name} {value}")).collect();
        let conditions = [
            ("counted", counted.join(", ")),
            ("durability", durability.to_owned()),
            ("server", server.to_owned()),
            ("its settings", set.join(", ")),
            ("version", format!("cairn {}{build}", report.version)),
            ("machine", machine),
            ("seed", report.subject.seed.to_string()),
            ("measured at", report.measured_at.clone()),
        ];
        conditions
            .into_iter()
            .filter(|(_, value)| !value.is_empty())
            .collect()
    }

    /// `repeat` is the command that repeats the run.
    pub(super) fn page(&self, repeat: &str) -> Page {
        let mut page = Page::new(&format!("cairn bench {}", self.report.benchmark));
        let about = self
            .command
            .get_long_about()
            .or_else(|| self.command.get_about());
        page.text(&about.map(ToString::to_string).unwrap_or_default());
        self.cautions().for_each(|caution| page.caution(caution));
        let results = &self.report.results;
        for each in &results.plots {
            page.heading(&each.title);
            page.text(&each.meaning);
            page.drawing(&drawn(each));
        }
        page.heading("Metrics");
        let figures = results.figures.iter();
        let figures =
            figures.map(|each| [&each.name, &each.value, each.meaning].map(str::to_owned));
        page.texts(&figures.map(Vec::from).collect::<Vec<_>>());
        for each in &results.tables {
            page.heading(&each.title);
            page.text(&each.meaning);
            page.table(&each.columns, &each.rows);
        }
        page.heading("Settings");
        let options = self.options().into_iter();
        page.texts(&options.map(Vec::from).collect::<Vec<_>>());
        page.heading("Conditions");
        let conditions = self.conditions().into_iter();
        let conditions = conditions.map(|(name, value)| vec![name.to_owned(), value]);
        page.texts(&conditions.collect::<Vec<_>>());
        page.heading("Repeat it");
        page.command(repeat);
        page
    }
}

fn as_typed(value: &Value) -> Option<String> {
    match value {
        Value::Null => None,
        Value::String(text) => Some(text.clone()),
        Value::Array(values) if values.is_empty() => None,
        Value::Array(values) => Some(
            values
                .iter()
                .filter_map(as_typed)
                .collect::<Vec<_>>()
                .join(","),
        ),
        _ => Some(value.to_string().trim_end_matches(".0").to_owned()),
    }
}

fn drawn(plot: &cairn_bench::Plot) -> String {
    let scale = |scale: Scale| match scale {
        Scale::Linear => plot::Scale::Linear,
        Scale::Log => plot::Scale::Log,
        Scale::Nines => plot::Scale::Nines,
    };
    let axis = |axis: &cairn_bench::Axis| plot::Axis {
        label: axis.label,
        scale: scale(axis.scale),
    };
    let place = |&(x, y): &(f64, f64)| match plot.x.scale {
        Scale::Nines => (-(1.0 - x).log10(), y),
        Scale::Linear | Scale::Log => (x, y),
    };
    let series = plot.series.iter();
    let series: Vec<(&str, Vec<(f64, f64)>)> = series
        .map(|series| {
            (
                series.name.as_str(),
                series.points.iter().map(place).collect(),
            )
        })
        .collect();
    let series: Vec<_> = series
        .iter()
        .map(|(name, points)| (*name, points.as_slice()))
        .collect();
    plot::svg(axis(&plot.x), axis(&plot.y), &series)
}

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}\n", self.title())?;
        let results = &self.report.results;
        for figure in &results.figures {
            let (name, value, meaning) = (&figure.name, &figure.value, figure.meaning);
            write!(f, "  {name:NAME_WIDTH$}{value:<VALUE_WIDTH$}")?;
            if value.chars().count() > VALUE_WIDTH {
                write!(f, "\n  {:1$}", "", NAME_WIDTH + VALUE_WIDTH)?;
            }
            writeln!(f, "  {meaning}")?;
        }
        for each in &results.tables {
            writeln!(
                f,
                "\n{}\n{}",
                each.title,
                table::render(&each.columns, &each.rows)
            )?;
            wrapped(&each.meaning)
                .iter()
                .try_for_each(|line| writeln!(f, "{line}"))?;
        }
        let mut conditions = self.conditions().into_iter();
        conditions.try_for_each(|(name, value)| write!(f, "\n  {name:NAME_WIDTH$}{value}"))
    }
}

/// Breaks a text into lines between words.
fn wrapped(text: &str) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        match lines.last_mut() {
            Some(line) if line.chars().count() + 1 + word.chars().count() <= LINE_WIDTH => {
                line.extend([" ", word]);
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

    #[test]
    fn values_are_shown_as_they_are_typed() {
        let typed = |json: &str| as_typed(&serde_json::from_str(json).unwrap());
        assert_eq!(typed("[10, 100]").as_deref(), Some("10,100"));
        assert_eq!(typed("1.0").as_deref(), Some("1"));
        assert_eq!(typed("0.8").as_deref(), Some("0.8"));
        assert_eq!(typed("\"/srv\"").as_deref(), Some("/srv"));
        assert_eq!(typed("null").as_deref(), None);
    }
}
