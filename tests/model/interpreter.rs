//! Turns steps into commands: resolves their small numbers to users, sessions and conversations.

mod rules;

use std::collections::BTreeMap;

use cairn_core::By;
use cairn_core::api::actor::Actor;
use cairn_core::api::command::{
    AddDevice, BeginEpoch, BeginUpload, CollectAttachments, EndUpload, FindAccount, FindOrphans,
    GrantDownload, Invite, Join, Login, NewDevice, OwnerInvite,
};
use cairn_core::record::SecretHash;
use cairn_proto::content::extras::{Extra, Extras};
use cairn_proto::content::message::{Draft, Forward};
use cairn_proto::content::packed::Content;
use cairn_proto::ids::{
    ClientSeq, ConversationId, DeviceId, EpochId, ImportSource, MsgId, Revision, SendStreamId,
    Timestamp, UserId,
};
use cairn_proto::model::people::{Avatar, Profile, RelationAct};
use cairn_proto::model::receipts::Reads;
use cairn_proto::text::{
    About, DeviceName, DisplayName, EmojiName, GroupName, SettingName, SettingValue,
};
use cairn_proto::wire::overview::{Moment, OverviewPlace};
use cairn_proto::wire::request::group::{AddMembers, CreateGroup, RemoveMembers, SetRetention};
use cairn_proto::wire::request::message::{
    Edit, Import, ImportEntry, Pin, React, Recall, Unpin, Unreact,
};
use cairn_proto::wire::request::people::{Relate, SetProfile};
use cairn_proto::wire::request::reading::{Ack, MarkRead, MarkUnread, SetOwnReads};
use cairn_proto::wire::request::server::{RevokeDevice, SetSetting};
use cairn_proto::wire::request::session::ListConversations;
use cairn_proto::wire::request::{MessageRequest, Request};

use self::rules::{SETTINGS, VALUES, policy};
use super::attachments::{self, FileStep};
use super::commands::{Command, Reply};
use super::naive::Naive;
use super::naive::overview::Kept;
use super::steps::{Place, Question, Seq, Step};
use super::values::{
    a_body, appoint, ask, asked, beside, govern, mention, pick, place, receipts, some_words,
    user_name,
};

/// Everything that existed so far, including what was removed.
#[derive(Debug, Default)]
pub(super) struct Cast {
    /// Every session ever started.
    pub(super) sessions: Vec<Actor>,
    devices: Vec<(DeviceId, SecretHash)>,
    invites: Vec<SecretHash>,
    spoken: Vec<(Actor, MessageRequest)>,
    /// Moments that overviews returned.
    moments: Vec<Moment>,
    /// The stored state of devices.
    pub(super) copies: BTreeMap<DeviceId, Kept>,
    secrets: u64,
    streams: u64,
    said: u64,
}

