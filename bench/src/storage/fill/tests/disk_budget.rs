use super::super::disk_budget::*;

const GIB: u64 = 1 << 30;

#[test]
fn fitting_messages_respect_the_reserve() {
    assert_eq!(fitting(100 * GIB, 1_000_000, 200), 1_000_000);
    // A message takes 184 bytes.
    assert_eq!(fitting(GIB, 100_000_000, 200), GIB / 2 / 184);
    assert_eq!(fitting(GIB / 2, 10, 200), 0);
    assert_eq!(fitting(0, 10, 1), 0);
}

#[test]
fn unknown_free_space_is_no_limit() {
    let folder = tempfile::tempdir().unwrap();
    assert_eq!(limit(folder.path(), 1, 1).unwrap(), 1);
    let none = folder.path().join("none");
    assert_eq!(limit(&none, u64::MAX, 1).unwrap(), u64::MAX);
}
