//! Performs the steps of a script: sends the requests, and records the results.

use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use cairn_client::proto::content::body::Body;
use cairn_client::proto::content::extras::{Extra, Extras};
use cairn_client::proto::ids::{ConversationId, ImportSource, MsgId, Timestamp};
use cairn_client::proto::model::receipts::Reads;
use cairn_client::proto::text::{EmojiName, Text, UserName};
use cairn_client::proto::wire::error::ErrorCode;
use cairn_client::proto::wire::request::message::ImportEntry;
use cairn_client::proto::wire::request::session::PullRange;
use cairn_client::{Account, Client, Error};

use super::super::script::{Act, Chat, FileKind, Recent, Seat, Step, Style};
use super::super::world::{Content, Recall, Sent, World};
use super::files;
use super::group_acts::group_name;

/// Refusals that a script may provoke. All others are faults.
const EXPECTED: &[ErrorCode] = &[
    ErrorCode::NotFound,
    ErrorCode::NoSuchUser,
    ErrorCode::Forbidden,
    ErrorCode::BadCursor,
    ErrorCode::LimitReached,
    ErrorCode::LastOwner,
    ErrorCode::NoSuchMessage,
    ErrorCode::Recalled,
    ErrorCode::Banned,
    ErrorCode::Muted,
    ErrorCode::NoMember,
    ErrorCode::NotAsked,
    ErrorCode::Blocked,
    ErrorCode::TooFarBack,
    ErrorCode::NoSuchAttachment,
    ErrorCode::Expired,
];

/// The age of imported messages.
const IMPORTED_DAYS: u64 = 3;

pub struct Interpreter {
    pub client: Client,
    pub account: Account,
    pub world: Arc<World>,
    pub by: Seat,
}

/// The result of an act that was not refused.
pub(super) enum Outcome {
    Done,
    /// The act had no target.
    Nothing,
}

impl Interpreter {
    /// Performs a step. An error is a fault of the server or the client.
    pub async fn perform(self, step: Step) -> Result<(), String> {
        let label = step.act.label();
        match self.act(&step.act).await {
            Ok(Outcome::Done) => self.world.tally(label, true),
            Ok(Outcome::Nothing) => {}
            Err(Error::Refused(code)) if EXPECTED.contains(&code) => {
                self.world.tally(label, false);
            }
            // A killed server may have executed the request, and clients do not repeat the first
            // kinds; for the others, the repetition was refused.
            Err(Error::Disconnected)
                if matches!(
                    step.act,
                    Act::HandOver { .. }
                        | Act::MarkUnread { .. }
                        | Act::Join { .. }
                        | Act::Recall { .. }
                        | Act::RecallAny { .. }
                        | Act::React { .. }
                        | Act::Unreact { .. }
                        | Act::Pin { .. }
                        | Act::Unpin { .. }
                ) => {}
            Err(error) => return Err(format!("{step:?} fails: {error}")),
        }
        Ok(())
    }

    async fn act(&self, act: &Act) -> Result<Outcome, Error> {
        match act {
            Act::Send { to, style, count } => self.send(*to, style, *count).await,
            &Act::SendAgain { to, between } => self.send_again(to, between).await,
            &Act::Edit { at, message } => self.edit(at, message).await,
            &Act::Recall { at, message } => self.recall(at, message, Some(self.by.user)).await,
            &Act::RecallAny { at, message } => self.recall(at, message, None).await,
            &Act::React { at, message, emoji } => self.react(at, message, emoji, true).await,
            &Act::Unreact { at, message, emoji } => self.react(at, message, emoji, false).await,
            &Act::Pin { at, message } => self.pin(at, message, true).await,
            &Act::Unpin { at, message } => self.pin(at, message, false).await,
            &Act::MarkRead { at, message } => {
                let Some((to, msgid, _)) = self.message(at, message, None) else {
                    return Ok(Outcome::Nothing);
                };
                done(self.client.conversation(to).mark_read(msgid).await)
            }
            &Act::MarkUnread { at, message } => {
                let Some((to, msgid, _)) = self.message(at, message, None) else {
                    return Ok(Outcome::Nothing);
                };
                done(self.client.conversation(to).mark_unread(msgid).await)
            }
            &Act::Forward { from, message, to } => self.forward(from, message, to).await,
            &Act::SendFile { to, kind } => self.send_file(to, kind).await,
            &Act::Download { at, file } => self.download(at, file).await,
            &Act::Import { group, count } => self.import(Chat::Group(group), count).await,
            &Act::SetRetention { at, retention } => {
                let Some(to) = self.conversation(at) else {
                    return Ok(Outcome::Nothing);
                };
                done(self.client.conversation(to).set_retention(retention).await)
            }
            &Act::SetMemberSettings { at, settings } => {
                let Some(to) = self.conversation(at) else {
                    return Ok(Outcome::Nothing);
                };
                done(
                    self.client
                        .conversation(to)
                        .set_member_settings(settings)
                        .await,
                )
            }
            &Act::ShareReads { is_shared } => {
                let reads = if is_shared {
                    Reads::Shown
                } else {
                    Reads::Hidden
                };
                done(self.client.me().set_reads(reads).await)
            }
            &Act::Relate { with, act } => {
                let user = self.world.users[with];
                done(self.client.people().relate(user, act).await.map(|_| ()))
            }
            Act::Create { others } => self.create(others).await,
            _ => self.perform_in_group(act).await,
        }
    }

