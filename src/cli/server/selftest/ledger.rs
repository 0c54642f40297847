//! What was sent and with which result, and the comparison of a log with it. Pure.

use std::collections::BTreeSet;
use std::fmt;

use cairn_client::{Body, MsgId};
use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};
use serde::Serialize;

use crate::cli::server::selftest::limits::{PAGE_EVERY, PROBLEMS_LISTED_MAX};

/// A message: number `number`, from 0, of one sender in one place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Sent {
    pub(super) place: usize,
    pub(super) sender: usize,
    pub(super) number: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    Open,
    Accepted(MsgId),
    /// Without an answer, or the storage failed: it may be stored, once, or not.
    Unknown,
}

/// A difference between a log and the ledger.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Problem {
    /// An accepted message is nowhere in the log.
    Lost(Sent),
    /// It is in the log twice.
    Doubled(Sent),
    /// A later message of its sender is before it.
    OutOfOrder(Sent),
    /// It was accepted under another number than the one where it is.
    Moved(Sent, MsgId),
    /// Its bytes are not those that were sent.
    Changed(Sent),
    /// It is at this place and number, and was never sent.
    Foreign(usize, MsgId),
    /// The log of this place has no message of this number.
    Gap(usize, MsgId),
}

/// How many problems of each kind were found, and the first ones.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub(super) struct Problems {
    pub(super) lost: u64,
    pub(super) doubled: u64,
    pub(super) out_of_order: u64,
    pub(super) changed: u64,
    pub(super) gaps: u64,
    /// What else is wrong, such as a server that does not start again.
    pub(super) others: u64,
    pub(super) listed: Vec<String>,
}

/// All sends of all senders.
#[derive(Debug)]
pub(super) struct Ledger {
    seed: u64,
    /// By place, then sender, then number.
    places: Vec<Vec<Vec<Outcome>>>,
    pub(super) accepted: u64,
    pub(super) bytes: u64,
}

/// How far a log was compared, from its first message on.
#[derive(Clone, Debug)]
pub(super) struct Reader {
    place: usize,
    next: MsgId,
    /// By sender, the number of the next message.
    next_of: Vec<usize>,
    /// Accepted messages that were passed over. They may still follow, out of order.
    missing: BTreeSet<Sent>,
}

impl Sent {
    /// Texts are short, and sometimes a page. The beginning identifies the message.
    fn text(self, seed: u64) -> String {
        let Self {
            place,
            sender,
            number,
        } = self;
        let mixed = (place as u64) << 48 ^ (sender as u64) << 40 ^ number as u64;
        let mut random = StdRng::seed_from_u64(seed ^ mixed);
        let bytes = match random.random_ratio(1, PAGE_EVERY) {
            true => random.random_range(4_000..12_000),
            false => random.random_range(20..400),
        };
        let mut text = format!("{place} {sender} {number} ");
        let words: String = (0..8)
            .map(|_| format!("{:x} ö日", random.random::<u64>()))
            .collect();
        while text.len() < bytes {
            text.push_str(&words);
        }
        text
    }

    fn parse(text: &str) -> Option<Self> {
        let mut numbers = text.split(' ').map(|word| word.parse().ok());
        Some(Self {
            place: numbers.next()??,
            sender: numbers.next()??,
            number: numbers.next()??,
        })
    }
}

impl Ledger {
    pub(super) fn new(seed: u64, places: usize, senders: usize) -> Self {
        Self {
            seed,
            places: vec![vec![Vec::new(); senders]; places],
            accepted: 0,
            bytes: 0,
        }
    }

    /// Records the next send of this sender. Returns it with its text.
    pub(super) fn send(&mut self, place: usize, sender: usize) -> (Sent, String) {
        let sent = &mut self.places[place][sender];
        let message = Sent {
            place,
            sender,
            number: sent.len(),
        };
        sent.push(Outcome::Open);
        let text = message.text(self.seed);
        self.bytes += text.len() as u64;
        (message, text)
    }

    pub(super) fn resolve(&mut self, sent: Sent, outcome: Outcome) {
        self.accepted += u64::from(matches!(outcome, Outcome::Accepted(_)));
        self.places[sent.place][sent.sender][sent.number] = outcome;
    }

    pub(super) fn reader(&self, place: usize) -> Reader {
        Reader {
            place,
            next: MsgId::new(1),
            next_of: vec![0; self.places[place].len()],
            missing: BTreeSet::new(),
        }
    }

    fn outcome(&self, sent: Sent) -> Option<Outcome> {
        let of_sender = self.places.get(sent.place)?.get(sent.sender)?;
        of_sender.get(sent.number).copied()
    }

