//! `cairn users`

use std::fmt;
use std::path::{Path, PathBuf};

use cairn_proto::ids::UserId;
use cairn_proto::model::people::{Avatar, Profile, UserProfile};
use cairn_proto::model::user::{ServerRole, UserInfo, UserState};
use cairn_proto::text::UserName;
use clap::{Args, Subcommand, ValueEnum};
use serde::Serialize;

use crate::cli::args::target::{find_account, find_user, parse_new_user, parse_user};
use crate::cli::context::{Conduct, Context};
use crate::cli::failure::{Exit, Failure};
use crate::cli::limits;
use crate::cli::output::Output;
use crate::cli::people::supervise;
use crate::ui::sanitize::Sanitized;
use bytesize::ByteSize;

/// Find users, show profiles, change roles, end accounts
#[derive(Debug, Args)]
#[command(after_help = "EXAMPLES
  cairn users find ad
  cairn users find ad --json | jq -r .name
  cairn users show ada --save-avatar ada.webp
  cairn users role ada admin
  cairn users deactivate bob

JSON
  {\"user\":2,\"name\":\"ada\",\"role\":\"member\",\"state\":\"active\",
   \"display_name\":\"Ada Lovelace\",\"about\":null,\"avatar_bytes\":2310}")]
pub(crate) struct UsersArgs {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Find users by the beginning of their names, in upper or lower case
    #[command(after_help = "EXAMPLES
  cairn users find ad
  cairn users find @Ad --limit 5

JSON, one for each user
  {\"user\":2,\"name\":\"ada\",\"role\":\"member\",\"state\":\"active\",\
     \"display_name\":\"Ada Lovelace\",\"about\":null,\"avatar_bytes\":2310}")]
    Find {
        /// The beginning of their names
        #[arg(value_parser = parse_user)]
        prefix: UserName,
        /// The largest number of users to show
        #[arg(long, value_name = "N", default_value_t = limits::USERS_FOUND_DEFAULT)]
        limit: usize,
    },

    /// Show the profile of a user
    #[command(after_help = "EXAMPLES
  cairn users show ada
  cairn users show @ada --save-avatar ada.webp

JSON; avatar_bytes is null without an avatar
  {\"user\":2,\"name\":\"ada\",\"role\":\"member\",\"state\":\"active\",\
     \"display_name\":\"Ada Lovelace\",\"about\":null,\"avatar_bytes\":2310}")]
    Show {
        /// The user
        #[arg(value_parser = parse_user)]
        name: UserName,
        /// Save the picture of the user into this file, replacing an existing one
        #[arg(long, value_name = "FILE")]
        save_avatar: Option<PathBuf>,
    },

    /// Rename a user, as an owner or admin of the server
    ///
    /// No one else can take the former name for 90 days. Messages show the new name.
    #[command(after_help = "EXAMPLES
  cairn users rename ada ada.lovelace
  cairn users rename @ada countess --json

JSON, the user now
  {\"user\":2,\"name\":\"countess\",\"role\":\"member\"}")]
    Rename {
        /// The user
        #[arg(value_parser = parse_user)]
        name: UserName,
        /// The new name
        #[arg(value_parser = parse_new_user)]
        new: UserName,
    },

    /// Say which user the author of imported messages is
    ///
    /// Messages then show the name of the user. Only for authors that an import created.
    #[command(after_help = "EXAMPLES
  cairn users claim ada_irc ada
  cairn users claim @ada_irc @ada --json

JSON, the user
  {\"user\":2,\"name\":\"ada\",\"role\":\"member\"}")]
    Claim {
        /// The imported author
        #[arg(value_parser = parse_user)]
        imported: UserName,
        /// The user that they are
        #[arg(value_parser = parse_user)]
        user: UserName,
    },

    /// Change the role of a user on the server; the last owner stays one
    #[command(
        after_help = "EXAMPLES\n  cairn users role ada admin\n  cairn users role @ada member\n
JSON, one object
  {\"user\":2,\"name\":\"ada\",\"role\":\"admin\"}"
    )]
    Role {
        /// The user
        #[arg(value_parser = parse_user)]
        name: UserName,
        /// Members chat; admins also invite and import; owners can do everything
        role: Role,
    },

    /// End the account of a user: no device, no login; messages and memberships stay
    #[command(after_help = "EXAMPLES
  cairn users deactivate bob
  cairn group remove '#id:3' bob     afterwards, also from a group that you are not in

JSON; groups are those that the user is still a member of, at most 500
  {\"user\":2,\"name\":\"bob\",\"state\":\"deactivated\",\"groups\":[3]}")]
    Deactivate {
        /// The user
        #[arg(value_parser = parse_user)]
        name: UserName,
    },

    /// Make a link with which a user sets a new password and logs in
    ///
    /// Anyone with the link can take the account over, so send it over a channel that you trust. It
    /// is valid for 24 hours and once, and voids earlier ones. For owners of the server, and for
    /// admins about members; an owner's password is not reset.
    #[command(after_help = "EXAMPLES
  cairn users reset bob
  cairn users reset bob --keep-devices

JSON
  {\"user\":2,\"name\":\"bob\",\"reset\":\"cairn://…/reset#…\",\"life_seconds\":86400,\
     \"keep_devices\":false}")]
    Reset {
        /// The user
        #[arg(value_parser = parse_user)]
        name: UserName,
        /// Let the user's devices stay logged in when the link is used
        #[arg(long)]
        keep_devices: bool,
    },

    /// Give a deactivated user their account back
    #[command(after_help = "EXAMPLES
  cairn users reactivate bob

