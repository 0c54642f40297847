//! Everything that a client asks and is answered once. All of it waits for a connection when there
//! is none, and is repeated over a new one when that does no harm.

use std::time::Duration;

use cairn_proto::content::message::Message;
use cairn_proto::ids::{ConversationId, DeviceId, ImportSource, MsgId, UserId};
use cairn_proto::invite::InviteLink;
use cairn_proto::limits::{
    FRAME_BYTES_MAX, IMPORT_ENTRIES_MAX, RUN_MESSAGES_MAX, USERS_PER_REQUEST_MAX,
};
use cairn_proto::model::conversation::{Explained, Member};
use cairn_proto::model::user::{DeviceInfo, UserInfo};
use cairn_proto::text::{EmojiName, GroupName, Text, UserName};
use cairn_proto::wire::metrics::Metrics;
use cairn_proto::wire::request::{ImportEntry, PullRange, Request};
use cairn_proto::wire::response::Response;

use crate::api::client::Client;
use crate::error::Error;
use crate::session::slots::encoded_bytes;

/// A part of a log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    /// Consecutive messages, ascending.
    pub messages: Vec<Message>,
    /// The last message of the log at that moment.
    pub head: MsgId,
    /// Everything up to here is gone on purpose, or was said before the user could see it.
    pub floor: MsgId,
}

/// What an import did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Imported {
    /// Entries that were stored now; the others had been before.
    pub added: u64,
    /// Users that were made for their names.
    pub users: u64,
    /// How many entries of the source are stored.
    pub cursor: u64,
}

/// Room that a request needs in its frame beside its entries.
const REQUEST_HEAD_BYTES: usize = 64;

/// Makes the request and takes what it needs out of the answer.
macro_rules! ask {
    ($client:expr, $request:expr, $answer:pat => $value:expr) => {
        match $client.request($request).await? {
            $answer => Ok($value),
            _ => Err($crate::error::Error::Protocol(
                "a request was answered with something else",
            )),
        }
    };
}
pub(crate) use ask;

/// Conversations and their logs. A request fails with [`Error::Refused`] when the server says no,
/// or with whatever ends the client.
impl Client {
    /// A part of a log: at most `limit` messages, at most [`RUN_MESSAGES_MAX`], and perhaps fewer.
    /// To read on without minding pages there are [`Client::history`] and [`Client::follow`].
    ///
    /// # Errors
    /// See above.
    pub async fn pull(
        &self,
        conversation: ConversationId,
        range: PullRange,
        limit: u32,
    ) -> Result<Page, Error> {
        let limit = limit.clamp(1, RUN_MESSAGES_MAX);
        let pulled = ask!(self, Request::Pull { conversation, range, limit }, Response::Pulled(pulled) => pulled)?;
        let messages = pulled
            .run
            .messages()
            .map_err(|_| Error::Protocol("a message cannot be read"))?;
        Ok(Page {
            messages,
            head: pulled.head,
            floor: pulled.floor,
        })
    }

    /// The user has read everything up to `msgid`, on all devices. A lower one than before changes
    /// nothing.
    ///
    /// # Errors
    /// See above.
    pub async fn mark_read(&self, conversation: ConversationId, msgid: MsgId) -> Result<(), Error> {
        ask!(self, Request::Read { conversation, msgid }, Response::Done => ())
    }

    /// Says something else in the place of a text of the user's own, or in the caption of a file
    /// that he sent; a caption may become empty. Members learn of it by an entry of its own;
    /// whoever reads the message later gets the new text.
    ///
    /// # Errors
    /// See above, and [`Error::Disconnected`]: then focus at the message before trying again, since
    /// asking twice could undo an edit on another device.
    pub async fn edit(
        &self,
        conversation: ConversationId,
        msgid: MsgId,
        text: Text,
    ) -> Result<(), Error> {
        ask!(self, Request::Edit { conversation, msgid, text }, Response::Done => ())
    }

