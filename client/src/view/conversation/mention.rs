//! Mentions: whom an `@name` in a text notifies. The server does not search texts.

use std::collections::BTreeSet;

use cairn_proto::content::extras::{Extra, Extras};
use cairn_proto::content::message::Message;
use cairn_proto::ids::{MsgId, UserId};
use cairn_proto::limits::EXTRAS_SENT_MAX;
use cairn_proto::model::conversation::{Member, MemberPage};
use cairn_proto::model::group::Role;
use cairn_proto::text::{Text, UserName};
use cairn_proto::wire::request::group::ListMembers;
use cairn_proto::wire::request::message::EditMentioning;
use cairn_proto::wire::request::session::PullRange;
use cairn_text::{Mentions, Names, mentions};

use crate::error::Error;
use crate::limits::MENTION_NAMES_MAX;
use crate::view::conversation::Conversation;
use crate::view::conversation::send::{Accepted, IntoBody};

/// The name that mentions all members.
const ALL: &str = "all";

/// Names of no member that are looked up.
const LOOK_UPS_MAX: usize = 256;

/// Whom a name in a text mentions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mention {
    /// A member.
    User(UserId),
    /// Every member of a group.
    All,
}

impl From<Mention> for Extra {
    fn from(mention: Mention) -> Self {
        match mention {
            Mention::User(user) => Self::Mention(user),
            Mention::All => Self::MentionAll,
        }
    }
}

/// The names that texts of one conversation can mention, as they were when they were requested.
#[derive(Clone, Debug)]
pub struct MentionNames {
    names: Names<Mention>,
    members: BTreeSet<UserId>,
    /// Names of no member that were looked up: they may be those of claimed authors.
    looked_up: BTreeSet<String>,
}

impl MentionNames {
    /// Collects the names of members, and `all` if the user may mention every member. For programs
    /// that know the members.
    #[must_use]
    pub fn new<'a>(members: impl IntoIterator<Item = (&'a str, UserId)>, all: bool) -> Self {
        let named: Vec<(&str, UserId)> = members.into_iter().collect();
        let users = named
            .iter()
            .map(|&(name, user)| (name, Mention::User(user)));
        Self {
            names: Names::new(users.chain(all.then_some((ALL, Mention::All)))),
            members: named.iter().map(|&(_, user)| user).collect(),
            looked_up: BTreeSet::new(),
        }
    }

    /// Returns the names, to parse texts with them: [`crate::text::parse()`].
    #[must_use]
    pub const fn names(&self) -> &Names<Mention> {
        &self.names
    }

    /// Returns whom a text mentions, and which of its names are those of no member. Does not know
    /// the names of imported authors; see [`Conversation::mentions_in`].
    #[must_use]
    pub fn find(&self, text: &str) -> Mentions<Mention> {
        mentions(text, &self.names)
    }

    /// Returns the mentions of a message after an edit: those in the new text, and those of the
    /// message that were not in its former text, since its sender added them apart from it.
    #[must_use]
    pub fn after_edit(&self, before: Option<&Message>, found: &[Mention]) -> Extras {
        let Some(before) = before else {
            return self.add(found, &Extras::NONE);
        };
        let former = self.find(before.body.words().unwrap_or_default()).found;
        let former: Vec<Extra> = former.into_iter().map(Extra::from).collect();
        let mentions = before.extras.mentions();
        let apart = mentions.iter().filter(|extra| !former.contains(extra));
        let apart = Extras::new(apart.cloned().collect()).unwrap_or_default();
        self.add(found, &apart)
    }

    /// Adds mentions to the extras of a message, each once, up to the limit of
    /// [`EXTRAS_SENT_MAX`].
    #[must_use]
    pub fn add(&self, found: &[Mention], extras: &Extras) -> Extras {
        let mut all: Vec<Extra> = extras.iter().cloned().collect();
        for extra in found.iter().copied().map(Extra::from) {
            if all.len() < EXTRAS_SENT_MAX && !all.contains(&extra) {
                all.push(extra);
            }
        }
        Extras::new(all).unwrap_or_else(|_| extras.clone())
    }
}

