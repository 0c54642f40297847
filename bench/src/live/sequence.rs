//! Whether one receiver got each message of one sender once and in order.

use std::collections::HashSet;

use serde::Serialize;

use crate::limits;

/// What is wrong with what was received. All zero is what a chat server owes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Anomalies {
    /// Accepted and never received.
    pub missing: u64,
    /// Received again.
    pub duplicates: u64,
    /// Received behind a later one.
    pub out_of_order: u64,
}

impl Anomalies {
    pub fn add(&mut self, other: Self) {
        self.missing += other.missing;
        self.duplicates += other.duplicates;
        self.out_of_order += other.out_of_order;
    }
}

/// The numbers of one sender's messages, as one receiver sees them. They begin with 1.
#[derive(Debug, Default)]
pub(super) struct Sequence {
    last: u64,
    missing: HashSet<u64>,
    found: Anomalies,
}

impl Sequence {
    /// Takes the next number.
    pub(super) fn saw(&mut self, number: u64) {
        if number == self.last + 1 {
            self.last = number;
        } else if number > self.last {
            let gap = self.last + 1..number;
            self.found.missing += number - gap.start;
            let room = limits::MISSING_TRACKED_MAX.saturating_sub(self.missing.len());
            self.missing.extend(gap.take(room));
            self.last = number;
        } else if self.missing.remove(&number) {
            self.found.missing -= 1;
            self.found.out_of_order += 1;
        } else {
            self.found.duplicates += 1;
        }
    }

    /// The last of the messages, when so many were sent in all.
    pub(super) fn finish(&self, sent: u64) -> Anomalies {
        Anomalies {
            missing: self.found.missing + sent.saturating_sub(self.last),
            ..self.found
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(numbers: &[u64], sent: u64) -> Anomalies {
        let mut sequence = Sequence::default();
        numbers.iter().for_each(|&number| sequence.saw(number));
        sequence.finish(sent)
    }

    #[test]
    fn a_sound_sequence_has_nothing_to_it() {
        assert_eq!(found(&[1, 2, 3], 3), Anomalies::default());
        assert_eq!(found(&[], 0), Anomalies::default());
    }

    #[test]
    fn what_does_not_come_is_missing_wherever_it_should_be() {
        let missing = |count| Anomalies {
            missing: count,
            ..Anomalies::default()
        };
        assert_eq!(found(&[2, 3], 3), missing(1), "at the beginning");
        assert_eq!(found(&[1, 5, 6], 6), missing(3), "in the middle");
        assert_eq!(found(&[1], 4), missing(3), "at the end");
        assert_eq!(found(&[], 4), missing(4), "altogether");
    }

    #[test]
    fn what_comes_again_is_a_duplicate() {
        assert_eq!(
            found(&[1, 2, 2, 1, 3], 3),
            Anomalies {
                duplicates: 2,
                ..Anomalies::default()
            }
        );
        assert_eq!(
            found(&[1, 3, 2, 2], 3),
            Anomalies {
                duplicates: 1,
                out_of_order: 1,
                ..Anomalies::default()
            }
        );
    }

    #[test]
    fn what_comes_late_is_out_of_order_and_not_missing() {
        assert_eq!(
            found(&[1, 3, 4, 2], 4),
            Anomalies {
                out_of_order: 1,
                ..Anomalies::default()
            }
        );
        assert_eq!(
            found(&[2, 1], 2),
            Anomalies {
                out_of_order: 1,
                ..Anomalies::default()
            }
        );
    }

    #[test]
    fn a_huge_gap_is_counted_without_being_remembered() {
        let far = 3 * limits::MISSING_TRACKED_MAX as u64;
        let mut sequence = Sequence::default();
        sequence.saw(far);
        assert_eq!(sequence.missing.len(), limits::MISSING_TRACKED_MAX);
        assert_eq!(sequence.finish(far).missing, far - 1);
    }
}
