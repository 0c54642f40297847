//! A server with one conversation.

use std::collections::BTreeSet;

use cairn_client::Overview;
use cairn_client::Page;
use cairn_client::proto::content::body::{Amendment, Body, SystemEntry};
use cairn_client::proto::content::extras::{Extra, Extras};
use cairn_client::proto::content::message::{Entry, Message};
use cairn_client::proto::ids::{ConversationId, EpochId, MsgId, Revision, Timestamp, UserId};
use cairn_client::proto::model::conversation::{Conversation, ConversationKind};
use cairn_client::proto::model::group::{MemberSettings, Role};
use cairn_client::proto::text::{EmojiName, Text};
use cairn_client::proto::wire::overview::{Moment, OverviewExtent};
use cairn_client::proto::wire::request::session::PullRange;
use cairn_session::amended;

pub(crate) const TEAM: ConversationId = ConversationId::new(1);
pub(crate) const ME: UserId = UserId::new(1);

/// The log as it was appended, and the cursors of one user.
#[derive(Debug, Default)]
pub(crate) struct Server {
    log: Vec<Message>,
    /// Messages that name the user, who had blocked their sender.
    silenced: BTreeSet<MsgId>,
    /// What events state of the conversation, and have not said yet.
    pub(crate) unstated: Vec<Conversation>,
    pub(crate) floor: u64,
    pub(crate) read: u64,
}

fn text(words: String) -> Text {
    Text::new(words).unwrap()
}

fn names(message: &Message) -> bool {
    message.extras.mentioned().any(|user| user == ME)
}

impl Server {
    pub(crate) fn head(&self) -> u64 {
        self.log.len() as u64
    }

    /// Appends an entry of some kind, about an earlier one.
    pub(crate) fn append(&mut self, kind: u8, about: u64) {
        let msgid = self.head() + 1;
        let sender = UserId::new(u32::from(kind % 3) + 1);
        let target = MsgId::new(about % msgid.max(1) + 1);
        let emoji = EmojiName::new(if about.is_multiple_of(2) {
            "tada"
        } else {
            "wave"
        })
        .unwrap();
        let targeted = self.state(self.head()).into_iter();
        let targeted = targeted
            .filter(|message| matches!(message.body, Body::Text(_)))
            .find(|message| message.msgid == target);
        let amendment = match kind / 3 {
            0 => Some(Amendment::Edited {
                msgid: target,
                text: Some(text(format!("edit {msgid}"))),
            }),
            1 => Some(Amendment::Recalled { msgid: target }),
            2 | 3 => Some(Amendment::Reacted {
                msgid: target,
                emoji,
            }),
            4 => Some(Amendment::Unreacted {
                msgid: target,
                emoji,
            }),
            5 => Some(Amendment::Pinned { msgid: target }),
            _ => None,
        };
        let amendment = amendment.filter(|_| targeted.is_some());
        let body = match (amendment, kind / 3) {
            (Some(amendment), _) => Body::Amendment(amendment),
            (None, 6) => Body::System(SystemEntry::Added {
                users: vec![UserId::new(9)],
            }),
            (None, _) => Body::Text(text(format!("text {msgid}"))),
        };
        let is_text = matches!(body, Body::Text(_));
        // Only the sender of a message edits it.
        let edited =
            targeted.filter(|_| matches!(&body, Body::Amendment(Amendment::Edited { .. })));
        let sender = edited.as_ref().map_or(sender, |edited| edited.sender);
        let names_me = about.is_multiple_of(5) && (is_text || edited.is_some());
        let mention = names_me.then_some(Extra::Mention(ME));
        if is_text && sender == ME {
            self.read = msgid;
        }
        self.log.push(Message {
            conversation: TEAM,
            msgid: MsgId::new(msgid),
            sender,
            sent_at: Timestamp::new(1_700_000_000_000 + 1000 * msgid),
            body,
            extras: Extras::new(mention.into_iter().collect()).unwrap(),
        });
        let of = edited
            .as_ref()
            .map_or(MsgId::new(msgid), |edited| edited.msgid);
        let was_named = edited.is_some_and(|edited| names(&edited));
        if !names_me {
            self.silenced.remove(&of);
        } else if !was_named && sender != ME && about.is_multiple_of(10) {
            self.silenced.insert(of);
            self.unstated.push(self.summary());
        }
    }

