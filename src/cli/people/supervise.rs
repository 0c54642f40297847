//! `cairn users deactivate`, `reactivate` and `reset`: what admins do about the accounts of others.

use std::fmt;

use cairn_client::Client;
use cairn_proto::ids::{ConversationId, UserId};
use cairn_proto::limits::RESET_LIFE;
use cairn_proto::model::user::UserState;
use cairn_proto::text::UserName;
use serde::Serialize;

use crate::cli::args::target::find_user;
use crate::cli::failure::Failure;
use crate::cli::output::Output;

#[derive(Debug, Serialize)]
struct Deactivated {
    user: UserId,
    name: UserName,
    state: &'static str,
    groups: Vec<ConversationId>,
}

impl fmt::Display for Deactivated {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} is deactivated", self.name)?;
        let mut before = "; still a member of ";
        for group in &self.groups {
            write!(f, "{before}'#id:{group}'")?;
            before = ", ";
        }
        Ok(())
    }
}

#[derive(Debug, Serialize)]
struct Reactivated {
    user: UserId,
    name: UserName,
    state: &'static str,
}

impl fmt::Display for Reactivated {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} is active again, and can log in", self.name)
    }
}

pub(super) async fn deactivate(
    client: &Client,
    output: &mut Output,
    name: &UserName,
) -> Result<(), Failure> {
    let user = find_user(client, name).await?;
    let groups = client.admin().deactivate(user.id).await?;
    output.print(&Deactivated {
        user: user.id,
        name: user.name,
        state: UserState::Deactivated.as_str(),
        groups,
    })
}

pub(super) async fn reactivate(
    client: &Client,
    output: &mut Output,
    name: &UserName,
) -> Result<(), Failure> {
    let user = find_user(client, name).await?;
    client.admin().reactivate(user.id).await?;
    output.print(&Reactivated {
        user: user.id,
        name: user.name,
        state: UserState::Active.as_str(),
    })
}

#[derive(Debug, Serialize)]
struct Reset {
    user: UserId,
    name: UserName,
    reset: String,
    life_seconds: u64,
    keep_devices: bool,
}

impl fmt::Display for Reset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.reset)
    }
}

pub(super) async fn reset(
    client: &Client,
    output: &mut Output,
    name: &UserName,
    keep_devices: bool,
) -> Result<(), Failure> {
    let user = find_user(client, name).await?;
    let link = client.admin().create_reset(user.id, keep_devices).await?;
    output.print(&Reset {
        user: user.id,
        name: user.name,
        reset: link.to_string(),
        life_seconds: RESET_LIFE.as_secs(),
        keep_devices,
    })
}
