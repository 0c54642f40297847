//! What a visitor sees.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

use cairn_proto::content::body::{Amendment, Body, Kind, SystemEntry};
use cairn_proto::content::message::Message;
use cairn_proto::ids::{ConversationId, MsgId, UserId};
use cairn_proto::model::desk::{DeskEntry, DeskInfo, VisitorInquiry, VisitorState};
use cairn_proto::text::{DisplayName, Tag};
use serde::Serialize;

use crate::ui::sanitize::Sanitized;
use crate::ui::time::{Local, Span};

/// An event. The fields match its JSON.
#[derive(Debug, Serialize)]
#[serde(tag = "event", rename_all = "lowercase")]
pub(super) enum Seen<'a> {
    Desk {
        visitor: String,
        queue: &'a str,
        open: bool,
        text: &'a str,
        topics: Vec<&'a str>,
    },
    Inquiry(Inquiry),
    Sent {
        inquiry: ConversationId,
        msgid: MsgId,
    },
    Message(Said<'a>),
    Ended {
        inquiry: ConversationId,
    },
    Rated {
        inquiry: ConversationId,
        stars: u8,
    },
    Disconnected {
        reason: &'a str,
    },
    Reconnected,
}

/// Where the inquiry stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Inquiry {
    inquiry: ConversationId,
    queue: String,
    state: &'static str,
    place: Option<u32>,
    about_seconds: Option<u32>,
    agent: Option<String>,
}

impl From<&VisitorInquiry> for Inquiry {
    fn from(inquiry: &VisitorInquiry) -> Self {
        let (state, place, about_seconds, agent) = match &inquiry.state {
            VisitorState::Waiting {
                place,
                about_seconds,
            } => (
                "waiting",
                Some(*place).filter(|&place| place > 0),
                *about_seconds,
                None,
            ),
            VisitorState::Answered { name, .. } => ("answered", None, None, Some(name.to_string())),
            VisitorState::Left => ("left", None, None, None),
            VisitorState::Closed { .. } => ("closed", None, None, None),
        };
        Self {
            inquiry: inquiry.conversation,
            queue: inquiry.queue.to_string(),
            state,
            place,
            about_seconds,
            agent,
        }
    }
}

impl fmt::Display for Inquiry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.state, &self.agent) {
            ("answered", Some(agent)) => write!(f, "-- {} answers", Sanitized(agent)),
            ("waiting", _) => {
                match self.place {
                    Some(1) => f.write_str("-- you are next")?,
                    Some(place) => write!(f, "-- {} are before you", place - 1)?,
                    None => f.write_str("-- please wait")?,
                }
                match self.about_seconds {
                    Some(seconds) => {
                        write!(
                            f,
                            "; others waited for {}",
                            Span(u64::from(seconds) * 1_000)
                        )
                    }
                    None => Ok(()),
                }
            }
            ("left", _) => f.write_str("-- your message is left; an agent answers it later"),
            _ => f.write_str("-- the inquiry is closed; a message opens it again"),
        }
    }
}

/// Something that was said, or that happened.
#[derive(Debug, Serialize)]
pub(super) struct Said<'a> {
    inquiry: ConversationId,
    msgid: MsgId,
    sender: Cow<'a, str>,
    own: bool,
    sent_at_ms: u64,
    kind: Kind,
    text: Cow<'a, str>,
}

/// The public names of agents, as the log tells them.
#[derive(Debug, Default)]
pub(super) struct PublicNames(BTreeMap<UserId, DisplayName>);

impl PublicNames {
    /// Learns who joined.
    pub(super) fn learn(&mut self, message: &Message) {
        if let Body::System(SystemEntry::Desk(DeskEntry::Joined { agent, name })) = &message.body {
            self.0.insert(*agent, name.clone());
        }
    }

    fn of(&self, user: UserId) -> Cow<'_, str> {
        match self.0.get(&user) {
            Some(name) => name.as_str().into(),
            None if user == UserId::VISITOR => "you".into(),
            None if user == UserId::SERVER => "the desk".into(),
            None => "an agent".into(),
        }
    }
}

impl<'a> Said<'a> {
    pub(super) fn new(message: &'a Message, names: &'a PublicNames) -> Self {
        let body = &message.body;
        Self {
            inquiry: message.conversation,
            msgid: message.msgid,
            sender: names.of(message.sender),
            own: message.sender == UserId::VISITOR,
            sent_at_ms: message.sent_at.get(),
            kind: body.kind(),
            text: match body {
                Body::Emoji(name) => name.as_str().into(),
                Body::System(SystemEntry::Desk(entry)) => happened(entry).into(),
                Body::Recalled { .. } => "deleted".into(),
                Body::Amendment(Amendment::Edited {
                    text: Some(text), ..
                }) => text.as_str().into(),
                Body::Image(_) | Body::Video(_) | Body::File(_) => body
                    .attachment()
                    .map_or("", |file| file.name.as_str())
                    .into(),
                body => body.words().unwrap_or_default().into(),
            },
        }
    }
}

fn happened(entry: &DeskEntry) -> String {
    match entry {
        DeskEntry::Opened { queue } => format!("you are in the line of {queue}"),
        DeskEntry::Joined { name, .. } => format!("{name} joined"),
        DeskEntry::Transferred { queue: Some(queue) } => {
            format!("you were passed on to {queue}")
        }
        DeskEntry::Transferred { queue: None } => "another agent will answer".to_owned(),
        DeskEntry::Closed { .. } => "the inquiry is closed".to_owned(),
        DeskEntry::Reopened => "the inquiry is open again".to_owned(),
        DeskEntry::Rated { stars } => format!("rated {stars} of 5"),
    }
}

impl<'a> Seen<'a> {
    pub(super) fn desk(visitor: String, desk: &'a DeskInfo) -> Self {
        let text = if desk.is_open {
            &desk.greeting
        } else {
            &desk.offline
        };
        Self::Desk {
            visitor,
            queue: desk.name.as_str(),
            open: desk.is_open,
            text: text.as_str(),
            topics: desk.topics.iter().map(Tag::as_str).collect(),
        }
    }
}

impl fmt::Display for Seen<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Desk {
                queue,
                open,
                text,
                topics,
                ..
            } => {
                write!(f, "-- {}", Sanitized(queue))?;
                if !open {
                    f.write_str(", closed now")?;
                }
                if !text.is_empty() {
                    write!(f, ": {}", Sanitized(text))?;
                }
                match topics.is_empty() {
                    true => Ok(()),
                    false => write!(f, "\n-- topics: {}", Sanitized(&topics.join(", "))),
                }
            }
            Self::Inquiry(inquiry) => inquiry.fmt(f),
            Self::Sent { inquiry, msgid } => write!(f, "said in inquiry {inquiry} as {msgid}"),
            Self::Message(said) => {
                let (at, text) = (Local(said.sent_at_ms), Sanitized(&said.text));
                match said.kind {
                    Kind::System => write!(f, "{at}  -- {text}"),
                    _ => write!(f, "{at}  {}: {text}", Sanitized(&said.sender)),
                }
            }
            Self::Ended { inquiry } => write!(f, "ended inquiry {inquiry}"),
            Self::Rated { inquiry, stars } => write!(f, "rated inquiry {inquiry}: {stars} of 5"),
            Self::Disconnected { reason } => write!(f, "-- disconnected: {}", Sanitized(reason)),
            Self::Reconnected => f.write_str("-- reconnected"),
        }
    }
}
