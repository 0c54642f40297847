//! Damage to a file: cut off, bits flipped, or a piece overwritten.

use std::fs;
use std::path::Path;

use rand::RngExt as _;
use rand::rngs::StdRng;

pub(super) fn tear(path: &Path, random: &mut StdRng) {
    let mut bytes = fs::read(path).unwrap();
    match random.random_range(0..3) {
        0 => bytes.truncate(random.random_range(0..bytes.len())),
        1 => {
            for _ in 0..random.random_range(1..20) {
                let at = random.random_range(0..bytes.len());
                bytes[at] ^= 1 << random.random_range(0..8);
            }
        }
        _ => {
            let at = random.random_range(0..bytes.len());
            let end = (at + random.random_range(1..8_192)).min(bytes.len());
            bytes[at..end].fill(0);
        }
    }
    fs::write(path, bytes).unwrap();
}
