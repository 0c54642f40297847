//! The first reading of a log: its format, its encoding, and who takes part.

use std::fs::File;
use std::io::{self, BufReader};
use std::path::Path;

use super::encoding::{Guess, Legacy};
use super::format::{Event, Format, Nicks};
use super::log_lines::Lines;
use crate::cli::limits;

/// How a log is read.
#[derive(Debug)]
pub(super) struct Scan {
    pub(super) format: Format,
    pub(super) legacy: Legacy,
    pub(super) nicks: Nicks,
    /// Lines that are not blank.
    pub(super) lines: u64,
    /// Those of the format.
    pub(super) understood: u64,
    /// The first line that is not of the format.
    pub(super) first_other: Option<(u64, String)>,
    /// Whether the log tells the days of its lines.
    pub(super) has_days: bool,
}

/// Bytes of a line that is shown to explain an error.
const SHOWN_BYTES_MAX: usize = 120;

/// Lines of one format.
struct Candidate {
    format: Format,
    understood: u64,
    nicks: Nicks,
    first_other: Option<(u64, String)>,
    has_days: bool,
}

impl Candidate {
    fn new(format: Format) -> Self {
        Self {
            format,
            understood: 0,
            nicks: Nicks::default(),
            first_other: None,
            has_days: format == Format::Weechat,
        }
    }

    fn see(&mut self, number: u64, line: &str) {
        let event = self.format.parse(line);
        self.nicks.see(&event);
        match event {
            Event::Other if self.first_other.is_none() => {
                let end = line.floor_char_boundary(SHOWN_BYTES_MAX);
                self.first_other = Some((number, line[..end].to_owned()));
            }
            Event::Other => {}
            event => {
                self.has_days |= matches!(event, Event::Day(_) | Event::Session(_));
                self.understood += 1;
            }
        }
    }
}

/// Reads a log once. What is not given is guessed: the format is the one of the most lines.
pub(super) fn scan(
    path: &Path,
    format: Option<Format>,
    legacy: Option<Legacy>,
) -> io::Result<Scan> {
    let formats = format.map_or_else(|| Format::ALL.to_vec(), |format| vec![format]);
    let mut candidates: Vec<_> = formats.into_iter().map(Candidate::new).collect();
    let mut guess = Guess::default();
    let mut count = 0;
    let input = BufReader::with_capacity(limits::IO_BYTES, File::open(path)?);
    let mut lines = Lines::new(input);
    while let Some((number, line)) = lines.next()? {
        count += 1;
        guess.see(line);
        let text = String::from_utf8_lossy(line);
        candidates
            .iter_mut()
            .for_each(|candidate| candidate.see(number, &text));
    }
    // Of equals, the first: `max_by_key` returns the last.
    let best = candidates
        .into_iter()
        .rev()
        .max_by_key(|candidate| candidate.understood);
    let best = best.unwrap_or_else(|| Candidate::new(Format::Ubuntu));
    Ok(Scan {
        format: best.format,
        legacy: legacy.unwrap_or_else(|| guess.legacy()),
        nicks: best.nicks,
        lines: count,
        understood: best.understood,
        first_other: best.first_other,
        has_days: best.has_days,
    })
}
