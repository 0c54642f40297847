//! Where one device is in one conversation, and whether everything up to there came once and in order.

use cairn_client::Error;
use cairn_client::proto::content::message::{Run, split_entry};
use cairn_client::proto::ids::MsgId;
use hashbrown::HashMap;

use super::sequence::{Anomalies, Sequence};
use super::stamp::Stamp;
use crate::error::BenchError;

/// Where one device is in one conversation. It outlives the connections of the device, as what a device has stored does.
#[derive(Debug)]
pub(super) struct Cursor {
    /// The first message that the device does not have.
    pub next: MsgId,
    /// What was seen of each sender.
    seen: HashMap<u16, Sequence>,
}

impl Cursor {
    /// A device that has everything in front of `next`.
    pub(super) fn new(next: MsgId) -> Self {
        Self {
            next,
            seen: HashMap::new(),
        }
    }

    /// Takes what came. `saw` is told of each message of the run.
    pub(super) fn take(&mut self, run: Run, mut saw: impl FnMut(Stamp)) -> Result<(), BenchError> {
        self.next = run.last().next();
        let mut packed = run.entries;
        while let Some(entry) =
            split_entry(&mut packed).map_err(|_| Error::Protocol("a message cannot be read"))?
        {
            // What has no stamp was not said by the run: that the group was made, and who is in it.
            let Some(stamp) = Stamp::read(&entry) else {
                continue;
            };
            self.seen.entry(stamp.sender).or_default().saw(stamp.number);
            saw(stamp);
        }
        Ok(())
    }

    /// What is amiss with what was seen, when these are the numbers of messages that the senders have sent, each behind its own number.
    pub(super) fn check(&self, sent: impl IntoIterator<Item = (u16, u64)>) -> Anomalies {
        let nothing = Sequence::default();
        let mut found = Anomalies::default();
        for (sender, sent) in sent {
            found.add(self.seen.get(&sender).unwrap_or(&nothing).finish(sent));
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use super::*;
    use crate::live::stamp::Texts;
    use cairn_client::proto::content::body::Body;
    use cairn_client::proto::content::extras::Extras;
    use cairn_client::proto::content::message::Entry;
    use cairn_client::proto::ids::{ConversationId, Timestamp, UserId};
    use cairn_client::proto::text::Text;

    fn run(first: u64, bodies: Vec<Body>) -> Run {
        let (mut entries, count) = (Vec::new(), u32::try_from(bodies.len()).unwrap());
        for body in bodies {
            Entry {
                sender: UserId::new(3),
                sent_at: Timestamp::new(1),
                body,
                extras: Extras::NONE,
            }
            .pack(&mut entries);
        }
        Run {
            conversation: ConversationId::new(5),
            first: MsgId::new(first),
            count,
            entries: entries.into(),
        }
    }

    #[test]
    fn a_cursor_moves_behind_what_came_and_checks_each_sender_for_itself() {
        let texts = Texts::new(100, 1);
        let said = |sender, number| texts.body(sender, number, Instant::now()).unwrap();
        let mut cursor = Cursor::new(MsgId::new(4));
        let mut saw = Vec::new();
        let other = Body::Text(Text::new("not of the run").unwrap());
        cursor
            .take(run(4, vec![said(1, 1), other, said(7, 1)]), |stamp| {
                saw.push((stamp.sender, stamp.number))
            })
            .unwrap();
        cursor
            .take(run(7, vec![said(1, 3)]), |stamp| {
                saw.push((stamp.sender, stamp.number))
            })
            .unwrap();
        assert_eq!(cursor.next, MsgId::new(8));
        assert_eq!(saw, [(1, 1), (7, 1), (1, 3)]);
        assert_eq!(cursor.check([(7, 1)]), Anomalies::default());
        let missing = |count| Anomalies {
            missing: count,
            ..Anomalies::default()
        };
        assert_eq!(cursor.check([(1, 3), (7, 1)]), missing(1), "in the middle");
        assert_eq!(
            cursor.check([(7, 1), (9, 2)]),
            missing(2),
            "of one who was never seen"
        );
    }
}
