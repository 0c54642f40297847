//! Blocks of arbitrary bytes.

use bytes::Bytes;
use cairn_proto::content::message::unpack_entry;
use cairn_proto::ids::{ConversationId, MsgId};

use crate::blocks::block::{self, BlockPlace, BlockReader, BlockWriter};
use crate::limits::BLOCK_RAW_BYTES_MAX;

/// Reads a block with these bytes, and one that has their right checksum. What can be split into
/// entries can be packed and read again.
pub fn block(data: &[u8]) {
    let place = BlockPlace {
        conversation: ConversationId::new(5),
        first: MsgId::new(1),
    };
    let reader = BlockReader::default();
    let read = |value: &[u8]| {
        let block = reader.unpack(place, value).ok()?;
        assert!(block.entries.len() <= BLOCK_RAW_BYTES_MAX.max(value.len()));
        block.split().ok()
    };
    read(data);
    let mut sealed = data.to_vec();
    block::seal(place, &mut sealed);
    let Some(entries) = read(&sealed) else {
        return;
    };
    for entry in &entries {
        // Entries are checked when they are used.
        let _ = unpack_entry(entry);
    }
    let packed = BlockWriter::new().unwrap().pack(place, &entries).unwrap();
    let again: Vec<Bytes> = reader.unpack(place, &packed).unwrap().split().unwrap();
    assert_eq!(again, entries);
}
