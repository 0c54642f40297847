//! Steps performed: the request of each, and what is to be remembered of its answer.

use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use cairn_client::proto::content::body::Body;
use cairn_client::proto::content::extras::{Extra, Extras};
use cairn_client::proto::ids::{ConversationId, ImportSource, MsgId, Timestamp};
use cairn_client::proto::model::group::{Access, GroupSettings, JoinerHistory, Role};
use cairn_client::proto::model::receipts::Reads;
use cairn_client::proto::text::{EmojiName, GroupName, Text, Topic, UserName};
use cairn_client::proto::wire::error::ErrorCode;
use cairn_client::proto::wire::request::{ImportEntry, PullRange};
use cairn_client::{Client, Error};

use super::files;
use super::scene::{Said, Scene, What};
use super::steps::{Act, Agreement, Back, FileKind, Manner, Place, Seat, Step};

/// Why people are told no in an evening. Anything else is a fault.
const ORDINARY: &[ErrorCode] = &[
    ErrorCode::NotFound,
    ErrorCode::NoSuchUser,
    ErrorCode::Forbidden,
    ErrorCode::BadCursor,
    ErrorCode::LimitReached,
    ErrorCode::LastOwner,
    ErrorCode::NoSuchMessage,
    ErrorCode::Banned,
    ErrorCode::Muted,
    ErrorCode::NoMember,
    ErrorCode::NotAsked,
    ErrorCode::Blocked,
    ErrorCode::TooFarBack,
    ErrorCode::NoSuchAttachment,
    ErrorCode::Expired,
];

/// How old the messages are that are taken over from elsewhere.
const IMPORTED_DAYS: u64 = 3;

/// A step under way.
pub struct Performance {
    pub client: Client,
    pub scene: Arc<Scene>,
    pub by: Seat,
}

/// What an act came to, when it was not refused.
enum Done {
    Done,
    /// There is nothing there for it yet.
    Nothing,
}

impl Performance {
    /// Performs a step. The error is a fault of the server or the client.
    pub async fn perform(self, step: Step) -> Result<(), String> {
        let word = step.act.word();
        match self.act(&step.act).await {
            Ok(Done::Done) => self.scene.tally(word, true),
            Ok(Done::Nothing) => {}
            Err(Error::Refused(code)) if ORDINARY.contains(&code) => self.scene.tally(word, false),
            // A killed server may have done it, and it is not asked again.
            Err(Error::Disconnected)
                if matches!(
                    step.act,
                    Act::HandOver { .. } | Act::MarkUnread { .. } | Act::Join { .. }
                ) => {}
            Err(error) => return Err(format!("{step:?} fails: {error}")),
        }
        Ok(())
    }

