//! `cairn login`

use cairn_client::LoginRequest;
use cairn_proto::invite::ServerAddr;
use cairn_proto::secret::Pin;
use cairn_proto::text::UserName;
use clap::Args;

use crate::cli::account::credentials::NewDevice;
use crate::cli::account::whoami::Me;
use crate::cli::args::target::parse_user;
use crate::cli::context::{Conduct, Local};
use crate::cli::failure::Failure;
use crate::cli::output::Output;

/// Log in on a further device, with name and password
///
/// The pin identifies the server, so that no other one can take its place. It is the part between #
/// and the dot in every invite link of the server, and is in the profile of your other devices.
#[derive(Debug, Args)]
#[command(after_help = "EXAMPLES
  cairn login chat.example.org:7766 --pin PIN --name ada
  cairn login '[2001:db8::7]:7766' --pin PIN --name ada --password-stdin <password.txt

JSON; the device's number is a string
  {\"user\":1,\"name\":\"ada\",\"role\":\"owner\",\"device\":\"10446744073709551615\",\
     \"server\":\"chat.example.org:7766\"}")]
pub(crate) struct LoginArgs {
    /// The server's address, HOST:PORT
    addr: ServerAddr,

    /// The server's pin: the SHA-256 of its key, in base64url
    #[arg(long, allow_hyphen_values = true)]
    pin: Pin,

    /// Your user name
    #[arg(long, value_parser = parse_user)]
    name: UserName,

    #[command(flatten)]
    new_device: NewDevice,
}

pub(crate) async fn run(
    args: &LoginArgs,
    local: &Local,
    output: &mut Output,
) -> Result<(), Failure> {
    // After a revocation, a user logs in again with the same profile.
    if let Some(account) = local.profile.load()?
        && (account.pin, account.name.folded()) != (args.pin, args.name.folded())
    {
        return Err(local.profile.taken_by(&account));
    }
    local.profile.prepare()?;
    let device = args.new_device.name()?;
    let password = args.new_device.known_password(&local.input)?;

    let options = Conduct::Ask.options();
    let (client, account) = options
        .login(LoginRequest {
            addr: args.addr.clone(),
            pin: args.pin,
            name: args.name.clone(),
            password,
            device,
        })
        .await?;
    let saved = local
        .profile
        .save(&account)
        .and_then(|()| output.print(&Me::new(&client, &account.addr)));
    client.close().await;
    saved
}

#[cfg(test)]
mod tests {
    use crate::cli::command;

    #[test]
    fn pin_may_look_like_an_option() {
        let pin = "-U16JrCZ5cEB2_AAy1tvYXKDmv24xC8ArpiK3aeeNjU";
        command()
            .try_get_matches_from([
                "cairn",
                "login",
                "chat.example.org:7766",
                "--pin",
                pin,
                "--name",
                "ada",
            ])
            .unwrap();
    }
}
