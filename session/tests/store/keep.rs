//! What is kept, and for whom.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use cairn_client::proto::content::body::Amendment;
use cairn_client::proto::ids::{ClientSeq, DeviceId, EpochId, Revision, Timestamp, UserId};
use cairn_client::proto::secret::Pin;
use cairn_client::proto::wire::overview::Moment;
use cairn_client::{Account, PullRange};
use cairn_session::store::{Condition, ENTRIES_BYTES_MAX, Opened, Store};
use cairn_session::{Doubt, Failure, LocalId, SavedPending, SavedState, StoreOp};

use crate::values::{
    NOW, TEAM, account, amendment, draft, entries, id, keep, message, open, open_as, pending,
    reopen, stored, summary, words_of,
};

#[test]
fn everything_outlives_the_process() {
    let dir = tempfile::tempdir().unwrap();
    let moment = Moment {
        epoch: EpochId::new(4),
        revision: Revision::new(5),
    };
    let last = message(3, "three");
    let ops = [
        summary(TEAM, Some(&last)),
        entries(vec![message(2, "two"), last], 3),
        StoreOp::Moment(moment),
        StoreOp::Draft(draft("half a sen")),
        keep(pending(1, "first")),
        keep(pending(2, "second")),
        StoreOp::NextSeq(TEAM, ClientSeq::new(u64::MAX / 2)),
        StoreOp::NoPending(LocalId::new(1)),
    ];
    open(dir.path()).store.perform(ops).unwrap();

    let mut opened = reopen(dir.path());
    assert_eq!(opened.restored.moment, Some(moment));
    assert_eq!(opened.restored.conversations.len(), 1);
    assert_eq!(opened.restored.drafts, [draft("half a sen")]);
    assert_eq!(opened.restored.outbox, [pending(2, "second")]);
    assert_eq!(
        opened.restored.next_seqs,
        [(TEAM, ClientSeq::new(u64::MAX / 2))]
    );
    assert_eq!(
        stored(&mut opened.store, 2),
        [(2, "two".to_owned()), (3, "three".to_owned())]
    );
    assert_eq!(stored(&mut opened.store, 1), []);
}

#[test]
fn drafts_and_outbox_are_on_disk_before_they_are_shown() {
    let dir = tempfile::tempdir().unwrap();
    let copy = tempfile::tempdir().unwrap();
    let mut store = open(dir.path()).store;
    store.push(entries(vec![message(1, "one")], 1));
    store.settle().unwrap();
    assert!(store.has_waiting(), "entries are written together later");
    store.push(keep(pending(1, "typed")));
    store.settle().unwrap();
    assert!(!store.has_waiting());
    store.push(StoreOp::Draft(draft("next")));
    store.settle().unwrap();
    // As a process that is killed here leaves it.
    fs::copy(
        dir.path().join("cache.redb"),
        copy.path().join("cache.redb"),
    )
    .unwrap();
    let opened = open(copy.path());
    assert_eq!(words_of(&opened.restored.outbox), ["typed"]);
    assert_eq!(opened.restored.drafts, [draft("next")]);
}

#[test]
fn numbers_never_come_again() {
    let dir = tempfile::tempdir().unwrap();
    let later = Timestamp::new(NOW.get() + 1);
    let first = open(dir.path()).restored.first_seq.unwrap();
    let second = Store::open(&account(), Some(dir.path()), ENTRIES_BYTES_MAX, later);
    let second = second.unwrap().restored.first_seq.unwrap();
    // A thousand messages within this millisecond, and not one number twice.
    assert!(second.get() >= first.get() + 1_000, "{first} {second}");
}

#[test]
fn other_accounts_and_servers_never_open_it() {
    let others: [fn(&mut Account); 3] = [
        |other| other.pin = Pin::new([9; 32]),
        |other| other.user = UserId::new(8),
        |other| other.device = DeviceId::new(4),
    ];
    for change in others {
        let dir = tempfile::tempdir().unwrap();
        let ops = [
            entries(vec![message(1, "one")], 1),
            StoreOp::Draft(draft("mine")),
            keep(pending(1, "mine")),
        ];
        open(dir.path()).store.perform(ops).unwrap();
        let mut other = account();
        change(&mut other);
        let mut opened = open_as(&other, dir.path());
        let Condition::OtherAccount { aside } = &opened.condition else {
            panic!("{:?}", opened.condition);
        };
        assert!(aside.exists());
        assert_eq!(opened.restored.drafts, []);
        assert_eq!(opened.restored.outbox, []);
        assert_eq!(stored(&mut opened.store, 1), []);
        drop(opened);
        // Damage does not give it away either.
        fs::rename(
            dir.path().join("cache.redb.other"),
            dir.path().join("cache.redb"),
        )
        .unwrap();
        let file = fs::OpenOptions::new()
            .write(true)
            .open(dir.path().join("cache.redb"))
            .unwrap();
        file.set_len(file.metadata().unwrap().len() - 1).unwrap();
        let opened = open_as(&other, dir.path());
        assert!(matches!(opened.condition, Condition::Damaged(_)));
        assert_eq!(opened.restored.drafts, []);
        assert_eq!(opened.restored.outbox, []);
    }
}

