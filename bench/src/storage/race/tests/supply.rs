use super::super::contender::Key;
use super::super::supply::*;
use crate::storage::limits;

fn tally(messages: &[(u64, &str)]) -> Tally {
    let mut tally = Tally::default();
    messages
        .iter()
        .for_each(|(conversation, text)| tally.add(*conversation, text.as_bytes()));
    tally
}

#[test]
fn conversations_may_be_read_one_after_the_other() {
    assert_eq!(
        tally(&[(1, "a"), (2, "b"), (1, "c")]),
        tally(&[(1, "a"), (1, "c"), (2, "b")])
    );
}

#[test]
fn whatever_is_amiss_shows() {
    let right = tally(&[(1, "a"), (1, "b"), (2, "c")]);
    let others: [&[(u64, &str)]; 5] = [
        &[(1, "b"), (1, "a"), (2, "c")],
        &[(1, "a"), (1, "b")],
        &[(1, "a"), (1, "b"), (2, "d")],
        &[(1, "a"), (1, "b"), (3, "c")],
        &[(1, "a"), (1, "b"), (2, "c"), (2, "c")],
    ];
    others
        .iter()
        .for_each(|wrong| assert_ne!(tally(wrong), right, "{wrong:?}"));
}

#[test]
fn a_conversation_gets_other_texts_with_each_turn() {
    let supply = Supply::new(4, 100, 1).unwrap();
    let count = supply.messages.len() as u64;
    let (first, again) = (supply.get(5), supply.get(count + 5));
    assert_eq!(first.0, again.0);
    assert_ne!(first.1, again.1);
}

#[test]
fn long_texts_are_fewer() {
    let bytes = |body| Supply::new(1, body, 1).unwrap().messages.len() * body;
    assert_eq!(bytes(200), 200 * limits::SUPPLY_MESSAGES);
    assert!(bytes(16 * 1024) <= limits::SUPPLY_BYTES_MAX);
}

#[test]
fn keys_sort_as_conversations_and_their_messages() {
    let key = |conversation, msgid| Key {
        conversation,
        msgid,
    };
    let mut sorted = [key(1, 2), key(0, 300), key(1, 1), key(256, 1), key(0, 2)].map(Key::to_bytes);
    sorted.sort_unstable();
    let keys = sorted.map(|bytes| Key::from_bytes(&bytes).unwrap());
    assert_eq!(
        keys,
        [key(0, 2), key(0, 300), key(1, 1), key(1, 2), key(256, 1)]
    );
    assert!(Key::from_bytes(&[0; 15]).is_err());
    assert!(Key::from_bytes(&[0; 17]).is_err());
}
