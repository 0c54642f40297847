//! The entries of a log.

use std::collections::VecDeque;
use std::fs::File;
use std::io::BufReader;

use cairn_proto::content::body::Body;
use cairn_proto::ids::Timestamp;
use cairn_proto::limits::TEXT_BYTES_MAX;
use cairn_proto::text::Text;
use cairn_proto::wire::request::message::ImportEntry;

use super::format::{Clock, Event, Said};
use super::log_file::{LogFile, cannot_read};
use super::log_lines::Lines;
use super::nick::Authors;
use crate::cli::failure::{Exit, Failure};

/// The entries of a file, and the number of lines of each kind.
#[derive(Debug)]
pub(super) struct Entries<'a> {
    file: &'a LogFile,
    lines: Lines<BufReader<File>>,
    clock: Clock,
    /// Further parts of a line that is longer than a text.
    parts: VecDeque<ImportEntry>,
    pub(super) counts: LineCounts,
}

/// Lines of each kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct LineCounts {
    pub(super) messages: u64,
    pub(super) emotes: u64,
    /// Joins, parts, renames, and what else the program wrote.
    pub(super) notices: u64,
    /// Lines that are not of the format.
    pub(super) others: u64,
    /// Lines that are not UTF-8.
    pub(super) decoded: u64,
    /// Lines that became more than one entry.
    pub(super) split: u64,
}

impl<'a> Entries<'a> {
    pub(super) const fn new(
        file: &'a LogFile,
        lines: Lines<BufReader<File>>,
        clock: Clock,
    ) -> Self {
        Self {
            file,
            lines,
            clock,
            parts: VecDeque::new(),
            counts: LineCounts {
                messages: 0,
                emotes: 0,
                notices: 0,
                others: 0,
                decoded: 0,
                split: 0,
            },
        }
    }

    /// Returns the next entry; `None` at the end of the file.
    pub(super) fn next(&mut self, authors: &mut Authors) -> Result<Option<ImportEntry>, Failure> {
        while self.parts.is_empty() {
            let scan = &self.file.scan;
            let line = self.lines.next();
            let line = line.map_err(|error| cannot_read(&self.file.path, &error))?;
            let Some((number, line)) = line else {
                return Ok(None);
            };
            let (line, is_utf_8) = scan.legacy.decode(line);
            self.counts.decoded += u64::from(!is_utf_8);
            let (said, body): (_, fn(Text) -> Body) = match scan.format.parse(&line) {
                Event::Message(said) => {
                    self.counts.messages += 1;
                    (said, Body::Text)
                }
                Event::Emote(said) => {
                    self.counts.emotes += 1;
                    (said, Body::Emote)
                }
                Event::EmoteOf(said) if scan.nicks.contains(said.nick) => {
                    self.counts.emotes += 1;
                    (said, Body::Emote)
                }
                Event::EmoteOf(_) | Event::Notice(_) => {
                    self.counts.notices += 1;
                    continue;
                }
                Event::Day(day) => {
                    self.clock.begin_day(day);
                    self.counts.notices += 1;
                    continue;
                }
                Event::Session(day) => {
                    self.clock.begin_session(day);
                    self.counts.notices += 1;
                    continue;
                }
                Event::Other => {
                    self.counts.others += 1;
                    continue;
                }
            };
            let Some(sent_at) = self.clock.at(said.at) else {
                let headline = format!(
                    "line {number} of {} has no day that can be stored",
                    self.file.path.display()
                );
                return Err(Failure::new(Exit::Failed, headline)
                    .hint("say which day the log begins, with --date YYYY-MM-DD"));
            };
            split(&said, sent_at, body, authors, &mut self.parts);
            self.counts.split += u64::from(self.parts.len() > 1);
        }
        Ok(self.parts.pop_front())
    }
}

