mod sim;

use cairn_proto::ids::{ConversationId, UserId};

use super::*;
use crate::testing::{copy_dir, open};
use cairn_core::record::MemberChunk;

fn user(n: u32) -> RowKey {
    RowKey::user(UserId::new(n))
}

fn noise(n: u64, len: usize) -> Vec<u8> {
    let mut state = n.wrapping_mul(2).wrapping_add(1);
    let next = |_| {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (state >> 56) as u8
    };
    (0..len).map(next).collect()
}

#[test]
fn rows_are_read_in_key_order() {
    let dir = tempfile::tempdir().unwrap();
    let poison = Poison::new();
    let trees = open(dir.path(), &poison);
    assert_eq!(trees.checkpoint().unwrap(), Position::START);
    trees
        .write(
            Tree::Users,
            [3, 1, 256, 2].map(|n| RowChange::put(user(n), &n)),
        )
        .unwrap();
    trees
        .write(Tree::Users, [RowChange::delete(user(2))])
        .unwrap();
    trees.sync().unwrap();
    drop(trees);
    let trees = open(dir.path(), &poison);
    let rows: Vec<(RowKey, u32)> = trees.scan(&RowPrefix::all(Tree::Users), None, 10).unwrap();
    assert_eq!(rows, [(user(1), 1), (user(3), 3), (user(256), 256)]);
    assert_eq!(
        trees
            .scan::<u32>(&RowPrefix::all(Tree::Users), Some(&user(1)), 1)
            .unwrap(),
        [(user(3), 3)]
    );
    assert_eq!(trees.read::<u32>(&user(2)).unwrap(), None);
    assert_eq!(poison.check(), Ok(()));
}

#[test]
fn scan_ends_with_prefix() {
    let dir = tempfile::tempdir().unwrap();
    let trees = open(dir.path(), &Poison::new());
    let keys = [(1, 9), (2, 1), (2, 2), (3, 0)]
        .map(|(g, chunk)| RowKey::members(ConversationId::new(g), MemberChunk::new(chunk)));
    trees
        .write(Tree::Members, keys.map(|key| RowChange::put(key, &())))
        .unwrap();
    let prefix = RowPrefix::members_of(ConversationId::new(2));
    let found: Vec<RowKey> = trees
        .scan::<()>(&prefix, None, 10)
        .unwrap()
        .into_iter()
        .map(|(key, ())| key)
        .collect();
    assert_eq!(found, keys[1..3]);
    let end = RowKey::members(ConversationId::new(2), MemberChunk::new(u32::MAX));
    assert_eq!(trees.last_value(&prefix, &end).unwrap().unwrap().0, keys[2]);
    let none = RowPrefix::members_of(ConversationId::new(4));
    assert!(
        trees
            .last_value(
                &none,
                &RowKey::members(ConversationId::new(4), MemberChunk::new(9))
            )
            .unwrap()
            .is_none()
    );
}

#[test]
fn half_written_snapshot_is_moved_aside() {
    let dir = tempfile::tempdir().unwrap();
    let trees = open(dir.path(), &Poison::new());
    trees
        .write(Tree::Users, [RowChange::put(user(1), &1_u32)])
        .unwrap();
    trees.sync().unwrap();
    drop(trees);
    for round in 0..2 {
        let half = dir.path().join("trees/snap.FFFFFFFFFFFFFFFF.generating");
        std::fs::write(&half, [round; 40]).unwrap();
        // sled itself would use it as the newest snapshot.
        let alone = sled::Config::default()
            .path(dir.path().join("trees"))
            .segment_size(limits::TREE_SEGMENT_BYTES)
            .open();
        assert!(alone.is_err());
        drop(alone);
        let trees = open(dir.path(), &Poison::new());
        assert_eq!(trees.read::<u32>(&user(1)).unwrap(), Some(1));
        assert!(!half.exists());
    }
    assert_eq!(
        std::fs::read_dir(dir.path().join("aside")).unwrap().count(),
        2
    );
}

#[test]
fn torn_conf_of_an_interrupted_creation_is_replaced() {
    let dir = tempfile::tempdir().unwrap();
    let whole = dir.path().join("whole");
    drop(open(&whole, &Poison::new()));
    let conf = std::fs::read(whole.join("trees/conf")).unwrap();
    let torn = dir.path().join("torn/trees");
    std::fs::create_dir_all(&torn).unwrap();
    // Without the second of its two writes.
    std::fs::write(torn.join("conf"), &conf[..conf.len() - 4]).unwrap();
    let alone = sled::Config::default()
        .path(&torn)
        .segment_size(limits::TREE_SEGMENT_BYTES)
        .open();
    assert!(alone.is_err());
    drop(alone);
    drop(open(torn.parent().unwrap(), &Poison::new()));
    assert_eq!(std::fs::read(torn.join("conf")).unwrap(), conf);
}

/// Fills pages with values of the largest size, in an order that splits and merges them.
fn fill(mut write: impl FnMut(Vec<(RowKey, Option<Vec<u8>>)>)) {
    let key = |n: u64| RowKey::uncounted(ConversationId::new(1), n);
    for round in 0..4_u64 {
        for batch in 0..12_u64 {
            let ids = (0..16).map(|n| (batch * 16 + n).wrapping_mul(0x9E37_79B9) % 191);
            write(
                ids.map(|n| (key(n), Some(noise(n + round, limits::TREE_VALUE_BYTES_MAX))))
                    .collect(),
            );
        }
        write(
            (0..191)
                .filter(|n| n % 5 != round)
                .map(|n| (key(n), None))
                .collect(),
        );
    }
}

