//! Every English word of the client: system lines, states, days, failures, hints. A second language
//! needs a second folder like this one, and touches no logic.

pub(crate) mod cards;
pub(crate) mod desk;
mod states;
mod system;
pub(crate) mod uploads;

use cairn_proto::content::body::Body;
use cairn_proto::ids::{ConversationId, MsgId, UserId};
use cairn_proto::model::desk::Offer;
use cairn_session::{Date, Day, Failure, Notice, Outgoing, Pending, Reason, SendState};

pub(crate) use self::states::{condition, failed, link, send_state};
pub(crate) use self::system::{group_settings, system};

use crate::tui::app::model::picker::{DeskPurpose, Purpose};
use crate::tui::keys::action::Context;

pub(crate) const KEYS: &str = "Keys";
pub(crate) const DONE: &str = "Done.";
pub(crate) const RUNNING: &str = "Running; Esc cancels.";
pub(crate) const QUIT_HINT: &str = "Ctrl+C again quits";
pub(crate) const GO_HINT: &str = "Type a name; Enter opens, Esc closes";
pub(crate) const FORWARD_HINT: &str = "Forward to; Enter sends, Esc closes";
pub(crate) const REACT_HINT: &str = "Type a name such as heart; Enter adds it, or removes yours";
pub(crate) const SEARCH_HINT: &str =
    "Words, from:name, has:file, before:2026-11-01; Enter searches";
pub(crate) const SEARCHING: &str = "Searching";
pub(crate) const PLACE_HINT: &str = "A number, a day such as 2026-11-26, or a link";
pub(crate) const NO_PLACE: &str = "That is neither a number, nor a day, nor a link of this server";
pub(crate) const NO_SUCH_DAY: &str = "No messages on that day or later";
pub(crate) const RECALL_HINT: &str = "Type y and Enter to delete the message for everyone";
pub(crate) const FORWARDED: &str = "Forwarded";
pub(crate) const MARKED_READ: &str = "Marked as read";
pub(crate) const MARKED_UNREAD: &str = "Marked as unread from here";
pub(crate) const NOTHING_UNREAD: &str = "Nothing unread elsewhere";
pub(crate) const NO_WAY_BACK: &str = "No earlier place to go back to";
pub(crate) const ATTACH_HINT: &str = "Send this text first; then /send PATH";
pub(crate) const EMPTY_EDIT: &str = "An edit needs a text; d deletes the message";
pub(crate) const NOTHING_OPEN: &str = "No conversation is open; Ctrl+K opens one";
pub(crate) const NOT_SENT_YET: &str = "Not sent yet; x drops the message";
pub(crate) const ALREADY_SENT: &str = "Already sent";
pub(crate) const NOT_YOURS: &str = "Only its sender edits a message";
pub(crate) const NO_TEXT: &str = "This message has no text to edit";
pub(crate) const DELETED: &str = "This message was deleted";
pub(crate) const NO_WORDS: &str = "Nothing to copy";
pub(crate) const BARE: &str = "The terminal has the mouse and selects text; the same key ends this";
pub(crate) const COPIED: &str = "Copied";
pub(crate) const OPENING: &str = "Downloading";
pub(crate) const NOTHING_TO_OPEN: &str = "Nothing to open in this message";
pub(crate) const NO_COMPLETION: &str = "No completion";
pub(crate) const UNCLOSED_QUOTE: &str = "A quote is not closed";
pub(crate) const SEND_USAGE: &str = "/send PATH [CAPTION]; /file sends a picture as a file";
pub(crate) const DRAFT: &str = "draft";
pub(crate) const EDITED: &str = "(edited)";
pub(crate) const PINNED: &str = "(pinned)";
pub(crate) const EDITING: &str = "Editing";
pub(crate) const NOTHING_HERE: &str = "No conversation yet. Ctrl+K finds people and groups.";
pub(crate) const CHOOSE: &str = "Ctrl+K goes to a conversation, F1 shows all keys.";
pub(crate) const NOT_OFFLINE: &str = "This needs a connection";
pub(crate) const GONE: &str = "This conversation is no longer yours";
pub(crate) const LOADING: &str = "Loading";
pub(crate) const SECOND: &str = "open elsewhere: nothing is kept on disk here";
pub(crate) const TITLE: &str = "cairn";
pub(crate) const REFUSED_SERVER: &str = "it works on the server's files; run it in a shell";
pub(crate) const REFUSED_ACCOUNT: &str = "it changes the account of a profile; run it in a shell";
pub(crate) const REFUSED_IMPORT: &str = "it reads many files; run it in a shell";
pub(crate) const REFUSED_SHELL: &str = "it prints a script; run it in a shell";
pub(crate) const REFUSED_FOLLOW: &str =
    "the timeline follows by itself; Ctrl+K opens a conversation, Ctrl+End goes to its end";
