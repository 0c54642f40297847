use cairn_proto::attachment::AttachmentHash;
use cairn_proto::ids::Timestamp;

use super::*;
use crate::core::attachment::AttachmentCommand;
use crate::limits;

fn hash(n: u64) -> AttachmentHash {
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&n.to_be_bytes());
    AttachmentHash::new(bytes)
}

/// Asks about attachments that nobody knows.
fn ask(engine: &mut Engine, hashes: std::ops::Range<u64>) {
    let command = Command::Attachment(AttachmentCommand::Unrecorded(hashes.map(hash).collect()));
    engine.execute(command, Timestamp::new(1)).unwrap();
    engine.tend().unwrap();
}

#[test]
fn questions_alone_fill_no_memory() {
    let dir = tempfile::tempdir().unwrap();
    let mut engine = Engine::open(dir.path()).unwrap();
    let knows = |engine: &Engine, n| engine.state().attachments.knows(hash(n));
    ask(&mut engine, 0..limits::LOADS_BETWEEN_RELEASES - 1);
    assert!(knows(&engine, 0), "that there is no such attachment");
    ask(&mut engine, 0..1);
    assert!(knows(&engine, 0), "it is not looked for again");
    let last = limits::LOADS_BETWEEN_RELEASES;
    ask(&mut engine, last..last + 1);
    assert!(!knows(&engine, 0) && !knows(&engine, last), "nothing was written, and everything is forgotten");
    engine.close().unwrap();
}