    pub(super) fn conversation(&self, chat: Chat) -> Option<ConversationId> {
        self.world.conversation(self.by.user, chat)
    }

    fn message(
        &self,
        at: Chat,
        message: Recent,
        of: Option<usize>,
    ) -> Option<(ConversationId, MsgId, String)> {
        let conversation = self.conversation(at)?;
        let (msgid, token) = self.world.message(conversation, of, message)?;
        Some((conversation, msgid, token))
    }

    async fn create(&self, others: &[usize]) -> Result<Outcome, Error> {
        let members = others.iter().map(|&other| self.world.users[other]);
        let created = self
            .client
            .conversations()
            .create_group(group_name(0), members.collect())
            .await;
        self.world.group_created(created.as_ref().ok().copied());
        done(created.map(|_| ()))
    }

    async fn send(&self, to: Chat, style: &Style, count: usize) -> Result<Outcome, Error> {
        let Some(conversation) = self.conversation(to) else {
            return Ok(Outcome::Nothing);
        };
        let extras = self.extras(conversation, style);
        let mut pending = Vec::new();
        for _ in 0..count {
            let (seq, token) = self.world.token(self.by);
            let body = match style {
                Style::Emote => Body::Emote(Text::new(&*token).unwrap()),
                Style::Emoji => Body::Emoji(EmojiName::new(&*token).unwrap()),
                _ => Body::Text(Text::new(&*token).unwrap()),
            };
            let accepted = self
                .client
                .conversation(conversation)
                .enqueue_with(body.clone(), extras.clone())
                .await?;
            pending.push((seq, body, accepted));
        }
        let mut refusal = None;
        for (seq, body, accepted) in pending {
            match accepted.await {
                Ok(msgid) => self.accepted(seq, conversation, msgid, Content::New(body)),
                Err(error @ Error::Refused(_)) => refusal = Some(error),
                Err(error) => return Err(error),
            }
        }
        refusal.map_or(Ok(Outcome::Done), Err)
    }

    fn extras(&self, conversation: ConversationId, style: &Style) -> Extras {
        let extras = match style {
            Style::Plain | Style::Emote | Style::Emoji => Vec::new(),
            Style::Reply(recent) => {
                let answered = self.world.message(conversation, None, *recent);
                let extra = answered.map(|(msgid, _)| Extra::ReplyTo(msgid));
                extra.into_iter().collect()
            }
            Style::Mention(users) => users
                .iter()
                .map(|&user| Extra::Mention(self.world.users[user]))
                .collect(),
            Style::MentionAll => vec![Extra::MentionAll],
        };
        Extras::new(extras).unwrap()
    }

    fn accepted(&self, seq: u64, conversation: ConversationId, msgid: MsgId, content: Content) {
        let sent = Sent::new(seq, self.by, conversation, msgid, content);
        self.world.accepted(sent);
    }

    async fn import(&self, to: Chat, count: usize) -> Result<Outcome, Error> {
        let Some(conversation) = self.conversation(to) else {
            return Ok(Outcome::Nothing);
        };
        let (seq, token) = self.world.token(self.by);
        let texts: Vec<String> = (0..count)
            .map(|number| format!("{token} imported {number}"))
            .collect();
        let entry = |text: &String| ImportEntry {
            sender: UserName::new("elsewhere").unwrap(),
            sent_at: days_ago(IMPORTED_DAYS),
            body: Body::Text(Text::new(&**text).unwrap()),
        };
        let entries = texts.iter().map(entry).collect();
        self.client
            .conversation(conversation)
            .import(ImportSource::new(seq), 0, entries)
            .await?;
        self.world.imported(conversation, texts);
        Ok(Outcome::Done)
    }

    async fn react(
        &self,
        at: Chat,
        message: Recent,
        emoji: usize,
        is_on: bool,
    ) -> Result<Outcome, Error> {
        let Some((to, msgid, _)) = self.message(at, message, None) else {
            return Ok(Outcome::Nothing);
        };
        let emoji = EmojiName::new(format!("emoji{emoji}")).unwrap();
        let answer = if is_on {
            self.client
                .conversation(to)
                .react(msgid, emoji.clone())
                .await
        } else {
            self.client
                .conversation(to)
                .unreact(msgid, emoji.clone())
                .await
        };
        let reaction = (to, msgid, emoji, self.world.users[self.by.user]);
        self.world.reacted(reaction, is_on, answer.is_err());
        done(answer)
    }