pub(crate) const REFUSED_WATCH: &str =
    "the list shows who is online and typing; `/watch NAME --once` prints it";
pub(crate) const REFUSED_VISITOR: &str = "it stays until the inquiry ends; run it in a shell";
pub(crate) const REFUSED_BOARD: &str =
    "it never ends; F2 shows your queues, and `/desk watch --once` prints all of them";
pub(crate) const REFUSED_DESK: &str = "offers ring here by themselves; F2 shows the desk";
pub(crate) const REFUSED_CHAT: &str = "this is it";

pub(crate) const ESC_CANCELS: &str = "Esc cancels";
pub(crate) const SELECT_HINTS: [&str; 6] = [
    "r reply",
    "e edit",
    "+ react",
    "y copy",
    "i read by",
    "Esc back",
];
pub(crate) const FAILED_HINTS: [&str; 4] = ["s send again", "x drop", "y copy", "Esc back"];
pub(crate) const QUEUED_HINTS: [&str; 3] = ["x drop", "y copy", "Esc back"];
pub(crate) const LIST_HINTS: [&str; 2] = ["Enter chooses", "Esc closes"];
pub(crate) const PANE_HINT: &str = "Esc closes";
pub(crate) const VIM_HINT: &str = "i writes";

/// The prompt of a picker.
pub(crate) const fn purpose(purpose: Purpose) -> &'static str {
    match purpose {
        Purpose::Go => "Go to: ",
        Purpose::Forward { .. } => "Forward to: ",
        Purpose::React(_) => "React: ",
        Purpose::Search {
            within: Some(_), ..
        } => "Search: ",
        Purpose::Search { within: None, .. } => "Search everywhere: ",
        Purpose::Place => "Go to message or day: ",
        Purpose::Recall(_) => "Delete? ",
        Purpose::Members => "Members and settings: ",
        Purpose::Person(_) => "Person: ",
        Purpose::Receipts(_) => "Receipts: ",
        Purpose::WhyUnread => "Why unread? ",
        Purpose::Uploads => "Files: ",
        Purpose::Desk(what, _) => match what {
            DeskPurpose::Card => "Inquiry: ",
            DeskPurpose::Transfer => "Pass on to: ",
            DeskPurpose::Canned => "Canned reply: ",
            DeskPurpose::Tag => "Tags: ",
            DeskPurpose::Note => "Note: ",
            DeskPurpose::Close => "Close, with tags: ",
        },
    }
}

pub(crate) fn hint(switcher: &str, help: &str) -> [String; 2] {
    [format!("{switcher} go to"), format!("{help} keys")]
}

pub(crate) fn select(up: &str) -> String {
    format!("{up} select")
}

pub(crate) fn below(end: &str) -> String {
    format!("more below ({end})")
}

pub(crate) fn elsewhere(count: usize, key: &str) -> String {
    format!("{count} unread ({key})")
}

