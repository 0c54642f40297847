//! Line plots as SVG: one `<svg>` element for a page. Text stays text, so drawing needs no fonts.
//!
//! Points are mapped to a linear coordinate before they are drawn, because latencies need an axis
//! that `plotters` does not have: shares, divided by nines.

use std::ops::Range;

use plotters::coord::ranged1d::{DefaultFormatting, KeyPointHint, Ranged};
use plotters::coord::types::RangedCoordf64;
use plotters::prelude::*;

/// Pixels.
const SIZE: (u32, u32) = (640, 320);

/// Axes, grids and texts: readable on a light page and on a dark one.
const GREY: RGBColor = RGBColor(128, 128, 128);

/// Series colours, reused when there are more series.
const COLOURS: [RGBColor; 8] = [
    RGBColor(66, 133, 244),
    RGBColor(230, 126, 34),
    RGBColor(46, 160, 67),
    RGBColor(214, 69, 65),
    RGBColor(142, 88, 202),
    RGBColor(0, 151, 167),
    RGBColor(216, 90, 160),
    RGBColor(158, 136, 20),
];

/// About this many ticks along an axis.
const TICKS: usize = 6;

/// One axis of a plot.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Axis<'a> {
    pub(crate) label: &'a str,
    pub(crate) scale: Scale,
}

/// How values map to positions on an axis.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scale {
    /// From 0.
    Linear,
    /// Logarithmic; positive values only.
    Log,
    /// A share, given as `-log10(1 - share)`: 90%, 99%, 99.9% and so on are equally
    /// spaced.
    Nines,
}

/// Returns the plot of `series`, each a name and its points. Several series get a legend.
///
/// Skips points that are not finite or not on their axis.
pub(crate) fn svg(x: Axis<'_>, y: Axis<'_>, series: &[(&str, &[(f64, f64)])]) -> String {
    let place = |&(at_x, at_y): &(f64, f64)| Some((x.scale.place(at_x)?, y.scale.place(at_y)?));
    let series: Vec<(&str, Vec<(f64, f64)>)> = series
        .iter()
        .map(|&(name, points)| (name, points.iter().filter_map(place).collect()))
        .collect();
    let points = || series.iter().flat_map(|(_, points)| points);
    let mut drawing = String::new();
    let drawn = match (
        Span::of(x.scale, points().map(|&(x, _)| x)),
        Span::of(y.scale, points().map(|&(_, y)| y)),
    ) {
        (Some(across), Some(up)) => draw(&mut drawing, (x, across), (y, up), &series),
        _ => draw_nothing(&mut drawing),
    };
    match drawn {
        // Embedded in a page, so without the XML declaration.
        Ok(()) => match drawing.find("<svg") {
            Some(at) => drawing.split_off(at),
            None => drawing,
        },
        Err(error) => format!("<p>cannot draw the plot: {error}</p>\n"),
    }
}

type DrawError<'a> = DrawingAreaErrorKind<<SVGBackend<'a> as DrawingBackend>::ErrorType>;

fn draw<'a>(
    drawing: &'a mut String,
    (x, across): (Axis<'_>, Span),
    (y, up): (Axis<'_>, Span),
    series: &[(&str, Vec<(f64, f64)>)],
) -> Result<(), DrawError<'a>> {
    let area = SVGBackend::with_string(drawing, SIZE).into_drawing_area();
    let mut chart = ChartBuilder::on(&area)
        .margin(12)
        .x_label_area_size(44)
        .y_label_area_size(64)
        .build_cartesian_2d(across, up)?;
    let font = ("sans-serif", 13).into_font().color(&GREY);
    chart
        .configure_mesh()
        .axis_style(GREY)
        .bold_line_style(GREY.mix(0.3))
        .light_line_style(TRANSPARENT)
        .label_style(font.clone())
        .axis_desc_style(font.clone())
        .x_desc(x.label)
        .y_desc(y.label)
        .x_label_formatter(&|at| x.scale.label(*at))
        .y_label_formatter(&|at| y.scale.label(*at))
        .draw()?;
    for ((name, points), colour) in series.iter().zip(COLOURS.into_iter().cycle()) {
        chart
            .draw_series(LineSeries::new(
                points.iter().copied(),
                colour.stroke_width(2),
            ))?
            .label(*name)
            .legend(move |(x, y)| PathElement::new([(x, y), (x + 20, y)], colour.stroke_width(2)));
        if points.len() == 1 {
            chart.draw_series(points.iter().map(|&at| Circle::new(at, 3, colour.filled())))?;
        }
    }
    if series.len() > 1 {
        chart
            .configure_series_labels()
            .position(SeriesLabelPosition::UpperLeft)
            .label_font(font)
            .draw()?;
    }
    area.present()
}

fn draw_nothing(drawing: &mut String) -> Result<(), DrawError<'_>> {
    let area = SVGBackend::with_string(drawing, SIZE).into_drawing_area();
    let font = ("sans-serif", 16).into_font().color(&GREY);
    area.titled("nothing was measured", font)?;
    area.present()
}

impl Scale {
    /// Returns the position of a value in the linear coordinate of its axis.
    fn place(self, value: f64) -> Option<f64> {
        let place = match self {
            Self::Linear | Self::Nines => value,
            Self::Log => value.log10(),
        };
        place.is_finite().then_some(place)
    }

    /// Returns the label of the tick at this position.
    fn label(self, place: f64) -> String {
        match self {
            Self::Linear => number(place),
            Self::Log => number(10_f64.powf(place)),
            Self::Nines => format!("{}%", number(100.0 - 10_f64.powf(2.0 - place))),
        }
    }
}

