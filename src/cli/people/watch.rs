//! `cairn watch`

use std::borrow::Cow;
use std::fmt;

use cairn_client::{Client, Event, Events, Update};
use cairn_proto::ids::{ConversationId, MsgId, UserId};
use cairn_proto::limits::WATCHED_USERS_MAX;
use cairn_proto::model::presence::{DeviceKind, Presence, PresentDevice, UserPresence};
use cairn_proto::model::receipts::MemberCursors;
use cairn_proto::text::UserName;
use clap::{ArgGroup, Args};
use serde::Serialize;

use crate::cli::args::target::{Target, find_users, parse_user};
use crate::cli::chat::names::Names;
use crate::cli::context::{Conduct, Context};
use crate::cli::failure::{Exit, Failure};
use crate::cli::output::Output;
use crate::ui::sanitize::Sanitized;

/// Show who is online, away or typing
///
/// It prints the current state, then each change, until Ctrl-C, and reconnects when the connection
/// breaks. You can see users who share a conversation with you, are your friends, or are followed
/// by you, unless one of you has blocked the other.
///
/// With --in, it also shows who is typing in a conversation, and what its members have received and
/// read. While it runs, others see you online.
#[derive(Debug, Args)]
#[command(group = ArgGroup::new("what").required(true).multiple(true))]
#[command(after_help = "EXAMPLES
  cairn watch ada bob
  cairn watch --in '#team'
  cairn watch ada bob --in '#team' --json
  cairn watch ada --once --json | jq -r .presence

JSON, one for each event. presence is online, away or offline; presence and devices are null for
users whose presence you cannot see; kind is unknown, desktop, phone, web, terminal or bot
  {\"event\":\"presence\",\"user\":2,\"name\":\"bob\",\"presence\":\"online\",\
     \"devices\":[{\"kind\":\"phone\",\"is_away\":false}]}
With --in; a typing event repeats every two seconds; delivered is not in the initial state, read is
0 where it is hidden, and more means that further members moved
  {\"event\":\"typing\",\"conversation\":1,\"user\":2,\"name\":\"bob\"}
  {\"event\":\"receipts\",\"conversation\":1,\"user\":2,\"name\":\"bob\",\"delivered\":17,\
     \"read\":15}
  {\"event\":\"more\",\"conversation\":1}
When the connection breaks, and is back
  {\"event\":\"disconnected\",\"reason\":\"…\"}
  {\"event\":\"reconnected\"}")]
pub(crate) struct WatchArgs {
    /// The users to watch, up to 200
    #[arg(
        value_name = "USER",
        value_parser = parse_user,
        num_args = 0..=WATCHED_USERS_MAX,
        group = "what",
    )]
    users: Vec<UserName>,

    /// Watch this conversation as well: '#group', '@user' or '#id:NUMBER'
    #[arg(long = "in", value_name = "TARGET", group = "what")]
    within: Option<Target>,

    /// Print the current state, and exit
    #[arg(long)]
    once: bool,

    /// Appear as away
    #[arg(long, conflicts_with = "once")]
    away: bool,
}

/// An event. The fields match its JSON.
#[derive(Debug, Serialize)]
#[serde(tag = "event", rename_all = "lowercase")]
enum Seen<'a> {
    Presence {
        user: UserId,
        name: Cow<'a, str>,
        presence: Option<Presence>,
        devices: Option<&'a [PresentDevice]>,
    },
    Typing {
        conversation: ConversationId,
        user: UserId,
        name: Cow<'a, str>,
    },
    Receipts {
        conversation: ConversationId,
        user: UserId,
        name: Cow<'a, str>,
        #[serde(skip_serializing_if = "Option::is_none")]
        delivered: Option<MsgId>,
        read: MsgId,
    },
    More {
        conversation: ConversationId,
    },
    Disconnected {
        reason: &'a str,
    },
    Reconnected,
}

impl fmt::Display for Seen<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Presence {
                name,
                presence,
                devices,
                ..
            } => {
                write!(
                    f,
                    "{} is {}",
                    Sanitized(name),
                    presence.map_or("not visible to you", Presence::as_str)
                )?;
                let mut before = " on ";
                devices.iter().copied().flatten().try_for_each(|device| {
                    write!(
                        f,
                        "{before}{}{}",
                        device.kind.as_str(),
                        if device.is_away { " (away)" } else { "" }
                    )?;
                    before = ", ";
                    Ok(())
                })
            }
            Self::Typing { name, .. } => write!(f, "{} is typing", Sanitized(name)),
            Self::Receipts {
                name,
                delivered: Some(delivered),
                read,
                ..
            } => {
                write!(
                    f,
                    "{} has received {delivered} and read {read}",
                    Sanitized(name)
                )
            }
            Self::Receipts { name, read, .. } => write!(f, "{} has read {read}", Sanitized(name)),
            Self::More { .. } => f.write_str("more members have received or read messages"),
            Self::Disconnected { reason } => {
                write!(f, "-- disconnected: {}", Sanitized(reason))
            }
            Self::Reconnected => f.write_str("-- reconnected"),
        }
    }
}

pub(crate) async fn run(
    args: &WatchArgs,
    context: &Context<'_>,
    output: &mut Output,
) -> Result<(), Failure> {
    let conduct = if args.once {
        Conduct::Ask
    } else {
        Conduct::Listen
    };
    let client = context.client(conduct).await?;
    let mut events = client.events();
    let mut watch = Watch::new(args, client, output).await?;
    if !args.once {
        client
            .me()
            .set_presence(DeviceKind::Terminal, args.away)
            .await?;
        match watch.within {
            Some(conversation) => client.conversation(conversation).focus().await?,
            None => client.conversations().unfocus().await?,
        }
    }
    watch.show_state().await?;
    if args.once {
        Ok(())
    } else {
        watch.follow(&mut events).await
    }
}

