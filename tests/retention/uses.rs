//! Expiry that drops more attachment references than one step permits.

use std::path::Path;

use cairn_client::proto::content::attachment::{Attachment, AttachmentHash};
use cairn_client::proto::content::body::Body;
use cairn_client::proto::content::extras::Extras;
use cairn_client::proto::content::message::Draft;
use cairn_client::proto::content::packed::Content;
use cairn_client::proto::ids::{
    ClientSeq, ConversationId, DeviceId, MsgId, SendStreamId, Timestamp,
};
use cairn_client::proto::model::retention::Retention;
use cairn_client::proto::text::{Caption, DeviceName, FileName, GroupName, MediaType, UserName};
use cairn_client::proto::wire::request::group::{CreateGroup, SetRetention};
use cairn_core::By;
use cairn_core::api::actor::Actor;
use cairn_core::api::command::{
    BeginUpload, EndUpload, Expire, GetRetained, Join, NewDevice, OwnerInvite,
};
use cairn_core::command::Handle;
use cairn_core::limits::REFS_DROPPED_MAX;
use cairn_core::record::SecretHash;
use cairn_store::check::doctor;
use cairn_store::engine::Engine;
use cairn_store::env::Env;
use cairn_store::files::attachments::LocalAttachments;

const NOW: Timestamp = Timestamp::new(1_700_000_000_000);
const POLICY: Retention = Retention::Days(1);

/// Messages that refer to an attachment: two and a half steps, and those that stay.
const USES: u64 = REFS_DROPPED_MAX as u64 * 5 / 2 + KEPT;
const KEPT: u64 = 21;

/// A group in a data directory, and its members.
struct Talk {
    engine: Engine,
    actor: Actor,
    team: ConversationId,
}

impl Talk {
    fn begin(dir: &Path) -> Self {
        let mut engine = Engine::open(dir).unwrap();
        let invite = SecretHash([1; 32]);
        engine
            .execute(
                OwnerInvite {
                    token: invite,
                    expires_at: Timestamp::new(u64::MAX),
                },
                NOW,
            )
            .unwrap();
        let (id, stream, name) = (
            DeviceId::new(1),
            SendStreamId::new(1),
            DeviceName::new("test").unwrap(),
        );
        let device = NewDevice {
            id,
            name,
            token: SecretHash([2; 32]),
            stream,
            push: false,
        };
        let join = Join {
            invite,
            name: UserName::new("ada").unwrap(),
            password: None,
            device,
        };
        let logged_in = engine.execute(join, NOW).unwrap();
        let mut talk = Self {
            engine,
            actor: logged_in.actor,
            team: ConversationId::new(1),
        };
        let conversation = talk.ask(CreateGroup {
            name: GroupName::new("team").unwrap(),
            members: Vec::new(),
        });
        talk.team = conversation;
        talk.ask(SetRetention {
            conversation,
            retention: Some(POLICY),
        });
        talk
    }

    fn ask<C: Handle>(&mut self, call: C) -> C::Answer {
        self.engine.execute(By(self.actor, call), NOW).unwrap()
    }

    fn upload(&mut self, dir: &Path, content: &[u8]) -> Attachment {
        let hash = AttachmentHash::new(*blake3::hash(content).as_bytes());
        let (files, size_bytes) = (
            LocalAttachments::open(&Env::real(), dir).unwrap(),
            content.len() as u64,
        );
        let mut partial = files.upload(self.actor.user, hash).unwrap();
        partial.add(content).unwrap();
        assert!(partial.is_complete().unwrap());
        files.place(&partial).unwrap();
        self.engine
            .execute(
                EndUpload {
                    actor: self.actor,
                    hash,
                    bytes: size_bytes,
                },
                NOW,
            )
            .unwrap();
        let (name, media_type) = (
            FileName::new("a").unwrap(),
            MediaType::new("text/plain").unwrap(),
        );
        Attachment {
            hash,
            name,
            media_type,
            size_bytes,
            caption: Caption::new("").unwrap(),
        }
    }

    /// Sends messages that refer to the files in turn. Returns their msgids.
    fn name(&mut self, files: &[Attachment; 3]) -> Vec<MsgId> {
        let named = files.iter().cycle().zip(1..=USES).map(|(file, seq)| {
            let (seq, body) = (ClientSeq::new(seq), Body::from(file.clone()));
            self.ask(Draft {
                conversation: self.team,
                seq,
                content: Content::new(body, Extras::NONE),
            })
        });
        named.collect()
    }

    /// Runs one step of the expiry up to `aged`. Returns the new floor, and whether more remains.
    fn expire(&mut self, aged: MsgId) -> (MsgId, bool) {
        let expire = Expire {
            conversation: self.team,
            policy: POLICY,
            aged,
        };
        let has_more = self.engine.execute(expire, NOW).unwrap();
        let retained = self.engine.execute(GetRetained(self.team), NOW).unwrap();
        (retained.floor, has_more)
    }

    /// The number of references to each file.
    fn uses(&mut self, files: &[Attachment; 3]) -> [u64; 3] {
        files.each_ref().map(|file| {
            self.engine
                .execute(
                    BeginUpload {
                        actor: self.actor,
                        hash: file.hash,
                        bytes: file.size_bytes,
                    },
                    NOW,
                )
                .unwrap();
            self.engine
                .state()
                .attachments
                .record(file.hash)
                .unwrap()
                .uses
        })
    }
}

/// Runs all steps back to back, without waiting for a checkpoint.
fn expires_in_steps(talk: &mut Talk, named: &[MsgId], files: &[Attachment; 3]) {
    let step = REFS_DROPPED_MAX;
    let wanted = named[named.len() - KEPT as usize].prev();
    for (taken, is_last) in [
        (step, false),
        (2 * step, false),
        (named.len() - KEPT as usize, true),
    ] {
        let (floor, has_more) = talk.expire(wanted);
        assert_eq!((floor, has_more), (named[taken].prev(), !is_last));
        assert_eq!(
            talk.uses(files).iter().sum::<u64>(),
            (named.len() - taken) as u64
        );
        talk.engine.commit().unwrap();
    }
    assert_eq!(
        talk.expire(wanted),
        (wanted, false),
        "nothing is left to do"
    );
    assert_eq!(talk.uses(files), [KEPT / 3; 3]);
}

#[test]
fn mass_expiry_does_not_block_commands() {
    for is_stored in [false, true] {
        let dir = tempfile::tempdir().unwrap();
        let mut talk = Talk::begin(dir.path());
        let files =
            [b"one".as_slice(), b"two", b"three"].map(|content| talk.upload(dir.path(), content));
        let named = talk.name(&files);
        talk.engine.commit().unwrap();
        if is_stored {
            let Talk {
                engine,
                actor,
                team,
            } = talk;
            engine.close().unwrap();
            talk = Talk {
                engine: Engine::open(dir.path()).unwrap(),
                actor,
                team,
            };
        }
        expires_in_steps(&mut talk, &named, &files);
        // Kill the server, and replay the log.
        let Talk {
            engine,
            actor,
            team,
        } = talk;
        drop(engine);
        let mut talk = Talk {
            engine: Engine::open(dir.path()).unwrap(),
            actor,
            team,
        };
        assert_eq!(
            talk.expire(MsgId::ZERO).0,
            named[named.len() - KEPT as usize].prev()
        );
        assert_eq!(talk.uses(&files), [KEPT / 3; 3]);
        talk.engine.close().unwrap();
        let report = doctor::check(dir.path(), doctor::Depth::Hashes, &mut |_| ()).unwrap();
        assert_eq!((report.messages, report.attachments), (KEPT, 3));
    }
}
