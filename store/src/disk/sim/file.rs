//! The content of a file of a simulated disk: each sector as it is read, and as a power cut would
//! leave it.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::dice::Dice;
use super::faults::Losses;

const PAGE_BYTES: usize = 4096;
const SECTOR_BYTES: usize = 512;
const SECTORS: usize = PAGE_BYTES / SECTOR_BYTES;
const ALL_SECTORS: u8 = u8::MAX;
const _: () = assert!(SECTORS == u8::BITS as usize);

/// Of this many surviving sectors, one is written in part.
const TORN_ONE_IN: u64 = 16;

static ZEROS: [u8; PAGE_BYTES] = [0; PAGE_BYTES];

/// `None` is a page of zeros.
type Content = Option<Arc<[u8; PAGE_BYTES]>>;

#[derive(Debug, Default)]
pub(super) struct Pages {
    pages: Vec<Page>,
    bytes: u64,
    synced_bytes: u64,
    /// Pages with unsynced sectors.
    unsynced: BTreeSet<usize>,
}

#[derive(Clone, Debug, Default)]
struct Page {
    now: Content,
    synced: Content,
    /// One bit for each sector.
    unsynced: u8,
}

/// A part of a page.
struct Part {
    page: usize,
    from: usize,
    to: usize,
}

/// Splits a range at the borders of pages.
fn parts(offset: u64, bytes: usize) -> impl Iterator<Item = Part> {
    let mut at = usize::try_from(offset).unwrap_or(usize::MAX);
    let end = at.saturating_add(bytes);
    std::iter::from_fn(move || {
        let from = at % PAGE_BYTES;
        let to = PAGE_BYTES.min(from + end.saturating_sub(at));
        let part = Part {
            page: at / PAGE_BYTES,
            from,
            to,
        };
        at += to - from;
        (from < to).then_some(part)
    })
}

impl Pages {
    pub(super) const fn bytes(&self) -> u64 {
        self.bytes
    }

    pub(super) fn read(&self, buffer: &mut [u8], offset: u64) -> usize {
        let left = usize::try_from(self.bytes.saturating_sub(offset)).unwrap_or(usize::MAX);
        let wanted = left.min(buffer.len());
        let mut done = 0;
        for Part { page, from, to } in parts(offset, wanted) {
            let content = self.pages.get(page).and_then(|page| page.now.as_deref());
            let source = content.unwrap_or(&ZEROS).get(from..to).unwrap_or_default();
            if let Some(target) = buffer.get_mut(done..done + source.len()) {
                target.copy_from_slice(source);
            }
            done += source.len();
        }
        done
    }

    pub(super) fn write(&mut self, bytes: &[u8], offset: u64) {
        let mut done = 0;
        for Part { page, from, to } in parts(offset, bytes.len()) {
            let source = bytes.get(done..done + to - from).unwrap_or_default();
            self.page(page).write(source, from);
            self.unsynced.insert(page);
            done += to - from;
        }
        self.bytes = self.bytes.max(offset.saturating_add(bytes.len() as u64));
    }

    /// Bytes after the end are zeros when the file grows again.
    pub(super) fn set_len(&mut self, bytes: u64) {
        let end = usize::try_from(bytes).unwrap_or(usize::MAX);
        for page in end / PAGE_BYTES..self.pages.len() {
            let from = end.saturating_sub(page * PAGE_BYTES);
            let is_used = self.pages.get(page).is_some_and(|page| page.now.is_some());
            if is_used && from < PAGE_BYTES {
                let zeros = ZEROS.get(from..).unwrap_or_default();
                self.page(page).write(zeros, from);
                self.unsynced.insert(page);
            }
        }
        self.bytes = bytes;
    }

    pub(super) fn sync(&mut self) {
        self.settle(|| Kept::New);
        self.synced_bytes = self.bytes;
    }

