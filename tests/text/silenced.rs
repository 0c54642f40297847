//! Mentions by a user whom the mentioned one has blocked: their own sessions, and no others, learn
//! that such a mention does not count.

use cairn_client::proto::content::extras::{Extra, Extras};
use cairn_client::proto::ids::{ConversationId, MsgId, UserId};
use cairn_client::proto::model::people::RelationAct;
use cairn_client::{Client, Event, Events, Text, Update};

use crate::support::{Server, event, invite};

/// A group of ada, who sends, and of bob and eve, whose sessions are observed.
struct Team {
    id: ConversationId,
    /// Of ada, of bob, twice, and of eve.
    sessions: [(Client, Events); 4],
    bob: UserId,
    eve: UserId,
}

/// The number of a session, and the head and the mentions of a summary that it got.
type Statement = (usize, MsgId, u64);

impl Team {
    /// Returns the summaries of the group that the sessions got since the last call.
    async fn statements(&mut self) -> Vec<Statement> {
        let mut found = Vec::new();
        for (session, (client, events)) in self.sessions.iter_mut().enumerate() {
            // Events come in their order, so that of a new group of the user alone is the last.
            let name = "alone".parse().unwrap();
            let alone = client.conversations().create_group(name, Vec::new());
            let alone = alone.await.unwrap();
            event(events, "the new group", |event| {
                let Event::Update(Update::Conversation(summary)) = event else {
                    return None;
                };
                if summary.id == self.id {
                    found.push((session, summary.head, summary.mentions));
                }
                (summary.id == alone).then_some(())
            })
            .await;
        }
        found
    }

    fn ada(&self) -> &Client {
        &self.sessions[0].0
    }

    async fn send(&self, extras: Vec<Extra>) -> MsgId {
        let extras = Extras::new(extras).unwrap();
        let accepted = self.ada().conversation(self.id).enqueue_with("hi", extras);
        accepted.await.unwrap().await.unwrap()
    }
}

async fn mentions(client: &Client, id: ConversationId) -> u64 {
    let list = client.conversations().list().await.unwrap();
    list.iter().find(|item| item.id == id).unwrap().mentions
}

#[tokio::test]
async fn only_the_blocker_learns_that_a_mention_does_not_count() {
    let server = Server::start();
    let (ada, ada_account) = server.owner().await;
    let (bob, bob_account) = invite(&ada, "bob").await;
    let (eve, eve_account) = invite(&ada, "eve").await;
    let bobs_phone = Client::builder().connect(&bob_account).await.unwrap();
    let members = vec![bob_account.user, eve_account.user];
    let name = "team".parse().unwrap();
    let id = ada.conversations().create_group(name, members).await;
    let sessions = [ada, bob.clone(), bobs_phone, eve.clone()];
    let mut team = Team {
        id: id.unwrap(),
        sessions: sessions.map(|client| {
            let events = client.events();
            (client, events)
        }),
        bob: bob_account.user,
        eve: eve_account.user,
    };
    let (by_name, all) = (Extra::Mention(team.bob), Extra::MentionAll);
    team.statements().await;

    team.send(vec![by_name.clone()]).await;
    assert_eq!(team.statements().await, [], "it counts");

    let block = |act| bob.people().relate(ada_account.user, act);
    block(RelationAct::Block).await.unwrap();
    team.statements().await;
    let both = vec![by_name.clone(), Extra::Mention(team.eve)];
    let second = team.send(both).await;
    assert_eq!(team.statements().await, [(1, second, 1), (2, second, 1)]);
    let third = team.send(vec![all]).await;
    assert_eq!(team.statements().await, [(1, third, 1), (2, third, 1)]);
    let fourth = team.send(Vec::new()).await;
    assert_eq!(team.statements().await, []);
    let chat = team.ada().conversation(team.id);
    let text = Text::new("hi again").unwrap();
    let naming = Extras::new(vec![by_name.clone()]).unwrap();
    chat.edit_with(fourth, text, naming).await.unwrap();
    let edit = fourth.next();
    assert_eq!(team.statements().await, [(1, edit, 1), (2, edit, 1)]);

    block(RelationAct::Unblock).await.unwrap();
    team.statements().await;
    team.send(vec![by_name]).await;
    assert_eq!(team.statements().await, [], "it counts again");
    assert_eq!(mentions(&bob, team.id).await, 2);
    assert_eq!(mentions(&eve, team.id).await, 2);
}
