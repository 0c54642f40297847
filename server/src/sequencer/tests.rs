//! Registrations, and revocations in the same batch.

use std::path::Path;
use std::sync::Arc;

use cairn_core::Actor;
use cairn_core::api::command::{Invite, Join, LoggedIn, Login, NewDevice, OwnerInvite, StreamPast};
use cairn_core::command::{Asked, By};
use cairn_core::record::SecretHash;
use cairn_proto::content::body::Body;
use cairn_proto::content::extras::Extras;
use cairn_proto::content::message::Draft;
use cairn_proto::content::packed::Content;
use cairn_proto::ids::{ClientSeq, ConversationId, DeviceId, RequestId, SendStreamId, Timestamp};
use cairn_proto::model::people::RelationAct;
use cairn_proto::model::presence::{DeviceKind, PresentDevice, UserPresence};
use cairn_proto::wire::error::ErrorCode;
use cairn_proto::wire::event::Update;
use cairn_proto::wire::frame;
use cairn_proto::wire::request::group::{CreateGroup, RemoveMembers};
use cairn_proto::wire::request::people::Relate;
use cairn_proto::wire::request::{Answer, Request};
use cairn_proto::wire::response::ServerFrame;
use cairn_store::env::Env;
use cairn_store::testing::{Call, Failure, Fault, SimDisk};
use tokio::sync::oneshot::Receiver;

use super::*;
use crate::delivery::push::UpdateKey;
use crate::hub::Hub;
use crate::loopback::Loopback;
use crate::sequencer::ticket::{Ticket, job};
use crate::session::reply_to::ReplyTo;
use crate::session::{Session, registration};

const NOW: Timestamp = Timestamp::new(1);

/// A server with two users who share a group and a direct chat.
struct Scene {
    disk: SimDisk,
    decider: Decider,
    hub: Hub,
    loopback: Loopback,
    ada: User,
    bob: User,
    team: ConversationId,
    chat: ConversationId,
}

struct User {
    actor: Actor,
    token: SecretHash,
    session: Arc<Session>,
}

impl Scene {
    async fn set() -> Self {
        let loopback = Loopback::connect().await;
        let disk = SimDisk::new(1);
        let mut engine = Engine::open_in(&Env::simulated(&disk, 1), Path::new("data")).unwrap();
        let (owner, member) = (SecretHash([1; 32]), SecretHash([2; 32]));
        let invite = OwnerInvite {
            token: owner,
            expires_at: Timestamp::new(2),
        };
        engine.execute(invite, NOW).unwrap();
        let ada = join(&mut engine, owner, "ada", 1);
        let invite = Invite {
            actor: ada,
            token: member,
            uses: 1,
            life_seconds: 60,
        };
        engine.execute(invite, NOW).unwrap();
        let bob = join(&mut engine, member, "bob", 2);
        let create = CreateGroup {
            name: "team".parse().unwrap(),
            members: vec![bob.user],
        };
        let team = engine.execute(By(ada, create), NOW).unwrap();
        let chat = ConversationId::direct(ada.user, bob.user).unwrap();
        let body = Body::Text("hello".parse().unwrap());
        let draft = Draft {
            conversation: chat,
            seq: ClientSeq::new(1),
            content: Content::new(body, Extras::NONE),
        };
        engine.execute(By(ada, draft), NOW).unwrap();
        engine.commit().unwrap();
        engine.drain_updates(&mut Vec::new());
        let hub = Hub::new(engine.timelines(), engine.state().settings());
        let mut decider = Decider::new(engine, hub.focused());
        decider.read_clock(NOW, Instant::now());
        let [ada, bob] = [(ada, 1), (bob, 2)].map(|(actor, n)| User {
            actor,
            token: token(n),
            session: Session::new(loopback.server.clone(), true),
        });
        let mut scene = Self {
            disk,
            decider,
            hub,
            loopback,
            ada,
            bob,
            team,
            chat,
        };
        for user in [scene.ada.log_in(), scene.bob.log_in()] {
            let (ticket, mut answer) = user;
            scene.batch([ticket]);
            assert!(answer.try_recv().unwrap().is_ok());
        }
        scene
    }

    /// Decides the tickets in one batch and publishes it.
    fn batch(&mut self, tickets: impl IntoIterator<Item = Ticket>) {
        for ticket in tickets {
            ticket.decide(&mut self.decider);
        }
        self.decider.commit().unwrap();
        self.hub.publish(self.decider.take_publication().unwrap());
    }

    /// Publishes a batch of two tickets, in either order.
    fn in_order(&mut self, is_first: bool, ticket: Ticket, other: Ticket) {
        if is_first {
            self.batch([ticket, other]);
        } else {
            self.batch([other, ticket]);
        }
    }

    fn kick(&self) -> Ticket {
        self.ada.ask(RemoveMembers {
            conversation: self.team,
            users: vec![self.bob.actor.user],
        })
    }

