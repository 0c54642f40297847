use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Wake, Waker};
use std::time::Duration;

use cairn_core::api::actor::Actor;
use cairn_core::api::command::{Expire, Invite, Join, NewDevice, OwnerInvite};
use cairn_core::command::By;
use cairn_core::record::SecretHash;
use cairn_proto::content::body::Body;
use cairn_proto::content::extras::Extras;
use cairn_proto::content::message::{Draft, unpack_entry};
use cairn_proto::content::packed::Content;
use cairn_proto::ids::{ClientSeq, DeviceId, SendStreamId, Timestamp};
use cairn_proto::model::retention::Retention;
use cairn_proto::wire::request::group::{CreateGroup, RemoveMembers, SetRetention};
use cairn_proto::wire::request::message::Recall;
use cairn_proto::wire::request::session::PullRange;

use super::*;
use crate::blocks::run::RunLimits;
use crate::engine::Engine;
use crate::env::{BackgroundWork, Env};
use crate::testing::{MemoryLog, SimDisk};

const NOW: Timestamp = Timestamp::new(1);

/// An engine with two users in a group.
struct Fixture {
    disk: SimDisk,
    env: Env,
    engine: Engine,
    actor: Actor,
    other: UserId,
    group: ConversationId,
    seq: u64,
}

fn join(invite: SecretHash, n: u8) -> Join {
    Join {
        invite,
        name: format!("user{n}").parse().unwrap(),
        password: None,
        device: NewDevice {
            id: DeviceId::new(u64::from(n)),
            name: "desk".parse().unwrap(),
            token: SecretHash([n + 10; 32]),
            stream: SendStreamId::new(u64::from(n)),
            push: false,
        },
    }
}

impl Fixture {
    fn new(log: Option<&MemoryLog>) -> Self {
        let disk = SimDisk::new(1);
        let env = Env::simulated(&disk, 1);
        let env = log.map_or(env.clone(), |log| env.with_log(log));
        let mut engine = Engine::open_in(&env, Path::new("/data")).unwrap();
        let token = SecretHash([1; 32]);
        let expires_at = Timestamp::new(2);
        engine
            .execute(OwnerInvite { token, expires_at }, NOW)
            .unwrap();
        let actor = engine.execute(join(token, 1), NOW).unwrap().actor;
        let invited = SecretHash([2; 32]);
        let invite = Invite {
            actor,
            token: invited,
            uses: 1,
            life_seconds: 100,
        };
        engine.execute(invite, NOW).unwrap();
        let other = engine.execute(join(invited, 2), NOW).unwrap().actor.user;
        let create = CreateGroup {
            name: "team".parse().unwrap(),
            members: vec![other],
        };
        let group = engine.execute(By(actor, create), NOW).unwrap();
        engine.commit().unwrap();
        Self {
            disk,
            env,
            engine,
            actor,
            other,
            group,
            seq: 0,
        }
    }

    /// One with each log.
    fn with_each_log() -> [Self; 2] {
        [None, Some(&MemoryLog::new())].map(Self::new)
    }

    fn send(&mut self, text: &str) -> MsgId {
        self.seq += 1;
        let body = Body::Text(text.parse().unwrap());
        let draft = Draft {
            conversation: self.group,
            seq: ClientSeq::new(self.seq),
            content: Content::new(body, Extras::default()),
        };
        let sent = self.engine.execute(By(self.actor, draft), NOW).unwrap();
        self.engine.commit().unwrap();
        sent
    }

    fn set_retention(&mut self, days: u32) {
        let request = SetRetention {
            conversation: self.group,
            retention: Some(Retention::Days(days)),
        };
        self.engine.execute(By(self.actor, request), NOW).unwrap();
    }

    /// Completes a checkpoint, after which the log has nothing.
    fn checkpoint(&mut self) {
        self.env.clock().advance(Duration::from_secs(60));
        self.engine.maintain().unwrap();
        while self.engine.step(BackgroundWork::Checkpoint) {}
        self.engine.maintain().unwrap();
        while self.engine.step(BackgroundWork::Segments) {}
    }

    /// The texts that a rebuild reads.
    fn stored_texts(&self) -> Vec<String> {
        let timeline = self.engine.timelines().get(self.group).unwrap();
        let history = self.engine.history();
        let run = history.read(&timeline, PullRange::From(MsgId::new(1)), RunLimits::MAX);
        let text = |body| match body {
            Body::Text(text) => Some(text.to_string()),
            _ => None,
        };
        let messages = run.unwrap().messages().unwrap();
        messages
            .into_iter()
            .filter_map(|message| text(message.body))
            .collect()
    }