/// Makes entries of a line: one, unless it is longer than a text can be.
fn split(
    said: &Said<'_>,
    sent_at: Timestamp,
    body: fn(Text) -> Body,
    authors: &mut Authors,
    parts: &mut VecDeque<ImportEntry>,
) {
    let mut rest = &*said.text;
    loop {
        let (part, after) = rest.split_at(rest.floor_char_boundary(TEXT_BYTES_MAX));
        if let (Ok(text), Some(sender)) = (Text::new(part), authors.of(said.nick)) {
            parts.push_back(ImportEntry {
                sender,
                sent_at,
                body: body(text),
            });
        }
        rest = after;
        if rest.is_empty() {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::super::log_file::{Reading, find};
    use super::*;
    use jiff::tz::TimeZone;

    /// The entries of a log: name, seconds after the beginning of its year, body.
    fn entries(
        name: &str,
        log: &[u8],
        zone: &TimeZone,
    ) -> (Vec<(String, String, Body)>, LineCounts) {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join(name);
        fs::write(&path, log).unwrap();
        let reading = Reading {
            day: None,
            format: None,
            legacy: None,
            zone: zone.clone(),
        };
        let files = find(&[path], &reading).unwrap();
        let mut entries = files[0].entries(zone).unwrap();
        let mut authors = Authors::default();
        let mut found = Vec::new();
        while let Some(entry) = entries.next(&mut authors).unwrap() {
            let millis = i64::try_from(entry.sent_at.get()).unwrap();
            let at = jiff::Timestamp::from_millisecond(millis).unwrap();
            found.push((entry.sender.to_string(), at.to_string(), entry.body));
        }
        (found, entries.counts)
    }

    fn expected(entries: &[(&str, &str, Body)]) -> Vec<(String, String, Body)> {
        let own = |(name, at, body): &(&str, &str, Body)| {
            ((*name).to_owned(), (*at).to_owned(), body.clone())
        };
        entries.iter().map(own).collect()
    }

    fn text(raw: &str) -> Body {
        Body::Text(Text::new(raw).unwrap())
    }

    fn emote(raw: &str) -> Body {
        Body::Emote(Text::new(raw).unwrap())
    }

    #[test]
    fn lines_are_counted_by_kind() {
        let log = b"\xef\xbb\xbf[09:14] <ada> one\r\n=== bob [~b@h] has joined #x\n=== bob sighs\n\
            === eve sighs\n\n[09:15]  * bob waves\nnoise\n[09:16] <ADA> caf\xe9\n[09:17] <ada> ";
        let (found, counts) = entries("2004-12-25.txt", log, &TimeZone::UTC);
        assert_eq!(
            found,
            expected(&[
                ("ada", "2004-12-25T09:14:00Z", text("one")),
                ("bob", "2004-12-25T09:14:00Z", emote("sighs")),
                ("bob", "2004-12-25T09:15:00Z", emote("waves")),
                ("ada", "2004-12-25T09:16:00Z", text("café")),
                ("ada", "2004-12-25T09:17:00Z", text("")),
            ])
        );
        let expected = LineCounts {
            messages: 3,
            emotes: 2,
            notices: 2,
            others: 1,
            decoded: 1,
            split: 0,
        };
        assert_eq!(counts, expected);
    }

    #[test]
    fn logs_tell_their_days() {
        let zone = TimeZone::get("Asia/Shanghai").unwrap();
        let irssi = b"--- Log opened Sat Mar 09 23:58:00 2024\n23:59 <@oskar> coming\n\
            --- Day changed Sun Mar 10 2024\n00:01 < nina> late\n";
        let coming = ("oskar", "2024-03-09T15:59:00Z", text("coming"));
        let late = ("nina", "2024-03-09T16:01:00Z", text("late"));
        let both = expected(&[coming.clone(), late.clone()]);
        assert_eq!(entries("irssi.log", irssi, &zone).0, both);
        let mirc = b"Session Start: Sat Mar 09 23:58:00 2024\n[23:59] <@oskar> \x0304coming\n\
            [00:01] <nina> late\n";
        assert_eq!(entries("mirc.log", mirc, &zone).0, both);
        let weechat = b"2024-03-09 23:59:00\t@oskar\tcoming\n2024-03-10 00:01:00\tnina\tlate\n";
        assert_eq!(entries("lamp.weechatlog", weechat, &zone).0, both);
        let hexchat = b"**** BEGIN LOGGING AT Sun Dec 31 23:58:00 2023\n\n\
            Dec 31 23:59:00 <oskar>\tcoming\nJan 01 00:01:00 <nina>\tlate\n\
            Jan 01 00:02:00 *\tnina waits\nJan 01 00:02:00 *\tNow talking on #lamp\n";
        assert_eq!(
            entries("hexchat.log", hexchat, &zone).0,
            expected(&[
                ("oskar", "2023-12-31T15:59:00Z", text("coming")),
                ("nina", "2023-12-31T16:01:00Z", text("late")),
                ("nina", "2023-12-31T16:02:00Z", emote("waits")),
            ])
        );
    }

    #[test]
    fn long_lines_become_several_entries() {
        let long = "ä".repeat(TEXT_BYTES_MAX / 2 + 1);
        let log = format!("[10:00] <nina> {long}\n[10:01] <nina> after\n");
        let (found, counts) = entries("2024-03-15.txt", log.as_bytes(), &TimeZone::UTC);
        let texts: Vec<_> = found.into_iter().map(|(_, _, body)| body).collect();
        let whole = text(&"ä".repeat(TEXT_BYTES_MAX / 2));
        assert_eq!(texts, [whole, text("ä"), text("after")]);
        assert_eq!((counts.messages, counts.split), (2, 1));
    }
}
