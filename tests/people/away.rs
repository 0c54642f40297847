//! Automatic away: a session without user activity for the configured time, until its next
//! activity.

use cairn_client::proto::ids::{ConversationId, MsgId, UserId};
use cairn_client::proto::limits::TYPING_INTERVAL;
use cairn_client::proto::model::presence::{DeviceKind, UserPresence};
use cairn_client::proto::text::{EmojiName, GroupName};
use cairn_client::proto::wire::request::session::PullRange;
use cairn_client::{Client, Events};

use super::presence::{on, until};
use super::{set, text};
use crate::support::{Server, invite};

/// Bob on a desktop, and Ada, who watches Bob and configures the idle time.
struct Stage {
    server: Server,
    ada: Client,
    bob: Client,
    bob_id: UserId,
    team: ConversationId,
    said: MsgId,
    told: Events,
}

impl Stage {
    async fn set() -> Self {
        let server = Server::start();
        let (ada, _) = server.owner().await;
        let (bob, account) = invite(&ada, "bob").await;
        let team = ada
            .conversations()
            .create_group(GroupName::new("team").unwrap(), vec![account.user])
            .await
            .unwrap();
        let said = ada.conversation(team).send(text("hello")).await.unwrap();
        bob.me()
            .set_presence(DeviceKind::Desktop, false)
            .await
            .unwrap();
        let told = ada.events();
        let stage = Self {
            server,
            ada,
            bob,
            bob_id: account.user,
            team,
            said,
            told,
        };
        assert_eq!(
            stage.ada.people().watch(vec![stage.bob_id]).await.unwrap(),
            [stage.bob_at(false)]
        );
        stage
    }

    /// Must follow the watch: the reply to the watch reports the current presence, and later
    /// changes arrive as events.
    async fn away_soon(&self) {
        set(&self.ada, "away-after", "1s").await;
    }

    fn bob_at(&self, is_away: bool) -> UserPresence {
        UserPresence {
            user: self.bob_id,
            devices: on(&[(DeviceKind::Desktop, is_away)]),
        }
    }

    async fn until_away(&mut self, is_away: bool) {
        let expected = self.bob_at(is_away);
        until(&mut self.told, &expected).await;
    }
}

#[tokio::test]
async fn idle_user_is_away_until_active() {
    let mut stage = Stage::set().await;
    stage.away_soon().await;
    stage.until_away(true).await;

    // Automatic requests of Bob's client are no activity.
    let Stage {
        bob, team, said, ..
    } = &stage;
    bob.conversations().list().await.unwrap();
    bob.conversation(*team)
        .pull(PullRange::From(MsgId::new(1)), 10)
        .await
        .unwrap();
    bob.people().contacts().await.unwrap();
    bob.people().watch(Vec::new()).await.unwrap();
    bob.conversation(*team).ack(*said);
    while bob.conversations().list().await.unwrap()[0].delivered < *said {
        tokio::task::yield_now().await;
    }
    assert_eq!(
        stage.ada.people().watch(vec![stage.bob_id]).await.unwrap(),
        [stage.bob_at(true)]
    );

    for act in 0..3 {
        let Stage {
            bob, team, said, ..
        } = &stage;
        match act {
            0 => bob.conversation(*team).mark_read(*said).await.unwrap(),
            1 => bob
                .conversation(*team)
                .react(*said, EmojiName::new("tada").unwrap())
                .await
                .unwrap(),
            _ => bob.conversation(*team).focus().await.unwrap(),
        }
        stage.until_away(false).await;
        stage.until_away(true).await;
    }
    // Typing alone is activity too.
    let (bob, team) = (stage.bob.clone(), stage.team);
    let types = async {
        let mut clock = tokio::time::interval(TYPING_INTERVAL);
        loop {
            clock.tick().await;
            bob.conversation(team).typing();
        }
    };
    tokio::select! {
        () = stage.until_away(false) => {}
        () = types => unreachable!("it goes on"),
    }
}

#[tokio::test]
async fn explicit_away_persists_and_bots_never_idle() {
    let mut stage = Stage::set().await;
    let (bot, bot_account) = invite(&stage.ada, "bot").await;
    bot.me().set_presence(DeviceKind::Bot, false).await.unwrap();
    let team = stage
        .ada
        .conversations()
        .create_group(
            GroupName::new("bots").unwrap(),
            vec![bot_account.user, stage.bob_id],
        )
        .await
        .unwrap();
    stage
        .ada
        .people()
        .watch(vec![stage.bob_id, bot_account.user])
        .await
        .unwrap();
    // The server would detect an idle bot before Bob, who was active after it.
    stage
        .bob
        .me()
        .set_presence(DeviceKind::Desktop, false)
        .await
        .unwrap();
    stage.away_soon().await;
    stage.until_away(true).await;
    let present = stage
        .ada
        .people()
        .watch(vec![bot_account.user, stage.bob_id])
        .await
        .unwrap();
    let of_bot = UserPresence {
        user: bot_account.user,
        devices: on(&[(DeviceKind::Bot, false)]),
    };
    let expected = [stage.bob_at(true), of_bot];
    assert_eq!(present.len(), 2);
    assert!(
        expected.iter().all(|user| present.contains(user)),
        "{present:?}"
    );

    stage
        .bob
        .me()
        .set_presence(DeviceKind::Desktop, true)
        .await
        .unwrap();
    stage
        .bob
        .conversation(team)
        .send(text("not really here"))
        .await
        .unwrap();
    assert_eq!(
        stage.ada.people().watch(vec![stage.bob_id]).await.unwrap(),
        [stage.bob_at(true)]
    );
    stage
        .bob
        .me()
        .set_presence(DeviceKind::Desktop, false)
        .await
        .unwrap();
    stage.until_away(false).await;
}

#[tokio::test]
async fn idle_timeout_applies_immediately() {
    let mut stage = Stage::set().await;
    stage.away_soon().await;
    stage.until_away(true).await;
    for never in ["never", "10m"] {
        set(&stage.ada, "away-after", never).await;
        stage.until_away(false).await;
        stage.away_soon().await;
        stage.until_away(true).await;
    }
    stage.server.kill();
    stage.server.restart();
    // Bob's client reconnects on its own, and stays idle.
    stage.until_away(true).await;
}

#[tokio::test]
async fn device_is_present_while_any_session_is_active() {
    let mut stage = Stage::set().await;
    let (eve, account) = invite(&stage.ada, "eve").await;
    let again = Client::builder().connect(&account).await.unwrap();
    let user = account.user;
    stage
        .ada
        .conversations()
        .create_group(GroupName::new("eve").unwrap(), vec![user])
        .await
        .unwrap();
    stage.ada.people().watch(vec![user]).await.unwrap();
    stage.away_soon().await;
    let of_eve = |is_away| UserPresence {
        user,
        devices: on(&[(DeviceKind::Unknown, is_away)]),
    };
    until(&mut stage.told, &of_eve(true)).await;
    eve.me()
        .set_reads(eve.me().reads().await.unwrap())
        .await
        .unwrap();
    until(&mut stage.told, &of_eve(false)).await;
    drop(again);
}
