//! Each check must be seen to fail: histories that violate one invariant each.

use cairn_client::proto::model::group::{MemberSettings, Role};
use cairn_client::{Conversation, ConversationId, ConversationKind, MsgId, UserId};

use super::check_history;
use crate::history::{
    Amended, Content, Entry, Final, History, Listed, Outcome, Searched, Seen, Sent, Sought,
};

const PLACE: ConversationId = ConversationId::new(5);
const ADA: UserId = UserId::new(1);
const BOB: UserId = UserId::new(2);

fn id(n: u64) -> MsgId {
    MsgId::new(n)
}

fn entry(sender: UserId, text: &str) -> Entry {
    Entry {
        sender,
        content: Content::Text(text.to_owned()),
    }
}

fn item(head: u64, read: u64, unread: u64) -> Conversation {
    Conversation {
        id: PLACE,
        kind: ConversationKind::Group {
            name: "group".parse().unwrap(),
        },
        role: Role::Member,
        head: id(head),
        floor: id(0),
        read: id(read),
        delivered: id(0),
        unread,
        mentions: 0,
        last: None,
        settings: MemberSettings::default(),
    }
}

/// Ada sends two messages one after the other, and Bob sees them.
fn history() -> History {
    let mut history = History::default();
    for (n, text) in [(1, "m0"), (2, "m1")] {
        let (invoked, done, at) = (history.moment(), history.moment(), history.moment());
        history.sent.push(Sent {
            user: ADA,
            process: 1,
            place: Some(PLACE),
            text: text.to_owned(),
            invoked,
            done: Some(done),
            outcome: Outcome::Ok(id(n)),
        });
        history.seen.push(Seen {
            host: 1,
            user: BOB,
            place: PLACE,
            msgid: id(n),
            entry: entry(ADA, text),
            at,
        });
    }
    for (user, read, unread) in [(ADA, 2, 0), (BOB, 0, 2)] {
        history.finals.push(Final {
            user,
            place: PLACE,
            item: Some(item(2, read, unread)),
            entries: [(id(1), entry(ADA, "m0")), (id(2), entry(ADA, "m1"))].into(),
            head: id(2),
            floor: id(0),
        });
    }
    history
}

/// Returns the number of the invariant that is violated.
fn violated(change: impl FnOnce(&mut History)) -> String {
    let mut history = history();
    change(&mut history);
    let error = check_history(&history).expect_err("a violation is not noticed");
    error.split(':').next().unwrap().to_owned()
}

fn replace(history: &mut History, msgid: u64, with: &Entry) {
    for read in &mut history.finals {
        read.entries.insert(id(msgid), with.clone());
    }
}

#[test]
fn sound_history_passes() {
    check_history(&history()).map(drop).unwrap();
}

#[test]
fn lost_message_is_noticed() {
    let lose = |history: &mut History| {
        history.seen.clear();
        for read in &mut history.finals {
            read.entries.remove(&id(2));
            (read.head, read.item) = (id(1), Some(item(1, 0, 0)));
        }
    };
    assert_eq!(violated(lose), "I1");
}

#[test]
fn phantom_is_noticed() {
    assert_eq!(
        violated(|history| replace(history, 2, &entry(ADA, "m9"))),
        "I2"
    );
    let refuse = |history: &mut History| {
        let code = cairn_client::ErrorCode::DiskFull;
        history.sent[1].outcome = Outcome::Failed(code);
    };
    assert_eq!(violated(refuse), "I2");
}

#[test]
fn second_copy_is_noticed() {
    let double = |history: &mut History| {
        history.sent[0].outcome = Outcome::Unknown;
        history.sent[1].outcome = Outcome::Unknown;
        history.seen.clear();
        replace(history, 2, &entry(ADA, "m0"));
    };
    assert_eq!(violated(double), "I3");
}

#[test]
fn reused_number_is_noticed() {
    let reuse = |history: &mut History| {
        for sent in &mut history.sent {
            sent.outcome = Outcome::Unknown;
        }
        history.seen.remove(1);
        history.seen[0].entry = entry(ADA, "m1");
        for read in &mut history.finals {
            read.entries.remove(&id(2));
            (read.head, read.item) = (id(1), Some(item(1, 0, 1)));
        }
    };
    assert_eq!(violated(reuse), "I4");
}

