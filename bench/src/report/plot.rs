//! A plot as SVG inside a page.
//!
//! Drawn here, not by a crate: the colours must follow the page between light and dark, so they are classes of its style sheet, and
//! latencies need an axis that is divided by nines. `plotters` writes fixed colours into what it draws, `poloto` has no logarithmic
//! axes.

use std::fmt;

use super::escape::Escaped;
use super::sheet::{Axis, Plot, Scale, Series};
use super::ticks::{Span, Tick};

/// The size of the drawing, in units that are pixels where there is room.
const WIDTH: f64 = 560.0;
const HEIGHT: f64 = 300.0;

/// Room around the lines: for the names of the axes and of their ticks.
const TOP: f64 = 32.0;
const BOTTOM: f64 = 52.0;
const RIGHT: f64 = 28.0;

/// Room for one character of a tick's name.
const CHARACTER: f64 = 8.0;

/// Lines with at most so many points show each of them.
const MARKED_POINTS_MAX: usize = 24;

/// Different values along a logarithmic axis that are named themselves, instead of round ones.
const NAMED_VALUES_MAX: usize = 8;

/// Colours of the style sheet. Further series use them again, dashed.
const COLOURS: usize = 8;

/// Shows a plot as a figure of a page.
pub(super) struct Figure<'a>(pub(super) &'a Plot);

impl fmt::Display for Figure<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Plot {
            title,
            meaning,
            series,
            ..
        } = self.0;
        writeln!(
            f,
            "<figure>\n<figcaption><h3>{}</h3>{}</figcaption>",
            Escaped(title),
            Escaped(meaning)
        )?;
        if series.len() > 1 {
            let name = |(at, series): (usize, &Series)| {
                format!("<li>{}{}</li>", swatch(at), Escaped(&series.name))
            };
            writeln!(
                f,
                "<ul class=\"legend\">{}</ul>",
                series.iter().enumerate().map(name).collect::<String>()
            )?;
        }
        Drawing::of(self.0).fmt(f)?;
        writeln!(f, "</figure>")
    }
}

/// A piece of a series' line, for the legend.
fn swatch(at: usize) -> String {
    format!(
        "<svg viewBox=\"0 0 24 8\" aria-hidden=\"true\"><path class=\"line {}\" d=\"M1 4H23\"/></svg>",
        class(at)
    )
}

fn class(at: usize) -> String {
    format!(
        "s{}{}",
        at % COLOURS,
        if at < COLOURS { "" } else { " dashed" }
    )
}

/// Everything in its place.
struct Drawing<'a> {
    plot: &'a Plot,
    x: Span,
    y: Span,
    x_ticks: Vec<Tick>,
    y_ticks: Vec<Tick>,
    /// Where the lines begin.
    left: f64,
}

impl<'a> Drawing<'a> {
    fn of(plot: &'a Plot) -> Self {
        let points = || plot.series.iter().flat_map(|series| &series.points);
        let x = Span::of(plot.x.scale, points().map(|&(x, _)| x));
        let x = if plot.x.scale == Scale::Log {
            x.with_room(0.03)
        } else {
            x
        };
        let y = Span::of(plot.y.scale, points().map(|&(_, y)| y)).rounded();
        let (x_ticks, y_ticks) = (ticks_along(plot, x), y.ticks());
        let longest = y_ticks
            .iter()
            .map(|tick| tick.label.chars().count())
            .max()
            .unwrap_or_default();
        Self {
            plot,
            x,
            y,
            x_ticks,
            y_ticks,
            left: 14.0 + CHARACTER * longest as f64,
        }
    }

    fn across(&self, place: f64) -> f64 {
        self.left + place * (WIDTH - RIGHT - self.left)
    }

    fn down(place: f64) -> f64 {
        TOP + (1.0 - place) * (HEIGHT - BOTTOM - TOP)
    }

    /// Where the points of a series lie. Those without a place are left out.
    fn places(&self, series: &Series) -> Vec<(f64, f64)> {
        let place = |&(x, y): &(f64, f64)| {
            Some((self.across(self.x.place(x)?), Self::down(self.y.place(y)?)))
        };
        series.points.iter().filter_map(place).collect()
    }

    fn axes(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (left, right, top, bottom) =
            (self.left, WIDTH - RIGHT, Self::down(1.0), Self::down(0.0));
        for Tick { place, label } in &self.y_ticks {
            let y = Self::down(*place);
            write!(
                f,
                "<path class=\"grid\" d=\"M{left:.1} {y:.1}H{right:.1}\"/>"
            )?;
            writeln!(
                f,
                "<text x=\"{:.1}\" y=\"{:.1}\" class=\"end\">{label}</text>",
                left - 8.0,
                y + 4.0
            )?;
        }
        for Tick { place, label } in &self.x_ticks {
            let x = self.across(*place);
            write!(
                f,
                "<path class=\"grid\" d=\"M{x:.1} {top:.1}V{:.1}\"/>",
                bottom + 4.0
            )?;
            writeln!(
                f,
                "<text x=\"{x:.1}\" y=\"{:.1}\" class=\"middle\">{label}</text>",
                bottom + 20.0
            )?;
        }
        writeln!(
            f,
            "<path class=\"axis\" d=\"M{left:.1} {bottom:.1}H{right:.1}\"/>"
        )?;
        let Plot {
            x: Axis { label: x, .. },
            y: Axis { label: y, .. },
            ..
        } = self.plot;
        writeln!(
            f,
            "<text x=\"2\" y=\"14\" class=\"name\">{}</text>",
            Escaped(y)
        )?;
        writeln!(
            f,
            "<text x=\"{right:.1}\" y=\"{:.1}\" class=\"name end\">{}</text>",
            HEIGHT - 8.0,
            Escaped(x)
        )
    }

