use cairn_proto::ids::{MsgId, Revision, SendStreamId};
use cairn_proto::model::conversation::{Conversation, ConversationKind};
use cairn_proto::model::group::Role;
use cairn_proto::model::presence::{DeviceKind, UserPresence};
use cairn_proto::text::GroupName;
use cairn_proto::wire::close::CloseCode;
use cairn_proto::wire::event;
use tokio::sync::oneshot;

use super::*;
use crate::delivery::feed::Feed;
use crate::delivery::push::UpdateKey;
use crate::loopback::{Loopback, soon};
use crate::sequencer::publication::{Registration, Step};
use cairn_core::Actor;
use cairn_core::api::command;
use cairn_core::api::update::Update;
use cairn_store::timeline::Timeline;

const TEAM: ConversationId = ConversationId::new(5);
const EVE: UserId = UserId::new(7);
const DEVICE: DeviceId = DeviceId::new(70);

#[test]
fn only_crowds_are_coalesced() {
    assert_eq!(
        coalescing_delay(limits::COALESCING_FOLLOWERS_MIN - 1),
        Duration::ZERO
    );
    let delays: Vec<Duration> = [limits::COALESCING_FOLLOWERS_MIN, 500, 1_000, usize::MAX]
        .map(coalescing_delay)
        .to_vec();
    assert!(
        delays.is_sorted()
            && delays[0] > Duration::ZERO
            && delays[3] == limits::COALESCING_DELAY_MAX,
        "{delays:?}"
    );
}

fn id(n: u64) -> MsgId {
    MsgId::new(n)
}

/// A hub that knows one group with ten entries.
fn known_hub() -> (Hub, Arc<Timeline>) {
    let timelines = Arc::new(Timelines::new());
    let timeline = timelines.get_or_insert_with(TEAM, || Timeline::new(TEAM, MsgId::ZERO, id(10)));
    (Hub::new(timelines, &Settings::default()), timeline)
}

fn summary() -> Conversation {
    Conversation {
        id: TEAM,
        kind: ConversationKind::Group {
            name: GroupName::new("team").unwrap(),
        },
        role: Role::Member,
        head: id(10),
        floor: MsgId::ZERO,
        read: MsgId::ZERO,
        delivered: MsgId::ZERO,
        unread: 0,
        mentions: 0,
        last: None,
        settings: Default::default(),
    }
}

/// The login of a session with these feeds.
fn login(session: &Arc<Session>, feeds: &[(MsgId, MsgId)]) -> Step {
    let feeds = feeds
        .iter()
        .map(|&(position, floor)| command::Feed {
            conversation: TEAM,
            position,
            floor,
        })
        .collect();
    Step::Register(Registration::Login {
        session: session.clone(),
        actor: Actor {
            user: EVE,
            device: DEVICE,
            stream: SendStreamId::new(1),
            stream_began: Revision::MAX,
        },
        feeds,
    })
}

fn publish(hub: &Hub, steps: Vec<Step>) {
    hub.publish(Publication {
        steps,
        ..Publication::default()
    });
}

/// Publishes a batch with the session's login and the updates that follow it.
fn logs_in(
    hub: &Hub,
    session: &Arc<Session>,
    feeds: &[(MsgId, MsgId)],
    updates: impl IntoIterator<Item = Update>,
) {
    let steps = std::iter::once(login(session, feeds)).chain(updates.into_iter().map(Step::Update));
    publish(hub, steps.collect());
}

/// The only dirty feed of a session.
fn feed(session: &Session) -> Option<Feed> {
    let push = session.push.as_ref().unwrap();
    let (conversation, feed) = push.next()?;
    assert_eq!((conversation, push.next().map(|_| "another")), (TEAM, None));
    Some(feed)
}

fn left(last: u64) -> Update {
    Update::Left {
        user: EVE,
        conversation: TEAM,
        last: id(last),
    }
}

fn joined(position: u64) -> Update {
    Update::Joined {
        user: EVE,
        position: id(position),
        summary: Box::new(summary()),
    }
}

#[tokio::test]
async fn updates_after_login_in_the_same_batch_apply() {
    let loopback = Loopback::connect().await;
    let register = |feeds: &[(MsgId, MsgId)], updates: Vec<Update>| {
        let (hub, timeline) = known_hub();
        let session = Session::new(loopback.server.clone(), true);
        logs_in(&hub, &session, feeds, updates);
        (hub, timeline, session)
    };
    let (_, _, kicked) = register(&[(id(8), id(2))], vec![left(9)]);
    assert_eq!(feed(&kicked).unwrap().end, Some(id(9)));

    let (hub, timeline, added) = register(&[], vec![joined(9)]);
    let found = feed(&added).unwrap();
    assert_eq!(
        (found.position, found.announce),
        (id(9), Some(Box::new(summary())))
    );
    hub.publish(Publication {
        grown: vec![(timeline, id(10))],
        ..Publication::default()
    });
    assert!(feed(&added).is_some(), "it follows from then on");

    let read = Update::Read {
        user: EVE,
        conversation: TEAM,
        read: id(4),
        head: id(10),
    };
    assert_eq!(
        feed(&register(&[(id(8), id(2))], vec![read]).2)
            .unwrap()
            .read,
        Some((id(4), id(10)))
    );
    let changed = Update::Changed {
        user: EVE,
        device: DEVICE,
        summary: Box::new(summary()),
    };
    assert_eq!(
        feed(&register(&[(id(8), id(2))], vec![changed]).2)
            .unwrap()
            .announce,
        Some(Box::new(summary()))
    );

    // The overview contains the floor as of the login.
    let (hub, timeline) = known_hub();
    timeline.raise_floor(id(6));
    let session = Session::new(loopback.server.clone(), true);
    logs_in(
        &hub,
        &session,
        &[(id(8), id(2))],
        [Update::FloorRaised {
            conversation: TEAM,
            floor: id(6),
        }],
    );
    assert_eq!(feed(&session).unwrap().floor, id(2));
}

