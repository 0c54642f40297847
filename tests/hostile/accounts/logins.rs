//! Failed logins: every reason gets the same answer, and guessing is rate-limited without locking
//! out legitimate users.

use std::net::SocketAddr;
use std::time::Duration;

use cairn_client::proto::ids::{ImportSource, Timestamp};
use cairn_client::proto::invite::InviteLink;
use cairn_client::proto::secret::{DeviceToken, InviteToken};
use cairn_client::proto::text::{DeviceName, GroupName, Password, UserName};
use cairn_client::proto::wire::close::CloseCode;
use cairn_client::proto::wire::error::ErrorCode;
use cairn_client::proto::wire::frame;
use cairn_client::proto::wire::hello::Credentials;
use cairn_client::proto::wire::request::Request;
use cairn_client::proto::wire::request::group::CreateGroup;
use cairn_client::proto::wire::request::message::ImportEntry;
use cairn_client::proto::wire::request::server::RevokeDevice;
use cairn_client::proto::wire::response::ServerFrame;
use cairn_client::{Client, JoinRequest};
use tokio::task::JoinSet;
use tokio::time::{interval, timeout};

use crate::hostile::raw::{PATIENCE, Raw};
use crate::hostile::{Stage, connect, group, text};
use crate::support::processor_time;

const FAILURES_MAX: u32 = cairn_server::limits::LOGIN_FAILURES_MAX;

/// Logins at once.
const BURST: usize = 100;

/// How far a reading of the processor time may be off.
const TICKS: Duration = Duration::from_millis(100);

const HOUR: Duration = Duration::from_secs(3600);

fn device() -> DeviceName {
    DeviceName::new("test").unwrap()
}

fn user(name: &str) -> UserName {
    UserName::new(name).unwrap()
}

fn password(name: &str, password: &str) -> Credentials {
    Credentials::Password {
        name: user(name),
        password: Password::new(password).unwrap(),
        device: device(),
    }
}

fn invited(token: InviteToken, name: &str) -> Credentials {
    Credentials::Invite {
        token,
        name: user(name),
        password: None,
        device: device(),
    }
}

async fn join(link: &InviteLink, name: &str, password: &str) -> Client {
    let who = JoinRequest {
        name: user(name),
        password: Some(Password::new(password).unwrap()),
        device: device(),
    };
    Client::builder().join(link, who).await.unwrap().0
}

const REFUSED: (ErrorCode, CloseCode) = (ErrorCode::AuthFailed, CloseCode::AuthFailed);
const BAD_INVITE: (ErrorCode, CloseCode) = (ErrorCode::BadInvite, CloseCode::AuthFailed);

#[tokio::test]
async fn wrong_credentials_are_indistinguishable() {
    let mut stage = Stage::set().await;
    let server = stage.server.addr;
    let link = stage.owner.admin().create_invite(1, HOUR).await.unwrap();
    join(&link, "pam", "correct horse").await;
    stage.account("eve").await;
    let archive = group(&stage.owner, "archive", &[]).await;
    let entry = ImportEntry {
        sender: user("old-timer"),
        sent_at: Timestamp::new(1),
        body: text("hello"),
    };
    stage
        .owner
        .conversation(archive)
        .import(ImportSource::new(1), 0, vec![entry])
        .await
        .unwrap();
    stage
        .meanwhile(async {
            assert_eq!(
                Raw::refused(server, Credentials::Token(DeviceToken::new([1; 32]))).await,
                REFUSED,
                "an unknown token"
            );
            assert_eq!(
                Raw::refused(server, password("pam", "battery staple")).await,
                REFUSED,
                "a wrong password"
            );
            assert_eq!(
                Raw::refused(server, password("nobody", "battery staple")).await,
                REFUSED,
                "an unknown user"
            );
            assert_eq!(
                Raw::refused(server, password("eve", "battery staple")).await,
                REFUSED,
                "a user without a password"
            );
            assert_eq!(
                Raw::refused(server, password("old-timer", "battery staple")).await,
                REFUSED,
                "an imported user"
            );
            assert_eq!(
                Raw::refused(server, invited(link.token, "mallory")).await,
                BAD_INVITE,
                "an invite that is used up"
            );
            assert_eq!(
                Raw::refused(server, invited(InviteToken::new([1; 16]), "mallory")).await,
                BAD_INVITE,
                "an unknown invite"
            );
            let right = Raw::hello(server, password("pam", "correct horse"), false)
                .await
                .1;
            assert!(matches!(right, ServerFrame::Welcome(_)), "{right:?}");
        })
        .await;
}

