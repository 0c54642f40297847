//! A small server without faults of its own, whose connections break at random points.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use cairn_client::proto::content::body::Body;
use cairn_client::proto::content::extras::Extras;
use cairn_client::proto::content::message::{Draft, Entry, Run};
use cairn_client::proto::ids::{ClientSeq, ConversationId, MsgId, SendStreamId, Timestamp, UserId};
use cairn_client::proto::wire::close::CloseCode;
use cairn_client::proto::wire::event::TimelineFrame;
use cairn_client::proto::wire::request::reading::Ack;
use cairn_client::proto::wire::request::session::{Pull, PullRange, Pulled};
use cairn_client::proto::wire::request::{
    Answer, MessageRequest, ReadingRequest, Request, SessionRequest,
};
use tokio::sync::watch;

use crate::fake::{Fake, Peer, eager, soon};
use crate::requests::group;
use crate::sends::text;

const ONE: ConversationId = ConversationId::new(1);
const MESSAGES: u64 = 3_000;

/// A seeded random number generator.
struct Dice(u64);

impl Dice {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % bound
    }
}

#[derive(Default)]
struct World {
    log: Vec<Body>,
    seen: HashMap<(SendStreamId, ClientSeq), u64>,
}

impl World {
    /// Stores a message exactly once, however often it arrives.
    fn accept(&mut self, stream: SendStreamId, seq: ClientSeq, body: Body) -> u64 {
        let next = self.log.len() as u64 + 1;
        let msgid = *self.seen.entry((stream, seq)).or_insert(next);
        if msgid == next {
            self.log.push(body);
        } else {
            assert_eq!(
                self.log[msgid as usize - 1],
                body,
                "a number was used for two messages"
            );
        }
        msgid
    }

    fn run(&self, first: u64, count: u64) -> Run {
        let mut entries = Vec::new();
        let bodies: Vec<&Body> = self
            .log
            .iter()
            .skip(first as usize - 1)
            .take(count as usize)
            .collect();
        for body in &bodies {
            Entry {
                sender: UserId::new(7),
                sent_at: Timestamp::new(0),
                body: (*body).clone(),
                extras: Extras::NONE,
            }
            .pack(&mut entries);
        }
        Run {
            conversation: ONE,
            first: MsgId::new(first),
            count: bodies.len() as u32,
            entries: entries.into(),
        }
    }

    fn head(&self) -> u64 {
        self.log.len() as u64
    }
}

/// Serves one connection until the dice break it. Its login reported the head `pushed`. Pushes are
/// lost at random, and overlap.
async fn serve(
    mut peer: Peer,
    mut pushed: u64,
    world: &Mutex<World>,
    head: &watch::Sender<u64>,
    dice: &mut Dice,
) {
    let stream = peer.hello.send_stream;
    let mut left = 20 + dice.below(300);
    let mut heads = head.subscribe();
    heads.mark_changed();
    loop {
        let asked = tokio::select! {
            asked = peer.try_request() => asked,
            changed = heads.changed() => {
                changed.unwrap();
                let now = *heads.borrow();
                let first = (pushed + 1).saturating_sub(dice.below(3)).max(1);
                // A gap shows only in a later push, so the last push must arrive.
                if now == MESSAGES || dice.below(4) > 0 {
                    let run = world.lock().unwrap().run(first, now + 1 - first);
                    peer.push(TimelineFrame::Run(run)).await;
                }
                pushed = now;
                continue;
            }
        };
        let Some((id, request)) = asked else { return };
        let answer = match request {
            Request::Message(MessageRequest::Send(draft)) => {
                let (msgid, now) = {
                    let mut world = world.lock().unwrap();
                    (
                        world.accept(stream, draft.seq, draft.content.into_parts().0),
                        world.head(),
                    )
                };
                head.send_replace(now);
                Answer::to::<Draft>(&MsgId::new(msgid))
            }
            Request::Session(SessionRequest::Pull(Pull {
                range: PullRange::From(from),
                limit,
                ..
            })) => {
                let world = world.lock().unwrap();
                let head = MsgId::new(world.head());
                Answer::to::<Pull>(&Pulled {
                    run: world.run(from.get(), limit.into()),
                    head,
                    floor: MsgId::ZERO,
                })
            }
            Request::Reading(ReadingRequest::Ack(_)) => Answer::to::<Ack>(&()),
            other => panic!("{other:?}"),
        };
        left -= 1;
        if left == 0 {
            // The last message is stored, but its reply is lost.
            return peer.close(CloseCode::Internal);
        }
        peer.answer(id, Ok(answer)).await;
        // A close drops unsent replies, so give most of them the time to leave.
        tokio::task::yield_now().await;
    }
}

/// Sends all messages, pipelined, while another client follows. Returns the number of disconnects.
async fn run_with(seed: u64) -> u64 {
    let fake = Fake::start();
    let world = Arc::new(Mutex::new(World::default()));
    let (head, _) = watch::channel(0);
    let account = fake.account();
    let connections = async {
        let mut connections = tokio::task::JoinSet::new();
        for number in 0.. {
            let told = world.lock().unwrap().head();
            let peer = fake.welcomed(vec![group(1, told)]).await;
            let (world, head) = (Arc::clone(&world), head.clone());
            connections.spawn(async move {
                serve(
                    peer,
                    told,
                    &world,
                    &head,
                    &mut Dice(seed.wrapping_add(number)),
                )
                .await
            });
            if connections.len() > 2 {
                connections.join_next().await;
            }
        }
    };
    let talk = async {
        let (sender, follower) = tokio::join!(eager().connect(&account), eager().connect(&account));
        let (sender, follower) = (sender.unwrap(), follower.unwrap());
        let mut breaks = sender.events();
        let sending = async {
            let mut promises = Vec::new();
            for n in 1..=MESSAGES {
                promises.push(
                    sender
                        .conversation(ONE)
                        .enqueue(text(&n.to_string()))
                        .await
                        .unwrap(),
                );
            }
            for (n, promise) in (1..).zip(promises) {
                assert_eq!(promise.await, Ok(MsgId::new(n)), "seed {seed}");
            }
        };
        let following = async {
            let mut timeline = follower.conversation(ONE).follow(MsgId::new(1));
            for n in 1..=MESSAGES {
                let message = timeline.next().await.unwrap().unwrap();
                assert_eq!(
                    (message.msgid, message.body),
                    (MsgId::new(n), text(&n.to_string())),
                    "seed {seed}"
                );
                follower.conversation(ONE).ack(message.msgid);
            }
        };
        tokio::join!(sending, following);
        sender.close().await;
        let mut broken = 0;
        while breaks.next().await.is_some() {
            broken += 1;
        }
        broken
    };
    let broken = soon(async {
        tokio::select! {
            broken = talk => broken,
            () = connections => unreachable!("it accepts for ever"),
        }
    })
    .await;
    assert_eq!(world.lock().unwrap().head(), MESSAGES, "seed {seed}");
    broken
}

#[tokio::test]
async fn delivery_is_exactly_once_across_disconnects() {
    for seed in 1..=3 {
        assert!(
            run_with(seed).await > 0,
            "no connection broke with seed {seed}"
        );
    }
}