    fn follow(&self, from: Position, kinds: Kinds) -> Follower {
        self.engine.followers().follow(from, kinds)
    }

    fn last(&self) -> Position {
        self.engine.followers().last()
    }

    fn reopen(self) -> Self {
        drop(self.engine);
        let engine = Engine::open_in(&self.env, Path::new("/data")).unwrap();
        Self { engine, ..self }
    }
}

fn all() -> Kinds {
    [
        Kinds::APPENDED,
        Kinds::REWRITTEN,
        Kinds::FLOOR_RAISED,
        Kinds::MEMBER_REMOVED,
        Kinds::RETENTION,
    ]
    .into_iter()
    .fold(Kinds::NONE, Kinds::with)
}

/// Everything up to the end of the log.
fn read(follower: &mut Follower) -> Vec<Followed> {
    let mut read = Vec::new();
    loop {
        match follower.read().unwrap() {
            Follow::Changes(changes) => read.extend(changes),
            Follow::CaughtUp => return read,
            Follow::Rebuild => panic!("changes are missing"),
        }
    }
}

/// The texts among appended entries.
fn texts(changes: &[Followed]) -> Vec<String> {
    let text = |change: &Followed| match change {
        Followed::Appended { entry, .. } => match unpack_entry(entry).unwrap().body {
            Body::Text(text) => Some(text.to_string()),
            _ => None,
        },
        _ => None,
    };
    changes.iter().filter_map(text).collect()
}

#[test]
fn follower_gets_each_change_once_and_in_order() {
    for mut fixture in Fixture::with_each_log() {
        let (group, user) = (fixture.group, fixture.other);
        let mut follower = fixture.follow(fixture.last(), all());
        assert_eq!(follower.read().unwrap(), Follow::CaughtUp);
        let first = fixture.send("one");
        fixture.send("two");
        assert_eq!(texts(&read(&mut follower)), ["one", "two"]);
        assert_eq!(read(&mut follower), []);
        let recall = Recall {
            conversation: group,
            msgid: first,
        };
        fixture
            .engine
            .execute(By(fixture.actor, recall), NOW)
            .unwrap();
        fixture.set_retention(1);
        let expire = Expire {
            conversation: group,
            policy: Retention::Days(1),
            aged: first,
        };
        fixture.engine.execute(expire, NOW).unwrap();
        let leave = RemoveMembers {
            conversation: group,
            users: vec![user],
        };
        fixture
            .engine
            .execute(By(fixture.actor, leave), NOW)
            .unwrap();
        // Not before the commit.
        assert_eq!(read(&mut follower), []);
        fixture.engine.commit().unwrap();
        let changes = read(&mut follower);
        let others: Vec<&Followed> = changes
            .iter()
            .filter(|change| !matches!(change, Followed::Appended { .. }))
            .collect();
        let [
            Followed::Rewritten { msgid, entry, .. },
            Followed::Retention { conversation },
            Followed::FloorRaised { floor, .. },
            Followed::MemberRemoved { user: left, .. },
        ] = others[..]
        else {
            panic!("{others:?}");
        };
        assert_eq!(
            (*msgid, *floor, *conversation, *left),
            (first, first, group, user)
        );
        let rewritten = unpack_entry(entry).unwrap().body;
        assert!(matches!(rewritten, Body::Recalled { .. }));
        assert_eq!(follower.position(), fixture.last());
    }
}

#[test]
fn stored_position_is_resumed_after_a_restart() {
    for mut fixture in Fixture::with_each_log() {
        let mut follower = fixture.follow(fixture.last(), Kinds::APPENDED);
        fixture.send("one");
        assert_eq!(texts(&read(&mut follower)), ["one"]);
        let stored = follower.position();
        fixture.send("two");
        let mut fixture = fixture.reopen();
        fixture.send("three");
        let mut follower = fixture.follow(stored, Kinds::APPENDED);
        assert_eq!(texts(&read(&mut follower)), ["two", "three"]);
    }
}

