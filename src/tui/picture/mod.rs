//! Previews of pictures and videos, drawn with half blocks: two pixels in a cell.
//!
//! The bytes come from other users. They are at most 12 KiB, and are decoded in a thread of their
//! own, within limits of size and memory.

mod blocks;
mod decode;

use std::collections::{BTreeMap, VecDeque};

use bytes::Bytes;
use cairn_proto::content::attachment::Media;
use cairn_proto::ids::{ConversationId, MsgId};
use cairn_session::{Row, What};

use crate::tui::app::model::geometry::Geometry;
use crate::tui::app::model::state::State;
use crate::tui::draw::rows::RowLayout;
use crate::tui::text::width::Ambiguous;

pub(crate) use self::blocks::blocks;
pub(crate) use self::decode::{Pixels, decode};

/// Columns and rows that a picture takes at most.
const COLUMNS_MAX: u16 = 36;
const ROWS_MAX: u16 = 12;

/// A picture with fewer rows shows nothing.
const ROWS_MIN: u16 = 3;

/// Decoded pictures that are kept.
const KEPT_MAX: usize = 128;

/// The message that a preview belongs to.
pub(crate) type Key = (ConversationId, MsgId);

/// What is known of a preview.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Thumb {
    /// It is being decoded.
    Awaited,
    Ready(Pixels),
    /// It is no picture, or one of a format that is not decoded.
    Unusable,
}

/// The previews that were on screen lately.
#[derive(Debug, Default)]
pub(crate) struct Pictures {
    thumbs: BTreeMap<Key, Thumb>,
    /// From the oldest.
    order: VecDeque<Key>,
}

impl Pictures {
    pub(crate) fn get(&self, key: Key) -> Option<&Thumb> {
        self.thumbs.get(&key)
    }

    pub(crate) fn set(&mut self, key: Key, thumb: Thumb) {
        if self.thumbs.insert(key, thumb).is_none() {
            self.order.push_back(key);
        }
        while self.order.len() > KEPT_MAX {
            if let Some(oldest) = self.order.pop_front() {
                self.thumbs.remove(&oldest);
            }
        }
    }
}

/// The columns and rows of a preview on this screen; `None` to show none.
pub(crate) fn size(state: &State, media: &Media) -> Option<(u16, u16)> {
    let has_colours = state.settings.theme.pixel([0; 3]).is_some();
    if !state.settings.has_pictures || !has_colours || media.preview.as_bytes().is_empty() {
        return None;
    }
    let timeline = Geometry::of(state).timeline;
    let rows = (timeline.height / 3).min(ROWS_MAX);
    // A column is kept for the mark of the selection, and the indent of texts.
    let columns = timeline.width.saturating_sub(8).min(COLUMNS_MAX);
    let unit = pixel_columns(state.settings.ambiguous);
    let (columns, rows) = fitted(media, columns / unit, rows * 2 / unit);
    let (columns, rows) = (columns * unit, (rows * unit).div_ceil(2));
    (rows >= ROWS_MIN && columns >= 2).then_some((columns, rows))
}

/// Columns of one pixel. Where a half block is as wide as a Chinese character, a pixel is two
/// coloured blanks.
const fn pixel_columns(ambiguous: Ambiguous) -> u16 {
    match ambiguous {
        Ambiguous::Narrow => 1,
        Ambiguous::Wide => 2,
    }
}

/// The greatest size with the proportions of a picture.
fn fitted(media: &Media, width_max: u16, height_max: u16) -> (u16, u16) {
    let (width, height) = (
        u64::from(media.width.max(1)),
        u64::from(media.height.max(1)),
    );
    let (width_max, height_max) = (u64::from(width_max), u64::from(height_max));
    let (w, h) = match width * height_max > height * width_max {
        true => (width_max, (height * width_max).div_ceil(width)),
        false => ((width * height_max).div_ceil(height), height_max),
    };
    let clip = |value: u64, most: u64| u16::try_from(value.min(most)).unwrap_or(u16::MAX);
    (clip(w, width_max), clip(h, height_max))
}

/// The previews on screen that are not decoded yet.
pub(crate) fn wanted(state: &State) -> Vec<(Key, Bytes)> {
    let Some(id) = state.open.filter(|_| state.overlay.is_none()) else {
        return Vec::new();
    };
    let new = |row: &Row| {
        let What::Message(message) = &row.what else {
            return None;
        };
        let media = message.entry.body.media()?;
        let key = (id, message.msgid);
        let is_new = state.pictures.get(key).is_none() && size(state, media).is_some();
        is_new.then(|| (key, media.preview.as_bytes().clone()))
    };
    // What is on screen takes longer to find out.
    if !state.world.rows().iter().any(|row| new(row).is_some()) {
        return Vec::new();
    }
    let layout = RowLayout::of(state);
    let rows = state.timeline(&layout);
    let Some((first, last)) = rows.on_screen(state.scroll) else {
        return Vec::new();
    };
    let shown = rows.rows.get(first..=last).unwrap_or_default();
    shown.iter().filter_map(new).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tui::app::testing;

    fn media(width: u32, height: u32, preview: &'static [u8]) -> Media {
        testing::media(width, height, Bytes::from_static(preview))
    }

    #[test]
    fn pictures_keep_their_proportions() {
        for (picture, columns, rows) in [
            ((1600, 900), 36, 11),
            ((900, 1600), 14, 12),
            ((1000, 1000), 24, 12),
        ] {
            let state = testing::state(120, 40);
            let media = media(picture.0, picture.1, b"x");
            assert_eq!(size(&state, &media), Some((columns, rows)), "{picture:?}");
        }
    }

    #[test]
    fn small_screens_and_thin_pictures_show_none() {
        let small = testing::state(40, 10);
        assert_eq!(size(&small, &media(1600, 900, b"x")), None);
        let large = testing::state(120, 40);
        assert_eq!(size(&large, &media(10_000, 10, b"x")), None);
        assert_eq!(size(&large, &media(1600, 900, b"")), None);
        let mut without = testing::state(120, 40);
        without.settings.has_pictures = false;
        assert_eq!(size(&without, &media(1600, 900, b"x")), None);
    }

    #[test]
    fn wide_blocks_are_pairs_of_blanks() {
        let mut state = testing::state(120, 40);
        state.settings.ambiguous = Ambiguous::Wide;
        let (columns, rows) = size(&state, &media(1600, 900, b"x")).unwrap();
        assert_eq!((columns % 2, columns / 2 > rows), (0, true));
    }

    #[test]
    fn old_pictures_are_evicted() {
        let mut pictures = Pictures::default();
        let key = |n| (testing::TEAM, MsgId::new(n));
        for n in 0..300 {
            pictures.set(key(n), Thumb::Awaited);
            pictures.set(key(n), Thumb::Unusable);
        }
        assert_eq!(
            (pictures.thumbs.len(), pictures.order.len()),
            (KEPT_MAX, KEPT_MAX)
        );
        assert_eq!(pictures.get(key(299)), Some(&Thumb::Unusable));
        assert_eq!(pictures.get(key(3)), None);
    }
}
