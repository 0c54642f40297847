use bytes::BytesMut;
use cairn_memory::RecvStream;
use cairn_proto::ids::MsgId;
use cairn_proto::limits::FRAME_BYTES_MAX;
use cairn_proto::wire::close::CloseCode;
use cairn_proto::wire::codec;
use tokio::task::JoinHandle;

use super::*;
use crate::host::Blocking;
use crate::loopback::{CLIENT_WINDOW_BYTES, Loopback, soon};
use crate::transport::Lost;
use cairn_store::engine::Engine;
use cairn_store::timeline::Timeline;

const TEAM: ConversationId = ConversationId::new(5);

/// A few of these fill the window of a client that does not read.
const MESSAGE_BYTES: usize = 16 * 1024;

/// Messages published at first: far more than the windows hold.
const SAID: u64 = 40;

fn id(n: u64) -> MsgId {
    MsgId::new(n)
}

fn say(timeline: &Timeline, count: u64) {
    let message = Bytes::from(
        [
            &(MESSAGE_BYTES as u32).to_le_bytes()[..],
            &[b'x'; MESSAGE_BYTES],
        ]
        .concat(),
    );
    timeline
        .publish(timeline.head().next(), (0..count).map(|_| message.clone()))
        .unwrap();
}

struct Scene {
    loopback: Loopback,
    session: Arc<Session>,
    timeline: Arc<Timeline>,
    incoming: RecvStream,
    received: BytesMut,
    delivery: JoinHandle<Result<(), DeliveryError>>,
}

impl Scene {
    async fn set() -> Self {
        let loopback = Loopback::connect().await;
        let session = Session::new(loopback.server.clone(), true);
        let timeline = Arc::new(Timeline::new(TEAM, MsgId::ZERO, MsgId::ZERO));
        say(&timeline, SAID);
        timeline.show(id(SAID));
        session.push.as_ref().unwrap().put(
            TEAM,
            Feed::resumed(timeline.clone(), MsgId::ZERO, MsgId::ZERO),
        );
        let (send, incoming) = loopback.open().await;
        let engine = Engine::open(&loopback.dir.path().join("data"));
        let history = Reader {
            history: engine.unwrap().history(),
            blocking: Blocking::Pool,
        };
        let delivery = tokio::spawn(deliver(session.clone(), history, send));
        Self {
            loopback,
            session,
            timeline,
            incoming,
            received: BytesMut::new(),
            delivery,
        }
    }

    fn push(&self) -> &Push {
        self.session.push.as_ref().unwrap()
    }

    async fn news(&mut self) -> TimelineFrame {
        loop {
            if let Some(frame) = frame::split(&mut self.received, FRAME_BYTES_MAX).unwrap() {
                return codec::decode(&frame, FRAME_BYTES_MAX).unwrap();
            }
            let chunk = soon(self.incoming.read_chunk(usize::MAX)).await.unwrap();
            self.received.extend_from_slice(&chunk.unwrap());
        }
    }

    /// Reads until the conversation is removed. Returns the last message that was read, and the
    /// last one that the server permits.
    async fn until_removed(&mut self) -> (MsgId, MsgId) {
        let mut seen = MsgId::ZERO;
        loop {
            match self.news().await {
                TimelineFrame::Run(run) => seen = run.last(),
                TimelineFrame::Update(Update::Removed {
                    conversation: TEAM,
                    last,
                }) => return (seen, last),
                other => panic!("{other:?}"),
            }
        }
    }
}

#[tokio::test]
async fn entries_after_membership_end_are_not_pushed() {
    const { assert!(SAID as usize * MESSAGE_BYTES > 4 * CLIENT_WINDOW_BYTES) };
    let mut scene = Scene::set().await;
    // One run is in flight; the others wait for window.
    let TimelineFrame::Run(run) = scene.news().await else {
        panic!("no run")
    };
    assert!(run.last() < id(SAID));
    scene.push().end(TEAM, id(SAID));
    scene.push().wake();
    say(&scene.timeline, 5);
    scene.timeline.show(id(SAID + 5));
    assert_eq!(scene.until_removed().await, (id(SAID), id(SAID)));
}

#[tokio::test]
async fn unpublished_entries_are_not_pushed() {
    let mut scene = Scene::set().await;
    say(&scene.timeline, 5);
    while !matches!(scene.news().await, TimelineFrame::Run(run) if run.last() == id(SAID)) {}
    scene.push().end(TEAM, id(SAID));
    scene.push().wake();
    assert_eq!(scene.until_removed().await, (MsgId::ZERO, id(SAID)));
}

#[tokio::test]
async fn delivery_ends_with_connection() {
    let mut scene = Scene::set().await;
    while !matches!(scene.news().await, TimelineFrame::Run(run) if run.last() == id(SAID)) {}
    let session = Arc::downgrade(&scene.session);
    scene.loopback.client.close(0, Bytes::new());
    let Scene {
        delivery,
        session: held,
        ..
    } = scene;
    assert!(matches!(
        soon(delivery).await.unwrap(),
        Err(DeliveryError::Stream(StreamError::Lost(Lost::Closed(
            CloseCode::Normal
        ))))
    ));
    drop(held);
    assert!(session.upgrade().is_none());
}
