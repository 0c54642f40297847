//! Passwords and the links that reset them: set, change, lose and get back.

use std::path::Path;
use std::time::Duration;

use cairn_client::proto::invite::ResetLink;
use cairn_client::proto::model::user::ServerRole;
use cairn_client::proto::text::{DeviceName, Password};
use cairn_client::proto::wire::close::CloseCode;
use cairn_client::proto::wire::error::ErrorCode;
use cairn_client::{Account, Client, Error};

use super::deactivated::{ended, join_with, log_in, login_refused};
use super::refused;
use crate::support::{Server, invite};

const HOUR: Duration = Duration::from_secs(3600);

fn password(raw: &str) -> Password {
    Password::new(raw).unwrap()
}

async fn use_link(link: &ResetLink, raw: &str) -> Result<(Client, Account), Error> {
    let device = DeviceName::new("a new laptop").unwrap();
    Client::builder().reset(link, password(raw), device).await
}

#[tokio::test]
async fn users_set_and_change_their_password() {
    let mut server = Server::start();
    let (ada, _) = server.owner().await;
    let (bob, account) = invite(&ada, "bob").await;
    // Without a password, there is nothing to verify.
    bob.me()
        .set_password(
            Some(password("a guess of it")),
            password("correct horse"),
            false,
        )
        .await
        .unwrap();
    let (phone, on_phone) = log_in(&account, "correct horse").await.unwrap();
    for old in [None, Some(password("battery staple"))] {
        let changed = bob.me().set_password(old, password("another one"), true);
        assert_eq!(refused(changed.await), ErrorCode::AuthFailed);
    }
    phone
        .me()
        .set_password(
            Some(password("correct horse")),
            password("another one"),
            true,
        )
        .await
        .unwrap();
    assert_eq!(ended(&bob).await, CloseCode::Revoked);
    server.kill();
    server.restart();
    for account in [&account, &on_phone] {
        let refused = log_in(account, "correct horse").await;
        assert_eq!(login_refused(refused), ErrorCode::AuthFailed);
    }
    let old = Client::builder().connect(&account).await;
    assert_eq!(login_refused(old), ErrorCode::AuthFailed);
    Client::builder().connect(&on_phone).await.unwrap();
    log_in(&account, "another one").await.unwrap();
}

#[tokio::test]
async fn passwords_are_the_same_from_every_keyboard() {
    let server = Server::start();
    let (ada, _) = server.owner().await;
    for (name, typed, same, other) in [
        (
            "amélie",
            "cafe\u{301} socie\u{301}te\u{301}",
            "café société",
            "cafe societe",
        ),
        (
            "hana",
            "\u{1112}\u{1161}\u{11ab}\u{1100}\u{1173}\u{11af}!!",
            "한글!!",
            "한글!! ",
        ),
        (
            "kenji",
            "correct\u{3000}horse",
            "correct horse",
            "correct  horse",
        ),
    ] {
        let (_, account) = join_with(&ada, name, typed).await;
        log_in(&account, same).await.unwrap();
        log_in(&account, typed).await.unwrap();
        let refused = log_in(&account, other).await;
        assert_eq!(login_refused(refused), ErrorCode::AuthFailed);
    }
}

#[tokio::test]
async fn reset_link_gives_the_account_back_once() {
    let mut server = Server::start();
    let (ada, _) = server.owner().await;
    let (bob, account) = join_with(&ada, "bob", "correct horse").await;
    let user = account.user;
    let earlier = ada.admin().create_reset(user, false).await.unwrap();
    let link = ada.admin().create_reset(user, false).await.unwrap();
    assert_eq!(
        login_refused(use_link(&earlier, "a new password").await),
        ErrorCode::BadReset,
        "a newer link voids it"
    );
    // Nothing has changed until the link is used.
    bob.conversations().list().await.unwrap();
    server.kill();
    server.restart();
    bob.conversations().list().await.unwrap();
    let (again, new) = use_link(&link, "a new password").await.unwrap();
    assert_eq!((new.user, &new.name), (user, &account.name));
    assert_eq!(again.me().devices().await.unwrap().len(), 1);
    assert_eq!(ended(&bob).await, CloseCode::Revoked);
    for _ in 0..2 {
        assert_eq!(
            login_refused(use_link(&link, "a new password").await),
            ErrorCode::BadReset
        );
    }
    assert_eq!(
        login_refused(log_in(&account, "correct horse").await),
        ErrorCode::AuthFailed
    );
    log_in(&account, "a new password").await.unwrap();

    ada.conversations().list().await.unwrap();
    let link = ada.admin().create_reset(user, true).await.unwrap();
    use_link(&link, "yet another one").await.unwrap();
    again.conversations().list().await.unwrap();
    assert_eq!(again.me().devices().await.unwrap().len(), 3);
    assert_holds_no_token(server.data(), &link);
}

/// The server stores the hash of a token.
fn assert_holds_no_token(data: &Path, link: &ResetLink) {
    for entry in std::fs::read_dir(data).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            assert_holds_no_token(&path, link);
        } else if let Ok(bytes) = std::fs::read(&path) {
            let is_there = bytes
                .windows(16)
                .any(|window| window == link.token.as_bytes());
            assert!(!is_there, "{}", path.display());
        }
    }
}

#[tokio::test]
async fn reset_links_are_for_users_below_their_maker() {
    let server = Server::start();
    let (ada, adas) = server.owner().await;
    let (bob, bobs) = invite(&ada, "bob").await;
    let (carol, carols) = invite(&ada, "carol").await;
    ada.admin()
        .set_role(bobs.user, ServerRole::Admin)
        .await
        .unwrap();
    for (client, whom) in [
        (&ada, &adas),
        (&bob, &adas),
        (&bob, &bobs),
        (&carol, &carols),
    ] {
        assert_eq!(
            refused(client.admin().create_reset(whom.user, false).await),
            ErrorCode::Forbidden
        );
    }
    let of_carol = bob.admin().create_reset(carols.user, false).await.unwrap();
    let of_bob = ada.admin().create_reset(bobs.user, false).await.unwrap();
    // The links of a deactivated user are void, and so are those that reset them.
    ada.admin().deactivate(bobs.user).await.unwrap();
    assert_eq!(
        refused(ada.admin().create_reset(bobs.user, false).await),
        ErrorCode::Deactivated
    );
    ada.admin().reactivate(bobs.user).await.unwrap();
    for link in [of_carol, of_bob] {
        assert_eq!(
            login_refused(use_link(&link, "a new password").await),
            ErrorCode::BadReset
        );
    }
    // Setting a password voids the link as well.
    let link = ada.admin().create_reset(carols.user, false).await.unwrap();
    carol
        .me()
        .set_password(None, password("correct horse"), false)
        .await
        .unwrap();
    assert_eq!(
        login_refused(use_link(&link, "a new password").await),
        ErrorCode::BadReset
    );
    // An invite is no reset link, and the other way round.
    let invite = ada.admin().create_invite(1, HOUR).await.unwrap();
    let link = ResetLink {
        addr: invite.addr,
        pin: invite.pin,
        token: invite.token.reveal().parse().unwrap(),
    };
    assert_eq!(
        login_refused(use_link(&link, "a new password").await),
        ErrorCode::BadReset
    );
}