pub(crate) const TOO_LONG_TO_COPY: &str = "The text is too long for the clipboard of a terminal";
pub(crate) const NOT_YOURSELF: &str = "There is no direct chat with yourself";
pub(crate) const NO_TERMINAL: &str = "`cairn chat` needs a terminal";
pub(crate) const NO_TERMINAL_HINT: &str = "`cairn chat --plain` reads and writes lines";
pub(crate) const CANNOT_START: &str = "cannot start the client";
pub(crate) const TERMINAL_FAILED: &str = "the terminal failed";
pub(crate) const ASCII_LOCALE: &str =
    "The locale is C: set LANG=C.UTF-8, or other scripts may not be shown";
pub(crate) const ONLINE: &str = "connected";
pub(crate) const PLAIN_START: &str = "cairn: a line is a message; /help lists commands; /quit ends";
pub(crate) const PLAIN_HELP: &str = "/open NAME goes to a conversation, /list lists them, \
    /send PATH sends a file, /again sends what failed once more and /drop drops it, \
    /react . NUMBER EMOJI reacts; every command of cairn works after /, \
    and . is the open conversation";

pub(crate) fn plain_open(name: &str) -> String {
    format!("in {name}")
}

/// Of many unread messages, only the last are printed.
pub(crate) fn plain_skipped(unread: u64, printed: usize, from: MsgId) -> String {
    format!("{unread} unread messages; the last {printed} follow, /tail . --from {from} has all")
}

pub(crate) fn plain_failed(state: &SendState, text: &str) -> String {
    let why = match state {
        SendState::Failed(failure) => format!("not sent, {}", failed(failure)),
        _ => "may have been sent".to_owned(),
    };
    format!("{why}: {text} (/again sends it, /drop drops it)")
}

pub(crate) fn plain_reply(msgid: MsgId) -> String {
    format!(" replies to {msgid}")
}

pub(crate) fn opened(what: &str) -> String {
    format!("Opened {what}")
}

pub(crate) fn not_opened(link: &str) -> String {
    format!("No browser here: {link}")
}

pub(crate) fn saved(path: &str) -> String {
    format!("Saved as {path}")
}

pub(crate) fn no_file(path: &str) -> String {
    format!("there is no file {path}")
}

pub(crate) fn not_a_file(path: &str) -> String {
    format!("{path} is no regular file")
}

pub(crate) fn no_editor(editor: &str) -> String {
    format!("the editor '{editor}' failed; $VISUAL or $EDITOR names another")
}

pub(crate) fn wrong_config(path: &str) -> String {
    format!("the settings in {path} cannot be used")
}

pub(crate) fn found(hits: usize) -> String {
    match hits {
        0 => NOTHING_FOUND.to_owned(),
        1 => "1 message; Enter goes there".to_owned(),
        count => format!("{count} messages; Enter goes there"),
    }
}

const NOTHING_FOUND: &str = "Nothing found";

pub(crate) fn did_you_mean(instead: &str) -> String {
    format!("{NOTHING_FOUND}. Did you mean: {instead}  Enter searches for it")
}

pub(crate) fn draft_refused(why: &Failure) -> String {
    format!("not sent: {}", failed(why))
}

pub(crate) fn refused(command: &str, why: &str) -> String {
    format!("/{command} does not run here: {why}")
}

pub(crate) fn is_yes(typed: &str) -> bool {
    matches!(typed.trim().to_lowercase().as_str(), "y" | "yes")
}

/// The title of a section of keys.
pub(crate) const fn context(context: Context) -> &'static str {
    match context {
        Context::Everywhere => "Everywhere",
        Context::Composer => "Writing",
        Context::Message => "A selected message",
        Context::List => "Lists",
        Context::Pane => "Panes",
        Context::Desk => "The support desk, for its agents",
        Context::Vim => "The timeline with the keys of vim",
    }
}

pub(crate) fn unknown_user(user: UserId) -> String {
    match user {
        UserId::SERVER => "the server".to_owned(),
        UserId::VISITOR => "the visitor".to_owned(),
        user => format!("user {user}"),
    }
}

