//! `cairn join`

use cairn_client::JoinRequest;
use cairn_proto::invite::InviteLink;
use cairn_proto::text::UserName;
use clap::Args;

use crate::cli::account::credentials::NewDevice;
use crate::cli::account::whoami;
use crate::cli::args::target::parse_new_user;
use crate::cli::context::{Conduct, Local};
use crate::cli::failure::Failure;
use crate::cli::output::Output;

/// Join a server with an invite link, as a new user
///
/// The link contains the address and the key of the server, and can be used once. Put it in quotes:
/// it contains a #. A password lets you log in on further devices; without one, this device is the
/// only way in.
#[derive(Debug, Args)]
#[command(after_help = "EXAMPLES
  cairn join 'cairn://chat.example.org:7766/#PIN.TOKEN' --name ada
  cairn join \"$LINK\" --name bob --password-stdin <password.txt
  cairn --profile /tmp/carol join \"$LINK\" --name carol

JSON; the device's number is a string
  {\"user\":1,\"name\":\"ada\",\"role\":\"owner\",\"device\":\"10446744073709551615\",\
     \"server\":\"chat.example.org:7766\"}")]
pub(crate) struct JoinArgs {
    /// The invite link, as `cairn serve` or `cairn invite` printed it
    link: InviteLink,

    /// Your user name: letters, digits and signs such as - and _, without spaces
    #[arg(long, value_parser = parse_new_user)]
    name: UserName,

    #[command(flatten)]
    new_device: NewDevice,
}

pub(crate) async fn run(
    args: &JoinArgs,
    local: &Local,
    output: &mut Output,
) -> Result<(), Failure> {
    if let Some(account) = local.profile.load()? {
        return Err(local.profile.taken_by(&account));
    }
    local.profile.prepare()?;
    let device = args.new_device.name()?;
    let password = args.new_device.choose_password(&local.input)?;
    let who = JoinRequest {
        name: args.name.clone(),
        password,
        device,
    };

    let (client, account) = Conduct::Ask.options().join(&args.link, who).await?;
    whoami::save(local, client, &account, output).await
}