    /// Moves the read cursor of the user, who may mark messages as unread.
    pub(crate) fn move_read(&mut self, read: u64) {
        let is_back = read < self.read;
        self.read = read;
        if is_back {
            self.unstated.push(self.summary());
        }
    }

    /// All entries as they read when the log ended at `head`, expired ones included.
    pub(crate) fn state(&self, head: u64) -> Vec<Message> {
        let mut state: Vec<Message> = Vec::new();
        for message in self.log.iter().take(usize::try_from(head).unwrap()) {
            if let Body::Amendment(amendment) = &message.body {
                let erases = matches!(
                    amendment,
                    Amendment::Edited { .. } | Amendment::Recalled { .. }
                );
                let of = amendment.msgid();
                for earlier in state.iter_mut().filter(|_| erases) {
                    if let Body::Amendment(Amendment::Edited { msgid, text }) = &mut earlier.body
                        && *msgid == of
                    {
                        *text = None;
                        earlier.extras = Extras::NONE;
                    }
                }
                let target = state.iter_mut().find(|target| target.msgid == of);
                if let Some(target) = target {
                    *target = amended(target, message).unwrap();
                }
            }
            state.push(message.clone());
        }
        state
    }

    /// The entries of a range, as they read when the log ended at `head`.
    pub(crate) fn range(&self, first: u64, last: u64, head: u64) -> Vec<Message> {
        let first = first.max(self.floor + 1);
        let mut state = self.state(head);
        state.retain(|message| (first..=last).contains(&message.msgid.get()));
        state
    }

    pub(crate) fn pull(&self, range: PullRange, limit: u32, head: u64) -> Page {
        let limit = u64::from(limit);
        let (first, last) = match range {
            PullRange::From(first) => {
                let first = first.get().max(self.floor + 1);
                (first, head.min(first + limit - 1))
            }
            PullRange::Before(end) => {
                let last = end.get().saturating_sub(1).min(head);
                (last.saturating_sub(limit - 1), last)
            }
        };
        Page {
            messages: self.range(first, last, head),
            head: MsgId::new(head),
            floor: MsgId::new(self.floor),
        }
    }

    /// How many messages of others are unread, and how many of them mention the user.
    pub(crate) fn unread(&self) -> (u64, u64) {
        let base = self.read.max(self.floor);
        let mut counts = (0, 0);
        for message in self.state(self.head()) {
            if message.msgid.get() > base && message.sender != ME && message.body.is_message() {
                let counts_mention = names(&message) && !self.silenced.contains(&message.msgid);
                counts.0 += 1;
                counts.1 += u64::from(counts_mention);
            }
        }
        counts
    }

    pub(crate) fn summary(&self) -> Conversation {
        let (unread, mentions) = self.unread();
        let last = self.state(self.head()).pop();
        let last = last.filter(|last| last.msgid.get() > self.floor);
        Conversation {
            id: TEAM,
            kind: ConversationKind::Group {
                name: "team".parse().unwrap(),
            },
            role: Role::Member,
            head: MsgId::new(self.head()),
            floor: MsgId::new(self.floor),
            read: MsgId::new(self.read),
            delivered: MsgId::ZERO,
            unread,
            mentions,
            last: last.map(|last| Entry {
                sender: last.sender,
                sent_at: last.sent_at,
                body: last.body,
                extras: last.extras,
            }),
            settings: MemberSettings::default(),
        }
    }

    pub(crate) fn overview(&self) -> Overview {
        Overview {
            conversations: vec![self.summary()],
            gone: Vec::new(),
            extent: OverviewExtent::Changed,
            as_of: Moment {
                epoch: EpochId::new(1),
                revision: Revision::new(self.head()),
            },
        }
    }
}