    /// Compares the next message of a log.
    pub(super) fn read(
        &self,
        reader: &mut Reader,
        msgid: MsgId,
        body: &Body,
        problems: &mut Problems,
    ) {
        let place = reader.place;
        if msgid != reader.next {
            problems.add(Problem::Gap(place, reader.next));
        }
        reader.next = msgid.next();
        let text = match body {
            Body::Text(text) => text.as_str(),
            // The entries that created the group and added its members.
            Body::System(_) if msgid.get() <= 2 => return,
            _ => return problems.add(Problem::Foreign(place, msgid)),
        };
        let sent = Sent::parse(text).filter(|sent| sent.place == place);
        let known = sent.and_then(|sent| Some((sent, self.outcome(sent)?)));
        let Some((sent, outcome)) = known else {
            return problems.add(Problem::Foreign(place, msgid));
        };
        if text != sent.text(self.seed) {
            problems.add(Problem::Changed(sent));
        }
        self.check_order(reader, sent, problems);
        match outcome {
            Outcome::Accepted(accepted) if accepted != msgid => {
                problems.add(Problem::Moved(sent, msgid));
            }
            _ => {}
        }
    }

    fn check_order(&self, reader: &mut Reader, sent: Sent, problems: &mut Problems) {
        let next = reader.next_of[sent.sender];
        if sent.number >= next {
            let passed = (next..sent.number).map(|number| Sent { number, ..sent });
            let accepted = passed.filter(|passed| self.outcome(*passed) != Some(Outcome::Unknown));
            reader.missing.extend(accepted);
            reader.next_of[sent.sender] = sent.number + 1;
        } else if reader.missing.remove(&sent) {
            problems.add(Problem::OutOfOrder(sent));
        } else {
            problems.add(Problem::Doubled(sent));
        }
    }

    /// Compares the end of a log, when no send is in flight: everything accepted was read.
    pub(super) fn end(&self, reader: &mut Reader, problems: &mut Problems) {
        for (sender, next) in reader.next_of.iter_mut().enumerate() {
            let sent = &self.places[reader.place][sender];
            let rest = (*next..sent.len()).map(|number| Sent {
                place: reader.place,
                sender,
                number,
            });
            let accepted =
                rest.filter(|rest| matches!(self.outcome(*rest), Some(Outcome::Accepted(_))));
            reader.missing.extend(accepted);
            *next = sent.len();
        }
        for lost in std::mem::take(&mut reader.missing) {
            problems.add(Problem::Lost(lost));
        }
    }
}

impl Reader {
    /// The number of the next message.
    pub(super) const fn next(&self) -> MsgId {
        self.next
    }
}

impl Problems {
    pub(super) const fn are_none(&self) -> bool {
        self.count() == 0
    }

    pub(super) const fn count(&self) -> u64 {
        self.lost + self.doubled + self.out_of_order + self.changed + self.gaps + self.others
    }

    fn add(&mut self, problem: Problem) {
        let counted = match problem {
            Problem::Lost(_) => &mut self.lost,
            Problem::Doubled(_) => &mut self.doubled,
            Problem::OutOfOrder(_) | Problem::Moved(..) => &mut self.out_of_order,
            Problem::Changed(_) | Problem::Foreign(..) => &mut self.changed,
            Problem::Gap(..) => &mut self.gaps,
        };
        *counted += 1;
        self.list(problem.to_string());
    }

    /// Adds one that is no difference between logs.
    pub(super) fn add_other(&mut self, what: String) {
        self.others += 1;
        self.list(what);
    }

    fn list(&mut self, what: String) {
        if self.listed.len() < PROBLEMS_LISTED_MAX {
            self.listed.push(what);
        }
    }
}

