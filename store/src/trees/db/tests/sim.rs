//! The double of sled: it reads as sled does, and after a power cut, a prefix of the changes is
//! left.

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::*;
use crate::testing::SimDisk;

fn open_sim(disk: &SimDisk) -> Trees {
    let (dir, aside) = (Path::new("/trees"), Path::new("/aside"));
    Trees::open_in(&Env::simulated(disk, 1), dir, aside, &Poison::new()).unwrap()
}

fn member(n: u8) -> RowKey {
    RowKey::members(
        ConversationId::new(u64::from(n / 8)),
        MemberChunk::new(u32::from(n % 8)),
    )
}

/// Everything that can be read from the rows of [`member`].
fn read(trees: &Trees) -> Vec<String> {
    let mut read = Vec::new();
    for n in 0..64 {
        let (key, prefix) = (
            member(n),
            RowPrefix::members_of(ConversationId::new(u64::from(n / 8))),
        );
        read.push(format!("{:?}", trees.get(&key).unwrap()));
        read.push(format!("{:?}", trees.last_value(&prefix, &key).unwrap()));
        read.push(format!("{:?}", trees.sizes(&prefix, &key, 3).unwrap()));
        read.push(format!("{:?}", trees.keys(&prefix, Some(&key), 3).unwrap()));
    }
    let all = RowPrefix::all(Tree::Members);
    read.push(format!(
        "{:?}",
        trees.scan_values(&all, None, 1000).unwrap()
    ));
    let users = RowPrefix::all(Tree::Users);
    read.push(format!("{:?}", trees.scan_values(&users, None, 9).unwrap()));
    read
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 8,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn double_reads_as_sled(
        batches in prop::collection::vec(
            prop::collection::vec((0..64_u8, prop::option::of(0..2_000_usize)), 0..8),
            1..12,
        ),
    ) {
        let (dir, disk) = (tempfile::tempdir().unwrap(), SimDisk::new(1));
        let (mut sled, mut sim) = (open(dir.path(), &Poison::new()), open_sim(&disk));
        for batch in batches {
            let changes = batch.iter().map(|&(n, bytes)| RowChange {
                key: member(n),
                value: bytes.map(|bytes| vec![n; bytes]),
            });
            sled.write(Tree::Members, changes.clone()).unwrap();
            sim.write(Tree::Members, changes).unwrap();
            prop_assert_eq!(read(&sled), read(&sim));
        }
        let before = read(&sim);
        drop((sled, sim));
        (sled, sim) = (open(dir.path(), &Poison::new()), open_sim(&disk));
        prop_assert_eq!(&read(&sled), &before);
        prop_assert_eq!(&read(&sim), &before);
    }
}

#[test]
fn power_cut_leaves_first_changes_of_double() {
    const SYNCED: u32 = 4;
    const WRITTEN: u32 = 20;
    let mut found = BTreeSet::new();
    for seed in 0..200 {
        let disk = SimDisk::new(seed);
        let trees = open_sim(&disk);
        for n in 0..WRITTEN {
            let row = RowChange::put(user(n), &noise(u64::from(n), 300));
            trees.write(Tree::Users, [row]).unwrap();
            if n + 1 == SYNCED {
                trees.sync().unwrap();
            }
        }
        disk.crash();
        let trees = open_sim(&disk);
        let all = RowPrefix::all(Tree::Users);
        let left = trees.scan::<Vec<u8>>(&all, None, 100).unwrap();
        let expected = (0..).map(|n| (user(n), noise(u64::from(n), 300)));
        assert!(
            expected
                .zip(&left)
                .all(|(expected, found)| expected == *found)
        );
        found.insert(left.len() as u32);
        // Lost changes stay lost, whatever is written afterwards.
        trees
            .write(Tree::Users, [RowChange::put(user(99), &1_u8)])
            .unwrap();
        trees.sync().unwrap();
        disk.crash();
        let again = open_sim(&disk).keys(&all, None, 100).unwrap();
        assert_eq!(again.len(), left.len() + 1);
    }
    assert!(found.first() == Some(&SYNCED) && found.last() == Some(&WRITTEN));
    assert!(found.len() > 4, "{found:?}");
}

#[test]
fn failing_disk_poisons_the_store() {
    use crate::testing::{Call, Failure, Fault};
    for call in [Call::Write, Call::Sync] {
        let disk = SimDisk::new(1);
        let poison = Poison::new();
        let (dir, aside) = (Path::new("/trees"), Path::new("/aside"));
        let trees = Trees::open_in(&Env::simulated(&disk, 1), dir, aside, &poison).unwrap();
        disk.fail(Fault {
            call,
            nth: 1,
            failure: Failure::Io,
            is_sticky: false,
        });
        let written = trees.write(Tree::Users, [RowChange::put(user(1), &1_u32)]);
        assert!(written.and_then(|()| trees.sync()).is_err(), "{call:?}");
        assert!(poison.check().is_err());
        assert!(matches!(trees.sync(), Err(TreesError::Poisoned(_))));
    }
}
