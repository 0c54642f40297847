//! Generators of attachments and transfer frames.

use cairn_proto::content::attachment::{Attachment, AttachmentHash, Media, Preview};
use cairn_proto::wire::event::StreamOpening;
use proptest::collection::vec;
use proptest::prelude::*;

use super::{caption, conversation_id, file_name, media_type, msgid, number, small};

pub(super) fn attachment() -> impl Strategy<Value = Attachment> {
    let parts = (
        any::<[u8; 32]>(),
        file_name(),
        media_type(),
        number(),
        caption(),
    );
    parts.prop_map(|(hash, name, media_type, size_bytes, caption)| {
        let hash = AttachmentHash::new(hash);
        Attachment {
            hash,
            name,
            media_type,
            size_bytes,
            caption,
        }
    })
}

pub(super) fn media() -> impl Strategy<Value = Media> {
    (attachment(), small(), small(), vec(any::<u8>(), 0..300)).prop_map(
        |(file, width, height, preview)| Media {
            file,
            width,
            height,
            preview: Preview::new(preview.into()).unwrap(),
        },
    )
}

pub(crate) fn opening() -> impl Strategy<Value = StreamOpening> {
    let hash = || any::<[u8; 32]>().prop_map(AttachmentHash::new);
    prop_oneof![
        Just(StreamOpening::Timeline),
        (hash(), number()).prop_map(|(hash, bytes)| StreamOpening::Upload { hash, bytes }),
        (conversation_id(), msgid(), hash(), number()).prop_map(
            |(conversation, msgid, hash, from)| StreamOpening::Download {
                conversation,
                msgid,
                hash,
                from
            }
        ),
    ]
}