/// It was stopped for three checkpoints.
#[test]
fn follower_left_behind_rebuilds() {
    for mut fixture in Fixture::with_each_log() {
        let mut slow = fixture.follow(fixture.last(), Kinds::APPENDED);
        let mut fast = fixture.follow(slow.position(), Kinds::APPENDED);
        fixture.send("zero");
        // It has the first segment open.
        assert_eq!(texts(&read(&mut slow)), ["zero"]);
        for round in 1..=3 {
            fixture.send(&format!("round {round}"));
            if round < 3 {
                assert!(!read(&mut fast).is_empty());
            }
            fixture.checkpoint();
            let left = fixture.follow(fixture.last(), all()).read().unwrap();
            assert_eq!(left, Follow::CaughtUp, "round {round}");
        }
        for follower in [&mut slow, &mut fast] {
            assert_eq!(follower.read().unwrap(), Follow::Rebuild);
            let stored = fixture.stored_texts();
            assert_eq!(stored, ["zero", "round 1", "round 2", "round 3"]);
            assert_eq!(read(follower), []);
            assert_eq!(follower.position(), fixture.last());
        }
        fixture.send("after");
        assert_eq!(texts(&read(&mut slow)), ["after"]);
        let mut fixture = fixture.reopen();
        let mut again = fixture.follow(Position::START, Kinds::APPENDED);
        assert_eq!(again.read().unwrap(), Follow::Rebuild);
        fixture.send("more");
        assert_eq!(texts(&read(&mut again)), ["after", "more"]);
    }
}

/// What the trees lack at that time is read again.
#[test]
fn rebuilding_follower_reads_on_after_the_trees() {
    for mut fixture in Fixture::with_each_log() {
        let mut follower = fixture.follow(Position::START, Kinds::APPENDED);
        fixture.checkpoint();
        fixture.send("later");
        assert_eq!(follower.read().unwrap(), Follow::Rebuild);
        assert_eq!(texts(&read(&mut follower)), ["later"]);
        let mut fixture = fixture.reopen();
        let mut follower = fixture.follow(Position::START, Kinds::APPENDED);
        assert_eq!(follower.read().unwrap(), Follow::Rebuild);
        assert_eq!(texts(&read(&mut follower)), ["later"]);
        fixture.send("last");
        assert_eq!(texts(&read(&mut follower)), ["last"]);
    }
}

#[derive(Debug, Default)]
struct Wakes(AtomicUsize);

impl Wake for Wakes {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

#[test]
fn follower_is_woken_for_its_changes_alone() {
    for mut fixture in Fixture::with_each_log() {
        let wakes = Arc::<Wakes>::default();
        let waker = Waker::from(wakes.clone());
        let context = Context::from_waker(&waker);
        let mut follower = fixture.follow(fixture.last(), Kinds::RETENTION);
        let dropped = fixture.follow(fixture.last(), Kinds::RETENTION);
        drop(dropped);
        for days in 1..=2 {
            assert_eq!(follower.poll_ready(&context), Poll::Pending);
            fixture.send("one");
            assert_eq!(follower.poll_ready(&context), Poll::Pending);
            let before = wakes.0.load(Ordering::Relaxed);
            fixture.set_retention(days);
            fixture.engine.commit().unwrap();
            assert_eq!(wakes.0.load(Ordering::Relaxed), before + 1);
            assert_eq!(follower.poll_ready(&context), Poll::Ready(()));
            assert_eq!(read(&mut follower).len(), 1);
        }
    }
}

/// The log was restored from an older backup than the position.
#[test]
fn follower_ahead_of_the_log_rebuilds() {
    for mut fixture in Fixture::with_each_log() {
        let mut follower = fixture.follow(Position::at(1_000), all());
        assert_eq!(follower.read().unwrap(), Follow::Rebuild);
        read(&mut follower);
        fixture.send("one");
        assert_eq!(texts(&read(&mut follower)), ["one"]);
    }
}

#[test]
fn batches_without_a_wanted_change_are_not_read() {
    let mut fixture = Fixture::new(None);
    let mut follower = fixture.follow(fixture.last(), Kinds::RETENTION);
    for n in 0..50 {
        fixture.send(&format!("message {n}"));
    }
    let calls = fixture.disk.calls();
    assert_eq!(read(&mut follower), []);
    assert_eq!(fixture.disk.calls(), calls);
    fixture.set_retention(1);
    fixture.engine.commit().unwrap();
    let group = fixture.group;
    let expected = Followed::Retention {
        conversation: group,
    };
    assert_eq!(read(&mut follower), [expected]);
    assert!(fixture.disk.calls() > calls);
}
