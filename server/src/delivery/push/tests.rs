use super::*;
use crate::delivery::feed::FeedBound;
use bytes::Bytes;
use cairn_proto::model::receipts::MemberCursors;
use cairn_store::timeline::Timeline;
use std::sync::Arc;
use tokio::time::Instant;

const CROWD: ConversationId = ConversationId::new(1);
const FRIENDS: ConversationId = ConversationId::new(2);
const PUSH_DELAY: Duration = limits::COALESCING_DELAY_MAX;

/// A session that follows both conversations and is up to date, and the timeline of the crowd.
fn push() -> (Push, Arc<Timeline>) {
    let push = Push::default();
    let [crowd, friends] =
        [CROWD, FRIENDS].map(|id| Arc::new(Timeline::new(id, MsgId::ZERO, MsgId::ZERO)));
    push.put(
        CROWD,
        Feed::resumed(crowd.clone(), MsgId::ZERO, MsgId::ZERO),
    );
    push.put(FRIENDS, Feed::resumed(friends, MsgId::ZERO, MsgId::ZERO));
    assert_eq!(taken(&push), [CROWD, FRIENDS]);
    (push, crowd)
}

fn taken(push: &Push) -> Vec<ConversationId> {
    std::iter::from_fn(|| push.next())
        .map(|(conversation, _)| conversation)
        .collect()
}

/// Returns how long a coalescing session waits while `enqueue` runs.
async fn waited(push: &Push, enqueue: impl FnOnce()) -> Duration {
    let began = Instant::now();
    tokio::join!(push.news(PUSH_DELAY), async { enqueue() });
    began.elapsed()
}

#[test]
fn stale_generation_does_not_change_the_feed() {
    let (push, crowd) = push();
    push.end(CROWD, MsgId::new(3));
    let (_, old) = push.next().unwrap();
    assert_eq!(
        push.bound(CROWD, old.generation),
        FeedBound::Until(MsgId::new(3))
    );
    push.put(CROWD, Feed::resumed(crowd, MsgId::new(7), MsgId::ZERO));
    assert_eq!(push.bound(CROWD, old.generation), FeedBound::Stale);
    push.advance(CROWD, old.generation, MsgId::new(9));
    push.set_floor(CROWD, old.generation, MsgId::new(9));
    push.remove(CROWD, old.generation);
    let (_, new) = push.next().unwrap();
    assert_eq!((new.position, new.floor), (MsgId::new(7), MsgId::ZERO));
    assert_eq!(push.bound(CROWD, new.generation), FeedBound::Head);
    push.remove(CROWD, new.generation);
    assert_eq!(push.bound(CROWD, new.generation), FeedBound::Stale);
}

#[tokio::test(start_paused = true)]
async fn crowd_news_waits_for_coalescing_delay() {
    let (push, _) = push();
    let pending = || assert!(!push.mark(CROWD, PUSH_DELAY), "no one must be woken");
    assert!((PUSH_DELAY..2 * PUSH_DELAY).contains(&waited(&push, pending).await));
    assert_eq!(taken(&push), [CROWD]);
    assert!(
        push.mark(CROWD, PUSH_DELAY),
        "the first news after a quiet time is pushed at once"
    );
    push.wake();
    push.news(Duration::ZERO).await;
    assert_eq!(push.next().unwrap().1.push_delay, PUSH_DELAY);
}

#[tokio::test(start_paused = true)]
async fn urgent_news_ends_coalescing_delay() {
    let (push, _) = push();
    let pending = || {
        assert!(!push.mark(CROWD, PUSH_DELAY));
        assert!(push.mark(FRIENDS, Duration::ZERO));
        push.wake();
    };
    assert_eq!(waited(&push, pending).await, Duration::ZERO);
    assert_eq!(taken(&push), [CROWD, FRIENDS]);
    let pending = || assert!(!push.mark(CROWD, PUSH_DELAY));
    assert!(
        waited(&push, pending).await >= PUSH_DELAY,
        "the next delay is complete again"
    );
}

#[test]
fn pending_receipts_collapse_to_has_more() {
    let (push, _) = push();
    let of = |user: u32| MemberCursors {
        user: UserId::new(user),
        delivered: MsgId::new(7),
        read: MsgId::new(5),
    };
    let receipts = |user, more| Receipts {
        cursors: vec![of(user)],
        more,
    };
    let update = |user, more| Update::Receipts {
        conversation: CROWD,
        cursors: vec![of(user)],
        more,
    };
    let pending = |push: &Push| push.drain_pending().into_values().collect::<Vec<_>>();
    push.enqueue_receipts(CROWD, receipts(1, false), Reads::Shown);
    assert_eq!(pending(&push), [update(1, false)]);
    push.enqueue_receipts(CROWD, receipts(1, false), Reads::Shown);
    push.enqueue_receipts(CROWD, receipts(2, false), Reads::Shown);
    assert_eq!(
        pending(&push),
        [update(2, true)],
        "the first only counts as more"
    );
    push.enqueue_receipts(CROWD, receipts(3, true), Reads::Shown);
    assert_eq!(pending(&push), [update(3, true)]);
    push.enqueue_receipts(CROWD, receipts(4, false), Reads::Hidden);
    let hidden = MemberCursors {
        read: MsgId::ZERO,
        ..of(4)
    };
    assert_eq!(
        pending(&push),
        [Update::Receipts {
            conversation: CROWD,
            cursors: vec![hidden],
            more: false
        }]
    );
}

#[tokio::test(start_paused = true)]
async fn full_packets_end_coalescing_delay() {
    let (push, crowd) = push();
    let pending = || {
        for msgid in 1..=limits::COALESCED_MESSAGES_MAX {
            crowd
                .publish(MsgId::new(msgid), [Bytes::from_static(b"entry")])
                .unwrap();
            assert_eq!(
                push.mark(CROWD, PUSH_DELAY),
                msgid == limits::COALESCED_MESSAGES_MAX
            );
        }
        push.wake();
    };
    assert_eq!(waited(&push, pending).await, Duration::ZERO);
}