    async fn act(&self, act: &Act) -> Result<Done, Error> {
        match act {
            Act::Say { to, manner, count } => self.say(*to, manner, *count).await,
            &Act::Edit { at, message } => self.edit(at, message).await,
            &Act::Recall { at, message } => self.recall(at, message, Some(self.by.user)).await,
            &Act::RecallAny { at, message } => self.recall(at, message, None).await,
            &Act::React { at, message, emoji } => self.react(at, message, emoji, true).await,
            &Act::Unreact { at, message, emoji } => self.react(at, message, emoji, false).await,
            &Act::Pin { at, message } => self.pin(at, message, true).await,
            &Act::Unpin { at, message } => self.pin(at, message, false).await,
            &Act::Read { at, message } => {
                let Some((to, msgid, _)) = self.meant(at, message, None) else {
                    return Ok(Done::Nothing);
                };
                self.client.mark_read(to, msgid).await.map(|()| Done::Done)
            }
            &Act::MarkUnread { at, message } => {
                let Some((to, msgid, _)) = self.meant(at, message, None) else {
                    return Ok(Done::Nothing);
                };
                self.client
                    .mark_unread(to, msgid)
                    .await
                    .map(|()| Done::Done)
            }
            &Act::Forward { from, message, to } => self.forward(from, message, to).await,
            &Act::SendFile { to, kind } => self.send_file(to, kind).await,
            &Act::Fetch { at, file } => self.fetch(at, file).await,
            &Act::Import { group, count } => self.import(Place::Group(group), count).await,
            &Act::Retain { at, retention } => {
                let Some(to) = self.scene.conversation(self.by.user, at) else {
                    return Ok(Done::Nothing);
                };
                self.client
                    .set_retention(to, retention)
                    .await
                    .map(|()| Done::Done)
            }
            &Act::Settle { at, settings } => {
                let Some(to) = self.scene.conversation(self.by.user, at) else {
                    return Ok(Done::Nothing);
                };
                self.client
                    .set_member_settings(to, settings)
                    .await
                    .map(|()| Done::Done)
            }
            &Act::ShowReads { is_shown } => {
                let reads = if is_shown {
                    Reads::Shown
                } else {
                    Reads::Hidden
                };
                self.client.set_own_reads(reads).await.map(|()| Done::Done)
            }
            &Act::Relate { with, act } => self
                .client
                .relate(self.scene.users[with], act)
                .await
                .map(|_| Done::Done),
            Act::Create { others } => {
                let others = others
                    .iter()
                    .map(|&other| self.scene.users[other])
                    .collect();
                let made = self.client.create_group(group_name(0), others).await;
                self.scene.group_made(made.as_ref().ok().copied());
                made.map(|_| Done::Done)
            }
            _ => self.order(act).await,
        }
    }

    /// What concerns a group.
    async fn order(&self, act: &Act) -> Result<Done, Error> {
        let (client, user) = (&self.client, |whom: usize| self.scene.users[whom]);
        let group = |group| {
            self.scene
                .conversation(self.by.user, Place::Group(group))
                .unwrap_or(ConversationId::new(u64::from(u32::MAX)))
        };
        match *act {
            Act::Rename { group: at, name } => {
                client.rename_group(group(at), group_name(name)).await?
            }
            Act::Describe { group: at, topic } => {
                client
                    .set_topic(group(at), Topic::new(format!("topic {topic}")).unwrap())
                    .await?
            }
            Act::Agree {
                group: at,
                agreement,
            } => {
                client
                    .set_group_settings(group(at), settings(agreement))
                    .await?
            }
            Act::Appoint {
                group: at,
                whom,
                role,
            } => client.set_role(group(at), user(whom), role).await?,
            Act::HandOver { group: at, whom } => client.hand_over(group(at), user(whom)).await?,
            Act::Add { group: at, whom } => {
                return changed(client.add_members(group(at), vec![user(whom)]).await?);
            }
            Act::Kick { group: at, whom } => {
                return changed(client.remove_members(group(at), vec![user(whom)]).await?);
            }
            Act::Leave { group: at } => {
                return changed(
                    client
                        .remove_members(group(at), vec![user(self.by.user)])
                        .await?,
                );
            }
            Act::Join { group: at } => client.join_group(group(at)).await?,
            Act::Ban { group: at, whom } => {
                return changed(client.ban(group(at), vec![user(whom)]).await?);
            }
            Act::Unban { group: at, whom } => {
                return changed(client.unban(group(at), vec![user(whom)]).await?);
            }
            Act::Silence {
                group: at,
                whom,
                is_over,
            } => {
                let until = Timestamp::new(if is_over { 0 } else { u64::MAX });
                client.mute_member(group(at), user(whom), until).await?;
            }
            _ => return Ok(Done::Nothing),
        }
        Ok(Done::Done)
    }

    fn meant(
        &self,
        at: Place,
        message: Back,
        of: Option<usize>,
    ) -> Option<(ConversationId, MsgId, String)> {
        let conversation = self.scene.conversation(self.by.user, at)?;
        let (msgid, token) = self.scene.message(conversation, of, message)?;
        Some((conversation, msgid, token))
    }

