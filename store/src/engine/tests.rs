mod desk;
mod power;

use cairn_proto::content::attachment::AttachmentHash;
use cairn_proto::content::body::Body;
use cairn_proto::content::extras::Extras;
use cairn_proto::content::message::Draft;
use cairn_proto::content::packed::Content;
use cairn_proto::ids::{ClientSeq, DeviceId, SendStreamId, Timestamp};
use cairn_proto::wire::request::group::CreateGroup;

use super::*;
use crate::limits;
use cairn_core::api::command::{FindOrphans, Join, NewDevice, OwnerInvite};
use cairn_core::command::By;
use cairn_core::record::SecretHash;

fn hash(n: u64) -> AttachmentHash {
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&n.to_be_bytes());
    AttachmentHash::new(bytes)
}

/// Requests attachments that do not exist.
fn ask(engine: &mut Engine, hashes: std::ops::Range<u64>) {
    let command = FindOrphans(hashes.map(hash).collect());
    engine.execute(command, Timestamp::new(1)).unwrap();
    engine.maintain().unwrap();
}

#[test]
fn reads_alone_do_not_grow_memory() {
    let dir = tempfile::tempdir().unwrap();
    let mut engine = Engine::open(dir.path()).unwrap();
    let knows = |engine: &Engine, n| engine.state().attachments.knows(hash(n));
    ask(&mut engine, 0..limits::LOADS_BETWEEN_EVICTIONS - 1);
    assert!(knows(&engine, 0), "the absence is cached");
    ask(&mut engine, 0..1);
    assert!(knows(&engine, 0), "it is not loaded again");
    let last = limits::LOADS_BETWEEN_EVICTIONS;
    ask(&mut engine, last..last + 1);
    assert!(
        !knows(&engine, 0) && !knows(&engine, last),
        "nothing was written, and everything was evicted"
    );
    engine.close().unwrap();
}

#[test]
fn accepted_sends_stay_accepted_on_full_disk() {
    let (dir, now, token) = (
        tempfile::tempdir().unwrap(),
        Timestamp::new(1),
        SecretHash([1; 32]),
    );
    let mut engine = Engine::open(dir.path()).unwrap();
    engine
        .execute(
            OwnerInvite {
                token,
                expires_at: Timestamp::new(2),
            },
            now,
        )
        .unwrap();
    let device = NewDevice {
        id: DeviceId::new(1),
        name: "desk".parse().unwrap(),
        token,
        stream: SendStreamId::new(1),
        push: false,
    };
    let join = Join {
        invite: token,
        name: "ada".parse().unwrap(),
        password: None,
        device,
    };
    let actor = engine.execute(join, now).unwrap().actor;
    let create = CreateGroup {
        name: "team".parse().unwrap(),
        members: Vec::new(),
    };
    let conversation = engine.execute(By(actor, create), now).unwrap();
    let send = |engine: &mut Engine, seq| {
        let body = Body::Text("hello".parse().unwrap());
        let draft = Draft {
            conversation,
            seq: ClientSeq::new(seq),
            content: Content::new(body, Extras::default()),
        };
        engine.execute(By(actor, draft), now)
    };
    let accepted = send(&mut engine, 1).unwrap();
    engine.state.set_disk_low(true);
    assert_eq!(send(&mut engine, 2), Err(ErrorCode::DiskFull));
    assert_eq!(send(&mut engine, 1), Ok(accepted), "a retry");
    engine.state.set_disk_low(false);
    assert!(send(&mut engine, 2).is_ok());
    engine.close().unwrap();
}
