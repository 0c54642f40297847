use super::*;

#[test]
fn folder_reopens_repeatedly() {
    let dir = tempfile::tempdir().unwrap();
    for number in 0..20_u64 {
        let rows = SledRows::open(dir.path(), 1 << 30).unwrap();
        assert_eq!(rows.db.len() as u64, number);
        rows.db.insert(number.to_be_bytes(), vec![0; 500]).unwrap();
    }
}
