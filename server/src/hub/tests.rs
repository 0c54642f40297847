use cairn_proto::ids::{EpochId, Revision, SendStreamId};
use cairn_proto::model::conversation::{Conversation, ConversationKind};
use cairn_proto::model::group::Role;
use cairn_proto::model::presence::UserPresence;
use cairn_proto::model::user::ServerRole;
use cairn_proto::text::{GroupName, UserName};
use cairn_proto::wire::event::TimelineFrame;
use cairn_proto::wire::overview::{ConversationPage, Moment, OverviewExtent};
use tokio::sync::oneshot;

use super::*;
use crate::loopback::{Loopback, soon};
use cairn_core::api::actor::Actor;
use cairn_core::api::command;
use cairn_proto::ids::MsgId;
use cairn_proto::model::presence::DeviceKind;
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

/// A hub with one group, whose log has ten entries.
fn known_hub() -> (Hub, Arc<Timeline>) {
    let timelines = Arc::new(Timelines::new());
    let timeline = timelines.get_or_insert_with(TEAM, || Timeline::new(TEAM, MsgId::ZERO, id(10)));
    (Hub::new(timelines, None), timeline)
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

/// Publishes a batch with the session's login, these feeds and these notices.
fn logs_in(hub: &Hub, session: &Arc<Session>, feeds: &[(MsgId, MsgId)], notices: Vec<Notice>) {
    let as_of = Moment {
        epoch: EpochId::new(1),
        revision: Revision::new(1),
    };
    let logged_in = LoggedIn {
        actor: Actor {
            user: EVE,
            device: DEVICE,
            stream: SendStreamId::new(1),
        },
        name: UserName::new("eve").unwrap(),
        role: ServerRole::Member,
        overview: ConversationPage {
            items: Vec::new(),
            gone: Vec::new(),
            extent: OverviewExtent::All,
            as_of,
            next_after: None,
        },
        feeds: feeds
            .iter()
            .map(|&(position, floor)| command::Feed {
                conversation: TEAM,
                position,
                floor,
            })
            .collect(),
    };
    let (waiter, mut answer) = oneshot::channel();
    let answers = vec![(
        ReplyTo::Login(session.clone(), waiter),
        Ok(Reply::LoggedIn(Box::new(logged_in))),
    )];
    hub.publish(Publication {
        touched: Vec::new(),
        notices,
        answers,
    });
    assert!(answer.try_recv().unwrap().is_ok());
}

/// The only dirty feed of the session.
fn feed(session: &Session) -> Option<Feed> {
    let push = session.push.as_ref().unwrap();
    let (conversation, feed) = push.next()?;
    assert_eq!((conversation, push.next().map(|_| "another")), (TEAM, None));
    Some(feed)
}

fn left(last: u64) -> Notice {
    Notice::Left {
        user: EVE,
        conversation: TEAM,
        last: id(last),
    }
}

fn joined(position: u64) -> Notice {
    Notice::Joined {
        user: EVE,
        position: id(position),
        summary: Box::new(summary()),
    }
}

#[tokio::test]
async fn notices_after_login_in_the_same_batch_apply() {
    let loopback = Loopback::connect().await;
    let register = |feeds: &[(MsgId, MsgId)], notices| {
        let (hub, timeline) = known_hub();
        let session = Session::new(loopback.server.clone(), true);
        logs_in(&hub, &session, feeds, notices);
        (hub, timeline, session)
    };
    let (_, _, kicked) = register(&[(id(8), id(2))], vec![left(9)]);
    assert_eq!(feed(&kicked).unwrap().end, Some(id(9)));

    let (hub, _, added) = register(&[], vec![joined(9)]);
    let found = feed(&added).unwrap();
    assert_eq!(
        (found.position, found.announce),
        (id(9), Some(Box::new(summary())))
    );
    hub.publish(Publication {
        touched: vec![(TEAM, id(10))],
        ..Publication::default()
    });
    assert!(feed(&added).is_some(), "it follows from then on");

    let read = Notice::Read {
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
    let changed = Notice::Changed {
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

    // The overview had the floor as of the login.
    let (hub, timeline) = known_hub();
    timeline.raise_floor(id(6));
    let session = Session::new(loopback.server.clone(), true);
    logs_in(
        &hub,
        &session,
        &[(id(8), id(2))],
        vec![Notice::FloorRaised { conversation: TEAM }],
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
        vec![Notice::Revoked {
            user: EVE,
            device: DEVICE,
        }],
    );
    let quinn::ConnectionError::ApplicationClosed(close) = soon(loopback.client.closed()).await
    else {
        panic!("not closed")
    };
    assert_eq!(
        close.error_code.into_inner(),
        u64::from(CloseCode::Revoked.number())
    );
}

#[tokio::test]
async fn notices_before_login_in_the_same_batch_are_harmless() {
    let loopback = Loopback::connect().await;
    let session = |feeds: &[(MsgId, MsgId)], notices| {
        let (hub, _) = known_hub();
        let session = Session::new(loopback.server.clone(), true);
        logs_in(&hub, &session, feeds, notices);
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

/// Watchers get one update per interval, however often a user's presence changes, and the last one
/// is current.
#[tokio::test]
async fn presence_changes_are_coalesced() {
    let loopback = Loopback::connect().await;
    let (hub, _) = known_hub();
    let session = Session::new(loopback.server.clone(), true);
    logs_in(&hub, &session, &[], Vec::new());
    let (waiter, mut answer) = oneshot::channel();
    let allowed = vec![UserPresence {
        user: EVE,
        devices: Vec::new(),
    }];
    let answers = vec![(
        ReplyTo::Watch(session.clone(), waiter),
        Ok(Reply::Response(Response::Watching(allowed))),
    )];
    hub.publish(Publication {
        answers,
        ..Publication::default()
    });
    let pending = || session.push.as_ref().unwrap().drain_pending();
    let of_eve = |kind, is_away| {
        let presence = UserPresence {
            user: EVE,
            devices: vec![PresentDevice { kind, is_away }],
        };
        (UpdateKey::Presence(EVE), TimelineFrame::Presence(presence))
    };
    // The content of the reply is pushed as well, before anything later.
    let Ok(Ok(Response::Watching(watched))) = answer.try_recv() else {
        panic!("no answer")
    };
    let first = pending();
    assert_eq!(first, [of_eve(DeviceKind::Unknown, false)].into());
    assert_eq!(
        first[&UpdateKey::Presence(EVE)],
        TimelineFrame::Presence(watched[0].clone())
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

/// A durable entry that is not published yet may have been sent after a membership ended.
#[tokio::test]
async fn only_published_entries_are_visible() {
    let (hub, timeline) = known_hub();
    timeline
        .publish(id(11), ["a", "b"].map(bytes::Bytes::from))
        .unwrap();
    assert_eq!(timeline.shown(), id(10));
    hub.publish(Publication {
        touched: vec![(TEAM, id(11))],
        ..Publication::default()
    });
    assert_eq!((timeline.shown(), timeline.head()), (id(11), id(12)));
}
