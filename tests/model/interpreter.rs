//! Turns steps into commands, by resolving their small numbers to users, sessions and
//! conversations.

mod rules;
mod sends;

use std::collections::{BTreeMap, HashMap};

use cairn_core::By;
use cairn_core::api::actor::Actor;
use cairn_core::api::command::{
    AddDevice, AllowReset, BeginEpoch, FindAccount, Invite, Join, Login, NewDevice, OwnerInvite,
    ReplacePassword, Reset, StreamPast,
};
use cairn_core::record::SecretHash;
use cairn_proto::content::extras::{Extra, Extras};
use cairn_proto::ids::{
    ConversationId, DeviceId, EpochId, ImportSource, MsgId, Revision, SendStreamId, Timestamp,
    UserId,
};
use cairn_proto::model::people::{Avatar, Profile, RelationAct};
use cairn_proto::model::receipts::Reads;
use cairn_proto::text::{
    About, DeviceName, DisplayName, EmojiName, GroupName, SettingName, SettingValue,
};
use cairn_proto::wire::overview::{Moment, OverviewPlace};
use cairn_proto::wire::request::group::{AddMembers, CreateGroup, RemoveMembers, SetRetention};
use cairn_proto::wire::request::message::{Edit, Import, Pin, React, Recall, Unpin, Unreact};
use cairn_proto::wire::request::people::{
    ChangeKeywords, ClaimImported, Relate, RenameUser, SetProfile,
};
use cairn_proto::wire::request::reading::{Ack, MarkRead, MarkUnread, SetOwnReads};
use cairn_proto::wire::request::server::{ListInvites, RevokeDevice, RevokeInvite, SetSetting};
use cairn_proto::wire::request::session::ListConversations;
use cairn_proto::wire::request::{MessageRequest, Request};

use self::rules::{SETTINGS, VALUES, policy};
use super::commands::{Command, Reply};
use super::naive::overview::Kept;
use super::naive::{self, Naive};
use super::steps::{Place, Question, Seq, Step};
use super::values::{
    appoint, ask, asked, beside, edited, govern, keyword, mention, pick, place, receipts,
    some_words, supervise, user_name,
};

/// Everything that a step may refer to, including what was removed.
#[derive(Debug, Default)]
pub(super) struct Cast {
    pub(super) sessions: Vec<Actor>,
    devices: Vec<(DeviceId, SecretHash)>,
    links: Vec<SecretHash>,
    spoken: Vec<(Actor, MessageRequest)>,
    /// The moments at which sessions began.
    began: HashMap<Actor, Moment>,
    /// The moments at which the first sessions began that sent on a stream.
    first_sent: HashMap<(DeviceId, SendStreamId), Moment>,
    /// Moments from the replies to overview requests.
    moments: Vec<Moment>,
    /// The overviews that devices store.
    pub(super) copies: BTreeMap<DeviceId, Kept>,
    secrets: u64,
    streams: u64,
    said: u64,
}

/// The streams above this one belong to sessions that are over.
const SHORT: SendStreamId = SendStreamId::new(1000);

/// The send stream of this number. Odd ones are named.
fn stream_of(number: u8) -> SendStreamId {
    let number = u64::from(number);
    SendStreamId::named(number)
        .filter(|_| number % 2 == 1)
        .unwrap_or(SendStreamId::new(100 + number))
}

/// `AskFriend` is listed twice, because accepting and declining require a request.
const ACTS: [RelationAct; 9] = [
    RelationAct::AskFriend,
    RelationAct::AskFriend,
    RelationAct::AcceptFriend,
    RelationAct::DeclineFriend,
    RelationAct::RemoveFriend,
    RelationAct::Block,
    RelationAct::Unblock,
    RelationAct::Follow,
    RelationAct::Unfollow,
];

impl Cast {
    pub(super) fn session(&self, by: u8) -> Option<Actor> {
        pick(&self.sessions, by)
    }

    /// Records the ids and moments in a reply.
    pub(super) fn learn(&mut self, reply: &Reply) {
        match reply {
            Reply::Join(session)
            | Reply::AddDevice(session)
            | Reply::Reset(session)
            | Reply::Login(session) => {
                self.moments.push(session.overview.as_of);
                self.began.insert(session.actor, session.overview.as_of);
                let is_short = session.actor.stream > SHORT;
                if !is_short && !self.sessions.contains(&session.actor) {
                    self.sessions.push(session.actor);
                }
            }
            Reply::ListConversations(page) => self.moments.push(page.as_of),
            _ => {}
        }
    }