/// Reads appear twice, because most other commands load their conversation first.
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
    /// Returns one of the sessions.
    pub(super) fn session(&self, by: u8) -> Option<Actor> {
        pick(&self.sessions, by)
    }

    /// Records the ids and moments of an answer.
    pub(super) fn learn(&mut self, reply: &Reply) {
        match reply {
            Reply::Join(session) | Reply::AddDevice(session) | Reply::Login(session) => {
                self.moments.push(session.overview.as_of);
                if !self.sessions.contains(&session.actor) {
                    self.sessions.push(session.actor);
                }
            }
            Reply::ListConversations(page) => self.moments.push(page.as_of),
            _ => {}
        }
    }

    /// Returns the commands of a step; none when it refers to something that does not exist.
    pub(super) fn commands(&mut self, step: &Step, naive: &Naive, now: Timestamp) -> Vec<Command> {
        match *step {
            Step::LoginMany { device, sessions } => (0..sessions)
                .filter_map(|_| {
                    self.streams += 1;
                    let token = pick(&self.devices, device)?.1;
                    let login = Login {
                        token,
                        stream: SendStreamId::new(1000 + self.streams),
                        push: false,
                        since: None,
                    };
                    Some(login.into())
                })
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

    fn secret(&mut self) -> SecretHash {
        self.secrets += 1;
        let mut hash = [0; 32];
        hash[..8].copy_from_slice(&self.secrets.to_be_bytes());
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
            stream: SendStreamId::new(0),
            push,
        }
    }

    fn entrance(&mut self, step: &Step, now: Timestamp) -> Option<Command> {
        Some(match *step {
            Step::OwnerInvite { life_ms } => {
                let token = self.secret();
                self.invites.push(token);
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
                self.invites.push(token);
                Invite {
                    actor,
                    token,
                    uses,
                    life_seconds,
                }
                .into()
            }
            Step::Join { invite, name, push } => {
                let invite = pick(&self.invites, invite)?;
                let password = (name % 2 == 0).then(|| "a hash".into());
                Join {
                    invite,
                    name: user_name(name),
                    password,
                    device: self.new_device(push),
                }
                .into()
            }
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
                let (token, since) = (
                    pick(&self.devices, device)?.1,
                    pick(&self.moments, device.wrapping_mul(7).wrapping_add(stream)),
                );
                Login {
                    token,
                    stream: SendStreamId::new(stream.into()),
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
            Step::Relate { by, .. } | Step::SetProfile { by, .. } | Step::Set { by, .. } => {
                (by, Place::Nowhere(0))
            }
            Step::Appoint { by, .. } => (by, Place::Nowhere(0)),
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
            &Step::Edit { at, words, .. } => Edit {
                conversation,
                msgid: near_head(at),
                text: some_words(words),
            }
            .into(),
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
            &Step::Appoint { user, role, .. } => appoint(user, role),
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

    fn spoken_by(&self, actor: Actor) -> impl DoubleEndedIterator<Item = &MessageRequest> + Clone {
        self.spoken
            .iter()
            .filter(move |(speaker, _)| *speaker == actor)
            .map(|(_, request)| request)
    }

    /// The last client seq that a session used in a conversation.
    fn last_seq(&self, actor: Actor, conversation: ConversationId) -> u64 {
        let numbers = self.spoken_by(actor).filter_map(|request| match request {
            MessageRequest::Send(draft) => Some((draft.conversation, draft.seq)),
            MessageRequest::Forward(forward) => Some((forward.to, forward.seq)),
            _ => None,
        });
        numbers
            .filter(|&(of, _)| of == conversation)
            .map(|(_, seq)| seq.get())
            .max()
            .unwrap_or(0)
    }

    fn forward(
        &mut self,
        actor: Actor,
        to: ConversationId,
        (from, msgid): (ConversationId, MsgId),
        again: bool,
    ) -> Command {
        let last = self
            .spoken_by(actor)
            .rev()
            .find_map(|request| match request {
                MessageRequest::Forward(forward) => Some(*forward),
                _ => None,
            });
        let next = ClientSeq::new(self.last_seq(actor, to) + 1);
        let forward = last.filter(|_| again).unwrap_or(Forward {
            to,
            seq: next,
            from,
            msgid,
        });
        self.spoken.push((actor, MessageRequest::Forward(forward)));
        asked(actor, forward)
    }

    fn send(
        &mut self,
        actor: Actor,
        conversation: ConversationId,
        seq: Seq,
        body: u8,
        extras: Extras,
    ) -> Command {
        let last = self.last_seq(actor, conversation);
        self.said += 1;
        let own = self.spoken_by(actor).filter_map(|request| {
            if let MessageRequest::Send(draft) = request {
                Some(draft.clone())
            } else {
                None
            }
        });
        let own: Vec<Draft> = own.collect();
        let earlier = |back: u16| own.iter().rev().nth(back.into()).cloned();
        let fresh = |seq| Draft {
            conversation,
            seq: ClientSeq::new(seq),
            content: Content::new(a_body(body, self.said), extras.clone()),
        };
        let draft = match seq {
            Seq::Next => fresh(last + 1),
            Seq::Skip(over) => fresh(last + 1 + u64::from(over)),
            Seq::Zero => fresh(0),
            Seq::Below(by) => fresh(last.saturating_sub(by.into()).max(1)),
            Seq::Retry(back) => earlier(back).unwrap_or_else(|| fresh(last + 1)),
            Seq::Conflict(back) => {
                let draft = earlier(back).unwrap_or_else(|| fresh(last + 1));
                let (_, extras) = draft.content.into_parts();
                Draft {
                    content: Content::new(a_body(0, self.said), extras),
                    ..draft
                }
            }
        };
        if !matches!(seq, Seq::Retry(_)) {
            self.spoken
                .push((actor, MessageRequest::Send(draft.clone())));
        }
        asked(actor, draft)
    }

    /// Requests for everything and for changes, also since moments that never existed.
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

    fn file(&mut self, step: FileStep, naive: &Naive) -> Option<Command> {
        Some(match step {
            FileStep::Begin { by, file, lies } => BeginUpload {
                actor: pick(&self.sessions, by)?,
                hash: attachments::hash(file),
                bytes: attachments::said_bytes(file, lies),
            }
            .into(),
            FileStep::Store { by, file, lies } => EndUpload {
                actor: pick(&self.sessions, by)?,
                hash: attachments::hash(file),
                bytes: attachments::said_bytes(file, lies),
            }
            .into(),
            FileStep::Attach { by, to, file, lies } => {
                let actor = pick(&self.sessions, by)?;
                self.send(
                    actor,
                    place(naive, actor, to),
                    Seq::Next,
                    20 + 2 * file + u8::from(lies),
                    Extras::NONE,
                )
            }
            FileStep::Fetch { by, to, at, file } => {
                let actor = pick(&self.sessions, by)?;
                let conversation = place(naive, actor, to);
                let head = naive
                    .conversations
                    .get(&conversation)
                    .map_or(0, |found| found.head().get());
                GrantDownload {
                    actor,
                    conversation,
                    msgid: MsgId::new(beside(head, at)),
                    hash: attachments::hash(file),
                }
                .into()
            }
            FileStep::Collect => CollectAttachments(None).into(),
            FileStep::Day => return None,
            FileStep::Orphans => FindOrphans((0..9).map(attachments::hash).collect()).into(),
        })
    }

    fn imported(&mut self, (name, body): (u8, u8)) -> ImportEntry {
        self.said += 1;
        // Some bodies cannot be imported; most requests should contain none of them.
        let body = if body == 11 {
            a_body(9, self.said)
        } else {
            a_body(body % 4, self.said)
        };
        // One sender's clock is ahead of all others.
        let sent_at = Timestamp::new(if name == 13 {
            u64::MAX
        } else {
            u64::from(name) * 1000
        });
        ImportEntry {
            sender: user_name(name),
            sent_at,
            body,
        }
    }
}
