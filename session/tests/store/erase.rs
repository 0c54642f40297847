//! What retention, recall or a lost membership took leaves the file.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use cairn_client::proto::content::body::Amendment;
use cairn_client::proto::ids::ConversationId;
use cairn_session::StoreOp;
use cairn_session::store::Store;

use crate::values::{
    TEAM, amendment, appended, draft, id, message, message_in, open, reopen, stored, summary,
};

const OTHER: ConversationId = ConversationId::new(2);

/// The words in the file, each `word-…` up to its point, in the pages in use and in freed ones.
fn words(dir: &Path) -> BTreeSet<String> {
    let mut bytes = fs::read(dir.join("cache.redb")).unwrap();
    bytes.extend(fs::read(dir.join("cache.frames")).unwrap_or_default());
    let (mut words, mut at) = (BTreeSet::new(), 0);
    while let Some(next) = bytes[at..].iter().position(|&byte| byte == b'w') {
        at += next;
        if bytes[at..].starts_with(b"word-") {
            let word = bytes[at..].iter().take_while(|&&byte| byte != b'.');
            words.insert(word.map(|&byte| char::from(byte)).collect());
        }
        at += 1;
    }
    words
}

/// Stores messages in small writes, so that pages are copied and freed, each with a word of its
/// own.
fn fill(store: &mut Store, conversation: ConversationId, from: u64, to: u64) {
    for n in from..=to {
        let words = format!("{} word-{conversation}-{n}.", "x".repeat((n % 70) as usize));
        let message = message_in(conversation, n, &words);
        store.push(summary(conversation, Some(&message)));
        appended(vec![message])
            .into_iter()
            .for_each(|op| store.push(op));
        if n % 3 == 0 {
            store.flush().unwrap();
        }
    }
    store.flush().unwrap();
}

#[test]
fn erased_words_leave_the_file() {
    let dir = tempfile::tempdir().unwrap();
    let mut store = open(dir.path()).store;
    fill(&mut store, TEAM, 1, 300);
    fill(&mut store, OTHER, 1, 100);
    let word = |of: u64, n: u64| format!("word-{of}-{n}");
    let found = words(dir.path());
    assert!((1..=300).all(|n| found.contains(&word(1, n))), "control");
    assert!((1..=100).all(|n| found.contains(&word(2, n))), "control");
    assert!(!store.is_unclean());

    // Recalls, also of the last message, which the summary repeats; retention; a lost membership.
    for (at, msgid) in [(301, 205), (302, 300), (303, 206)] {
        let what = Amendment::Recalled { msgid: id(msgid) };
        store.push(StoreOp::Amend(amendment(at, what)));
    }
    let what = Amendment::Edited {
        msgid: id(250),
        text: Some("word-fresh.".parse().unwrap()),
    };
    store.push(StoreOp::Amend(amendment(304, what)));
    store.push(StoreOp::Delete {
        conversation: TEAM,
        through: id(150),
    });
    store.push(StoreOp::Draft(draft("word-draft.")));
    store.push(StoreOp::Forget(OTHER));
    store.flush().unwrap();
    assert!(store.is_unclean());
    store.clean().unwrap();
    assert!(!store.is_unclean());

    let left = (151..=299).filter(|n| ![205, 206, 250].contains(n));
    let mut left: BTreeSet<String> = left.map(|n| word(1, n)).collect();
    left.extend(["word-fresh".to_owned(), "word-draft".to_owned()]);
    assert_eq!(words(dir.path()), left);
    drop(store);
    let mut opened = reopen(dir.path());
    assert_eq!(stored(&mut opened.store, 151).len(), 150);
}

#[test]
fn recalled_message_that_was_trimmed_leaves_the_file() {
    let dir = tempfile::tempdir().unwrap();
    let mut store = open(dir.path()).store;
    fill(&mut store, TEAM, 1, 60);
    // Written again by pages that were pulled later, and then deleted as far as the store knows.
    store.push(StoreOp::Delete {
        conversation: TEAM,
        through: id(60),
    });
    store.flush().unwrap();
    let word = "word-1-7";
    assert!(words(dir.path()).contains(word), "control: a freed page");
    let what = Amendment::Recalled { msgid: id(7) };
    store.push(StoreOp::Amend(amendment(61, what)));
    store.clean().unwrap();
    assert!(!words(dir.path()).contains(word));
}

#[test]
fn cleaning_is_made_up_for_after_a_crash() {
    let dir = tempfile::tempdir().unwrap();
    let mut store = open(dir.path()).store;
    fill(&mut store, TEAM, 1, 60);
    store.push(StoreOp::Delete {
        conversation: TEAM,
        through: id(30),
    });
    store.flush().unwrap();
    // As a process that is killed leaves it.
    let copy = tempfile::tempdir().unwrap();
    fs::copy(
        dir.path().join("cache.redb"),
        copy.path().join("cache.redb"),
    )
    .unwrap();
    let mut store = open(copy.path()).store;
    assert!(store.is_unclean());
    store.clean().unwrap();
    let left: BTreeSet<String> = (31..=60).map(|n| format!("word-1-{n}")).collect();
    assert_eq!(words(copy.path()), left);
    drop(store);
    assert!(!reopen(copy.path()).store.is_unclean());
}

#[test]
fn random_histories_leave_nothing_behind() {
    for seed in 1..=rounds() {
        random_history(seed);
    }
}

fn rounds() -> u64 {
    let rounds = std::env::var("CAIRN_ERASE_ROUNDS");
    rounds.map_or(4, |rounds| rounds.parse().unwrap())
}

fn random_history(seed: u64) {
    let dir = tempfile::tempdir().unwrap();
    let mut store = open(dir.path()).store;
    let mut state = seed;
    let mut below = |bound: u64| {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % bound
    };
    let (mut head, mut gone) = (0, Vec::new());
    for _ in 0..300 {
        match below(10) {
            0 if head > 0 => {
                let target = 1 + below(head);
                head += 1;
                let what = Amendment::Recalled { msgid: id(target) };
                let recall = amendment(head, what);
                store.push(StoreOp::Amend(recall.clone()));
                appended(vec![recall])
                    .into_iter()
                    .for_each(|op| store.push(op));
                gone.push(target);
            }
            1 if head > 40 => {
                let through = head - 40;
                store.push(StoreOp::Delete {
                    conversation: TEAM,
                    through: id(through),
                });
                gone.extend(1..=through);
            }
            2 => store.flush().unwrap(),
            3 => store.push(StoreOp::Draft(draft(&"d".repeat(below(3_000) as usize)))),
            _ => {
                head += 1;
                let padding = "y".repeat(below(5_000) as usize);
                let last = message(head, &format!("word-{head}.{padding} word-{head}."));
                store.push(summary(TEAM, Some(&last)));
                appended(vec![last])
                    .into_iter()
                    .for_each(|op| store.push(op));
            }
        }
    }
    store.flush().unwrap();
    let word = |n: u64| format!("word-{n}");
    let found = words(dir.path());
    assert!(
        gone.iter().any(|&n| found.contains(&word(n))),
        "control, seed {seed}"
    );
    store.clean().unwrap();
    let found = words(dir.path());
    for n in gone {
        assert!(!found.contains(&word(n)), "seed {seed}, message {n}");
    }
}
