//! `cairn login`

use cairn_client::{Account, Client, LoginRequest};
use cairn_proto::invite::{InviteLink, Link, LinkError, ResetLink, ServerAddr, ServerLink};
use cairn_proto::secret::Pin;
use cairn_proto::text::UserName;
use clap::Args;

use crate::cli::account::credentials::NewDevice;
use crate::cli::account::whoami;
use crate::cli::args::target::parse_user;
use crate::cli::context::{Conduct, Local};
use crate::cli::failure::{Exit, Failure};
use crate::cli::output::Output;

/// Log in on a further device, or with a reset link
///
/// The pin identifies the server, so that no other one can take its place. `cairn whoami` on
/// another device prints address and pin as one string. A link of `cairn users reset` asks for a
/// new password and needs no name.
#[derive(Debug, Args)]
#[command(after_help = "EXAMPLES
  cairn login 'cairn://chat.example.org:7766/#PIN' --name ada
  cairn login 'chat.example.org:7766#PIN' --name ada
  cairn login '[2001:db8::7]:7766' --pin PIN --name ada --password-stdin <password.txt
  cairn login 'cairn://chat.example.org:7766/reset#PIN.TOKEN'

JSON; the device's number is a string
  {\"user\":1,\"name\":\"ada\",\"role\":\"owner\",\"device\":\"10446744073709551615\",\
     \"server\":\"chat.example.org:7766\"}")]
pub(crate) struct LoginArgs {
    /// The server: HOST:PORT with --pin, 'HOST:PORT#PIN', or a link
    #[arg(value_name = "ADDR", value_parser = parse_place)]
    place: Place,

    /// The server's pin, if ADDR lacks it: the SHA-256 of its key, in base64url
    #[arg(long, allow_hyphen_values = true)]
    pin: Option<Pin>,

    /// Your user name
    #[arg(long, value_parser = parse_user)]
    name: Option<UserName>,

    #[command(flatten)]
    new_device: NewDevice,
}

/// Where to log in.
#[derive(Clone, Debug)]
enum Place {
    Addr(ServerAddr),
    Server(ServerLink),
    Reset(ResetLink),
}

fn parse_place(raw: &str) -> Result<Place, LinkError> {
    match Link::of_server(raw) {
        Ok(Link::Server(server)) => Ok(Place::Server(server)),
        // The invite of a user who has joined: the rest of it still says where the server is.
        Ok(Link::Invite(InviteLink { addr, pin, .. })) => {
            Ok(Place::Server(ServerLink { addr, pin }))
        }
        Ok(Link::Reset(link)) => Ok(Place::Reset(link)),
        Ok(Link::Desk(_)) => Err(LinkError::Desk),
        Err(LinkError::Fragment) if !raw.contains("://") => {
            ServerAddr::pasted(raw).map(Place::Addr)
        }
        Err(error) => Err(error),
    }
}

impl LoginArgs {
    /// The server, and the user's name.
    fn target(&self) -> Result<(ServerLink, UserName), Failure> {
        let server = match (&self.place, self.pin) {
            (Place::Addr(addr), Some(pin)) => ServerLink {
                addr: addr.clone(),
                pin,
            },
            (Place::Server(server), None) => server.clone(),
            (Place::Server(server), Some(pin)) if server.pin == pin => server.clone(),
            (Place::Addr(_), None) => {
                let failure = Failure::new(Exit::Usage, "the server's pin is missing");
                return Err(failure.hint(
                    "`cairn whoami` on another device prints what to log in with; or use --pin",
                ));
            }
            (Place::Server(_) | Place::Reset(_), _) => {
                return Err(Failure::new(Exit::Usage, "ADDR and --pin differ"));
            }
        };
        match &self.name {
            Some(name) => Ok((server, name.clone())),
            None => Err(Failure::new(
                Exit::Usage,
                "your user name is missing: --name",
            )),
        }
    }
}

pub(crate) async fn run(
    args: &LoginArgs,
    local: &Local,
    output: &mut Output,
) -> Result<(), Failure> {
    let (client, account) = match &args.place {
        Place::Reset(link) => reset(args, link, local).await?,
        Place::Addr(_) | Place::Server(_) => log_in(args, local).await?,
    };
    whoami::save(local, client, &account, output).await
}

async fn log_in(args: &LoginArgs, local: &Local) -> Result<(Client, Account), Failure> {
    let (ServerLink { addr, pin }, name) = args.target()?;
    // After a revocation, a user logs in again with the same profile.
    if let Some(account) = local.profile.load()?
        && (account.pin, account.name.folded()) != (pin, name.folded())
    {
        return Err(local.profile.taken_by(&account));
    }
    local.profile.prepare()?;
    let device = args.new_device.name()?;
    let password = args.new_device.known_password(&local.input)?;
    let login = LoginRequest {
        addr,
        pin,
        name,
        password,
        device,
    };
    Ok(Conduct::Ask.options().login(login).await?)
}

/// Sets a new password with a link. Its user is known only after its use.
async fn reset(
    args: &LoginArgs,
    link: &ResetLink,
    local: &Local,
) -> Result<(Client, Account), Failure> {
    let known = local.profile.load()?;
    if let Some(account) = known.as_ref().filter(|account| account.pin != link.pin) {
        return Err(local.profile.taken_by(account));
    }
    local.profile.prepare()?;
    let device = args.new_device.name()?;
    let password = args.new_device.new_password(&local.input)?;
    let (client, account) = Conduct::Ask.options().reset(link, password, device).await?;
    match known.filter(|known| known.user != account.user) {
        None => Ok((client, account)),
        Some(known) => {
            client.close().await;
            let failure = local.profile.taken_by(&known);
            Err(failure.hint(format!(
                "the password of {} is set: log in with --profile DIR",
                account.name
            )))
        }
    }
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
