//! A client that breaks the protocol. The others must not notice.

use std::sync::Arc;

use bytes::Bytes;
use cairn_client::Account;
use cairn_client::proto::WIRE_VERSION;
use cairn_client::proto::ids::{RequestId, SendStreamId};
use cairn_client::proto::secret::DeviceToken;
use cairn_client::proto::wire::frame;
use cairn_client::proto::wire::hello::{Capabilities, ClientFrame, Credentials, Hello};
use cairn_client::proto::wire::request::session::ListDevices;
use cairn_memory::SendStream;
use tokio::time::{Duration, sleep, timeout};

use super::{World, address};

/// Of virtual time.
const ATTACK_TIME_MAX: Duration = Duration::from_secs(4);

/// Attackers with the account of a device have an address from this one on.
pub(super) const HOST: usize = 200;

fn hello(token: DeviceToken) -> Bytes {
    frame::frame(&ClientFrame::Hello(Hello {
        version: WIRE_VERSION,
        credentials: Credentials::Token(token),
        capabilities: Capabilities::NONE,
        send_stream: SendStreamId::new(1_000),
        is_resumed: false,
        stream_began: None,
        push: false,
        since: None,
    }))
}

fn request(id: u64) -> Bytes {
    frame::frame(&ClientFrame::Request(
        RequestId::new(id),
        ListDevices.into(),
    ))
}

pub(super) async fn attack(world: &Arc<World>, no: usize, account: &Account, kind: usize) {
    let _ = timeout(ATTACK_TIME_MAX, async {
        let Ok(connection) = world.network.connect(address(HOST + no)) else {
            return;
        };
        let Ok((mut send, recv)) = connection.open_bi().await else {
            return;
        };
        let write = async |send: &mut SendStream, bytes: Bytes| send.write(bytes).await.is_ok();
        match kind % 6 {
            // No frame at all.
            0 => {
                let noise = world.network.draw().to_le_bytes().repeat(50);
                write(&mut send, noise.into()).await;
            }
            // A frame without end.
            1 => {
                write(&mut send, Bytes::from_static(&[0xFF; 64])).await;
            }
            2 => {
                write(&mut send, hello(DeviceToken::new([7; 32]))).await;
            }
            // Requests, and no answer is read.
            3 => {
                write(&mut send, hello(account.token)).await;
                for id in 0..2_000 {
                    if !write(&mut send, request(id)).await {
                        break;
                    }
                }
            }
            // Malformed requests.
            4 => {
                write(&mut send, hello(account.token)).await;
                for _ in 0..100 {
                    let bytes = Bytes::from_static(&[2, 0, 0, 0, 0xFE, 0xFD]);
                    if !write(&mut send, bytes).await {
                        break;
                    }
                }
            }
            // Half a request, and streams that say nothing.
            _ => {
                write(&mut send, hello(account.token)).await;
                write(&mut send, request(1).slice(..3)).await;
                let mut streams = Vec::new();
                while let Ok(Ok(stream)) =
                    timeout(Duration::from_millis(10), connection.open_bi()).await
                {
                    streams.push(stream);
                }
                sleep(ATTACK_TIME_MAX / 2).await;
            }
        }
        sleep(Duration::from_secs(1)).await;
        drop(recv);
    })
    .await;
}
