//! Two well-behaved clients, which must not notice attacks on the server.

use std::cell::Cell;
use std::time::Duration;

use cairn_client::proto::ids::{ConversationId, MsgId};
use cairn_client::{Client, Timeline};
use tokio::time::{MissedTickBehavior, interval, timeout};

use super::raw::PATIENCE;
use super::{group, text};
use crate::support::invite;

/// Two users in a group that has no other members.
pub(crate) struct Bystanders {
    team: ConversationId,
    ann: Client,
    ben: Client,
    seen_by_ann: Timeline,
    seen_by_ben: Timeline,
    last: MsgId,
}

/// Delay between exchanges, to leave processor time to the attack.
const PACE: Duration = Duration::from_millis(20);

impl Bystanders {
    pub(crate) async fn join(owner: &Client) -> Self {
        let (ann, _) = invite(owner, "ann").await;
        let (ben, account) = invite(owner, "ben").await;
        let team = group(&ann, "bystanders", &[account.user]).await;
        let head = ann.conversations().list().await.unwrap()[0].head;
        let (seen_by_ann, seen_by_ben) = (
            ann.conversation(team).follow(head.next()),
            ben.conversation(team).follow(head.next()),
        );
        Self {
            team,
            ann,
            ben,
            seen_by_ann,
            seen_by_ben,
            last: head,
        }
    }

    /// Runs `other` while the two clients chat: at least once before, during and after it.
    pub(crate) async fn chat_meanwhile<T>(&mut self, other: impl Future<Output = T>) -> T {
        self.exchange().await;
        let is_over = Cell::new(false);
        let other = async {
            let result = other.await;
            is_over.set(true);
            result
        };
        let chat = async {
            let mut pace = interval(PACE);
            pace.set_missed_tick_behavior(MissedTickBehavior::Delay);
            loop {
                pace.tick().await;
                self.exchange().await;
                if is_over.get() {
                    return;
                }
            }
        };
        let (result, ()) = tokio::join!(other, chat);
        self.exchange().await;
        result
    }

    /// Each client sends a message, which must be accepted under the next msgid and reach both.
    async fn exchange(&mut self) {
        timeout(PATIENCE, self.exchange_now())
            .await
            .expect("the bystanders are not served");
    }

    async fn exchange_now(&mut self) {
        for speaker in [&self.ann, &self.ben] {
            let body = text(&format!("message {}", self.last.next()));
            let msgid = speaker
                .conversation(self.team)
                .send(body.clone())
                .await
                .unwrap();
            assert_eq!(msgid, self.last.next());
            self.last = msgid;
            for timeline in [&mut self.seen_by_ann, &mut self.seen_by_ben] {
                let seen = timeline.next().await.unwrap().unwrap();
                assert_eq!((seen.msgid, seen.body), (msgid, body.clone()));
            }
        }
    }
}
