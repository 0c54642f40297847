//! Timelines: every message exactly once and in order, whether pushes are lost, duplicated or late.

use bytes::Bytes;
use cairn_client::proto::content::body::Body;
use cairn_client::proto::content::extras::Extras;
use cairn_client::proto::content::message::{Entry, Message, Run};
use cairn_client::proto::ids::{ConversationId, MsgId, Timestamp, UserId};
use cairn_client::proto::limits::{RUN_BYTES_MAX, RUN_MESSAGES_MAX};
use cairn_client::proto::text::Text;
use cairn_client::proto::wire::close::CloseCode;
use cairn_client::proto::wire::error::ErrorCode;
use cairn_client::proto::wire::event::{TimelineFrame, Update};
use cairn_client::proto::wire::request::session::{Pull, PullRange, Pulled};
use cairn_client::proto::wire::request::{Answer, Request, SessionRequest};
use cairn_client::{Client, Error, Event, Timeline, limits};

use crate::fake::{Fake, Peer, eager, soon};
use crate::requests::group;

pub(crate) const ONE: ConversationId = ConversationId::new(1);

/// A log of messages that contain their own msgids, in texts of `text_bytes`.
pub(crate) struct Log {
    pub(crate) head: u64,
    pub(crate) floor: u64,
    pub(crate) text_bytes: usize,
}

impl Log {
    pub(crate) fn up_to(head: u64) -> Self {
        Self {
            head,
            floor: 0,
            text_bytes: 0,
        }
    }

    pub(crate) fn run(&self, first: u64, count: u64) -> Run {
        let mut entries = Vec::new();
        for msgid in first..first + count {
            let text = Text::new(format!("{msgid:0width$}", width = self.text_bytes)).unwrap();
            Entry {
                sender: UserId::new(3),
                sent_at: Timestamp::new(msgid),
                body: Body::Text(text),
                extras: Extras::NONE,
            }
            .pack(&mut entries);
        }
        Run {
            conversation: ONE,
            first: MsgId::new(first),
            count: count as u32,
            entries: entries.into(),
        }
    }

    pub(crate) fn page(&self, from: u64, limit: u32) -> Pulled {
        let first = from.max(self.floor + 1);
        let fitting = (RUN_BYTES_MAX / (self.text_bytes + 16)).max(1) as u64;
        let count = (self.head + 1)
            .saturating_sub(first)
            .min(limit.into())
            .min(fitting);
        Pulled {
            run: self.run(first, count),
            head: MsgId::new(self.head),
            floor: MsgId::new(self.floor),
        }
    }

    /// Answers the next request, which must be a pull. Returns its first msgid and its limit.
    pub(crate) async fn answer_pull(&self, peer: &mut Peer) -> (u64, u32) {
        let (id, request) = peer.request().await;
        let Request::Session(SessionRequest::Pull(Pull {
            conversation: ONE,
            range: PullRange::From(from),
            limit,
        })) = request
        else {
            panic!("no pull: {request:?}")
        };
        peer.answer(id, Ok(Answer::to::<Pull>(&self.page(from.get(), limit))))
            .await;
        (from.get(), limit)
    }
}

fn is_the_message(message: &Message, msgid: u64) {
    assert_eq!(
        (
            message.conversation,
            message.msgid.get(),
            message.sent_at.get()
        ),
        (ONE, msgid, msgid)
    );
    let Body::Text(text) = &message.body else {
        panic!("{message:?}")
    };
    assert_eq!(text.as_str().parse(), Ok(msgid));
}

pub(crate) async fn reads(timeline: &mut Timeline, ids: impl IntoIterator<Item = u64>) {
    for msgid in ids {
        is_the_message(
            &soon(timeline.next()).await.expect("there is more").unwrap(),
            msgid,
        );
    }
}

/// A client that has read all three messages of a log.
async fn level_at_three(fake: &Fake) -> (Client, Peer, Timeline) {
    let (client, mut peer) = fake.client(eager()).await;
    let mut timeline = client.conversation(ONE).follow(MsgId::new(1));
    let ((), asked) = tokio::join!(reads(&mut timeline, 1..=3), async {
        Log::up_to(3).answer_pull(&mut peer).await
    });
    assert_eq!(asked, (1, RUN_MESSAGES_MAX));
    (client, peer, timeline)
}

