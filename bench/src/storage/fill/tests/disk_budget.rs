use super::super::disk_budget::*;

const GIB: u64 = 1 << 30;

#[test]
fn what_fits_is_stored_and_no_more() {
    assert_eq!(fitting(100 * GIB, 1_000_000, 200), 1_000_000);
    // A message takes 184 bytes.
    assert_eq!(fitting(GIB, 100_000_000, 200), GIB / 2 / 184);
    assert_eq!(fitting(GIB / 2, 10, 200), 0);
    assert_eq!(fitting(0, 10, 1), 0);
}

#[test]
fn a_full_disk_is_told_from_one_that_says_nothing() {
    let folder = tempfile::tempdir().unwrap();
    assert_eq!(DiskBudget(folder.path()).limit(1, 1).unwrap(), 1);
    assert_eq!(
        DiskBudget(&folder.path().join("none"))
            .limit(u64::MAX, 1)
            .unwrap(),
        u64::MAX
    );
}