    /// Takes a message back: one's own, or any for owners and admins of a group. Nothing is left of
    /// what it said.
    ///
    /// # Errors
    /// See above.
    pub async fn recall(&self, conversation: ConversationId, msgid: MsgId) -> Result<(), Error> {
        ask!(self, Request::Recall { conversation, msgid }, Response::Done => ())
    }

    /// Reacts to a message. To do so again changes nothing.
    ///
    /// # Errors
    /// See above.
    pub async fn react(
        &self,
        conversation: ConversationId,
        msgid: MsgId,
        emoji: EmojiName,
    ) -> Result<(), Error> {
        ask!(self, Request::React { conversation, msgid, emoji }, Response::Done => ())
    }

    /// Takes a reaction of the user back; when there is none, nothing changes.
    ///
    /// # Errors
    /// See above.
    pub async fn unreact(
        &self,
        conversation: ConversationId,
        msgid: MsgId,
        emoji: EmojiName,
    ) -> Result<(), Error> {
        ask!(self, Request::Unreact { conversation, msgid, emoji }, Response::Done => ())
    }

    /// Pins a message: in a group, for those whom its settings let; in a direct chat, for both. To
    /// do so again changes nothing.
    ///
    /// # Errors
    /// See above.
    pub async fn pin(&self, conversation: ConversationId, msgid: MsgId) -> Result<(), Error> {
        ask!(self, Request::Pin { conversation, msgid }, Response::Done => ())
    }

    /// Takes a pin back; when there is none, nothing changes.
    ///
    /// # Errors
    /// See above.
    pub async fn unpin(&self, conversation: ConversationId, msgid: MsgId) -> Result<(), Error> {
        ask!(self, Request::Unpin { conversation, msgid }, Response::Done => ())
    }

    /// The pinned messages of a conversation, in the order of their numbers.
    ///
    /// # Errors
    /// See above.
    pub async fn pins(&self, conversation: ConversationId) -> Result<Vec<MsgId>, Error> {
        ask!(self, Request::Pins { conversation }, Response::Pins(pins) => pins)
    }

    /// Marks everything from `from` on as unread, on all devices. What others were told as read
    /// stays told, and what this device acked stays acked. A message that the user has not read yet
    /// changes nothing.
    ///
    /// # Errors
    /// See above, and [`Error::Disconnected`]: then something may have been read on another device
    /// since. [`Error::Refused`] with `TooFarBack` when more than
    /// [`cairn_proto::limits::MARKED_UNREAD_MAX`] entries, or
    /// [`cairn_proto::limits::MARKED_OWN_MAX`] messages of the user's own, lie between.
    pub async fn mark_unread(
        &self,
        conversation: ConversationId,
        from: MsgId,
    ) -> Result<(), Error> {
        ask!(self, Request::MarkUnread { conversation, from }, Response::Done => ())
    }

    /// Makes a group. The user is its owner; `members`, at most [`USERS_PER_REQUEST_MAX`], are in
    /// it from the beginning.
    ///
    /// # Errors
    /// See above, among them `LimitReached` when he owns as many groups as the server allows, and
    /// [`Error::Disconnected`]: then focus into [`Client::conversations`] before trying again.
    pub async fn create_group(
        &self,
        name: GroupName,
        members: Vec<UserId>,
    ) -> Result<ConversationId, Error> {
        ask!(self, Request::CreateGroup { name, members }, Response::Created { conversation } => conversation)
    }

    /// Makes users, at most [`USERS_PER_REQUEST_MAX`], members of a group. Gives how many were not
    /// members before; after a reconnect in between, that may be fewer than this call added.
    ///
    /// # Errors
    /// See above.
    pub async fn add_members(
        &self,
        conversation: ConversationId,
        users: Vec<UserId>,
    ) -> Result<u32, Error> {
        ask!(self, Request::AddMembers { conversation, users }, Response::Changed { users } => users)
    }

