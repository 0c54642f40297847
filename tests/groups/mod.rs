//! Groups, over the real binary: history for new members, search, and settings across the devices
//! of a user.

mod room;

use std::path::Path;

use cairn_client::proto::content::body::{Body, SystemEntry};
use cairn_client::proto::ids::{ConversationId, MsgId, Timestamp};
use cairn_client::proto::model::conversation::{Conversation, ConversationKind};
use cairn_client::proto::model::group::{
    Access, GroupSettings, JoinerHistory, MemberSettings, Role,
};
use cairn_client::proto::text::{DeviceName, GroupName, Password, Text, Topic, UserName};
use cairn_client::proto::wire::error::ErrorCode;
use cairn_client::proto::wire::request::session::PullRange;
use cairn_client::{Account, Client, Error, Event, Events, JoinRequest, LoginRequest, Update};
use cairn_core::record::GroupRecord;
use cairn_store::files::poison::Poison;
use cairn_store::trees::RowKey;
use cairn_store::trees::db::Trees;
use cairn_store::trees::rows::RowChange;

use crate::support::{Server, cairn, event, invite, next};

fn text(words: &str) -> Body {
    Body::Text(Text::new(words).unwrap())
}

async fn group(owner: &Client, members: &[&Account]) -> ConversationId {
    let members = members.iter().map(|account| account.user).collect();
    owner
        .conversations()
        .create_group(GroupName::new("team").unwrap(), members)
        .await
        .unwrap()
}

fn settings(access: Access, history: JoinerHistory) -> GroupSettings {
    GroupSettings {
        access,
        history,
        ..GroupSettings::default()
    }
}

/// The msgids in the answer to a pull, and the floor.
async fn pulled(
    client: &Client,
    conversation: ConversationId,
    range: PullRange,
    limit: u32,
) -> (Vec<u64>, MsgId) {
    let page = client
        .conversation(conversation)
        .pull(range, limit)
        .await
        .unwrap();
    (
        page.messages
            .iter()
            .map(|message| message.msgid.get())
            .collect(),
        page.floor,
    )
}

/// Stops the server, and checks its data directory with the doctor.
fn is_sound(server: &mut Server) {
    assert!(server.stop().success());
    let checked = cairn(&["doctor", "--data"])
        .arg(server.data())
        .output()
        .unwrap();
    assert!(
        checked.status.success(),
        "{}",
        String::from_utf8_lossy(&checked.stderr)
    );
}

