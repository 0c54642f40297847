//! `cairn friend`, `follow`, `unfollow`, `block`, `unblock` and `contacts`.

use std::fmt;

use cairn_client::Client;
use cairn_proto::ids::UserId;
use cairn_proto::limits::WATCHED_USERS_MAX;
use cairn_proto::model::people::{Contact, Friendship, Relation, RelationAct};
use cairn_proto::model::presence::{Presence, PresentDevice, UserPresence};
use cairn_proto::text::UserName;
use clap::{Args, Subcommand};
use serde::Serialize;

use crate::cli::args::target::{find_user, parse_user};
use crate::cli::context::{Conduct, Context};
use crate::cli::failure::Failure;
use crate::cli::output::Output;

/// Send, accept and decline friend requests
#[derive(Debug, Args)]
#[command(after_help = "EXAMPLES
  cairn friend ask bob
  cairn friend accept ada
  cairn contacts --json | jq -r 'select(.friendship == \"invited\") | .name'    open requests

JSON; friendship is none, asked, invited (by the other) or friends
  {\"user\":2,\"name\":\"bob\",\"follows\":false,\"friendship\":\"asked\",\"blocks\":false}")]
pub(crate) struct FriendArgs {
    #[command(subcommand)]
    action: FriendAction,
}

#[derive(Debug, Subcommand)]
enum FriendAction {
    /// Send a friend request; accepts theirs, if there is one
    #[command(after_help = "EXAMPLES
  cairn friend ask bob

JSON
  {\"user\":2,\"name\":\"bob\",\"follows\":false,\"friendship\":\"asked\",\"blocks\":false}")]
    Ask(OtherArgs),
    /// Accept a friend request
    #[command(after_help = "EXAMPLES
  cairn friend accept ada

JSON
  {\"user\":2,\"name\":\"bob\",\"follows\":false,\"friendship\":\"friends\",\"blocks\":false}")]
    Accept(OtherArgs),
    /// Decline a friend request
    #[command(after_help = "EXAMPLES
  cairn friend decline eve

JSON
  {\"user\":2,\"name\":\"bob\",\"follows\":false,\"friendship\":\"none\",\"blocks\":false}")]
    Decline(OtherArgs),
    /// End a friendship, or withdraw a friend request
    #[command(after_help = "EXAMPLES
  cairn friend remove bob

JSON
  {\"user\":2,\"name\":\"bob\",\"follows\":false,\"friendship\":\"none\",\"blocks\":false}")]
    Remove(OtherArgs),
}

/// Follow a user, to see when they are online
#[derive(Debug, Args)]
#[command(after_help = "EXAMPLES
  cairn follow bob

JSON
  {\"user\":2,\"name\":\"bob\",\"follows\":true,\"friendship\":\"none\",\"blocks\":false}")]
pub(crate) struct FollowArgs {
    #[command(flatten)]
    other: OtherArgs,
}

/// Stop following a user
#[derive(Debug, Args)]
#[command(after_help = "EXAMPLES
  cairn unfollow bob

JSON
  {\"user\":2,\"name\":\"bob\",\"follows\":false,\"friendship\":\"none\",\"blocks\":false}")]
pub(crate) struct UnfollowArgs {
    #[command(flatten)]
    other: OtherArgs,
}

/// Block a user: no direct messages between you
///
/// It ends a friendship and following. Groups that you share are not affected, and the user is not
/// notified.
#[derive(Debug, Args)]
#[command(after_help = "EXAMPLES
  cairn block eve

JSON
  {\"user\":2,\"name\":\"bob\",\"follows\":false,\"friendship\":\"none\",\"blocks\":true}")]
pub(crate) struct BlockArgs {
    #[command(flatten)]
    other: OtherArgs,
}

/// Unblock a user
#[derive(Debug, Args)]
#[command(after_help = "EXAMPLES
  cairn unblock eve

JSON
  {\"user\":2,\"name\":\"bob\",\"follows\":false,\"friendship\":\"none\",\"blocks\":false}")]
pub(crate) struct UnblockArgs {
    #[command(flatten)]
    other: OtherArgs,
}

/// List users you follow, friends, requests and blocked users
#[derive(Debug, Args)]
#[command(after_help = "EXAMPLES
  cairn contacts
  cairn contacts --json | jq -r 'select(.blocks) | .name'