    /// Any sector may be lost. It reads as before, and no later sync writes it.
    pub(super) fn fail_sync(&mut self, dice: &mut Dice) {
        self.settle(|| match dice.coin() {
            true => Kept::New,
            false => Kept::Old,
        });
        if dice.coin() {
            self.synced_bytes = self.bytes;
        }
    }

    /// Any sector may be lost, or be written in part, and any growth of the file.
    pub(super) fn cut_power(&mut self, dice: &mut Dice, losses: &mut Losses) {
        let share = dice.share();
        self.settle(|| match dice.keeps(share) {
            true if dice.below(TORN_ONE_IN) == 0 => {
                losses.torn_sectors += 1;
                Kept::Torn(dice.below(SECTOR_BYTES as u64) as usize)
            }
            true => Kept::New,
            false => {
                losses.stale_sectors += 1;
                Kept::Old
            }
        });
        let last_bytes = self.bytes;
        self.bytes = match dice.below(3) {
            0 => self.bytes,
            1 => self.synced_bytes,
            _ => {
                let (from, to) = (
                    self.bytes.min(self.synced_bytes),
                    self.bytes.max(self.synced_bytes),
                );
                from + dice.below(to - from + 1)
            }
        };
        losses.lengths += u64::from(self.bytes != last_bytes);
        for page in &mut self.pages {
            page.now.clone_from(&page.synced);
        }
        self.set_len(self.bytes);
        self.sync();
    }

    fn page(&mut self, page: usize) -> &mut Page {
        if self.pages.len() <= page {
            self.pages.resize_with(page + 1, Page::default);
        }
        #[expect(clippy::indexing_slicing, reason = "resized above")]
        &mut self.pages[page]
    }

    /// Decides about each unsynced sector.
    fn settle(&mut self, mut decide: impl FnMut() -> Kept) {
        for at in std::mem::take(&mut self.unsynced) {
            if let Some(page) = self.pages.get_mut(at) {
                page.settle(&mut decide);
            }
        }
    }
}

/// What becomes of an unsynced sector.
enum Kept {
    New,
    Old,
    /// This many new bytes, then old ones.
    Torn(usize),
}

impl Page {
    fn write(&mut self, bytes: &[u8], from: usize) {
        let to = from + bytes.len();
        if bytes.len() == PAGE_BYTES && bytes == ZEROS {
            self.now = None;
        } else if let Some(target) = writable(&mut self.now).get_mut(from..to) {
            target.copy_from_slice(bytes);
        }
        for sector in from / SECTOR_BYTES..to.div_ceil(SECTOR_BYTES) {
            self.unsynced |= 1 << sector;
        }
    }

    fn settle(&mut self, decide: &mut impl FnMut() -> Kept) {
        let unsynced = std::mem::take(&mut self.unsynced);
        let mut kept = 0_u8;
        for sector in (0..SECTORS).filter(|sector| unsynced & 1 << sector != 0) {
            match decide() {
                Kept::New => kept |= 1 << sector,
                Kept::Old => {}
                Kept::Torn(bytes) => self.keep(sector, bytes),
            }
        }
        if kept == ALL_SECTORS {
            self.synced.clone_from(&self.now);
            return;
        }
        (0..SECTORS)
            .filter(|sector| kept & 1 << sector != 0)
            .for_each(|sector| self.keep(sector, SECTOR_BYTES));
    }

    /// Makes the first bytes of a sector durable.
    fn keep(&mut self, sector: usize, bytes: usize) {
        let part = sector * SECTOR_BYTES..sector * SECTOR_BYTES + bytes;
        let now = self.now.as_deref().unwrap_or(&ZEROS);
        if let (Some(source), Some(target)) = (
            now.get(part.clone()),
            writable(&mut self.synced).get_mut(part),
        ) {
            target.copy_from_slice(source);
        }
    }
}

fn writable(content: &mut Content) -> &mut [u8; PAGE_BYTES] {
    Arc::make_mut(content.get_or_insert_with(|| Arc::new(ZEROS)))
}
