//! Deactivated users: what ends at once, what stays, and what others see of it.

use std::io::{self, SeekFrom};
use std::path::Path;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use cairn_client::proto::ids::MsgId;
use cairn_client::proto::model::audit::AuditAct;
use cairn_client::proto::model::group::Role;
use cairn_client::proto::model::people::RelationAct;
use cairn_client::proto::model::user::{ServerRole, UserState};
use cairn_client::proto::text::{DeviceName, GroupName, Password, UserName};
use cairn_client::proto::wire::close::CloseCode;
use cairn_client::proto::wire::error::ErrorCode;
use cairn_client::{Account, Client, Error, JoinRequest, LoginRequest, TransferError};
use tokio::io::{AsyncRead, AsyncSeek, ReadBuf};
use tokio::sync::Notify;

use super::rename::next_user;
use super::{refused, text};
use crate::support::{Server, cairn, invite, next, soon};

const HOUR: Duration = Duration::from_secs(3600);

fn name(raw: &str) -> UserName {
    UserName::new(raw).unwrap()
}

async fn join_with_password(owner: &Client, who: &str) -> (Client, Account) {
    join_with(owner, who, "correct horse").await
}

pub(super) async fn join_with(owner: &Client, who: &str, password: &str) -> (Client, Account) {
    let link = owner.admin().create_invite(1, HOUR).await.unwrap();
    let who = JoinRequest {
        name: name(who),
        password: Some(Password::new(password).unwrap()),
        device: DeviceName::new("laptop").unwrap(),
    };
    Client::builder().join(&link, who).await.unwrap()
}

pub(super) async fn log_in(account: &Account, password: &str) -> Result<(Client, Account), Error> {
    let login = LoginRequest {
        addr: account.addr.clone(),
        pin: account.pin,
        name: account.name.clone(),
        password: Password::new(password).unwrap(),
        device: DeviceName::new("phone").unwrap(),
    };
    Client::builder().login(login).await
}

pub(super) fn login_refused<T: std::fmt::Debug>(answer: Result<T, Error>) -> ErrorCode {
    match answer {
        Err(Error::LoginRefused { code, .. }) => code,
        other => panic!("not refused but {other:?}"),
    }
}

/// Waits until the client's session has ended for good.
pub(super) async fn ended(client: &Client) -> CloseCode {
    let end = async {
        loop {
            if let Err(Error::Ended(code)) = client.conversations().list().await {
                return code;
            }
        }
    };
    soon("the session ends", end).await
}

#[tokio::test]
async fn deactivation_ends_devices_logins_and_invites() {
    let mut server = Server::start();
    let (ada, _) = server.owner().await;
    let (bob, account) = join_with_password(&ada, "bob").await;
    let (phone, on_phone) = log_in(&account, "correct horse").await.unwrap();
    let user = account.user;
    ada.admin().set_role(user, ServerRole::Admin).await.unwrap();
    let link = bob.admin().create_invite(3, HOUR).await.unwrap();
    let (carol, _) = crate::support::join(&link, "carol").await;

    assert_eq!(ada.admin().deactivate(user).await.unwrap(), []);
    for client in [&bob, &phone] {
        assert_eq!(ended(client).await, CloseCode::Revoked);
    }
    for restarted in [false, true] {
        if restarted {
            server.kill();
            server.restart();
        }
        for account in [&account, &on_phone] {
            let again = Client::builder().connect(account).await;
            assert_eq!(login_refused(again), ErrorCode::AuthFailed);
        }
        assert_eq!(
            login_refused(log_in(&account, "battery staple").await),
            ErrorCode::AuthFailed,
            "only the right password tells that the account was deactivated"
        );
        assert_eq!(
            login_refused(log_in(&account, "correct horse").await),
            ErrorCode::Deactivated
        );
        let who = JoinRequest {
            name: name("dan"),
            password: None,
            device: DeviceName::new("test").unwrap(),
        };
        assert_eq!(
            login_refused(Client::builder().join(&link, who).await),
            ErrorCode::BadInvite
        );
    }
    // Who used the invite before stays.
    carol.conversations().list().await.unwrap();

    ada.admin().reactivate(user).await.unwrap();
    let (bob, _) = log_in(&account, "correct horse").await.unwrap();
    assert_eq!(bob.me().devices().await.unwrap().len(), 1);
    assert_eq!(bob.whoami().role, ServerRole::Admin);
    bob.admin().create_invite(1, HOUR).await.unwrap();
}