/// Of concurrent joins with the last use of an invite, one succeeds; the same holds for concurrent
/// joins under one name.
#[tokio::test]
async fn concurrent_joins_admit_one() {
    let mut stage = Stage::set().await;
    let server = stage.server.addr;
    let (single, double) = (
        stage.owner.admin().create_invite(1, HOUR).await.unwrap(),
        stage.owner.admin().create_invite(2, HOUR).await.unwrap(),
    );
    let join =
        async |token, name: &'static str| match Raw::hello(server, invited(token, name), false)
            .await
            .1
        {
            ServerFrame::Welcome(welcome) => Ok(welcome.name),
            ServerFrame::Refused(code) => Err(code),
            other => panic!("{other:?}"),
        };
    let one_of = |answers: (Result<UserName, ErrorCode>, Result<UserName, ErrorCode>), code| {
        assert!(
            matches!(answers, (Ok(_), Err(refused)) | (Err(refused), Ok(_)) if refused == code),
            "{answers:?}"
        );
    };
    stage
        .meanwhile(async {
            one_of(
                tokio::join!(join(single.token, "first"), join(single.token, "second")),
                ErrorCode::BadInvite,
            );
            one_of(
                tokio::join!(join(double.token, "twin"), join(double.token, "TWIN")),
                ErrorCode::NameTaken,
            );
            assert_eq!(
                join(double.token, "third").await,
                Ok(user("third")),
                "a refused login uses nothing up"
            );
        })
        .await;
}

/// The server checks the invite before the name, and a taken name does not use the invite up. So
/// the refusal changes from `NameTaken` to `BadInvite` when the invite expires.
#[tokio::test]
async fn invite_expires() {
    let mut stage = Stage::set().await;
    let server = stage.server.addr;
    let link = stage
        .owner
        .admin()
        .create_invite(1, Duration::from_secs(1))
        .await
        .unwrap();
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
            assert_eq!(timeout(PATIENCE, refused).await.unwrap(), BAD_INVITE);
        })
        .await;
}

/// Returns how many of `attempts` concurrent logins had their password checked.
async fn guesses(server: SocketAddr, name: &str, attempts: u32) -> u32 {
    let tasks: Vec<_> = (0..attempts)
        .map(|_| tokio::spawn(Raw::refused(server, password(name, "battery staple"))))
        .collect();
    let mut heard = 0;
    for task in tasks {
        match task.await.unwrap() {
            (ErrorCode::AuthFailed, CloseCode::AuthFailed) => heard += 1,
            (ErrorCode::RateLimited, CloseCode::AuthFailed) => {}
            other => panic!("{other:?}"),
        }
    }
    heard
}

/// All connections here share one address, as behind a NAT. Guessing blocks further password logins
/// from this address, but not logins with a device token.
#[tokio::test]
async fn guessing_is_limited_without_lockout() {
    let mut stage = Stage::set().await;
    let account = stage.account("eve").await;
    let server = stage.server.addr;
    let link = stage.owner.admin().create_invite(1, HOUR).await.unwrap();
    join(&link, "pam", "correct horse").await;
    stage
        .meanwhile(async {
            for _ in 0..FAILURES_MAX {
                assert_eq!(
                    Raw::refused(server, password("pam", "battery staple")).await,
                    REFUSED
                );
            }
            let limited = (ErrorCode::RateLimited, CloseCode::AuthFailed);
            assert_eq!(
                Raw::refused(server, password("pam", "battery staple")).await,
                limited
            );
            assert_eq!(
                Raw::refused(server, password("pam", "correct horse")).await,
                limited,
                "not even the right one is heard"
            );
            assert_eq!(
                Raw::refused(server, password("unknown", "correct horse")).await,
                limited,
                "the address counts as well"
            );
            Raw::log_in(server, &account).await.goes_on().await;
            connect(&account).await;
        })
        .await;
}

/// Concurrent guesses may exceed the limit only by those being checked when it is reached.
#[tokio::test]
async fn parallel_guessing_gains_nothing() {
    let mut stage = Stage::set().await;
    let account = stage.account("eve").await;
    let server = stage.server.addr;
    let cores = u32::try_from(std::thread::available_parallelism().unwrap().get()).unwrap();
    let attempts = 4 * FAILURES_MAX + cores;
    stage
        .meanwhile(async {
            let heard = guesses(server, "owner", attempts).await;
            assert!(
                (FAILURES_MAX..FAILURES_MAX + cores).contains(&heard),
                "{heard} of {attempts} were heard"
            );
            connect(&account).await;
        })
        .await;
}

/// Failed token logins are not limited: tokens are random, and a failure costs no password hash.
#[tokio::test]
async fn wrong_tokens_do_not_block_passwords() {
    let mut stage = Stage::set().await;
    let server = stage.server.addr;
    let link = stage.owner.admin().create_invite(1, HOUR).await.unwrap();
    join(&link, "pam", "correct horse").await;
    stage
        .meanwhile(async {
            for n in 0..=FAILURES_MAX {
                let token = DeviceToken::new([u8::try_from(n).unwrap(); 32]);
                assert_eq!(
                    Raw::refused(server, Credentials::Token(token)).await,
                    REFUSED
                );
            }
            let right = Raw::hello(server, password("pam", "correct horse"), false)
                .await
                .1;
            assert!(matches!(right, ServerFrame::Welcome(_)), "{right:?}");
        })
        .await;
}

