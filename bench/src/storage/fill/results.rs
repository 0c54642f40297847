//! The results of a fill.

use std::path::Path;
use std::process;

use super::progress::{Progress, Sample};
use super::reads::Reads;
use crate::results::{Column, Results, Scale, Series, Unit, list};
use crate::system;

const SHARE: Unit = Unit::new(2, "");

pub(super) fn speed(progress: &Progress, disk_full: bool) -> Results {
    let (messages, seconds) = (progress.last().messages, progress.last().seconds);
    let mut results = Results::default();
    let stored = match disk_full {
        true => "stored durably: as many as the disk can take",
        false => "stored durably",
    };
    let (second, last) = (progress.tenth_per_s(1), progress.tenth_per_s(9));
    let steadiness = second.zip(last).map(|(second, last)| last / second);
    let per_s = (messages > 0).then(|| messages as f64 / seconds);
    let texts = progress.texts_share();
    list! { results;
        "messages": messages, Unit::COUNT, "messages" => stored;
        "messages_per_s": per_s, Unit::PER_S, "speed" => "messages, over the whole way";
        "last_to_second_tenth": steadiness, SHARE, "steadiness"
            => "speed of the last tenth of the messages, where that of the second tenth is 1";
    }
    let percent = texts.map(|share| share * 100.0);
    let meaning = "of the time went into making up the texts";
    results.show("texts", percent, Unit::new(1, " %"), meaning);
    results.counted_s = Some(seconds);
    results.json("disk_full", disk_full);
    results.json("seconds", seconds);
    results.json("second_tenth_per_s", second);
    results.json("last_tenth_per_s", last);
    results.json("texts_share", texts);
    results.json("marks", &progress.samples);
    results
}

pub(super) fn at_rest(results: &mut Results, folder: &Path, message_bytes: u64, close_s: f64) {
    let disk_bytes = system::bytes_below(folder);
    let share = (message_bytes > 0).then(|| disk_bytes as f64 / message_bytes as f64);
    results.json("message_bytes", message_bytes);
    list! { results;
        "disk_bytes": disk_bytes, Unit::SIZE, "disk" => "all files of the data directory, closed";
        "disk_bytes_per_message_byte": share, SHARE, "disk share"
            => "bytes on the disk for each byte of text";
        "close_s": close_s, Unit::SECONDS, "closing" => "until everything was in the trees";
    }
}

/// `None` if the run was ended early.
#[derive(Default)]
pub(super) struct Reopened {
    pub(super) open_s: Option<f64>,
    pub(super) missing: Option<u64>,
    pub(super) last_50: Option<Reads>,
    pub(super) old_50: Option<Reads>,
}

pub(super) fn reopened(results: &mut Results, of: &Reopened) {
    list! { results;
        "open_s": of.open_s, Unit::SECONDS, "opening" => "until the next message could be taken";
        "missing": of.missing, Unit::COUNT, "missing"
            => "messages that were not there after opening";
    }
    let newest = "reads of the last 50 messages of a random conversation, or as many as an answer \
                  holds, one by one";
    let old = "reads of as many from a random place of all messages, one by one";
    let mut wrong = 0;
    for (field, reads, name, meaning) in [
        ("last_50", of.last_50, "newest 50", newest),
        ("old_50", of.old_50, "any 50", old),
    ] {
        results.json(field, reads);
        let Some(reads) = reads else { continue };
        results.show(name, reads.reads_per_s, Unit::PER_S, meaning);
        let meaning = "of one of these reads";
        results.show("latency", reads.latency_ms, Unit::MILLIS, meaning);
        wrong += reads.wrong;
    }
    if wrong > 0 {
        let meaning = "reads that gave other messages than asked for";
        results.show("wrong reads", wrong, Unit::COUNT, meaning);
    }
    let memory = system::resident_mib_max(process::id());
    list! { results;
        "memory_mib_max": memory, Unit::MIB, "memory" => "of this process, at most";
    }
    results.check(of.missing.unwrap_or(0) + wrong == 0);
}

const COLUMNS: &[Column] = &[
    Column::new("messages", "/messages", Unit::COUNT),
    Column::new("messages/s", "/messages_per_s", Unit::COUNT),
    Column::new("on disk", "/disk_bytes", Unit::SIZE),
    Column::new("memory", "/memory_mib", Unit::MIB),
];

pub(super) fn on_the_way(results: &mut Results, samples: &[Sample], body_bytes: f64) {
    const GIB: f64 = (1_u64 << 30) as f64;
    if samples.len() < 2 {
        return;
    }
    // Combined, so that the table fits a screen.
    let row = |samples: &[Sample]| {
        let seconds = samples.iter().map(|sample| sample.messages_per_s.recip());
        let messages_per_s = samples.len() as f64 / seconds.sum::<f64>();
        samples.last().map(|&last| Sample {
            messages_per_s,
            ..last
        })
    };
    let parts = samples.chunks(samples.len().div_ceil(10));
    let rows: Vec<_> = parts.map(row).collect();
    let meaning = "The speed since the line above. On the disk is also the commit log with its \
                   spare segments, up to some 200 MiB.";
    results.rows(("On the way", meaning), COLUMNS, &rows);
    let line = |name, y: &dyn Fn(&Sample) -> Option<f64>| {
        let point = |sample: &Sample| Some((sample.messages as f64 / 1e6, y(sample)?));
        Series::new(name, samples.iter().filter_map(point).collect())
    };
    let mut plot = |title, meaning, label, lines| {
        let x = Scale::Linear.axis("messages stored, in millions");
        results.plot((title, meaning), x, Scale::Linear.axis(label), lines);
    };
    let stored = line("stored", &|sample| Some(sample.messages_per_s));
    let meaning = "A level line: what is stored already does not slow down what comes.";
    plot("Speed", meaning, "messages/s", vec![stored]);
    let memory = line("in use", &|sample| sample.memory_mib);
    let meaning = "A level line: memory does not grow with what is stored.";
    plot("Memory", meaning, "MiB", vec![memory]);
    let gib = |bytes: f64| Some(bytes / GIB);
    let disk = line("on the disk", &|sample| gib(sample.disk_bytes as f64));
    let bytes = |sample: &Sample| sample.messages as f64 * body_bytes;
    let texts = line("the texts alone", &|sample| gib(bytes(sample)));
    let meaning = "Below the line of the texts: compression saves more than everything that goes \
        with a message takes.";
    plot("Disk", meaning, "GiB", vec![disk, texts]);
}