/// Watched users, and a watched conversation.
struct Watch<'a> {
    client: &'a Client,
    output: &'a mut Output,
    users: Vec<UserId>,
    within: Option<ConversationId>,
    names: Names,
}

impl<'a> Watch<'a> {
    async fn new(
        args: &WatchArgs,
        client: &'a Client,
        output: &'a mut Output,
    ) -> Result<Self, Failure> {
        let found = find_users(client, &args.users).await?;
        let within = match &args.within {
            Some(target) => Some(target.resolve(client).await?),
            None => None,
        };
        let mut users = Vec::with_capacity(found.len());
        for user in &found {
            // A user given twice is watched once.
            if !users.contains(&user.id) {
                users.push(user.id);
            }
        }
        let mut names = Names::default();
        names.learn_users(client, &users).await?;
        Ok(Self {
            client,
            output,
            users,
            within,
            names,
        })
    }

    /// Prints the current state.
    async fn show_state(&mut self) -> Result<(), Failure> {
        let seen = self.client.people().watch(self.users.clone()).await?;
        self.names.learn_users(self.client, &self.users).await?;
        for &user in &self.users {
            let found = seen.iter().find(|seen| seen.user == user);
            let (presence, devices) = (
                found.map(UserPresence::presence),
                found.map(|found| found.devices.as_slice()),
            );
            self.output.print(&Seen::Presence {
                user,
                name: self.names.of(user),
                presence,
                devices,
            })?;
        }
        let Some(conversation) = self.within else {
            return Ok(());
        };
        for member in self.client.conversation(conversation).members().await? {
            let (user, name, read) = (
                member.user.id,
                member.user.name.as_str().into(),
                member.read,
            );
            if user != self.client.whoami().user {
                self.output.print(&Seen::Receipts {
                    conversation,
                    user,
                    name,
                    delivered: None,
                    read,
                })?;
            }
        }
        Ok(())
    }

    /// Prints each event until the client closes.
    async fn follow(&mut self, events: &mut Events) -> Result<(), Failure> {
        while let Some(event) = self
            .output
            .flush_while_waiting(events.next(), || {})
            .await?
        {
            match event {
                Event::Update(Update::Presence(found)) if self.users.contains(&found.user) => {
                    let (user, presence) = (found.user, Some(found.presence()));
                    self.names.learn_users(self.client, &[user]).await?;
                    let seen = Seen::Presence {
                        user,
                        name: self.names.of(user),
                        presence,
                        devices: Some(&found.devices),
                    };
                    self.output.print(&seen)?;
                }
                Event::Typing { conversation, user } if self.within == Some(conversation) => {
                    self.names.learn_users(self.client, &[user]).await?;
                    self.output.print(&Seen::Typing {
                        conversation,
                        user,
                        name: self.names.of(user),
                    })?;
                }
                Event::Update(Update::Receipts {
                    conversation,
                    cursors,
                    more,
                }) if self.within == Some(conversation) => {
                    self.show_receipts(conversation, &cursors, more).await?;
                }
                Event::Update(Update::Removed { conversation, .. })
                    if self.within == Some(conversation) =>
                {
                    return Err(Failure::new(
                        Exit::Failed,
                        "you are no longer a member of that conversation",
                    ));
                }
                Event::Disconnected { reason } => {
                    self.output.print(&Seen::Disconnected { reason: &reason })?
                }
                Event::Reconnected => self.output.print(&Seen::Reconnected)?,
                Event::Lagged(_) => self.show_state().await?,
                _ => {}
            }
        }
        // The client has closed: any request returns the reason.
        Ok(self.client.people().watch(Vec::new()).await.map(drop)?)
    }

    async fn show_receipts(
        &mut self,
        conversation: ConversationId,
        cursors: &[MemberCursors],
        more: bool,
    ) -> Result<(), Failure> {
        let users: Vec<UserId> = cursors.iter().map(|cursors| cursors.user).collect();
        self.names.learn_users(self.client, &users).await?;
        for &MemberCursors {
            user,
            delivered,
            read,
        } in cursors
        {
            if user != self.client.whoami().user {
                let (name, delivered) = (self.names.of(user), Some(delivered));
                self.output.print(&Seen::Receipts {
                    conversation,
                    user,
                    name,
                    delivered,
                    read,
                })?;
            }
        }
        if more {
            self.output.print(&Seen::More { conversation })
        } else {
            Ok(())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn devices_are_listed_and_names_sanitized() {
        let devices = [(DeviceKind::Phone, true), (DeviceKind::Terminal, false)]
            .map(|(kind, is_away)| PresentDevice { kind, is_away });
        let (user, name) = (UserId::new(2), Cow::from("bob\u{1b}"));
        let seen = Seen::Presence {
            user,
            name: name.clone(),
            presence: Some(Presence::Online),
            devices: Some(&devices),
        };
        assert_eq!(seen.to_string(), "bob␛ is online on phone (away), terminal");
        let seen = Seen::Presence {
            user,
            name: name.clone(),
            presence: Some(Presence::Offline),
            devices: Some(&[]),
        };
        assert_eq!(seen.to_string(), "bob␛ is offline");
        let seen = Seen::Presence {
            user,
            name,
            presence: None,
            devices: None,
        };
        assert_eq!(seen.to_string(), "bob␛ is not visible to you");
        let json = serde_json::to_string(&seen).unwrap();
        assert_eq!(
            json,
            "{\"event\":\"presence\",\"user\":2,\"name\":\"bob\\u001b\",\"presence\":null,\
                \"devices\":null}"
        );
    }
}
