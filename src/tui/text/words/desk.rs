//! The support desk.

use cairn_proto::ids::UserId;
use cairn_proto::limits::PRIORITY_NORMAL;
use cairn_proto::model::desk::{
    AgentInfo, Duty, InquiryInfo, InquiryState, Offer, QueueCounts, VisitorInfo,
};
use cairn_proto::text::Tag;
use cairn_session::{DeskNotice, DeskView};

use crate::tui::text::markup::one_line;
use crate::ui::time::Span;

pub(crate) const NO_AGENT: &str = "You are no agent of the support desk";
pub(crate) const NO_OFFER: &str = "Nothing is offered to you";
pub(crate) const NOT_OFFERED: &str = "This inquiry is not offered to you";
pub(crate) const NOTHING_SELECTED: &str = "No inquiry is selected";
pub(crate) const REFUSED: &str = "Refused; it goes to the next agent";
pub(crate) const NOTED: &str = "Noted; the visitor does not see it";
pub(crate) const TAGGED: &str = "Tags changed";
pub(crate) const CLOSED: &str = "Closed";
pub(crate) const PASSED_ON: &str = "Passed on";
pub(crate) const CARD_HINT: &str = "Enter does what is selected";
pub(crate) const NOTE_HINT: &str = "For agents alone; Enter writes the note";
pub(crate) const CLOSE_HINT: &str = "Tags, separated by commas, or nothing; Enter closes";
pub(crate) const REPLY: &str = "Write a canned reply";
pub(crate) const NOTE: &str = "Write a note";
pub(crate) const TAG: &str = "Add or remove tags";
pub(crate) const TRANSFER: &str = "Pass on to an agent or a queue";
pub(crate) const CLOSE: &str = "Close the inquiry";
pub(crate) const ACCEPT: &str = "Accept the offer";
pub(crate) const REFUSE: &str = "Refuse the offer";
pub(crate) const TAKE: &str = "Take it";
pub(crate) const WHY: &str = "Show why this agent has it, or why none has";
pub(crate) const OFFERED: &str = "Offered to you";
pub(crate) const HELD: &str = "Yours";
pub(crate) const WAITING: &str = "Waiting";
pub(crate) const QUEUES: &str = "Queues";
pub(crate) const HINTS: [&str; 7] = [
    "Enter opens",
    "n note",
    "# tag",
    "p pass on",
    "c close",
    "1 2 3 duty",
    "Esc back",
];
pub(crate) const IDLE_HINTS: [&str; 4] = ["1 on duty", "2 break", "3 off duty", "Esc back"];

/// The line of the desk in the list.
pub(crate) const fn on_duty(duty: Duty) -> &'static str {
    match duty {
        Duty::On => "Desk: on duty",
        Duty::Break => "Desk: on a break",
        Duty::Off => "Desk: off duty",
    }
}

/// What is offered, or else how many wait.
pub(crate) fn count(desk: &DeskView) -> String {
    match (desk.offers.len(), desk.waiting_count()) {
        (0, 0) => String::new(),
        (0, 1_000..) => "999+".to_owned(),
        (0, waiting) => waiting.to_string(),
        (1, _) => "offer".to_owned(),
        (offers, _) => format!("{offers} offers"),
    }
}

/// The head of the desk.
pub(crate) fn title(desk: &DeskView) -> String {
    let agent = &desk.agent;
    let duty = match agent.duty {
        Duty::On => "on duty",
        Duty::Break => "on a break",
        Duty::Off => "off duty",
    };
    let capacity = agent.config.capacity;
    format!(
        "Support desk: {duty}, {} of {capacity} inquiries",
        agent.load
    )
}

/// What stands in an empty desk.
pub(crate) const fn nothing(duty: Duty) -> &'static str {
    match duty {
        Duty::On => "Nothing to answer. An inquiry that is offered to you rings, wherever you are.",
        Duty::Break => "You are on a break, and nothing is given to you: 1 ends it.",
        Duty::Off => "You are off duty, and nothing is given to you: 1 goes on duty.",
    }
}

/// What a visitor is called.
pub(crate) fn visitor(visitor: &VisitorInfo) -> String {
    match &visitor.name {
        Some(name) => one_line(name.as_str()),
        None => {
            let id = visitor.id.to_string();
            format!("visitor {}", id.get(..4).unwrap_or_default())
        }
    }
}