    fn line(&self, f: &mut fmt::Formatter<'_>, at: usize, series: &Series) -> fmt::Result {
        let (places, class) = (self.places(series), class(at));
        let (Some((first, _)), Some((last, _))) = (places.first(), places.last()) else {
            return Ok(());
        };
        let path: String = places
            .iter()
            .map(|(x, y)| format!("L{x:.1} {y:.1}"))
            .collect();
        let path = path.replacen('L', "M", 1);
        if self.plot.series.len() == 1 && self.plot.y.scale == Scale::Linear {
            let bottom = Self::down(0.0);
            writeln!(
                f,
                "<path class=\"area {class}\" d=\"{path}L{last:.1} {bottom:.1}L{first:.1} {bottom:.1}Z\"/>"
            )?;
        }
        writeln!(f, "<path class=\"line {class}\" d=\"{path}\"/>")?;
        if places.len() > MARKED_POINTS_MAX {
            return Ok(());
        }
        places.iter().try_for_each(|(x, y)| {
            writeln!(
                f,
                "<circle class=\"mark {class}\" cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"3.2\"/>"
            )
        })
    }
}

impl fmt::Display for Drawing<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = Escaped(&self.plot.title);
        writeln!(
            f,
            "<div class=\"drawing\"><svg viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\" aria-label=\"{name}\">"
        )?;
        self.axes(f)?;
        let series = &self.plot.series;
        // The first is the one that matters most: nothing is drawn over it.
        series
            .iter()
            .enumerate()
            .rev()
            .try_for_each(|(at, series)| self.line(f, at, series))?;
        if series.iter().all(|series| self.places(series).is_empty()) {
            let (x, y) = (self.across(0.5), Self::down(0.5));
            writeln!(
                f,
                "<text x=\"{x:.1}\" y=\"{y:.1}\" class=\"name middle\">nothing was measured</text>"
            )?;
        }
        writeln!(f, "</svg></div>")
    }
}

/// The ticks along the lines: where the points are, when these are few sizes; round values otherwise.
fn ticks_along(plot: &Plot, span: Span) -> Vec<Tick> {
    let mut values: Vec<f64> = plot
        .series
        .iter()
        .flat_map(|series| series.points.iter().map(|&(x, _)| x))
        .collect();
    values.sort_unstable_by(f64::total_cmp);
    values.dedup();
    let is_sizes = plot.x.scale == Scale::Log && values.len() <= NAMED_VALUES_MAX;
    let longest = 6.0 * CHARACTER / WIDTH;
    is_sizes
        .then(|| span.ticks_at(&values, longest))
        .flatten()
        .unwrap_or_else(|| span.ticks())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plot(scale: Scale, points: &[&[(f64, f64)]]) -> String {
        let series = points.iter().map(|points| Series {
            name: "<one>".to_owned(),
            points: points.to_vec(),
        });
        let axis = |label| Axis { label, scale };
        let plot = Plot {
            title: "a < b".to_owned(),
            meaning: "c & d".to_owned(),
            x: axis("size"),
            y: axis("cost"),
            series: series.collect(),
        };
        Figure(&plot).to_string()
    }

    fn count(text: &str, part: &str) -> usize {
        text.matches(part).count()
    }

    #[test]
    fn every_series_has_a_line_and_a_name() {
        let points: &[(f64, f64)] = &[(10.0, 1.0), (100.0, 2.0), (10_000.0, 300.0)];
        let drawn = plot(Scale::Log, &[points; 10]);
        assert_eq!(count(&drawn, "<li>"), 10);
        assert_eq!(count(&drawn, "<circle"), 30);
        assert!(
            drawn.contains("line s7\"") && drawn.contains("line s1 dashed\""),
            "{drawn}"
        );
        assert!(
            drawn.contains("<h3>a &lt; b</h3>")
                && drawn.contains("c &amp; d")
                && drawn.contains("&lt;one&gt;"),
            "{drawn}"
        );
        for size in ["10", "100", "10k"] {
            assert_eq!(
                count(&drawn, &format!("class=\"middle\">{size}</text>")),
                1,
                "{drawn}"
            );
        }
        assert_eq!(
            count(&plot(Scale::Log, &[points]), "<li>"),
            0,
            "one line needs no legend"
        );
    }

    #[test]
    fn nothing_and_little_are_drawn_too() {
        for scale in [Scale::Linear, Scale::Log, Scale::Quantile] {
            let odd: &[(f64, f64)] = &[(f64::NAN, 1.0), (1.0, f64::INFINITY)];
            for none in [&[][..], &[&[][..]], &[odd]] {
                let drawn = plot(scale, none);
                assert!(
                    drawn.contains("nothing was measured")
                        && !drawn.contains("NaN")
                        && !drawn.contains("inf"),
                    "{drawn}"
                );
            }
            let drawn = plot(scale, &[&[(0.5, 0.5)]]);
            assert_eq!(count(&drawn, "<circle"), 1, "{drawn}");
            assert!(
                !drawn.contains("NaN") && !drawn.contains("nothing was"),
                "{drawn}"
            );
        }
    }
}
