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

/// A session that follows both and was pushed all there is, and the log of the crowd.
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

/// How long a session that rests waits for news, of which `enqueue` tells.
async fn waited(push: &Push, enqueue: impl FnOnce()) -> Duration {
    let began = Instant::now();
    tokio::join!(push.news(PUSH_DELAY), async { enqueue() });
    began.elapsed()
}

#[test]
fn what_was_begun_for_a_membership_that_ended_does_not_touch_the_next_one() {
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
    push.told_floor(CROWD, old.generation, MsgId::new(9));
    push.remove(CROWD, old.generation);
    let (_, new) = push.next().unwrap();
    assert_eq!((new.position, new.floor), (MsgId::new(7), MsgId::ZERO));
    assert_eq!(push.bound(CROWD, new.generation), FeedBound::Head);
    push.remove(CROWD, new.generation);
    assert_eq!(push.bound(CROWD, new.generation), FeedBound::Stale);
}

#[tokio::test(start_paused = true)]
async fn news_of_a_crowd_waits_for_the_end_of_a_rest_and_no_longer() {
    let (push, _) = push();
    let pending = || assert!(!push.mark(CROWD, PUSH_DELAY), "nobody needs to be woken");
    assert!((PUSH_DELAY..2 * PUSH_DELAY).contains(&waited(&push, pending).await));
    assert_eq!(taken(&push), [CROWD]);
    assert!(
        push.mark(CROWD, PUSH_DELAY),
        "what ends a silence is pushed at once"
    );
    push.wake();
    push.news(Duration::ZERO).await;
    assert_eq!(push.next().unwrap().1.push_delay, PUSH_DELAY);
}

#[tokio::test(start_paused = true)]
async fn other_news_cuts_a_rest_short_and_takes_the_crowds_with_it() {
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
        "the next push_delay is whole again"
    );
}

#[test]
fn receipts_that_were_not_told_yet_become_one_hint_that_there_are_more() {
    let (push, _) = push();
    let of = |user: u32| MemberCursors {
        user: UserId::new(user),
        delivered: MsgId::new(7),
        read: MsgId::new(5),
    };
    let frame = |user, more| TimelineFrame::Receipts {
        conversation: CROWD,
        cursors: vec![of(user)],
        more,
    };
    let pending = |push: &Push| push.drain_pending().into_values().collect::<Vec<_>>();
    push.enqueue_receipts(CROWD, frame(1, false), Reads::Shown);
    assert_eq!(pending(&push), [frame(1, false)]);
    push.enqueue_receipts(CROWD, frame(1, false), Reads::Shown);
    push.enqueue_receipts(CROWD, frame(2, false), Reads::Shown);
    assert_eq!(
        pending(&push),
        [frame(2, true)],
        "of the first it is only known that there was one"
    );
    push.enqueue_receipts(CROWD, frame(3, true), Reads::Shown);
    assert_eq!(pending(&push), [frame(3, true)]);
    push.enqueue_receipts(CROWD, frame(4, false), Reads::Hidden);
    let hidden = MemberCursors {
        read: MsgId::ZERO,
        ..of(4)
    };
    assert_eq!(
        pending(&push),
        [TimelineFrame::Receipts {
            conversation: CROWD,
            cursors: vec![hidden],
            more: false
        }]
    );
}

#[tokio::test(start_paused = true)]
async fn so_much_news_that_it_fills_packets_cuts_a_rest_short() {
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