    /// Ends memberships of users, at most [`USERS_PER_REQUEST_MAX`]; with oneself, leaves. Gives
    /// how many were members, as [`Client::add_members`] does: 0 when the user was found to have
    /// left after a reconnect in between.
    ///
    /// # Errors
    /// See above.
    pub async fn remove_members(
        &self,
        conversation: ConversationId,
        users: Vec<UserId>,
    ) -> Result<u32, Error> {
        ask!(self, Request::RemoveMembers { conversation, users }, Response::Changed { users } => users)
    }

    /// All members of a conversation, in the order of their ids.
    ///
    /// # Errors
    /// See above.
    pub async fn members(&self, conversation: ConversationId) -> Result<Vec<Member>, Error> {
        let (mut all, mut after) = (Vec::new(), None);
        loop {
            let page = ask!(self, Request::Members { conversation, after }, Response::Members(page) => page)?;
            all.extend(page.items);
            match page.next_after {
                Some(next) if after.is_none_or(|after| next > after) => after = Some(next),
                Some(_) => {
                    return Err(Error::Protocol(
                        "the pages of the members go round in circles",
                    ));
                }
                None => return Ok(all),
            }
        }
    }

    /// What a member's unread count is made of: one's own, or any for owners and admins of the
    /// server.
    ///
    /// # Errors
    /// See above.
    pub async fn explain(
        &self,
        conversation: ConversationId,
        user: UserId,
    ) -> Result<Explained, Error> {
        ask!(self, Request::Explain { conversation, user }, Response::Explained(explained) => explained)
    }
}

/// Users and devices.
impl Client {
    /// The user of this name, if there is one.
    ///
    /// # Errors
    /// [`Error::Refused`], and whatever ends the client.
    pub async fn find_user(&self, name: UserName) -> Result<Option<UserInfo>, Error> {
        Ok(self.find_users(vec![name]).await?.pop())
    }

    /// The users of these names, in this order; names that nobody has are left out.
    ///
    /// # Errors
    /// As [`Client::find_user`].
    pub async fn find_users(&self, names: Vec<UserName>) -> Result<Vec<UserInfo>, Error> {
        let mut found = Vec::with_capacity(names.len());
        for names in names.chunks(USERS_PER_REQUEST_MAX) {
            let users = ask!(self, Request::FindUsers { names: names.to_vec() }, Response::Users(users) => users)?;
            self.remember(users.iter());
            found.extend(users);
        }
        Ok(found)
    }

    /// The user with this id, if there is one: from memory when it was asked for before.
    ///
    /// # Errors
    /// As [`Client::find_user`].
    pub async fn user(&self, id: UserId) -> Result<Option<UserInfo>, Error> {
        Ok(self.users(&[id]).await?.pop())
    }

    /// The users with these ids, in this order; ids that nobody has are left out. The client
    /// remembers up to [`crate::limits::USERS_CACHED_MAX`] users as they were when it first heard
    /// of them, and asks only for the others.
    ///
    /// # Errors
    /// As [`Client::find_user`].
    pub async fn users(&self, ids: &[UserId]) -> Result<Vec<UserInfo>, Error> {
        let mut known: Vec<Option<UserInfo>> = {
            let state = self.shared().state.lock();
            ids.iter()
                .map(|&id| state.people.get(id).cloned())
                .collect()
        };
        let unknown: Vec<usize> = (0..ids.len()).filter(|&at| known[at].is_none()).collect();
        for places in unknown.chunks(USERS_PER_REQUEST_MAX) {
            let asked: Vec<UserId> = places.iter().map(|&at| ids[at]).collect();
            let users = ask!(self, Request::Users { ids: asked }, Response::Users(users) => users)?;
            self.remember(users.iter());
            for &at in places {
                known[at] = users.iter().find(|user| user.id == ids[at]).cloned();
            }
        }
        Ok(known.into_iter().flatten().collect())
    }

