//! What became of the messages of a trial.

use std::collections::{BTreeMap, HashSet};

use serde::Serialize;

use super::scheme::{Id, Scheme};
use super::trial::{Sent, World};

/// What became of the messages of a trial.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub(super) struct Tally {
    /// Messages that were stored.
    pub(super) stored: u64,
    /// Sends that got no id.
    pub(super) refused: u64,
    /// Stored messages whose id another stored message has.
    pub(super) repeated: u64,
    /// Stored messages whose id sorts before that of an earlier one in the same conversation. Who asks for everything behind the last
    /// that he has never gets them.
    pub(super) late: u64,
    /// Neighbours in a conversation whose ids do not follow each other, although nothing is missing between them.
    pub(super) gaps: u64,
    /// Neighbours in a conversation.
    pub(super) neighbours: u64,
    /// The part of the conversations in which a client that misses one message can tell that, and is not misled when it misses none.
    pub(super) losses_told: Option<f64>,
    /// Numbers that no stored message has, below the highest, for schemes that count.
    pub(super) skipped: Option<u64>,
    /// Stored messages whose id was given before the crash to a message that went with it. Who was told of that one confuses the two.
    pub(super) reissued: u64,
}

impl Tally {
    pub(super) fn of(world: &World) -> Self {
        let scheme = world.scheme;
        let mut logs: BTreeMap<u64, Vec<Id>> = BTreeMap::new();
        world
            .stored
            .iter()
            .for_each(|sent| logs.entry(sent.conversation).or_default().push(sent.id));
        let names: HashSet<(u64, Id)> =
            world.stored.iter().map(|sent| name(scheme, sent)).collect();
        let lost: HashSet<(u64, Id)> = world.lost.iter().map(|sent| name(scheme, sent)).collect();
        let neighbours = |log: &Vec<Id>| log.len() as u64 - 1;
        Self {
            stored: world.stored.len() as u64,
            refused: world.refused,
            repeated: (world.stored.len() - names.len()) as u64,
            late: logs.values().map(|log| late(log)).sum(),
            gaps: logs.values().map(|log| gaps(log)).sum(),
            neighbours: logs.values().map(neighbours).sum(),
            losses_told: losses_told(logs.values()),
            skipped: scheme.counts().then(|| skipped(&names)),
            reissued: world
                .stored
                .iter()
                .filter(|sent| lost.contains(&name(scheme, sent)))
                .count() as u64,
        }
    }
}

/// What tells a message from all others.
fn name(scheme: Scheme, sent: &Sent) -> (u64, Id) {
    (
        if scheme.is_per_conversation() {
            sent.conversation
        } else {
            0
        },
        sent.id,
    )
}

fn late(log: &[Id]) -> u64 {
    let mut last = None;
    let is_late = |&&id: &&Id| {
        let is_late = last.is_some_and(|last| id < last);
        last = last.max(Some(id));
        is_late
    };
    log.iter().filter(is_late).count() as u64
}

/// What a client takes for a loss that checks whether each id follows the one before.
fn gaps(log: &[Id]) -> u64 {
    log.windows(2)
        .filter(|pair| !pair[1].follows(pair[0]))
        .count() as u64
}

fn losses_told<'a>(logs: impl Iterator<Item = &'a Vec<Id>>) -> Option<f64> {
    let (mut told, mut all) = (0_u32, 0_u32);
    for log in logs.filter(|log| log.len() >= 3) {
        let mut received = log.clone();
        received.remove(log.len() / 2);
        all += 1;
        told += u32::from(gaps(log) == 0 && gaps(&received) == 1);
    }
    (all > 0).then(|| f64::from(told) / f64::from(all))
}

/// Of each range of names, those below the highest that nothing has.
fn skipped(names: &HashSet<(u64, Id)>) -> u64 {
    let mut ranges: BTreeMap<u64, (u64, u64)> = BTreeMap::new();
    for &(range, id) in names {
        let (highest, count) = ranges.entry(range).or_default();
        (*highest, *count) = (id.low().max(*highest), *count + 1);
    }
    ranges
        .values()
        .map(|(highest, count)| highest - count)
        .sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn log(ids: &[u64]) -> Vec<Id> {
        ids.iter().copied().map(Id::number).collect()
    }

    #[test]
    fn late_is_what_sorts_before_something_earlier() {
        let counts = [
            (&[1, 2, 3][..], 0),
            (&[1, 3, 2], 1),
            (&[9, 1, 2, 3], 3),
            (&[1, 1], 0),
            (&[], 0),
        ];
        counts
            .iter()
            .for_each(|(ids, expected)| assert_eq!(late(&log(ids)), *expected, "{ids:?}"));
    }

    #[test]
    fn a_loss_is_told_where_there_are_no_gaps_without_one() {
        assert_eq!((gaps(&log(&[1, 2, 3])), gaps(&log(&[1, 3, 4, 8]))), (0, 2));
        assert_eq!(
            losses_told([log(&[1, 2, 3]), log(&[4, 6, 9])].iter()),
            Some(0.5)
        );
        assert_eq!(losses_told([log(&[1, 2])].iter()), None);
    }

    #[test]
    fn skipped_is_what_nothing_has_below_the_highest_of_its_range() {
        let names = |names: &[(u64, u64)]| {
            names
                .iter()
                .map(|&(range, id)| (range, Id::number(id)))
                .collect()
        };
        assert_eq!(skipped(&names(&[(0, 1), (0, 2), (0, 5)])), 2);
        assert_eq!(skipped(&names(&[(1, 1), (1, 2), (2, 1), (3, 2)])), 1);
    }
}
