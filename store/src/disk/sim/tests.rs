use std::path::PathBuf;

use super::*;

/// Seeds, which decide what survives.
const SEEDS: u64 = 200;

fn path(name: &str) -> PathBuf {
    Path::new("/data").join(name)
}

fn new(seed: u64) -> SimDisk {
    let disk = SimDisk::new(seed);
    disk.create_dir(Path::new("/data")).unwrap();
    disk.sync_dir(Path::new("/")).unwrap();
    disk
}

fn create(disk: &SimDisk, name: &str, bytes: &[u8]) -> Box<dyn DiskFile> {
    let file = disk.open(&path(name), OpenMode::CreateEmpty).unwrap();
    file.write_at(bytes, 0).unwrap();
    file
}

fn sync_names(disk: &SimDisk) {
    disk.sync_dir(Path::new("/data")).unwrap();
}

fn names(disk: &SimDisk) -> Vec<OsString> {
    disk.list(Path::new("/data")).unwrap()
}

/// Returns the distinct results over all seeds, sorted.
fn outcomes<T: Ord>(run: impl Fn(SimDisk) -> T) -> Vec<T> {
    let mut all: Vec<T> = (0..SEEDS).map(|seed| run(new(seed))).collect();
    all.sort_unstable();
    all.dedup();
    all
}

fn fault(call: Call, nth: u64) -> Fault {
    Fault {
        call,
        nth,
        failure: Failure::Io,
        is_sticky: false,
    }
}

#[test]
fn content_reads_as_written() {
    let disk = new(1);
    let file = create(&disk, "a", b"bytes");
    file.write_at(b"far", 10_000).unwrap();
    assert_eq!(file.bytes().unwrap(), 10_003);
    let mut buffer = vec![9; 6_000];
    assert_eq!(file.read_at(&mut buffer, 4_500).unwrap(), 5_503);
    assert_eq!(buffer[5_499..5_504], *b"\0far\x09");
    file.set_len(2).unwrap();
    file.set_len(5).unwrap();
    assert_eq!(disk.read(&path("a")).unwrap(), b"by\0\0\0");
    let zeros = vec![0; 20_000];
    file.write_at(&vec![7; 20_000], 0).unwrap();
    file.write_at(&zeros, 0).unwrap();
    assert_eq!(disk.read(&path("a")).unwrap(), zeros);
}

#[test]
fn synced_content_and_names_survive() {
    let kept = outcomes(|disk| {
        let file = create(&disk, "a", b"durable");
        file.sync_data().unwrap();
        sync_names(&disk);
        disk.crash();
        assert!(file.write_at(b"x", 0).is_err(), "the file is gone");
        (names(&disk), disk.read(&path("a")).unwrap())
    });
    assert_eq!(kept, [(vec![OsString::from("a")], b"durable".to_vec())]);
}

#[test]
fn unsynced_sectors_survive_in_any_combination() {
    let kept = outcomes(|disk| {
        let file = create(&disk, "a", &[1; 1536]);
        file.sync_all().unwrap();
        sync_names(&disk);
        file.write_at(&[2; 1536], 0).unwrap();
        disk.crash();
        let bytes = disk.read(&path("a")).unwrap();
        bytes
            .chunks(512)
            .map(|sector| {
                let new = sector.iter().filter(|byte| **byte == 2).count();
                assert!(sector[..new].iter().all(|byte| *byte == 2));
                match new {
                    0 => 'o',
                    512 => 'n',
                    _ => 't',
                }
            })
            .collect::<String>()
    });
    for combination in ["ooo", "nnn", "noo", "oon", "non"] {
        assert!(kept.iter().any(|found| found == combination), "{kept:?}");
    }
    assert!(kept.iter().any(|found| found.contains('t')), "{kept:?}");
}

#[test]
fn unsynced_growth_may_be_lost_or_read_as_zeros() {
    let kept = outcomes(|disk| {
        let file = create(&disk, "a", &[1; 512]);
        file.sync_all().unwrap();
        sync_names(&disk);
        file.write_at(&[2; 512], 512).unwrap();
        disk.crash();
        let bytes = disk.read(&path("a")).unwrap();
        assert_eq!(bytes[..512], [1; 512]);
        (bytes.len(), bytes.get(512).copied())
    });
    assert!(kept.contains(&(512, None)));
    assert!(kept.contains(&(1024, Some(0))) && kept.contains(&(1024, Some(2))));
    assert!(kept.iter().any(|(bytes, _)| (513..1024).contains(bytes)));
}

#[test]
fn unsynced_names_may_be_forgotten() {
    let kept = outcomes(|disk| {
        create(&disk, "old", b"content").sync_all().unwrap();
        create(&disk, "removed", b"").sync_all().unwrap();
        sync_names(&disk);
        disk.rename(&path("old"), &path("new")).unwrap();
        disk.remove_file(&path("removed")).unwrap();
        create(&disk, "created", b"").sync_all().unwrap();
        disk.crash();
        let names: Vec<String> = names(&disk)
            .into_iter()
            .map(|name| name.into_string().unwrap())
            .collect();
        let moved = match names.contains(&"new".to_owned()) {
            true => "new",
            false => "old",
        };
        assert_eq!(disk.read(&path(moved)).unwrap(), b"content");
        names
    });
    // Each of the three changes happened or not; a rename is atomic.
    assert_eq!(kept.len(), 8, "{kept:?}");
}

