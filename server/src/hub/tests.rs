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
fn only_crowds_make_sessions_rest_and_never_for_long() {
    assert_eq!(
        rest_of(limits::COALESCING_FOLLOWERS_MIN - 1),
        Duration::ZERO
    );
    let rests: Vec<Duration> = [limits::COALESCING_FOLLOWERS_MIN, 500, 1_000, usize::MAX]
        .map(rest_of)
        .to_vec();
    assert!(
        rests.is_sorted() && rests[0] > Duration::ZERO && rests[3] == limits::COALESCING_DELAY_MAX,
        "{rests:?}"
    );
}

fn id(n: u64) -> MsgId {
    MsgId::new(n)
}

/// A hub that knows of one group, whose log has ten entries.
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

/// What the sequencer publishes of a batch in which the session's login was decided, with these
/// feeds, and all of this happened.
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

/// The only feed with news that the session has.
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
async fn a_session_learns_of_what_was_decided_behind_its_login_in_the_same_batch() {
    let loopback = Loopback::connect().await;
    let begin = |feeds: &[(MsgId, MsgId)], notices| {
        let (hub, timeline) = known_hub();
        let session = Session::new(loopback.server.clone(), true);
        logs_in(&hub, &session, feeds, notices);
        (hub, timeline, session)
    };
    let (_, _, kicked) = begin(&[(id(8), id(2))], vec![left(9)]);
    assert_eq!(feed(&kicked).unwrap().end, Some(id(9)));

    let (hub, _, added) = begin(&[], vec![joined(9)]);
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
        feed(&begin(&[(id(8), id(2))], vec![read]).2).unwrap().read,
        Some((id(4), id(10)))
    );
    let changed = Notice::Changed {
        user: EVE,
        device: DEVICE,
        summary: Box::new(summary()),
    };
    assert_eq!(
        feed(&begin(&[(id(8), id(2))], vec![changed]).2)
            .unwrap()
            .announce,
        Some(Box::new(summary()))
    );

    // The overview told of the floor as it was then.
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
async fn a_session_of_a_device_that_is_revoked_in_the_batch_of_its_login_is_closed() {
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
async fn what_was_decided_before_a_login_in_the_same_batch_does_it_no_harm() {
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
        "nothing of it is left"
    );
}

/// Whoever may be watched moves as often as he likes; those who watch are told once in a while, and
/// last how it stands.
#[tokio::test]
async fn who_moves_many_times_is_told_of_once() {
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
    let told = || session.push.as_ref().unwrap().drain_pending();
    let of_eve = |kind, is_away| {
        let presence = UserPresence {
            user: EVE,
            devices: vec![PresentDevice { kind, is_away }],
        };
        (UpdateKey::Presence(EVE), TimelineFrame::Presence(presence))
    };
    // What the answer says is pushed as well, before whatever comes then.
    let Ok(Ok(Response::Watching(watched))) = answer.try_recv() else {
        panic!("no answer")
    };
    let first = told();
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
        assert!(told().is_empty());
    }
    soon(hub.presence_news().notified()).await;
    hub.notify_presences();
    assert_eq!(told(), [of_eve(DeviceKind::Phone, false)].into());
    hub.notify_presences();
    assert!(told().is_empty());
}

/// What is durable and not published yet may have been said behind a membership's end.
#[tokio::test]
async fn a_log_is_shown_no_further_than_what_was_published() {
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
