//! Logins that are refused, all in the same words, and guessing that is slowed down without keeping out who belongs here.

use std::net::SocketAddr;
use std::time::Duration;

use cairn_client::proto::close::CloseCode;
use cairn_client::proto::error::ErrorCode;
use cairn_client::proto::hello::Credentials;
use cairn_client::proto::ids::{ImportSource, Timestamp};
use cairn_client::proto::invite::InviteLink;
use cairn_client::proto::request::{ImportEntry, Request};
use cairn_client::proto::response::ServerFrame;
use cairn_client::proto::secret::{DeviceToken, InviteToken};
use cairn_client::proto::text::{DeviceName, Password, UserName};
use cairn_client::{Client, JoinRequest, Options};
use tokio::time::{interval, timeout};

use super::raw::Raw;
use super::{Stage, connect, group, text};

/// `cairn::limits::LOGIN_FAILURES_MAX`, as clients meet it.
const FAILURES_MAX: u32 = cairn::limits::LOGIN_FAILURES_MAX;

const HOUR: Duration = Duration::from_secs(3600);

fn device() -> DeviceName {
    DeviceName::new("test").unwrap()
}

fn user(name: &str) -> UserName {
    UserName::new(name).unwrap()
}

fn password(name: &str, password: &str) -> Credentials {
    Credentials::Password { name: user(name), password: Password::new(password).unwrap(), device: device() }
}

fn invited(token: InviteToken, name: &str) -> Credentials {
    Credentials::Invite { token, name: user(name), password: None, device: device() }
}

async fn join(link: &InviteLink, name: &str, password: &str) -> Client {
    let who = JoinRequest { name: user(name), password: Some(Password::new(password).unwrap()), device: device() };
    Client::join(link, who, Options::default()).await.unwrap().0
}

const REFUSED: (ErrorCode, CloseCode) = (ErrorCode::AuthFailed, CloseCode::AuthFailed);
const BAD_INVITE: (ErrorCode, CloseCode) = (ErrorCode::BadInvite, CloseCode::AuthFailed);

#[tokio::test]
async fn wrong_credentials_are_refused_and_all_sound_alike() {
    let mut stage = Stage::set().await;
    let server = stage.server.addr;
    let link = stage.owner.create_invite(1, HOUR).await.unwrap();
    join(&link, "pam", "correct horse").await;
    stage.account("eve").await;
    let archive = group(&stage.owner, "archive", &[]).await;
    let entry = ImportEntry { sender: user("old-timer"), sent_at: Timestamp::new(1), body: text("hello") };
    stage.owner.import(archive, ImportSource::new(1), 0, vec![entry]).await.unwrap();
    stage
        .meanwhile(async {
            assert_eq!(Raw::refused(server, Credentials::Token(DeviceToken::new([1; 32]))).await, REFUSED, "an unknown token");
            assert_eq!(Raw::refused(server, password("pam", "battery staple")).await, REFUSED, "a wrong password");
            assert_eq!(Raw::refused(server, password("nobody", "battery staple")).await, REFUSED, "an unknown user");
            assert_eq!(Raw::refused(server, password("eve", "battery staple")).await, REFUSED, "a user without a password");
            assert_eq!(Raw::refused(server, password("old-timer", "battery staple")).await, REFUSED, "an imported user");
            assert_eq!(Raw::refused(server, invited(link.token, "mallory")).await, BAD_INVITE, "an invite that is used up");
            assert_eq!(Raw::refused(server, invited(InviteToken::new([1; 16]), "mallory")).await, BAD_INVITE, "an unknown invite");
            let right = Raw::hello(server, password("pam", "correct horse"), false).await.1;
            assert!(matches!(right, ServerFrame::Welcome(_)), "{right:?}");
        })
        .await;
}

/// A name that is taken is refused behind the question whether the invite is good, and uses nothing up: so it tells when the invite
/// has expired.
#[tokio::test]
async fn an_invite_expires() {
    let mut stage = Stage::set().await;
    let server = stage.server.addr;
    let link = stage.owner.create_invite(1, Duration::from_secs(1)).await.unwrap();
    stage
        .meanwhile(async {
            let mut pace = interval(Duration::from_millis(50));
            let refused = async {
                loop {
                    pace.tick().await;
                    match Raw::refused(server, invited(link.token, "owner")).await {
                        (ErrorCode::NameTaken, CloseCode::AuthFailed) => {}
                        other => return other,
                    }
                }
            };
            assert_eq!(timeout(Duration::from_secs(20), refused).await.unwrap(), BAD_INVITE);
        })
        .await;
}

