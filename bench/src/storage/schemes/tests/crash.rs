use std::io;

use super::super::crash::*;
use super::super::scheme::Store;
use super::super::scheme::{Group, Kind, Sent};
use cairn_proto::ids::MsgId;
use clap::ValueEnum as _;

const MESSAGES: usize = 6;

/// The messages lost when a victim is killed between store and push.
fn loss_of(kind: Kind, online_percent: u8) -> u64 {
    let dir = tempfile::tempdir().unwrap();
    let store = Store {
        kind,
        dir: dir.path().join("store"),
        group: Group {
            size: 10,
            online_percent,
        },
    };
    let args = VictimArgs {
        store: store.clone(),
        messages: MESSAGES,
    };
    let mut said = Vec::new();
    live(&args, &mut said, &mut io::empty()).unwrap();
    let said = String::from_utf8(said).unwrap();
    let said: Vec<Sent> = said
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert!(said.iter().all(|sent| sent.count() == MESSAGES as u64));
    let [pushed, stored] = said[..] else {
        panic!("{said:?}")
    };
    lost(&store, pushed, stored).unwrap()
}

#[test]
fn offline_copies_lose_unpushed_messages() {
    assert_eq!(loss_of(Kind::OfflineCopies, 80), 6 * 8);
    assert_eq!(loss_of(Kind::OfflineCopies, 0), 0);
}

#[test]
fn storing_for_all_loses_nothing() {
    let kinds = Kind::value_variants().iter();
    for &kind in kinds.filter(|kind| !kind.trusts_push()) {
        assert_eq!(loss_of(kind, 80), 0, "{kind:?}");
    }
}

#[test]
fn loss_is_counted_per_member() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store {
        kind: Kind::MemberCopies,
        dir: dir.path().join("store"),
        group: Group {
            size: 4,
            online_percent: 50,
        },
    };
    store.create().unwrap();
    let sent = |after, last| Sent {
        after: MsgId::new(after),
        last: MsgId::new(last),
    };
    assert_eq!(lost(&store, sent(0, 2), sent(2, 3)).unwrap(), 2 + 2 * 3);
}
