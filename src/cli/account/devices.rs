//! `cairn devices`

use std::fmt;

use cairn_client::{Client, Error};
use cairn_proto::ids::DeviceId;
use cairn_proto::model::user::DeviceInfo;
use cairn_proto::wire::close::CloseCode;
use clap::{Args, Subcommand};
use serde::Serialize;

use crate::cli::context::{Conduct, Context};
use crate::cli::failure::Failure;
use crate::cli::output::Output;
use crate::ui::time;

/// List your devices, or revoke one of them
#[derive(Debug, Args)]
#[command(after_help = "EXAMPLES
  cairn devices
  cairn devices revoke 10446744073709551615    locks out a lost laptop at once
  cairn devices --json | jq -r 'select(.online) | .name'

JSON, one for each device; its number is a string
  {\"device\":\"10446744073709551615\",\"name\":\"laptop\",\"created_at_ms\":1700000000000,\
     \"current\":true,\"online\":true}")]
pub(crate) struct DevicesArgs {
    #[command(subcommand)]
    action: Option<Action>,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Revoke a device: its sessions end, and it cannot log in again
    #[command(
        after_help = "EXAMPLES\n  cairn devices revoke 10446744073709551615\n\nJSON\n  \
            {\"revoked\":\"10446744073709551615\"}"
    )]
    Revoke {
        /// The device's number, as `cairn devices` shows it
        id: DeviceId,
    },
}

/// A device. Its number is a string in JSON, since many JSON parsers round 64-bit numbers.
#[derive(Debug, Serialize)]
struct Device {
    device: String,
    name: String,
    created_at_ms: u64,
    current: bool,
    online: bool,
}

impl From<DeviceInfo> for Device {
    fn from(info: DeviceInfo) -> Self {
        let DeviceInfo {
            id,
            name,
            created_at,
            current,
            online,
        } = info;
        Self {
            device: id.to_string(),
            name: name.to_string(),
            created_at_ms: created_at.get(),
            current,
            online,
        }
    }
}

impl fmt::Display for Device {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = match (self.current, self.online) {
            (true, _) => "this one",
            (false, true) => "online",
            (false, false) => "offline",
        };
        write!(
            f,
            "{:>20}  {:8}  since {}  {}",
            self.device,
            state,
            time::Local(self.created_at_ms),
            self.name
        )
    }
}

#[derive(Debug, Serialize)]
struct Revoked {
    revoked: String,
}

impl fmt::Display for Revoked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "revoked device {}", self.revoked)
    }
}

pub(crate) async fn run(
    args: &DevicesArgs,
    context: &Context<'_>,
    output: &mut Output,
) -> Result<(), Failure> {
    let client = context.client(Conduct::Ask).await?;
    match args.action {
        None => client
            .me()
            .devices()
            .await?
            .into_iter()
            .try_for_each(|info| output.print(&Device::from(info))),
        Some(Action::Revoke { id }) => revoke(client, output, id).await,
    }
}

async fn revoke(client: &Client, output: &mut Output, id: DeviceId) -> Result<(), Failure> {
    match client.me().revoke_device(id).await {
        Ok(()) => {}
        // The session of a device that revokes itself may end before the reply.
        Err(Error::Ended(CloseCode::Revoked)) if client.whoami().device == id => {}
        Err(error) => return Err(error.into()),
    }
    output.print(&Revoked {
        revoked: id.to_string(),
    })
}