#[tokio::test]
async fn history_setting_applies_to_every_read() {
    let mut server = Server::start();
    let (ada, _) = server.owner().await;
    let (bob, _) = invite(&ada, "bob").await;
    let (eve, _) = invite(&ada, "eve").await;
    let team = group(&ada, &[]).await;
    for n in 0..5 {
        ada.conversation(team)
            .send(text(&format!("before {n}")))
            .await
            .unwrap();
    }
    assert_eq!(
        bob.conversation(team).join().await,
        Err(Error::Refused(ErrorCode::NotFound))
    );
    ada.conversation(team)
        .set_group_settings(settings(Access::Open, JoinerHistory::FromJoin))
        .await
        .unwrap();
    let found = bob
        .conversations()
        .find_groups(Some(GroupName::new("TE").unwrap()))
        .await
        .unwrap();
    assert_eq!(
        found
            .iter()
            .map(|group| (group.conversation, group.members))
            .collect::<Vec<_>>(),
        [(team, 1)]
    );
    bob.conversation(team).join().await.unwrap();
    let joined = MsgId::new(8);
    let after = ada.conversation(team).send(text("after")).await.unwrap();
    assert_eq!(after, joined.next());

    let from = PullRange::From(MsgId::new(1));
    for (range, limit, numbers) in [
        (from, 500, vec![8, 9]),
        (PullRange::From(MsgId::new(9)), 500, vec![9]),
        (PullRange::Before(MsgId::new(u64::MAX)), 500, vec![8, 9]),
        (PullRange::Before(MsgId::new(u64::MAX)), 1, vec![9]),
        (PullRange::Before(after), 500, vec![8]),
        (PullRange::Before(joined), 500, vec![]),
        (PullRange::Before(MsgId::new(3)), 500, vec![]),
        (PullRange::Before(MsgId::ZERO), 500, vec![]),
    ] {
        assert_eq!(
            pulled(&bob, team, range, limit).await,
            (numbers, MsgId::new(7)),
            "{range:?}, {limit}"
        );
    }
    let mut timeline = bob.conversation(team).follow(MsgId::new(1));
    assert_eq!(next(&mut timeline).await.msgid, joined);
    let item = bob.conversations().list().await.unwrap().pop().unwrap();
    assert_eq!((item.floor, item.unread), (MsgId::new(7), 1));

    // With the full history visible, a new member sees everything; nothing changes for existing
    // members.
    ada.conversation(team)
        .set_group_settings(settings(Access::Open, JoinerHistory::All))
        .await
        .unwrap();
    eve.conversation(team).join().await.unwrap();
    assert_eq!(
        pulled(&eve, team, from, 500).await.0,
        (1..=11).collect::<Vec<_>>()
    );
    assert_eq!(pulled(&bob, team, from, 500).await.0, [8, 9, 10, 11]);
    is_sound(&mut server);
    server.restart();
    assert_eq!(
        pulled(&bob, team, from, 500).await.0,
        [8, 9, 10, 11],
        "after a restart"
    );
    assert_eq!(
        eve.conversations().find_groups(None).await.unwrap().len(),
        1
    );
    ada.conversation(team).pin(MsgId::new(2)).await.unwrap();
    ada.conversation(team).pin(after).await.unwrap();
    assert_eq!(
        (
            bob.conversation(team).pins().await,
            eve.conversation(team).pins().await
        ),
        (Ok(vec![after]), Ok(vec![MsgId::new(2), after]))
    );
}

/// Changes rows in the trees of a stopped server, and returns the doctor's findings.
pub(crate) fn diagnosed(data: &Path, changes: Vec<RowChange>) -> String {
    {
        let trees = Trees::open(&data.join("trees"), &data.join("aside"), &Poison::new()).unwrap();
        changes
            .into_iter()
            .for_each(|change| trees.write(change.key.tree(), [change]).unwrap());
        trees.sync().unwrap();
    }
    let checked = cairn(&["doctor", "--data"]).arg(data).output().unwrap();
    assert_eq!(checked.status.code(), Some(1));
    String::from_utf8_lossy(&checked.stderr).into_owned()
}

#[tokio::test]
async fn doctor_finds_inconsistent_groups() {
    let mut server = Server::start();
    let (ada, account) = server.owner().await;
    let team = group(&ada, &[]).await;
    ada.conversation(team)
        .set_group_settings(settings(Access::Open, JoinerHistory::All))
        .await
        .unwrap();
    is_sound(&mut server);
    let (right, wrong) = (
        GroupName::new("team").unwrap(),
        GroupName::new("other").unwrap(),
    );
    let agreed = GroupRecord {
        settings: settings(Access::Open, JoinerHistory::All),
        ..GroupRecord::default()
    };
    let banned = GroupRecord {
        banned: vec![account.user],
        ..agreed.clone()
    };
    let (found, as_agreed) = (RowKey::open_group(team), RowKey::group(team));
    let nobodys = RowKey::open_group(ConversationId::new(9));
    for (changes, complaint) in [
        (
            vec![RowChange::put(found, &wrong)],
            "there is no open group of that name",
        ),
        (
            vec![RowChange::delete(found)],
            "the group is open but not found by searches, or the reverse",
        ),
        (
            vec![
                RowChange::put(found, &right),
                RowChange::put(as_agreed, &banned),
            ],
            "in absence, but unknown or a member",
        ),
        (
            vec![
                RowChange::put(as_agreed, &agreed),
                RowChange::put(nobodys, &right),
            ],
            "there is no open group of that name",
        ),
    ] {
        let said = diagnosed(server.data(), changes);
        assert!(said.contains(complaint), "{said}");
    }
}