#[tokio::test]
async fn revocation_in_the_login_batch_closes_session() {
    let loopback = Loopback::connect().await;
    let (hub, _) = known_hub();
    let session = Session::new(loopback.server.clone(), true);
    logs_in(
        &hub,
        &session,
        &[],
        vec![Update::Revoked {
            user: EVE,
            device: DEVICE,
        }],
    );
    assert_eq!(loopback.close_code(), Some(CloseCode::Revoked));
}

#[tokio::test]
async fn earlier_updates_in_the_login_batch_do_not_apply() {
    let loopback = Loopback::connect().await;
    let session = |feeds: &[(MsgId, MsgId)], updates: Vec<Update>| {
        let (hub, _) = known_hub();
        let session = Session::new(loopback.server.clone(), true);
        let mut steps: Vec<Step> = updates.into_iter().map(Step::Update).collect();
        steps.push(login(&session, feeds));
        publish(&hub, steps);
        (hub, session)
    };
    let (_, kicked) = session(&[], vec![left(9)]);
    assert!(feed(&kicked).is_none());
    let (hub, back) = session(&[(id(9), MsgId::ZERO)], vec![left(9), joined(9)]);
    let found = feed(&back).unwrap();
    assert_eq!((found.position, found.end), (id(9), None));
    assert_eq!(hub.registry.lock().followers[&TEAM].len(), 1);
    hub.leave(&back);
    assert!(
        hub.registry.lock().followers.is_empty(),
        "all of it is removed"
    );
}

/// Watchers get one update per interval, however often a user's presence changes, and it is
/// current.
#[tokio::test]
async fn presence_changes_are_coalesced() {
    let loopback = Loopback::connect().await;
    let (hub, _) = known_hub();
    let session = Session::new(loopback.server.clone(), true);
    logs_in(&hub, &session, &[], Vec::new());
    let (presences, mut watched) = oneshot::channel();
    let watch = Registration::Watch {
        session: session.clone(),
        users: vec![EVE],
        presences,
    };
    publish(&hub, vec![Step::Register(watch)]);
    let pending = || session.push.as_ref().unwrap().drain_pending();
    let of_eve = |kind, is_away| {
        let presence = UserPresence {
            user: EVE,
            devices: vec![PresentDevice { kind, is_away }],
        };
        (UpdateKey::Presence(EVE), event::Update::Presence(presence))
    };
    // The reply's content is pushed as well, before later changes.
    let watched = watched.try_recv().unwrap();
    let first = pending();
    assert_eq!(first, [of_eve(DeviceKind::Unknown, false)].into());
    assert_eq!(
        first[&UpdateKey::Presence(EVE)],
        event::Update::Presence(watched[0].clone())
    );
    for n in 0..100 {
        hub.set_present(
            &session,
            PresentDevice {
                kind: DeviceKind::Phone,
                is_away: n % 2 == 0,
            },
        );
        assert!(pending().is_empty());
    }
    soon(hub.presence_news().notified()).await;
    hub.notify_presences();
    assert_eq!(pending(), [of_eve(DeviceKind::Phone, false)].into());
    hub.notify_presences();
    assert!(pending().is_empty());
}

/// The task that reads the hello may end before the login is decided.
#[tokio::test]
async fn login_after_the_end_of_its_session_is_dropped() {
    let loopback = Loopback::connect().await;
    let (hub, _) = known_hub();
    let session = Session::new(loopback.server.clone(), true);
    hub.leave(&session);
    logs_in(&hub, &session, &[(id(8), id(2))], []);
    let registry = hub.registry.lock();
    assert!(registry.sessions.is_empty() && registry.followers.is_empty());
}

/// A durable but unpublished entry may be from after the end of a membership.
#[tokio::test]
async fn only_published_entries_are_visible() {
    let (hub, timeline) = known_hub();
    timeline
        .publish(id(11), ["a", "b"].map(bytes::Bytes::from))
        .unwrap();
    assert_eq!(timeline.shown(), id(10));
    hub.publish(Publication {
        grown: vec![(timeline.clone(), id(11))],
        ..Publication::default()
    });
    assert_eq!((timeline.shown(), timeline.head()), (id(11), id(12)));
}