/// The text of a message, as it was typed.
pub(crate) fn text_of(body: &Body) -> &str {
    match body {
        Body::Text(text) | Body::Emote(text) => text.as_str(),
        Body::Emoji(name) => name.as_str(),
        Body::Image(_) | Body::Video(_) | Body::File(_) => body
            .attachment()
            .map_or("", |attachment| attachment.caption.as_str()),
        _ => "",
    }
}

pub(crate) fn text_of_pending(pending: &Pending) -> String {
    match &pending.what {
        Outgoing::Message { body, .. } => text_of(body).to_owned(),
        Outgoing::File { caption, .. } => caption.clone(),
        Outgoing::Forward { .. } => String::new(),
    }
}

pub(crate) fn forwarded_from(author: &str) -> String {
    format!("from {author}:")
}

pub(crate) fn forwards(msgid: MsgId) -> String {
    format!("forwards message {msgid}")
}

pub(crate) fn start(name: &str) -> String {
    format!("The beginning of {name}")
}

pub(crate) fn unread(count: u64) -> String {
    match count {
        1 => "1 new message".to_owned(),
        count => format!("{count} new messages"),
    }
}

pub(crate) fn gap(from: MsgId, to: MsgId) -> String {
    match to.get().saturating_sub(from.get()) + 1 {
        1 => "1 message is not loaded yet".to_owned(),
        count => format!("{count} messages are not loaded yet"),
    }
}

pub(crate) fn day(day: &Day) -> String {
    match day {
        Day::Today => "Today".to_owned(),
        Day::Yesterday => "Yesterday".to_owned(),
        Day::On(Date { year, month, day }) => {
            let date = i16::try_from(*year).ok().and_then(|year| {
                let (month, day) = (i8::try_from(*month).ok()?, i8::try_from(*day).ok()?);
                jiff::civil::Date::new(year, month, day).ok()
            });
            match date {
                Some(date) => date.strftime("%A, %-d %B %Y").to_string(),
                None => format!("{year}-{month:02}-{day:02}"),
            }
        }
    }
}

pub(crate) fn typing(names: &[String]) -> String {
    match names {
        [] => String::new(),
        [one] => format!("{one} is typing"),
        [one, two] => format!("{one} and {two} are typing"),
        [one, ..] => format!("{one} and {} others are typing", names.len() - 1),
    }
}

pub(crate) fn replying(name: &str, text: &str) -> String {
    format!("Reply to {name}: {text}")
}

pub(crate) fn member_count(count: usize) -> String {
    match count {
        1 => "1 member".to_owned(),
        count => format!("{count} members"),
    }
}

/// One notification in a line.
pub(crate) fn notice(
    notice: &Notice,
    name: &dyn Fn(UserId) -> String,
    group: &dyn Fn(ConversationId) -> Option<String>,
    queue: &dyn Fn(&Offer) -> String,
) -> String {
    match notice {
        Notice::Desk(notice) => desk::notice(notice, queue),
        Notice::Message {
            conversation,
            reason,
            entry,
            ..
        } => {
            let (sender, text) = (
                name(entry.sender),
                crate::tui::text::markup::one_line(text_of(&entry.body)),
            );
            match (reason, group(*conversation)) {
                (Reason::Direct, _) | (_, None) => format!("{sender}: {text}"),
                (Reason::Mention, Some(group)) => {
                    format!("{sender} mentioned you in {group}: {text}")
                }
                (_, Some(group)) => format!("{sender} in {group}: {text}"),
            }
        }
        Notice::Summary {
            conversations,
            messages,
            mentions,
        } => {
            let mentioned = match mentions {
                0 => String::new(),
                1 => ", 1 mention".to_owned(),
                mentions => format!(", {mentions} mentions"),
            };
            let messages = unread(*messages);
            match conversations {
                1 => format!("{messages}{mentioned}"),
                count => format!("{messages} in {count} conversations{mentioned}"),
            }
        }
    }
}

/// The body of a message without a text of its own.
pub(crate) fn recalled(by: &str) -> String {
    format!("deleted by {by}")
}

pub(crate) const UNKNOWN_BODY: &str = "a message of a kind that this version does not know";