    /// Makes an invite that `uses` users may join with, for as long as `life`, at least a second.
    /// The link names the address that the server's operator advertises.
    ///
    /// # Errors
    /// As [`Client::find_user`], and [`Error::Disconnected`]: then there may be an invite that
    /// nobody knows.
    pub async fn create_invite(&self, uses: u32, life: Duration) -> Result<InviteLink, Error> {
        let request = Request::CreateInvite {
            uses,
            life_seconds: life.as_secs().max(1),
        };
        let (addr, token) = ask!(self, request, Response::Invite { addr, token } => (addr, token))?;
        let (_, pin) = self.server();
        Ok(InviteLink { addr, pin, token })
    }

    /// The devices of the user.
    ///
    /// # Errors
    /// As [`Client::find_user`].
    pub async fn devices(&self) -> Result<Vec<DeviceInfo>, Error> {
        ask!(self, Request::Devices, Response::Devices(devices) => devices)
    }

    /// Ends a device: its token is void and its sessions are closed. One that is found gone after a
    /// reconnect in between was ended. For this very device the client ends with
    /// [`Error::Ended`]`(Revoked)`, perhaps before the answer.
    ///
    /// # Errors
    /// As [`Client::find_user`].
    pub async fn revoke_device(&self, device: DeviceId) -> Result<(), Error> {
        ask!(self, Request::RevokeDevice(device), Response::Done => ())
    }

    pub(crate) fn remember<'a>(&self, users: impl Iterator<Item = &'a UserInfo>) {
        let mut state = self.shared().state.lock();
        users.for_each(|user| state.people.remember(user.clone()));
    }
}

/// The server itself.
impl Client {
    /// What the server has done since its start: for its owner. Two readings subtract, see
    /// [`Metrics::since`].
    ///
    /// # Errors
    /// [`Error::Refused`], and whatever ends the client.
    pub async fn metrics(&self) -> Result<Metrics, Error> {
        ask!(self, Request::Metrics, Response::Metrics(metrics) => *metrics)
    }
}

/// Taking over other systems' logs: for owners and admins of the server who are members of the
/// conversation.
impl Client {
    /// Stores entries of a source, beginning with the source's entry `first`, counted from 0. What
    /// is stored already is passed over, so the same import can be made again. Any number of
    /// entries: they go in several requests, one after the other.
    ///
    /// # Errors
    /// [`Error::Refused`] with `ImportGap` when `first` lies above the source's cursor;
    /// [`Error::TooLarge`]; whatever ends the client. What went before the error is stored;
    /// [`Client::import_cursor`] tells how much.
    pub async fn import(
        &self,
        conversation: ConversationId,
        source: ImportSource,
        first: u64,
        entries: Vec<ImportEntry>,
    ) -> Result<Imported, Error> {
        let mut sum = Imported::default();
        let mut first = first;
        let mut entries = entries.into_iter().peekable();
        while entries.peek().is_some() {
            let mut bytes_left = FRAME_BYTES_MAX - REQUEST_HEAD_BYTES;
            let mut part = Vec::new();
            while let Some(entry) = entries.next_if(|entry| {
                let bytes = encoded_bytes(entry);
                let fits =
                    part.is_empty() || (bytes <= bytes_left && part.len() < IMPORT_ENTRIES_MAX);
                bytes_left = bytes_left.saturating_sub(bytes);
                fits
            }) {
                part.push(entry);
            }
            let count = part.len() as u64;
            let request = Request::Import {
                conversation,
                source,
                first,
                entries: part,
            };
            let (added, users, cursor) = ask!(self, request, Response::Imported { added, users, cursor } => (added, users, cursor))?;
            sum = Imported {
                added: sum.added + u64::from(added),
                users: sum.users + u64::from(users),
                cursor,
            };
            first += count;
        }
        Ok(sum)
    }

    /// How many entries of a source are stored: where to go on.
    ///
    /// # Errors
    /// [`Error::Refused`], and whatever ends the client.
    pub async fn import_cursor(
        &self,
        conversation: ConversationId,
        source: ImportSource,
    ) -> Result<u64, Error> {
        ask!(self, Request::ImportCursor { conversation, source }, Response::ImportCursor { cursor } => cursor)
    }
}
