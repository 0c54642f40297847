//! Logs with damaged, missing, exchanged and invented files.

use std::path::{Path, PathBuf};

use super::base::{BASE, DIR, check};
use super::{take, take_up_to};
use crate::check::repair;

/// Changes that are made to a log, at most.
const CHANGES_MAX: usize = 8;

const FLIP: u8 = 0;
const CUT: u8 = 1;
const ZEROS: u8 = 2;
const OVERWRITE: u8 = 3;
const REMOVE: u8 = 4;
const EXCHANGE: u8 = 5;
const REPLACE: u8 = 6;
const RENAME: u8 = 7;
const KINDS: u8 = 8;

/// Damages the log of a directory, and opens it. Either the damage is reported, or everything that
/// was accepted is there; a reported one can be repaired, or the repair is refused.
///
/// The end of the log and the latest watermark, damaged together, look like a power cut during both
/// writes: what came after the watermark before may be missing.
///
/// A change is `[kind][file][offset u16][length][bytes]`.
pub fn log(mut data: &[u8]) {
    let mut files: Vec<(PathBuf, Vec<u8>)> = BASE.files.clone();
    for _ in 0..CHANGES_MAX {
        let Some(change) = take::<5>(&mut data) else {
            break;
        };
        damage(&mut files, change, &mut data);
    }
    let env = BASE.restore_with(&files);
    match check(&env) {
        Ok(report) => {
            let found = (report.users, report.members, report.messages);
            let expected = (BASE.report.users, BASE.report.members, BASE.report.messages);
            assert!(
                found == expected || is_like_power_cut(&files) && is_part(found, expected),
                "damage is silent: {found:?} instead of {expected:?}"
            );
        }
        Err(_) => {
            let env = BASE.restore_with(&files);
            if let Ok(Some(_)) = repair::repair_in(&env, Path::new(DIR)) {
                // More than the log may be damaged.
                let _ = check(&env);
            }
        }
    }
}

/// Whether both the watermark and the log have changed.
fn is_like_power_cut(files: &[(PathBuf, Vec<u8>)]) -> bool {
    ["watermark", "log"].iter().all(|name| {
        let place = Path::new(DIR).join(name);
        let is_there = |(path, _): &&(PathBuf, Vec<u8>)| path.starts_with(&place);
        let before = BASE.files.iter().filter(is_there);
        !files.iter().filter(is_there).eq(before)
    })
}

fn is_part(found: (u64, u64, u64), of: (u64, u64, u64)) -> bool {
    found.0 <= of.0 && found.1 <= of.1 && found.2 <= of.2
}

/// The files that a change concerns.
fn of_log(files: &[(PathBuf, Vec<u8>)]) -> Vec<usize> {
    let is_of_log = |path: &Path| {
        let rest = path.strip_prefix(DIR).unwrap();
        rest.starts_with("log") || rest.starts_with("watermark")
    };
    let all = files.iter().enumerate();
    all.filter(|(_, (path, _))| is_of_log(path))
        .map(|(at, _)| at)
        .collect()
}

fn damage(files: &mut Vec<(PathBuf, Vec<u8>)>, change: [u8; 5], data: &mut &[u8]) {
    let [kind, file, high, low, length] = change;
    let some = of_log(files);
    if some.is_empty() {
        return;
    }
    let chosen = some[usize::from(file) % some.len()];
    let bytes = &mut files[chosen].1;
    let offset = usize::from(u16::from_be_bytes([high, low])) % (bytes.len() + 1);
    let length = usize::from(length);
    match kind % KINDS {
        FLIP => {
            if let Some(byte) = bytes.get_mut(offset) {
                *byte ^= length as u8;
            }
        }
        CUT => bytes.truncate(offset),
        ZEROS => bytes[offset..].fill(0),
        OVERWRITE => {
            let new = take_up_to(data, length);
            let end = bytes.len().min(offset + new.len());
            bytes[offset..end].copy_from_slice(&new[..end - offset]);
        }
        REMOVE => drop(files.remove(chosen)),
        EXCHANGE => {
            let other = some[length % some.len()];
            let content = files[other].1.clone();
            files[chosen].1 = content;
        }
        REPLACE => *bytes = take_up_to(data, length * 16).to_vec(),
        RENAME => {
            let number = u16::from_be_bytes([high, low]);
            let path = Path::new(DIR).join("log").join(format!("{number:016x}"));
            if !files.iter().any(|(known, _)| *known == path) {
                files[chosen].0 = path;
            }
        }
        _ => {}
    }
}

/// One change of each kind to each file.
#[must_use]
pub fn log_seeds() -> Vec<Vec<u8>> {
    let files = of_log(&BASE.files).len() as u8;
    let changes = (0..KINDS).flat_map(|kind| (0..files).map(move |file| (kind, file)));
    let seeds = changes.map(|(kind, file)| {
        let mut seed = vec![kind, file, 0, 60, 8];
        seed.extend([7; 8]);
        seed
    });
    seeds.chain([Vec::new()]).collect()
}