#[tokio::test]
async fn revoked_device_is_closed_for_good() {
    let mut stage = Stage::set().await;
    let server = stage.server.addr;
    let account = stage.account("eve").await;
    let link = stage.owner.admin().create_invite(1, HOUR).await.unwrap();
    let pam = join(&link, "pam", "correct horse").await;
    stage
        .meanwhile(async {
            // Revoking another user's device fails as if the device did not exist.
            let mut raw = Raw::log_in(server, &account).await;
            let foreign = Request::from(RevokeDevice {
                device: pam.whoami().device,
            });
            assert_eq!(raw.ask_any(foreign).await, Err(ErrorCode::NoSuchDevice));

            let (lost, lost_account) =
                match Raw::hello(server, password("pam", "correct horse"), true).await {
                    (raw, ServerFrame::Welcome(welcome)) => (raw, welcome),
                    (_, other) => panic!("{other:?}"),
                };
            pam.me().revoke_device(lost_account.device).await.unwrap();
            assert_eq!(lost.closed().await, CloseCode::Revoked);
            let token = lost_account.token.unwrap();
            assert_eq!(
                Raw::refused(server, Credentials::Token(token)).await,
                REFUSED
            );
            // The user's other device and other users are not affected.
            assert_eq!(pam.me().devices().await.unwrap().len(), 1);
            raw.goes_on().await;

            // Requests that follow a device's revocation of itself are not executed.
            let (_, revoke) = raw.request(Request::from(RevokeDevice {
                device: account.device,
            }));
            let (_, create) = raw.request(Request::from(CreateGroup {
                name: GroupName::new("late").unwrap(),
                members: vec![pam.whoami().user],
            }));
            raw.stream
                .write(&[frame::frame(&revoke), frame::frame(&create)].concat())
                .await;
            assert_eq!(raw.closed().await, CloseCode::Revoked);
            assert_eq!(
                Raw::refused(server, Credentials::Token(account.token)).await,
                REFUSED
            );
            assert_eq!(pam.conversations().list().await.unwrap(), []);
        })
        .await;
}

/// Many joins at once with an invite that does not exist. Returns the server's processor time.
async fn burst_of_joins(password: Option<&str>) -> Duration {
    let stage = Stage::set().await;
    let (server, data) = (stage.server.addr, stage.server.data());
    let before = processor_time(data);
    let mut joins = JoinSet::new();
    for n in 0..BURST {
        let credentials = Credentials::Invite {
            token: InviteToken::new([1; 16]),
            name: user(&format!("mallory-{n}")),
            password: password.map(|password| Password::new(password).unwrap()),
            device: device(),
        };
        joins.spawn(Raw::refused(server, credentials));
    }
    for (code, _) in joins.join_all().await {
        assert!(matches!(
            code,
            ErrorCode::BadInvite | ErrorCode::RateLimited
        ));
    }
    processor_time(data).saturating_sub(before)
}

#[tokio::test]
async fn unknown_invite_costs_no_password_hash() {
    let control = burst_of_joins(None).await;
    let spent = burst_of_joins(Some("correct horse")).await;
    println!("{spent:?} with a password, {control:?} without");
    assert!(spent < 2 * control + TICKS, "{spent:?} against {control:?}");
}

/// The server's processor time for wrong passwords, each of another name.
async fn wrong_passwords(names: &[&str]) -> Duration {
    let stage = Stage::set().await;
    let (server, data) = (stage.server.addr, stage.server.data());
    for name in names {
        let link = stage.owner.admin().create_invite(1, HOUR).await.unwrap();
        join(&link, name, "correct horse").await.close().await;
    }
    let before = processor_time(data);
    for number in 0..FAILURES_MAX {
        let unknown = format!("unknown-{number}");
        let name = names.get(number as usize).copied().unwrap_or(&unknown);
        let refused = Raw::refused(server, password(name, "battery staple")).await;
        assert_eq!(refused, REFUSED);
    }
    processor_time(data).saturating_sub(before)
}

/// The time of a refusal does not tell whether a name exists: a password is hashed in either case.
#[tokio::test]
async fn unknown_name_costs_as_much_as_a_known_one() {
    let names: Vec<_> = (0..FAILURES_MAX).map(|n| format!("known-{n}")).collect();
    let names: Vec<_> = names.iter().map(String::as_str).collect();
    let (known, unknown) = (wrong_passwords(&names).await, wrong_passwords(&[]).await);
    println!("{known:?} for known names, {unknown:?} for unknown ones");
    assert!(unknown > known / 2, "{known:?} and {unknown:?}");
    assert!(known > unknown / 2, "{known:?} and {unknown:?}");
}
