//! Sessions above the limits per device and per user.

use std::net::SocketAddr;

use cairn_client::Account;
use cairn_client::proto::wire::close::CloseCode;
use cairn_client::proto::wire::error::ErrorCode;
use cairn_client::proto::wire::hello::Credentials;

use crate::hostile::raw::Raw;
use crate::hostile::{Stage, connect};
use crate::support::until;

const SESSIONS_MAX: usize = cairn_server::limits::SESSIONS_PER_DEVICE_MAX;

const REFUSED: (ErrorCode, CloseCode) = (ErrorCode::TooManySessions, CloseCode::Rate);

async fn sessions(server: SocketAddr, account: &Account) -> Vec<Raw> {
    let mut sessions = Vec::new();
    for _ in 0..SESSIONS_MAX {
        sessions.push(Raw::log_in(server, account).await);
    }
    sessions
}

#[tokio::test]
async fn device_limit_does_not_affect_other_users() {
    let mut stage = Stage::set().await;
    let (eve, bob) = (stage.account("eve").await, stage.account("bob").await);
    let server = stage.server.addr;
    stage
        .meanwhile(async {
            let mut eves = sessions(server, &eve).await;
            for _ in 0..100 {
                let refused = Raw::refused(server, Credentials::Token(eve.token)).await;
                assert_eq!(refused, REFUSED);
            }
            for session in &mut eves {
                session.goes_on().await;
            }
            connect(&bob).await;
        })
        .await;
}

#[tokio::test]
async fn ended_session_makes_room() {
    let stage = Stage::set().await;
    let eve = stage.account("eve").await;
    let server = stage.server.addr;
    let mut eves = sessions(server, &eve).await;
    eves.pop();
    until("the server notices the end", async || {
        let credentials = Credentials::Token(eve.token);
        let (raw, _) = Raw::hello(server, credentials, false).await;
        let is_refused = raw.connection.close_reason().is_some();
        eves.push(raw);
        !is_refused
    })
    .await;
}
