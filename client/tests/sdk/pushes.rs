//! Pushed entries of all conversations, as events.

use std::time::Duration;

use cairn_client::proto::ids::{ConversationId, MsgId};
use cairn_client::proto::wire::event::{TimelineFrame, Update};
use cairn_client::{Client, Event};
use tokio::time::timeout;

use crate::fake::{Fake, eager, soon};
use crate::follow::{Log, ONE};

#[tokio::test]
async fn entries_and_events_keep_their_order() {
    let fake = Fake::start();
    let (client, mut peer) = fake.client(eager()).await;
    let (mut pushes, mut events) = (client.pushes(), client.events());
    let run = Log::up_to(0).run(4, 2);
    let two = ConversationId::new(2);
    let floor = Update::Floor {
        conversation: ONE,
        floor: MsgId::new(3),
    };
    peer.push(TimelineFrame::Run(run.clone())).await;
    peer.push(TimelineFrame::Update(floor.clone())).await;
    let behind = TimelineFrame::Behind {
        conversation: two,
        head: MsgId::new(900),
    };
    peer.push(behind).await;
    assert_eq!(soon(pushes.next()).await, Some(Event::Entries(run)));
    assert_eq!(
        soon(pushes.next()).await,
        Some(Event::Update(floor.clone()))
    );
    assert_eq!(
        soon(pushes.next()).await,
        Some(Event::Behind {
            conversation: two,
            head: MsgId::new(900)
        })
    );
    // Other readers of events do not get entries.
    assert_eq!(soon(events.next()).await, Some(Event::Update(floor)));
    let more = timeout(Duration::from_millis(1), events.next()).await;
    assert!(more.is_err(), "{more:?}");
}

#[tokio::test]
async fn slow_reader_of_pushes_lags() {
    let fake = Fake::start();
    let (client, mut peer): (Client, _) = fake.client(eager()).await;
    let (mut pushes, mut timeline) = (
        client.pushes(),
        client.conversation(ONE).follow(MsgId::new(1)),
    );
    let last = 300;
    for msgid in 1..=last {
        peer.push(TimelineFrame::Run(Log::up_to(0).run(msgid, 1)))
            .await;
    }
    // Once the timeline has all of them, so have the events.
    for _ in 1..=last {
        soon(timeline.next()).await.unwrap().unwrap();
    }
    let mut entries = 0;
    loop {
        match soon(pushes.next()).await {
            Some(Event::Entries(_)) => entries += 1,
            Some(Event::Lagged(lagged)) => {
                assert_eq!(entries + lagged, last);
                break;
            }
            other => panic!("{other:?}"),
        }
    }
}
