use std::io::{self, BufRead as _};

use cairn_proto::ids::MsgId;

use super::super::crash::*;
use super::super::scheme::{Group, Kind, Store};

/// What is found behind a victim that ended where it is killed.
fn loss_of(scheme: Kind, online: u8) -> Loss {
    let dir = tempfile::tempdir().unwrap();
    let args = VictimArgs {
        scheme,
        dir: dir.path().join("store"),
        members: 10,
        online,
        messages: 6,
    };
    let mut said = Vec::new();
    live(&args, &mut said, &mut io::empty()).unwrap();
    let said: Vec<Step> = said
        .lines()
        .map(|line| serde_json::from_str(&line.unwrap()).unwrap())
        .collect();
    assert_eq!(said.len(), 3, "{said:?}");
    loss(&args.store(), &said).unwrap()
}

#[test]
fn copies_for_who_is_offline_lose_what_was_not_pushed() {
    assert_eq!(
        loss_of(Kind::OfflineCopies, 80),
        Loss {
            lost: 6 * 8,
            at_stake: 6 * 10
        }
    );
    assert_eq!(
        loss_of(Kind::OfflineCopies, 0),
        Loss {
            lost: 0,
            at_stake: 6 * 10
        }
    );
}

#[test]
fn whoever_stores_for_all_loses_nothing() {
    for kind in Kind::ALL.into_iter().filter(|kind| !kind.trusts_push()) {
        assert_eq!(
            loss_of(kind, 80),
            Loss {
                lost: 0,
                at_stake: 6 * 10
            },
            "{kind:?}"
        );
    }
}

#[test]
fn what_is_not_in_the_store_is_counted_for_each_member() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store {
        kind: Kind::MemberCopies,
        group: Group::new(4, 50),
        dir: dir.path().join("store"),
    };
    store.create().unwrap();
    let id = MsgId::new;
    let said = [
        Step::Accepted {
            first: id(1),
            last: id(3),
        },
        Step::Pushed { last: id(2) },
    ];
    assert_eq!(
        loss(&store, &said).unwrap(),
        Loss {
            lost: 2 + 2 * 3,
            at_stake: 4
        }
    );
}
