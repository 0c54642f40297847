//! Who the server says sent imported messages: authors that an import created, and users only if
//! the command maps a nick to one.

use std::collections::HashMap;
use std::str::FromStr;

use cairn_client::Client;
use cairn_proto::limits::USER_NAME_BYTES_MAX;
use cairn_proto::model::user::UserState;
use cairn_proto::text::{TextError, UserName};
use cairn_proto::wire::request::message::ImportEntry;

use super::nick::author;
use crate::cli::args::target::{find_user, parse_user};
use crate::cli::failure::Failure;
use crate::cli::output::Output;

/// `NICK=USER`, or `NICK` for the user of that name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Mapping {
    nick: UserName,
    user: UserName,
}

impl FromStr for Mapping {
    type Err = TextError;

    fn from_str(raw: &str) -> Result<Self, TextError> {
        // A nick can contain `=`, and a name of a user as well: the last one separates them.
        let (nick, user) = raw.rsplit_once('=').unwrap_or((raw, raw));
        Ok(Self {
            nick: author(nick).ok_or(TextError::Empty)?,
            user: parse_user(user)?,
        })
    }
}

/// Nicks that a note lists.
const NOTED_MAX: usize = 8;

/// Senders that are known. At the limit, those that are not mapped are forgotten.
const KNOWN_MAX: usize = 100_000;

/// Suffixes that are tried for one name.
const SUFFIXES_MAX: u32 = 100;

/// The senders of one import.
#[derive(Debug)]
pub(super) struct Senders<'a> {
    client: &'a Client,
    /// By the keys of nicks; whether an entry had it.
    mapped: HashMap<String, (Mapping, bool)>,
    /// Names that the requests have, by the keys of nicks.
    known: HashMap<String, UserName>,
    /// Users who have the name of a nick, and the author in their place.
    apart: Vec<(UserName, UserName)>,
}

impl<'a> Senders<'a> {
    /// Checks that the users exist to whom nicks are mapped.
    pub(super) async fn new(client: &'a Client, mappings: &[Mapping]) -> Result<Self, Failure> {
        let mut mapped = HashMap::new();
        for mapping in mappings {
            let user = find_user(client, &mapping.user).await?.name;
            let nick = mapping.nick.clone();
            mapped.insert(nick.folded(), (Mapping { nick, user }, false));
        }
        Ok(Self {
            client,
            mapped,
            known: HashMap::new(),
            apart: Vec::new(),
        })
    }

    /// Replaces the nicks of entries by the names of their authors.
    pub(super) async fn name(
        &mut self,
        entries: &mut [ImportEntry],
    ) -> Result<(), cairn_client::Error> {
        if self.known.len() >= KNOWN_MAX {
            self.known.clear();
        }
        let mut unknown: Vec<UserName> = Vec::new();
        for entry in entries.iter() {
            let key = entry.sender.folded();
            if let Some((_, is_used)) = self.mapped.get_mut(&key) {
                *is_used = true;
            } else if !self.known.contains_key(&key)
                && !unknown.iter().any(|name| name.folded() == key)
            {
                unknown.push(entry.sender.clone());
            }
        }
        self.learn(unknown).await?;
        for entry in entries {
            let key = entry.sender.folded();
            let mapped = self.mapped.get(&key).map(|(mapping, _)| &mapping.user);
            if let Some(name) = mapped.or_else(|| self.known.get(&key)) {
                entry.sender = name.clone();
            }
        }
        Ok(())
    }

    /// Finds names that no user has who was not imported.
    async fn learn(&mut self, nicks: Vec<UserName>) -> Result<(), cairn_client::Error> {
        let mut tried: Vec<(UserName, UserName)> =
            nicks.into_iter().map(|nick| (nick.clone(), nick)).collect();
        for number in 1..=SUFFIXES_MAX {
            if tried.is_empty() {
                break;
            }
            let names = tried.iter().map(|(_, name)| name.clone()).collect();
            let found = self.client.people().find_all(names).await?;
            let is_real = |state| matches!(state, UserState::Active | UserState::Deactivated);
            let real: Vec<String> = found
                .iter()
                .filter(|user| is_real(user.state))
                .map(|user| user.name.folded())
                .collect();
            let (taken, free): (Vec<_>, Vec<_>) = tried
                .into_iter()
                .partition(|(_, name)| real.contains(&name.folded()));
            for (nick, name) in free {
                if number > 1 {
                    self.apart.push((nick.clone(), name.clone()));
                }
                self.known.insert(nick.folded(), name);
            }
            tried = taken
                .into_iter()
                .map(|(nick, _)| (nick.clone(), suffixed(&nick, number)))
                .collect();
        }
        Ok(())
    }

    /// Notes nicks that are the names of users, and of mappings without effect.
    pub(super) fn note(&self, output: &mut Output) {
        let names = |of: &[String]| {
            let more = if of.len() > NOTED_MAX { ", …" } else { "" };
            format!("{}{more}", of[..of.len().min(NOTED_MAX)].join(", "))
        };
        let apart: Vec<String> = self
            .apart
            .iter()
            .map(|(nick, name)| format!("{nick} is {name}"))
            .collect();
        if !apart.is_empty() {
            output.note(format_args!(
                "nicks that are the names of users have other authors: {}; --map NICK makes them \
                 the users'",
                names(&apart)
            ));
        }
        let unused = self.mapped.values().filter(|(_, is_used)| !is_used);
        let mut unused: Vec<String> = unused.map(|(map, _)| map.nick.to_string()).collect();
        unused.sort_unstable();
        if !unused.is_empty() {
            output.note(format_args!(
                "no new messages are by {}, which --map names",
                names(&unused)
            ));
        }
    }
}

/// Returns `name-imported`, from the second number on `name-imported-2`, as the server names
/// authors.
fn suffixed(name: &UserName, number: u32) -> UserName {
    let suffix = match number {
        1 => "-imported".to_owned(),
        number => format!("-imported-{number}"),
    };
    let kept = name
        .as_str()
        .floor_char_boundary(USER_NAME_BYTES_MAX - suffix.len());
    // A joiner that has lost the letter after it is not part of a name.
    let kept = name.as_str()[..kept].trim_end_matches(['\u{200c}', '\u{200d}']);
    UserName::new(format!("{kept}{suffix}")).unwrap_or_else(|_| name.clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mappings_are_split_at_the_last_sign() {
        for (raw, nick, user) in [
            ("bob_irc=bob", "bob_irc", "bob"),
            ("bob", "bob", "bob"),
            ("a=b=bob", "a=b", "bob"),
            ("@op=@Bob", "op", "Bob"),
        ] {
            let mapping: Mapping = raw.parse().unwrap();
            assert_eq!((mapping.nick.as_str(), mapping.user.as_str()), (nick, user));
        }
        assert!("bob=".parse::<Mapping>().is_err());
    }
}
