//! Places in folded texts, as places in the original ones.

use std::ops::Range;

use cairn_proto::limits;
use cairn_proto::model::search::Span;

use crate::fold::{push_unit, units};

/// Returns the parts of `text` whose folded forms are in `places`, which may overlap.
pub(super) fn spans(text: &str, mut places: Vec<Range<usize>>) -> Vec<Span> {
    places.sort_unstable_by_key(|place| (place.start, place.end));
    let mut spans: Vec<Range<usize>> = Vec::new();
    let mut units = Units::of(text);
    for place in merged(places) {
        let Some(start) = units.containing(place.start) else {
            break;
        };
        let Some(end) = units.containing(place.end - 1) else {
            break;
        };
        push(start.start..end.end, &mut spans);
    }
    spans.truncate(limits::SEARCH_SPANS_MAX);
    let span = |span: Range<usize>| Span {
        start: u32::try_from(span.start).unwrap_or(u32::MAX),
        end: u32::try_from(span.end).unwrap_or(u32::MAX),
    };
    spans.into_iter().map(span).collect()
}

fn merged(places: Vec<Range<usize>>) -> Vec<Range<usize>> {
    let mut merged = Vec::new();
    places
        .into_iter()
        .for_each(|place| push(place, &mut merged));
    merged
}

/// Appends a part, or extends the last one if they overlap or touch.
fn push(part: Range<usize>, parts: &mut Vec<Range<usize>>) {
    match parts.last_mut() {
        Some(last) if part.start <= last.end => last.end = last.end.max(part.end),
        _ => parts.push(part),
    }
}

/// A walk over the units of a text.
struct Units<'a, I: Iterator<Item = &'a str>> {
    units: I,
    /// The unit last read, in the text and in its folded form.
    unit: Range<usize>,
    folded: Range<usize>,
    out: String,
}

impl<'a> Units<'a, std::iter::Empty<&'a str>> {
    fn of(text: &'a str) -> Units<'a, impl Iterator<Item = &'a str>> {
        Units {
            units: units(text),
            unit: 0..0,
            folded: 0..0,
            out: String::new(),
        }
    }
}

impl<'a, I: Iterator<Item = &'a str>> Units<'a, I> {
    /// Returns the unit to which a byte of the folded text belongs. Calls must go
    /// from left to right.
    fn containing(&mut self, byte: usize) -> Option<Range<usize>> {
        while self.folded.end <= byte {
            let unit = self.units.next()?;
            self.unit = self.unit.end..self.unit.end + unit.len();
            push_unit(unit, &mut self.out);
            self.folded = self.folded.end..self.out.len();
        }
        Some(self.unit.clone())
    }
}