    async fn say(&self, to: Place, manner: &Manner, count: usize) -> Result<Done, Error> {
        let Some(conversation) = self.scene.conversation(self.by.user, to) else {
            return Ok(Done::Nothing);
        };
        let extras = match manner {
            Manner::Plain | Manner::Emote | Manner::Emoji => Vec::new(),
            Manner::Reply(back) => {
                let replied = self.scene.message(conversation, None, *back);
                replied
                    .map(|(msgid, _)| Extra::ReplyTo(msgid))
                    .into_iter()
                    .collect()
            }
            Manner::Mention(users) => users
                .iter()
                .map(|&user| Extra::Mention(self.scene.users[user]))
                .collect(),
            Manner::MentionAll => vec![Extra::MentionAll],
        };
        let extras = Extras::new(extras).unwrap();
        let mut promises = Vec::new();
        for _ in 0..count {
            let (n, token) = self.scene.token(self.by);
            let body = match manner {
                Manner::Emote => Body::Emote(Text::new(&*token).unwrap()),
                Manner::Emoji => Body::Emoji(EmojiName::new(&*token).unwrap()),
                _ => Body::Text(Text::new(&*token).unwrap()),
            };
            promises.push((
                n,
                body.clone(),
                self.client
                    .enqueue_with(conversation, body, extras.clone())
                    .await?,
            ));
        }
        let mut refusal = None;
        for (n, body, promise) in promises {
            match promise.await {
                Ok(msgid) => {
                    self.scene
                        .accepted(Said::new(n, self.by, conversation, msgid, What::New(body)))
                }
                Err(error @ Error::Refused(_)) => refusal = Some(error),
                Err(error) => return Err(error),
            }
        }
        refusal.map_or(Ok(Done::Done), Err)
    }

    async fn import(&self, to: Place, count: usize) -> Result<Done, Error> {
        let Some(conversation) = self.scene.conversation(self.by.user, to) else {
            return Ok(Done::Nothing);
        };
        let (n, token) = self.scene.token(self.by);
        let texts: Vec<String> = (0..count)
            .map(|at| format!("{token} imported {at}"))
            .collect();
        let entry = |text: &String| ImportEntry {
            sender: UserName::new("elsewhere").unwrap(),
            sent_at: days_ago(IMPORTED_DAYS),
            body: Body::Text(Text::new(&**text).unwrap()),
        };
        self.client
            .import(
                conversation,
                ImportSource::new(n),
                0,
                texts.iter().map(entry).collect(),
            )
            .await?;
        self.scene.imported(conversation, texts);
        Ok(Done::Done)
    }

    async fn react(
        &self,
        at: Place,
        message: Back,
        emoji: usize,
        is_there: bool,
    ) -> Result<Done, Error> {
        let Some((to, msgid, _)) = self.meant(at, message, None) else {
            return Ok(Done::Nothing);
        };
        let emoji = feeling(emoji);
        let done = match is_there {
            true => self.client.react(to, msgid, emoji.clone()).await,
            false => self.client.unreact(to, msgid, emoji.clone()).await,
        };
        self.scene.reacted(
            (to, msgid, emoji, self.scene.users[self.by.user]),
            is_there,
            done.is_err(),
        );
        done.map(|()| Done::Done)
    }

    async fn pin(&self, at: Place, message: Back, is_there: bool) -> Result<Done, Error> {
        let Some((to, msgid, _)) = self.meant(at, message, None) else {
            return Ok(Done::Nothing);
        };
        let done = if is_there {
            self.client.pin(to, msgid).await
        } else {
            self.client.unpin(to, msgid).await
        };
        self.scene.pinned((to, msgid), is_there, done.is_err());
        done.map(|()| Done::Done)
    }

    async fn send_file(&self, to: Place, kind: FileKind) -> Result<Done, Error> {
        let Some(conversation) = self.scene.conversation(self.by.user, to) else {
            return Ok(Done::Nothing);
        };
        let (n, token) = self.scene.token(self.by);
        let body = files::upload(&self.client, n, &token, kind).await?;
        // What was uploaded at the same time is sent in any order: the number that counts is of the moment in which it is sent.
        let (n, _) = self.scene.token(self.by);
        let msgid = self.client.send(conversation, body.clone()).await?;
        self.scene
            .accepted(Said::new(n, self.by, conversation, msgid, What::New(body)));
        Ok(Done::Done)
    }