/// How many of `attempts` at once are heard, and how many are refused unheard.
async fn guesses(server: SocketAddr, name: &str, attempts: u32) -> (u32, u32) {
    let tasks: Vec<_> = (0..attempts).map(|_| tokio::spawn(Raw::refused(server, password(name, "battery staple")))).collect();
    let (mut heard, mut unheard) = (0, 0);
    for task in tasks {
        match task.await.unwrap() {
            (ErrorCode::AuthFailed, CloseCode::AuthFailed) => heard += 1,
            (ErrorCode::RateLimited, CloseCode::AuthFailed) => unheard += 1,
            other => panic!("{other:?}"),
        }
    }
    (heard, unheard)
}

/// Everybody here comes from one address, as behind one router: whoever guesses there keeps others there from guessing, and nobody
/// from coming back with the token of his device.
#[tokio::test]
async fn guessing_is_slowed_down_and_keeps_no_device_out() {
    let mut stage = Stage::set().await;
    let account = stage.account("eve").await;
    let server = stage.server.addr;
    let link = stage.owner.create_invite(1, HOUR).await.unwrap();
    join(&link, "pam", "correct horse").await;
    stage
        .meanwhile(async {
            for _ in 0..FAILURES_MAX {
                assert_eq!(Raw::refused(server, password("pam", "battery staple")).await, REFUSED);
            }
            let limited = (ErrorCode::RateLimited, CloseCode::AuthFailed);
            assert_eq!(Raw::refused(server, password("pam", "battery staple")).await, limited);
            assert_eq!(Raw::refused(server, password("pam", "correct horse")).await, limited, "not even the right one is heard");
            assert_eq!(Raw::refused(server, password("somebody", "correct horse")).await, limited, "the address counts as well");
            Raw::log_in(server, &account).await.goes_on().await;
            connect(&account).await;
        })
        .await;
}

#[tokio::test]
async fn guessing_at_once_gains_nothing() {
    let mut stage = Stage::set().await;
    let account = stage.account("eve").await;
    let server = stage.server.addr;
    stage
        .meanwhile(async {
            let (heard, unheard) = guesses(server, "owner", 4 * FAILURES_MAX).await;
            assert_eq!((heard, unheard), (FAILURES_MAX, 3 * FAILURES_MAX));
            connect(&account).await;
        })
        .await;
}

/// A device that guesses tokens guesses for ever: they are random, and what fails costs no password hash.
#[tokio::test]
async fn wrong_tokens_keep_no_password_out() {
    let mut stage = Stage::set().await;
    let server = stage.server.addr;
    let link = stage.owner.create_invite(1, HOUR).await.unwrap();
    join(&link, "pam", "correct horse").await;
    stage
        .meanwhile(async {
            for n in 0..=FAILURES_MAX {
                let token = DeviceToken::new([u8::try_from(n).unwrap(); 32]);
                assert_eq!(Raw::refused(server, Credentials::Token(token)).await, REFUSED);
            }
            let right = Raw::hello(server, password("pam", "correct horse"), false).await.1;
            assert!(matches!(right, ServerFrame::Welcome(_)), "{right:?}");
        })
        .await;
}

#[tokio::test]
async fn a_revoked_device_is_closed_and_stays_out() {
    let mut stage = Stage::set().await;
    let server = stage.server.addr;
    let (eve, account) = stage.user("eve").await;
    let link = stage.owner.create_invite(1, HOUR).await.unwrap();
    let pam = join(&link, "pam", "correct horse").await;
    stage
        .meanwhile(async {
            // Another user's device is not known to her.
            let mut raw = Raw::log_in(server, &account).await;
            let foreign = Request::RevokeDevice(pam.whoami().device);
            assert_eq!(raw.ask(foreign).await, Err(ErrorCode::NoSuchDevice));

            let (lost, lost_account) = match Raw::hello(server, password("pam", "correct horse"), true).await {
                (raw, ServerFrame::Welcome(welcome)) => (raw, welcome),
                (_, other) => panic!("{other:?}"),
            };
            pam.revoke_device(lost_account.device).await.unwrap();
            assert_eq!(lost.closed().await, CloseCode::Revoked);
            let token = lost_account.token.unwrap();
            assert_eq!(Raw::refused(server, Credentials::Token(token)).await, REFUSED);
            // Her other device and other users go on.
            assert_eq!(pam.devices().await.unwrap().len(), 1);
            raw.goes_on().await;
        })
        .await;
    drop(eve);
}