async fn push(peer: &mut Peer, first: u64, count: u64) {
    peer.push(TimelineFrame::Run(Log::up_to(0).run(first, count)))
        .await;
}

#[tokio::test]
async fn pushes_that_continue_need_no_pull() {
    let fake = Fake::start();
    let (_client, mut peer, mut timeline) = level_at_three(&fake).await;
    push(&mut peer, 4, 2).await;
    push(&mut peer, 6, 1).await;
    reads(&mut timeline, 4..=6).await;
}

#[tokio::test]
async fn doubled_and_overlapping_pushes_are_read_once() {
    let fake = Fake::start();
    let (_client, mut peer, mut timeline) = level_at_three(&fake).await;
    for (first, count) in [(4, 2), (4, 2), (2, 3), (3, 5), (1, 1), (8, 1)] {
        push(&mut peer, first, count).await;
    }
    reads(&mut timeline, 4..=8).await;
}

#[tokio::test]
async fn gap_is_pulled_exactly() {
    let fake = Fake::start();
    let (_client, mut peer, mut timeline) = level_at_three(&fake).await;
    push(&mut peer, 7, 2).await;
    let ((), asked) = tokio::join!(reads(&mut timeline, 4..=8), async {
        Log::up_to(8).answer_pull(&mut peer).await
    });
    assert_eq!(asked, (4, 3));
}

#[tokio::test]
async fn reordered_pushes_are_sorted() {
    let fake = Fake::start();
    let (_client, mut peer, mut timeline) = level_at_three(&fake).await;
    for (first, count) in [(10, 1), (6, 2), (4, 2), (8, 2), (13, 1)] {
        push(&mut peer, first, count).await;
    }
    let log = Log::up_to(13);
    tokio::join!(reads(&mut timeline, 4..=13), async {
        assert_eq!(log.answer_pull(&mut peer).await, (4, 6));
        assert_eq!(log.answer_pull(&mut peer).await, (11, 2));
    });
}

#[tokio::test]
async fn lagging_reader_catches_up_by_pulling() {
    let fake = Fake::start();
    let (_client, mut peer, mut timeline) = level_at_three(&fake).await;
    peer.push(TimelineFrame::Behind {
        conversation: ONE,
        head: MsgId::new(1200),
    })
    .await;
    push(&mut peer, 1201, 1).await;
    let log = Log::up_to(1201);
    tokio::join!(reads(&mut timeline, 4..=1201), async {
        assert_eq!(log.answer_pull(&mut peer).await, (4, 500));
        assert_eq!(log.answer_pull(&mut peer).await, (504, 500));
        assert_eq!(log.answer_pull(&mut peer).await, (1004, 197));
    });
}

#[tokio::test]
async fn login_overview_finds_missed_messages() {
    let fake = Fake::start();
    let (_client, peer, mut timeline) = level_at_three(&fake).await;
    peer.close(CloseCode::GoingAway);
    let ((), _peer) = tokio::join!(reads(&mut timeline, 4..=6), async {
        let mut peer = fake.welcomed(vec![group(1, 6)]).await;
        assert_eq!(Log::up_to(6).answer_pull(&mut peer).await, (4, 3));
        peer
    });
}

#[tokio::test]
async fn gaps_in_overview_are_requested() {
    let fake = Fake::start();
    let (_client, peer, mut timeline) = level_at_three(&fake).await;
    peer.close(CloseCode::GoingAway);
    let ((), _peer) = tokio::join!(reads(&mut timeline, 4..=6), async {
        let mut peer = fake.welcomed(Vec::new()).await;
        assert_eq!(
            Log::up_to(6).answer_pull(&mut peer).await,
            (4, RUN_MESSAGES_MAX)
        );
        peer
    });
}