    async fn fetch(&self, at: Place, file: Back) -> Result<Done, Error> {
        let Some(conversation) = self.scene.conversation(self.by.user, at) else {
            return Ok(Done::Nothing);
        };
        let Some(msgid) = self.scene.file(conversation, file) else {
            return Ok(Done::Nothing);
        };
        let page = self
            .client
            .pull(conversation, PullRange::From(msgid), 1)
            .await?;
        let Some(message) = page.messages.first() else {
            return Ok(Done::Nothing);
        };
        let is_fetched =
            files::fetch(&self.client, conversation, message.msgid, &message.body).await?;
        Ok(if is_fetched {
            Done::Done
        } else {
            Done::Nothing
        })
    }

    async fn forward(&self, from: Place, message: Back, to: Place) -> Result<Done, Error> {
        let Some((source, forwarded, _)) = self.meant(from, message, None) else {
            return Ok(Done::Nothing);
        };
        let Some(conversation) = self.scene.conversation(self.by.user, to) else {
            return Ok(Done::Nothing);
        };
        let (n, _) = self.scene.token(self.by);
        // What it says is what it said there by then.
        let msgid = self.client.forward(source, forwarded, conversation).await?;
        let what = What::Forwarded {
            origin: (source, forwarded),
            round: self.scene.round(),
        };
        self.scene
            .accepted(Said::new(n, self.by, conversation, msgid, what));
        Ok(Done::Done)
    }

    async fn edit(&self, at: Place, message: Back) -> Result<Done, Error> {
        let Some((conversation, msgid, token)) = self.meant(at, message, Some(self.by.user)) else {
            return Ok(Done::Nothing);
        };
        let (n, _) = self.scene.token(self.by);
        let text = format!("{token} edited {n}");
        let words = Text::new(&*text).unwrap();
        let edited = self.client.edit(conversation, msgid, words.clone()).await;
        // A killed server may have done it, and it is not asked again.
        if edited == Err(Error::Disconnected) {
            let found = self
                .client
                .pull(conversation, PullRange::From(msgid), 1)
                .await?
                .messages
                .pop();
            let says_so = |body: Body| body.with_words(&words) == Some(Ok(body));
            let is_done = found.is_some_and(|found| says_so(found.body));
            if !is_done {
                return Ok(Done::Nothing);
            }
        } else {
            edited?;
        }
        self.scene.edited(conversation, msgid, text);
        Ok(Done::Done)
    }

    async fn recall(&self, at: Place, message: Back, of: Option<usize>) -> Result<Done, Error> {
        let Some((conversation, msgid, _)) = self.meant(at, message, of) else {
            return Ok(Done::Nothing);
        };
        self.client.recall(conversation, msgid).await?;
        self.scene.recalled(conversation, msgid);
        Ok(Done::Done)
    }
}

fn days_ago(days: u64) -> Timestamp {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    Timestamp::new(now.as_millis() as u64 - days * 24 * 60 * 60 * 1000)
}

/// What happened to nobody was not done.
const fn changed(users: u32) -> Result<Done, Error> {
    Ok(if users == 0 {
        Done::Nothing
    } else {
        Done::Done
    })
}

fn feeling(emoji: usize) -> EmojiName {
    EmojiName::new(format!("feeling{emoji}")).unwrap()
}

fn group_name(name: usize) -> GroupName {
    GroupName::new(format!("name {name}")).unwrap()
}

fn settings(agreement: Agreement) -> GroupSettings {
    GroupSettings {
        access: if agreement.is_open {
            Access::Open
        } else {
            Access::InviteOnly
        },
        history: if agreement.from_join {
            JoinerHistory::FromJoin
        } else {
            JoinerHistory::All
        },
        post: if agreement.is_quiet {
            Role::Admin
        } else {
            Role::Member
        },
        ..GroupSettings::default()
    }
}
