//! Where an axis begins and ends, where a value lies on it, and which values it names.

use super::numbers::grouped;
use super::sheet::Scale;

/// The part of a scale that a plot shows. Its ends are distances along the scale, not values.
#[derive(Clone, Copy, Debug)]
pub(super) struct Span {
    scale: Scale,
    low: f64,
    high: f64,
}

/// A value that an axis names.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Tick {
    /// From 0, at the beginning of the axis, to 1 at its end.
    pub(super) place: f64,
    pub(super) label: String,
}

/// Named values of an axis at most, more or less.
const TICKS: f64 = 6.0;

/// What a step may begin with.
const ROUND: [f64; 3] = [1.0, 2.0, 5.0];

/// Half a pixel or less: what rounding may add to a distance.
const HAIR: f64 = 1e-9;

/// Shares that an axis names up to.
const NINES_MAX: i32 = 12;

impl Span {
    /// The span from the smallest to the largest of `values`, of those that have a place on the scale.
    pub(super) fn of(scale: Scale, values: impl Iterator<Item = f64>) -> Self {
        let distances = values.filter_map(|value| distance(scale, value));
        let found = distances.fold(None, |ends: Option<(f64, f64)>, at| {
            Some(ends.map_or((at, at), |(low, high)| (low.min(at), high.max(at))))
        });
        let (low, high) = match (scale, found) {
            (Scale::Log, Some((low, high))) if high - low > HAIR => (low, high),
            // One value lies in the middle.
            (Scale::Log, Some((at, _))) => (at - 0.5, at + 0.5),
            (Scale::Linear | Scale::Quantile, Some((_, high))) if high > 0.0 => (0.0, high),
            _ => (0.0, 1.0),
        };
        Self { scale, low, high }
    }

    /// The same, stretched to the next round values.
    pub(super) fn rounded(self) -> Self {
        let Self { scale, low, high } = self;
        match scale {
            Scale::Linear => {
                let step = round_step(high / (TICKS - 1.0));
                Self {
                    high: (high / step - HAIR).ceil() * step,
                    ..self
                }
            }
            Scale::Log => {
                let rounds: Vec<f64> = log_values(low - 1.0, high + 1.0, &ROUND)
                    .into_iter()
                    .map(f64::log10)
                    .collect();
                let below = rounds
                    .iter()
                    .copied()
                    .rfind(|&at| at <= low + HAIR)
                    .unwrap_or(low);
                let above = rounds
                    .iter()
                    .copied()
                    .find(|&at| at >= high - HAIR)
                    .unwrap_or(high);
                Self {
                    low: below,
                    high: above,
                    ..self
                }
            }
            Scale::Quantile => self,
        }
    }

    /// The same with room at both ends, as a share of its length.
    pub(super) fn with_room(self, share: f64) -> Self {
        let room = share * (self.high - self.low);
        Self {
            low: self.low - room,
            high: self.high + room,
            ..self
        }
    }

    /// Where a value lies: 0 at the beginning, 1 at the end. `None` for what has no place on the scale.
    pub(super) fn place(&self, value: f64) -> Option<f64> {
        let place = (distance(self.scale, value)? - self.low) / (self.high - self.low);
        (-HAIR..=1.0 + HAIR)
            .contains(&place)
            .then(|| place.clamp(0.0, 1.0))
    }

    /// The values that are named: round ones, from low to high.
    pub(super) fn ticks(&self) -> Vec<Tick> {
        match self.scale {
            Scale::Linear => self.named(multiples(self.low, self.high), short),
            Scale::Log => self.named(self.log_ticks(), short),
            Scale::Quantile => self.named(self.shares(), percent),
        }
    }

    /// These very values, where there is room for their names.
    pub(super) fn ticks_at(&self, values: &[f64], gap_min: f64) -> Option<Vec<Tick>> {
        let ticks = self.named(values.to_vec(), short);
        let is_roomy = ticks
            .windows(2)
            .all(|pair| pair[1].place - pair[0].place >= gap_min);
        (is_roomy && !ticks.is_empty()).then_some(ticks)
    }

    fn named(&self, values: Vec<f64>, label: fn(f64) -> String) -> Vec<Tick> {
        values
            .into_iter()
            .filter_map(|value| {
                Some(Tick {
                    place: self.place(value)?,
                    label: label(value),
                })
            })
            .collect()
    }

    fn log_ticks(&self) -> Vec<f64> {
        let (low, high) = (self.low, self.high);
        let decades = high - low;
        if decades > TICKS {
            let every = (decades / TICKS).ceil();
            return multiples_of(every, low, high)
                .into_iter()
                .map(|power| 10_f64.powf(power))
                .collect();
        }
        let mantissas: &[f64] = if decades > 2.5 { &ROUND[..1] } else { &ROUND };
        let values = log_values(low, high, mantissas);
        if values.len() > 2 {
            values
        } else {
            multiples(10_f64.powf(low), 10_f64.powf(high))
        }
    }

    /// Half, nine of ten, 99 of 100 and so on.
    fn shares(&self) -> Vec<f64> {
        let nines = (1..=NINES_MAX).map(|nines| 1.0 - 10_f64.powi(-nines));
        // Half stands close to nothing when the axis is long.
        let half = (self.high <= TICKS - 1.0).then_some(0.5);
        std::iter::once(0.0).chain(half).chain(nines).collect()
    }
}

/// How far along a scale a value lies.
fn distance(scale: Scale, value: f64) -> Option<f64> {
    let distance = match scale {
        Scale::Linear => value,
        Scale::Log => value.log10(),
        Scale::Quantile => -(1.0 - value).log10(),
    };
    let is_on_scale = distance.is_finite() && (scale == Scale::Log || distance >= 0.0);
    is_on_scale.then_some(distance)
}