#[test]
fn second_window_works_without_a_cache() {
    let dir = tempfile::tempdir().unwrap();
    let mut first = open(dir.path());
    first.store.perform([keep(pending(1, "first"))]).unwrap();
    let mut second = open(dir.path());
    assert!(matches!(second.condition, Condition::InUse));
    assert!(!second.store.is_durable());
    assert_eq!(second.restored.outbox, []);
    second
        .store
        .perform([entries(vec![message(1, "one")], 1)])
        .unwrap();
    assert_eq!(stored(&mut second.store, 1).len(), 1);
    drop((first, second));
    assert_eq!(words_of(&reopen(dir.path()).restored.outbox), ["first"]);
}

#[test]
fn files_are_for_their_owner_alone() {
    let dir = tempfile::tempdir().unwrap();
    open(dir.path())
        .store
        .perform([keep(pending(1, "x"))])
        .unwrap();
    let mut names = Vec::new();
    for file in fs::read_dir(dir.path()).unwrap() {
        let file = file.unwrap();
        assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o600);
        names.push(file.file_name().into_string().unwrap());
    }
    names.sort_unstable();
    assert_eq!(names, ["cache.frames", "cache.lock", "cache.redb"]);
}

#[test]
fn unusable_folder_is_said() {
    let dir = tempfile::tempdir().unwrap();
    let opened = open(&dir.path().join("missing"));
    assert!(matches!(opened.condition, Condition::Unusable(_)));
    assert!(!opened.store.is_durable());
}

#[test]
fn loads_stop_at_gaps_and_read_both_ways() {
    let dir = tempfile::tempdir().unwrap();
    let mut store = open(dir.path()).store;
    let run = |from, to| (from..=to).map(|n| message(n, "m")).collect::<Vec<_>>();
    store
        .perform([entries(run(1, 10), 40), entries(run(15, 30), 40)])
        .unwrap();
    let mut load = |range, limit| {
        let (messages, as_of) = store.load(TEAM, range, limit).unwrap();
        let ids: Vec<u64> = messages.iter().map(|message| message.msgid.get()).collect();
        (ids, as_of)
    };
    assert_eq!(load(PullRange::From(id(8)), 100).0, [8, 9, 10]);
    assert_eq!(load(PullRange::From(id(12)), 100).0, []);
    assert_eq!(
        load(PullRange::Before(id(19)), 3),
        (vec![16, 17, 18], id(40))
    );
    assert_eq!(load(PullRange::Before(id(18)), 100).0, [15, 16, 17]);
    assert_eq!(load(PullRange::Before(id(0)), 5).0, []);
    assert_eq!(load(PullRange::From(id(u64::MAX)), 5).0, []);
}

#[test]
fn amendments_reach_stored_entries() {
    let dir = tempfile::tempdir().unwrap();
    let mut store = open(dir.path()).store;
    let edit = amendment(
        3,
        Amendment::Edited {
            msgid: id(1),
            text: Some("uno".parse().unwrap()),
        },
    );
    let recall = amendment(4, Amendment::Recalled { msgid: id(2) });
    store
        .perform([
            entries(vec![message(1, "one"), message(2, "two")], 2),
            StoreOp::Amend(edit),
            StoreOp::Amend(recall),
        ])
        .unwrap();
    assert_eq!(
        stored(&mut store, 1),
        [(1, "uno".to_owned()), (2, String::new())]
    );
    // What is stored is more current than this page.
    store
        .perform([
            StoreOp::Advance {
                conversation: TEAM,
                from: id(3),
                to: id(4),
            },
            entries(vec![message(1, "one"), message(2, "two")], 2),
        ])
        .unwrap();
    assert_eq!(
        stored(&mut store, 1),
        [(1, "uno".to_owned()), (2, String::new())]
    );
}

#[test]
fn outbox_of_a_copy_is_unknown() {
    let dir = tempfile::tempdir().unwrap();
    let copy = tempfile::tempdir().unwrap();
    let waiting = SavedPending {
        seq: None,
        state: SavedState::Waiting,
        ..pending(2, "waiting")
    };
    let failed = SavedPending {
        state: SavedState::Failed(Failure::TooLong),
        ..pending(3, "failed")
    };
    let ops = [
        keep(pending(1, "handed")),
        keep(waiting),
        keep(failed),
        StoreOp::Draft(draft("mine")),
    ];
    open(dir.path()).store.perform(ops).unwrap();
    let cache = |dir: &Path| dir.join("cache.redb");
    fs::copy(cache(dir.path()), cache(copy.path())).unwrap();
    let states = |opened: &Opened| {
        let outbox = opened.restored.outbox.iter();
        outbox.map(|item| item.state).collect::<Vec<_>>()
    };
    let copied = SavedState::Unknown(Doubt::Copied);
    for round in 1..=2 {
        let opened = open(copy.path());
        let is_said = matches!(opened.condition, Condition::Copied { outbox: 3 });
        assert_eq!(is_said, round == 1, "{:?}", opened.condition);
        assert_eq!(
            states(&opened),
            [copied, copied, SavedState::Failed(Failure::TooLong)]
        );
        assert_eq!(opened.restored.drafts, [draft("mine")]);
    }
    // The original goes on, also after it was moved.
    let moved = tempfile::tempdir_in(dir.path().parent().unwrap()).unwrap();
    fs::rename(cache(dir.path()), cache(moved.path())).unwrap();
    assert_eq!(
        states(&reopen(moved.path())),
        [
            SavedState::Handed,
            SavedState::Waiting,
            SavedState::Failed(Failure::TooLong)
        ]
    );
}
