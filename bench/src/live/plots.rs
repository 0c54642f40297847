//! What a live run looks like, drawn.

use super::climb::Climb;
use super::timeline::Rates;
use crate::latency::Distribution;
use crate::report::{Axis, Plot, Scale, Series};

/// Latencies, each kind a line: how many took how long.
pub(super) fn latency(kinds: &[(&str, &Distribution)]) -> Plot {
    let series = kinds.iter().map(|&(name, distribution)| Series {
        name: name.to_owned(),
        points: distribution.0.clone(),
    });
    Plot {
        title: "Latency".to_owned(),
        meaning: "How long it took at most, for so many of all: at 99%, one of 100 took longer. Low and flat is good.".to_owned(),
        x: Axis { label: "share that took at most this long", scale: Scale::Quantile },
        y: Axis { label: "milliseconds", scale: Scale::Log },
        series: series.collect(),
    }
}

/// What was counted a second, over the time of the run.
pub(super) fn throughput(timeline: &[Rates], is_delivered: bool) -> Plot {
    let name = if is_delivered {
        "deliveries a second"
    } else {
        "messages accepted a second"
    };
    let rate = |rates: &Rates| {
        if is_delivered {
            rates.deliveries_per_s.unwrap_or_default()
        } else {
            rates.accepted_per_s
        }
    };
    // A rate is that of the part before its moment, so that the first begins at 0.
    let first = timeline.first().map(|rates| (0.0, rate(rates)));
    let points = first
        .into_iter()
        .chain(timeline.iter().map(|rates| (rates.s, rate(rates))))
        .collect();
    Plot {
        title: "Throughput".to_owned(),
        meaning: "How much was done a second, from the beginning of the count to its end. Flat is steady; a gap is a stall.".to_owned(),
        x: Axis { label: "seconds since the count began", scale: Scale::Linear },
        y: Axis { label: name, scale: Scale::Linear },
        series: vec![Series { name: name.to_owned(), points }],
    }
}

/// Connections that are up, over the time since they could be.
pub(super) fn connections(climbs: &[(&str, &Climb)]) -> Plot {
    let series = climbs.iter().map(|&(name, climb)| Series {
        name: name.to_owned(),
        points: climb.points(),
    });
    Plot {
        title: "Connections up".to_owned(),
        meaning: "How many there are, from the first packet, or from when the server that was gone is ready again.".to_owned(),
        x: Axis { label: "seconds", scale: Scale::Linear },
        y: Axis { label: "connections", scale: Scale::Linear },
        series: series.collect(),
    }
}
