use crate::live::traffic::stamp::{STAMP_BYTES, Stamp, Texts};
use cairn_client::proto::content::body::Body;
use cairn_client::proto::content::extras::Extras;
use cairn_client::proto::content::message::Entry;
use cairn_client::proto::ids::{Timestamp, UserId};
use std::time::Duration;

#[test]
fn stamp_is_read_from_the_packed_entry() {
    let texts = Texts::new(200, 1);
    let at = texts.began + Duration::from_micros(1_234_567);
    let body = texts.body(200, 0xabc, 0x12_3456_789a, at).unwrap();
    assert!(matches!(&body, Body::Text(text) if text.as_str().len() == 200));
    let mut entry = Vec::new();
    Entry {
        sender: UserId::new(3),
        sent_at: Timestamp::new(1),
        body,
        extras: Extras::NONE,
    }
    .pack(&mut entry);
    let stamp = Stamp::read(&entry).unwrap();
    assert_eq!(
        stamp,
        Stamp {
            nanos: 1_234_567_000,
            sender: 0xabc,
            number: 0x12_3456_789a
        }
    );
    assert_eq!(
        texts.age(stamp, at + Duration::from_millis(3)),
        Duration::from_millis(3)
    );
}

#[test]
fn shorter_message_has_a_stamp() {
    let texts = Texts::new(200, 1);
    for bytes in [STAMP_BYTES, 40, 200] {
        let Body::Text(text) = texts.body(bytes, 7, 3, texts.began).unwrap() else {
            panic!("it is no text")
        };
        assert_eq!(text.as_str().len(), bytes);
        assert_eq!(
            Stamp::read(text.as_str().as_bytes()),
            Some(Stamp {
                nanos: 0,
                sender: 7,
                number: 3
            })
        );
    }
}

#[test]
fn other_text_is_no_stamp() {
    assert_eq!(Stamp::read(b"short"), None);
    assert_eq!(Stamp::read(b"0123456789abcdef0123456789abcdeg"), None);
    assert!(Stamp::read(b"0123456789abcdef0123456789abcdef").is_some());
}

#[test]
fn seed_repeats_the_words() {
    let words = |seed| Texts::new(100, seed).fillings;
    assert_eq!(words(1), words(1));
    assert_ne!(words(1), words(2));
    assert!(words(1).iter().all(|text| text.len() == 100 - STAMP_BYTES));
}