pub(crate) fn seconds(millis: u64) -> String {
    format!("{} s", millis.div_ceil(1_000))
}

/// How long ago something was.
pub(crate) fn span(millis: u64) -> String {
    Span(millis).to_string()
}

/// A part of the line of an inquiry that no agent holds.
pub(crate) fn waits(info: &InquiryInfo, now: u64, name: &dyn Fn(UserId) -> String) -> String {
    let since = span(now.saturating_sub(info.waiting_since.get()));
    match info.state {
        InquiryState::Offered { agent, .. } => format!("at {}", one_line(&name(agent))),
        InquiryState::Left => format!("left {since}"),
        _ => since,
    }
}

pub(crate) fn new_messages(count: u64) -> String {
    format!("{count} new")
}

pub(crate) fn yours(text: &str) -> String {
    format!("you: {text}")
}

pub(crate) const TYPING: &str = "is typing";
pub(crate) const OPENING: &str = "opening";

/// What is known of an inquiry without its messages, in a few words.
pub(crate) fn marks(info: &InquiryInfo) -> Vec<String> {
    let VisitorInfo { topic, page, .. } = &info.visitor;
    let mut marks: Vec<String> = info.tags.iter().map(tag).collect();
    if info.priority != PRIORITY_NORMAL {
        marks.push(format!("priority {}", info.priority));
    }
    marks.extend(
        topic
            .iter()
            .map(|topic| format!("about {}", one_line(topic.as_str()))),
    );
    marks.extend(page.iter().map(|page| one_line(page.as_str())));
    marks
}

pub(crate) fn tag(tag: &Tag) -> String {
    format!("[{}]", one_line(tag.as_str()))
}

/// The line about an offer that is shown wherever the agent is, and a shorter one.
pub(crate) fn offer(offer: &Offer, queue: &str, millis: u64) -> [String; 2] {
    let who = visitor(&offer.info.visitor);
    let line = one_line(offer.first.as_str());
    let left = seconds(millis);
    [
        format!("{left} {who} asks in {queue}: {line}"),
        format!("{left} {who}: {line}"),
    ]
}

/// Which keys answer an offer.
pub(crate) fn offer_hints(accept: &str, refuse: &str) -> [String; 2] {
    [format!("{accept} accepts"), format!("{refuse} refuses")]
}

pub(crate) fn hint(desk: &str) -> String {
    format!("{desk} desk")
}

/// What a queue has to do.
pub(crate) fn queue(counts: &QueueCounts) -> String {
    let mut parts = vec![
        format!("{} waiting", counts.waiting + counts.offered),
        format!("{} answered", counts.held),
    ];
    if counts.left > 0 {
        parts.push(format!("{} left", counts.left));
    }
    parts.push(format!(
        "{} of {} agents ready",
        counts.ready, counts.on_duty
    ));
    if !counts.is_open {
        parts.push("closed now".to_owned());
    }
    parts.join(", ")
}

/// An agent to whom an inquiry can be passed on.
pub(crate) fn agent(agent: &AgentInfo) -> String {
    let load = format!("{} of {}", agent.load, agent.config.capacity);
    match (agent.duty, agent.present) {
        (Duty::On, true) => load,
        (Duty::On, false) => "not connected".to_owned(),
        (Duty::Break, _) => "on a break".to_owned(),
        (Duty::Off, _) => "off duty".to_owned(),
    }
}

/// The title line of an open inquiry.
pub(crate) fn headline(info: &InquiryInfo, queue: &str) -> String {
    let mut parts = vec![visitor(&info.visitor), queue.to_owned()];
    parts.push(marks(info).join(" "));
    parts.retain(|part| !part.is_empty());
    parts.join(" - ")
}