impl fmt::Display for Sent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            place,
            sender,
            number,
        } = self;
        write!(f, "message {number} of sender {sender} in group {place}")
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Lost(sent) => write!(f, "{sent} was accepted and is lost"),
            Self::Doubled(sent) => write!(f, "{sent} is stored twice"),
            Self::OutOfOrder(sent) => write!(f, "{sent} is behind a later one"),
            Self::Moved(sent, found) => write!(f, "{sent} is number {found}, not as accepted"),
            Self::Changed(sent) => write!(f, "{sent} has other bytes than were sent"),
            Self::Foreign(place, msgid) => {
                write!(f, "number {msgid} in group {place} was never sent")
            }
            Self::Gap(place, msgid) => write!(f, "number {msgid} in group {place} is missing"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A log of two senders in one place, all accepted.
    fn talk() -> (Ledger, Vec<Body>) {
        let mut ledger = Ledger::new(7, 1, 2);
        let mut log = Vec::new();
        for (msgid, sender) in (1..).zip([0, 0, 1, 0, 0]) {
            let (sent, text) = ledger.send(0, sender);
            ledger.resolve(sent, Outcome::Accepted(MsgId::new(msgid)));
            log.push(Body::Text(text.parse().unwrap()));
        }
        (ledger, log)
    }

    fn compare(ledger: &Ledger, log: impl IntoIterator<Item = (u64, Body)>) -> Problems {
        let (mut reader, mut problems) = (ledger.reader(0), Problems::default());
        for (msgid, body) in log {
            ledger.read(&mut reader, MsgId::new(msgid), &body, &mut problems);
        }
        ledger.end(&mut reader, &mut problems);
        problems
    }

    /// Renumbers a changed log, and returns what is found.
    fn found(change: impl FnOnce(&mut Vec<Body>)) -> Problems {
        let (ledger, mut log) = talk();
        change(&mut log);
        compare(&ledger, (1..).zip(log))
    }

    #[test]
    fn sound_log_has_no_problems() {
        assert_eq!(found(|_| ()), Problems::default());
    }

    #[test]
    fn loss_is_found() {
        let problems = found(|log| drop(log.pop()));
        assert_eq!((problems.lost, problems.count()), (1, 1), "{problems:?}");
        let listed = ["message 3 of sender 0 in group 0 was accepted and is lost"];
        assert_eq!(problems.listed, listed);
        let problems = found(|log| drop(log.remove(1)));
        assert_eq!(problems.lost, 1, "{problems:?}");
        assert_eq!(found(Vec::clear).lost, 5);
    }

    #[test]
    fn double_is_found() {
        let problems = found(|log| log.push(log[4].clone()));
        assert_eq!(problems.doubled, 1, "{problems:?}");
        let problems = found(|log| log.insert(1, log[0].clone()));
        assert_eq!(problems.doubled, 1, "{problems:?}");
    }

    #[test]
    fn wrong_order_is_found() {
        let problems = found(|log| log.swap(0, 1));
        assert!(problems.out_of_order > 0, "{problems:?}");
        assert_eq!((problems.lost, problems.doubled), (0, 0), "{problems:?}");
        // In the order of each sender, but not under the numbers that were accepted.
        let problems = found(|log| log.swap(1, 2));
        assert_eq!(problems.out_of_order, 2, "{problems:?}");
    }

    #[test]
    fn changed_and_foreign_bytes_are_found() {
        let problems = found(|log| log[3] = Body::Text("0 0 2 other".parse().unwrap()));
        assert_eq!(problems.changed, 1, "{problems:?}");
        for text in ["hello", "0 0 9 was never sent", "1 0 0 elsewhere"] {
            let problems = found(|log| log.push(Body::Text(text.parse().unwrap())));
            assert_eq!(problems.changed, 1, "{problems:?}");
        }
    }

    #[test]
    fn gap_is_found() {
        let (ledger, log) = talk();
        let problems = compare(&ledger, [1, 2, 4, 5, 6].into_iter().zip(log));
        assert_eq!(problems.gaps, 1, "{problems:?}");
    }

    #[test]
    fn unknown_send_is_stored_at_most_once() {
        let mut ledger = Ledger::new(7, 1, 1);
        let (first, text) = ledger.send(0, 0);
        ledger.resolve(first, Outcome::Unknown);
        let (second, other) = ledger.send(0, 0);
        let [text, other] = [text, other].map(|text| Body::Text(text.parse().unwrap()));
        ledger.resolve(second, Outcome::Accepted(MsgId::new(1)));
        assert!(compare(&ledger, [(1, other.clone())]).are_none());
        ledger.resolve(second, Outcome::Accepted(MsgId::new(2)));
        let log = [(1, text.clone()), (2, other.clone())];
        assert!(compare(&ledger, log.clone()).are_none());
        let twice = log.into_iter().chain([(3, text)]);
        assert_eq!(compare(&ledger, twice).doubled, 1);
    }

    #[test]
    fn few_problems_are_listed_and_all_are_counted() {
        let mut problems = Problems::default();
        for number in 0..100 {
            problems.add(Problem::Gap(0, MsgId::new(number)));
        }
        assert_eq!(problems.count(), 100);
        assert_eq!(problems.listed.len(), PROBLEMS_LISTED_MAX);
    }
}