#[tokio::test]
async fn group_changes_are_logged_and_durable() {
    let mut server = Server::start();
    let (ada, ada_account) = server.owner().await;
    let (bob, bob_account) = invite(&ada, "bob").await;
    let (_eve, eve_account) = invite(&ada, "eve").await;
    let team = group(&ada, &[&bob_account, &eve_account]).await;
    let (name, topic) = (
        GroupName::new("the whole team").unwrap(),
        Topic::new("release on Friday").unwrap(),
    );
    let (ours, bobs) = (ada.conversation(team), bob.conversation(team));
    ours.rename(name.clone()).await.unwrap();
    ours.set_topic(topic.clone()).await.unwrap();
    ours.set_role(bob_account.user, Role::Admin).await.unwrap();
    bobs.mute(eve_account.user, Timestamp::new(u64::MAX))
        .await
        .unwrap();
    assert_eq!(bobs.ban(vec![eve_account.user]).await, Ok(1));
    assert_eq!(bobs.ban(vec![eve_account.user]).await, Ok(0));
    ours.hand_over(bob_account.user).await.unwrap();
    // A request for the current state adds no entry.
    bobs.rename(name.clone()).await.unwrap();
    bobs.set_role(ada_account.user, Role::Admin).await.unwrap();

    let page = ours
        .pull(PullRange::From(MsgId::new(3)), 500)
        .await
        .unwrap();
    let happened: Vec<Body> = page
        .messages
        .into_iter()
        .map(|message| message.body)
        .collect();
    let (user, users) = (eve_account.user, vec![eve_account.user]);
    let expected = [
        SystemEntry::Renamed { name: name.clone() },
        SystemEntry::TopicSet {
            topic: topic.clone(),
        },
        SystemEntry::RoleSet {
            user: bob_account.user,
            role: Role::Admin,
        },
        SystemEntry::Muted {
            user,
            until: Timestamp::new(u64::MAX),
        },
        SystemEntry::Banned { users },
        SystemEntry::HandedOver {
            user: bob_account.user,
        },
    ];
    assert_eq!(happened, expected.map(Body::System));
    assert_eq!(
        bobs.remove_members(vec![bob_account.user]).await,
        Err(Error::Refused(ErrorCode::LastOwner))
    );

    is_sound(&mut server);
    server.restart();
    assert_eq!(
        ours.add_members(vec![eve_account.user]).await,
        Err(Error::Refused(ErrorCode::Banned))
    );
    let details = ours.group().await.unwrap();
    assert_eq!((details.topic, details.members), (topic, 2));
    assert_eq!(only(&ada).await.kind, ConversationKind::Group { name });
    assert_eq!(bobs.unban(vec![eve_account.user]).await, Ok(1));
    assert_eq!(bobs.banned_users().await, Ok(Vec::new()));
    assert_eq!(ours.add_members(vec![eve_account.user]).await, Ok(1));
}

#[tokio::test]
async fn mute_outlives_leaving() {
    let mut server = Server::start();
    let (ada, _) = server.owner().await;
    let (bob, account) = invite(&ada, "bob").await;
    let team = group(&ada, &[&account]).await;
    ada.conversation(team)
        .set_group_settings(settings(Access::Open, JoinerHistory::All))
        .await
        .unwrap();
    let until = Timestamp::new(u64::MAX);
    ada.conversation(team)
        .mute(account.user, until)
        .await
        .unwrap();
    bob.conversation(team)
        .remove_members(vec![account.user])
        .await
        .unwrap();
    is_sound(&mut server);
    server.restart();
    // Joins are not retried, so connect first.
    bob.conversations().list().await.unwrap();
    bob.conversation(team).join().await.unwrap();
    assert_eq!(
        bob.conversation(team).send(text("here again")).await,
        Err(Error::Refused(ErrorCode::Muted))
    );
    let muted = ada
        .conversation(team)
        .members()
        .await
        .unwrap()
        .into_iter()
        .find(|member| member.user.id == account.user)
        .unwrap()
        .muted_until;
    assert_eq!(muted, until);
    // A ban does not end the mute either.
    ada.conversation(team)
        .ban(vec![account.user])
        .await
        .unwrap();
    ada.conversation(team)
        .unban(vec![account.user])
        .await
        .unwrap();
    ada.conversation(team)
        .add_members(vec![account.user])
        .await
        .unwrap();
    assert_eq!(
        bob.conversation(team).send(text("and again")).await,
        Err(Error::Refused(ErrorCode::Muted))
    );
    ada.conversation(team)
        .mute(account.user, Timestamp::new(0))
        .await
        .unwrap();
    bob.conversation(team)
        .remove_members(vec![account.user])
        .await
        .unwrap();
    bob.conversation(team).join().await.unwrap();
    bob.conversation(team).send(text("at last")).await.unwrap();
}