#[test]
fn planned_call_fails_once_or_always() {
    let disk = new(1);
    let file = create(&disk, "a", b"");
    disk.fail(Fault {
        failure: Failure::NoSpace,
        ..fault(Call::Write, 2)
    });
    file.write_at(b"one", 0).unwrap();
    let failed = file.write_at(b"two", 3).unwrap_err();
    assert_eq!(failed.kind(), io::ErrorKind::StorageFull);
    file.write_at(b"two", 3).unwrap();
    assert_eq!(disk.hits(), 1);
    disk.fail(Fault {
        is_sticky: true,
        ..fault(Call::Open, 1)
    });
    for _ in 0..3 {
        assert!(disk.open(&path("a"), OpenMode::Read).is_err());
    }
    disk.clear_faults();
    assert_eq!(disk.read(&path("a")).unwrap(), b"onetwo");
}

#[test]
fn failed_write_leaves_a_part() {
    let kept = outcomes(|disk| {
        let file = create(&disk, "a", b"");
        disk.fail(fault(Call::Write, 1));
        assert!(file.write_at(b"abc", 0).is_err());
        disk.read(&path("a")).unwrap()
    });
    assert_eq!(kept, [b"".as_slice(), b"a", b"ab"]);
}

/// As on Linux: after the failure, the pages count as clean, so the next sync succeeds although
/// their content is lost.
#[test]
fn sync_after_failure_hides_the_loss() {
    let kept = outcomes(|disk| {
        let file = create(&disk, "a", &[1; 512]);
        file.sync_all().unwrap();
        sync_names(&disk);
        disk.fail(fault(Call::Sync, 1));
        file.write_at(&[2; 512], 0).unwrap();
        assert!(file.sync_data().is_err());
        file.sync_data().unwrap();
        assert_eq!(disk.read(&path("a")).unwrap(), [2; 512]);
        disk.crash();
        disk.read(&path("a")).unwrap()[0]
    });
    assert_eq!(kept, [1, 2]);
}

#[test]
fn nothing_works_without_power() {
    let disk = new(1);
    let file = create(&disk, "a", b"x");
    disk.cut_power_at(2);
    file.write_at(b"y", 0).unwrap();
    assert!(!disk.is_off());
    assert!(file.sync_data().is_err());
    assert!(disk.is_off() && file.sync_data().is_err() && disk.read(&path("a")).is_err());
    let calls = disk.calls();
    assert!(disk.list(Path::new("/data")).is_err());
    assert_eq!(disk.calls(), calls, "calls without power do not count");
    disk.crash();
    assert!(disk.list(Path::new("/data")).is_ok());
}

#[test]
fn lock_lasts_until_drop_or_power_cut() {
    let disk = new(1);
    let first = create(&disk, "lock", b"");
    sync_names(&disk);
    let second = disk.open(&path("lock"), OpenMode::Create).unwrap();
    assert!(first.try_lock().unwrap() && !second.try_lock().unwrap());
    drop(first);
    assert!(second.try_lock().unwrap());
    disk.crash();
    let third = disk.open(&path("lock"), OpenMode::Create).unwrap();
    assert!(third.try_lock().unwrap());
    drop(second);
    let fourth = disk.open(&path("lock"), OpenMode::Create).unwrap();
    assert!(!fourth.try_lock().unwrap());
}

#[test]
fn folders_move_with_their_content() {
    let disk = new(1);
    disk.create_dir(&path("from")).unwrap();
    create(&disk, "from/a", b"x");
    disk.rename(&path("from"), &path("to")).unwrap();
    assert_eq!(disk.read(&path("to/a")).unwrap(), b"x");
    assert!(!disk.is_dir(&path("from")) && disk.is_dir(&path("to")));
    disk.remove_dir_all(&path("to")).unwrap();
    assert!(disk.find(&path("to")).unwrap().is_none());
    let missing = disk.open(&path("to/a"), OpenMode::Create).unwrap_err();
    assert_eq!(missing.kind(), io::ErrorKind::NotFound);
}

#[test]
fn same_seed_and_calls_give_the_same_disk() {
    let run = |seed| {
        let disk = new(seed);
        for name in ["a", "b", "c"] {
            create(&disk, name, &[3; 4_000]);
        }
        disk.crash();
        let files = names(&disk).into_iter();
        let files: Vec<_> = files
            .map(|name| (disk.read(&Path::new("/data").join(&name)).unwrap(), name))
            .collect();
        (files, disk.trace())
    };
    assert_eq!(run(7), run(7));
    assert_ne!(run(7), run(8));
}
