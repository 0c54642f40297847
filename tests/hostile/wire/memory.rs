//! Clients that flood the server with requests and do not read the answers, over many connections:
//! the server's memory stays bounded.

use cairn_client::proto::ids::UserId;
use cairn_client::proto::limits::{
    ABOUT_BYTES_MAX, AVATAR_BYTES_MAX, DISPLAY_NAME_BYTES_MAX, PROFILES_PER_REQUEST_MAX,
};
use cairn_client::proto::model::people::{Avatar, Profile};
use cairn_client::proto::text::{About, DeviceName, DisplayName, Password};
use cairn_client::proto::wire::close::CloseCode;
use cairn_client::proto::wire::error::ErrorCode;
use cairn_client::proto::wire::frame;
use cairn_client::proto::wire::request::Request;
use cairn_client::proto::wire::request::people::GetProfiles;
use cairn_client::proto::wire::request::session::ListDevices;
use cairn_client::proto::wire::response::ServerFrame;
use cairn_client::{Account, Client, LoginRequest};

use crate::hostile::raw::{Raw, prefixed};
use crate::hostile::{Stage, connect};
use crate::support::resident_bytes_peak;

/// Concurrent attacking connections of one device.
const ATTACKERS: usize = cairn_server::limits::SESSIONS_PER_DEVICE_MAX;

/// Devices with which a user takes all their connections.
const DEVICES: usize = cairn_server::limits::SESSIONS_PER_USER_MAX / ATTACKERS;

/// Pipelined requests of each attacker.
const REQUESTS: usize = 4_000;

/// Requests of a well-behaved client meanwhile; they give the server time to handle the attack.
const REQUESTS_BESIDE: usize = 400;

/// The allowed growth in memory under attack.
const GROWTH_BYTES_MAX: u64 = 64 * 1024 * 1024;

const BAD_REQUESTS_MAX: u32 = cairn_server::limits::BAD_REQUESTS_MAX;

/// A request that cannot be decoded, and one of an unknown kind. Each begins with the variant of
/// requests and a request id.
const MALFORMED: [u8; 2] = [1, 5];
const UNKNOWN: [u8; 5] = [1, 5, 251, 16, 39];

/// Writes the same frame repeatedly on all connections of these devices. Returns the server's
/// growth in memory.
async fn grown_by(stage: &mut Stage, devices: &[Account], one: &[u8], are_read: bool) -> u64 {
    let server = stage.server.addr;
    let honest = stage.owner.clone();
    let before = resident_bytes_peak(stage.server.data());
    let attack = async {
        let mut writers = Vec::new();
        for account in devices.iter().flat_map(|device| [device; ATTACKERS]) {
            let mut raw = Raw::log_in(server, account).await;
            let all = one.repeat(REQUESTS);
            writers.push(tokio::spawn(async move {
                match are_read {
                    true => raw.stream.write_and_read(&all).await,
                    false => raw.stream.write(&all).await,
                }
                // The connection must outlive the attack.
                std::future::pending::<()>().await;
                drop(raw);
            }));
        }
        for _ in 0..REQUESTS_BESIDE {
            honest.me().devices().await.unwrap();
        }
        writers.iter().for_each(|writer| writer.abort());
    };
    stage.meanwhile(attack).await;
    let grown = resident_bytes_peak(stage.server.data()).saturating_sub(before);
    println!("the server grew by {} MiB", grown / (1024 * 1024));
    grown
}

#[tokio::test]
async fn unread_refusals_are_bounded() {
    let mut stage = Stage::set().await;
    let account = stage.account("eve").await;
    let one = prefixed(UNKNOWN.len(), &UNKNOWN).repeat(1024);
    let grown = grown_by(&mut stage, std::slice::from_ref(&account), &one, false).await;
    assert!(grown < GROWTH_BYTES_MAX, "the server grew by {grown} bytes");
}

