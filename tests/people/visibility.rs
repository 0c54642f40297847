//! While `user-search` is off, users whom nothing connects to the requester cannot be told from
//! users who do not exist, whatever the request.

use cairn_client::WhoAmI;
use cairn_client::proto::content::extras::{Extra, Extras};
use cairn_client::proto::ids::{ConversationId, ImportSource, Timestamp};
use cairn_client::proto::text::{GroupName, UserName};
use cairn_client::proto::wire::request::message::ImportEntry;
use cairn_client::proto::wire::request::session::PullRange;

use super::*;

const NOBODY: UserId = UserId::new(400);

struct Cast {
    server: Server,
    ada: Client,
    bob: Client,
    /// A member of Bob's group.
    cat: UserId,
    /// A stranger to Bob.
    dan: (Client, UserId),
    team: ConversationId,
}

async fn cast() -> Cast {
    let server = Server::start();
    let (ada, _) = server.owner().await;
    let (bob, _) = invite(&ada, "bob").await;
    let (_, cat) = invite(&ada, "cat").await;
    let (dan, account) = invite(&ada, "dan").await;
    let team = bob
        .conversations()
        .create_group(GroupName::new("team").unwrap(), vec![cat.user])
        .await
        .unwrap();
    hide(&ada).await;
    Cast {
        server,
        ada,
        bob,
        cat: cat.user,
        dan: (dan, account.user),
        team,
    }
}

async fn hide(owner: &Client) {
    let (name, value) = (SettingName::new("user-search"), SettingValue::new("off"));
    let set = owner.admin().set_setting(name.unwrap(), value.unwrap());
    set.await.unwrap();
}

fn all() -> Vec<UserId> {
    (1..=500).map(UserId::new).collect()
}

async fn shown(client: &Client) -> Vec<UserId> {
    let people = client.people();
    let users = people.get_all(&all()).await.unwrap();
    let users: Vec<UserId> = users.iter().map(|user| user.id).collect();
    let profiles = people.profiles(&all()).await.unwrap();
    assert!(profiles.iter().map(|found| found.user.id).eq(users.clone()));
    users
}

/// What each request about a user that is named by id comes to.
async fn answers(client: &Client, team: ConversationId, user: UserId) -> Vec<ErrorCode> {
    let people = client.people();
    let mut answers = Vec::new();
    for act in [
        RelationAct::Follow,
        RelationAct::AskFriend,
        RelationAct::RemoveFriend,
        RelationAct::Block,
        RelationAct::Unblock,
    ] {
        answers.push(refused(people.relate(user, act).await));
    }
    let name = GroupName::new("all of you").unwrap();
    let made = client.conversations().create_group(name, vec![user]);
    answers.push(refused(made.await));
    let group = client.conversation(team);
    answers.push(refused(group.add_members(vec![user]).await));
    answers.push(refused(group.ban(vec![user]).await));
    let mention = Extras::new(vec![Extra::Mention(user)]).unwrap();
    let sent = group.enqueue_with(text("you"), mention).await.unwrap();
    answers.push(refused(sent.await));
    let direct = client.conversations().direct(user).unwrap();
    answers.push(refused(client.conversation(direct).send(text("hi")).await));
    assert_eq!(people.watch(vec![user]).await.unwrap(), []);
    answers
}

#[tokio::test]
async fn strangers_are_indistinguishable_from_nobody() {
    let cast = cast().await;
    let Cast { bob, ada, team, .. } = &cast;
    assert_eq!(shown(bob).await, [bob.whoami().user, cast.cat]);
    assert_eq!(shown(ada).await.len(), 4);
    let about_dan = answers(bob, *team, cast.dan.1).await;
    assert_eq!(about_dan, answers(bob, *team, NOBODY).await);
    assert_eq!(shown(bob).await.len(), 2, "nothing was revealed");
}

#[tokio::test]
async fn connections_reveal_users() {
    let Cast {
        server: _server,
        bob,
        team,
        cat,
        dan: (dan, id),
        ..
    } = cast().await;
    // A user can be contacted by their exact name, and knows the requester from then on.
    let named = bob.people().find(UserName::new("dan").unwrap());
    assert_eq!(named.await.unwrap().unwrap().id, id);
    let me = bob.whoami().user;
    assert_eq!(shown(&dan).await, [id]);
    bob.people()
        .relate(id, RelationAct::AskFriend)
        .await
        .unwrap();
    assert_eq!(shown(&dan).await, [me, id]);
    assert_eq!(shown(&bob).await, [me, cat, id]);
    // Entries of a former member stay attributable.
    let group = bob.conversation(team);
    group.remove_members(vec![cat]).await.unwrap();
    assert_eq!(shown(&bob).await, [me, cat, id]);
}

#[tokio::test]
async fn senders_of_imports_are_shown_and_marked() {
    let Cast {
        mut server,
        ada,
        bob,
        team,
        cat,
        dan: (_dan, id),
    } = cast().await;
    let WhoAmI {
        user: boss, name, ..
    } = ada.whoami();
    bob.people().find(name).await.unwrap();
    let group = bob.conversation(team);
    group.add_members(vec![boss]).await.unwrap();
    let entry = |name: &str| ImportEntry {
        sender: UserName::new(name).unwrap(),
        sent_at: Timestamp::new(1),
        body: text("said elsewhere"),
    };
    let entries = ["bob", "dan", "old-timer"].map(entry).to_vec();
    let imported = ada
        .conversation(team)
        .import(ImportSource::new(1), 0, entries)
        .await
        .unwrap();
    assert_eq!(imported.added, 3);
    let own = ada.conversation(team).send(text("mine")).await.unwrap();
    let last = ada
        .conversation(team)
        .forward(MsgId::new(own.get() - 1), team);
    let last = last.await.unwrap();
    ada.conversation(team)
        .edit(own, Text::new("changed").unwrap())
        .await
        .unwrap();

    server.kill();
    server.restart();
    let first = MsgId::new(own.get() - 3);
    let pulled = bob.conversation(team).pull(PullRange::From(first), 5);
    let pulled = pulled.await.unwrap().messages;
    assert_eq!(pulled[4].msgid, last);
    let marks = pulled.iter().map(|message| message.extras.imported_by());
    let boss_did = Some(boss);
    assert_eq!(
        marks.collect::<Vec<_>>(),
        [boss_did, boss_did, boss_did, None, boss_did]
    );
    let me = bob.whoami().user;
    assert_eq!(pulled[0].sender, me);
    assert_eq!(pulled[1].sender, id);
    assert_eq!(shown(&bob).await, [boss, me, cat, id, pulled[2].sender]);
    // No client can set the mark itself, or leave it out by editing.
    let forged = Extras::import_by(boss);
    let sent = bob.conversation(team).enqueue_with(text("forged"), forged);
    assert_eq!(refused(sent.await.unwrap().await), ErrorCode::BadRequest);
}