/// The visible range of an axis, and its ticks.
#[derive(Clone, Debug)]
struct Span {
    from: f64,
    to: f64,
    ticks: Vec<f64>,
}

impl Span {
    /// Returns a range that covers all of `places`, or `None` if there are none.
    fn of(scale: Scale, places: impl Iterator<Item = f64> + Clone) -> Option<Self> {
        let least = places.clone().reduce(f64::min)?;
        let most = places.reduce(f64::max)?;
        let (from, to) = match scale {
            Scale::Linear => (least.min(0.0), if most > 0.0 { most * 1.05 } else { 1.0 }),
            // A single value needs a range around it.
            Scale::Log if most - least < 0.1 => (least - 0.3, most + 0.3),
            Scale::Log => (least - 0.03 * (most - least), most + 0.03 * (most - least)),
            Scale::Nines => (0.0, most.max(1.0)),
        };
        let ticks = match scale {
            Scale::Linear => RangedCoordf64::from(from..to).key_points(TICKS),
            Scale::Nines => whole(from, to).collect(),
            Scale::Log => log_ticks(from, to),
        };
        Some(Self { from, to, ticks })
    }
}

impl Ranged for Span {
    type FormatOption = DefaultFormatting;
    type ValueType = f64;

    fn map(&self, value: &f64, limit: (i32, i32)) -> i32 {
        RangedCoordf64::from(self.range()).map(value, limit)
    }

    fn key_points<Hint: KeyPointHint>(&self, _: Hint) -> Vec<f64> {
        self.ticks.clone()
    }

    fn range(&self) -> Range<f64> {
        self.from..self.to
    }
}

fn whole(from: f64, to: f64) -> impl Iterator<Item = f64> {
    (from.ceil() as i32..=to.floor() as i32).map(f64::from)
}

/// Returns the powers of ten; on a short axis, their multiples as well.
fn log_ticks(from: f64, to: f64) -> Vec<f64> {
    let factors: &[f64] = if to - from > 2.0 {
        &[1.0]
    } else if to - from > 1.0 {
        &[1.0, 2.0, 5.0]
    } else {
        &[1.0, 1.5, 2.0, 3.0, 4.0, 5.0, 6.0, 8.0]
    };
    whole(from.floor(), to)
        .flat_map(|power| factors.iter().map(move |factor| power + factor.log10()))
        .filter(|place| (from..=to).contains(place))
        .collect()
}

/// Formats a number for people: `1,000`, `0.25`.
fn number(value: f64) -> String {
    let decimals = match value.abs() {
        0.1.. => 4,
        _ => 7,
    };
    let fixed = format!("{value:.decimals$}");
    let trimmed = fixed.trim_end_matches('0').trim_end_matches('.');
    let (whole, rest) = trimmed.split_at(trimmed.find('.').unwrap_or(trimmed.len()));
    let mut grouped = String::new();
    for (at, digit) in whole.char_indices() {
        if at > 0 && (whole.len() - at).is_multiple_of(3) && !grouped.ends_with('-') {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    fn axis(scale: Scale) -> Axis<'static> {
        Axis {
            label: "size & speed",
            scale,
        }
    }

    #[test]
    fn plot_is_one_svg_element_with_text() {
        let points: &[(f64, f64)] = &[(1.0, 10.0), (10.0, 20.0), (1000.0, 15.0)];
        let drawn = svg(
            axis(Scale::Log),
            axis(Scale::Linear),
            &[("a<b", points), ("c", points)],
        );
        assert!(
            drawn.starts_with("<svg") && drawn.trim_end().ends_with("</svg>"),
            "{drawn}"
        );
        for text in ["size &amp; speed", "a&lt;b", "1,000", "<text", "<polyline"] {
            assert!(drawn.contains(text), "{text}: {drawn}");
        }
    }

    #[test]
    fn points_without_a_place_are_left_out() {
        let points: &[(f64, f64)] = &[
            (0.0, 1.0),
            (-1.0, 1.0),
            (f64::NAN, 1.0),
            (1.0, f64::INFINITY),
        ];
        let drawn = svg(axis(Scale::Log), axis(Scale::Linear), &[("a", points)]);
        assert!(drawn.contains("nothing was measured"), "{drawn}");
        let drawn = svg(
            axis(Scale::Linear),
            axis(Scale::Linear),
            &[("a", &[(1.0, 1.0)])],
        );
        assert!(drawn.contains("<circle"), "{drawn}");
    }

    #[test]
    fn ticks_are_round() {
        let labels = |scale: Scale, values: &[f64]| -> Vec<String> {
            let places = values.iter().filter_map(|&value| scale.place(value));
            let span = Span::of(scale, places.collect::<Vec<_>>().into_iter()).unwrap();
            span.ticks.iter().map(|&tick| scale.label(tick)).collect()
        };
        assert_eq!(
            labels(Scale::Nines, &[0.0, 3.5]),
            ["0%", "90%", "99%", "99.9%"]
        );
        assert_eq!(
            labels(Scale::Log, &[1.0, 1e6]),
            ["1", "10", "100", "1,000", "10,000", "100,000", "1,000,000"]
        );
        assert_eq!(labels(Scale::Log, &[0.5, 8.0]), ["0.5", "1", "2", "5"]);
        assert_eq!(labels(Scale::Linear, &[10.0])[..2], ["0", "2"]);
    }

    #[test]
    fn numbers_are_grouped() {
        for (value, text) in [
            (0.0, "0"),
            (0.25, "0.25"),
            (999.0, "999"),
            (1000.0, "1,000"),
            (1_234_567.5, "1,234,567.5"),
            (-1000.0, "-1,000"),
            (-100.0, "-100"),
            (0.000_01, "0.00001"),
        ] {
            assert_eq!(number(value), text);
        }
    }
}