#[test]
fn different_logs_are_noticed() {
    let differ = |history: &mut History| {
        history.finals[0].entries.insert(id(2), entry(ADA, "m0"));
    };
    assert_eq!(violated(differ), "I4");
}

#[test]
fn gap_is_noticed() {
    let gap = |history: &mut History| {
        history.finals[0].entries.remove(&id(1));
    };
    assert_eq!(violated(gap), "I4");
}

#[test]
fn wrong_order_is_noticed() {
    let swap = |history: &mut History| {
        history.seen.clear();
        history.sent[0].outcome = Outcome::Ok(id(2));
        history.sent[1].outcome = Outcome::Ok(id(1));
        history.sent[1].process = 2;
        replace(history, 1, &entry(ADA, "m1"));
        replace(history, 2, &entry(ADA, "m0"));
    };
    assert_eq!(violated(swap), "I5");
}

#[test]
fn wrong_cursors_and_counts_are_noticed() {
    let list = |history: &mut History, read, unread| {
        let (asked, at) = (history.moment(), history.moment());
        history.listed.push(Listed {
            user: ADA,
            item: item(2, read, unread),
            asked,
            at,
        });
    };
    assert_eq!(violated(|history| list(history, 1, 0)), "I8");
    assert_eq!(violated(|history| list(history, 3, 0)), "I8");
    assert_eq!(violated(|history| list(history, 2, 1)), "I9");
    let count = |history: &mut History| history.finals[1].item = Some(item(2, 0, 1));
    assert_eq!(violated(count), "I9");
}

#[test]
fn wrong_hits_are_noticed() {
    /// Bob searches, and finds both messages but for a change.
    fn search(history: &mut History, change: impl FnOnce(&mut Searched)) {
        let mut searched = Searched {
            user: BOB,
            sought: Sought::Prefix("m".to_owned()),
            asked: history.moment(),
            hits: vec![
                (PLACE, id(2), entry(ADA, "m1")),
                (PLACE, id(1), entry(ADA, "m0")),
            ],
            is_complete: true,
        };
        change(&mut searched);
        history.searches.push(searched);
    }

    fn amend(history: &mut History, text: Option<&str>) {
        let done = Some(history.moment());
        history.amended.push(Amended {
            user: ADA,
            place: PLACE,
            msgid: id(2),
            text: text.map(str::to_owned),
            done,
            outcome: Outcome::Ok(id(2)),
        });
    }

    let changes: [fn(&mut Searched); 4] = [
        |search| drop(search.hits.remove(0)),
        |search| search.hits.reverse(),
        |search| search.hits.insert(1, search.hits[0].clone()),
        |search| search.sought = Sought::Word("m1".to_owned()),
    ];
    for change in changes {
        let violates = |history: &mut History| search(history, change);
        assert_eq!(violated(violates), "F1");
    }
    for text in [None, Some("e0")] {
        let mut history = history();
        search(&mut history, |_| {});
        let logs = super::log::logs(&history).unwrap();
        super::search::check(&history, &logs).unwrap();
        history.searches.clear();
        amend(&mut history, text);
        search(&mut history, |_| {});
        super::search::check(&history, &logs).unwrap_err();
    }
    let mut history = history();
    let mut listed = item(2, 0, 1);
    listed.floor = id(1);
    let (asked, at) = (history.moment(), history.moment());
    history.listed.push(Listed {
        user: BOB,
        item: listed,
        asked,
        at,
    });
    let logs = super::log::logs(&history).unwrap();
    search(&mut history, |_| {});
    super::search::check(&history, &logs).unwrap_err();
}

#[test]
fn entries_after_a_removal_are_noticed() {
    use cairn_client::proto::content::body::SystemEntry;
    let remove = |history: &mut History| {
        history.sent.remove(0);
        history.seen.remove(0);
        let removed = Entry {
            sender: ADA,
            content: Content::System(SystemEntry::Removed { users: vec![BOB] }),
        };
        history.finals.pop();
        replace(history, 1, &removed);
    };
    assert_eq!(violated(remove), "I10");
}
