//! The bound of the store.

use std::fs;

use cairn_client::proto::ids::{ConversationId, Timestamp};
use cairn_client::{MsgId, PullRange};
use cairn_session::store::{Condition, Store};

use crate::values::{NOW, account, appended, id, message_in, open, summary};

const MAX_BYTES: u64 = 300_000;

#[test]
fn least_recently_opened_conversations_are_trimmed_first() {
    let dir = tempfile::tempdir().unwrap();
    let opened = Store::open(&account(), Some(dir.path()), MAX_BYTES, NOW).unwrap();
    assert!(matches!(opened.condition, Condition::Kept));
    let mut store = opened.store;
    let conversation = ConversationId::new;
    // 2 was opened first, 1 last, 3 never.
    store.opened(conversation(2), NOW);
    store.opened(conversation(1), Timestamp::new(NOW.get() + 5));
    let words = "w".repeat(900);
    for n in 1..=200 {
        for of in 1..=3 {
            let message = message_in(conversation(of), n, &words);
            store.push(summary(conversation(of), Some(&message)));
            appended(vec![message])
                .into_iter()
                .for_each(|op| store.push(op));
        }
        store.flush().unwrap();
    }
    let mut held = |of| {
        let range = PullRange::Before(MsgId::new(201));
        store.load(conversation(of), range, 1_000).unwrap().0.len()
    };
    assert_eq!(held(1), 200, "the one that was opened last is whole");
    let left = held(2);
    assert!(left > 0 && left < 200, "{left}");
    assert!(held(3) < 10, "this one was never opened");
    // What is left of a trimmed conversation is its end, and it can be read.
    let (messages, _) = store
        .load(conversation(2), PullRange::Before(id(201)), 1_000)
        .unwrap();
    assert_eq!(messages.last().unwrap().msgid, id(200));
    assert_eq!(
        store
            .load(conversation(2), PullRange::From(id(1)), 9)
            .unwrap()
            .0,
        []
    );
    store.clean().unwrap();
    drop(store);
    let bytes = fs::metadata(dir.path().join("cache.redb")).unwrap().len();
    assert!(bytes < 2 * MAX_BYTES, "{bytes}");
    // The list of conversations is whole, and what was counted is remembered.
    let mut opened = Store::open(&account(), Some(dir.path()), MAX_BYTES, NOW).unwrap();
    assert_eq!(opened.restored.conversations.len(), 3);
    let big: Vec<_> = (201..=400)
        .map(|n| message_in(conversation(1), n, &words))
        .collect();
    opened.store.perform(appended(big)).unwrap();
    let range = PullRange::Before(id(401));
    let held = opened.store.load(conversation(1), range, 1_000).unwrap().0;
    assert_eq!(held.last().unwrap().msgid, id(400));
    assert!(held.len() > 250 && held.len() < 330, "{}", held.len());
}

#[test]
fn memory_is_bounded_too() {
    let mut store = Store::open(&account(), None, MAX_BYTES, NOW).unwrap().store;
    for n in 1..=1_000 {
        let message = message_in(ConversationId::new(1), n, &"w".repeat(900));
        store.perform(appended(vec![message])).unwrap();
    }
    let range = PullRange::Before(id(1_001));
    let held = store.load(ConversationId::new(1), range, 5_000).unwrap().0;
    assert!(held.len() > 250 && held.len() < 330, "{}", held.len());
}

#[test]
fn trimmed_store_opens_as_it_was() {
    let dir = tempfile::tempdir().unwrap();
    drop(open(dir.path()));
    assert!(matches!(open(dir.path()).condition, Condition::Kept));
}
