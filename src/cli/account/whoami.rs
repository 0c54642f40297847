//! `cairn whoami`

use std::fmt;

use cairn_client::{Account, Client, WhoAmI};
use cairn_proto::ids::UserId;
use cairn_proto::invite::{ServerAddr, ServerLink};
use cairn_proto::model::user::ServerRole;
use cairn_proto::text::UserName;
use clap::Args;
use serde::Serialize;

use crate::cli::context::{Conduct, Context, Local};
use crate::cli::failure::Failure;
use crate::cli::output::Output;

/// Show your user name, role, device and server
///
/// Logs in, so it also checks that the server still knows this device.
#[derive(Debug, Args)]
#[command(after_help = "EXAMPLES
  cairn whoami
  cairn whoami --json | jq -r .name

JSON; the device's number is a string, and link is what `cairn login` takes
  {\"user\":1,\"name\":\"ada\",\"role\":\"owner\",\"device\":\"10446744073709551615\",
   \"server\":\"chat.example.org:7766\",\"link\":\"cairn://chat.example.org:7766/#PIN\"}")]
pub(crate) struct WhoAmIArgs {}

/// A user on a device. The device is a string in JSON, since many JSON parsers round 64-bit
/// numbers.
#[derive(Debug, Serialize)]
pub(crate) struct Me {
    user: UserId,
    name: UserName,
    role: ServerRole,
    device: String,
    server: String,
}

/// Saves the account of a new device, shows it, and ends the session.
pub(super) async fn save(
    local: &Local,
    client: Client,
    account: &Account,
    output: &mut Output,
) -> Result<(), Failure> {
    let saved = local
        .profile
        .save(account)
        .and_then(|()| output.print(&Me::new(&client, &account.addr)));
    client.close().await;
    saved
}

impl Me {
    pub(crate) fn new(client: &Client, server: &ServerAddr) -> Self {
        let WhoAmI {
            user,
            name,
            role,
            device,
        } = client.whoami();
        Self {
            user,
            name,
            role,
            device: device.to_string(),
            server: server.to_string(),
        }
    }
}

impl fmt::Display for Me {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            user,
            name,
            role,
            device,
            server,
        } = self;
        write!(
            f,
            "{name} (user {user}, {role}) at {server}, device {device}",
            role = role.as_str()
        )
    }
}

/// The same, and what to log in with elsewhere.
#[derive(Debug, Serialize)]
struct Known {
    #[serde(flatten)]
    me: Me,
    link: String,
}

impl fmt::Display for Known {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { me, link } = self;
        write!(
            f,
            "{me}\nelsewhere: cairn login '{link}' --name {}",
            me.name
        )
    }
}

pub(crate) async fn run(
    _: &WhoAmIArgs,
    context: &Context<'_>,
    output: &mut Output,
) -> Result<(), Failure> {
    let server = context.server()?;
    let client = context.client(Conduct::Ask).await?;
    let me = Me::new(client, &server);
    let (_, pin) = client.server();
    let link = ServerLink { addr: server, pin };
    output.print(&Known {
        me,
        link: link.to_string(),
    })
}
