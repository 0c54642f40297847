//! Office hours over the real server. What instants they are is tested where they are computed.

use cairn_client::proto::model::desk::{OfficeHours, QueueConfig, VisitorState, WeekSpan};
use cairn_client::proto::wire::error::ErrorCode;
use cairn_client::proto::wire::request::desk::{GetInquiry, ListQueues, SetQueue};

use crate::desk::{Desk, queue};
use crate::support::until;

/// Open for a week, or never.
fn hours(is_open: bool) -> OfficeHours {
    let span = |day| WeekSpan {
        day,
        from: 0,
        to: 24 * 60,
    };
    OfficeHours {
        zone: "Asia/Shanghai".parse().unwrap(),
        weekly: (0..7).filter(|_| is_open).map(span).collect(),
        days: Vec::new(),
    }
}

impl Desk {
    async fn set_queue(&mut self, config: QueueConfig) -> Result<(), ErrorCode> {
        let queue = self.queue;
        self.admin
            .ask(SetQueue {
                queue,
                config: config.into(),
            })
            .await
    }

    async fn until_open(&mut self, is_open: bool) {
        until("the hours are set", async || {
            let queues = self.admin.ask(ListQueues::default()).await.unwrap().items;
            queues[0].counts.is_open == is_open
        })
        .await;
    }
}

/// Reported: office hours set agents off duty. Here they close the queue.
#[tokio::test]
async fn what_is_left_outside_the_hours_is_answered_at_opening() {
    let mut desk = Desk::open(|_| {}).await;
    let mut mei = desk.agent("mei", 5).await;
    let closed = |is_open| QueueConfig {
        hours: Some(hours(is_open)),
        offline: "we open at nine".parse().unwrap(),
        ..queue("presale")
    };
    desk.set_queue(closed(false)).await.unwrap();
    desk.until_open(false).await;
    let mut visitor = desk.visitor().await;
    assert!(!visitor.welcome.desk.is_open);
    assert_eq!(visitor.welcome.desk.offline.as_str(), "we open at nine");
    let inquiry = visitor.opens("is anyone there?").await.unwrap();
    assert_eq!(inquiry.state, VisitorState::Left);

    desk.set_queue(closed(true)).await.unwrap();
    desk.until_open(true).await;
    mei.gets("is anyone there?").await;
    let conversation = inquiry.conversation;
    let info = desk.admin.ask(GetInquiry { conversation }).await.unwrap();
    assert_eq!(info.state.agent(), Some(mei.user()));
    assert!(desk.is_present(mei.user()).await);
}

#[tokio::test]
async fn closed_queue_without_messages_refuses() {
    let mut desk = Desk::open(|_| {}).await;
    let closed = QueueConfig {
        hours: Some(hours(false)),
        takes_messages: false,
        ..queue("presale")
    };
    desk.set_queue(closed).await.unwrap();
    desk.until_open(false).await;
    let mut visitor = desk.visitor().await;
    assert_eq!(visitor.opens("hello").await, Err(ErrorCode::QueueClosed));
}

/// The machine resolves them again after a restart.
#[tokio::test]
async fn hours_survive_a_restart() {
    let mut desk = Desk::open(|config| config.hours = Some(hours(true))).await;
    desk.until_open(true).await;
    desk.server.kill();
    desk.server.restart();
    desk.reconnect_admin().await;
    desk.until_open(true).await;
}

#[tokio::test]
async fn unknown_zone_is_refused() {
    let mut desk = Desk::open(|_| {}).await;
    let nowhere = OfficeHours {
        zone: "Mars/Olympus".parse().unwrap(),
        ..hours(true)
    };
    let config = QueueConfig {
        hours: Some(nowhere),
        ..queue("presale")
    };
    assert_eq!(desk.set_queue(config).await, Err(ErrorCode::BadRequest));
}