#[tokio::test]
async fn unanswered_pull_is_retried() {
    let fake = Fake::start();
    let (client, mut peer) = fake.client(eager()).await;
    let mut timeline = client.conversation(ONE).follow(MsgId::new(2));
    let ((), _peer) = tokio::join!(reads(&mut timeline, 2..=5), async {
        peer.request().await;
        peer.close(CloseCode::Internal);
        let mut peer = fake.welcomed(vec![group(1, 5)]).await;
        Log::up_to(5).answer_pull(&mut peer).await;
        peer
    });
}

#[tokio::test]
async fn slow_reader_is_bounded_and_complete() {
    let fake = Fake::start();
    let (client, mut peer, mut timeline) = level_at_three(&fake).await;
    let log = Log {
        head: 403,
        floor: 0,
        text_bytes: 10_000,
    };
    for first in 4..=log.head {
        peer.push(TimelineFrame::Run(log.run(first, 1))).await;
    }
    // Pushes arrive in order, so this event proves that they have arrived.
    let mut events = client.events();
    peer.push(TimelineFrame::Update(Update::Conversation(group(2, 0))))
        .await;
    assert!(matches!(
        soon(events.next()).await,
        Some(Event::Update(Update::Conversation(_)))
    ));

    let mut pulled = 0;
    soon(async {
        let reading = reads(&mut timeline, 4..=log.head);
        tokio::pin!(reading);
        loop {
            tokio::select! {
                () = &mut reading => break,
                asked = log.answer_pull(&mut peer) =>
                    pulled += log.page(asked.0, asked.1).run.count,
            }
        }
    })
    .await;
    let kept = limits::TIMELINE_BUFFER_BYTES_MAX / 10_000;
    assert!(
        pulled as usize >= 400 - kept,
        "{pulled} pulled, so more than {kept} were kept"
    );
}

#[tokio::test]
async fn expired_range_is_skipped() {
    let fake = Fake::start();
    let (client, mut peer) = fake.client(eager()).await;
    let mut timeline = client.conversation(ONE).follow(MsgId::new(1));
    let log = Log {
        head: 9,
        floor: 6,
        text_bytes: 0,
    };
    tokio::join!(reads(&mut timeline, 7..=9), async {
        log.answer_pull(&mut peer).await
    });
}

#[tokio::test]
async fn timelines_are_independent() {
    let fake = Fake::start();
    let (client, mut peer, mut first) = level_at_three(&fake).await;
    let mut second = client.conversation(ONE).follow(MsgId::new(3));
    tokio::join!(reads(&mut second, [3]), async {
        Log::up_to(3).answer_pull(&mut peer).await
    });
    push(&mut peer, 4, 1).await;
    reads(&mut first, [4]).await;
    drop(first);
    push(&mut peer, 5, 1).await;
    reads(&mut second, 4..=5).await;
}

#[tokio::test]
async fn timeline_ends_with_membership() {
    let fake = Fake::start();
    let (_client, mut peer, mut timeline) = level_at_three(&fake).await;
    push(&mut peer, 4, 1).await;
    peer.push(TimelineFrame::Update(Update::Removed {
        conversation: ONE,
        last: MsgId::new(4),
    }))
    .await;
    reads(&mut timeline, [4]).await;
    assert_eq!(soon(timeline.next()).await, None);
}

#[tokio::test]
async fn rejoining_continues_the_timeline() {
    let fake = Fake::start();
    let (_client, mut peer, mut timeline) = level_at_three(&fake).await;
    peer.push(TimelineFrame::Update(Update::Removed {
        conversation: ONE,
        last: MsgId::new(4),
    }))
    .await;
    peer.push(TimelineFrame::Update(Update::Conversation(group(1, 9))))
        .await;
    // Messages sent during the absence are below the floor of the new membership.
    let log = Log {
        head: 9,
        floor: 8,
        text_bytes: 0,
    };
    tokio::join!(reads(&mut timeline, [9]), async {
        log.answer_pull(&mut peer).await
    });
}