#[tokio::test]
async fn profiles_are_bounded() {
    let mut stage = Stage::set().await;
    let (eve, account) = stage.user("eve").await;
    let mut users = vec![account.user];
    set_largest_profile(&eve).await;
    for n in 1..PROFILES_PER_REQUEST_MAX {
        let (user, account) = stage.user(&format!("user-{n}")).await;
        set_largest_profile(&user).await;
        users.push(account.user);
    }
    // The largest possible answer arrives complete.
    let all = eve.people().profiles(&users).await.unwrap();
    assert_eq!(all.len(), PROFILES_PER_REQUEST_MAX);
    let mut devices = vec![account.clone()];
    let password = || Password::new("correct horse").unwrap();
    eve.me()
        .set_password(None, password(), false)
        .await
        .unwrap();
    for _ in 1..DEVICES {
        let login = LoginRequest {
            addr: account.addr.clone(),
            pin: account.pin,
            name: account.name.clone(),
            password: password(),
            device: DeviceName::new("another").unwrap(),
        };
        let (other, device) = Client::builder().login(login).await.unwrap();
        other.close().await;
        devices.push(device);
    }
    eve.close().await;
    let one = framed(Request::from(GetProfiles { users }));
    for are_read in [false, true] {
        for devices in [&devices[..1], &devices] {
            let grown = grown_by(&mut stage, devices, &one, are_read).await;
            assert!(grown < GROWTH_BYTES_MAX, "the server grew by {grown} bytes");
        }
    }
}

/// A user who is named many times is answered once.
#[tokio::test]
async fn repeated_users_are_answered_once() {
    let mut stage = Stage::set().await;
    let (eve, account) = stage.user("eve").await;
    set_largest_profile(&eve).await;
    eve.close().await;
    let server = stage.server.addr;
    stage
        .meanwhile(async {
            let mut raw = Raw::log_in(server, &account).await;
            let users: Vec<UserId> = vec![account.user; PROFILES_PER_REQUEST_MAX];
            let profiles = raw.ask(GetProfiles { users }).await.unwrap().0;
            assert_eq!(profiles.len(), 1);
        })
        .await;
    let users = vec![account.user; PROFILES_PER_REQUEST_MAX];
    let one = framed(Request::from(GetProfiles { users }));
    let grown = grown_by(&mut stage, std::slice::from_ref(&account), &one, false).await;
    assert!(grown < GROWTH_BYTES_MAX, "the server grew by {grown} bytes");
}

#[tokio::test]
async fn ten_malformed_requests_close_the_connection() {
    let mut stage = Stage::set().await;
    let account = stage.account("eve").await;
    let server = stage.server.addr;
    stage
        .meanwhile(async {
            let mut raw = Raw::log_in(server, &account).await;
            for _ in 1..BAD_REQUESTS_MAX {
                raw.stream.write_as(MALFORMED.len(), &MALFORMED).await;
                assert!(matches!(
                    raw.stream.read().await,
                    ServerFrame::Response(_, Err(ErrorCode::BadRequest))
                ));
            }
            for _ in 0..2 * BAD_REQUESTS_MAX {
                raw.stream.write_as(UNKNOWN.len(), &UNKNOWN).await;
                assert!(matches!(
                    raw.stream.read().await,
                    ServerFrame::Response(_, Err(ErrorCode::Unsupported))
                ));
            }
            assert!(raw.ask(ListDevices).await.is_ok());
            raw.stream.write_as(MALFORMED.len(), &MALFORMED).await;
            assert_eq!(raw.closed().await, CloseCode::Protocol);
            connect(&account).await;
        })
        .await;
}

async fn set_largest_profile(client: &Client) {
    let profile = Profile {
        display_name: Some(DisplayName::new("x".repeat(DISPLAY_NAME_BYTES_MAX)).unwrap()),
        about: Some(About::new("x".repeat(ABOUT_BYTES_MAX)).unwrap()),
        avatar: Avatar::new(vec![7; AVATAR_BYTES_MAX].into()).unwrap(),
    };
    client.me().set_profile(profile).await.unwrap();
}

fn framed(request: Request) -> Vec<u8> {
    use cairn_client::proto::ids::RequestId;
    use cairn_client::proto::wire::hello::ClientFrame;
    frame::frame(&ClientFrame::Request(RequestId::new(5), request)).to_vec()
}