    async fn pin(&self, at: Chat, message: Recent, is_on: bool) -> Result<Outcome, Error> {
        let Some((to, msgid, _)) = self.message(at, message, None) else {
            return Ok(Outcome::Nothing);
        };
        let answer = if is_on {
            self.client.conversation(to).pin(msgid).await
        } else {
            self.client.conversation(to).unpin(msgid).await
        };
        self.world.pinned((to, msgid), is_on, answer.is_err());
        done(answer)
    }

    async fn send_file(&self, to: Chat, kind: FileKind) -> Result<Outcome, Error> {
        let Some(conversation) = self.conversation(to) else {
            return Ok(Outcome::Nothing);
        };
        let (seq, token) = self.world.token(self.by);
        let body = files::upload(&self.client, seq, &token, kind).await?;
        // Concurrent uploads finish in any order, so the number that orders messages is drawn just
        // before the send.
        let (seq, _) = self.world.token(self.by);
        let msgid = self
            .client
            .conversation(conversation)
            .send(body.clone())
            .await?;
        self.accepted(seq, conversation, msgid, Content::New(body));
        Ok(Outcome::Done)
    }

    async fn download(&self, at: Chat, file: Recent) -> Result<Outcome, Error> {
        let Some(conversation) = self.conversation(at) else {
            return Ok(Outcome::Nothing);
        };
        let Some(msgid) = self.world.file(conversation, file) else {
            return Ok(Outcome::Nothing);
        };
        let page = self
            .client
            .conversation(conversation)
            .pull(PullRange::From(msgid), 1)
            .await?;
        let Some(message) = page.messages.first() else {
            return Ok(Outcome::Nothing);
        };
        let (msgid, body) = (message.msgid, &message.body);
        let is_done = files::download(&self.client, conversation, msgid, body).await?;
        Ok(if is_done {
            Outcome::Done
        } else {
            Outcome::Nothing
        })
    }

    async fn forward(&self, from: Chat, message: Recent, to: Chat) -> Result<Outcome, Error> {
        let Some((source, forwarded, _)) = self.message(from, message, None) else {
            return Ok(Outcome::Nothing);
        };
        let Some(conversation) = self.conversation(to) else {
            return Ok(Outcome::Nothing);
        };
        let (seq, _) = self.world.token(self.by);
        let msgid = self
            .client
            .conversation(source)
            .forward(forwarded, conversation)
            .await?;
        let content = Content::Forwarded {
            origin: (source, forwarded),
            round: self.world.round(),
        };
        self.accepted(seq, conversation, msgid, content);
        Ok(Outcome::Done)
    }

    async fn edit(&self, at: Chat, message: Recent) -> Result<Outcome, Error> {
        let own = Some(self.by.user);
        let Some((conversation, msgid, token)) = self.message(at, message, own) else {
            return Ok(Outcome::Nothing);
        };
        let (seq, _) = self.world.token(self.by);
        let text = format!("{token} edited {seq}");
        let words = Text::new(&*text).unwrap();
        let edited = self
            .client
            .conversation(conversation)
            .edit(msgid, words.clone())
            .await;
        // A killed server may have executed the edit, and clients do not repeat edits.
        if edited == Err(Error::Disconnected) {
            let page = self
                .client
                .conversation(conversation)
                .pull(PullRange::From(msgid), 1)
                .await?;
            let is_edited = page.messages.into_iter().next_back().is_some_and(|found| {
                let body = found.body;
                body.with_words(&words) == Some(Ok(body))
            });
            if !is_edited {
                return Ok(Outcome::Nothing);
            }
        } else {
            edited?;
        }
        self.world.edited(conversation, msgid, text);
        Ok(Outcome::Done)
    }

    async fn recall(&self, at: Chat, message: Recent, of: Option<usize>) -> Result<Outcome, Error> {
        let Some((conversation, msgid, _)) = self.message(at, message, of) else {
            return Ok(Outcome::Nothing);
        };
        let answer = self.client.conversation(conversation).recall(msgid).await;
        match &answer {
            Ok(()) => self.world.recalled(conversation, msgid, Recall::Yes),
            Err(Error::Disconnected) => {
                self.world.recalled(conversation, msgid, Recall::Perhaps);
            }
            Err(_) => {}
        }
        done(answer)
    }
}

fn done(answer: Result<(), Error>) -> Result<Outcome, Error> {
    answer.map(|()| Outcome::Done)
}

fn days_ago(days: u64) -> Timestamp {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    Timestamp::new(now.as_millis() as u64 - days * 24 * 60 * 60 * 1000)
}