    /// Returns the commands of a step; none if its target does not exist.
    pub(super) fn commands(&mut self, step: &Step, naive: &Naive, now: Timestamp) -> Vec<Command> {
        match *step {
            Step::LoginMany { device, sessions } => (0..sessions)
                .filter_map(|_| self.short_session(device))
                .collect(),
            Step::SendFromMany {
                device,
                sessions,
                to,
            } => (0..sessions)
                .flat_map(|_| self.sending_session(device, to, naive))
                .collect(),
            Step::SendMany { by, to, count } => {
                let Some(actor) = pick(&self.sessions, by) else {
                    return Vec::new();
                };
                (0..count)
                    .map(|_| self.send(actor, place(naive, actor, to), Seq::Next, 0, Extras::NONE))
                    .collect()
            }
            Step::File(step) => self.file(step, naive).into_iter().collect(),
            Step::Expire { to, at, policy } => self
                .expire(to, at, policy, naive, now)
                .into_iter()
                .collect(),
            _ => self
                .entrance(step, now)
                .or_else(|| self.request(step, naive, now))
                .into_iter()
                .collect(),
        }
    }

    /// A login on a new stream.
    fn short_session(&mut self, device: u8) -> Option<Command> {
        self.streams += 1;
        let login = Login {
            token: pick(&self.devices, device)?.1,
            stream: SendStreamId::new(SHORT.get() + self.streams),
            stream_past: StreamPast::New,
            push: false,
            since: None,
        };
        Some(login.into())
    }

    /// A login on a new stream, and a message on it.
    fn sending_session(&mut self, device: u8, to: Place, naive: &Naive) -> Vec<Command> {
        let login = self.short_session(device);
        let sender = pick(&self.devices, device).and_then(|(device, _)| {
            let of_device = |user: &(&UserId, &naive::User)| user.1.devices.contains_key(&device);
            let (&user, _) = naive.users.iter().find(of_device)?;
            Some(Actor {
                user,
                device,
                stream: SendStreamId::new(SHORT.get() + self.streams),
                stream_began: Revision::MAX,
            })
        });
        let send = sender.map(|sender| {
            let to = place(naive, sender, to);
            self.send(sender, to, Seq::Next, 0, Extras::NONE)
        });
        login.into_iter().chain(send).collect()
    }

    fn secret(&mut self) -> SecretHash {
        self.secrets += 1;
        let mut hash = [0; 32];
        // The first four bytes name a link.
        hash[..8].copy_from_slice(&self.secrets.to_le_bytes());
        SecretHash(hash)
    }

    fn new_device(&mut self, push: bool) -> NewDevice {
        let token = self.secret();
        let id = DeviceId::new(1000 + self.devices.len() as u64);
        self.devices.push((id, token));
        NewDevice {
            id,
            name: DeviceName::new("a device").unwrap(),
            token,
            stream: stream_of(0),
            push,
        }
    }

    fn entrance(&mut self, step: &Step, now: Timestamp) -> Option<Command> {
        Some(match *step {
            Step::OwnerInvite { life_ms } => {
                let token = self.secret();
                self.links.push(token);
                let expires_at = Timestamp::new(now.get() + life_ms);
                OwnerInvite { token, expires_at }.into()
            }
            Step::Invite {
                by,
                uses,
                life_seconds,
            } => {
                let actor = pick(&self.sessions, by)?;
                let token = self.secret();
                self.links.push(token);
                Invite {
                    actor,
                    token,
                    uses,
                    life_seconds,
                }
                .into()
            }
            Step::Join { invite, name, push } => {
                let invite = pick(&self.links, invite)?;
                let password = (name % 2 == 0).then(|| "a hash".into());
                Join {
                    invite,
                    name: user_name(name),
                    password,
                    device: self.new_device(push),
                }
                .into()
            }
            Step::AllowReset { by, user, keeps } => {
                let actor = pick(&self.sessions, by)?;
                let token = self.secret();
                self.links.push(token);
                AllowReset {
                    actor,
                    user: UserId::new(user.into()),
                    token,
                    keep_devices: keeps,
                }
                .into()
            }
            Step::Reset { link, push } => Reset {
                token: *self.links.iter().rev().nth(link.into())?,
                password: "a reset hash".into(),
                device: self.new_device(push),
            }
            .into(),
            Step::Begin => {
                self.secrets += 1;
                BeginEpoch(EpochId::new(self.secrets)).into()
            }
            Step::Account { name } => FindAccount(user_name(name)).into(),
            Step::AddDevice { user, push } => AddDevice {
                user: UserId::new(u32::from(user)),
                device: self.new_device(push),
            }
            .into(),
            Step::Login {
                device,
                stream,
                push,
            } => {
                let (id, token) = pick(&self.devices, device)?;
                let since = pick(&self.moments, device.wrapping_mul(7).wrapping_add(stream));
                let stream = stream_of(stream);
                // Every other session does not know when the stream began.
                let began = self.first_sent.get(&(id, stream));
                let stream_past = began.map_or(StreamPast::New, |&began| {
                    StreamPast::Resumed(Some(began).filter(|_| push))
                });
                Login {
                    token,
                    stream,
                    stream_past,
                    push,
                    since,
                }
                .into()
            }
            _ => return None,
        })
    }