/// Returns the next event about a conversation.
async fn about(events: &mut Events) -> Event {
    let of_a_conversation = |event| match event {
        Event::Disconnected { .. } | Event::Reconnected => None,
        event => Some(event),
    };
    event(events, "something about a conversation", of_a_conversation).await
}

/// The only conversation of a client's user.
async fn only(client: &Client) -> Conversation {
    let mut conversations = client.conversations().list().await.unwrap();
    assert_eq!(conversations.len(), 1);
    conversations.remove(0)
}

#[tokio::test]
async fn cursors_and_settings_sync_across_devices() {
    let server = Server::start();
    let (ada, _) = server.owner().await;
    let link = ada
        .admin()
        .create_invite(1, std::time::Duration::from_secs(3600))
        .await
        .unwrap();
    let (name, device) = (
        UserName::new("bob").unwrap(),
        DeviceName::new("desk").unwrap(),
    );
    let password = Password::new("correct horse").unwrap();
    let who = JoinRequest {
        name: name.clone(),
        password: Some(password.clone()),
        device,
    };
    let (desk, account) = Client::builder().join(&link, who).await.unwrap();
    let (phone, _) = Client::builder()
        .login(LoginRequest {
            addr: server.server_addr(),
            pin: account.pin,
            name,
            password,
            device: DeviceName::new("phone").unwrap(),
        })
        .await
        .unwrap();
    let (mut on_desk, mut on_phone) = (desk.events(), phone.events());
    let team = group(&ada, &[&account]).await;
    for events in [&mut on_desk, &mut on_phone] {
        let Event::Update(Update::Conversation(new)) = about(events).await else {
            panic!("no news of the group")
        };
        assert_eq!(new.id, team);
    }
    let said = ada.conversation(team).send(text("hello")).await.unwrap();
    desk.conversation(team).mark_read(said).await.unwrap();
    // The device that made the change receives it too, in one order with changes of other devices.
    for events in [&mut on_phone, &mut on_desk] {
        assert_eq!(
            about(events).await,
            Event::Update(Update::Read {
                conversation: team,
                read: said,
                head: said
            })
        );
    }
    assert_eq!(only(&phone).await.unread, 0);

    let hidden = MemberSettings {
        favourite: true,
        hidden: true,
        ..MemberSettings::default()
    };
    phone
        .conversation(team)
        .set_member_settings(hidden)
        .await
        .unwrap();
    let Event::Update(Update::Conversation(settled)) = about(&mut on_desk).await else {
        panic!("no news of the settings")
    };
    assert_eq!(
        (settled.id, settled.settings, settled.read),
        (team, hidden, said)
    );
    ada.conversation(team)
        .rename(GroupName::new("crew").unwrap())
        .await
        .unwrap();
    assert!(
        only(&desk).await.settings.hidden,
        "a new name is no message"
    );
    let said = ada
        .conversation(team)
        .send(text("anybody here?"))
        .await
        .unwrap();
    ada.conversation(team).recall(said).await.unwrap();
    // A recall does not hide the conversation again: a device that missed the event would keep it
    // shown.
    let shown = only(&desk).await.settings;
    assert_eq!(
        shown,
        MemberSettings {
            favourite: true,
            ..MemberSettings::default()
        }
    );

    ada.conversation(team)
        .set_role(account.user, Role::Admin)
        .await
        .unwrap();
    let Event::Update(Update::Conversation(promoted)) = about(&mut on_desk).await else {
        panic!("no news of the role")
    };
    assert_eq!(promoted.role, Role::Admin);
}
