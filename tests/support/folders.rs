//! Copies of data directories.

use std::fs::{self, File};
use std::io::{Read as _, Seek as _, SeekFrom, Write as _};
use std::path::Path;

/// Copies a folder, with holes for zeros: segments are allocated ahead of their use.
pub fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    fs::set_permissions(to, fs::metadata(from).unwrap().permissions()).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let to = to.join(entry.file_name());
        match entry.file_type().unwrap().is_dir() {
            true => copy(&entry.path(), &to),
            false => copy_file(&entry.path(), &to),
        }
    }
}

fn copy_file(from: &Path, to: &Path) {
    let permissions = fs::metadata(from).unwrap().permissions();
    let mut from = File::open(from).unwrap();
    let mut to = File::create(to).unwrap();
    let mut buffer = vec![0; 64 * 1024];
    let mut at = 0;
    loop {
        let bytes = from.read(&mut buffer).unwrap();
        if bytes == 0 {
            break;
        }
        let block = &buffer[..bytes];
        if block.iter().any(|byte| *byte != 0) {
            to.seek(SeekFrom::Start(at)).unwrap();
            to.write_all(block).unwrap();
        }
        at += bytes as u64;
    }
    to.set_len(at).unwrap();
    to.set_permissions(permissions).unwrap();
}