#[tokio::test]
async fn deactivated_users_stay_in_history_and_groups() {
    let server = Server::start();
    let (ada, _) = server.owner().await;
    let (bob, account) = join_with_password(&ada, "bob").await;
    let user = account.user;
    let team = GroupName::new("team").unwrap();
    let group = ada
        .conversations()
        .create_group(team, vec![user])
        .await
        .unwrap();
    let chat = ada.conversations().direct(user).unwrap();
    bob.conversation(group)
        .send(text("farewell"))
        .await
        .unwrap();
    ada.conversation(chat).send(text("hello")).await.unwrap();
    assert_eq!(ada.people().search(name("bo"), 9).await.unwrap().len(), 1);

    let mut events = ada.events();
    assert_eq!(ada.admin().deactivate(user).await.unwrap(), [group]);
    assert_eq!(next_user(&mut events).await.state, UserState::Deactivated);
    let members = ada.conversation(group).members().await.unwrap();
    let of_bob = members.iter().find(|member| member.user.id == user);
    assert_eq!(of_bob.unwrap().user.state, UserState::Deactivated);
    let found = ada.people().find(name("bob")).await.unwrap().unwrap();
    assert_eq!(found.state, UserState::Deactivated);
    assert_eq!(ada.people().search(name("bo"), 9).await.unwrap(), []);
    let mut timeline = ada.conversation(group).history(MsgId::new(1));
    let farewell = async {
        loop {
            let message = next(&mut timeline).await;
            if message.sender == user {
                return message.body;
            }
        }
    };
    assert_eq!(
        soon("the message is there", farewell).await,
        text("farewell")
    );

    // The chat can be read, and nobody writes there; nor does a first message begin one.
    let (carol, _) = invite(&ada, "carol").await;
    for (client, chat) in [
        (&ada, chat),
        (&carol, carol.conversations().direct(user).unwrap()),
    ] {
        carol.people().find(name("bob")).await.unwrap();
        assert_eq!(
            refused(client.conversation(chat).send(text("anyone?")).await),
            ErrorCode::Deactivated
        );
    }
    let another = GroupName::new("another").unwrap();
    for answer in [
        carol
            .conversations()
            .create_group(another, vec![user])
            .await,
        ada.conversation(group)
            .hand_over(user)
            .await
            .map(|()| group),
        ada.conversation(group)
            .set_role(user, Role::Admin)
            .await
            .map(|()| group),
    ] {
        assert_eq!(refused(answer), ErrorCode::Deactivated);
    }

    // The name stays taken.
    let link = ada.admin().create_invite(1, HOUR).await.unwrap();
    let who = JoinRequest {
        name: name("bob"),
        password: None,
        device: DeviceName::new("test").unwrap(),
    };
    assert_eq!(
        login_refused(Client::builder().join(&link, who).await),
        ErrorCode::NameTaken
    );
    ada.admin().reactivate(user).await.unwrap();
    let back = next_user(&mut events).await;
    assert_eq!((back.id, back.state), (user, UserState::Active));
}

