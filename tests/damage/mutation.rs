//! What happens to the files.

use std::fs;
use std::path::PathBuf;

use rand::RngExt as _;
use rand::rngs::StdRng;

use super::base::{Base, LAST_MESSAGES, Moment, ends, segments};
use crate::support::folders::copy;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    /// A segment is cut short.
    Cut,
    /// Zeros from somewhere in a segment to its end.
    Zeros,
    /// A page of zeros, as from a lost write.
    StalePage,
    FlipInLog,
    LastSegmentRemoved,
    /// The log of some messages earlier, under the same trees.
    OlderLog,
    FlipInTrees,
    FlipElsewhere,
}

pub(super) const KINDS: &[Kind] = &[
    Kind::Cut,
    Kind::Zeros,
    Kind::FlipInLog,
    Kind::FlipInTrees,
    Kind::LastSegmentRemoved,
    Kind::OlderLog,
    Kind::StalePage,
    Kind::FlipElsewhere,
];

const PAGE_BYTES: usize = 4096;

impl Kind {
    /// Damages the directory of the base, and returns what was done.
    pub(super) fn apply(self, base: &Base, random: &mut StdRng) -> String {
        let data = base.data();
        match self {
            Self::Cut => in_segment(base, random, |bytes, at, _| bytes.truncate(at)),
            Self::Zeros => in_segment(base, random, |bytes, at, _| bytes[at..].fill(0)),
            Self::StalePage => in_segment(base, random, |bytes, at, _| {
                let page = at / PAGE_BYTES * PAGE_BYTES;
                bytes[page..page + PAGE_BYTES].fill(0);
            }),
            Self::FlipInLog => in_segment(base, random, |bytes, at, bit| bytes[at] ^= 1 << bit),
            Self::LastSegmentRemoved => {
                let (_, last) = segments(data).pop().unwrap();
                fs::remove_file(&last).unwrap();
                last.display().to_string()
            }
            Self::OlderLog => {
                fs::remove_dir_all(data.join("log")).unwrap();
                copy(&base.older_log(), &data.join("log"));
                String::new()
            }
            Self::FlipInTrees => flip(&data.join("trees/db"), random),
            Self::FlipElsewhere => {
                let files = [
                    "watermark",
                    "format",
                    "identity/key.pem",
                    "identity/quic-secret",
                    "trees/conf",
                ];
                flip(
                    &data.join(files[random.random_range(0..files.len())]),
                    random,
                )
            }
        }
    }
}

/// Changes a segment at an offset before its end; under load, what was written last.
fn in_segment(
    base: &Base,
    random: &mut StdRng,
    change: impl FnOnce(&mut Vec<u8>, usize, u32),
) -> String {
    let segments = segments(base.data());
    let last = segments.len() - 1;
    let is_busy = base.moment == Moment::Busy;
    // The last one has the fewest bytes, and the most to lose.
    let chosen = match is_busy || random.random_bool(0.6) {
        true => last,
        false => random.random_range(0..=last),
    };
    let path = &segments[chosen].1;
    let mut bytes = fs::read(path).unwrap();
    let ends = ends(&bytes);
    let used = ends[ends.len() - 1];
    let from = match is_busy {
        true => ends[ends.len() - 1 - LAST_MESSAGES],
        false => 0,
    };
    let at = random.random_range(from..used);
    change(&mut bytes, at, random.random_range(0..8));
    fs::write(path, bytes).unwrap();
    format!("{} at {at} of {used}", path.display())
}

fn flip(path: &PathBuf, random: &mut StdRng) -> String {
    let mut bytes = fs::read(path).unwrap();
    // sled allocates its file ahead of its use.
    let used = bytes.iter().rposition(|byte| *byte != 0).unwrap() + 1;
    let at = random.random_range(0..used);
    bytes[at] ^= 1 << random.random_range(0..8);
    fs::write(path, bytes).unwrap();
    format!("{} at {at}", path.display())
}
