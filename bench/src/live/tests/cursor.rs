use crate::limits;
use crate::live::traffic::cursor::{Anomalies, Cursor, Sequence};
use cairn_client::proto::content::message::Run;
use cairn_client::proto::ids::MsgId;
use std::time::Instant;

use crate::live::traffic::stamp::Texts;
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
fn cursor_checks_each_sender() {
    let texts = Texts::new(100, 1);
    let said = |sender, number| texts.body(100, sender, number, Instant::now()).unwrap();
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

fn found(numbers: &[u64], sent: u64) -> Anomalies {
    let mut sequence = Sequence::default();
    numbers.iter().for_each(|&number| sequence.saw(number));
    sequence.finish(sent)
}

#[test]
fn complete_sequence_has_no_anomalies() {
    assert_eq!(found(&[1, 2, 3], 3), Anomalies::default());
    assert_eq!(found(&[], 0), Anomalies::default());
}

#[test]
fn absent_numbers_are_missing() {
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
fn repeated_numbers_are_duplicates() {
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
fn late_numbers_are_out_of_order() {
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
fn huge_gap_is_counted_in_bounded_memory() {
    let far = 3 * limits::MISSING_TRACKED_MAX as u64;
    let mut sequence = Sequence::default();
    sequence.saw(far);
    assert_eq!(sequence.missing.len(), limits::MISSING_TRACKED_MAX);
    assert_eq!(sequence.finish(far).missing, far - 1);
}