#[tokio::test]
async fn ends_of_accounts_reach_open_sessions_of_those_who_see_the_user() {
    let server = Server::start();
    let (ada, _) = server.owner().await;
    let (bob, of_bob) = invite(&ada, "bob").await;
    let (carol, _) = invite(&ada, "carol").await;
    let (dan, _) = invite(&ada, "dan").await;
    let team = GroupName::new("team").unwrap();
    let group = bob
        .conversations()
        .create_group(team, vec![carol.whoami().user]);
    group.await.unwrap();
    let (setting, off) = ("user-search".parse().unwrap(), "off".parse().unwrap());
    ada.admin().set_setting(setting, off).await.unwrap();
    let mut seen = [ada.events(), carol.events()];
    let mut unseen = dan.events();
    ada.admin().deactivate(of_bob.user).await.unwrap();
    ada.admin().reactivate(of_bob.user).await.unwrap();
    let state = UserState::Active;
    for events in &mut seen {
        // A slow session learns only of the latest state.
        let update = async { while next_user(events).await.state != state {} };
        soon("the user is back", update).await;
    }
    let of_carol = carol.people().get(of_bob.user).await.unwrap();
    assert_eq!(of_carol.unwrap().state, state);
    // Dan shares nothing with bob: the first user of whom dan learns is dan.
    let name = "daniel".parse().unwrap();
    dan.people().rename(dan.whoami().user, name).await.unwrap();
    assert_eq!(next_user(&mut unseen).await.id, dan.whoami().user);
}

#[tokio::test]
async fn no_one_begins_to_follow_or_befriend_a_deactivated_user() {
    use RelationAct::{
        AcceptFriend, AskFriend, Block, DeclineFriend, Follow, RemoveFriend, Unblock, Unfollow,
    };
    let server = Server::start();
    let (ada, _) = server.owner().await;
    let (bob, of_bob) = invite(&ada, "bob").await;
    let (carol, of_carol) = invite(&ada, "carol").await;
    let user = of_bob.user;
    // Bob asked carol, and ada follows bob.
    bob.people().relate(of_carol.user, AskFriend).await.unwrap();
    ada.people().relate(user, Follow).await.unwrap();
    ada.admin().deactivate(user).await.unwrap();
    for (client, act) in [(&carol, Follow), (&carol, AcceptFriend), (&ada, AskFriend)] {
        let answer = client.people().relate(user, act).await;
        assert_eq!(refused(answer), ErrorCode::Deactivated, "{act:?}");
    }
    // What exists can be repeated and ended.
    for (client, act) in [
        (&ada, Follow),
        (&ada, Unfollow),
        (&carol, DeclineFriend),
        (&carol, RemoveFriend),
        (&carol, Block),
        (&carol, Unblock),
    ] {
        client.people().relate(user, act).await.unwrap();
    }
    ada.admin().reactivate(user).await.unwrap();
    carol.people().relate(user, AskFriend).await.unwrap();
}

#[tokio::test]
async fn admins_deactivate_members_and_owners_everyone_but_the_last() {
    let server = Server::start();
    let (ada, adas) = server.owner().await;
    let (bob, bobs) = invite(&ada, "bob").await;
    let (carol, carols) = invite(&ada, "carol").await;
    let (dan, dans) = invite(&ada, "dan").await;
    for admin in [&bobs, &carols] {
        ada.admin()
            .set_role(admin.user, ServerRole::Admin)
            .await
            .unwrap();
    }
    for (client, whom) in [
        (&dan, &dans),
        (&dan, &adas),
        (&bob, &carols),
        (&bob, &bobs),
        (&bob, &adas),
    ] {
        assert_eq!(
            refused(client.admin().deactivate(whom.user).await),
            ErrorCode::Forbidden
        );
        assert_eq!(
            refused(client.admin().reactivate(whom.user).await),
            ErrorCode::Forbidden
        );
    }
    assert_eq!(
        refused(ada.admin().deactivate(adas.user).await),
        ErrorCode::LastOwner
    );
    bob.admin().deactivate(dans.user).await.unwrap();
    bob.admin().deactivate(dans.user).await.unwrap();
    bob.admin().reactivate(dans.user).await.unwrap();

    // A deactivated owner is none: the other one is the last.
    ada.admin()
        .set_role(carols.user, ServerRole::Owner)
        .await
        .unwrap();
    carol.admin().deactivate(adas.user).await.unwrap();
    assert_eq!(ended(&ada).await, CloseCode::Revoked);
    for answer in [
        carol.admin().deactivate(carols.user).await.map(drop),
        carol
            .admin()
            .set_role(carols.user, ServerRole::Member)
            .await,
    ] {
        assert_eq!(refused(answer), ErrorCode::LastOwner);
    }
}

