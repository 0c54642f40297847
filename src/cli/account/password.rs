//! `cairn me password`

use std::fmt;

use cairn_client::{Client, Error};
use cairn_proto::wire::error::ErrorCode;
use clap::Args;
use serde::Serialize;

use crate::cli::account::credentials;
use crate::cli::failure::{Exit, Failure};
use crate::cli::input::Input;
use crate::cli::output::Output;

#[derive(Debug, Args)]
pub(crate) struct PasswordArgs {
    /// Log out all your other devices
    #[arg(long)]
    end_other_devices: bool,

    /// Read from standard input instead of asking on the terminal: the current password on the
    /// first line, the new one on the second; one line alone if you have no password yet
    #[arg(long)]
    password_stdin: bool,
}

#[derive(Debug, Serialize)]
struct Changed {
    password: &'static str,
    other_devices_ended: bool,
}

impl fmt::Display for Changed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the password is set")?;
        match self.other_devices_ended {
            true => f.write_str("; your other devices are logged out"),
            false => Ok(()),
        }
    }
}

pub(super) async fn run(
    client: &Client,
    output: &mut Output,
    input: &Input,
    args: &PasswordArgs,
) -> Result<(), Failure> {
    let (old, new) = credentials::change(input, args.password_stdin)?;
    let changed = client
        .me()
        .set_password(old, new, args.end_other_devices)
        .await;
    match changed {
        Err(Error::Refused(ErrorCode::AuthFailed)) => {
            Err(Failure::new(Exit::Failed, "the current password is wrong")
                .hint("an owner or admin of the server can make a link with `cairn users reset`"))
        }
        other => Ok(other?),
    }?;
    output.print(&Changed {
        password: "set",
        other_devices_ended: args.end_other_devices,
    })
}