    fn block(&self, by_bob: bool) -> Ticket {
        let (by, other) = match by_bob {
            true => (&self.bob, &self.ada),
            false => (&self.ada, &self.bob),
        };
        by.ask(Relate {
            user: other.actor.user,
            act: RelationAct::Block,
        })
    }

    fn focus(&self, conversation: ConversationId) -> registration::Submission<()> {
        registration::focus(self.bob.session.clone(), self.bob.actor, Some(conversation))
    }

    fn watch(&self) -> registration::Submission<Receiver<Vec<UserPresence>>> {
        registration::watch(
            self.bob.session.clone(),
            self.bob.actor,
            vec![self.ada.actor.user],
        )
    }

    fn focused(&self) -> Option<ConversationId> {
        let focused = *self.bob.session.focus.lock();
        for conversation in [self.team, self.chat] {
            let is_focused = self.hub.focused().has(conversation);
            assert_eq!(is_focused, focused == Some(conversation));
        }
        focused
    }

    /// The presence of Ada that was pushed to Bob.
    fn pushed_presence(&self) -> Option<UserPresence> {
        let push = self.bob.session.push.as_ref().unwrap();
        match push
            .drain_pending()
            .remove(&UpdateKey::Presence(self.ada.actor.user))
        {
            Some(Update::Presence(presence)) => Some(presence),
            None => None,
            other => panic!("{other:?}"),
        }
    }

    fn ada_changes_presence(&self) {
        let present = PresentDevice {
            kind: DeviceKind::Phone,
            is_away: true,
        };
        self.hub.set_present(&self.ada.session, present);
        self.hub.notify_presences();
    }
}

impl User {
    fn ask(&self, call: impl Into<Request>) -> Ticket {
        Ticket::Request {
            reply_to: ReplyTo {
                session: self.session.clone(),
                id: RequestId::new(7),
                reserved: 0,
            },
            actor: self.actor,
            asked: Asked::try_from(call.into()).unwrap(),
            cost: 1,
        }
    }

    fn log_in(&self) -> registration::Submission<Box<LoggedIn>> {
        registration::log_in(self.session.clone(), Arc::default(), self.login())
    }

    fn login(&self) -> Login {
        Login {
            token: self.token,
            stream: self.actor.stream,
            stream_past: StreamPast::New,
            push: true,
            since: None,
        }
    }
}

fn token(n: u8) -> SecretHash {
    SecretHash([n + 10; 32])
}

fn join(engine: &mut Engine, invite: SecretHash, name: &str, n: u8) -> Actor {
    let device = NewDevice {
        id: DeviceId::new(n.into()),
        name: "desk".parse().unwrap(),
        token: token(n),
        stream: SendStreamId::new(n.into()),
        push: false,
    };
    let join = Join {
        invite,
        name: name.parse().unwrap(),
        password: None,
        device,
    };
    engine.execute(join, NOW).unwrap().actor
}

fn answer<T>(mut answer: Receiver<Result<T, ErrorCode>>) -> Result<T, ErrorCode> {
    answer.try_recv().unwrap()
}

const ORDERS: [bool; 2] = [true, false];

#[tokio::test]
async fn kick_in_the_same_batch_ends_reading() {
    let mut scene = Scene::set().await;
    let read =
        |scene: &Scene| registration::read(scene.bob.session.clone(), scene.bob.actor, scene.team);
    let (ticket, granted) = read(&scene);
    scene.batch([ticket]);
    assert_eq!(answer(granted).map(drop), Ok(()));
    assert!(scene.bob.session.readable(scene.team).is_some());
    for is_granted in ORDERS {
        let mut scene = Scene::set().await;
        let (ticket, granted) = read(&scene);
        scene.in_order(is_granted, ticket, scene.kick());
        let expected = if is_granted {
            Ok(())
        } else {
            Err(ErrorCode::NotFound)
        };
        assert_eq!(answer(granted).map(drop), expected);
        assert!(scene.bob.session.readable(scene.team).is_none());
    }
}

#[tokio::test]
async fn kick_in_the_same_batch_ends_focus() {
    let mut scene = Scene::set().await;
    let (ticket, focused) = scene.focus(scene.team);
    scene.batch([ticket]);
    assert_eq!(
        (answer(focused), scene.focused()),
        (Ok(()), Some(scene.team))
    );
    for is_granted in ORDERS {
        let mut scene = Scene::set().await;
        let (ticket, focused) = scene.focus(scene.team);
        scene.in_order(is_granted, ticket, scene.kick());
        let expected = if is_granted {
            Ok(())
        } else {
            Err(ErrorCode::NotFound)
        };
        assert_eq!((answer(focused), scene.focused()), (expected, None));
    }
}

