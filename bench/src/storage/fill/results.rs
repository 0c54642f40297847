//! The numbers of a fill.

use super::progress::Sample;
use super::reads::Reads;
use super::{Fill, Reopened, Settings};
use crate::results::{Results, Scale, Series, Unit, grouped, list, sized};
use crate::storage::tables::{Cells, shown, table};

const SHARE: Unit = Unit::new(2, "");

pub(super) fn results(fill: &Fill, settings: &Settings) -> Results {
    let (progress, messages) = (&fill.progress, fill.progress.messages());
    let seconds = progress.seconds();
    let mut results = Results::of(Some(seconds));
    let stored = if fill.disk_full {
        "stored durably: as many as the disk can take"
    } else {
        "stored durably"
    };
    results.json("disk_full", fill.disk_full);
    results.json("seconds", seconds);
    let (second, last) = (progress.tenth_per_s(1), progress.tenth_per_s(9));
    let steadiness = second.zip(last).map(|(second, last)| last / second);
    let per_s = (messages > 0).then(|| messages as f64 / seconds);
    list! { results;
        "messages": messages, Unit::COUNT, "messages" => stored;
        "messages_per_s": per_s, Unit::PER_S, "speed" => "messages, over the whole way";
        "last_to_second_tenth": steadiness, SHARE, "steadiness"
            => "speed of the last tenth of the messages, where that of the second tenth is 1";
    }
    results.json("second_tenth_per_s", second);
    results.json("last_tenth_per_s", last);
    let texts = progress.texts_share();
    if let Some(texts) = texts {
        let percent = Unit::new(1, " %").show(texts * 100.0);
        results.row(
            "texts",
            percent,
            "of the time went into making up the texts",
        );
    }
    results.json("texts_share", texts);
    results.json("marks", &progress.samples);
    at_rest(&mut results, fill, messages * settings.body as u64);
    reopened(&mut results, fill.reopened.as_ref());
    let kept_in = fill.kept_in.as_ref().map(|dir| dir.display().to_string());
    if let Some(dir) = &kept_in {
        results.row("kept in", dir.clone(), "the data directory");
    }
    results.json("kept_in", kept_in);
    if progress.samples.len() > 1 {
        on_the_way(&mut results, &progress.samples);
        plots(&mut results, &progress.samples, settings.body as f64);
    }
    results
}

fn at_rest(results: &mut Results, fill: &Fill, message_bytes: u64) {
    results.json("message_bytes", message_bytes);
    let share = (message_bytes > 0).then(|| fill.disk_bytes as f64 / message_bytes as f64);
    list! { results;
        "disk_bytes": fill.disk_bytes, Unit::SIZE, "disk"
            => "all files of the data directory, closed";
        "disk_bytes_per_message_byte": share, SHARE, "disk share"
            => "bytes on the disk for each byte of text";
        "memory_mib_max": fill.memory_mib_max, Unit::MIB, "memory" => "of this process, at most";
        "close_s": fill.close_s, Unit::SECONDS, "closing" => "until everything was in the trees";
    }
}

fn reopened(results: &mut Results, reopened: Option<&Reopened>) {
    let open_s = reopened.map(|reopened| reopened.open_s);
    let missing = reopened.map(|reopened| reopened.missing);
    list! { results;
        "open_s": open_s, Unit::SECONDS, "opening" => "until the next message could be taken";
        "missing": missing, Unit::COUNT, "missing" => "messages that were not there after opening";
    }
    let last_50 = reopened.and_then(|reopened| reopened.last_50);
    let old_50 = reopened.and_then(|reopened| reopened.old_50);
    reads(
        results,
        ("last_50", last_50),
        "newest 50",
        "reads of the last 50 messages of a random conversation, or as many as an answer holds, \
         one by one",
    );
    reads(
        results,
        ("old_50", old_50),
        "any 50",
        "reads of as many from a random place of all messages, one by one",
    );
    let wrong = [last_50, old_50].into_iter().flatten();
    let wrong = wrong.map(|reads| reads.wrong).sum::<u64>();
    if wrong > 0 {
        let meaning = "reads that gave other messages than asked for";
        results.row("wrong reads", grouped(wrong as f64), meaning);
    }
    results.check(missing.unwrap_or(0) + wrong == 0);
}

fn reads(
    results: &mut Results,
    (field, reads): (&'static str, Option<Reads>),
    name: &'static str,
    meaning: &'static str,
) {
    results.json(field, reads);
    if let Some(reads) = reads {
        results.row(name, Unit::PER_S.show(reads.reads_per_s), meaning);
        if let Some(latency) = reads.latency_ms {
            results.row("latency", latency.to_string(), "of one of these reads");
        }
    }
}

/// Combines samples, so that the table fits a screen.
fn on_the_way(results: &mut Results, samples: &[Sample]) {
    let rows: Vec<_> = samples.chunks(samples.len().div_ceil(10)).collect();
    let columns: [Cells<'_, &[Sample]>; 4] = [
        ("messages", &|row| {
            row.last()
                .map_or_else(String::new, |last| grouped(last.messages as f64))
        }),
        ("messages/s", &|row| {
            let seconds = row.iter().map(|sample| sample.messages_per_s.recip());
            grouped(row.len() as f64 / seconds.sum::<f64>())
        }),
        ("on disk", &|row| {
            row.last()
                .map_or_else(String::new, |last| sized(last.disk_bytes))
        }),
        ("memory", &|row| {
            shown(row.last().and_then(|last| last.memory_mib), Unit::MIB)
        }),
    ];
    let meaning = "The speed since the line above. On the disk is also the commit log with its \
                   spare segments, up to some 200 MiB.";
    results
        .tables
        .push(table("On the way", meaning, &columns, &rows));
}

/// The name of a line, and what it shows of a sample.
type Line<'a> = (&'a str, &'a dyn Fn(&Sample) -> Option<f64>);

fn plots(results: &mut Results, samples: &[Sample], body_bytes: f64) {
    const GIB: f64 = (1_u64 << 30) as f64;
    let mut plot = |title: &str, meaning: &str, label, lines: &[Line<'_>]| {
        let series = |&(name, y): &Line<'_>| Series {
            name: name.to_owned(),
            points: samples
                .iter()
                .filter_map(|sample| Some((sample.messages as f64 / 1e6, y(sample)?)))
                .collect(),
        };
        results.plot(
            (title, meaning),
            Scale::Linear.axis("messages stored, in millions"),
            Scale::Linear.axis(label),
            lines.iter().map(series).collect(),
        );
    };
    plot(
        "Speed",
        "A level line: what is stored already does not slow down what comes.",
        "messages/s",
        &[("stored", &|sample| Some(sample.messages_per_s))],
    );
    plot(
        "Memory",
        "A level line: memory does not grow with what is stored.",
        "MiB",
        &[("in use", &|sample| sample.memory_mib)],
    );
    plot(
        "Disk",
        "Below the line of the texts: compression saves more than everything that goes with a \
         message takes.",
        "GiB",
        &[
            ("on the disk", &|sample| {
                Some(sample.disk_bytes as f64 / GIB)
            }),
            ("the texts alone", &|sample| {
                Some(sample.messages as f64 * body_bytes / GIB)
            }),
        ],
    );
}
