//! Folded forms of single characters, computed once: normalization takes some hundred nanoseconds a
//! character.

use std::ops::RangeInclusive;
use std::sync::LazyLock;

use super::{begins_unit, normalize};

/// Characters with entries. Han characters and Hangul syllables need none.
const RANGES: [RangeInclusive<char>; 3] = [
    '\0'..='\u{33ff}',
    '\u{a000}'..='\u{abff}',
    '\u{f900}'..='\u{ffff}',
];

static TABLE: LazyLock<Table> = LazyLock::new(Table::new);

struct Table {
    /// The entries of all ranges.
    entries: Vec<Entry>,
    /// The folded forms, one after the other.
    pool: String,
}

#[derive(Clone, Copy)]
struct Entry {
    start: u32,
    len: u8,
    begins_unit: bool,
}

/// Returns whether a character begins a unit, or `None` if it is not in the table.
pub(super) fn is_first(c: char) -> Option<bool> {
    Some(TABLE.entries.get(place(c)?)?.begins_unit)
}

/// Returns the folded form of a character alone, or `None` if it is not in the table.
pub(super) fn folded(c: char) -> Option<&'static str> {
    let table = &*TABLE;
    let Entry { start, len, .. } = *table.entries.get(place(c)?)?;
    let start = start as usize;
    table.pool.get(start..start + usize::from(len))
}

fn place(c: char) -> Option<usize> {
    let mut before = 0;
    for range in RANGES {
        let (first, last) = (u32::from(*range.start()), u32::from(*range.end()));
        let at = u32::from(c);
        if (first..=last).contains(&at) {
            return Some((before + at - first) as usize);
        }
        before += last - first + 1;
    }
    None
}

impl Table {
    fn new() -> Self {
        let mut table = Self {
            entries: Vec::new(),
            pool: String::new(),
        };
        for c in RANGES.into_iter().flatten() {
            let mut folded = String::new();
            normalize(c.encode_utf8(&mut [0; 4]), &mut folded);
            table.entries.push(Entry {
                start: u32::try_from(table.pool.len()).unwrap_or(u32::MAX),
                len: u8::try_from(folded.len()).unwrap_or(u8::MAX),
                begins_unit: begins_unit(c),
            });
            table.pool.push_str(&folded);
        }
        table
    }
}
