//! Damage of a log, for tests: a flipped bit of a record that others follow.

use std::path::{Path, PathBuf};

use super::LOG_DIR;
use super::segment::{self, FileKind, SegmentHeader};
use crate::disk::{Disk, OpenMode};

/// A flipped bit.
#[derive(Clone, Debug)]
pub struct Damage {
    path: PathBuf,
    at: u64,
    before: u8,
}

/// The newest records are not covered by a watermark yet: only what follows one shows that it is
/// damaged.
const NEWEST: usize = 4;

/// Flips a bit in the log of a data directory, in a record that another one follows in its
/// segment. `number` chooses which; an odd one chooses among the newest. Returns `None` if there
/// is no such record.
pub fn damage_log(disk: &dyn Disk, dir: &Path, number: u64) -> Option<Damage> {
    let dir = dir.join(LOG_DIR);
    let mut records = Vec::new();
    for name in disk.list(&dir).ok()? {
        let Some(FileKind::Segment(_)) = segment::parse_name(&name) else {
            continue;
        };
        let path = dir.join(name);
        let bytes = disk.read(&path).ok()?;
        let Some(header) = SegmentHeader::decode(&bytes) else {
            continue;
        };
        let mut at = header.end();
        while let Some(found) = header.records().read_at(&bytes, at) {
            let next = header.records().read_at(&bytes, found.end);
            if next.is_none() || found.is_end() {
                break;
            }
            records.push((path.clone(), at..found.end));
            at = found.end;
        }
    }
    records.sort_by(|(a, _), (b, _)| a.cmp(b));
    let (number, of_newest) = (number / 2, number % 2 == 1);
    if of_newest {
        records.drain(..records.len().saturating_sub(NEWEST));
    }
    let count = u64::try_from(records.len()).ok()?;
    let chosen = usize::try_from(number.checked_rem(count)?).ok()?;
    let (path, range) = records.into_iter().nth(chosen)?;
    let within = number / count % range.len() as u64;
    let at = range.start as u64 + within;
    let mut byte = [0];
    let file = disk.open(&path, OpenMode::Write).ok()?;
    file.read_at(&mut byte, at).ok()?;
    let [before] = byte;
    let damage = Damage { path, at, before };
    damage.write(disk, before ^ 1 << (number % 8)).ok()?;
    Some(damage)
}

impl Damage {
    /// Restores what was there.
    pub fn undo(self, disk: &dyn Disk) {
        // A disk that fails now keeps the damage, which the next start reports.
        let _ = self.write(disk, self.before);
    }

    fn write(&self, disk: &dyn Disk, byte: u8) -> std::io::Result<()> {
        let file = disk.open(&self.path, OpenMode::Write)?;
        file.write_at(&[byte], self.at)?;
        file.sync_all()
    }
}