/// What is known of an inquiry and its visitor.
pub(crate) fn about(
    info: &InquiryInfo,
    queue: &str,
    opened: &str,
    name: &dyn Fn(UserId) -> String,
) -> Vec<String> {
    let VisitorInfo { sub, language, .. } = &info.visitor;
    let who = match sub {
        Some(sub) => format!(
            "{}, signed as {}",
            visitor(&info.visitor),
            one_line(sub.as_str())
        ),
        None => visitor(&info.visitor),
    };
    let name = |user| one_line(&name(user));
    let state = match info.state {
        InquiryState::Waiting => "waiting".to_owned(),
        InquiryState::Offered { agent, .. } => format!("offered to {}", name(agent)),
        InquiryState::Held { agent, .. } => format!("held by {}", name(agent)),
        InquiryState::Left => "left as a message".to_owned(),
        InquiryState::Closed { .. } => "closed".to_owned(),
    };
    let number = info.conversation;
    let mut lines = vec![
        who,
        format!("Inquiry {number} in {queue}, opened {opened}, {state}"),
    ];
    let marks = marks(info);
    if !marks.is_empty() {
        lines.push(marks.join(" "));
    }
    let last = info
        .last_agent
        .filter(|last| info.state.agent() != Some(*last));
    lines.extend(last.map(|last| format!("Last answered by {}", name(last))));
    lines.extend(
        language
            .iter()
            .map(|language| format!("Language: {language}")),
    );
    if let Some(rating) = &info.rating {
        let text = one_line(rating.text.as_str());
        lines.push(
            format!("Rated {} of 5 {text}", rating.stars)
                .trim_end()
                .to_owned(),
        );
    }
    lines
}

/// What the shop signed of a visitor, and what their client says.
pub(crate) fn attributes(info: &InquiryInfo) -> Vec<String> {
    let attrs = info.visitor.attrs.iter();
    let line = |attr: &cairn_proto::model::desk::Attr| {
        let value = one_line(attr.value.as_str());
        match attr.is_signed {
            true => format!("{}: {value}", attr.name),
            false => format!("{}: {value} (not signed)", attr.name),
        }
    };
    attrs.map(line).collect()
}

pub(crate) fn tag_hint(tags: &[Tag]) -> String {
    let how = "Tags, separated by commas; -tag removes one";
    match tags.is_empty() {
        true => how.to_owned(),
        false => {
            let tags: Vec<String> = tags.iter().map(tag).collect();
            format!("{} {how}", tags.join(" "))
        }
    }
}

/// Reads tags to add, and those to remove, which begin with `-`.
pub(crate) fn tags(typed: &str) -> (Vec<String>, Vec<String>) {
    let typed = typed.split([',', '，', '、']).map(str::trim);
    let (removed, added): (Vec<&str>, Vec<&str>) = typed
        .filter(|tag| !tag.is_empty())
        .partition(|tag| tag.starts_with('-'));
    let removed = removed
        .iter()
        .map(|tag| tag.trim_start_matches('-').trim().to_owned());
    (
        added.iter().map(|&tag| tag.to_owned()).collect(),
        removed.filter(|tag| !tag.is_empty()).collect(),
    )
}

pub(crate) fn why_title(info: &InquiryInfo) -> String {
    format!("Inquiry {}: {}", info.conversation, visitor(&info.visitor))
}

/// A notification of the desk in a line.
pub(crate) fn notice(notice: &DeskNotice, queue: &dyn Fn(&Offer) -> String) -> String {
    match notice {
        DeskNotice::Offer(offer) => {
            let who = visitor(&offer.info.visitor);
            let line = one_line(offer.first.as_str());
            format!("{who} asks in {}: {line}", queue(offer))
        }
        DeskNotice::Missed(offer) => {
            let who = visitor(&offer.info.visitor);
            format!("The offer of {who} passed; it went to the next agent")
        }
        DeskNotice::Duty(Duty::Break) => {
            "You are on a break now, since you let several offers pass: F2 and 1 end it".to_owned()
        }
        DeskNotice::Duty(duty) => format!("Your duty is now: {}", duty.as_str()),
    }
}

/// A notification of the desk as it is spoken, with what can be done.
pub(crate) fn spoken(of: &DeskNotice, queue: &dyn Fn(&Offer) -> String) -> String {
    let text = notice(of, queue);
    match of {
        DeskNotice::Offer(offer) => {
            let id = offer.info.conversation;
            format!("{text} (/desk accept {id}, /desk refuse {id}; then /open '#id:{id}')")
        }
        DeskNotice::Missed(_) | DeskNotice::Duty(_) => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_are_added_and_removed() {
        let read = |typed| {
            let (added, removed) = tags(typed);
            (added.join("|"), removed.join("|"))
        };
        assert_eq!(
            read("refund, late delivery"),
            ("refund|late delivery".into(), "".into())
        );
        assert_eq!(read("-refund，退货、"), ("退货".into(), "refund".into()));
        assert_eq!(read(" , -"), (String::new(), String::new()));
    }
}
