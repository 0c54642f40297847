//! A message, for people and as JSON.

use std::borrow::Cow;
use std::fmt;

use cairn_proto::content::attachment::Attachment;
use cairn_proto::content::body::{Body, Kind};
use cairn_proto::content::extras::Reaction;
use cairn_proto::content::message::Message;
use cairn_proto::ids::{ConversationId, MsgId};
use serde::Serialize;

use crate::cli::chat::names::Names;
use crate::cli::chat::text::content::{about, has_markup, text_of};
use crate::cli::chat::text::terminal::{Shown, emoji_name};
use crate::ui::sanitize::Sanitized;
use crate::ui::time::Local;
use bytesize::ByteSize;

/// A message as `tail` shows it. The fields match its JSON, in order.
#[derive(Debug, Serialize)]
pub(crate) struct MessageView<'a> {
    conversation: ConversationId,
    msgid: MsgId,
    #[serde(skip)]
    is_styled: bool,
    sender: Cow<'a, str>,
    sent_at_ms: u64,
    kind: Kind,
    text: Cow<'a, str>,
    /// The message that this entry changed.
    #[serde(skip_serializing_if = "Option::is_none")]
    about: Option<MsgId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    edited_at_ms: Option<u64>,
    /// The author of a forwarded message.
    #[serde(skip_serializing_if = "Option::is_none")]
    forwarded_from: Option<Cow<'a, str>>,
    /// The admin who imported the message, or the original of a forwarded one.
    #[serde(skip_serializing_if = "Option::is_none")]
    imported_by: Option<Cow<'a, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reply_to: Option<MsgId>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    mentions: Vec<Cow<'a, str>>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    mentions_all: bool,
    /// The user's keywords in the text.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    keywords: Vec<&'a str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    reactions: Vec<Reacted<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    attachment: Option<Attached<'a>>,
}

/// The file of a message.
#[derive(Debug, Serialize)]
struct Attached<'a> {
    name: &'a str,
    media_type: &'a str,
    size_bytes: u64,
    hash: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    width: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    height: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    duration_ms: Option<u64>,
    /// `None` without a preview.
    #[serde(skip_serializing_if = "Option::is_none")]
    preview_bytes: Option<usize>,
}

/// One kind of reaction.
#[derive(Debug, Serialize)]
struct Reacted<'a> {
    emoji: &'a str,
    count: usize,
    users: Vec<Cow<'a, str>>,
}

impl<'a> MessageView<'a> {
    pub(crate) const fn msgid(&self) -> MsgId {
        self.msgid
    }

    pub(crate) fn new(message: &'a Message, names: &'a Names) -> Self {
        let Message {
            conversation,
            msgid,
            sender,
            sent_at,
            body,
            extras,
        } = message;
        Self {
            conversation: *conversation,
            msgid: *msgid,
            is_styled: false,
            sender: names.of(*sender),
            sent_at_ms: sent_at.get(),
            kind: body.kind(),
            text: text_of(body, *sender, names),
            about: about(body),
            edited_at_ms: extras.edited().map(|(at, _)| at.get()),
            forwarded_from: extras.forwarded().map(|(author, _)| names.of(author)),
            imported_by: extras.imported_by().map(|by| names.of(by)),
            reply_to: extras.replied(),
            mentions: extras.mentioned().map(|user| names.of(user)).collect(),
            mentions_all: extras.mentions_all(),
            keywords: Vec::new(),
            reactions: extras
                .reactions()
                .iter()
                .map(|reaction| Reacted::new(reaction, names))
                .collect(),
            attachment: Attached::of(body),
        }
    }
}

impl<'a> MessageView<'a> {
    /// Adds the user's keywords that the text contains.
    pub(crate) fn with_keywords(mut self, keywords: Vec<&'a str>) -> Self {
        self.keywords = keywords;
        self
    }
}

