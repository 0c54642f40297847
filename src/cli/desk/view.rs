//! Inquiries, agents and steps of routing, as they are shown.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

use cairn_proto::ids::{ConversationId, MsgId, UserId};
use cairn_proto::limits::PRIORITY_NORMAL;
use cairn_proto::model::desk::{ClosedBy, InquiryInfo, InquiryState, Offer, VisitorInfo};
use cairn_proto::text::Tag;
use serde::Serialize;

use super::args::Queues;
use crate::cli::chat::names::Names;
use crate::ui::sanitize::Sanitized;
use crate::ui::time::{self, Local, Span};

/// An inquiry. The fields match its JSON.
#[derive(Debug, Serialize)]
pub(super) struct InquiryRow {
    pub(super) inquiry: ConversationId,
    queue: String,
    state: &'static str,
    /// Who holds it, or to whom it is offered.
    agent: Option<String>,
    /// The end of an offer.
    until_ms: Option<u64>,
    visitor: String,
    name: Option<String>,
    sub: Option<String>,
    topic: Option<String>,
    page: Option<String>,
    language: Option<String>,
    /// What the shop signed.
    signed: BTreeMap<String, String>,
    /// What the visitor's client says.
    unsigned: BTreeMap<String, String>,
    priority: u8,
    waiting_since_ms: u64,
    opened_at_ms: u64,
    first_reply_at_ms: Option<u64>,
    closed_at_ms: Option<u64>,
    closed_by: Option<String>,
    tags: Vec<String>,
    stars: Option<u8>,
    rating: Option<String>,
    refused: Vec<String>,
    last_agent: Option<String>,
    back_room: Option<ConversationId>,
    head: MsgId,
    /// The first line of what the visitor said, of offers.
    #[serde(skip_serializing_if = "Option::is_none")]
    line: Option<String>,
}

/// Returns the users in an inquiry, whose names are shown.
pub(super) fn users_of(info: &InquiryInfo) -> impl Iterator<Item = UserId> + '_ {
    let closed_by = match info.state {
        InquiryState::Closed {
            by: ClosedBy::Agent(agent),
            ..
        } => Some(agent),
        _ => None,
    };
    let state = info.state.agent().into_iter().chain(closed_by);
    state
        .chain(info.last_agent)
        .chain(info.refused.iter().copied())
}

impl InquiryRow {
    pub(super) fn new(info: &InquiryInfo, queues: &Queues, names: &Names) -> Self {
        let name = |user: UserId| names.of(user).into_owned();
        let attrs = |is_signed: bool| {
            let attrs = info.visitor.attrs.iter();
            let found = attrs.filter(move |attr| attr.is_signed == is_signed);
            found.map(|attr| (attr.name.to_string(), attr.value.to_string()))
        };
        let VisitorInfo {
            id,
            name: visitor_name,
            sub,
            language,
            page,
            topic,
            ..
        } = &info.visitor;
        let text = |text: &dyn fmt::Display| text.to_string();
        Self {
            inquiry: info.conversation,
            queue: queues.name_of(info.queue),
            state: state_name(info.state),
            agent: info.state.agent().map(name),
            until_ms: match info.state {
                InquiryState::Offered { until, .. } => Some(until.get()),
                _ => None,
            },
            visitor: id.to_string(),
            name: visitor_name.as_ref().map(|name| text(name)),
            sub: sub.as_ref().map(|sub| text(sub)),
            topic: topic.as_ref().map(|topic| text(topic)),
            page: page.as_ref().map(|page| text(page)),
            language: language.as_ref().map(|language| text(language)),
            signed: attrs(true).collect(),
            unsigned: attrs(false).collect(),
            priority: info.priority,
            waiting_since_ms: info.waiting_since.get(),
            opened_at_ms: info.opened_at.get(),
            first_reply_at_ms: info.first_reply_at.map(|at| at.get()),
            closed_at_ms: match info.state {
                InquiryState::Closed { at, .. } => Some(at.get()),
                _ => None,
            },
            closed_by: match info.state {
                InquiryState::Closed { by, .. } => Some(closed_by(by, names).into_owned()),
                _ => None,
            },
            tags: info.tags.iter().map(Tag::to_string).collect(),
            stars: info.rating.as_ref().map(|rating| rating.stars),
            rating: info.rating.as_ref().map(|rating| rating.text.to_string()),
            refused: info.refused.iter().map(|&user| name(user)).collect(),
            last_agent: info.last_agent.map(name),
            back_room: info.back,
            head: info.head,
            line: None,
        }
    }

    pub(super) fn of_offer(offer: &Offer, queues: &Queues, names: &Names) -> Self {
        Self {
            line: Some(offer.first.to_string()),
            ..Self::new(&offer.info, queues, names)
        }
    }

    /// Milliseconds until the offer ends.
    fn left_ms(&self) -> Option<u64> {
        Some(self.until_ms?.saturating_sub(time::timestamp().get()))
    }

    /// What the visitor is called.
    pub(super) fn who(&self) -> Cow<'_, str> {
        match &self.name {
            Some(name) => name.as_str().into(),
            None => format!("visitor {}", self.visitor.get(..8).unwrap_or_default()).into(),
        }
    }
}

impl fmt::Display for InquiryRow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let now = time::timestamp().get();
        let who = self.who();
        write!(
            f,
            "{:>6}  {:16}  ",
            self.inquiry.get(),
            Sanitized(&self.queue).to_string()
        )?;
        let waits = Span(now.saturating_sub(self.waiting_since_ms));
        match (self.state, &self.agent, self.left_ms()) {
            ("offered", Some(agent), Some(left)) => {
                write!(f, "offered to {} for {}", Sanitized(agent), Span(left))?;
            }
            ("held", Some(agent), _) => write!(f, "held by {}", Sanitized(agent))?,
            ("waiting", ..) => write!(f, "waits for {waits}")?,
            ("closed", ..) => {
                let by = self.closed_by.as_deref().unwrap_or_default();
                let at = self.closed_at_ms.unwrap_or_default();
                write!(f, "closed by {} {}", Sanitized(by), Local(at))?;
            }
            (state, ..) => f.write_str(state)?,
        }
        write!(f, "  {}", Sanitized(&who))?;
        if let Some(topic) = &self.topic {
            write!(f, "  topic {}", Sanitized(topic))?;
        }
        if self.priority != PRIORITY_NORMAL {
            write!(f, "  priority {}", self.priority)?;
        }
        for tag in &self.tags {
            write!(f, "  [{}]", Sanitized(tag))?;
        }
        if let Some(stars) = self.stars {
            write!(f, "  rated {stars} of 5")?;
        }
        match &self.line {
            Some(line) => write!(f, "  \"{}\"", Sanitized(line)),
            None => Ok(()),
        }
    }
}

pub(super) const fn state_name(state: InquiryState) -> &'static str {
    match state {
        InquiryState::Waiting => "waiting",
        InquiryState::Offered { .. } => "offered",
        InquiryState::Held { .. } => "held",
        InquiryState::Left => "left",
        InquiryState::Closed { .. } => "closed",
    }
}

pub(super) fn closed_by(by: ClosedBy, names: &Names) -> Cow<'_, str> {
    match by {
        ClosedBy::Visitor => "the visitor".into(),
        ClosedBy::Agent(agent) => names.of(agent),
        ClosedBy::Idle => "the server, since the visitor was silent".into(),
    }
}
