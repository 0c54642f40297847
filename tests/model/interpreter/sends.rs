//! Steps that send: messages, retries, forwards, files and imports.

use cairn_core::api::actor::Actor;
use cairn_core::api::command::{
    BeginUpload, CollectAttachments, EndUpload, FindOrphans, GrantDownload,
};
use cairn_proto::content::extras::Extras;
use cairn_proto::content::message::{Draft, Forward};
use cairn_proto::content::packed::Content;
use cairn_proto::ids::{ClientSeq, ConversationId, EpochId, MsgId, Revision, Timestamp};
use cairn_proto::wire::overview::Moment;
use cairn_proto::wire::request::MessageRequest;
use cairn_proto::wire::request::message::ImportEntry;

use super::Cast;
use crate::model::attachments::{self, FileStep};
use crate::model::commands::Command;
use crate::model::naive::Naive;
use crate::model::steps::Seq;
use crate::model::values::{a_body, asked, beside, pick, place, user_name};

/// No moment of any server.
const NEVER: Moment = Moment {
    epoch: EpochId::new(u64::MAX),
    revision: Revision::new(0),
};

impl Cast {
    /// The author of a send: the first one on a stream is no retry of any.
    fn author(&mut self, actor: Actor) -> Actor {
        let stream = (actor.device, actor.stream);
        if self.first_sent.contains_key(&stream) {
            return actor;
        }
        let began = self.began.get(&actor).copied().unwrap_or(NEVER);
        self.first_sent.insert(stream, began);
        Actor {
            stream_began: Revision::MAX,
            ..actor
        }
    }

    fn spoken_by(&self, actor: Actor) -> impl DoubleEndedIterator<Item = &MessageRequest> + Clone {
        self.spoken
            .iter()
            .filter(move |(speaker, _)| {
                (speaker.device, speaker.stream) == (actor.device, actor.stream)
            })
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

    pub(super) fn forward(
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
        asked(self.author(actor), forward)
    }

    pub(super) fn send(
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
        asked(self.author(actor), draft)
    }

    pub(super) fn file(&mut self, step: FileStep, naive: &Naive) -> Option<Command> {
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

    pub(super) fn imported(&mut self, (name, body): (u8, u8)) -> ImportEntry {
        self.said += 1;
        // Some bodies cannot be imported, so most requests should contain none of them.
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