#[tokio::test]
async fn unreadable_entry_ends_the_timeline() {
    let fake = Fake::start();
    let (client, mut peer) = fake.client(eager()).await;
    let mut timeline = client.conversation(ONE).follow(MsgId::new(1));
    let (next, ()) = tokio::join!(timeline.next(), async {
        let (id, _) = peer.request().await;
        peer.answer(id, Err(ErrorCode::NotFound)).await;
    });
    assert_eq!(next, Some(Err(Error::Refused(ErrorCode::NotFound))));
    assert_eq!(soon(timeline.next()).await, None);
}

#[tokio::test]
async fn broken_server_promises_are_detected() {
    let page = |run: Run, head: u64| Pulled {
        run,
        head: MsgId::new(head),
        floor: MsgId::ZERO,
    };
    let log = Log::up_to(0);
    let elsewhere = Run {
        conversation: ConversationId::new(2),
        ..log.run(1, 1)
    };
    let cut = log.run(1, 2);
    let cut = Run {
        entries: cut.entries.slice(..cut.entries.len() - 1),
        ..cut
    };
    let short = Run {
        count: 3,
        ..log.run(1, 2)
    };
    let none = Run {
        count: 0,
        entries: Bytes::new(),
        ..log.run(1, 1)
    };
    for (answer, good) in [
        (page(log.run(2, 1), 2), 0),
        (page(elsewhere, 1), 0),
        (page(cut, 2), 1),
        (page(short, 3), 2),
        (page(none, 4), 0),
    ] {
        let fake = Fake::start();
        let (client, mut peer) = fake.client(eager()).await;
        let mut timeline = client.conversation(ONE).follow(MsgId::new(1));
        tokio::join!(
            async {
                reads(&mut timeline, 1..=good).await;
                assert!(
                    matches!(soon(timeline.next()).await, Some(Err(Error::Protocol(_)))),
                    "{answer:?}"
                );
                assert_eq!(soon(timeline.next()).await, None);
            },
            async {
                let (id, _) = peer.request().await;
                peer.answer(id, Ok(Answer::to::<Pull>(&answer.clone())))
                    .await;
            }
        );
    }
}

#[tokio::test]
async fn history_ends_at_head() {
    let fake = Fake::start();
    let (client, mut peer) = fake.client(eager().push(false)).await;
    let mut history = client.conversation(ONE).history(MsgId::new(2));
    tokio::join!(
        async {
            reads(&mut history, 2..=700).await;
            assert_eq!(soon(history.next()).await, None);
        },
        async {
            assert_eq!(Log::up_to(700).answer_pull(&mut peer).await, (2, 500));
            // The log grew in the meantime.
            assert_eq!(Log::up_to(800).answer_pull(&mut peer).await, (502, 199));
        }
    );
    let mut timeline = client.conversation(ONE).follow(MsgId::new(1));
    assert_eq!(soon(timeline.next()).await, Some(Err(Error::PushIsOff)));
    assert_eq!(soon(timeline.next()).await, None);
}

#[tokio::test]
async fn batching_does_not_change_the_log() {
    let fake = Fake::start();
    let (_client, mut peer, mut timeline) = level_at_three(&fake).await;
    push(&mut peer, 4, 3).await;
    reads(&mut timeline, [4]).await;
    let run = soon(timeline.next_run()).await.unwrap().unwrap();
    assert_eq!(run, Log::up_to(0).run(5, 2));
    push(&mut peer, 7, 2).await;
    let batch = soon(timeline.next_batch()).await.unwrap().unwrap();
    assert_eq!(batch.len(), 2);
    for (message, msgid) in batch.iter().zip(7..) {
        is_the_message(message, msgid);
    }
}

#[tokio::test]
async fn dropped_wait_loses_nothing() {
    let fake = Fake::start();
    let (_client, mut peer, mut timeline) = level_at_three(&fake).await;
    for msgid in 4..=20 {
        tokio::select! {
            biased;
            next = timeline.next() => panic!("nothing was pushed: {next:?}"),
            () = push(&mut peer, msgid, 1) => {}
        }
        reads(&mut timeline, [msgid]).await;
    }
}