/// The next round number from `step` on.
fn round_step(step: f64) -> f64 {
    let power = 10_f64.powf(step.log10().floor());
    let mantissa = ROUND
        .into_iter()
        .find(|mantissa| mantissa * power >= step * (1.0 - HAIR))
        .unwrap_or(10.0);
    mantissa * power
}

/// A few round values in a range, evenly apart.
fn multiples(low: f64, high: f64) -> Vec<f64> {
    multiples_of(round_step((high - low) / (TICKS - 1.0)), low, high)
}

fn multiples_of(step: f64, low: f64, high: f64) -> Vec<f64> {
    let (first, last) = (
        (low / step - HAIR).ceil() as i64,
        (high / step + HAIR).floor() as i64,
    );
    (first..=last).map(|at| at as f64 * step).collect()
}

/// Powers of ten times each of `mantissas`, in a range that is given in powers of ten.
fn log_values(low: f64, high: f64, mantissas: &[f64]) -> Vec<f64> {
    let powers = low.floor() as i32..=high.ceil() as i32;
    let values = powers.flat_map(|power| {
        mantissas
            .iter()
            .map(move |mantissa| mantissa * 10_f64.powi(power))
    });
    values
        .filter(|value| (low - HAIR..=high + HAIR).contains(&value.log10()))
        .collect()
}

/// A number in few characters: 0.5, 20, 4,096, 450k, 1.5M.
fn short(value: f64) -> String {
    let units = [(1e9, "G"), (1e6, "M"), (1e3, "k")];
    let (unit, name) = units
        .into_iter()
        .find(|(unit, _)| value >= *unit)
        .unwrap_or((1.0, ""));
    let hundredths = (value / unit * 100.0).round() / 100.0;
    if unit > 1.0 && (hundredths * unit - value).abs() > HAIR * value {
        return grouped(value);
    }
    if unit > 1.0 {
        format!("{hundredths}{name}")
    } else {
        few_digits(value)
    }
}

/// A number below a thousand, without what rounding has added to it.
fn few_digits(value: f64) -> String {
    format!("{value:.9}")
        .trim_end_matches('0')
        .trim_end_matches('.')
        .to_owned()
}

/// A share as a percentage.
fn percent(share: f64) -> String {
    format!("{}%", few_digits(share * 100.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(scale: Scale, values: &[f64]) -> Vec<String> {
        let ticks = Span::of(scale, values.iter().copied()).rounded().ticks();
        assert!(
            ticks.iter().all(|tick| (0.0..=1.0).contains(&tick.place)),
            "{ticks:?}"
        );
        assert!(ticks.is_sorted_by(|a, b| a.place < b.place), "{ticks:?}");
        ticks.into_iter().map(|tick| tick.label).collect()
    }

    #[test]
    fn even_ticks_are_round_and_cover_the_values() {
        assert_eq!(
            labels(Scale::Linear, &[3.0, 47.0]),
            ["0", "10", "20", "30", "40", "50"]
        );
        assert_eq!(labels(Scale::Linear, &[0.29]), ["0", "0.1", "0.2", "0.3"]);
        assert_eq!(
            labels(Scale::Linear, &[437_123.0]),
            ["0", "100k", "200k", "300k", "400k", "500k"]
        );
        assert_eq!(
            labels(Scale::Linear, &[1_870_000.0]),
            ["0", "500k", "1M", "1.5M", "2M"]
        );
    }

    #[test]
    fn log_ticks_are_powers_of_ten_or_fill_the_room_between_them() {
        assert_eq!(
            labels(Scale::Log, &[10.0, 10_000.0]),
            ["10", "100", "1k", "10k"]
        );
        assert_eq!(
            labels(Scale::Log, &[0.4, 13.0]),
            ["0.2", "0.5", "1", "2", "5", "10", "20"]
        );
        assert_eq!(labels(Scale::Log, &[3.1, 3.3]), ["2", "3", "4", "5"]);
        assert!(labels(Scale::Log, &[1e-6, 1e9]).len() < 10);
    }

    #[test]
    fn shares_are_named_by_their_nines() {
        assert_eq!(
            labels(Scale::Quantile, &[0.0, 0.9995]),
            ["0%", "50%", "90%", "99%", "99.9%"]
        );
        assert_eq!(
            labels(Scale::Quantile, &[1.0 - 2e-6]),
            ["0%", "90%", "99%", "99.9%", "99.99%", "99.999%"]
        );
    }

    #[test]
    fn odd_values_break_no_axis() {
        let odd = [f64::NAN, f64::INFINITY, -1.0, 0.0];
        for scale in [Scale::Linear, Scale::Log, Scale::Quantile] {
            for values in [&[][..], &odd, &[0.5], &[5.0, 5.0]] {
                assert!(labels(scale, values).len() > 1, "{scale:?} {values:?}");
            }
        }
        let span = Span::of(Scale::Log, [1.0, 100.0].into_iter());
        assert_eq!(
            [0.0, f64::NAN, 1_000.0, 10.0].map(|value| span.place(value)),
            [None, None, None, Some(0.5)]
        );
    }

    #[test]
    fn measured_values_are_named_exactly_where_there_is_room() {
        let sizes = [1.0, 8.0, 64.0, 512.0, 4_096.0];
        let span = Span::of(Scale::Log, sizes.into_iter());
        let labels =
            |ticks: Vec<Tick>| ticks.into_iter().map(|tick| tick.label).collect::<Vec<_>>();
        assert_eq!(
            span.ticks_at(&sizes, 0.1).map(labels).unwrap(),
            ["1", "8", "64", "512", "4,096"]
        );
        assert_eq!(span.ticks_at(&[1.0, 1.1, 4_096.0], 0.1), None);
    }
}