JSON
  {\"user\":2,\"name\":\"bob\",\"follows\":false,\"friendship\":\"friends\",\"blocks\":false,
   \"presence\":\"online\",\"devices\":[{\"kind\":\"phone\",\"is_away\":false}]}

presence and devices are null for users whose presence you cannot see.")]
pub(crate) struct ContactsArgs {}

#[derive(Debug, Args)]
struct OtherArgs {
    /// The user
    #[arg(value_name = "USER", value_parser = parse_user)]
    user: UserName,
}

#[derive(Debug, Serialize)]
struct Related {
    user: UserId,
    name: UserName,
    #[serde(flatten)]
    relation: Relation,
}

impl From<Contact> for Related {
    fn from(contact: Contact) -> Self {
        let Contact { user, relation } = contact;
        Self {
            user: user.id,
            name: user.name,
            relation,
        }
    }
}

impl fmt::Display for Related {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Relation {
            follows,
            friendship,
            blocks,
        } = self.relation;
        let friendship = match friendship {
            Friendship::None => None,
            Friendship::Asked => Some("request sent"),
            Friendship::Invited => Some("wants to be your friend"),
            Friendship::Friends => Some("friend"),
        };
        let words = [
            friendship,
            follows.then_some("followed"),
            blocks.then_some("blocked"),
        ];
        let words: Vec<&str> = words.into_iter().flatten().collect();
        let words = if words.is_empty() {
            "no relation".to_owned()
        } else {
            words.join(", ")
        };
        write!(f, "{:24}  {words}", self.name)
    }
}

/// A contact in the list.
#[derive(Debug, Serialize)]
struct Listed {
    #[serde(flatten)]
    related: Related,
    presence: Option<Presence>,
    devices: Option<Vec<PresentDevice>>,
}

impl fmt::Display for Listed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{:8}  {}",
            self.presence.map_or("", Presence::as_str),
            self.related
        )?;
        let kinds: Vec<&str> = self
            .devices
            .iter()
            .flatten()
            .map(|device| device.kind.as_str())
            .collect();
        if kinds.is_empty() {
            Ok(())
        } else {
            write!(f, "  (on {})", kinds.join(", "))
        }
    }
}

pub(crate) async fn friend(
    args: &FriendArgs,
    context: &Context<'_>,
    output: &mut Output,
) -> Result<(), Failure> {
    let (other, act) = match &args.action {
        FriendAction::Ask(other) => (other, RelationAct::AskFriend),
        FriendAction::Accept(other) => (other, RelationAct::AcceptFriend),
        FriendAction::Decline(other) => (other, RelationAct::DeclineFriend),
        FriendAction::Remove(other) => (other, RelationAct::RemoveFriend),
    };
    relate(other, act, context, output).await
}

pub(crate) async fn follow(
    args: &FollowArgs,
    context: &Context<'_>,
    output: &mut Output,
) -> Result<(), Failure> {
    relate(&args.other, RelationAct::Follow, context, output).await
}

pub(crate) async fn unfollow(
    args: &UnfollowArgs,
    context: &Context<'_>,
    output: &mut Output,
) -> Result<(), Failure> {
    relate(&args.other, RelationAct::Unfollow, context, output).await
}

pub(crate) async fn block(
    args: &BlockArgs,
    context: &Context<'_>,
    output: &mut Output,
) -> Result<(), Failure> {
    relate(&args.other, RelationAct::Block, context, output).await
}

pub(crate) async fn unblock(
    args: &UnblockArgs,
    context: &Context<'_>,
    output: &mut Output,
) -> Result<(), Failure> {
    relate(&args.other, RelationAct::Unblock, context, output).await
}

pub(crate) async fn contacts(
    _: &ContactsArgs,
    context: &Context<'_>,
    output: &mut Output,
) -> Result<(), Failure> {
    let client = context.client(Conduct::Ask).await?;
    for contacts in client.people().contacts().await?.chunks(WATCHED_USERS_MAX) {
        let seen = client
            .people()
            .watch(contacts.iter().map(|contact| contact.user.id).collect())
            .await?;
        for contact in contacts {
            let user = contact.user.id;
            let found = seen.iter().find(|seen| seen.user == user);
            let (presence, devices) = (
                found.map(UserPresence::presence),
                found.map(|found| found.devices.clone()),
            );
            output.print(&Listed {
                related: Related::from(contact.clone()),
                presence,
                devices,
            })?;
        }
    }
    Ok(())
}

async fn relate(
    other: &OtherArgs,
    act: RelationAct,
    context: &Context<'_>,
    output: &mut Output,
) -> Result<(), Failure> {
    let client = context.client(Conduct::Ask).await?;
    print_related(client, output, &other.user, act).await
}

async fn print_related(
    client: &Client,
    output: &mut Output,
    name: &UserName,
    act: RelationAct,
) -> Result<(), Failure> {
    let user = find_user(client, name).await?;
    let relation = client.people().relate(user.id, act).await?;
    output.print(&Related {
        user: user.id,
        name: user.name,
        relation,
    })
}