#[tokio::test]
async fn admins_remove_deactivated_users_from_groups_of_others() {
    let server = Server::start();
    let (ada, _) = server.owner().await;
    let (bob, bobs) = invite(&ada, "bob").await;
    let (carol, carols) = invite(&ada, "carol").await;
    let team = GroupName::new("team").unwrap();
    let group = bob
        .conversations()
        .create_group(team, vec![carols.user])
        .await
        .unwrap();
    let as_ada = ada.conversation(group);
    assert_eq!(
        refused(as_ada.remove_members(vec![bobs.user]).await),
        ErrorCode::NotFound
    );
    assert_eq!(ada.admin().deactivate(bobs.user).await.unwrap(), [group]);
    assert_eq!(
        refused(as_ada.remove_members(vec![bobs.user, carols.user]).await),
        ErrorCode::NotFound,
        "only deactivated users"
    );
    assert_eq!(
        refused(
            carol
                .conversation(group)
                .remove_members(vec![bobs.user])
                .await
        ),
        ErrorCode::Forbidden
    );
    // The group would have no owner, so the admin first appoints one of its members.
    assert_eq!(
        refused(as_ada.remove_members(vec![bobs.user]).await),
        ErrorCode::LastOwner
    );
    as_ada.set_role(carols.user, Role::Owner).await.unwrap();
    assert_eq!(
        refused(as_ada.set_role(carols.user, Role::Owner).await),
        ErrorCode::NotFound,
        "it has an owner now"
    );
    assert_eq!(as_ada.remove_members(vec![bobs.user]).await.unwrap(), 1);
    assert_eq!(refused(as_ada.members().await), ErrorCode::NotFound);
    assert_eq!(ada.admin().deactivate(bobs.user).await.unwrap(), []);
    let members = carol.conversation(group).members().await.unwrap();
    assert_eq!(members.len(), 1);
    assert_eq!(members[0].role, Role::Owner);
}

#[tokio::test]
async fn acts_on_accounts_are_in_the_audit_log() {
    let server = Server::start();
    let (ada, _) = server.owner().await;
    let (bob, bobs) = invite(&ada, "bob").await;
    let (_, carols) = invite(&ada, "carol").await;
    let [bob_id, carol_id] = [bobs.user, carols.user];
    let team = GroupName::new("team").unwrap();
    let group = bob
        .conversations()
        .create_group(team, vec![carol_id])
        .await
        .unwrap();
    let (_, invite) = ada.admin().new_invite(1, HOUR).await.unwrap();
    let before = ada.admin().audit(1).await.unwrap().last;
    let admin = ada.admin();
    admin.revoke_invite(invite).await.unwrap();
    admin.create_reset(bob_id, false).await.unwrap();
    for _ in 0..2 {
        admin.deactivate(bob_id).await.unwrap();
        admin.revoke_invite(invite).await.unwrap();
    }
    let as_ada = ada.conversation(group);
    as_ada.set_role(carol_id, Role::Owner).await.unwrap();
    as_ada.remove_members(vec![bob_id]).await.unwrap();
    admin.reactivate(bob_id).await.unwrap();
    let found = admin.audit(before + 1).await.unwrap().records;
    let acts: Vec<AuditAct> = found.into_iter().map(|record| record.act).collect();
    let [revoked, AuditAct::ResetCreated { user, .. }, rest @ ..] = &acts[..] else {
        panic!("{acts:?}");
    };
    let maker = Some(ada.whoami().user);
    assert_eq!(*revoked, AuditAct::InviteRevoked { id: invite, maker });
    assert_eq!(*user, bob_id);
    assert_eq!(
        *rest,
        [
            AuditAct::Deactivated { user: bob_id },
            AuditAct::OwnerAppointed {
                user: carol_id,
                conversation: group
            },
            AuditAct::MemberRemoved {
                user: bob_id,
                conversation: group
            },
            AuditAct::Reactivated { user: bob_id },
        ],
        "each once, and nothing that changes nothing"
    );
}

