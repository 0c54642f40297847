//! A small data directory on a simulated disk, with rows of many trees and a log to replay.

use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use cairn_core::Command;
use cairn_core::api::actor::Actor;
use cairn_core::api::command::{BeginEpoch, Invite, Join, NewDevice, OwnerInvite};
use cairn_core::command::By;
use cairn_core::record::SecretHash;
use cairn_proto::content::body::Body;
use cairn_proto::content::extras::Extras;
use cairn_proto::content::message::Draft;
use cairn_proto::content::packed::Content;
use cairn_proto::ids::{
    ClientSeq, ConversationId, DeviceId, EpochId, MsgId, SendStreamId, Timestamp,
};
use cairn_proto::wire::request::group::CreateGroup;
use cairn_proto::wire::request::message::{Edit, Recall};
use cairn_proto::wire::request::reading::{Ack, MarkRead};

use crate::check::doctor::{self, Depth, Report};
use crate::disk::{Disk as _, FileKind, OpenMode};
use crate::engine::Engine;
use crate::env::{BackgroundWork, Env};
use crate::testing::SimDisk;

pub(super) const DIR: &str = "/data";

const SEED: u64 = 1;
const USERS: u64 = 3;

/// Messages in each half: the first is in blocks, the second in the log.
const MESSAGES: u64 = 12;

pub(super) static BASE: LazyLock<Base> = LazyLock::new(Base::build);

pub(super) struct Base {
    folders: Vec<PathBuf>,
    pub(super) files: Vec<(PathBuf, Vec<u8>)>,
    /// What the doctor says about it.
    pub(super) report: Report,
}

struct Builder {
    engine: Engine,
    now: u64,
    actors: Vec<Actor>,
    seqs: u64,
}

impl Builder {
    fn execute<C: Command>(&mut self, command: C) -> C::Answer {
        self.now += 1;
        let now = Timestamp::new(self.now);
        self.engine.execute(command, now).unwrap()
    }

    fn commit(&mut self) {
        self.engine.commit().unwrap();
        self.engine.maintain().unwrap();
        for work in [
            BackgroundWork::Segments,
            BackgroundWork::Watermark,
            BackgroundWork::Checkpoint,
        ] {
            while self.engine.step(work) {}
        }
    }

    fn join(&mut self, invite: SecretHash) {
        let number = self.actors.len() as u64 + 1;
        let device = NewDevice {
            id: DeviceId::new(number),
            name: "desk".parse().unwrap(),
            token: SecretHash([number as u8; 32]),
            stream: SendStreamId::new(number),
            push: false,
        };
        let joined = self.execute(Join {
            invite,
            name: format!("user{number}").parse().unwrap(),
            password: None,
            device,
        });
        self.actors.push(joined.actor);
    }

    fn talk(&mut self, conversation: ConversationId) {
        for _ in 0..MESSAGES {
            self.seqs += 1;
            let text = format!(
                "message {} {}",
                self.seqs,
                "word ".repeat(self.seqs as usize)
            );
            let draft = Draft {
                conversation,
                seq: ClientSeq::new(self.seqs),
                content: Content::new(Body::Text(text.parse().unwrap()), Extras::NONE),
            };
            let actor = self.actors[0];
            self.execute(By(actor, draft));
            self.commit();
        }
    }
}

impl Base {
    fn build() -> Self {
        let disk = SimDisk::new(SEED);
        let env = Env::simulated(&disk, SEED);
        let mut builder = Builder {
            engine: Engine::open_in(&env, Path::new(DIR)).unwrap(),
            now: 1_000,
            actors: Vec::new(),
            seqs: 0,
        };
        builder.execute(BeginEpoch(EpochId::new(1)));
        let (owner, others) = (SecretHash([101; 32]), SecretHash([102; 32]));
        let expires_at = Timestamp::new(u64::MAX);
        builder.execute(OwnerInvite {
            token: owner,
            expires_at,
        });
        builder.join(owner);
        let invite = Invite {
            actor: builder.actors[0],
            token: others,
            uses: USERS as u32,
            life_seconds: 1_000,
        };
        builder.execute(invite);
        (1..USERS).for_each(|_| builder.join(others));
        let create = CreateGroup {
            name: "team".parse().unwrap(),
            members: builder.actors[1..].iter().map(|one| one.user).collect(),
        };
        let team = builder.execute(By(builder.actors[0], create));
        builder.commit();
        builder.talk(team);
        // The trees get what there is.
        builder.engine.close().unwrap();
        builder.engine = Engine::open_in(&env, Path::new(DIR)).unwrap();
        builder.talk(team);
        let [first, second] = [4, 5].map(MsgId::new);
        builder.execute(By(
            builder.actors[0],
            Edit {
                conversation: team,
                msgid: first,
                text: "edited".parse().unwrap(),
            },
        ));
        builder.execute(By(
            builder.actors[0],
            Recall {
                conversation: team,
                msgid: second,
            },
        ));
        builder.execute(By(
            builder.actors[1],
            Ack {
                conversation: team,
                msgid: second,
            },
        ));
        builder.execute(By(
            builder.actors[1],
            MarkRead {
                conversation: team,
                msgid: first,
            },
        ));
        builder.commit();
        drop(builder.engine);
        let mut base = Self {
            folders: Vec::new(),
            files: Vec::new(),
            report: Report::default(),
        };
        base.collect(&disk, Path::new(DIR));
        base.report = check(&base.restore()).unwrap();
        base
    }

    fn collect(&mut self, disk: &SimDisk, dir: &Path) {
        self.folders.push(dir.to_owned());
        for name in disk.list(dir).unwrap() {
            let path = dir.join(name);
            match disk.stat(&path).unwrap().kind {
                FileKind::Folder => self.collect(disk, &path),
                _ => self.files.push((path.clone(), disk.read(&path).unwrap())),
            }
        }
    }

    /// A disk with these folders and files, on which nothing is lost.
    pub(super) fn restore_with(&self, files: &[(PathBuf, Vec<u8>)]) -> Env {
        let disk = SimDisk::new(SEED);
        for folder in &self.folders {
            disk.create_dir(folder).unwrap();
        }
        for (path, bytes) in files {
            let file = disk.open(path, OpenMode::CreateEmpty).unwrap();
            file.write_at(bytes, 0).unwrap();
        }
        Env::simulated(&disk, SEED + 1)
    }

    pub(super) fn restore(&self) -> Env {
        self.restore_with(&self.files)
    }
}

/// What `cairn doctor` finds.
pub(super) fn check(env: &Env) -> Result<Report, doctor::DoctorError> {
    doctor::check_in(env, Path::new(DIR), Depth::Lengths, &mut |_| ())
}