/// Mentions
impl Conversation<'_> {
    /// Requests the names that a text can mention: those of the members, and `all` for owners and
    /// admins of a group. In a group of more than [`MENTION_NAMES_MAX`] members, those with the
    /// lowest ids.
    ///
    /// # Errors
    /// [`Error::Refused`] with `NotFound`, or a [terminal error](Error#terminal-errors).
    pub async fn mention_names(self) -> Result<MentionNames, Error> {
        if let Some((low, high)) = self.id.direct_users() {
            let users = self.client.people().get_all(&[low, high]).await?;
            let names = users.iter().map(|user| (user.name.as_str(), user.id));
            return Ok(MentionNames::new(names, false));
        }
        let (mut members, mut after): (Vec<Member>, _) = (Vec::new(), None);
        while members.len() < MENTION_NAMES_MAX {
            let page = self.members_after(after).await?;
            members.extend(page.items);
            match page.next_after {
                Some(next) if after.is_none_or(|after| next > after) => after = Some(next),
                Some(_) => return Err(Error::Protocol("pages of members do not advance")),
                None => break,
            }
        }
        members.truncate(MENTION_NAMES_MAX);
        let role = self.own_role(&members).await?;
        let names = members
            .iter()
            .map(|member| (member.user.name.as_str(), member.user.id));
        Ok(MentionNames::new(names, role >= Role::Admin))
    }

    /// Returns whom a text mentions, as [`MentionNames::find`], also by the names of imported
    /// authors who were claimed as members. Names that are not known are looked up, each once.
    ///
    /// # Errors
    /// [`Error::Refused`], or a [terminal error](Error#terminal-errors).
    pub async fn mentions_in(
        self,
        names: &mut MentionNames,
        text: &str,
    ) -> Result<Mentions<Mention>, Error> {
        let found = names.find(text);
        let mut unknown = Vec::new();
        for name in &found.unknown {
            if names.looked_up.len() < LOOK_UPS_MAX && names.looked_up.insert(name.clone()) {
                unknown.extend(UserName::sought(name).ok());
            }
        }
        if unknown.is_empty() {
            return Ok(found);
        }
        let users = self.client.people().addressed(&unknown).await?;
        for (name, user) in unknown.iter().zip(users) {
            if let Some(user) = user.filter(|user| names.members.contains(&user.id)) {
                names.names.insert(name.as_str(), Mention::User(user.id));
            }
        }
        Ok(names.find(text))
    }

    /// Sends a text like [`Conversation::enqueue`], and mentions the members whose names follow an
    /// `@` in it. Requests their names first, if there is an `@`; to send several texts, request
    /// them once with [`Conversation::mention_names`].
    ///
    /// # Errors
    /// As [`Conversation::mention_names`] and [`Conversation::enqueue`].
    pub async fn enqueue_mentioning(self, message: impl IntoBody) -> Result<Accepted, Error> {
        let body = message.into_body()?;
        let extras = match body.words() {
            Some(words) if words.contains('@') => {
                let mut names = self.mention_names().await?;
                let found = self.mentions_in(&mut names, words).await?;
                names.add(&found.found, &Extras::NONE)
            }
            _ => Extras::NONE,
        };
        self.enqueue_with(body, extras).await
    }

    /// Edits a message like [`Conversation::edit`], and mentions the members whose names follow an
    /// `@` in the new text instead of those in the former one.
    ///
    /// # Errors
    /// As [`Conversation::mention_names`] and [`Conversation::edit`].
    pub async fn edit_mentioning(self, msgid: MsgId, text: Text) -> Result<(), Error> {
        let before = self.message(msgid).await?;
        let words = before.as_ref().and_then(|before| before.body.words());
        if !text.as_str().contains('@') && !words.is_some_and(|words| words.contains('@')) {
            return self.edit(msgid, text).await;
        }
        let mut names = self.mention_names().await?;
        self.mentions_in(&mut names, words.unwrap_or_default())
            .await?;
        let found = self.mentions_in(&mut names, text.as_str()).await?;
        let mentions = names.after_edit(before.as_ref(), &found.found);
        self.edit_with(msgid, text, mentions).await
    }

    /// Edits a message like [`Conversation::edit`], with these extras in place of its mentions.
    ///
    /// # Errors
    /// As [`Conversation::edit`]; also [`Error::Refused`] with `BadRequest` if there are other
    /// extras than mentions.
    pub async fn edit_with(self, msgid: MsgId, text: Text, mentions: Extras) -> Result<(), Error> {
        let conversation = self.id;
        let edit = EditMentioning {
            conversation,
            msgid,
            text,
            mentions,
        };
        self.client.call(edit).await
    }

    /// Requests one message; `None` if it cannot be seen.
    ///
    /// # Errors
    /// [`Error::Refused`] with `NotFound`, or a [terminal error](Error#terminal-errors).
    pub async fn message(self, msgid: MsgId) -> Result<Option<Message>, Error> {
        let page = self.pull(PullRange::From(msgid), 1).await?;
        Ok(page
            .messages
            .into_iter()
            .find(|message| message.msgid == msgid))
    }

    /// The role of the user, who may not be among the first members.
    async fn own_role(self, members: &[Member]) -> Result<Role, Error> {
        let own = self.client.whoami().user;
        let is_own = |member: &&Member| member.user.id == own;
        if let Some(member) = members.iter().find(is_own) {
            return Ok(member.role);
        }
        let before = own.get().checked_sub(1).map(UserId::new);
        let page = self.members_after(before).await?;
        Ok(page
            .items
            .iter()
            .find(is_own)
            .map_or(Role::Member, |m| m.role))
    }

    pub(super) async fn members_after(self, after: Option<UserId>) -> Result<MemberPage, Error> {
        let conversation = self.id;
        self.client
            .call(ListMembers {
                conversation,
                after,
            })
            .await
    }
}