    #[expect(clippy::too_many_lines, reason = "the steps of one scenario")]
    fn request(&mut self, step: &Step, naive: &Naive, now: Timestamp) -> Option<Command> {
        let (by, to) = match *step {
            Step::Send { by, to, .. }
            | Step::Call { by, to, .. }
            | Step::Ack { by, to, .. }
            | Step::Read { by, to, .. } => (by, to),
            Step::Forward { by, to, .. }
            | Step::Edit { by, to, .. }
            | Step::Recall { by, to, .. }
            | Step::React { by, to, .. } => (by, to),
            Step::Pin { by, to, .. }
            | Step::MarkUnread { by, to, .. }
            | Step::Receipts { by, to, .. } => (by, to),
            Step::Retain { by, to, .. }
            | Step::Add { by, to, .. }
            | Step::Remove { by, to, .. } => (by, to),
            Step::Import { by, to, .. }
            | Step::Ask { by, to, .. }
            | Step::Govern { by, to, .. } => (by, to),
            Step::CreateGroup { by, .. } | Step::Revoke { by, .. } | Step::ShowReads { by, .. } => {
                (by, Place::Nowhere(0))
            }
            Step::Relate { by, .. }
            | Step::SetProfile { by, .. }
            | Step::ChangeKeywords { by, .. }
            | Step::Rename { by, .. }
            | Step::Claim { by, .. }
            | Step::Set { by, .. } => (by, Place::Nowhere(0)),
            Step::Appoint { by, .. } | Step::Supervise { by, .. } => (by, Place::Nowhere(0)),
            Step::Invites { by, .. } | Step::SetPassword { by, .. } => (by, Place::Nowhere(0)),
            _ => return None,
        };
        let actor = pick(&self.sessions, by)?;
        let conversation = place(naive, actor, to);
        let near_head_of = |id, at: i8| {
            MsgId::new(beside(
                naive
                    .conversations
                    .get(&id)
                    .map_or(0, |found| found.head().get()),
                at,
            ))
        };
        let near_head = |at: i8| near_head_of(conversation, at);
        let ids = |users: &[u8]| users.iter().map(|&user| UserId::new(user.into())).collect();
        let request: Request = match step {
            &Step::Send { seq, body, .. } => {
                return Some(self.send(actor, conversation, seq, body, Extras::NONE));
            }
            Step::Call { reply, users, .. } => {
                let extras = reply
                    .map(|at| Extra::ReplyTo(near_head(at)))
                    .into_iter()
                    .chain(users.iter().map(|&user| mention(user)));
                return Some(self.send(
                    actor,
                    conversation,
                    Seq::Next,
                    0,
                    Extras::new(extras.collect()).unwrap(),
                ));
            }
            &Step::Forward {
                from, at, again, ..
            } => {
                let from = place(naive, actor, from);
                return Some(self.forward(
                    actor,
                    conversation,
                    (from, near_head_of(from, at)),
                    again,
                ));
            }
            Step::Edit {
                at, words, users, ..
            } => {
                let edit = Edit {
                    conversation,
                    msgid: near_head(*at),
                    text: some_words(*words),
                };
                edited(edit, users.as_deref())
            }
            &Step::Recall { at, .. } => Recall {
                conversation,
                msgid: near_head(at),
            }
            .into(),
            &Step::React {
                at, emoji, back, ..
            } => {
                let (msgid, emoji) = (
                    near_head(at),
                    EmojiName::new(format!("emoji{emoji}")).unwrap(),
                );
                if back {
                    Unreact {
                        conversation,
                        msgid,
                        emoji,
                    }
                    .into()
                } else {
                    React {
                        conversation,
                        msgid,
                        emoji,
                    }
                    .into()
                }
            }
            &Step::Pin { at, back: true, .. } => Unpin {
                conversation,
                msgid: near_head(at),
            }
            .into(),
            &Step::Pin { at, .. } => Pin {
                conversation,
                msgid: near_head(at),
            }
            .into(),
            &Step::Retain { policy: sort, .. } => SetRetention {
                conversation,
                retention: policy(sort),
            }
            .into(),
            &Step::Ack { at, .. } => Ack {
                conversation,
                msgid: near_head(at),
            }
            .into(),
            &Step::Receipts { at, after, .. } => receipts(conversation, near_head(at), after),
            &Step::ShowReads { shown, .. } => {
                let reads = if shown { Reads::Shown } else { Reads::Hidden };
                SetOwnReads { reads }.into()
            }
            &Step::MarkUnread { at, .. } => MarkUnread {
                conversation,
                from: near_head(at),
            }
            .into(),
            &Step::Read { at, .. } => MarkRead {
                conversation,
                msgid: near_head(at),
            }
            .into(),
            Step::CreateGroup { users, .. } => CreateGroup {
                name: GroupName::new("a group").unwrap(),
                members: ids(users),
            }
            .into(),
            Step::Add { users, .. } => AddMembers {
                conversation,
                users: ids(users),
            }
            .into(),
            Step::Remove { users, .. } => RemoveMembers {
                conversation,
                users: ids(users),
            }
            .into(),
            Step::Govern { act, .. } => govern(conversation, act, now),
            &Step::Revoke { device, .. } => {
                let device = pick(&self.devices, device)?.0;
                RevokeDevice { device }.into()
            }
            &Step::Import {
                source,
                at,
                ref entries,
                ..
            } => {
                let source = ImportSource::new(source.into());
                let cursor = naive
                    .conversations
                    .get(&conversation)
                    .and_then(|found| found.imports.get(&source));
                let first = beside(cursor.copied().unwrap_or(0), at);
                Import {
                    conversation,
                    source,
                    first,
                    entries: entries.iter().map(|&entry| self.imported(entry)).collect(),
                }
                .into()
            }
            &Step::Ask {
                about,
                question: Question::Conversations,
                ..
            } => {
                let list = self.ask_conversations(conversation, about);
                return Some(By(actor, list).into());
            }
            &Step::Relate { other, act, .. } => Relate {
                user: UserId::new(other.into()),
                act: pick(&ACTS, act)?,
            }
            .into(),
            &Step::SetProfile {
                name,
                about,
                avatar,
                ..
            } => {
                let profile = Profile {
                    display_name: name.then(|| DisplayName::new("Another User").unwrap()),
                    about: about.then(|| About::new("nothing much").unwrap()),
                    avatar: Avatar::new(vec![b'p'; avatar.into()].into()).unwrap(),
                };
                SetProfile { profile }.into()
            }
            Step::ChangeKeywords { add, remove, .. } => ChangeKeywords {
                add: add.iter().copied().map(keyword).collect(),
                remove: remove.iter().copied().map(keyword).collect(),
            }
            .into(),
            &Step::Rename { user, name, .. } => RenameUser {
                user: UserId::new(user.into()),
                name: user_name(name),
            }
            .into(),
            &Step::Claim { imported, user, .. } => ClaimImported {
                imported: UserId::new(imported.into()),
                user: UserId::new(user.into()),
            }
            .into(),
            &Step::Appoint { user, role, .. } => appoint(user, role),
            &Step::Supervise { user, ends, .. } => supervise(user, ends),
            Step::Invites { revoked: None, .. } => ListInvites { after: None }.into(),
            Step::Invites {
                revoked: Some(link),
                ..
            } => {
                let invite = pick(&self.links, *link)?.link_id();
                RevokeInvite { invite }.into()
            }
            &Step::SetPassword { is_known, ends, .. } => {
                let known = naive.users.get(&actor.user)?.password.clone();
                let verified = known.filter(|_| is_known);
                self.secrets += 1;
                let password = format!("hash {}", self.secrets).into();
                let end_other_devices = ends;
                return Some(
                    ReplacePassword {
                        actor,
                        verified,
                        password,
                        end_other_devices,
                    }
                    .into(),
                );
            }
            &Step::Set { name, value, .. } => {
                let name = SettingName::new(pick(&SETTINGS, name)?).unwrap();
                let value = SettingValue::new(pick(&VALUES, value)?).unwrap();
                SetSetting { name, value }.into()
            }
            &Step::Ask {
                about, question, ..
            } => return Some(ask(actor, conversation, about, question)),
            _ => return None,
        };
        Some(asked(actor, request))
    }

    /// Requests everything, or the changes since a moment, which may never have existed.
    fn ask_conversations(&self, conversation: ConversationId, about: u8) -> ListConversations {
        let moment = pick(&self.moments, about.wrapping_mul(31));
        let never = Moment {
            epoch: EpochId::new(u64::MAX),
            revision: Revision::new(1),
        };
        let since = if about == 0 {
            Some(never)
        } else {
            moment.filter(|_| about > 2)
        };
        let place = moment.map(|moment| OverviewPlace {
            revision: moment.revision,
            conversation,
        });
        ListConversations {
            since,
            after: place.filter(|_| about.is_multiple_of(3)),
        }
    }
}