#[tokio::test]
async fn block_in_the_same_batch_ends_focus() {
    let mut scene = Scene::set().await;
    let (ticket, focused) = scene.focus(scene.chat);
    scene.batch([ticket]);
    assert_eq!(
        (answer(focused), scene.focused()),
        (Ok(()), Some(scene.chat))
    );
    for (by_bob, refusal) in [(true, ErrorCode::Blocked), (false, ErrorCode::NotFound)] {
        for is_granted in ORDERS {
            let mut scene = Scene::set().await;
            let (ticket, focused) = scene.focus(scene.chat);
            scene.in_order(is_granted, ticket, scene.block(by_bob));
            let expected = if is_granted { Ok(()) } else { Err(refusal) };
            assert_eq!((answer(focused), scene.focused()), (expected, None));
        }
    }
}

/// A watcher who is blocked finally sees the user offline, as after a block in a later batch.
#[tokio::test]
async fn block_in_the_same_batch_ends_watching() {
    let offline = |scene: &Scene| UserPresence {
        user: scene.ada.actor.user,
        devices: Vec::new(),
    };
    for by_bob in [true, false] {
        for is_one_batch in [true, false] {
            let mut scene = Scene::set().await;
            let (ticket, watched) = scene.watch();
            let block = scene.block(by_bob);
            if is_one_batch {
                scene.batch([ticket, block]);
            } else {
                scene.batch([ticket]);
                scene.batch([block]);
            }
            let presences = answer(watched).unwrap().try_recv().unwrap();
            assert_eq!(presences.len(), 1, "it was allowed when it was decided");
            assert_eq!(scene.pushed_presence(), Some(offline(&scene)));
            assert!(scene.bob.session.watched.lock().is_empty());
            scene.ada_changes_presence();
            assert_eq!(scene.pushed_presence(), None);
        }
        let mut scene = Scene::set().await;
        let (ticket, watched) = scene.watch();
        scene.batch([scene.block(by_bob), ticket]);
        assert_eq!(answer(watched).unwrap().try_recv(), Ok(Vec::new()));
        scene.ada_changes_presence();
        assert_eq!(scene.pushed_presence(), None);
    }
    let mut scene = Scene::set().await;
    let (ticket, _watched) = scene.watch();
    scene.batch([ticket]);
    assert!(scene.pushed_presence().is_some());
    scene.ada_changes_presence();
    assert!(scene.pushed_presence().is_some());
}

#[tokio::test]
async fn kick_in_the_same_batch_ends_the_feed_of_a_login() {
    for is_member in ORDERS {
        let mut scene = Scene::set().await;
        let session = Session::new(scene.loopback.server.clone(), true);
        let (ticket, logged_in) =
            registration::log_in(session.clone(), Arc::default(), scene.bob.login());
        scene.in_order(is_member, ticket, scene.kick());
        assert!(answer(logged_in).is_ok());
        let push = session.push.as_ref().unwrap();
        let feeds: Vec<_> = std::iter::from_fn(|| push.next()).collect();
        let team = feeds.iter().find(|(id, _)| *id == scene.team);
        assert_eq!(team.is_some(), is_member);
        assert!(team.is_none_or(|(_, feed)| feed.end.is_some()));
        assert!(feeds.iter().any(|(id, _)| *id == scene.chat), "it stays");
    }
}

#[tokio::test]
async fn failed_commit_refuses_everything() {
    let mut scene = Scene::set().await;
    let (focus, focused) = scene.focus(scene.team);
    let (ask, asked) = job(|decider| Ok(decider.metrics()));
    for ticket in [scene.kick(), focus, ask, scene.kick()] {
        ticket.decide(&mut scene.decider);
    }
    scene.disk.fail(Fault {
        call: Call::Sync,
        nth: 1,
        failure: Failure::Io,
        is_sticky: false,
    });
    assert!(scene.decider.commit().is_err());
    scene.hub.publish(scene.decider.take_publication().unwrap());
    assert_eq!(answer(focused), Err(ErrorCode::StorageFailed));
    assert_eq!(answer(asked), Err(ErrorCode::StorageFailed));
    assert_eq!(scene.focused(), None);
    let refusal = ServerFrame::Response(RequestId::new(7), Err(ErrorCode::StorageFailed));
    let refusal = frame::frame(&refusal);
    let written = scene.ada.session.outbox.take().await.unwrap();
    assert_eq!(written, [&refusal[..], &refusal[..]].concat());
}

#[tokio::test]
async fn answers_reach_the_outbox_of_their_session() {
    let mut scene = Scene::set().await;
    let unknown = RemoveMembers {
        conversation: ConversationId::new(99),
        users: Vec::new(),
    };
    let tickets = [scene.kick(), scene.ada.ask(unknown), scene.block(true)];
    scene.batch(tickets);
    let id = RequestId::new(7);
    let removed = frame::frame(&ServerFrame::Response(
        id,
        Ok(Answer::to::<RemoveMembers>(&1)),
    ));
    let refused = frame::frame(&ServerFrame::Response(id, Err(ErrorCode::NotFound)));
    let written = scene.ada.session.outbox.take().await.unwrap();
    assert_eq!(written, [&removed[..], &refused[..]].concat());
    assert!(!scene.bob.session.outbox.take().await.unwrap().is_empty());
}