#[test]
fn largest_values_create_no_side_files() {
    let dir = tempfile::tempdir().unwrap();
    let trees = open(dir.path(), &Poison::new());
    fill(|rows| {
        trees
            .write(
                Tree::Uncounted,
                rows.into_iter()
                    .map(|(key, value)| RowChange { key, value }),
            )
            .unwrap();
        trees.sync().unwrap();
    });
    // With the default segment size of sled, side files appear.
    let plain = sled::Config::default()
        .path(dir.path().join("plain"))
        .open()
        .unwrap();
    fill(|rows| {
        for (key, value) in rows {
            match value {
                Some(value) => drop(plain.insert(key.bytes(), value).unwrap()),
                None => drop(plain.remove(key.bytes()).unwrap()),
            }
        }
    });
    plain.flush().unwrap();
    assert!(
        std::fs::read_dir(dir.path().join("plain/blobs"))
            .unwrap()
            .count()
            > 0
    );
}

#[test]
fn oversized_value_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let poison = Poison::new();
    let trees = open(dir.path(), &poison);
    let large = RowChange {
        key: user(1),
        value: Some(vec![0; limits::TREE_VALUE_BYTES_MAX + 1]),
    };
    assert!(matches!(
        trees.write(Tree::Users, [large]),
        Err(TreesError::ValueTooLarge { .. })
    ));
    assert_eq!(poison.check(), Ok(()));
}

#[test]
fn side_file_poisons_the_store() {
    let dir = tempfile::tempdir().unwrap();
    let poison = Poison::new();
    let trees = open(dir.path(), &poison);
    std::fs::write(dir.path().join("trees/blobs/77"), "x").unwrap();
    assert!(matches!(trees.sync(), Err(TreesError::SideFiles { .. })));
    assert!(matches!(trees.sync(), Err(TreesError::Poisoned(_))));
    assert!(matches!(
        trees.write(Tree::Users, []),
        Err(TreesError::Poisoned(_))
    ));
    assert!(trees.read::<u32>(&user(1)).unwrap().is_none());
    assert!(poison.check().is_err());
}

#[cfg(unix)]
#[test]
fn replaced_file_fails_the_sync() {
    let dir = tempfile::tempdir().unwrap();
    let trees = open(dir.path(), &Poison::new());
    let db = dir.path().join("trees/db");
    std::fs::copy(&db, dir.path().join("copy")).unwrap();
    std::fs::rename(dir.path().join("copy"), &db).unwrap();
    assert!(matches!(trees.sync(), Err(TreesError::Replaced { .. })));
}

#[test]
fn panic_in_sled_poisons_the_store() {
    let dir = tempfile::tempdir().unwrap();
    let poison = Poison::new();
    let trees = open(dir.path(), &poison);
    let failed = trees.guarded::<()>("read", |_| panic!("assertion failed: prev.is_none()"));
    assert!(
        failed
            .unwrap_err()
            .to_string()
            .contains("assertion failed: prev.is_none()")
    );
    assert!(poison.check().is_err());
}

#[test]
fn poisoned_trees_drop_without_writing() {
    let dir = tempfile::tempdir().unwrap();
    let poison = Poison::new();
    let trees = open(dir.path(), &poison);
    poison.set("no space");
    drop(trees);
    // sled releases its file only after a last write, so a file that is still locked proves that
    // there was none.
    let again = Trees::open(
        &dir.path().join("trees"),
        &dir.path().join("aside"),
        &Poison::new(),
    );
    assert!(matches!(again, Err(TreesError::Open { .. })));
}

/// sled takes damage near the end of its file for a torn write, and silently reverts to an earlier
/// state. The recorded checkpoint was written last and is reverted as well, so the commit log then
/// lacks the batches after it.
#[test]
fn damage_is_always_reported() {
    const ROWS: u32 = 600;
    const ROUNDS: usize = 40;
    let value = |n: u32| noise(u64::from(n), 400);
    let recorded = Position::at(2);
    let dir = tempfile::tempdir().unwrap();
    for (through, part) in [(1, 0..ROWS / 2), (2, ROWS / 2..ROWS)] {
        let trees = open(dir.path(), &Poison::new());
        for n in part {
            trees
                .write(Tree::Users, [RowChange::put(user(n), &value(n))])
                .unwrap();
        }
        trees
            .write(
                Tree::Meta,
                [RowChange::put(
                    RowKey::meta(MetaKey::Checkpoint),
                    &Position::at(through),
                )],
            )
            .unwrap();
        trees.sync().unwrap();
    }
    let whole = std::fs::read(dir.path().join("trees/db")).unwrap();
    let mut noticed = 0;
    for round in 0..ROUNDS {
        let copy = tempfile::tempdir().unwrap();
        copy_dir(dir.path(), copy.path());
        let mut bytes = whole.clone();
        bytes[round * whole.len() / ROUNDS + round % 8] ^= 0xFF;
        std::fs::write(copy.path().join("trees/db"), bytes).unwrap();
        let opened = Trees::open(
            &copy.path().join("trees"),
            &copy.path().join("aside"),
            &Poison::new(),
        );
        let Some(trees) = opened
            .ok()
            .filter(|trees| trees.checkpoint().is_ok_and(|found| found == recorded))
        else {
            noticed += 1;
            continue;
        };
        for n in 0..ROWS {
            match trees.read::<Vec<u8>>(&user(n)) {
                Ok(read) => assert_eq!(
                    read,
                    Some(value(n)),
                    "row {n} after a flip in round {round}"
                ),
                Err(_) => noticed += 1,
            }
        }
    }
    assert!(noticed > 0);
}
