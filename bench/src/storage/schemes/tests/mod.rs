//! Each scheme against a trivial model: the messages sent, and each member's last ack.

mod crash;
mod results;

use std::collections::HashMap;

use cairn_proto::ids::{MsgId, UserId};
use cairn_proto::text::Text;
use clap::ValueEnum as _;
use rand::SeedableRng as _;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom as _;

use super::scheme::Store;
use super::scheme::{Group, Kind, Pulled, Scheme};
use crate::storage::limits;
use crate::storage::sled_rows::SledRows;

const GROUP: Group = Group {
    size: 5,
    online_percent: 40,
};

/// The members for whom a scheme stores messages.
fn stored_for(kind: Kind, group: Group) -> Vec<UserId> {
    if kind.trusts_push() {
        group.offline().collect()
    } else {
        group.members().collect()
    }
}

/// A store and its model.
struct Play {
    store: Store,
    /// `None` only while it is reopened.
    scheme: Option<Box<dyn Scheme>>,
    sent: Vec<Pulled>,
    acked: HashMap<UserId, MsgId>,
    random: StdRng,
}

impl Play {
    fn begin(kind: Kind, group: Group, dir: &std::path::Path) -> Self {
        let dir = dir.join("store");
        let store = Store { kind, group, dir };
        store.create().unwrap();
        let scheme = Some(store.open().unwrap());
        Self {
            store,
            scheme,
            sent: Vec::new(),
            acked: HashMap::new(),
            random: StdRng::seed_from_u64(7),
        }
    }

    fn send(&mut self, count: usize) {
        for _ in 0..count {
            let text = Text::new(format!("message {}", self.sent.len())).unwrap();
            let msgid = self.scheme().send(&text).unwrap();
            self.sent.push((msgid, text));
        }
        self.scheme().commit().unwrap();
    }

    fn ack(&mut self, member: UserId, through: MsgId) {
        self.scheme().ack(member, through).unwrap();
        let acked = self.acked.entry(member).or_default();
        *acked = through.max(*acked);
    }

    /// Acks a random message as a random member, possibly one that was acked before.
    fn ack_any(&mut self) {
        let members: Vec<UserId> = self.store.group.members().collect();
        let member = *members.choose(&mut self.random).unwrap();
        let through = self.sent.choose(&mut self.random).unwrap().0;
        self.ack(member, through);
    }

    fn reopen(&mut self) {
        self.scheme.take().unwrap().close().unwrap();
        self.scheme = Some(self.store.open().unwrap());
    }

    fn scheme(&mut self) -> &mut dyn Scheme {
        self.scheme.as_mut().unwrap().as_mut()
    }

    fn check(&mut self) {
        for member in stored_for(self.store.kind, self.store.group) {
            let acked = self.acked.get(&member).copied().unwrap_or_default();
            let expected: Vec<Pulled> = self
                .sent
                .iter()
                .filter(|message| message.0 > acked)
                .cloned()
                .collect();
            let found = self.scheme().pull_all(member, MsgId::ZERO).unwrap();
            assert_eq!(
                found, expected,
                "{:?}, {member}, acked {acked}",
                self.store.kind
            );
        }
    }
}

/// The rows that a plain scheme leaves in its folder, without the one for the last msgid.
fn rows_left(store: &Store) -> usize {
    SledRows::open(&store.dir, 1 << 30).unwrap().db.len() - 1
}

#[test]
fn pull_returns_unacked_messages_in_order() {
    for &kind in Kind::value_variants() {
        let dir = tempfile::tempdir().unwrap();
        let mut play = Play::begin(kind, GROUP, dir.path());
        for round in 0..12 {
            play.send(1 + round * 3);
            play.check();
            for _ in 0..4 {
                play.ack_any();
                // Acks are visible before they are durable.
                play.check();
            }
            play.scheme().commit().unwrap();
            if round % 4 == 3 {
                play.reopen();
                play.check();
            }
        }
    }
}

#[test]
fn long_backlog_takes_several_pages() {
    for &kind in Kind::value_variants() {
        let dir = tempfile::tempdir().unwrap();
        let group = Group {
            size: 2,
            online_percent: 0,
        };
        let mut play = Play::begin(kind, group, dir.path());
        (0..3).for_each(|_| play.send(limits::SCHEME_PAGE_MESSAGES));
        play.check();
        let member = play.store.group.members().next().unwrap();
        let middle = play.sent[limits::SCHEME_PAGE_MESSAGES + 7].0;
        let pulled = play.scheme().pull_all(member, middle).unwrap();
        assert_eq!(pulled, play.sent[limits::SCHEME_PAGE_MESSAGES + 8..]);
    }
}

#[test]
fn acked_messages_are_deleted() {
    for &kind in Kind::value_variants() {
        if kind == Kind::Cairn {
            continue;
        }
        let dir = tempfile::tempdir().unwrap();
        let mut play = Play::begin(kind, GROUP, dir.path());
        play.send(300);
        let (middle, last) = (play.sent[99].0, play.sent[299].0);
        let members: Vec<UserId> = play.store.group.members().collect();
        members.iter().for_each(|&member| play.ack(member, middle));
        play.check();
        // All members but one.
        members[..4]
            .iter()
            .for_each(|&member| play.ack(member, last));
        play.reopen();
        play.check();
        play.ack(members[4], last);
        play.reopen();
        play.check();
        play.scheme.take().unwrap().close().unwrap();
        let cursors = if kind == Kind::BodyAndCursors {
            members.len()
        } else {
            0
        };
        assert_eq!(rows_left(&play.store), cursors, "{kind:?}");
    }
}

#[test]
fn written_rows_are_counted() {
    // For 20 messages in a group of 5, of whom 2 are online, and one row for the last msgid,
    // because all are written at once.
    let expected = [
        (Kind::OfflineCopies, 3),
        (Kind::MemberCopies, 5),
        (Kind::BodyAndIds, 1 + 1 + 5),
        (Kind::BodyAndCursors, 1),
    ];
    for (kind, rows) in expected {
        let dir = tempfile::tempdir().unwrap();
        let mut play = Play::begin(kind, GROUP, dir.path());
        play.send(20);
        let closed = play.scheme.take().unwrap().close().unwrap();
        assert_eq!(closed.writes, 20 * rows + 1, "{kind:?}");
    }
}
