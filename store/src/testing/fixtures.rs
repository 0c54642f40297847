//! Helpers for the store's tests.

use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;
use cairn_proto::content::body::Body;
use cairn_proto::content::extras::Extras;
use cairn_proto::content::message::pack_entry;
use cairn_proto::ids::{ConversationId, MsgId, Timestamp, UserId};
use cairn_proto::text::Text;

use crate::files::poison::Poison;
use crate::timeline::Timeline;
use crate::trees::db::Trees;

pub(crate) const CONVERSATION: ConversationId = ConversationId::new(5);

pub(crate) fn id(n: u64) -> MsgId {
    MsgId::new(n)
}

/// A packed entry that contains its number. Some entries are long.
pub(crate) fn entry(n: u64) -> Bytes {
    let mut text = format!("message {n}");
    if n.is_multiple_of(7) {
        (0..n % 500).for_each(|word| {
            text.push_str(&format!(
                " {}",
                word.wrapping_mul(n).wrapping_mul(2_654_435_761) % 1009
            ))
        });
    }
    let mut packed = Vec::new();
    pack_entry(
        UserId::new(3),
        Timestamp::new(n),
        &Body::Text(Text::new(text).unwrap()),
        &Extras::NONE,
        &mut packed,
    );
    packed.into()
}

pub(crate) fn entries(ids: std::ops::RangeInclusive<u64>) -> Vec<u8> {
    ids.flat_map(|n| entry(n).to_vec()).collect()
}

/// A timeline with the entries above `stored` up to `head` in memory.
pub(crate) fn timeline(stored: u64, head: u64) -> Arc<Timeline> {
    let timeline = Arc::new(Timeline::new(CONVERSATION, MsgId::ZERO, id(stored)));
    publish(&timeline, head);
    timeline
}

pub(crate) fn publish(timeline: &Timeline, head: u64) {
    let first = timeline.head().next();
    timeline
        .publish(first, (first.get()..=head).map(entry))
        .unwrap();
}

pub(crate) fn open(dir: &Path, poison: &Poison) -> Trees {
    Trees::open(&dir.join("trees"), &dir.join("aside"), poison).unwrap()
}

/// Copies a folder, as a crash at this point would leave it.
pub(crate) fn copy_dir(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for file in std::fs::read_dir(from).unwrap().map(Result::unwrap) {
        let target = to.join(file.file_name());
        if file.file_type().unwrap().is_dir() {
            copy_dir(&file.path(), &target);
        } else {
            std::fs::copy(file.path(), target).unwrap();
        }
    }
}