JSON
  {\"user\":2,\"name\":\"bob\",\"state\":\"active\"}")]
    Reactivate {
        /// The user
        #[arg(value_parser = parse_user)]
        name: UserName,
    },
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Role {
    Member,
    Admin,
    Owner,
}

impl From<Role> for ServerRole {
    fn from(role: Role) -> Self {
        match role {
            Role::Member => Self::Member,
            Role::Admin => Self::Admin,
            Role::Owner => Self::Owner,
        }
    }
}

/// The new role of a user.
#[derive(Debug, Serialize)]
struct Appointed {
    user: UserId,
    name: UserName,
    role: ServerRole,
}

impl fmt::Display for Appointed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} is now {} of this server",
            self.name,
            self.role.as_str()
        )
    }
}

/// A user after a change of their name.
#[derive(Debug, Serialize)]
pub(crate) struct Named {
    user: UserId,
    name: UserName,
    role: ServerRole,
    #[serde(skip)]
    former: UserName,
}

impl Named {
    pub(crate) fn new(user: UserInfo, name: UserName) -> Self {
        Self {
            user: user.id,
            name,
            role: user.role,
            former: user.name,
        }
    }
}

impl fmt::Display for Named {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} is now {}", self.former, self.name)
    }
}

/// The profile of a user.
#[derive(Debug, Serialize)]
pub(crate) struct Person {
    user: UserId,
    name: UserName,
    role: ServerRole,
    state: &'static str,
    display_name: Option<String>,
    about: Option<String>,
    /// `None` for a user without an avatar.
    avatar_bytes: Option<usize>,
}

impl From<UserProfile> for Person {
    fn from(found: UserProfile) -> Self {
        let UserProfile {
            user,
            profile:
                Profile {
                    display_name,
                    about,
                    avatar,
                },
        } = found;
        let display_name = display_name.map(|name| name.to_string());
        let about = about.map(|about| about.to_string());
        let avatar_bytes = Some(avatar.as_bytes().len()).filter(|&bytes| bytes > 0);
        Self {
            user: user.id,
            name: user.name,
            role: user.role,
            state: user.state.as_str(),
            display_name,
            about,
            avatar_bytes,
        }
    }
}

impl fmt::Display for Person {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{:24}  {}",
            self.name,
            self.display_name.as_deref().unwrap_or_default()
        )?;
        if self.state != UserState::Active.as_str() {
            write!(f, "  ({})", self.state)?;
        }
        if let Some(about) = &self.about {
            write!(f, "  {}", Sanitized(about))?;
        }
        match self.avatar_bytes {
            Some(bytes) => write!(f, "  (avatar of {})", ByteSize(bytes as u64)),
            None => Ok(()),
        }
    }
}

pub(crate) async fn run(
    args: &UsersArgs,
    context: &Context<'_>,
    output: &mut Output,
) -> Result<(), Failure> {
    let client = context.client(Conduct::Ask).await?;
    match &args.action {
        Action::Find { prefix, limit } => {
            let found = client.people().search(prefix.clone(), *limit).await?;
            let mut ids = Vec::with_capacity(found.len());
            for user in client.people().resolve(found).await? {
                // A user can be found by several names.
                if !ids.contains(&user.id) {
                    ids.push(user.id);
                }
            }
            client
                .people()
                .profiles(&ids)
                .await?
                .into_iter()
                .try_for_each(|found| output.print(&Person::from(found)))
        }
        Action::Show { name, save_avatar } => {
            let user = find_user(client, name).await?;
            let found = client.people().profiles(&[user.id]).await?.pop();
            let found = found.ok_or_else(|| {
                Failure::new(Exit::Failed, format!("there is no user named {name}"))
            })?;
            if let Some(path) = save_avatar {
                save(&found, path)?;
            }
            output.print(&Person::from(found))
        }
        Action::Rename { name, new } => {
            let user = find_user(client, name).await?;
            client.people().rename(user.id, new.clone()).await?;
            output.print(&Named::new(user, new.clone()))
        }
        Action::Claim { imported, user } => {
            let [author, user] = [
                find_account(client, imported).await?,
                find_user(client, user).await?,
            ];
            client.people().claim(author.id, user.id).await?;
            let claimed = UserInfo {
                name: author.name,
                ..user.clone()
            };
            output.print(&Named::new(claimed, user.name))
        }
        Action::Role { name, role } => {
            let (user, role) = (find_user(client, name).await?, ServerRole::from(*role));
            client.admin().set_role(user.id, role).await?;
            output.print(&Appointed {
                user: user.id,
                name: user.name,
                role,
            })
        }
        Action::Deactivate { name } => supervise::deactivate(client, output, name).await,
        Action::Reset { name, keep_devices } => {
            supervise::reset(client, output, name, *keep_devices).await
        }
        Action::Reactivate { name } => supervise::reactivate(client, output, name).await,
    }
}

/// Saves the picture of a user.
fn save(of: &UserProfile, path: &Path) -> Result<(), Failure> {
    let avatar = &of.profile.avatar;
    if *avatar == Avatar::NONE {
        return Err(Failure::new(
            Exit::Failed,
            format!("{} has no avatar", of.user.name),
        ));
    }
    let failed = |error| {
        Failure::caused(
            Exit::Failed,
            format!("cannot write {}", path.display()),
            &error,
        )
    };
    std::fs::write(path, avatar.as_bytes()).map_err(failed)
}