impl MessageView<'_> {
    /// Shows markup and emoji with the styles of a terminal, if `is_styled`.
    pub(crate) const fn styled(mut self, is_styled: bool) -> Self {
        self.is_styled = is_styled;
        self
    }

    /// The names that the message mentions.
    fn mentioned(&self) -> impl Iterator<Item = &str> {
        let all = self.mentions_all.then_some("all");
        self.mentions.iter().map(AsRef::as_ref).chain(all)
    }
}

impl<'a> Attached<'a> {
    fn of(body: &'a Body) -> Option<Self> {
        let Attachment {
            hash,
            name,
            media_type,
            size_bytes,
            ..
        } = body.attachment()?;
        let duration_ms = if let Body::Video(video) = body {
            Some(video.duration_ms)
        } else {
            None
        };
        let media = body.media();
        let (width, height) = media.map(|media| (media.width, media.height)).unzip();
        let preview_bytes = media
            .map(|media| media.preview.as_bytes().len())
            .filter(|&bytes| bytes > 0);
        let (name, media_type, hash) = (name.as_str(), media_type.as_str(), hash.to_string());
        Some(Self {
            name,
            media_type,
            size_bytes: *size_bytes,
            hash,
            width,
            height,
            duration_ms,
            preview_bytes,
        })
    }
}

impl<'a> Reacted<'a> {
    fn new(reaction: &'a Reaction, names: &'a Names) -> Self {
        let users: Vec<_> = reaction.users.iter().map(|&user| names.of(user)).collect();
        Self {
            emoji: reaction.emoji.as_str(),
            count: users.len(),
            users,
        }
    }
}

impl MessageView<'_> {
    fn show_attachment(&self, text: Shown<'_>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: [{}", Sanitized(&self.sender), self.kind.as_str())?;
        if let Some(Attached {
            name, size_bytes, ..
        }) = &self.attachment
        {
            write!(f, " {} {}", Sanitized(name), ByteSize(*size_bytes))?;
        }
        if self.text.is_empty() {
            f.write_str("]")
        } else {
            write!(f, "] {text}")
        }
    }
}

