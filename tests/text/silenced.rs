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
    ada: UserId,
    bob: UserId,
    eve: UserId,
}

/// The number of a session, and the head and the mentions of a summary that it got.
type Statement = (usize, MsgId, u64);

impl Team {
    async fn new(server: &Server) -> Self {
        let (ada, ada_account) = server.owner().await;
        let (bob, bob_account) = invite(&ada, "bob").await;
        let (eve, eve_account) = invite(&ada, "eve").await;
        let bobs_phone = Client::builder().connect(&bob_account).await.unwrap();
        let members = vec![bob_account.user, eve_account.user];
        let name = "team".parse().unwrap();
        let id = ada.conversations().create_group(name, members).await;
        let sessions = [ada, bob, bobs_phone, eve];
        Self {
            id: id.unwrap(),
            sessions: sessions.map(|client| {
                let events = client.events();
                (client, events)
            }),
            ada: ada_account.user,
            bob: bob_account.user,
            eve: eve_account.user,
        }
    }

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

    /// How many mentions bob and eve have.
    async fn mentions(&self) -> (u64, u64) {
        let [_, (bob, _), _, (eve, _)] = &self.sessions;
        (mentions(bob, self.id).await, mentions(eve, self.id).await)
    }

    async fn edit(&self, msgid: MsgId, extras: Vec<Extra>) {
        let chat = self.ada().conversation(self.id);
        let (text, extras) = (Text::new("hi again").unwrap(), Extras::new(extras).unwrap());
        chat.edit_with(msgid, text, extras).await.unwrap();
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
    let mut team = Team::new(&server).await;
    let bob = team.sessions[1].0.clone();
    let (ada, by_name, all) = (team.ada, Extra::Mention(team.bob), Extra::MentionAll);
    team.statements().await;

    let first = team.send(vec![by_name.clone()]).await;
    assert_eq!(team.statements().await, [], "it counts");

    let block = |act| bob.people().relate(ada, act);
    block(RelationAct::Block).await.unwrap();
    team.statements().await;
    let both = vec![by_name.clone(), Extra::Mention(team.eve)];
    let second = team.send(both).await;
    assert_eq!(team.statements().await, [(1, second, 1), (2, second, 1)]);
    let third = team.send(vec![all]).await;
    assert_eq!(team.statements().await, [(1, third, 1), (2, third, 1)]);
    let fourth = team.send(Vec::new()).await;
    assert_eq!(team.statements().await, []);
    team.edit(fourth, vec![by_name.clone()]).await;
    let edit = fourth.next();
    assert_eq!(team.statements().await, [(1, edit, 1), (2, edit, 1)]);

    block(RelationAct::Unblock).await.unwrap();
    team.statements().await;
    let last = team.send(vec![by_name]).await;
    assert_eq!(team.statements().await, [], "it counts again");
    assert_eq!(team.mentions().await, (2, 2));

    let of_bob = bob.conversation(team.id);
    of_bob.mark_read(last).await.unwrap();
    assert_eq!(team.statements().await, []);
    for (from, mentions) in [(fourth, 1), (second, 1), (first, 2)] {
        of_bob.mark_unread(from).await.unwrap();
        let statements = [(1, last, mentions), (2, last, mentions)];
        assert_eq!(team.statements().await, statements);
    }
}

#[tokio::test]
async fn mention_of_all_that_is_edited_away_does_not_count_after_an_unblock() {
    let mut server = Server::start();
    let team = Team::new(&server).await;
    let bob = team.sessions[1].0.clone();
    let block = |act| bob.people().relate(team.ada, act);
    block(RelationAct::Block).await.unwrap();
    let mut sent = Vec::new();
    for _ in 0..3 {
        sent.push(team.send(vec![Extra::MentionAll]).await);
    }
    assert_eq!(team.mentions().await, (0, 3));

    block(RelationAct::Unblock).await.unwrap();
    team.edit(sent[0], Vec::new()).await;
    assert_eq!(team.mentions().await, (0, 2));
    server.kill();
    server.restart();
    // An edit is not repeated on a new connection, and a list is.
    assert_eq!(mentions(team.ada(), team.id).await, 0);
    team.edit(sent[1], Vec::new()).await;
    assert_eq!(team.mentions().await, (0, 1));
    team.edit(sent[2], vec![Extra::Mention(team.bob)]).await;
    assert_eq!(team.mentions().await, (1, 0));
}