/// A file that is read once for its hash, and whose second reading never ends.
struct Endless {
    at: usize,
    /// Seeks: to the end and the start for the hash, and then for the upload.
    seeks: u32,
    reached: Arc<Notify>,
}

const FILE_BYTES: usize = 8 * 1024 * 1024;

impl AsyncRead for Endless {
    fn poll_read(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.seeks > 2 && self.at >= FILE_BYTES / 2 {
            self.reached.notify_one();
            return Poll::Pending;
        }
        let bytes = buffer.remaining().min(FILE_BYTES - self.at).min(64 * 1024);
        buffer.put_slice(&vec![7; bytes]);
        self.at += bytes;
        Poll::Ready(Ok(()))
    }
}

impl AsyncSeek for Endless {
    fn start_seek(mut self: Pin<&mut Self>, to: SeekFrom) -> io::Result<()> {
        self.at = match to {
            SeekFrom::Start(at) => usize::try_from(at).unwrap(),
            SeekFrom::End(_) => FILE_BYTES,
            SeekFrom::Current(by) => self.at.saturating_add_signed(by as isize),
        };
        self.seeks += 1;
        Ok(())
    }

    fn poll_complete(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<u64>> {
        Poll::Ready(Ok(self.at as u64))
    }
}

#[tokio::test]
async fn deactivation_ends_uploads_under_way() {
    let server = Server::start();
    let (ada, _) = server.owner().await;
    let (bob, account) = join_with_password(&ada, "bob").await;
    let reached = Arc::new(Notify::new());
    let mut file = Endless {
        at: 0,
        seeks: 0,
        reached: reached.clone(),
    };
    let upload = tokio::spawn(async move { bob.upload(&mut file, |_| {}).await });
    soon("half of the file is sent", reached.notified()).await;
    ada.admin().deactivate(account.user).await.unwrap();
    let ended = soon("the upload ends", upload).await.unwrap();
    assert!(
        matches!(
            ended,
            Err(TransferError::Client(Error::Ended(CloseCode::Revoked)))
        ),
        "{ended:?}"
    );
}

fn run(profile: &Path, args: &[&str]) -> (bool, String) {
    let output = cairn(args).arg("--profile").arg(profile).output().unwrap();
    let text = [output.stdout, output.stderr].concat();
    (output.status.success(), String::from_utf8(text).unwrap())
}

#[test]
fn commands_deactivate_and_reactivate() {
    let server = Server::start();
    let home = tempfile::tempdir().unwrap();
    let [ada, bob] = ["ada", "bob"].map(|name| home.path().join(name));
    let done = |profile: &Path, args: &[&str]| {
        let (is_done, said) = run(profile, args);
        assert!(is_done, "{args:?}: {said}");
        said
    };
    let link = server.invite.clone().unwrap().to_string();
    done(&ada, &["join", &link, "--name", "ada"]);
    let link = done(&ada, &["invite"]);
    done(&bob, &["join", link.trim(), "--name", "bob"]);
    done(&ada, &["group", "create", "team", "bob"]);
    let said = done(&ada, &["users", "deactivate", "bob"]);
    assert_eq!(said, "bob is deactivated; still a member of '#id:1'\n");
    assert!(done(&ada, &["users", "show", "bob"]).contains("(deactivated)"));
    assert!(done(&ada, &["group", "members", "team"]).contains("(deactivated)"));
    assert_eq!(done(&ada, &["users", "find", "bo"]), "");
    let (is_done, said) = run(&ada, &["send", "@bob", "hello"]);
    assert!(
        !is_done && said.contains("that account was deactivated"),
        "{said}"
    );
    let (is_done, said) = run(&bob, &["list"]);
    assert!(!is_done && said.contains("hint: "), "{said}");
    assert_eq!(
        done(&ada, &["group", "remove", "#id:1", "bob"]),
        "changed for 1 user\n"
    );
    assert_eq!(
        done(&ada, &["users", "reactivate", "bob"]),
        "bob is active again, and can log in\n"
    );
}