impl fmt::Display for MessageView<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (moment, sender) = (Local(self.sent_at_ms), Sanitized(&self.sender));
        let names = cairn_text::Names::new(self.mentioned().zip(0..));
        let text = Shown {
            text: &self.text,
            mentions: (self.is_styled && has_markup(self.kind)).then_some(&names),
        };
        write!(f, "{moment}  ")?;
        if let Some(msgid) = self.reply_to {
            write!(f, "[re {msgid}] ")?;
        }
        if let Some(author) = &self.forwarded_from {
            write!(f, "[from {}] ", Sanitized(author))?;
        }
        if let Some(by) = &self.imported_by {
            write!(f, "[imported by {}] ", Sanitized(by))?;
        }
        match self.kind {
            Kind::Text => write!(f, "{sender}: {text}"),
            Kind::Emote => write!(f, "* {sender} {text}"),
            Kind::Emoji => write!(f, "{sender}: {}", emoji_name(&self.text, self.is_styled)),
            Kind::Image | Kind::Video | Kind::File => self.show_attachment(text, f),
            Kind::System | Kind::Unknown => write!(f, "-- {sender} {text}"),
            Kind::Recalled => write!(f, "{sender}: ({text})"),
            Kind::Edit if self.text.is_empty() => write!(
                f,
                "-- {sender} edited {}, and again since",
                self.about.unwrap_or_default()
            ),
            Kind::Edit => write!(
                f,
                "-- {sender} edited {}: {text}",
                self.about.unwrap_or_default()
            ),
            Kind::React => write!(
                f,
                "-- {sender} reacted to {} with {}",
                self.about.unwrap_or_default(),
                emoji_name(&self.text, self.is_styled)
            ),
            Kind::Unreact => write!(
                f,
                "-- {sender} took {} back from {}",
                emoji_name(&self.text, self.is_styled),
                self.about.unwrap_or_default()
            ),
            Kind::Pin => write!(f, "-- {sender} pinned {}", self.about.unwrap_or_default()),
            Kind::Unpin => write!(f, "-- {sender} unpinned {}", self.about.unwrap_or_default()),
            Kind::Recall => write!(f, "-- {sender} recalled {}", self.about.unwrap_or_default()),
        }?;
        if self.edited_at_ms.is_some() {
            f.write_str(" (edited)")?;
        }
        let in_text = match self.mentioned().next() {
            Some(_) if has_markup(self.kind) => cairn_text::mentions(&self.text, &names).found,
            _ => Vec::new(),
        };
        let mut apart = self
            .mentioned()
            .zip(0..)
            .filter(|(_, at)| !in_text.contains(at));
        apart.try_for_each(|(name, _)| write!(f, " @{}", Sanitized(name)))?;
        self.reactions
            .iter()
            .try_for_each(|Reacted { emoji, count, .. }| {
                write!(f, "  {} {count}", emoji_name(emoji, self.is_styled))
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use cairn_proto::content::body::{Amendment, SystemEntry};
    use cairn_proto::content::extras::{Extra, Extras};
    use cairn_proto::ids::{Timestamp, UserId};
    use cairn_proto::model::group::{GroupSettings, Role};
    use cairn_proto::text::{EmojiName, GroupName, Text};

    fn message(body: Body) -> Message {
        let (conversation, msgid) = (ConversationId::new(1), MsgId::new(17));
        Message {
            conversation,
            msgid,
            sender: UserId::new(3),
            sent_at: Timestamp::new(1_700_000_000_000),
            body,
            extras: Extras::NONE,
        }
    }

    #[test]
    fn json_has_the_promised_fields_and_the_exact_text() {
        let names = Names::default();
        let message = message(Body::Text(Text::new("a\u{1b}\"ä\u{202e}").unwrap()));
        let json = serde_json::to_string(&MessageView::new(&message, &names)).unwrap();
        let expected = "{\"conversation\":1,\"msgid\":17,\"sender\":\"user 3\",\
            \"sent_at_ms\":1700000000000,\"kind\":\"text\",\
                        \"text\":\"a\\u001b\\\"ä\u{202e}\"}";
        assert_eq!(json, expected);
    }

    #[test]
    fn extras_are_shown() {
        let reaction = Reaction {
            emoji: EmojiName::new("wave").unwrap(),
            users: vec![UserId::new(4), UserId::new(5)],
        };
        let extras = vec![
            Extra::ReplyTo(MsgId::new(9)),
            Extra::Mention(UserId::new(4)),
            Extra::MentionAll,
            Extra::Reactions(vec![reaction]),
        ];
        let message = Message {
            extras: Extras::new(extras).unwrap(),
            ..message(Body::Text(Text::new("hi").unwrap()))
        };
        let names = Names::default();
        let shown = MessageView::new(&message, &names);
        assert!(
            shown
                .to_string()
                .ends_with("  [re 9] user 3: hi @user 4 @all  :wave: 2"),
            "{shown}"
        );
        let json = serde_json::to_string(&shown).unwrap();
        let expected = "\"text\":\"hi\",\"reply_to\":9,\"mentions\":[\"user 4\"],\
            \"mentions_all\":true,\
                        \"reactions\":[{\"emoji\":\"wave\",\"count\":2,\"users\":[\"user 4\",\
                           \"user 5\"]}]}";
        assert!(json.ends_with(expected), "{json}");
    }

    #[test]
    fn terminals_show_markup_and_emoji() {
        let reaction = Reaction {
            emoji: EmojiName::new("wave").unwrap(),
            users: vec![UserId::new(4)],
        };
        let extras = vec![
            Extra::Mention(UserId::new(4)),
            Extra::Mention(UserId::new(5)),
            Extra::Reactions(vec![reaction]),
        ];
        let text = "**now**, @user 4 :tada:";
        let message = Message {
            extras: Extras::new(extras).unwrap(),
            ..message(Body::Text(Text::new(text).unwrap()))
        };
        let names = Names::default();
        let view = || MessageView::new(&message, &names);
        let plain = view().to_string();
        let typed = "  user 3: **now**, @user 4 :tada: @user 5  :wave: 1";
        assert!(plain.ends_with(typed), "{plain}");
        let styled = view().styled(true).to_string();
        let shown =
            "user 3: \u{1b}[1mnow\u{1b}[0m, \u{1b}[1m\u{1b}[33m@user 4\u{1b}[0m 🎉 @user 5  👋 1";
        assert!(styled.ends_with(shown), "{styled:?}");
    }

    #[test]
    fn author_and_importer_are_shown() {
        let text = || Body::Text(Text::new("hi").unwrap());
        let (author, at, by) = (UserId::new(4), Timestamp::new(1), UserId::new(5));
        for (extras, ending, json) in [
            (
                Extras::forward_of(author, at, None),
                "  [from user 4] user 3: hi",
                "\"text\":\"hi\",\"forwarded_from\":\"user 4\"}",
            ),
            (
                Extras::import_by(by),
                "  [imported by user 5] user 3: hi",
                "\"text\":\"hi\",\"imported_by\":\"user 5\"}",
            ),
            (
                Extras::forward_of(author, at, Some(by)),
                "  [from user 4] [imported by user 5] user 3: hi",
                "\"forwarded_from\":\"user 4\",\"imported_by\":\"user 5\"}",
            ),
        ] {
            let message = Message {
                extras,
                ..message(text())
            };
            let names = Names::default();
            let shown = MessageView::new(&message, &names);
            assert!(shown.to_string().ends_with(ending), "{shown}");
            let written = serde_json::to_string(&shown).unwrap();
            assert!(written.ends_with(json), "{written}");
        }
    }

    #[test]
    fn events_are_described_and_sanitized() {
        let names = Names::default();
        for (body, ending) in [
            (
                Body::Text(Text::new("hi\u{1b}[2J").unwrap()),
                "  user 3: hi␛[2J",
            ),
            (Body::Emote(Text::new("waves").unwrap()), "  * user 3 waves"),
            (
                Body::System(SystemEntry::Created {
                    name: GroupName::new("team").unwrap(),
                }),
                "  -- user 3 made the group team",
            ),
            (
                Body::System(SystemEntry::Added {
                    users: vec![UserId::new(4), UserId::new(5)],
                }),
                "  -- user 3 added user 4, user 5",
            ),
            (
                Body::System(SystemEntry::Added {
                    users: vec![UserId::new(3)],
                }),
                "  -- user 3 joined",
            ),
            (
                Body::System(SystemEntry::Removed {
                    users: vec![UserId::new(3)],
                }),
                "  -- user 3 left",
            ),
            (
                Body::System(SystemEntry::RoleSet {
                    user: UserId::new(4),
                    role: Role::Admin,
                }),
                "  -- user 3 made user 4 admin",
            ),
            (
                Body::System(SystemEntry::SettingsSet {
                    settings: GroupSettings::default(),
                }),
                "  -- user 3 set access invite-only, history all, invite admin, post member, pin \
                    member, rename admin",
            ),
            (
                Body::Recalled { by: UserId::new(4) },
                "  user 3: (recalled by user 4)",
            ),
            (
                Body::Amendment(Amendment::Recalled {
                    msgid: MsgId::new(9),
                }),
                "  -- user 3 recalled 9",
            ),
            (
                Body::Amendment(Amendment::Edited {
                    msgid: MsgId::new(9),
                    text: None,
                }),
                "  -- user 3 edited 9, and again since",
            ),
            (
                Body::Amendment(Amendment::Edited {
                    msgid: MsgId::new(9),
                    text: Text::new("no").ok(),
                }),
                "  -- user 3 edited 9: no",
            ),
        ] {
            let message = message(body);
            let shown = MessageView::new(&message, &names).to_string();
            assert!(shown.ends_with(ending), "{shown}");
        }
    }
}
